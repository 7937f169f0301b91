"""The subject asks that an inspector stay away (当事人申请回避): asked at the door or decided at once (R3.2.2a).

What is asked and what was decided stands in the journal, the reason in the asker's words.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import seats
from actions.journal import record
from actions.notify import notify
from actions.seat_notices import Vacated, tell
from models.journal import JournalEntry
from models.people import Person, with_role
from models.visits import Seat, Visit
from rules.refusal import Refusal
from rules.visits import OPEN


def may_decide(visit: Visit, by: Person) -> bool:
    """Whether somebody supervises this visit: of the task's organ or of another that takes part, and not on it."""
    organs = {organ.id for organ in visit.task.organs}
    return "supervisor" in by.roles and by.organ_id in organs and all(one.person_id != by.id for one in visit.seats)


def decidable(visit: Visit, by: Person) -> list[Seat]:
    """The seats about which a supervisor decides: the task's organ about all, another about its department's."""
    if not may_decide(visit, by) or visit.state not in OPEN:
        return []
    own = by.organ.department
    return [one for one in visit.seats if one.person and (by.organ_id == visit.task.organ_id or one.department == own)]


async def ask(session: AsyncSession, visit: Visit, seat: Seat, reason: str, by: Person, now: datetime) -> None:
    """An inspector at the door hands on what the subject asks; the supervisors are told at once."""
    if visit.state not in OPEN or seat.person is None or all(one.person_id != by.id for one in visit.seats):
        raise Refusal("visits.not_now")
    whom = seat.person
    record(session, now, by, "ask_recusal", "visit", visit.id, after={"person": whom.id}, why=reason)
    await session.flush()
    organs = dict.fromkeys((visit.task.organ_id, whom.organ_id))
    deciding = [one for organ in organs for one in await with_role(session, "supervisor", organ)]
    for supervisor in deciding:
        if any(one.person_id == whom.id for one in decidable(visit, supervisor)):
            key = f"{visit.id}:{whom.id}:{now:%Y%m%d%H%M%S}"
            about = {"visit": visit.id, "whom": whom.id, "asker": by.id, "reason": reason}
            await notify(session, supervisor.id, "visits.recusal_asked", key, now, urgent=True, **about)


async def pending(session: AsyncSession, visit: Visit, person_id: int) -> JournalEntry | None:
    """What was asked about an inspector and is not decided yet."""
    query = select(JournalEntry).where(JournalEntry.noun == "visit", JournalEntry.noun_id == visit.id)
    verbs = ("ask_recusal", "reject_recusal", "subject")
    entries = await session.scalars(query.where(JournalEntry.verb.in_(verbs)).order_by(JournalEntry.id))
    about = [one for one in entries if person_id in (one.after.get("person"), one.before.get("person"))]
    return about[-1] if about and about[-1].verb == "ask_recusal" else None


async def approve(session: AsyncSession, visit: Visit, seat: Seat, reason: str, by: Person, now: datetime) -> Vacated:
    """The inspector leaves, also in the middle of a visit, whose answers stay; the next one by rule comes.

    It counts as a recusal in later draws (`rules.seats.RECUSALS`).
    """
    if not reason:
        raise Refusal("reason_needed")
    if seat not in decidable(visit, by):
        raise Refusal("seats.not_yours_to_decide")
    vacated = await seats.vacate(session, visit, seat, "subject", reason, by, now)
    await tell(session, [vacated], by, now)
    return vacated


async def reject(session: AsyncSession, visit: Visit, seat: Seat, reason: str, by: Person, now: datetime) -> None:
    """The inspector stays; everybody on the visit is told why."""
    if seat not in decidable(visit, by):
        raise Refusal("seats.not_yours_to_decide")
    if seat.person is None or not await pending(session, visit, seat.person.id):
        raise Refusal("seats.decided")
    record(session, now, by, "reject_recusal", "visit", visit.id, after={"person": seat.person.id}, why=reason)
    key = f"{visit.id}:{seat.person.id}:{now:%Y%m%d%H%M%S}"
    about = {"visit": visit.id, "whom": seat.person.id, "reason": reason}
    for one in visit.seats:
        if one.person_id:
            await notify(session, one.person_id, "visits.recusal_rejected", key, now, urgent=True, **about)
