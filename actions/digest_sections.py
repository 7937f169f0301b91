"""What may need somebody: small sections, each one query, in the order in which they are told.

To add a section: write a query here that returns a `Need` or None, and put it into `SECTIONS` with the roles that it is
for. Then word it in `locales/*/digests.po` (`digest.need.KEY`, the line, with `{n}` and, if it has one, `{day}`) and
name in `handlers.digests.GO` the verb of the button that goes there, labelled `digest.go.KEY`, at most six characters
and `{n}`. A need of kind `NEWS` is told after what is pressing, without a number, and may have no button; `gaps` are
what else its words name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import appeals, credit_lists, credit_news, ratings
from actions.calendars import deadline, official
from models.documents import Notice
from models.leads import Lead
from models.people import Area, Organ, Person
from models.plans import Task, TaskItem
from models.visits import Seat, Visit
from rules.deadlines import PUBLICATION
from rules.digests import DAILY, period
from rules.leads import OPEN as LEADS_OPEN
from rules.leads import RECEIVED
from rules.ratings import quarter
from rules.statistics import first_in_time
from rules.visits import OPEN

SOON = 3  # working days before a deadline
PRESSING, NEWS = "pressing", "news"


@dataclass(frozen=True)
class Asked:
    """Whose digest it is, of when, and of which kind; `now` is in the zone of the people."""

    session: AsyncSession
    person: Person
    now: datetime
    kind: str = DAILY

    @property
    def today(self) -> date:
        """The day it is for the people."""
        return self.now.date()

    def midnight(self, day: date) -> datetime:
        """The moment at which a day begins."""
        return datetime.combine(day, time(), self.now.tzinfo)

    async def visits(self, *where: ColumnElement[bool]) -> list[int]:
        """The visits of tasks that the person's organ leads, the longest due first."""
        query = select(Visit.id).join(Task, Task.id == Visit.task_id).where(*where)
        mine = query.where(Task.organ_id == self.person.organ_id)
        return list(await self.session.scalars(mine.order_by(Visit.due, Visit.id)))


@dataclass(frozen=True)
class Need:
    """So many things, the most pressing first (`ids`, some of them); `day` is a deadline that the words name."""

    n: int
    ids: tuple[int, ...] = ()
    day: date | None = None
    kind: str = PRESSING
    gaps: dict[str, Any] = field(default_factory=dict)


Query = Callable[[Asked], Awaitable[Need | None]]


def _need(ids: list[int], day: date | None = None) -> Need | None:
    return Need(len(ids), tuple(ids[:20]), day) if ids else None


async def overdue(asked: Asked) -> list[int]:
    """The visits that should have been made by now, the longest due first."""
    return await asked.visits(Visit.state.in_(OPEN), Visit.due < asked.today)


async def _overdue(asked: Asked) -> Need | None:
    return _need(await overdue(asked))


def late_results(asked: Asked) -> ColumnElement[bool]:
    """True for visits whose result should be public by now and is not (R3.2.3a)."""
    earliest = first_in_time(official(), asked.today, PUBLICATION)
    return and_(Visit.state == "submitted", Visit.submitted_at < asked.midnight(earliest))


async def _late(asked: Asked) -> Need | None:
    return _need(await asked.visits(late_results(asked)))


async def _review(asked: Asked) -> Need | None:
    query = (
        select(Visit.id, Visit.submitted_at)
        .join(Task, Task.id == Visit.task_id)
        .where(Visit.state == "submitted", Task.organ_id == asked.person.organ_id)
        .order_by(Visit.submitted_at, Visit.id)
    )
    waiting = (await asked.session.execute(query)).tuples().all()
    if not waiting:
        return None
    assert waiting[0][1]
    day = deadline("review", waiting[0][1].astimezone(asked.now.tzinfo).date(), asked.person.organ_id)
    return _need([one for one, _ in waiting], day)


async def _returned_leads(asked: Asked) -> Need | None:
    query = (
        select(Lead.id)
        .where(Lead.source_organ_id == asked.person.organ_id, Lead.state == "returned", Lead.office_by.is_(None))
        .order_by(Lead.sent_at)
    )
    return _need(list(await asked.session.scalars(query)))


async def _open_seats(asked: Asked) -> Need | None:
    query = (
        select(Visit.draw_id)
        .join(Seat, Seat.visit_id == Visit.id)
        .join(Task, Task.id == Visit.task_id)
        .where(Seat.state == "open", Visit.state.in_(OPEN), Task.organ_id == asked.person.organ_id)
        .where(Visit.draw_id.is_not(None))
        .order_by(Visit.due, Visit.id)
    )
    return _need([one for one in await asked.session.scalars(query) if one])


async def _letters(asked: Asked) -> Need | None:
    query = (
        select(Notice.id)
        .join(Visit, Visit.id == Notice.visit_id)
        .join(Task, Task.id == Visit.task_id)
        .where(Notice.state == "asked", Task.organ_id == asked.person.organ_id)
        .order_by(Notice.asked_at)
    )
    return _need(list(await asked.session.scalars(query)))


async def _agree(asked: Asked) -> Need | None:
    mine = asked.person.organ_id
    query = (
        select(TaskItem.task_id)
        .join(Task, Task.id == TaskItem.task_id)
        .where(TaskItem.organ_id == mine, TaskItem.agreed_at.is_(None), Task.organ_id != mine, Task.ends >= asked.today)
        .group_by(TaskItem.task_id)
        .order_by(func.min(Task.starts))
    )
    return _need(list(await asked.session.scalars(query)))


def _received(asked: Asked) -> Select[tuple[int, date]]:
    """The leads that the person's organ has and must act on, the first due first (`rules.leads.owner`)."""
    query = select(Lead.id, Lead.due).where(Lead.office_by.is_(None), Lead.organ_id == asked.person.organ_id)
    return query.order_by(Lead.due, Lead.id)


async def _leads(asked: Asked, *where: ColumnElement[bool]) -> Need | None:
    leads = (await asked.session.execute(_received(asked).where(*where))).tuples().all()
    return _need([one for one, _ in leads], leads[0][1]) if leads else None


async def _leads_overdue(asked: Asked) -> Need | None:
    return await _leads(asked, Lead.state.in_(RECEIVED), Lead.due < asked.today)


async def _leads_new(asked: Asked) -> Need | None:
    return await _leads(asked, Lead.state == "sent", Lead.due >= asked.today)


async def _leads_due(asked: Asked) -> Need | None:
    soon = Lead.due.between(asked.today, official().add(asked.today, SOON))
    return await _leads(asked, Lead.state == "accepted", soon)


def under(asked: Asked) -> ColumnElement[bool]:
    """True for organs of the area of the person's organ, and of the areas below it."""
    area = asked.person.organ.area_code
    return Organ.area_code.in_(select(Area.code).where((Area.code == area) | (Area.parent == area)))


async def _late_in_area(asked: Asked) -> Need | None:
    query = (
        select(Visit.id)
        .join(Task, Task.id == Visit.task_id)
        .join(Organ, Organ.id == Task.organ_id)
        .where(under(asked), late_results(asked))
    )
    return _need(list(await asked.session.scalars(query)))


async def _leads_in_area(asked: Asked) -> Need | None:
    query = select(Lead.id, Lead.office_by).join(Organ, Organ.id == Lead.organ_id)
    query = query.where(under(asked), Lead.state.in_(LEADS_OPEN), Lead.office_by.is_not(None))
    leads = (await asked.session.execute(query.order_by(Lead.office_by, Lead.id))).tuples().all()
    return _need([one for one, _ in leads], leads[0][1]) if leads else None


async def _credit_decide(asked: Asked) -> Need | None:
    asked_for = await credit_lists.waiting(asked.session, asked.person.organ_id)
    return _need([one.id for one in asked_for], asked_for[0].decide_by) if asked_for else None


async def _credit(asked: Asked) -> Need | None:
    news = await credit_news.news(asked.session, asked.person.organ, asked.today)
    return Need(sum(news.values()), kind=NEWS) if news else None


async def _appeals(asked: Asked) -> Need | None:
    waiting = await appeals.waiting_for(asked.session, asked.person)
    return _need([one.id for one in waiting], waiting[0].answer_by) if waiting else None


async def _objections(asked: Asked) -> Need | None:
    """In a digest of the week or month: how many objected in it to results of the organ (R4.4)."""
    if asked.kind == DAILY:
        return None
    days = period(asked.kind, asked.today)
    since, until = asked.midnight(days.first), asked.midnight(days.last + timedelta(days=1))
    found = await appeals.counts(asked.session, since, until, [asked.person.organ_id])
    return Need(found.made, kind=NEWS, gaps={"changed": found.changed, "open": found.open}) if found.made else None


async def _opinion(asked: Asked) -> Need | None:
    """In a digest of the week or month: what was thought of the organ's visits in its quarter; nothing of too few."""
    if asked.kind == DAILY:
        return None
    of = quarter(period(asked.kind, asked.today).last)
    found = await ratings.opinion(asked.session, [of], [asked.person.organ_id])
    return None if found.mean is None else Need(found.ratings, kind=NEWS, gaps={"mean": f"{found.mean:.1f}"})


@dataclass(frozen=True)
class Section:
    """A section: its key, for whoever holds one of the roles, and its query."""

    key: str
    roles: tuple[str, ...]
    query: Query


RECEIVE = ("liaison", "deputy")  # who has to do with leads that come in

SECTIONS = [
    Section("late_in_area", ("office",), _late_in_area),
    Section("leads_in_area", ("office",), _leads_in_area),
    Section("late", ("supervisor",), _late),
    Section("overdue", ("supervisor",), _overdue),
    Section("review", ("supervisor",), _review),
    Section("appeals", ("supervisor", "office"), _appeals),
    Section("returned_leads", ("supervisor",), _returned_leads),
    Section("open_seats", ("supervisor",), _open_seats),
    Section("letters", ("supervisor",), _letters),
    Section("agree", ("supervisor",), _agree),
    Section("credit_decide", ("supervisor",), _credit_decide),
    Section("leads_overdue", RECEIVE, _leads_overdue),
    Section("leads_new", RECEIVE, _leads_new),
    Section("leads_due", RECEIVE, _leads_due),
    Section("credit", ("supervisor", "liaison"), _credit),
    Section("objections", ("supervisor",), _objections),
    Section("opinion", ("supervisor",), _opinion),
]
