"""What the public may ask about the draws; of one that is sealed nothing but its commitment (R1.2)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.register import latest, who
from models.draws import Draw, DrawEntry, DrawFile, Witness
from models.people import Area, Organ
from models.plans import Task
from models.publication import Publication
from models.subjects import Subject
from models.visits import Visit

MOST_GAPS = 20  # runs of missing numbers that are told at once


class PublicDraw(NamedTuple):
    """A draw as everybody may see it in any state: the commitment, and where it stands."""

    id: int
    sequence: int
    state: str
    commitment: bytes
    committed_at: datetime
    drawn_at: datetime | None
    opened_at: datetime | None
    void_reason: str
    task_number: str
    task_name: str
    organ: str
    area: str
    starts: date
    ends: date


class Drawn(NamedTuple):
    """A subject that an opened draw drew; `result` is empty until it is published, `state` that of its visit."""

    position: int
    result: str | None
    code: str
    name: str
    state: str = ""


def _draws() -> Select[Any]:
    draw = (Draw.id, Draw.sequence, Draw.state, Draw.commitment, Draw.committed_at, Draw.drawn_at)
    task = (Task.number, Task.name, Organ.name, Area.name, Task.starts, Task.ends)
    return (
        select(*draw, Draw.opened_at, Draw.void_reason, *task)
        .join(Task, Draw.task_id == Task.id)
        .join(Organ, Task.organ_id == Organ.id)
        .join(Area, Task.area_code == Area.code)
    )


async def last_sequence(session: AsyncSession) -> int:
    """The number of the last draw, 0 if there is none."""
    return await session.scalar(select(func.max(Draw.sequence))) or 0


async def draws_between(session: AsyncSession, first: int, last: int) -> dict[int, PublicDraw]:
    """Draws by sequence number, from first to last; a missing number is a gap that everybody shall see."""
    rows = await session.execute(_draws().where(Draw.sequence.between(first, last)))
    return {row.sequence: PublicDraw._make(row) for row in rows}


async def gaps(session: AsyncSession) -> list[tuple[int, int]]:
    """The missing numbers, each run of them as its first and its last; the first `MOST_GAPS` runs."""
    before = func.lag(Draw.sequence, 1, 0).over(order_by=Draw.sequence)
    runs = select((before + 1).label("first"), (Draw.sequence - 1).label("last")).subquery()
    query = select(runs.c.first, runs.c.last).where(runs.c.first <= runs.c.last).order_by(runs.c.first)
    return [(first, last) for first, last in await session.execute(query.limit(MOST_GAPS))]


async def unopened(session: AsyncSession) -> list[tuple[int, date]]:
    """The numbers of the draws that are neither opened nor void, and the last day of their tasks."""
    query = select(Draw.sequence, Task.ends).join(Task, Draw.task_id == Task.id)
    query = query.where(Draw.state.in_(("committed", "sealed"))).order_by(Draw.sequence)
    return [(number, ends) for number, ends in await session.execute(query)]


async def opened_mark(session: AsyncSession) -> tuple[int, datetime | None, int]:
    """What changes whenever an opened draw is added or its public record grows, and never for a sealed one."""
    draws = select(func.count(), func.max(Draw.opened_at)).where(Draw.state == "opened")
    entries = select(func.count()).select_from(DrawEntry).join(Draw, DrawEntry.draw_id == Draw.id)
    number, newest = (await session.execute(draws)).tuples().one()
    return number, newest, await session.scalar(entries.where(Draw.state == "opened")) or 0


async def witnesses(session: AsyncSession, draw_id: int) -> list[tuple[str, bool]]:
    """Who feeds the draw, and whether their words are in; never the words, they come with `sealed.json`."""
    given = Witness.contributed_at.is_not(None)
    query = select(Witness.name, given).where(Witness.draw_id == draw_id).order_by(Witness.position)
    return [(name, bool(done)) for name, done in await session.execute(query)]


async def record(session: AsyncSession, draw_id: int) -> list[tuple[int, dict[str, Any] | None, str]]:
    """The public record of a draw: number, content, hash. Content names subjects: None until opened."""
    query = (
        select(DrawEntry.number, case((Draw.state == "opened", DrawEntry.content)), DrawEntry.hash)
        .join(Draw, DrawEntry.draw_id == Draw.id)
        .where(DrawEntry.draw_id == draw_id)
        .order_by(DrawEntry.number)
    )
    return [(number, content, digest) for number, content, digest in await session.execute(query)]


async def certificate(session: AsyncSession, draw_id: int) -> bytes | None:
    """What was drawn; before the draw is opened the caller shows no more of it than `sealed.json`."""
    return (await session.execute(select(Draw.certificate).where(Draw.id == draw_id))).scalar_one()


async def parts(session: AsyncSession, draw_id: int, name: str) -> list[tuple[int, int]]:
    """The pieces of a table in order, number and length in bytes; none before the draw is opened."""
    query = (
        select(DrawFile.part, func.length(DrawFile.body))
        .join(Draw, DrawFile.draw_id == Draw.id)
        .where(DrawFile.draw_id == draw_id, DrawFile.name == name, Draw.state == "opened")
        .order_by(DrawFile.part)
    )
    return [(number, length) for number, length in await session.execute(query)]


async def sizes(session: AsyncSession, draw_id: int) -> int:
    """How many bytes the tables and the certificate have together; 0 before the draw is opened."""
    here = (Draw.id == draw_id, Draw.state == "opened")
    tables = select(func.sum(func.length(DrawFile.body))).join(Draw, DrawFile.draw_id == Draw.id).where(*here)
    outcome = select(func.length(Draw.certificate)).where(*here)
    return int(await session.scalar(tables) or 0) + int(await session.scalar(outcome) or 0)


async def part(session: AsyncSession, draw_id: int, name: str, number: int) -> bytes:
    """One piece of a table, as listed by `parts`."""
    here = (DrawFile.draw_id == draw_id, DrawFile.name == name, DrawFile.part == number)
    return (await session.execute(select(DrawFile.body).where(*here))).scalar_one()


async def drawn_subjects(session: AsyncSession, draw_id: int, limit: int, skip: int = 0) -> list[Drawn]:
    """The subjects of an opened draw in the order of visits; a reserve stands after whom it replaces."""
    query = (
        select(Visit.position, Publication.result, Visit.state, Subject.code, Subject.name, Subject.kind)
        .select_from(Visit)
        .join(Draw, Visit.draw_id == Draw.id)
        .join(Subject, Visit.subject_id == Subject.id)
        .outerjoin(Publication, (Publication.visit_id == Visit.id) & latest())
        .where(Draw.id == draw_id, Draw.state == "opened")
        .order_by(Visit.position, Visit.id)
        .limit(limit)
        .offset(skip)
    )
    return [Drawn(row[0], row[1], *who(*row[3:]), row[2]) for row in await session.execute(query)]
