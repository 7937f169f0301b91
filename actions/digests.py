"""What a supervisor needs to know in the morning, in figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.calendars import official
from actions.notify import notify
from models.leads import Lead
from models.people import Person, with_role
from models.plans import Task
from models.visits import Seat, Visit
from rules.leads import OPEN as LEADS_OPEN
from rules.visits import NO_VISIT, OPEN


@dataclass(frozen=True)
class Digest:
    """The state of an organ's work on a day; all are numbers of visits, but `returned_leads` and `open_seats`."""

    total: int
    done: int
    open: int
    overdue: int
    to_review: int
    returned_leads: int
    open_leads: int
    open_seats: int

    @property
    def empty(self) -> bool:
        """Nothing under way and nothing to do: nothing to say."""
        return not (self.open or self.to_review or self.returned_leads or self.open_leads)


async def digest(session: AsyncSession, person: Person, today: date) -> Digest:
    """The figures for a supervisor's organ."""
    late = (Visit.due < today).label("late")
    query = (
        select(Visit.state, late, func.count())
        .join(Task, Task.id == Visit.task_id)
        .where(Task.organ_id == person.organ_id, Visit.state.not_in(("drawn", *NO_VISIT)))
        .group_by(Visit.state, "late")
    )
    rows = (await session.execute(query)).tuples().all()
    leads_query = (
        select(Lead.state, func.count())
        .join(Person, Person.id == Lead.sender_id)
        .where(Person.organ_id == person.organ_id, Lead.state.in_(LEADS_OPEN))
        .group_by(Lead.state)
    )
    leads = dict((await session.execute(leads_query)).tuples().all())
    seats_query = (
        select(func.count())
        .select_from(Seat)
        .join(Visit, Visit.id == Seat.visit_id)
        .join(Task, Task.id == Visit.task_id)
        .where(Seat.state == "open", Visit.state.in_(OPEN), Task.organ_id == person.organ_id)
    )
    return Digest(
        total=sum(number for _, _, number in rows),
        done=sum(number for state, _, number in rows if state == "published"),
        open=sum(number for state, _, number in rows if state in OPEN),
        overdue=sum(number for state, is_late, number in rows if is_late and state in OPEN),
        to_review=sum(number for state, _, number in rows if state == "submitted"),
        returned_leads=leads.get("returned", 0),
        open_leads=sum(leads.values()),
        open_seats=await session.scalar(seats_query) or 0,
    )


async def send_digests(session: AsyncSession, now: datetime) -> None:
    """Promise each supervisor this working day's digest, unless there is nothing to say."""
    today = now.date()
    if not official().works(today):
        return
    for supervisor in await with_role(session, "supervisor"):
        if not (await digest(session, supervisor, today)).empty:
            await notify(session, supervisor.id, "digest", f"{today:%Y%m%d}", now)
