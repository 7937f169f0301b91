"""Tells a subject beforehand that it will be inspected (检查通知书), once a supervisor has agreed (R3.3.1a)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.calendars import official
from actions.journal import record
from actions.notify import notify
from actions.records import number_of
from actions.visits import seat_of
from models.documents import Notice
from models.people import Person, with_role
from models.visits import Visit
from rules.refusal import Refusal
from rules.visits import NOT_STARTED

OFFERED = 6  # days that are offered
FAR = 60  # days that are looked at


async def letter_of(session: AsyncSession, visit_id: int) -> Notice | None:
    """The notice of a visit, in any state, if one was ever asked for."""
    letter: Notice | None = await session.scalar(select(Notice).where(Notice.visit_id == visit_id))
    return letter


def days(visit: Visit, today: date, most: int = OFFERED) -> list[date]:
    """The next working days on which the visit may be: not before its task begins, not after it is due."""
    first = max(today, visit.task.starts)
    span = min((visit.due - first).days + 1, FAR)
    possible = (first + timedelta(days=number) for number in range(max(span, 0)))
    return [day for day in possible if official().works(day)][:most]


def may_go_out(letter: Notice) -> bool:
    """Whether it may be handed over: approved, or urgent and not refused."""
    return letter.state == "approved" or (letter.urgent and letter.state == "asked")


async def ask(session: AsyncSession, visit: Visit, day: date, by: Person, now: datetime, *, urgent: bool) -> Notice:
    """Choose the day and ask the supervisors of the organ to agree; an urgent one may go out before they did.

    Refused once the visit has begun, or for a day outside its window. Asked again, the earlier answer falls.
    """
    seat_of(visit, by)
    if visit.state not in NOT_STARTED:
        raise Refusal("letters.started")
    if day not in days(visit, now.date(), FAR):
        raise Refusal("letters.day")
    letter = await letter_of(session, visit.id)
    if letter is None:
        letter = Notice(visit_id=visit.id, version=0)
        session.add(letter)
    elif letter.state == "asked" and letter.day == day and letter.urgent == urgent:
        raise Refusal("letters.asked_already")
    letter.state, letter.day, letter.urgent, letter.version = "asked", day, urgent, letter.version + 1
    letter.asked_by, letter.asked_at, letter.reason = by.id, now, ""
    letter.decided_by = letter.decided_at = letter.delivered_at = None
    visit.planned_on = day
    await session.flush()
    await session.refresh(letter, ["visit", "asker"])
    after = {"day": day.isoformat(), "urgent": urgent}
    record(session, now, by, "ask_notice", "visit", visit.id, after=after)
    await _tell_supervisors(session, letter, "letters.asked", now)
    return letter


async def _tell_supervisors(session: AsyncSession, letter: Notice, kind: str, now: datetime) -> None:
    for supervisor in await with_role(session, "supervisor", letter.visit.task.organ_id):
        if supervisor.id != letter.asked_by:
            key = f"{letter.id}:{letter.version}"
            await notify(session, supervisor.id, kind, key, now, urgent=letter.urgent, letter=letter.id)


def may_decide(letter: Notice, by: Person) -> None:
    """Refused unless a supervisor of the organ decides, who neither asked nor goes there."""
    if "supervisor" not in by.roles or by.organ_id != letter.visit.task.organ_id:
        raise Refusal("letters.not_yours")
    if by.id == letter.asked_by or any(seat.person_id == by.id for seat in letter.visit.seats):
        raise Refusal("letters.own")


async def approve(session: AsyncSession, letter: Notice, by: Person, now: datetime) -> None:
    """Agree that it goes out: the inspectors get it; of an urgent one the approval is complete now."""
    _decide(letter, by, "approved", now)
    record(session, now, by, "approve_notice", "visit", letter.visit_id, after={"day": letter.day.isoformat()})
    await _tell_inspectors(session, letter, "letters.approved", now)


async def refuse(session: AsyncSession, letter: Notice, reason: str, by: Person, now: datetime) -> None:
    """Do not agree, with a reason; the inspectors may ask for another day."""
    _decide(letter, by, "refused", now)
    letter.reason = reason
    if letter.visit.state in NOT_STARTED:
        letter.visit.planned_on = None
    record(session, now, by, "refuse_notice", "visit", letter.visit_id, why=reason)
    await _tell_inspectors(session, letter, "letters.refused", now)


def _decide(letter: Notice, by: Person, state: str, now: datetime) -> None:
    may_decide(letter, by)
    if letter.state != "asked":
        raise Refusal("letters.decided")
    if letter.visit.state not in NOT_STARTED and not letter.urgent:
        raise Refusal("letters.started")
    letter.state, letter.decided_by, letter.decided_at = state, by.id, now
    letter.version += 1


async def _tell_inspectors(session: AsyncSession, letter: Notice, kind: str, now: datetime) -> None:
    for seat in letter.visit.seats:
        if seat.person_id:
            key = f"{letter.id}:{letter.version}"
            await notify(session, seat.person_id, kind, key, now, urgent=True, letter=letter.id)


async def deliver(session: AsyncSession, letter: Notice, by: Person, now: datetime) -> None:
    """Write down that the subject has it."""
    seat_of(letter.visit, by)
    if not may_go_out(letter):
        raise Refusal("letters.not_out")
    if letter.delivered_at is None:
        letter.delivered_at = now
        letter.version += 1
        record(session, now, by, "deliver_notice", "visit", letter.visit_id)


async def remind(session: AsyncSession, now: datetime) -> int:
    """Remind the supervisors once, on the next working morning, of what still waits; how many notices wait so long."""
    today = now.date()
    if not official().works(today):
        return 0
    waiting = 0
    for letter in await session.scalars(select(Notice).where(Notice.state == "asked")):
        asked = letter.asked_at.astimezone(now.tzinfo).date()
        if asked < today and (letter.urgent or letter.visit.state in NOT_STARTED):
            waiting += 1
            await _tell_supervisors(session, letter, "letters.remind", now)
    return waiting


def facts(letter: Notice, zone: Any) -> dict[str, Any]:
    """What stands in a notice, for `documents.notice`; `zone` says which day it was written."""
    visit, subject = letter.visit, letter.visit.subject
    checklists = [part.checklist for part in visit.parts]
    return {
        "number": number_of(visit),
        "organ": visit.task.organ.name,
        "subject": subject.name,
        "address": subject.address or subject.area.name,
        "task": visit.task.name,
        "task_number": visit.task.number,
        "draw": visit.draw.sequence if visit.draw else None,
        "items": [
            {
                "name": part.item.name,
                "basis": part.item.basis,
                "content": part.item.content,
                "requirements": part.item.requirements,
            }
            for part in visit.parts
        ],
        "inspectors": [
            {"name": seat.person.name, "organ": seat.person.organ.name, "certificate": seat.person.certificate}
            for seat in visit.seats
            if seat.person
        ],
        "day": letter.day.isoformat(),
        "method": visit.method,
        "materials": list(dict.fromkeys(one for checklist in checklists for one in checklist.materials)),
        "contact": letter.asker.name,
        "phone": letter.asker.phone,
        "state": letter.state,
        "urgent": letter.urgent,
        "written_on": letter.asked_at.astimezone(zone).date().isoformat(),
        "decided_at": letter.decided_at.isoformat() if letter.decided_at else None,
    }
