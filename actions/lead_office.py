"""What the joint conference office decides, and leads that become several or one (R3.3.3a, R4.1)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import desks, leads
from actions.calendars import deadline
from actions.lead_story import tell_people, write
from models.leads import Lead, LeadFile
from models.people import Organ, Person
from rules.leads import RECEIVED
from rules.refusal import Refusal

WAITING = ("sent", "accepted", "returned")


async def assign(session: AsyncSession, lead: Lead, organ: Organ, text: str, by: Person, now: datetime) -> None:
    """Name the department that acts; it cannot return the lead. What was joined with it goes there too."""
    await _decides(session, lead, by)
    had_it = await desks.receivers(session, lead.organ_id, now.date())
    before = lead.organ_id
    joined = await leads.joined_with(session, lead)
    lead.assigned = True
    step = await leads.place(session, lead, organ, "assign", text, by, now)
    told = await desks.senders(session, lead, now.date())
    await tell_people(session, told, "leads.decided", lead, now, step)
    if organ.id != before:
        await tell_people(session, had_it, "leads.gone", lead, now, step)
    for one in joined:
        await leads.place(session, one, organ, "assign", text, by, now)


async def prolong(session: AsyncSession, lead: Lead, by: Person, now: datetime) -> None:
    """Give whoever is late a last day: as long as they had, from today."""
    await _decides(session, lead, by)
    if lead.state not in RECEIVED:
        raise Refusal("leads.not_now")
    kind = "lead_accept" if lead.state == "sent" else "lead_resolve"
    leads.move(lead, lead.state, deadline(kind, now.date(), lead.organ_id))
    step = write(session, lead, "prolong", by, now, due=lead.due)
    told = [*await desks.owners(session, lead, now.date()), *await desks.senders(session, lead, now.date())]
    await tell_people(session, told, "leads.prolonged", lead, now, step)


async def dismiss(session: AsyncSession, lead: Lead, reason: str, by: Person, now: datetime) -> None:
    """Close a lead that nobody has to act on, with a reason."""
    await _decides(session, lead, by)
    await leads.close(session, lead, "dismiss", reason, by, now)


async def _decides(session: AsyncSession, lead: Lead, by: Person) -> None:
    if not await desks.acts_for_office(session, lead, by):
        raise Refusal("leads.not_yours")
    if lead.office_by is None:
        raise Refusal("leads.not_now")


async def split(session: AsyncSession, lead: Lead, organ: Organ, text: str, by: Person, now: datetime) -> Lead:
    """Send what is another department's part there as a lead of its own, from the same sender with the same files."""
    today = now.date()
    acts = await desks.acts_for_receiver(session, lead, by, today) or await desks.acts_for_sender(
        session, lead, by, today
    )
    if not (acts or await desks.acts_for_office(session, lead, by)):
        raise Refusal("leads.not_yours")
    if lead.state not in WAITING:
        raise Refusal("leads.not_now")
    if organ.id == lead.organ_id:
        raise Refusal("leads.has_it")
    part = Lead(
        origin=lead.origin,
        source=lead.source,
        visit_id=lead.visit_id,
        point_id=lead.point_id,
        subject_id=lead.subject_id,
        sender_id=lead.sender_id,
        source_organ_id=lead.source_organ_id,
        organ_id=organ.id,
        parent_id=lead.id,
        text=text,
        state="sent",
        sent_at=now,
        due=deadline("lead_accept", today, organ.id),
        files=[_copy(one) for one in lead.files],
    )
    part = await leads.put(session, part, "send", by, now)
    step = write(session, lead, "split", by, now, organ=organ, other=part, text=text)
    await tell_people(session, await desks.senders(session, lead, today), "leads.split", lead, now, step)
    return part


def _copy(one: LeadFile) -> LeadFile:
    names = ("sha256", "media", "telegram_file", "kind", "name", "person_id", "at")
    return LeadFile(**{name: getattr(one, name) for name in names})


async def twins(session: AsyncSession, lead: Lead) -> list[Lead]:
    """Other open leads that the same department has about the same subject."""
    query = select(Lead).where(
        Lead.organ_id == lead.organ_id,
        Lead.subject_id == lead.subject_id,
        Lead.id != lead.id,
        Lead.state.in_(RECEIVED),
    )
    return list(await session.scalars(query.order_by(Lead.id)))


async def join(session: AsyncSession, lead: Lead, other: Lead, by: Person, now: datetime) -> None:
    """Make a lead part of another open one that the department has about the same subject (并案)."""
    if not await desks.acts_for_receiver(session, lead, by, now.date()):
        raise Refusal("leads.not_yours")
    if all(one.id != other.id for one in await twins(session, lead)) or lead.state not in RECEIVED:
        raise Refusal("leads.not_now")
    for one in await leads.joined_with(session, lead):
        one.joined_to = other.id
    leads.move(lead, "joined", lead.due)
    lead.joined_to, lead.handler_id, lead.handler, lead.extend_to = other.id, None, None, None
    step = write(session, lead, "join", by, now, other=other)
    write(session, other, "joined_by", by, now, other=lead)
    await tell_people(session, await desks.senders(session, lead, now.date()), "leads.joined", lead, now, step)


async def escalate(session: AsyncSession, now: datetime) -> int:
    """Whatever is overdue goes to the office, once (R4.1); how many that are now."""
    late = Lead.state.in_(WAITING) & (Lead.due < now.date()) & Lead.office_by.is_(None)
    found = list(await session.scalars(select(Lead).where(late).order_by(Lead.id).with_for_update(of=Lead)))
    for lead in found:
        people = await desks.owners(session, lead, now.date())
        step = await leads.to_office(session, lead, "overdue", now)
        await tell_people(session, people, "leads.overdue", lead, now, step)
    return len(found)
