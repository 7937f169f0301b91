"""Carries a visit from the door to the signatures (R3.3.1a)."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import seats
from actions.calendars import official
from actions.journal import record
from actions.notify import notify
from actions.records import freeze
from models.leads import Lead
from models.people import Person, with_role
from models.plans import Task
from models.visits import Seat, Visit
from rules import results
from rules.deadlines import CORRECTION
from rules.evidence import SHOWS
from rules.refusal import Refusal
from rules.seats import AT_LEAST
from rules.visits import NOT_STARTED, WORKING, check_move


def seat_of(visit: Visit, person: Person) -> Seat:
    """The seat that a person holds on a visit. Refused if there is none."""
    for seat in visit.seats:
        if seat.person_id == person.id and seat.state in ("offered", "accepted"):
            return seat
    raise Refusal("seats.not_yours")


async def arrive(session: AsyncSession, visit: Visit, by: Person, now: datetime) -> None:
    """Be there: whoever arrives has accepted; the first to arrive starts the visit.

    Two inspectors at least of each department must hold a seat (行政处罚法 and docs/regulation.md, R3.2.2a).
    """
    seat = seat_of(visit, by)
    if visit.state in NOT_STARTED:
        _enough(visit)
        if by.certificate_until is None or by.certificate_until < now.date():
            raise Refusal("visits.certificate", name=by.name)
        await seats.accept(session, visit, seat, by, now)
        _move(visit, "started")
        visit.started_at = now
    elif visit.state not in WORKING:
        raise Refusal("visits.not_now")
    else:
        await seats.accept(session, visit, seat, by, now)
    if seat.arrived_at is None:
        seat.arrived_at = now
        record(session, now, by, "arrive", "visit", visit.id)


def _enough(visit: Visit) -> None:
    held = Counter(one.department for one in visit.seats if one.person_id is not None)
    if short := [name for name in visit.departments if held[name] < AT_LEAST]:
        raise Refusal("visits.too_few", department=short[0])


def result_of(visit: Visit) -> str:
    """The result that was chosen, or that the answers suggest."""
    return visit.result or results.proposed(answer.value for answer in visit.standing.values())


def correct_by(visit: Visit, today: date) -> date | None:
    """By when problems must be corrected: the day that was chosen, or the proposal; none without an order."""
    if result_of(visit) != results.CORRECTION:
        return visit.correct_by
    return visit.correct_by or official().add(today, CORRECTION)


async def choose_result(session: AsyncSession, visit: Visit, result: str, by: Person, now: datetime) -> None:
    """Choose the result by hand; signatures that stood under another one fall."""
    _may_work(visit, by)
    record(
        session,
        now,
        by,
        "choose_result",
        "visit",
        visit.id,
        before={"result": visit.result},
        after={"result": result},
    )
    visit.result = result
    unsign(visit)


async def choose_correction(session: AsyncSession, visit: Visit, days: int, by: Person, now: datetime) -> None:
    """Order correction within so many working days."""
    _may_work(visit, by)
    visit.correct_by = official().add(now.date(), days)
    record(
        session,
        now,
        by,
        "order_correction",
        "visit",
        visit.id,
        after={"correct_by": visit.correct_by.isoformat()},
    )
    unsign(visit)


async def problems(session: AsyncSession, visit: Visit, today: date) -> list[str]:
    """Why the visit cannot be signed yet, as codes; empty if it can."""
    answers = visit.standing
    leads = await session.scalar(select(func.count()).where(Lead.visit_id == visit.id)) or 0
    wrong = results.problems(
        result_of(visit),
        failed=sum(answer.value == "no" for answer in answers.values()),
        unanswered=len(visit.asked) - len(answers),
        evidence=sum(one.kind != "position" for one in visit.evidence),
        correction_ordered=correct_by(visit, today) is not None,
        leads=leads,
    )
    if result_of(visit) not in results.WITHOUT_CHECKING:
        wrong += [f"finding:{number}" for number in unfinished(visit)]
    return wrong


def unfinished(visit: Visit) -> list[int]:
    """The numbers of failed points that still lack words, or the photo that their checklist asks for."""
    photographed = {evidence.point_id for evidence in visit.evidence if evidence.kind in SHOWS}
    missing = []
    for number, answer in visit.standing.items():
        point, failed = answer.point, answer.value == "no"
        wants_photo = point.photo == "always" or (failed and point.photo == "failure")
        if (failed and not answer.note) or (wants_photo and answer.value != "na" and point.id not in photographed):
            missing.append(number)
    return missing


async def sign(session: AsyncSession, visit: Visit, by: Person, now: datetime) -> bool:
    """Sign what was found; the last signature hands it in for review. Whether it is handed in now.

    Refused while a department has fewer than two inspectors on it: one may have had to leave (当事人申请回避).
    """
    seat = _may_work(visit, by)
    _enough(visit)
    wrong = await problems(session, visit, now.date())
    if wrong:
        raise Refusal("visits.cannot_sign", count=len(wrong))
    visit.result, visit.correct_by = result_of(visit), correct_by(visit, now.date())
    seat.signed_at = now
    seat.version += 1
    record(session, now, by, "sign", "visit", visit.id, after={"result": visit.result})
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
    _move(visit, "submitted")
    visit.submitted_at = now
    record(session, now, by, "submit", "visit", visit.id)
    await freeze(session, visit, by, now)
    for supervisor in await with_role(session, "supervisor", visit.task.organ_id):
        key = f"{visit.id}:{visit.version}"
        await notify(session, supervisor.id, "visits.review", key, now, visit=visit.id)
    return True


def unsign(visit: Visit) -> None:
    """What was signed has changed: everybody signs anew."""
    for seat in visit.seats:
        if seat.signed_at:
            seat.signed_at = None
            seat.version += 1


async def under_way(session: AsyncSession, person: Person) -> Visit | None:
    """The visit that somebody is at: started, and not signed by them."""
    query = (
        select(Visit)
        .join(Seat, Seat.visit_id == Visit.id)
        .where(Seat.person_id == person.id, Seat.arrived_at.is_not(None), Seat.signed_at.is_(None))
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


def _may_work(visit: Visit, by: Person) -> Seat:
    seat = seat_of(visit, by)
    if visit.state not in WORKING:
        raise Refusal("visits.not_now")
    return seat


def _move(visit: Visit, to: str) -> None:
    check_move(visit.state, to)
    visit.state = to
    visit.version += 1
