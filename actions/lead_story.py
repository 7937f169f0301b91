"""Writes down each step of a lead, tells the people whom it concerns, and reads the whole story back (R4.3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.journal import record
from actions.notify import notify
from models.leads import Lead, LeadMove
from models.people import Organ, Person


def write(
    session: AsyncSession,
    lead: Lead,
    verb: str,
    by: Person | None,
    now: datetime,
    *,
    text: str = "",
    organ: Organ | None = None,
    to: Person | None = None,
    other: Lead | None = None,
    due: date | None = None,
) -> LeadMove:
    """A step: who (nobody: the clock) did what, to which department, person or other lead, in which words."""
    step = LeadMove(
        lead_id=lead.id,
        at=now,
        person_id=by.id if by else None,
        verb=verb,
        organ_id=organ.id if organ else None,
        to_person_id=to.id if to else None,
        to_lead_id=other.id if other else None,
        text=text,
        due=due,
    )
    session.add(step)
    after = {
        "state": lead.state,
        "organ": organ.name if organ else None,
        "person": to.id if to else None,
        "lead": other.id if other else None,
        "due": due.isoformat() if due else None,
    }
    told = {name: value for name, value in after.items() if value is not None}
    record(session, now, by, verb, "lead", lead.id, after=told, why=text)
    return step


async def tell_people(
    session: AsyncSession, people: Iterable[Person], kind: str, lead: Lead, now: datetime, step: LeadMove
) -> None:
    """A notice about a lead after a step; not to whoever took the step."""
    await session.flush()  # the step gets its number
    for person in {one.id: one for one in people}.values():
        if person.id != step.person_id:
            await notify(session, person.id, kind, f"{lead.id}:{step.id}", now, lead=lead.id, step=step.id)


async def story(session: AsyncSession, lead: Lead) -> list[LeadMove]:
    """All steps of a lead in order."""
    return list(await session.scalars(select(LeadMove).where(LeadMove.lead_id == lead.id).order_by(LeadMove.id)))
