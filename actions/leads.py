"""Hands a lead from one department to another and brings the answer back (R3.3.3)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.calendars import official
from actions.journal import record
from actions.notify import notify
from models.leads import Lead
from models.people import Area, Organ, Person, with_role
from models.visits import Visit
from rules.deadlines import ACCEPT_LEAD, RESOLVE_LEAD
from rules.leads import OPEN, OUTCOMES, WITHOUT_ENFORCEMENT, check_move
from rules.refusal import Refusal


async def destinations(session: AsyncSession, visit: Visit) -> list[Organ]:
    """Who could act on what was found at a visit: other departments of the subject's area, then of its city."""
    area = visit.subject.area
    query = (
        select(Organ)
        .join(Area, Area.code == Organ.area_code)
        .where(Organ.department.not_in((*visit.departments, *WITHOUT_ENFORCEMENT)))
        .where(Area.code.in_((area.code, area.parent)))
    )
    organs = sorted(await session.scalars(query), key=lambda organ: (organ.area_code != area.code, organ.id))
    nearest: dict[str, Organ] = {}
    for organ in organs:
        nearest.setdefault(organ.department, organ)
    return list(nearest.values())


async def send(session: AsyncSession, visit: Visit, organ: Organ, text: str, by: Person, now: datetime) -> Lead:
    """Hand over what was found at a visit; the receiving organ has five working days to accept."""
    if all(seat.person_id != by.id for seat in visit.seats) and by.organ_id != visit.task.organ_id:
        raise Refusal("leads.not_yours")
    lead = Lead(
        visit_id=visit.id,
        subject_id=visit.subject_id,
        sender_id=by.id,
        organ_id=organ.id,
        text=text,
        state="sent",
        sent_at=now,
        accept_by=official().add(now.date(), ACCEPT_LEAD),
    )
    session.add(lead)
    await session.flush()
    await session.refresh(lead)
    record(session, now, by, "send", "lead", lead.id, after={"organ": organ.name}, why=text)
    await _tell_organ(session, lead, now)
    return lead


async def send_again(session: AsyncSession, lead: Lead, organ: Organ, by: Person, now: datetime) -> None:
    """Send a returned lead to a better address."""
    if lead.sender_id != by.id:
        raise Refusal("leads.not_yours")
    before = lead.organ.name
    _move(lead, "sent")
    lead.organ_id, lead.organ, lead.handler_id, lead.handler = organ.id, organ, None, None
    lead.accept_by = official().add(now.date(), ACCEPT_LEAD)
    record(session, now, by, "send", "lead", lead.id, before={"organ": before}, after={"organ": organ.name})
    await _tell_organ(session, lead, now)


async def accept(session: AsyncSession, lead: Lead, by: Person, now: datetime) -> None:
    """Take a lead over; from now on one's own organ has it."""
    _may_act(lead, by)
    _move(lead, "accepted")
    lead.handler_id, lead.handler = by.id, by
    lead.resolve_by = official().add(now.date(), RESOLVE_LEAD)
    record(session, now, by, "accept", "lead", lead.id)
    await _tell_sender(session, lead, "leads.accepted", now)


async def send_back(session: AsyncSession, lead: Lead, reason: str, by: Person, now: datetime) -> None:
    """Return a lead with a reason; it is the sender's again."""
    _may_act(lead, by)
    _move(lead, "returned")
    lead.returns += 1
    lead.reason = reason
    record(session, now, by, "return", "lead", lead.id, why=reason)
    await _tell_sender(session, lead, "leads.returned", now)


async def resolve(session: AsyncSession, lead: Lead, outcome: str, text: str, by: Person, now: datetime) -> None:
    """Tell what became of it: 立案, 不予立案, 责令改正, 移送司法, 其他, each in words (R3.3.3b)."""
    _may_act(lead, by)
    if outcome not in OUTCOMES:
        raise Refusal("gone")
    _move(lead, "resolved")
    lead.outcome, lead.outcome_text, lead.resolved_at = outcome, text, now
    record(session, now, by, "resolve", "lead", lead.id, after={"outcome": outcome}, why=text)
    await _tell_sender(session, lead, "leads.resolved", now)


async def inbox(session: AsyncSession, person: Person) -> list[Lead]:
    """What a person has to do with: open leads to their organ, and their own that came back or are under way."""
    mine = (Lead.organ_id == person.organ_id) & Lead.state.in_(OPEN)
    sent = (Lead.sender_id == person.id) & Lead.state.in_(OPEN)
    return list(await session.scalars(select(Lead).where(mine | sent).order_by(Lead.accept_by, Lead.id).limit(20)))


def may_see(lead: Lead, person: Person) -> bool:
    """Nobody outside the two departments reads a lead."""
    return person.organ_id in (lead.organ_id, lead.sender.organ_id)


def _may_act(lead: Lead, by: Person) -> None:
    if "liaison" not in by.roles or by.organ_id != lead.organ_id:
        raise Refusal("leads.not_yours")


def _move(lead: Lead, to: str) -> None:
    check_move(lead.state, to)
    lead.state = to
    lead.version += 1


async def _tell_organ(session: AsyncSession, lead: Lead, now: datetime) -> None:
    people = await with_role(session, "liaison", lead.organ_id) or await with_role(session, "supervisor", lead.organ_id)
    for person in people:
        await notify(session, person.id, "leads.new", f"{lead.id}:{lead.version}", now, lead=lead.id)


async def _tell_sender(session: AsyncSession, lead: Lead, kind: str, now: datetime) -> None:
    await notify(session, lead.sender_id, kind, f"{lead.id}:{lead.version}", now, lead=lead.id)
