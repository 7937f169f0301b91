"""What a result, a lead or a complaint does to a subject's credit; called where they happen (R1.3, R3.2.3b)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from actions import credit_lists
from actions.credit_class import annul, happened, weigh
from models.leads import Lead
from models.people import Person
from models.visits import Visit
from rules.leads import NO_CASE


async def published(session: AsyncSession, visit: Visit, by: Person, now: datetime) -> None:
    """A result became public, or was corrected: it counts once, also where two visits became one (R3.2.3b)."""
    assert visit.submitted_at
    on = visit.submitted_at.astimezone(now.tzinfo).date()
    source, organ = ("visit", visit.id), visit.task.organ
    await happened(session, visit.subject, f"result.{visit.result}", source, on, organ, by, now)
    await credit_lists.after_result(session, visit, now)


async def resolved(session: AsyncSession, lead: Lead, by: Person, now: datetime) -> None:
    """What became of a lead: a case, an order to correct or the prosecutor lowers the class (R3.2.3b, R3.3.3b).

    A complaint that gave no case does not count any more.
    """
    if lead.origin == "complaint" and lead.outcome == NO_CASE:
        await annul(session, lead.subject, ("complaint", lead.id), by, now)
        await weigh(session, lead.subject, "unfounded", by, now)
    code, source = f"outcome.{lead.outcome}", ("lead", lead.id)
    await happened(session, lead.subject, code, source, now.date(), lead.organ, by, now)


async def complained(session: AsyncSession, lead: Lead, by: Person | None, now: datetime) -> None:
    """A complaint (投诉举报) came in about a subject: many make it a key subject (R3.2.2e)."""
    await happened(session, lead.subject, "complaint", ("complaint", lead.id), now.date(), lead.organ, by, now)
