"""Follows what was ordered to be corrected (责令改正): reported, checked again, closed, or a case (R3.3.1a)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import targeted
from actions.evidence import Kept
from actions.journal import record
from actions.leads import NewLead, send
from actions.notify import notify
from models.corrections import Cause, Correction
from models.people import Person, with_role
from models.visits import Visit
from rules.corrections import OPEN, WAITING, after_recheck, check_move
from rules.refusal import Refusal

MOST_FILES = 10


async def correction_of(session: AsyncSession, visit_id: int) -> Correction | None:
    """What was ordered at a visit."""
    query = select(Correction).where(Correction.visit_id == visit_id)
    found: Correction | None = await session.scalar(query)
    return found


async def order(session: AsyncSession, visit: Visit, by: Person, now: datetime) -> None:
    """Everybody has signed an order to correct: it is followed from now on; signed anew, it has the new day."""
    held = await correction_of(session, visit.id)
    if visit.correct_by is None:
        if held and held.state == "ordered":
            await session.delete(held)
    elif held is None:
        session.add(Correction(visit_id=visit.id, due=visit.correct_by, ordered_at=now))
    elif held.state in WAITING:
        held.due = visit.correct_by
        held.version += 1


def may_follow(correction: Correction, by: Person) -> None:
    """Refused unless somebody was at the visit, or supervises for its organ."""
    at_it = any(seat.person_id == by.id for seat in correction.visit.seats)
    supervises = "supervisor" in by.roles and by.organ_id in {organ.id for organ in correction.visit.organs}
    if not (at_it or supervises):
        raise Refusal("corrections.not_yours")


async def report(
    session: AsyncSession, correction: Correction, text: str, kept: Kept | None, by: Person, now: datetime
) -> None:
    """Write down that the subject says it is corrected, with what shows it; more can follow."""
    may_follow(correction, by)
    _move(correction, "reported")
    if kept and all(one["sha256"] != kept.sha256 for one in correction.files) and len(correction.files) < MOST_FILES:
        names = ("sha256", "media", "telegram_file", "kind", "name")
        correction.files = [*correction.files, {name: getattr(kept, name) for name in names}]
    if text:
        correction.report = "；".join(part for part in (correction.report, text) if part)
    correction.reported_by, correction.reporter, correction.reported_at = by.id, by, now
    after = {"files": len(correction.files)}
    record(session, now, by, "report", "correction", correction.id, after=after, why=text)


async def recheck(session: AsyncSession, correction: Correction, same: bool, by: Person, now: datetime) -> Visit:
    """Send inspectors to look again: the same ones, or two others by lot."""
    may_follow(correction, by)
    _move(correction, "rechecking")
    people: Sequence[Person] = [seat.person for seat in correction.visit.seats if seat.person] if same else []
    visit = await targeted.again(session, correction, people, by, now)
    record(session, now, by, "recheck", "correction", correction.id, after={"visit": visit.id})
    return visit


async def settle(session: AsyncSession, visit: Visit, by: Person, now: datetime) -> None:
    """The result of a targeted visit stands: whoever caused it hears, and a correction is closed or goes on."""
    if await session.scalar(select(Cause.visit_id).where(Cause.visit_id == visit.id)) is None:
        return
    cause = await session.get_one(Cause, visit.id)
    if cause.lead:
        for person in [cause.lead.handler] if cause.lead.handler else []:
            await notify(session, person.id, "leads.visited", str(visit.id), now, lead=cause.lead.id, visit=visit.id)
        return
    correction = cause.correction
    assert correction
    _move(correction, after_recheck(visit.result))
    if correction.state not in OPEN:
        correction.ended_at = now
    record(session, now, by, correction.state, "correction", correction.id, after={"result": visit.result})
    await session.flush()
    told = [seat.person_id for seat in correction.visit.seats if seat.person_id]
    told += [one.id for one in await with_role(session, "supervisor", correction.visit.task.organ_id)]
    for person_id in dict.fromkeys(told):
        key = f"{correction.id}:{correction.version}"
        await notify(session, person_id, "corrections.settled", key, now, correction=correction.id)


async def escalate(session: AsyncSession, correction: Correction, text: str, by: Person, now: datetime) -> None:
    """Not corrected: one's own department gets it as a lead, to open a case (立案, R3.3.3b)."""
    may_follow(correction, by)
    if not text.strip():
        raise Refusal("reason_needed")
    _move(correction, "escalated")
    visit = correction.visit
    lead = await send(session, NewLead(visit.subject, text, "visit", visit), visit.task.organ, by, now)
    correction.lead_id, correction.ended_at = lead.id, now
    record(session, now, by, "escalate", "correction", correction.id, after={"lead": lead.id}, why=text)


def _move(correction: Correction, to: str) -> None:
    check_move(correction.state, to)
    correction.state = to
    correction.version += 1
