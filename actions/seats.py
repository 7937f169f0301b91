"""Fills the seats of visits: told, accepted, left, refilled by the draw's own rule, or appointed (R3.2.2a-b)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import draws, pools
from actions.calendars import official
from actions.journal import record
from actions.notify import notify
from models.draws import Draw
from models.people import Person
from models.visits import Seat, SeatRefusal, Visit
from rules import bundles
from rules.deadlines import ANSWER_SEAT
from rules.draw import lines
from rules.refusal import Refusal
from rules.visits import NOT_STARTED, OPEN


async def release(session: AsyncSession, draw: Draw, by: Person, now: datetime) -> None:
    """Tell the inspectors: each hears of all their visits in one message."""
    if draw.state != "sealed" or draw.released_at:
        raise Refusal("draws.not_sealed")
    told: Counter[int] = Counter()
    for visit in await draws.visits_of(session, draw):
        visit.state = "released"
        visit.version += 1
        for seat in visit.seats:
            if seat.person_id:
                _offer(seat, now.date())
                told[seat.person_id] += 1
    draw.released_at = now
    draw.version += 1
    for person_id in told:
        await notify(session, person_id, "visits.drawn", str(draw.id), now, draw=draw.id)
    record(session, now, by, "release", "draw", draw.id, after={"inspectors": len(told)})


def _offer(seat: Seat, today: date) -> None:
    seat.state = "offered"
    seat.answer_by = official().add(today, ANSWER_SEAT)
    seat.version += 1


async def accept(session: AsyncSession, visit: Visit, seat: Seat, by: Person, now: datetime) -> None:
    """Take the seat one was drawn for."""
    if seat.state == "accepted":
        return
    if seat.person_id != by.id or seat.state != "offered":
        raise Refusal("seats.not_yours")
    seat.state = "accepted"
    seat.version += 1
    if visit.state == "released" and all(one.state in ("accepted", "open") for one in visit.seats):
        visit.state = "accepted"
        visit.version += 1
    record(session, now, by, "accept", "visit", visit.id, after={"seat": seat.number})


async def leave(
    session: AsyncSession, visit: Visit, seat: Seat, kind: str, reason: str, by: Person, now: datetime
) -> Person | None:
    """Give a seat back, with a reason; the next one by rule is drawn at once, and everybody concerned is told.

    `kind` is recusal (回避) or leave (请假). Returns who takes the seat; None if nobody can: it stays open.
    """
    if seat.person_id != by.id or visit.state not in NOT_STARTED:
        raise Refusal("seats.not_yours" if seat.person_id != by.id else "seats.started")
    session.add(SeatRefusal(visit_id=visit.id, person_id=by.id, kind=kind, reason=reason, at=now))
    record(session, now, by, kind, "visit", visit.id, before={"seat": seat.number}, why=reason)
    await session.flush()
    successor, mode = await _next_from_the_hat(session, visit, seat)
    seat.person_id, seat.person = (successor.id, successor) if successor else (None, None)
    seat.mode = mode
    visit.state = "released" if visit.state == "accepted" else visit.state
    visit.version += 1
    if successor:
        _offer(seat, now.date())
        await notify(session, successor.id, "visits.refilled", f"{visit.id}:{seat.number}", now, visit=visit.id)
    else:
        seat.state = "open"
        seat.version += 1
    await _put_on_record(session, visit, seat, {"kind": kind, "left": by}, now)
    await _tell_the_others(session, visit, by, now, successor)
    return successor


async def appoint(session: AsyncSession, visit: Visit, seat: Seat, person: Person, by: Person, now: datetime) -> None:
    """Fill an open seat by hand (直接委派, R3.2.2b): on the record as what it is, never as a draw."""
    if seat.state != "open":
        raise Refusal("seats.not_open")
    if any(one.person_id == person.id for one in visit.seats):
        raise Refusal("seats.on_it_already", name=person.name)
    if not person.certificate or person.certificate_until is None or person.certificate_until < visit.due:
        raise Refusal("seats.no_certificate", name=person.name)
    seat.person_id, seat.person, seat.mode = person.id, person, "appointed"
    visit.state = "released" if visit.state == "accepted" else visit.state
    visit.version += 1
    if visit.state == "drawn":
        seat.state = "held"
        seat.version += 1
    else:
        _offer(seat, now.date())
        await notify(session, person.id, "visits.refilled", f"{visit.id}:{seat.number}", now, visit=visit.id)
    await _put_on_record(session, visit, seat, {"kind": "appointed"}, now)
    record(session, now, by, "appoint", "visit", visit.id, after={"seat": seat.number, "person": person.id})


async def candidates(session: AsyncSession, visit: Visit, seat: Seat, limit: int) -> list[Person]:
    """Who could be appointed to an open seat: of its department, certified, not on this visit, least busy first."""
    load = await pools.load(session)
    gone = await _gone(session, visit)
    people = await pools.inspectors(session, visit.task)
    fit = [one for one in people if one.id not in gone and one.organ.department == seat.department]
    fit.sort(key=lambda one: (one.area_code != visit.subject.area_code, load[one.id], one.staff_no))
    return fit[:limit]


async def open_seats(session: AsyncSession, draw: Draw) -> list[Seat]:
    """The seats of a draw that nobody holds, in order of visits."""
    query = (
        select(Seat)
        .join(Visit, Visit.id == Seat.visit_id)
        .where(Visit.draw_id == draw.id, Seat.state == "open", Visit.state.in_(("drawn", *OPEN)))
        .order_by(Visit.position, Seat.number)
    )
    return list(await session.scalars(query))


async def _next_from_the_hat(session: AsyncSession, visit: Visit, seat: Seat) -> tuple[Person | None, str]:
    """Draw on from the same hat, with loads as they are now (docs/draw.md, Later)."""
    draw = visit.draw
    assert draw
    assert draw.certificate
    files = await draws.files_of(session, draw)
    load = await pools.load(session)
    people = {
        bundles.public_inspector_id(draw.pool_key, one.staff_no): one
        for one in await pools.inspectors(session, visit.task)
    }
    gone = await _gone(session, visit)
    passed_over = {name for name, one in people.items() if one.id in gone} | _not_any_more(files, people)
    loads = {name: load[one.id] for name, one in people.items()}
    name, mode = bundles.refill(files, visit.public_id, seat.number, loads, passed_over)
    return people.get(name), mode


def _not_any_more(files: dict[str, bytes], people: dict[str, Person]) -> set[str]:
    """Inspectors of the frozen table who may not go any more: left, on leave, certificate run out."""
    table = {line.split(b"\t", 1)[0].decode() for line in lines(files["inspectors.tsv"])}
    return table - people.keys()


async def _gone(session: AsyncSession, visit: Visit) -> set[int]:
    refused = select(SeatRefusal.person_id).where(SeatRefusal.visit_id == visit.id)
    return {*await session.scalars(refused), *(one.person_id for one in visit.seats if one.person_id)}


async def _put_on_record(
    session: AsyncSession, visit: Visit, seat: Seat, what: dict[str, str | Person], now: datetime
) -> None:
    draw = visit.draw
    if draw is None:
        return
    content = {
        name: bundles.public_inspector_id(draw.pool_key, value.staff_no) if isinstance(value, Person) else value
        for name, value in what.items()
    }
    inspector = bundles.public_inspector_id(draw.pool_key, seat.person.staff_no) if seat.person else ""
    at = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    place = {"subject": visit.public_id, "seat": seat.number, "inspector": inspector, "mode": seat.mode}
    await draws.append(session, draw, {**content, **place, "at": at})


async def _tell_the_others(
    session: AsyncSession, visit: Visit, left: Person, now: datetime, successor: Person | None
) -> None:
    key = f"{visit.id}:{visit.version}"
    partners = {one.person_id for one in visit.seats if one.person_id and one.state in ("offered", "accepted")}
    for person_id in partners - {successor.id if successor else None}:
        assert person_id
        await notify(session, person_id, "visits.partner_changed", key, now, visit=visit.id, left=left.id)
    if visit.draw:
        kind = "visits.seat_refilled" if successor else "visits.seat_open"
        await notify(session, visit.draw.supervisor_id, kind, key, now, visit=visit.id, left=left.id)
