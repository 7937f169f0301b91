"""Draws on from the hats of a draw that was held, and puts on its public record what anybody needs to do the same."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import draws, pools
from models.draws import Draw, whole
from models.people import Person
from models.visits import Seat, SeatRefusal, Visit
from rules import bundles
from rules.draw import lines
from rules.seats import RECUSALS, YEARS_APART


async def origin(session: AsyncSession, visit: Visit, seat: Seat) -> Visit:
    """The visit for which a draw named a seat: itself, unless two visits became one (综合查一次)."""
    return await session.get_one(Visit, seat.drawn_for) if seat.drawn_for else visit


async def draw_on(session: AsyncSession, visit: Visit, seat: Seat, today: date) -> tuple[Person | None, dict[str, Any]]:
    """Who takes a vacant seat by the draw's own rule, with loads as they are now; nobody where no draw named it.

    Beside the person, what the public record says of it: `inspector`, `mode`, `loads`, `passed_over` (R3.2.2a).
    """
    drawn_for = await origin(session, visit, seat)
    draw = drawn_for.draw and await whole(session, drawn_for.draw)
    if draw is None or not draw.certificate:
        return None, {"inspector": "", "mode": "open"}
    files = await draws.files_of(session, draw)
    people = await _people(session, draw, today)
    barred = await _barred(session, files, people, [visit, drawn_for])
    drawn = bundles.drawn_on(files, drawn_for.public_id, seat.slot, await _loads(session, people), barred)
    return people.get(drawn["inspector"]), drawn


async def seats_of_reserve(
    session: AsyncSession, draw: Draw, subject_id: int, public_id: str, today: date
) -> list[tuple[Person | None, dict[str, Any]]]:
    """The seats of a reserve that comes instead of a subject, each as `draw_on` answers (docs/draw.md, Later)."""
    files = await draws.files_of(session, draw)
    people = await _people(session, draw, today)
    barred = _unfit(files, people)
    ids = {person.id: name for name, person in people.items()}
    barred |= {ids[one]: "recused" for one in await _recused(session, subject_id, today) if one in ids}
    seats = bundles.replaced(files, public_id, await _loads(session, people), barred)
    return [(people.get(seat["inspector"]), seat) for seat in seats]


async def put_on_record(
    session: AsyncSession, visit: Visit, seat: Seat, kind: str, left: Person | None, shown: dict[str, Any], at: datetime
) -> None:
    """Write down in the public record of the draw how a seat is filled now; `left` is who held it."""
    drawn_for = await origin(session, visit, seat)
    if drawn_for.draw is None:
        return
    place = {"kind": kind, "subject": drawn_for.public_id, "seat": seat.slot, "at": draws.utc(at)}
    gone = {"left": public_id(drawn_for.draw, left)} if left else {}
    await draws.append(session, drawn_for.draw, {**place, **gone, **shown})


async def gone(session: AsyncSession, visits: list[Visit]) -> dict[int, str]:
    """Who may not take a seat of these visits, and why: `seated` on one, `left` one, `recused` at the subject."""
    refusals = select(SeatRefusal.person_id).where(SeatRefusal.visit_id.in_([visit.id for visit in visits]))
    recused = (
        select(SeatRefusal.person_id)
        .join(Visit, Visit.id == SeatRefusal.visit_id)
        .where(Visit.subject_id == visits[0].subject_id, SeatRefusal.kind.in_(RECUSALS))
    )
    found = dict.fromkeys(await session.scalars(recused), "recused")
    found |= dict.fromkeys(await session.scalars(refusals), "left")
    return found | {seat.person_id: "seated" for visit in visits for seat in visit.seats if seat.person_id}


def public_id(draw: Draw, person: Person) -> str:
    """How a draw names an inspector."""
    return bundles.public_inspector_id(draw.pool_key, person.staff_no)


async def _people(session: AsyncSession, draw: Draw, today: date) -> dict[str, Person]:
    return {public_id(draw, one): one for one in await pools.inspectors(session, draw.task, today)}


async def _loads(session: AsyncSession, people: dict[str, Person]) -> dict[str, int]:
    load = await pools.load(session)
    return {name: load[one.id] for name, one in people.items()}


async def _barred(
    session: AsyncSession, files: dict[str, bytes], people: dict[str, Person], visits: list[Visit]
) -> dict[str, str]:
    why = await gone(session, visits)
    return _unfit(files, people) | {name: why[one.id] for name, one in people.items() if one.id in why}


def _unfit(files: dict[str, bytes], people: dict[str, Person]) -> dict[str, str]:
    """Inspectors of the frozen table who may not go any more: left, on leave, certificate run out."""
    table = {line.split(b"\t", 1)[0].decode() for line in lines(files["inspectors.tsv"])}
    return dict.fromkeys(table - people.keys(), "unfit")


async def recused_at(session: AsyncSession, subject_id: int) -> set[int]:
    """Who has declared an interest in a subject, or was objected to by it (回避)."""
    declared = (
        select(SeatRefusal.person_id)
        .join(Visit, Visit.id == SeatRefusal.visit_id)
        .where(Visit.subject_id == subject_id, SeatRefusal.kind.in_(RECUSALS))
    )
    return set(await session.scalars(declared))


async def _recused(session: AsyncSession, subject_id: int, today: date) -> set[int]:
    """Who left a visit to a subject as recused, or has met it since the pool was frozen."""
    met = (
        select(Seat.person_id)
        .join(Visit, Visit.id == Seat.visit_id)
        .where(Visit.subject_id == subject_id, Visit.state != "dropped", Seat.person_id.is_not(None))
        .where(Visit.due >= today - timedelta(days=365 * YEARS_APART))
    )
    return {one for one in await session.scalars(met) if one is not None} | await recused_at(session, subject_id)
