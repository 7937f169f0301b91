"""The rows behind each figure of the assessment, as named queries: one list both to count and to trace (R4.1).

A row has `id`, `task_id` (of a planned task its own), `organ_id` and `area_code` (who and where it counts for), `at` (a
date or a moment: to which days it belongs) and `met` (1 or 0). A visit that was made part of another one stands as that
one (综合查一次, R1.4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from actions.calendars import official
from models.base import Instant
from models.draws import Draw
from models.leads import Lead
from models.people import Organ
from models.plans import Plan, PlannedTask, Task, TaskItem
from models.publication import Publication
from models.subjects import Subject
from models.visits import Seat, Visit
from rules.deadlines import PUBLICATION
from rules.leads import CASE, PROSECUTION
from rules.methods import METHODS
from rules.publication import WITHDRAWN
from rules.statistics import FOUND, NOT_HANDED_IN, Period, first_in_time
from rules.workdays import ONE

Rows = Select[Any]

_host = aliased(Visit)
_stands = func.coalesce(_host.state, Visit.state)  # the state of the visit that is really made
_made = func.coalesce(Visit.merged_into, Visit.id)
_handed_in = func.coalesce(_host.submitted_at, Visit.submitted_at, type_=Instant())
_done_at_all = _stands.not_in(NOT_HANDED_IN)
PRESENCE = [name for name, method in METHODS.items() if method.presence]


def _flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0).label("met")


def _visits(at: Any, met: ColumnElement[bool]) -> Rows:
    return (
        select(Visit.id, Visit.task_id, Task.organ_id, Subject.area_code, at.label("at"), _flag(met))
        .join(Task, Task.id == Visit.task_id)
        .join(Subject, Subject.id == Visit.subject_id)
        .outerjoin(_host, _host.id == Visit.merged_into)
        .where(Visit.state != "dropped")
    )


def _drawn() -> ColumnElement[bool]:
    return exists().where(Draw.task_id == Task.id, Draw.state.in_(("sealed", "opened"))).correlate(Task)


def _done() -> ColumnElement[bool]:
    """A task is done when it was drawn and nobody has anything to do at a visit of it."""
    left = (
        select(Visit.id)
        .outerjoin(_host, _host.id == Visit.merged_into)
        .where(Visit.task_id == Task.id, Visit.state != "dropped", _stands.in_(NOT_HANDED_IN))
    )
    return and_(_drawn(), ~left.correlate(Task).exists())


def _plan(period: Period, now: datetime) -> Rows:
    edition, entry = aliased(Plan), aliased(PlannedTask)  # a task may have been made from an earlier edition
    made = (
        select(Task.id)
        .join(entry, entry.id == Task.planned_id)
        .join(edition, edition.id == entry.plan_id)
        .where(edition.number == Plan.number, entry.number == PlannedTask.number, _done())
        .correlate(Plan, PlannedTask)
    )
    return (
        select(
            PlannedTask.id,
            PlannedTask.id.label("task_id"),
            Plan.organ_id,
            PlannedTask.area_code,
            PlannedTask.ends.label("at"),
            _flag(made.exists()),
        )
        .join(Plan, Plan.id == PlannedTask.plan_id)
        .where(Plan.state == "published")
    )


def _task(period: Period, now: datetime) -> Rows:
    task = (Task.id, Task.id.label("task_id"), Task.organ_id, Task.area_code, Task.ends.label("at"))
    return select(*task, _flag(_done())).where(_drawn())


def _check(period: Period, now: datetime) -> Rows:
    return _visits(Visit.due, _done_at_all)


def _publication(period: Period, now: datetime) -> Rows:
    calendar, zone = official(), now.tzinfo
    ends = {
        day: literal(datetime.combine(calendar.add(day, PUBLICATION) + ONE, time(), zone), Instant())
        for day in period.days
    }
    in_time = and_(Publication.id.is_not(None), Publication.published_at < case(ends, value=Publication.checked_on))
    earliest = datetime.combine(first_in_time(calendar, now.date(), PUBLICATION), time(), zone)
    first = and_(Publication.visit_id == Visit.id, Publication.version == 1)
    late = and_(_stands == "submitted", _handed_in < earliest)
    return _visits(_handed_in, in_time).outerjoin(Publication, first).where(or_(Publication.id.is_not(None), late))


def _problem(period: Period, now: datetime) -> Rows:
    return _visits(_handed_in, Visit.result.in_(FOUND)).where(Visit.state == "published", Visit.result != WITHDRAWN)


def _case(period: Period, now: datetime) -> Rows:
    led_to = exists().where(Lead.visit_id == _made, Lead.outcome.in_((CASE, PROSECUTION))).correlate(Visit)
    return _visits(_handed_in, led_to).where(Visit.state == "published", Visit.result.in_(FOUND))


def _joint(period: Period, now: datetime) -> Rows:
    guest = aliased(Visit)
    several = exists().where(TaskItem.task_id == Visit.task_id, TaskItem.organ_id != Task.organ_id)
    together = exists().where(guest.merged_into == _made, guest.state != "dropped")
    return _visits(_handed_in, or_(several.correlate(Visit, Task), together.correlate(Visit))).where(_done_at_all)


def _phone(period: Period, now: datetime) -> Rows:
    absent = exists().where(Seat.visit_id == _made, Seat.person_id.is_not(None), Seat.arrived_at.is_(None))
    method = func.coalesce(_host.method, Visit.method)
    return _visits(_handed_in, ~absent.correlate(Visit)).where(_done_at_all, method.in_(PRESENCE))


def _feedback(period: Period, now: datetime) -> Rows:
    return (
        select(
            Lead.id,
            Visit.task_id,
            Lead.organ_id,
            Organ.area_code,
            Lead.sent_at.label("at"),
            _flag(Lead.state == "resolved"),
        )
        .join(Organ, Organ.id == Lead.organ_id)
        .outerjoin(Visit, Visit.id == Lead.visit_id)
        .where(Lead.state != "closed")
    )


ROWS: Mapping[str, Callable[[Period, datetime], Rows]] = MappingProxyType(
    {
        "plan": _plan,
        "task": _task,
        "check": _check,
        "publication": _publication,
        "problem": _problem,
        "case": _case,
        "joint": _joint,
        "phone": _phone,
        "feedback": _feedback,
    }
)


def within(at: ColumnElement[Any], period: Period, now: datetime) -> ColumnElement[bool]:
    """True where a date or a moment lies in a period; `now` is in the zone of the people."""
    if not isinstance(at.type, Instant):
        return at.between(period.first, period.last)
    return and_(at >= _start(period.first, now), at < _start(period.last + ONE, now))


def _start(day: date, now: datetime) -> datetime:
    return datetime.combine(day, time(), now.tzinfo)
