"""Counts the figures of the assessment (绩效考核, R4.1) by department, area, item and month, and lists the rows.

For the public page and for programs: `overview` and `by` name nobody. `rows` is for those who may see the work itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.figures import ROWS, within
from models.items import Item
from models.leads import Lead
from models.people import Area, Organ
from models.plans import Task, TaskItem
from models.subjects import Subject
from models.visits import Visit
from rules.statistics import DIMENSIONS, FIGURES, LEAD, TASK, Period, Share


@dataclass(frozen=True)
class Scope:
    """Which rows count: of a period, and of a department (line), an area with all below it, an item, if named.

    `organ_id` is one organ alone.
    """

    period: Period
    department: str = ""
    area: str = ""  # its code
    item: str = ""  # its code
    organ_id: int = 0


@dataclass(frozen=True)
class Line:
    """A share of one department, area, item (by its code) or month (as 2026-12)."""

    key: str
    name: str
    share: Share


@dataclass(frozen=True)
class Row:
    """One thing that was counted: a task, visit or lead. `name` is the task's or the subject's."""

    id: int
    task: str  # its number
    name: str
    organ: str
    area: str
    at: date
    met: bool


async def overview(session: AsyncSession, scope: Scope, now: datetime) -> dict[str, Share]:
    """All figures; `now` is in the zone of the people."""
    found = {}
    for key in FIGURES:
        rows = _counted(key, scope, now)
        found[key] = Share(*(await session.execute(select(*_sums(rows.c.met)))).tuples().one())
    return found


async def by(session: AsyncSession, key: str, dimension: str, scope: Scope, now: datetime) -> list[Line]:
    """One figure by department, area, item or month, the best first (months in order).

    A row of several items counts for each of them. KeyError for a figure or dimension that we do not have.
    """
    if dimension not in DIMENSIONS:
        raise KeyError(dimension)
    rows = _counted(key, scope, now)
    met, total = _sums(rows.c.met)
    query: Any
    if dimension == "department":
        query = select(Organ.department, Organ.department, met, total).join(rows, rows.c.organ_id == Organ.id)
        query = query.group_by(Organ.department)
    elif dimension == "area":
        query = select(Area.code, Area.name, met, total).join(rows, rows.c.area_code == Area.code)
        query = query.group_by(Area.code, Area.name)
    elif dimension == "item":
        asked = (  # once, though a task may have an item in two versions
            select(TaskItem.task_id, Item.code, func.max(Item.name).label("name"))
            .join(Item, Item.id == TaskItem.item_id)
            .group_by(TaskItem.task_id, Item.code)
            .subquery()
        )
        query = select(asked.c.code, func.max(asked.c.name), met, total).join(rows, rows.c.task_id == asked.c.task_id)
        query = query.group_by(asked.c.code)
    else:
        months = scope.period.months
        month = case(*((within(rows.c.at, one, now), literal(f"{one.first:%Y-%m}")) for one in months)).label("month")
        query = select(month, month, met, total).group_by(month).order_by(month)
    found = [Line(code, name, Share(*counts)) for code, name, *counts in (await session.execute(query)).tuples()]
    if dimension == "month":
        return found
    return sorted(found, key=lambda one: (-(one.share.percent or 0), -one.share.total, one.key))


async def rows(
    session: AsyncSession,
    key: str,
    scope: Scope,
    now: datetime,
    *,
    met: bool | None = None,
    limit: int = 100,
    after: int = 0,
) -> list[Row]:
    """The rows that a figure counts, the oldest number first: all, or those that are met or not; `after` an id."""
    counted = _counted(key, scope, now)
    kind = FIGURES[key].rows
    name: Any = Task.name if kind == TASK else Subject.name
    query = (
        select(counted.c.id, Task.number, name, Organ.name, Area.name, counted.c.at, counted.c.met)
        .select_from(counted)
        .outerjoin(Task, Task.id == counted.c.task_id)
        .join(Organ, Organ.id == counted.c.organ_id)
        .join(Area, Area.code == counted.c.area_code)
        .where(counted.c.id > after)
        .order_by(counted.c.id)
        .limit(limit)
    )
    if kind == LEAD:
        query = query.join(Lead, Lead.id == counted.c.id).join(Subject, Subject.id == Lead.subject_id)
    elif kind != TASK:
        query = query.join(Visit, Visit.id == counted.c.id).join(Subject, Subject.id == Visit.subject_id)
    if met is not None:
        query = query.where(counted.c.met == int(met))
    found = (await session.execute(query)).tuples()
    return [
        Row(number, task or "", name, organ, area, _day(at, now), bool(is_met))
        for number, task, name, organ, area, at, is_met in found
    ]


def narrowed(scope: Scope, dimension: str, key: str) -> Scope:
    """The scope of one line of `by`: the same figure over it gives the line's share."""
    if dimension == "month":
        month = next(one for one in scope.period.months if f"{one.first:%Y-%m}" == key)
        return replace(scope, period=month)
    named: dict[str, Any] = {dimension: key}
    return replace(scope, **named)


def _counted(key: str, scope: Scope, now: datetime) -> Any:
    """The rows of a figure in a scope, as a subquery."""
    rows = ROWS[key](scope.period, now).subquery("counted")
    query = select(rows).where(within(rows.c.at, scope.period, now))
    if scope.organ_id:
        query = query.where(rows.c.organ_id == scope.organ_id)
    if scope.department:
        query = query.where(rows.c.organ_id.in_(select(Organ.id).where(Organ.department == scope.department)))
    if scope.area:
        below = select(Area.code).where((Area.code == scope.area) | (Area.parent == scope.area))
        query = query.where(rows.c.area_code.in_(below))
    if scope.item:
        tasks = select(TaskItem.task_id).join(Item, Item.id == TaskItem.item_id).where(Item.code == scope.item)
        query = query.where(rows.c.task_id.in_(tasks))
    return query.subquery("rows")


def _sums(met: ColumnElement[int]) -> tuple[ColumnElement[int], ColumnElement[int]]:
    return func.coalesce(func.sum(met), 0), func.count(met)


def _day(at: date | datetime, now: datetime) -> date:
    return at.astimezone(now.tzinfo).date() if isinstance(at, datetime) else at
