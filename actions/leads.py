"""Hands a lead from one department to another and brings the answer back (R3.3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import credit, desks
from actions.calendars import deadline
from actions.lead_story import tell_people, write
from models.leads import Lead, LeadFile, LeadMove
from models.people import Organ, Person, office_of
from models.subjects import Subject
from models.visits import Evidence, Visit
from rules.leads import MOST_RETURNS, READ, check_move, check_outcome
from rules.refusal import Refusal

MOST_FILES = 10


@dataclass(frozen=True)
class NewLead:
    """What is to be handed over: about whom, in which words, and where it comes from.

    `point` is the failed point of a visit that it is about. `source` and `reference` say who brought it from outside,
    and under which number; the same number of the same source comes in once.
    """

    subject: Subject
    text: str
    origin: str = "free"
    visit: Visit | None = None
    point: int | None = None
    source: str = ""
    reference: str | None = None


async def send(session: AsyncSession, new: NewLead, organ: Organ, by: Person, now: datetime) -> Lead:
    """Hand over; the receiving organ has five working days to accept. From a visit, its photos go along."""
    visit = new.visit
    if visit and by.organ_id not in {one.id for one in visit.organs} and all(s.person_id != by.id for s in visit.seats):
        raise Refusal("leads.not_yours")
    if not set(READ) & set(by.roles):
        raise Refusal("leads.staff_only")
    lead = Lead(
        origin=new.origin,
        source=new.source,
        reference=new.reference or None,
        visit_id=visit.id if visit else None,
        point_id=new.point,
        subject_id=new.subject.id,
        sender_id=by.id,
        source_organ_id=by.organ_id,
        organ_id=organ.id,
        text=new.text,
        state="sent",
        sent_at=now,
        due=deadline("lead_accept", now.date(), organ.id),
        files=[_file(one) for one in shown(visit, new.point)] if visit else [],
    )
    await put(session, lead, "send", by, now)
    if lead.origin == "complaint":
        await credit.complained(session, lead, by, now)
    return lead


async def put(session: AsyncSession, lead: Lead, verb: str, by: Person, now: datetime) -> Lead:
    """Lay a new lead on the receiving department's table; where nobody there can be reached, the office hears too."""
    session.add(lead)
    await session.flush()
    await session.refresh(lead)
    await _arrive(session, lead, verb, lead.text, by, now)
    return lead


def shown(visit: Visit, point: int | None) -> Sequence[Evidence]:
    """What goes along from a visit: the evidence of the point, or of all failed ones and of the visit as a whole."""
    failed = {answer.point_id for answer in visit.answers if answer.value == "no"}
    wanted = {point} if point else {None, *failed}
    found = [one for one in visit.evidence if one.point_id in wanted and one.kind not in ("page", "position")]
    return list({one.sha256: one for one in found}.values())[:MOST_FILES]


def _file(one: Evidence) -> LeadFile:
    return LeadFile(
        sha256=one.sha256,
        media=one.media,
        telegram_file=one.telegram_file,
        kind=one.kind,
        name=one.name,
        person_id=one.person_id,
        at=one.at,
    )


async def send_again(session: AsyncSession, lead: Lead, organ: Organ, by: Person, now: datetime) -> None:
    """Send a returned lead to a better address. Refused where it was returned twice: the office decides then."""
    await _as_sender(session, lead, by, now)
    if lead.state != "returned":
        raise Refusal("leads.not_now")
    if lead.returns >= MOST_RETURNS:
        raise Refusal("leads.office_decides")
    await place(session, lead, organ, "send_again", "", by, now)


async def place(
    session: AsyncSession, lead: Lead, organ: Organ, verb: str, text: str, by: Person, now: datetime
) -> LeadMove:
    """Lay a lead on another department's table, with a new clock."""
    move(lead, "sent", deadline("lead_accept", now.date(), organ.id))
    lead.organ_id, lead.organ, lead.handler_id, lead.handler = organ.id, organ, None, None
    lead.better_organ_id, lead.better, lead.joined_to = None, None, None
    lead.question, lead.extended, lead.extend_to, lead.extend_why = "", False, None, ""
    return await _arrive(session, lead, verb, text, by, now)


async def _arrive(session: AsyncSession, lead: Lead, verb: str, text: str, by: Person, now: datetime) -> LeadMove:
    step = write(session, lead, verb, by, now, organ=lead.organ, text=text, due=lead.due)
    people = await desks.receivers(session, lead.organ_id, now.date())
    await tell_people(session, people, "leads.new", lead, now, step)
    if not await desks.bound(session, people):
        await tell_people(session, await office_of(session, lead.subject.area_code), "leads.unheard", lead, now, step)
    return step


async def accept(session: AsyncSession, lead: Lead, by: Person, now: datetime) -> None:
    """Take a lead over; from now on one has it oneself."""
    await _as_receiver(session, lead, by, now)
    if lead.state != "sent":
        raise Refusal("leads.not_now")
    move(lead, "accepted", deadline("lead_resolve", now.date(), lead.organ_id))
    lead.handler_id, lead.handler = by.id, by
    step = write(session, lead, "accept", by, now, due=lead.due)
    await tell_people(session, await desks.senders(session, lead, now.date()), "leads.accepted", lead, now, step)


async def reassign(session: AsyncSession, lead: Lead, to: Person, by: Person, now: datetime) -> None:
    """Give an accepted lead to a colleague (转办); the clock goes on."""
    await _as_receiver(session, lead, by, now)
    if lead.state != "accepted":
        raise Refusal("leads.not_now")
    if to.organ_id != lead.organ_id or not to.there(now.date()) or not set(READ) & set(to.roles):
        raise Refusal("leads.colleague")
    move(lead, "accepted", lead.due, office=lead.office_by)
    lead.handler_id, lead.handler = to.id, to
    step = write(session, lead, "reassign", by, now, to=to)
    await tell_people(session, [await desks.stand_in(session, to, now.date())], "leads.yours", lead, now, step)


async def send_back(
    session: AsyncSession, lead: Lead, reason: str, better: Organ | None, by: Person, now: datetime
) -> None:
    """Return a lead with a reason, and perhaps a better address; it is the sender's again, at the second time the
    office's. What was joined with it goes back too. Refused where the office assigned it.
    """
    await _as_receiver(session, lead, by, now)
    if lead.assigned:
        raise Refusal("leads.assigned")
    if not reason.strip():
        raise Refusal("reason_needed")
    for one in [lead, *await joined_with(session, lead)]:
        move(one, "returned", deadline("lead_return", now.date(), one.source_organ_id))
        one.returns += 1
        one.reason, one.question, one.joined_to = reason, "", None
        one.better_organ_id, one.better = (better.id, better) if better else (None, None)
        one.handler_id, one.handler, one.extend_to = None, None, None
        step = write(session, one, "return", by, now, text=reason, organ=better, due=one.due)
        await tell_people(session, await desks.senders(session, one, now.date()), "leads.returned", one, now, step)
        if one.returns >= MOST_RETURNS:
            await to_office(session, one, "refer", now)


async def to_office(session: AsyncSession, lead: Lead, verb: str, now: datetime) -> LeadMove:
    """Ask the joint conference office to decide, within three working days."""
    lead.office_by = deadline("lead_office", now.date())
    lead.version += 1
    step = write(session, lead, verb, None, now, due=lead.office_by)
    await tell_people(session, await desks.office(session, lead), "leads.office", lead, now, step)
    return step


async def resolve(session: AsyncSession, lead: Lead, outcome: str, text: str, by: Person, now: datetime) -> None:
    """Tell what became of it: 立案, 不予立案, 责令改正, 移送司法, 其他, each in words (R3.3.3b).

    What was joined with it has the same outcome.
    """
    await _as_receiver(session, lead, by, now)
    if lead.state != "accepted":
        raise Refusal("leads.not_now")
    check_outcome(outcome, text)
    for one in [lead, *await joined_with(session, lead)]:
        move(one, "resolved", one.due)
        one.outcome, one.outcome_text, one.resolved_at = outcome, text, now
        one.question, one.extend_to = "", None
        step = write(session, one, f"resolve.{outcome}", by, now, text=text)
        await tell_people(session, await desks.senders(session, one, now.date()), "leads.resolved", one, now, step)
    await credit.resolved(session, lead, by, now)


async def withdraw(session: AsyncSession, lead: Lead, reason: str, by: Person, now: datetime) -> None:
    """Take back what nobody has accepted, with a reason."""
    await _as_sender(session, lead, by, now)
    if lead.state not in ("sent", "returned"):
        raise Refusal("leads.not_now")
    await close(session, lead, "withdraw", reason, by, now)


async def close(session: AsyncSession, lead: Lead, verb: str, reason: str, by: Person, now: datetime) -> None:
    """End a lead without an outcome. What was joined with it stands alone again."""
    if not reason.strip():
        raise Refusal("reason_needed")
    had_it = await desks.owners(session, lead, now.date())
    joined = await joined_with(session, lead)
    move(lead, "closed", lead.due)
    lead.reason, lead.question, lead.extend_to = reason, "", None
    step = write(session, lead, verb, by, now, text=reason)
    sent_it = await desks.senders(session, lead, now.date())
    await tell_people(session, [*had_it, *sent_it], "leads.closed", lead, now, step)
    for one in joined:
        await place(session, one, one.organ, "alone", "", by, now)


async def joined_with(session: AsyncSession, lead: Lead) -> list[Lead]:
    """The leads that were joined with this one, locked."""
    query = select(Lead).where(Lead.joined_to == lead.id, Lead.state == "joined").order_by(Lead.id)
    return list(await session.scalars(query.with_for_update(of=Lead)))


def move(lead: Lead, to: str, due: date, office: date | None = None) -> None:
    """Bring a lead into another state, with the clock of whoever has it then; the office is out of it."""
    check_move(lead.state, to)
    lead.state, lead.due, lead.office_by = to, due, office
    lead.version += 1


async def _as_receiver(session: AsyncSession, lead: Lead, by: Person, now: datetime) -> None:
    if not await desks.acts_for_receiver(session, lead, by, now.date()):
        raise Refusal("leads.not_yours")


async def _as_sender(session: AsyncSession, lead: Lead, by: Person, now: datetime) -> None:
    if not await desks.acts_for_sender(session, lead, by, now.date()):
        raise Refusal("leads.not_yours")
