"""`deadlines`: how long everybody has, and what an authority decides for itself."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import calendars
from actions import deadlines as actions
from bot.cli_base import Json, in_transaction, look, words_of
from bot.settings import Settings
from models.people import Organ
from rules.deadlines import TABLE
from rules.refusal import Refusal

deadlines_app = typer.Typer(no_args_is_help=True)

Of = Annotated[str, typer.Option("--organ")]


@deadlines_app.command("list")
def list_(organ: Of = "", as_json: Json = False) -> None:
    """All kinds, as everybody has them or as an authority decided."""

    async def work(session: AsyncSession) -> int | None:
        return (await _find(session, organ)).id if organ else None

    organ_id = look(work, as_json)
    if as_json:
        days = {kind: calendars.length(kind, organ_id) for kind in TABLE}
        fixed = {kind: "{:02}-{:02}".format(*one.month_day) for kind, one in TABLE.items() if one.month_day}
        typer.echo(json.dumps(days | fixed))
        return
    words = words_of(Settings())
    for kind, one in TABLE.items():
        what, length = words(f"deadline.{kind}"), calendars.length(kind, organ_id)
        if one.month_day:
            line = words("cli.deadline_day", what=what, kind=kind, day="{}-{}".format(*one.month_day))
        elif length is None:
            line = words("cli.deadline_own", what=what, kind=kind)
        else:
            line = words("cli.deadline", length, what=what, kind=kind)
        typer.echo(line.unescape())


@deadlines_app.command("set")
def set_(kind: str, days: int, organ: Of, as_json: Json = False) -> None:
    """An authority gives a kind so many working days; what is open is counted anew. Of the law only less."""

    async def work(session: AsyncSession, now: datetime) -> int:
        return await actions.decide(session, await _find(session, organ), kind, days, None, now)

    moved = in_transaction(work, as_json)
    if as_json:
        typer.echo(json.dumps({"organ": organ, "kind": kind, "days": days, "moved": moved}, ensure_ascii=False))
        return
    words = words_of(Settings())
    typer.echo(words("cli.deadline_set", days, organ=organ, what=words(f"deadline.{kind}")).unescape())
    if moved:
        typer.echo(words("cli.deadlines_moved", moved).unescape())


async def _find(session: AsyncSession, name: str) -> Organ:
    found = await session.scalar(select(Organ).where(Organ.name == name))
    if found is None:
        raise Refusal("deadlines.organ", organ=name)
    return found
