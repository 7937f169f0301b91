"""What is said about a lead without moving it: questions, answers, notes, files, one more extension (R3.3.3a)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from actions import desks
from actions.calendars import length, official
from actions.evidence import Kept
from actions.lead_story import tell_people, write
from models.leads import Lead, LeadFile
from models.people import Person, with_role
from rules.leads import OPEN, RECEIVED
from rules.refusal import Refusal


async def ask(session: AsyncSession, lead: Lead, question: str, by: Person, now: datetime) -> None:
    """Ask the sender back (补充询问); the clock goes on."""
    if lead.state not in RECEIVED:
        raise Refusal("leads.not_now")
    if not await desks.acts_for_receiver(session, lead, by, now.date()):
        raise Refusal("leads.not_yours")
    lead.question = question
    step = write(session, lead, "ask", by, now, text=question)
    await tell_people(session, await desks.senders(session, lead, now.date()), "leads.asked", lead, now, step)


async def answer(session: AsyncSession, lead: Lead, text: str, by: Person, now: datetime) -> None:
    """Answer what was asked back."""
    if not await desks.acts_for_sender(session, lead, by, now.date()):
        raise Refusal("leads.not_yours")
    if not lead.question:
        raise Refusal("leads.not_now")
    lead.question = ""
    step = write(session, lead, "answer", by, now, text=text)
    owners = await desks.owners(session, lead, now.date())
    await tell_people(session, owners, "leads.answered", lead, now, step)


async def note(session: AsyncSession, lead: Lead, text: str, by: Person, now: datetime) -> None:
    """Add what one came to know: by either side or the office, as long as the lead is open."""
    await _concerned(session, lead, by, now.date())
    step = write(session, lead, "note", by, now, text=text)
    owners = await desks.owners(session, lead, now.date())
    await tell_people(session, owners, "leads.noted", lead, now, step)


async def attach(session: AsyncSession, lead: Lead, kept: Kept, text: str, by: Person, now: datetime) -> bool:
    """Add a photo or document, in words if there are any; whether it is new. The same bytes are kept once."""
    await _concerned(session, lead, by, now.date(), over=True)
    if any(one.sha256 == kept.sha256 for one in lead.files):
        return False
    lead.files.append(
        LeadFile(
            lead_id=lead.id,
            sha256=kept.sha256,
            media=kept.media,
            telegram_file=kept.telegram_file,
            kind=kept.kind,
            name=kept.name,
            person_id=by.id,
            at=now,
        )
    )
    write(session, lead, "attach", by, now, text=" ".join(part for part in (text, kept.sha256[:8]) if part))
    return True


async def ask_extension(session: AsyncSession, lead: Lead, why: str, by: Person, now: datetime) -> None:
    """Ask for more time (申请延期), once; whoever handed it over decides."""
    if not await desks.acts_for_receiver(session, lead, by, now.date()):
        raise Refusal("leads.not_yours")
    if lead.state != "accepted" or lead.office_by:
        raise Refusal("leads.not_now")
    if lead.extended or lead.extend_to:
        raise Refusal("leads.extended")
    lead.extend_to, lead.extend_why = official().add(lead.due, length("lead_extend", lead.organ_id) or 0), why
    lead.version += 1
    step = write(session, lead, "ask_extension", by, now, text=why, due=lead.extend_to)
    await tell_people(session, await approvers(session, lead), "leads.extension", lead, now, step)


async def extend(session: AsyncSession, lead: Lead, by: Person, now: datetime) -> None:
    """Grant the extension."""
    asked = await _asked_for(session, lead, by)
    lead.due, lead.extend_to, lead.extended = asked, None, True
    lead.version += 1
    step = write(session, lead, "extend", by, now, due=lead.due)
    await tell_people(session, await desks.handlers(session, lead, now.date()), "leads.extended", lead, now, step)


async def refuse_extension(session: AsyncSession, lead: Lead, by: Person, now: datetime) -> None:
    """Refuse it: the day stays, and is not asked about again."""
    await _asked_for(session, lead, by)
    lead.extend_to, lead.extended = None, True
    lead.version += 1
    step = write(session, lead, "refuse_extension", by, now, due=lead.due)
    await tell_people(session, await desks.handlers(session, lead, now.date()), "leads.not_extended", lead, now, step)


async def approvers(session: AsyncSession, lead: Lead) -> list[Person]:
    """Who decides on an extension: the supervisors of the department that handed it over, else the office."""
    held = await with_role(session, "supervisor", lead.source_organ_id)
    return [one for one in held if one.id != lead.handler_id] or await desks.office(session, lead)


async def _asked_for(session: AsyncSession, lead: Lead, by: Person) -> date:
    if all(one.id != by.id for one in await approvers(session, lead)):
        raise Refusal("leads.not_yours")
    if lead.state != "accepted" or lead.extend_to is None:
        raise Refusal("leads.not_now")
    return lead.extend_to


async def _concerned(session: AsyncSession, lead: Lead, by: Person, today: date, *, over: bool = False) -> None:
    if not await desks.may_see(session, lead, by):
        raise Refusal("leads.not_yours")
    if lead.state not in OPEN and not (over and lead.state == "resolved"):
        raise Refusal("leads.not_now")
