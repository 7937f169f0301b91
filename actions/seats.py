"""Fills the seats of visits: told, accepted, left, refilled by the draw's own rule, or appointed (R3.2.2a-b)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime

from sqlalchemy import func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from actions import draws, hats, offers, pools
from actions.calendars import deadline, official
from actions.journal import record
from actions.notify import notify
from actions.seat_notices import Vacated, tell
from models.draws import Draw
from models.people import Person, at_work, with_role
from models.visits import Seat, SeatRefusal, Visit
from rules import stages
from rules.people import certificate_valid
from rules.refusal import Refusal
from rules.seats import RECUSALS
from rules.visits import NOT_STARTED, OPEN, WORKING, check_move


async def release(session: AsyncSession, draw: Draw, by: Person, now: datetime, per_week: int | None = None) -> None:
    """Tell the inspectors of their visits: all at once, or at most `per_week` each a week (分批下达, R3.2.2a).

    The first stage is released now, the others when they are due (`release_due`). Refused if the stages would not all
    fit before the end of the task; the refusal names the least number that fits.
    """
    if draw.state != "sealed" or draw.released_at:
        raise Refusal("draws.not_sealed")
    visits = await draws.to_release(session, draw)
    if per_week is not None:
        if per_week < 1:
            raise Refusal("draws.per_week")
        days = stages.days(official(), now.date(), draw.task.ends)
        people = [{seat.person_id for seat in visit.seats if seat.person_id} for visit in visits]
        weeks = stages.weeks(people, per_week)
        if max(weeks, default=0) >= len(days):
            raise Refusal("draws.stages_too_long", ends=draw.task.ends, least=stages.least(people, len(days)))
        for visit, week in zip(visits, weeks, strict=True):
            visit.release_on = days[week]
        visits = [visit for visit in visits if visit.release_on == days[0]]
    draw.released_at, draw.per_week = now, per_week
    await _hand_out(session, draw, visits, by, now)


async def release_next(session: AsyncSession, draw: Draw, by: Person, now: datetime) -> int:
    """Release the next stage before its day (提前下达); how many visits it has."""
    waiting = await draws.to_release(session, draw)
    if draw.released_at is None or not waiting:
        raise Refusal("draws.nothing_to_release")
    day = min(visit.release_on or now.date() for visit in waiting)
    visits = [visit for visit in waiting if (visit.release_on or day) == day]
    await _hand_out(session, draw, visits, by, now)
    return len(visits)


async def release_due(session: AsyncSession, now: datetime) -> int:
    """Release every stage whose day has come, also after downtime; how many visits that are."""
    query = (
        select(Visit)
        .join(Draw, Draw.id == Visit.draw_id)
        .where(Visit.state == "drawn", Draw.state.in_(("sealed", "opened")))
        .where(or_(Visit.release_on <= now.date(), Visit.release_on.is_(None) & Draw.released_at.is_not(None)))
        .order_by(Visit.draw_id, Visit.position)
        .with_for_update(of=Visit)
    )
    due = defaultdict[int, list[Visit]](list)
    for visit in await session.scalars(query):
        assert visit.draw_id
        due[visit.draw_id].append(visit)
    for visits in due.values():
        assert visits[0].draw
        await _hand_out(session, visits[0].draw, visits, None, now)
    return sum(map(len, due.values()))


async def release_rest(session: AsyncSession, draw: Draw, now: datetime) -> None:
    """Release whatever is left of a draw that is about to be opened, so that nobody is warned before the inspectors."""
    if waiting := await draws.to_release(session, draw):
        draw.released_at = draw.released_at or now
        await _hand_out(session, draw, waiting, None, now)


async def _hand_out(session: AsyncSession, draw: Draw, visits: list[Visit], by: Person | None, now: datetime) -> None:
    told = defaultdict[int, list[int]](list)
    for visit in visits:
        check_move(visit.state, "released")
        visit.state, visit.release_on = "released", now.date()
        visit.version += 1
        for seat in visit.seats:
            if seat.person_id:
                offer(visit, seat, now.date())
                told[seat.person_id].append(visit.id)
    draw.version += 1
    for person_id, ids in told.items():  # a visit is released once, so its number makes the stage unique
        await notify(session, person_id, "visits.drawn", f"{draw.id}:{ids[0]}", now, draw=draw.id, visits=ids)
    await _tell_partners(session, draw, now)
    await offers.look(session, draw, now)
    numbers = {"inspectors": len(told), "visits": len(visits)}
    record(session, now, by, "release", "draw", draw.id, after=numbers | {"per_week": draw.per_week})
    await session.flush()


async def _tell_partners(session: AsyncSession, draw: Draw, now: datetime) -> None:
    """The supervisors of the other organs of a joint task hear that it begins, and where they must appoint."""
    for organ in draw.task.organs[1:]:
        for person in await with_role(session, "supervisor", organ.id):
            await notify(session, person.id, "tasks.released", str(draw.id), now, task=draw.task_id)


def offer(visit: Visit, seat: Seat, today: date) -> None:
    """A seat waits for its inspector to accept, some working days at most."""
    seat.state = "offered"
    seat.answer_by = deadline("seat", today, visit.task.organ_id)
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

    `kind` is recusal (回避), leave (请假) or decline. Returns who takes the seat; None if nobody can: it stays open.
    """
    if seat.person_id != by.id or visit.state not in NOT_STARTED:
        raise Refusal("seats.not_yours" if seat.person_id != by.id else "seats.started")
    vacated = await vacate(session, visit, seat, kind, reason, by, now)
    await tell(session, [vacated], by, now)
    return vacated.successor


async def leave_all(session: AsyncSession, by: Person, reason: str, now: datetime) -> list[Vacated]:
    """Give back every seat on a visit that has not begun (全部请假); each is refilled, everybody is told once."""
    vacated = []
    for visit in await not_started(session, by):
        seat = next(seat for seat in visit.seats if seat.person_id == by.id)
        vacated.append(await vacate(session, visit, seat, "leave", reason, by, now))
    if not vacated:
        raise Refusal("seats.none_to_leave")
    await tell(session, vacated, by, now)
    return vacated


async def not_started(session: AsyncSession, person: Person) -> list[Visit]:
    """The visits that somebody knows of and that have not begun."""
    query = (
        select(Visit)
        .join(Seat, Seat.visit_id == Visit.id)
        .where(Seat.person_id == person.id, Seat.state.in_(("offered", "accepted")))
        .where(Visit.state.in_(NOT_STARTED), Visit.state != "drawn")
        .order_by(Visit.id)
        .with_for_update(of=Visit)
    )
    return list(await session.scalars(query))


async def vacate_unfit(session: AsyncSession, now: datetime) -> list[Vacated]:
    """Take the seats of visits that have not begun from whoever may not go any more; each is refilled, all are told.

    May not go: the certificate ended before today, or the person is on leave or has left (R3.2.2a).
    """
    today = now.date()
    lapsed = or_(Person.certificate == "", Person.certificate_until.is_(None), Person.certificate_until < today)
    unfit = select(Seat.visit_id).join(Person, Person.id == Seat.person_id).where(or_(not_(at_work(today)), lapsed))
    query = select(Visit).where(Visit.state.in_(NOT_STARTED), Visit.id.in_(unfit)).order_by(Visit.id)
    vacated = []
    for visit in await session.scalars(query.with_for_update(of=Visit)):
        for seat in visit.seats:
            if (person := seat.person) is None:
                continue
            valid = certificate_valid(person.certificate, person.certificate_until, today)
            if not valid or not person.there(today):
                kind = "certificate" if person.there(today) else "inactive"
                vacated.append(await vacate(session, visit, seat, kind, "", None, now))
    await tell(session, vacated, None, now)
    return vacated


async def vacate(
    session: AsyncSession, visit: Visit, seat: Seat, kind: str, reason: str, by: Person | None, now: datetime
) -> Vacated:
    """Somebody leaves a seat (`rules.seats.REASONS` says why) and the next one by rule takes it; told by the caller.

    On the journal, and with what anybody needs to draw on again on the public record of the draw (docs/draw.md, Later).
    """
    left = seat.person
    assert left
    if visit.state not in (*NOT_STARTED, *WORKING):
        raise Refusal("visits.not_now")
    await _remember(session, visit, left, kind, reason, now)
    record(session, now, by, kind, "visit", visit.id, before={"seat": seat.number, "person": left.id}, why=reason)
    await session.flush()
    successor, shown = await hats.draw_on(session, visit, seat, now.date())
    seat.person_id, seat.person = (successor.id, successor) if successor else (None, None)
    seat.mode, seat.arrived_at, seat.signed_at, seat.answer_by = shown["mode"], None, None, None
    seat.arrived_metres, seat.arrived_by_signing = None, False
    visit.state = "released" if visit.state == "accepted" else visit.state
    visit.version += 1
    if successor and visit.state != "drawn":
        offer(visit, seat, now.date())
    else:
        seat.state = "held" if successor else "open"
        seat.version += 1
    await hats.put_on_record(session, visit, seat, kind, left, shown, now)
    return Vacated(visit, seat, left, kind, successor)


async def _remember(session: AsyncSession, visit: Visit, person: Person, kind: str, reason: str, now: datetime) -> None:
    """Somebody who left a visit twice keeps the weightier reason: a recusal binds later draws."""
    query = select(SeatRefusal).where(SeatRefusal.visit_id == visit.id, SeatRefusal.person_id == person.id)
    before = await session.scalar(query)
    if before is None:
        session.add(SeatRefusal(visit_id=visit.id, person_id=person.id, kind=kind, reason=reason, at=now))
    elif before.kind not in RECUSALS:
        before.kind, before.reason, before.at = kind, reason, now


async def appoint(session: AsyncSession, visit: Visit, seat: Seat, person: Person, by: Person, now: datetime) -> None:
    """Fill an open seat by hand (直接委派, R3.2.2b): on the record as what it is, never as a draw."""
    if seat.state != "open":
        raise Refusal("seats.not_open")
    if any(one.person_id == person.id for one in visit.seats):
        raise Refusal("seats.on_it_already", name=person.name)
    if not person.certificate or person.certificate_until is None or person.certificate_until < visit.due:
        raise Refusal("seats.no_certificate", name=person.name)
    if not person.there(now.date()):
        raise Refusal("seats.on_leave", name=person.name)
    seat.person_id, seat.person, seat.mode = person.id, person, "appointed"
    visit.state = "released" if visit.state == "accepted" else visit.state
    visit.version += 1
    if visit.state == "drawn":
        seat.state = "held"
        seat.version += 1
    else:
        offer(visit, seat, now.date())
        key, urgent = f"{visit.id}:{seat.number}", visit.state in WORKING
        await notify(session, person.id, "visits.refilled", key, now, urgent=urgent, visit=visit.id)
    shown = {"inspector": "", "mode": seat.mode}
    if draw := (await hats.origin(session, visit, seat)).draw:
        shown["inspector"] = hats.public_id(draw, person)
    await hats.put_on_record(session, visit, seat, "appointed", None, shown, now)
    record(session, now, by, "appoint", "visit", visit.id, after={"seat": seat.number, "person": person.id})


async def candidates(session: AsyncSession, visit: Visit, seat: Seat, limit: int, today: date) -> list[Person]:
    """Who could be appointed to an open seat: certified, at work, not on this visit, least busy first."""
    load = await pools.load(session)
    drawn_for = await hats.origin(session, visit, seat)
    gone = await hats.gone(session, [visit, drawn_for])
    people = await pools.inspectors(session, drawn_for.task, today)
    fit = [one for one in people if one.id not in gone and one.organ.department == seat.department]
    fit.sort(key=lambda one: (one.area_code != visit.subject.area_code, load[one.id], one.staff_no))
    return fit[:limit]


async def open_seats(session: AsyncSession, draw: Draw) -> list[Seat]:
    """The seats of a draw that nobody holds, in order of visits."""
    held = aliased(Visit)
    query = (
        select(Seat)
        .join(Visit, Visit.id == func.coalesce(Seat.drawn_for, Seat.visit_id))
        .join(held, held.id == Seat.visit_id)
        .where(Visit.draw_id == draw.id, Seat.state == "open", held.state.in_(("drawn", *OPEN)))
        .order_by(Visit.position, Seat.number)
    )
    return list(await session.scalars(query))
