"""Reviews what was found and makes it public: who approves is never who entered (R3.2.3a)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from actions import corrections, credit
from actions.journal import record
from actions.notify import notify
from actions.results import thaw
from models.people import Person
from models.publication import Proposal, Publication, newest
from models.visits import Visit
from rules.publication import WITHDRAWN
from rules.refusal import Refusal
from rules.visits import check_move


def may_review(visit: Visit, by: Person) -> None:
    """Refused unless a supervisor of the organ reviews, who had no part in it (谁检查、谁录入、谁公开, R3.2.3a)."""
    if "supervisor" not in by.roles or by.organ_id != visit.task.organ_id:
        raise Refusal("review.not_yours")
    if had_part(visit, by):
        raise Refusal("review.own")


def had_part(visit: Visit, person: Person) -> bool:
    """Whether somebody is one of a visit's inspectors, or entered something before another one took the seat."""
    entered = {one.person_id for one in visit.answers} | {one.person_id for one in visit.evidence}
    return person.id in entered | {one.person_id for one in visit.seats}


async def approve(session: AsyncSession, visit: Visit, by: Person, now: datetime) -> None:
    """Approve a result, also one that was withheld: it is public from this moment."""
    may_review(visit, by)
    check_move(visit.state, "published")
    assert visit.submitted_at
    for one in (visit, *visit.guests):  # a merged visit counts in its own task too (综合查一次, R1.4)
        check_move(one.state, "published")
        one.result, one.started_at, one.submitted_at = visit.result, visit.started_at, visit.submitted_at
        session.add(
            Publication(
                visit_id=one.id,
                version=1,
                result=visit.result,
                checked_on=visit.submitted_at.astimezone(now.tzinfo).date(),
                published_at=now,
                approved_by=by.id,
            )
        )
        one.state = "published"
        one.version += 1
        await drop(session, one, now)
        record(session, now, by, "publish", "visit", one.id, after={"result": visit.result})
    await credit.published(session, visit, by, now)
    await session.flush()
    await corrections.settle(session, visit, by, now)
    await _tell_inspectors(session, visit, "visits.published", now)


async def correct(session: AsyncSession, visit: Visit, result: str, reason: str, by: Person, now: datetime) -> None:
    """Publish another result of a published visit as its next version, or that it is withdrawn; the reason is public.

    Without a reason it follows from an objection of the subject (`actions.appeals`). The old version is kept, and
    shown no more. What was proposed about it has no object any more.
    """
    guests = list(await session.scalars(select(Visit).where(Visit.merged_into == visit.id)))  # 综合查一次, R1.4
    verb = "withdraw" if result == WITHDRAWN else "correct"
    for one in (visit, *guests):
        last = await newest(session, one.id)
        if last is None:
            continue
        session.add(
            Publication(
                visit_id=one.id,
                version=last.version + 1,
                result=result,
                checked_on=last.checked_on,
                published_at=now,
                approved_by=by.id,
                reason=reason,
            )
        )
        before, one.result = one.result, result
        one.version += 1
        await drop(session, one, now)
        record(session, now, by, verb, "visit", one.id, before={"result": before}, after={"result": result}, why=reason)
    await session.flush()
    await credit.published(session, visit, by, now)


async def drop(session: AsyncSession, visit: Visit, now: datetime) -> None:
    """An open proposal about a visit has no object any more, or a better one."""
    query = update(Proposal).where(Proposal.visit_id == visit.id, Proposal.state == "asked")
    query = query.values(state="void", version=Proposal.version + 1, decided_at=now)
    await session.execute(query.execution_options(synchronize_session=False))


async def send_back(session: AsyncSession, visit: Visit, reason: str, by: Person, now: datetime) -> None:
    """Return a visit to its inspectors with what must be mended."""
    may_review(visit, by)
    check_move(visit.state, "returned")
    visit.state, visit.returned_because = "returned", reason
    visit.version += 1
    await drop(session, visit, now)
    thaw(visit)
    for seat in visit.seats:
        seat.signed_at = None
    record(session, now, by, "return", "visit", visit.id, why=reason)
    await _tell_inspectors(session, visit, "visits.returned", now)


async def _tell_inspectors(session: AsyncSession, visit: Visit, kind: str, now: datetime) -> None:
    for seat in visit.seats:
        if seat.person_id:
            await notify(session, seat.person_id, kind, f"{visit.id}:{visit.version}", now, visit=visit.id)
