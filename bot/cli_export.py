"""`export …`: papers of a visit, extracts, the story of a lead, a month's leads, for who works at a terminal."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import calendars, extracts, lead_story, letters, records
from bot.cli_base import Json, look, with_database, words_of
from bot.press import Press, Printed
from bot.settings import Settings
from handlers import lead_tables
from handlers.turn import House
from locales import LANGUAGES
from models.database import Database
from models.leads import Lead, LeadMove
from models.people import Person
from models.subjects import subject_by_code
from models.visits import Visit
from rules.refusal import Refusal

export_app = typer.Typer(no_args_is_help=True)

File = Annotated[Path, typer.Argument(dir_okay=False, writable=True)]
Find = Callable[[AsyncSession, Visit], Awaitable[dict[str, Any] | None]]


@export_app.command()
def record(visit: int, file: File, language: str = "") -> None:
    """The newest version of a visit's record (检查记录表)."""

    async def find(session: AsyncSession, found: Visit) -> dict[str, Any] | None:
        versions = await records.records_of(session, found.id)
        return {"kind": "record", "id": versions[-1].id} if versions else None

    _write(visit, file, language, find)


@export_app.command()
def notice(visit: int, file: File, language: str = "") -> None:
    """The notice to the subject (检查通知书), once it may go out."""

    async def find(session: AsyncSession, found: Visit) -> dict[str, Any] | None:
        letter = await letters.letter_of(session, found.id)
        return {"kind": "notice", "id": letter.id} if letter and letters.may_go_out(letter) else None

    _write(visit, file, language, find)


@export_app.command()
def proof(
    visit: int,
    file: File,
    staff_number: Annotated[str, typer.Option("--staff-number")],
    language: str = "",
) -> None:
    """The proof of duty done (履职证明) of one of its inspectors."""

    async def find(session: AsyncSession, found: Visit) -> dict[str, Any] | None:
        people = [seat.person for seat in found.seats if seat.person and seat.person.staff_no == staff_number]
        return {"kind": "proof", "id": found.id, "person": people[0].id} if people else None

    _write(visit, file, language, find)


@export_app.command()
def extract(code: str, file: File, language: str = "") -> None:
    """The clean-record extract of a subject (小微企业信用宝), of today."""

    async def find(database: Database, now: datetime) -> dict[str, Any] | None:
        async with database.write() as session:
            subject = await subject_by_code(session, code.strip().upper())
            if subject is None:
                raise Refusal("export.no_subject")
            return {"kind": "extract", "id": (await extracts.make(session, subject, None, now)).id}

    _print(file, language, find)


@export_app.command()
def lead(number: int, as_json: Json = False) -> None:
    """The whole story of a lead: who did what, when, to whom it went, until when, and what became of it."""

    async def read(session: AsyncSession) -> tuple[Lead, list[LeadMove]]:
        found = await session.get(Lead, number)
        if found is None:
            raise Refusal("leads.unknown", number=number)
        return found, await lead_story.story(session, found)

    found, steps = look(read, as_json)
    words = words_of(Settings())
    if as_json:
        typer.echo(json.dumps(lead_tables.as_data(found, steps), ensure_ascii=False))
    else:
        typer.echo(lead_tables.story(words, found, steps))


@export_app.command()
def leads(
    file: File,
    staff_number: Annotated[str, typer.Option("--staff-number")],
    months_ago: Annotated[int, typer.Option("--months-ago", min=0, max=120)] = 0,
    language: str = "",
) -> None:
    """The list of a month's leads as XLSX."""

    async def find(database: Database, _now: datetime) -> dict[str, Any]:
        async with database.read() as session:
            person = await session.scalar(select(Person.id).where(Person.staff_no == staff_number))
        if person is None:
            raise Refusal("people.unknown", staff_no=staff_number)
        return {"kind": "leads", "id": months_ago, "person": person}

    _print(file, language, find)


def _write(number: int, file: Path, language: str, find: Find) -> None:
    async def paper(database: Database, _now: datetime) -> dict[str, Any] | None:
        async with database.read() as session:
            visit = await session.get(Visit, number)
            return await find(session, visit) if visit else None

    _print(file, language, paper)


def _print(file: Path, language: str, find: Callable[[Database, datetime], Awaitable[dict[str, Any] | None]]) -> None:
    """Have a paper printed into a file, in the language of the installation or another one."""
    if language and language not in LANGUAGES:
        raise typer.BadParameter(" | ".join(LANGUAGES), param_hint="--language")

    async def go(database: Database, settings: Settings) -> Printed:
        async with database.read() as session:
            await calendars.refresh(session)
        paper = await find(database, datetime.now(settings.zone))
        if paper is None:
            raise Refusal("export.nothing")
        house = House(settings.zone, settings.language, settings.address, "", settings.authority)
        press = Press(database, house, lambda: datetime.now(settings.zone))
        return await press.print({**paper, "language": language or settings.language})

    file.write_bytes(with_database(go, as_json=False).data)
