"""Carries a visit from the door to the signatures (R3.3.1a)."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import corrections, records, seats
from actions.findings import correct_by as correct_by
from actions.findings import result_of as result_of
from actions.findings import unfinished as unfinished
from actions.journal import record
from actions.notify import notify
from actions.results import freeze
from actions.results import problems as problems
from actions.work import absent, may_work
from actions.work import seat_of as seat_of
from actions.work import unsign as unsign
from models.people import Person, with_role
from models.plans import Task
from models.visits import Seat, Visit
from rules.methods import ON_SITE
from rules.refusal import Refusal
from rules.seats import AT_LEAST
from rules.visits import NOT_STARTED, WORKING, check_move

BY_SIGNING = "signature"  # why somebody counts as arrived who did not say so at the door


def may_begin(visit: Visit, by: Person, today: date) -> None:
    """Refused unless two inspectors of each department hold a seat and whoever begins has a valid certificate.

    行政处罚法 and docs/regulation.md, R3.2.2a.
    """
    _enough(visit)
    if by.certificate_until is None or by.certificate_until < today:
        raise Refusal("visits.certificate", name=by.name)


def _enough(visit: Visit) -> None:
    """Refused while a department has fewer than two inspectors on it: one may have had to leave (当事人申请回避)."""
    held = Counter(one.department for one in visit.seats if one.person_id is not None)
    if short := [name for name in visit.departments if held[name] < AT_LEAST]:
        raise Refusal("visits.too_few", department=short[0])


async def arrive(session: AsyncSession, visit: Visit, by: Person, now: datetime, *, why: str = "") -> None:
    """Be there: whoever arrives has accepted; the first to arrive starts the visit, and the others hear of it at once.

    `why` says of an arrival that nobody tapped what it follows from.
    """
    seat = seat_of(visit, by)
    if visit.state in NOT_STARTED:
        may_begin(visit, by, now.date())
        await seats.accept(session, visit, seat, by, now)
        _move(visit, "started")
        visit.started_at = now
    elif visit.state not in WORKING:
        raise Refusal("visits.not_now")
    else:
        await seats.accept(session, visit, seat, by, now)
    if seat.arrived_at is None:
        first = all(one.arrived_at is None for one in visit.seats)
        seat.arrived_at, seat.arrived_by_signing = now, why == BY_SIGNING
        record(session, now, by, "arrive", "visit", visit.id, why=why)
        for one in absent(visit) if first else ():
            assert one.person_id
            await notify(
                session, one.person_id, "visits.arrived", str(visit.id), now, urgent=True, visit=visit.id, who=by.id
            )


async def sign(session: AsyncSession, visit: Visit, by: Person, now: datetime) -> bool:
    """Sign what was found; the last signature hands it in for review. Whether it is handed in now.

    Whoever signs without having arrived says by that that they are there, unless it was said why they are not
    (docs/decisions/0002-presence.md). All hold a seat and sign; nothing is handed in without.
    """
    seat = may_work(visit, by)
    if seat.signed_at is not None:
        return False
    _enough(visit)
    wrong = await problems(session, visit, now.date())
    if wrong:
        raise Refusal("visits.cannot_sign", count=len(wrong))
    if seat in absent(visit) and not visit.alone_because:
        await arrive(session, visit, by, now, why=BY_SIGNING)
    visit.correct_by = correct_by(visit, now.date())
    seat.signed_at = now
    seat.version += 1
    record(session, now, by, "sign", "visit", visit.id, after={"result": result_of(visit)})
    waiting = [one for one in visit.seats if one.person_id and not one.signed_at]
    if waiting:
        for one in waiting:
            assert one.person_id
            await notify(
                session,
                one.person_id,
                "visits.sign",
                f"{visit.id}:{seat.version}",
                now,
                urgent=True,
                visit=visit.id,
            )
        return False
    if absent(visit) and not visit.alone_because:
        raise Refusal("visits.absent")
    freeze(visit, now.date())
    _move(visit, "submitted")
    visit.submitted_at = now
    record(session, now, by, "submit", "visit", visit.id)
    await records.freeze(session, visit, by, now)
    await corrections.order(session, visit, by, now)
    for supervisor in await with_role(session, "supervisor", visit.task.organ_id):
        key = f"{visit.id}:{visit.version}"
        await notify(session, supervisor.id, "visits.review", key, now, visit=visit.id)
    return True


async def under_way(session: AsyncSession, person: Person) -> Visit | None:
    """The visit that somebody is at: started, and not signed by them."""
    query = (
        select(Visit)
        .join(Seat, Seat.visit_id == Visit.id)
        .where(Seat.person_id == person.id, Seat.signed_at.is_(None))
        .where(Seat.arrived_at.is_not(None) | (Visit.method != ON_SITE))
        .where(Visit.state.in_(WORKING))
        .order_by(Seat.arrived_at.desc())
        .limit(1)
    )
    visit: Visit | None = await session.scalar(query)
    return visit


async def waiting_for(session: AsyncSession, organ_id: int) -> list[Visit]:
    """The visits that wait for review by an organ, the longest first."""
    query = (
        select(Visit)
        .join(Task, Task.id == Visit.task_id)
        .where(Visit.state == "submitted", Task.organ_id == organ_id)
        .order_by(Visit.submitted_at)
    )
    return list(await session.scalars(query))


def _move(visit: Visit, to: str) -> None:
    check_move(visit.state, to)
    visit.state = to
    visit.version += 1
