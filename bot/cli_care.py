"""`doctor`, `backup`, `restore`: whether all is well, a copy of everything, and everything back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TextColumn

from actions import doctor
from bot import backup
from bot.cli_base import Json, err, load_settings, prepare, refuse, words_of
from bot.evidence import Evidence
from bot.migrate import head
from bot.settings import Settings
from models.database import Database
from rules.refusal import Refusal

Work = Callable[[Database, Evidence, Settings, backup.Progress], Awaitable[backup.Made]]
AtRest = Annotated[bool, typer.Option("--at-rest")]
From = Annotated[Path, typer.Argument(exists=True, file_okay=False)]


def examine(as_json: Json = False, at_rest: AtRest = False) -> None:
    """Look whether everything is well: a sentence for each finding. Exit code 1 if a promise is broken."""
    settings = load_settings()
    prepare(settings)
    found = asyncio.run(_examined(settings, at_rest))
    words = words_of(settings)
    sentences = [words(f"doctor.{one.code}", **one.gaps).unescape() for one in found]
    wrong = sum(one.wrong for one in found)
    if as_json:
        told = [
            {"code": one.code, "wrong": one.wrong, "sentence": sentence, **one.gaps}
            for one, sentence in zip(found, sentences, strict=True)
        ]
        typer.echo(json.dumps({"well": not wrong, "findings": told}, ensure_ascii=False))
    else:
        for one, sentence in zip(found, sentences, strict=True):
            typer.echo(f"{'✗' if one.wrong else '·'} {sentence}")
        typer.echo(words("doctor.ill" if wrong else "doctor.well", wrong=wrong).unescape())
    raise typer.Exit(1 if wrong else 0)


async def _examined(settings: Settings, at_rest: bool) -> list[doctor.Finding]:
    database, evidence = Database(settings.database), Evidence(settings.evidence)
    try:
        async with database.read() as session:
            now = datetime.now(settings.zone)
            found = doctor.examine(session, evidence.as_it_lies, now, evidence.names, at_rest=at_rest)
            return [one async for one in found]
    finally:
        await database.close()


def back_up(folder: Path, as_json: Json = False) -> None:
    """Copy everything into a new folder while the product runs, and look whether the copy is whole."""

    async def work(database: Database, evidence: Evidence, settings: Settings, say: backup.Progress) -> backup.Made:
        now = datetime.now(settings.zone)
        return await backup.back_up(database, evidence, folder, head(settings.database), now, say)

    _do(work, "backup.done", as_json)


def restore(folder: From, as_json: Json = False) -> None:
    """Put a backup into an empty installation: the same database, or the other kind."""

    async def work(database: Database, evidence: Evidence, settings: Settings, say: backup.Progress) -> backup.Made:
        return await backup.restore(database, evidence, folder, head(settings.database), say)

    _do(work, "backup.restored", as_json)


def _do(work: Work, done: str, as_json: bool) -> None:
    settings = load_settings()
    prepare(settings)

    async def go() -> backup.Made:
        database, evidence = Database(settings.database), Evidence(settings.evidence)
        columns = (TextColumn("{task.description}"), TextColumn("{task.completed}"))
        try:
            with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as bars:
                bar = bars.add_task("", total=None)
                return await work(
                    database, evidence, settings, lambda what, n: bars.update(bar, description=what, advance=n)
                )
        finally:
            await database.close()

    try:
        made = asyncio.run(go())
    except Refusal as refusal:
        refuse(settings, refusal, as_json)
    if as_json:
        typer.echo(json.dumps({"rows": made.rows, "files": made.files, "bytes": made.bytes, "lost": made.lost}))
    else:
        megabytes = f"{made.bytes / 1e6:.1f}"
        typer.echo(words_of(settings)(done, rows=made.rows, files=made.files, megabytes=megabytes).unescape())
    if made.lost:
        err.print(words_of(settings)("backup.lost", n=made.lost).unescape())
        raise typer.Exit(1)
