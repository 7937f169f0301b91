"""What the public may know about results that are not public yet, and about those that were changed (R1.2, R3.2.3a)."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from actions.calendars import deadline, official
from models.people import Organ
from models.plans import Task
from models.publication import Proposal, Publication
from models.subjects import Subject
from models.visits import Visit
from rules.publication import WITHHOLD

_Earlier = aliased(Publication)


class Owed(NamedTuple):
    """A result that was handed in and is not public: by when it must be, or on which ground it is withheld.

    `provisional`: the holidays of that year are not announced yet.
    """

    task_number: str
    task_name: str
    organ: str
    due: date
    late: bool
    provisional: bool
    ground: str


class Change(NamedTuple):
    """A result that was corrected or withdrawn, and why."""

    task_number: str
    task_name: str
    before: str
    result: str
    reason: str
    at: datetime


async def owed(session: AsyncSession, code: str, now: datetime) -> list[Owed]:
    """Of a subject: the results that are to come, the earliest first."""
    query = (
        select(Task.number, Task.name, Organ.name, Organ.id, Visit.submitted_at, Visit.state, _ground())
        .select_from(Visit)
        .join(Task, Visit.task_id == Task.id)
        .join(Organ, Task.organ_id == Organ.id)
        .join(Subject, Visit.subject_id == Subject.id)
        .where(Subject.code == code, Visit.state.in_(("submitted", "returned", "withheld")))
        .where(Visit.submitted_at.is_not(None))
    )
    found = []
    for number, name, organ, organ_id, submitted, state, ground in (await session.execute(query)).tuples():
        assert submitted
        due = deadline("publication", submitted.astimezone(now.tzinfo).date(), organ_id)
        late = state != "withheld" and due < now.date()
        found.append(Owed(number, name, organ, due, late, official().provisional(due), ground or ""))
    return sorted(found, key=lambda one: (one.due, one.task_number))


def _ground() -> ColumnElement[str | None]:
    """The legal ground on which a withheld result rests now."""
    agreed = (Proposal.kind == WITHHOLD) & (Proposal.state == "approved")
    number = func.coalesce(Visit.merged_into, Visit.id)
    query = select(Proposal.ground).where(Proposal.visit_id == number, agreed, Visit.state == "withheld")
    return query.order_by(Proposal.id.desc()).limit(1).scalar_subquery()


async def late(session: AsyncSession, now: datetime) -> Counter[str]:
    """How many results each organ owes the public since their day has passed."""
    query = (
        select(Organ.name, Organ.id, Visit.submitted_at)
        .select_from(Visit)
        .join(Task, Visit.task_id == Task.id)
        .join(Organ, Task.organ_id == Organ.id)
        .where(Visit.state.in_(("submitted", "returned")), Visit.submitted_at.is_not(None))
    )
    found = Counter[str]()
    for organ, organ_id, submitted in (await session.execute(query)).tuples():
        assert submitted
        day = submitted.astimezone(now.tzinfo).date()
        found[organ] += deadline("publication", day, organ_id) < now.date()
    return +found


async def changes(session: AsyncSession, code: str) -> list[Change]:
    """Of a subject: the results that were corrected or withdrawn, the latest change first."""
    query = (
        select(Task.number, Task.name, _Earlier.result, Publication.result, Publication.reason)
        .add_columns(Publication.published_at)
        .select_from(Publication)
        .join(_Earlier, (_Earlier.visit_id == Publication.visit_id) & (_Earlier.version == Publication.version - 1))
        .join(Visit, Publication.visit_id == Visit.id)
        .join(Task, Visit.task_id == Task.id)
        .join(Subject, Visit.subject_id == Subject.id)
        .where(Subject.code == code)
        .order_by(Publication.id.desc())
    )
    return [Change(*row) for row in await session.execute(query)]
