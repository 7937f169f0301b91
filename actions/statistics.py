"""Counts the figures of the assessment (绩效考核, R4.1) by department, area, item and month, and lists the rows.

For the public page and for programs: `overview` and `by` name nobody. `rows` is for those who may see the work itself.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.figures import ROWS, within
from models.items import Item
from models.leads import Lead
from models.people import Area, Organ
from models.plans import Plan, PlannedItem, PlannedTask, Task, TaskItem
from models.subjects import Subject
from models.visits import Visit
from rules.statistics import DIMENSIONS, FIGURES, LEAD, PLANNED, TASK, VISIT, Period, Share

MOST_ROWS = 10_000  # of a figure in a workbook
_NAMES: dict[str, Any] = {TASK: Task.name, VISIT: Subject.name, LEAD: Subject.name}


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
    """One thing that was counted: a planned task, task, visit or lead. `name` is the task's or the subject's."""

    id: int
    task: str  # the number of its task, or plan; empty of a lead without a visit
    name: str
    organ: str
    area: str
    at: date
    met: bool


async def overview(
    session: AsyncSession, scope: Scope, now: datetime, keys: Collection[str] = tuple(FIGURES)
) -> dict[str, Share]:
    """All figures, or some; `now` is in the zone of the people."""
    found = {}
    for key in keys:
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
        of_task, link = _items(key)
        asked = (  # once, though a task may have an item in two versions
            select(of_task.label("task_id"), Item.code, func.max(Item.name).label("name"))
            .join(Item, Item.id == link)
            .group_by(of_task, Item.code)
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
    number, name = (Plan.number, PlannedTask.name) if kind == PLANNED else (Task.number, _NAMES[kind])
    query: Any = (
        select(counted.c.id, number, name, Organ.name, Area.name, counted.c.at, counted.c.met)
        .select_from(counted)
        .join(Organ, Organ.id == counted.c.organ_id)
        .join(Area, Area.code == counted.c.area_code)
        .where(counted.c.id > after)
        .order_by(counted.c.id)
        .limit(limit)
    )
    if kind == PLANNED:
        query = query.join(PlannedTask, PlannedTask.id == counted.c.id).join(Plan, Plan.id == PlannedTask.plan_id)
    else:
        query = query.outerjoin(Task, Task.id == counted.c.task_id)
    if kind == LEAD:
        query = query.join(Lead, Lead.id == counted.c.id).join(Subject, Subject.id == Lead.subject_id)
    elif kind == VISIT:
        query = query.join(Visit, Visit.id == counted.c.id).join(Subject, Subject.id == Visit.subject_id)
    if met is not None:
        query = query.where(counted.c.met == int(met))
    found = (await session.execute(query)).tuples()
    return [
        Row(number, task or "", name, organ, area, _day(at, now), bool(is_met))
        for number, task, name, organ, area, at, is_met in found
    ]


async def everything(session: AsyncSession, scope: Scope, organ_id: int, now: datetime) -> dict[str, Any]:
    """All of it for a workbook, as `documents.statistics` takes it; the rows of one organ alone if named."""
    parts = {}
    for dimension in DIMENSIONS:
        lines = {key: await by(session, key, dimension, scope, now) for key in FIGURES}
        parts[dimension] = {
            key: [(one.name, one.share.met, one.share.total) for one in found] for key, found in lines.items()
        }
    listed, cut = {}, 0
    for key in FIGURES:
        found = await rows(session, key, replace(scope, organ_id=organ_id), now, limit=MOST_ROWS + 1)
        cut = MOST_ROWS if len(found) > MOST_ROWS else cut
        listed[key] = [(one.task, one.name, one.organ, one.area, str(one.at), one.met) for one in found[:MOST_ROWS]]
    figures = {key: (share.met, share.total) for key, share in (await overview(session, scope, now)).items()}
    return {"figures": figures, "parts": parts, "rows": listed, "cut": cut}


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
        of_task, link = _items(key)
        tasks = select(of_task).join(Item, Item.id == link).where(Item.code == scope.item)
        query = query.where(rows.c.task_id.in_(tasks))
    return query.subquery("rows")


def _items(key: str) -> tuple[Any, Any]:
    """The columns that say which items the tasks of a figure's rows have: of the task, and of the item."""
    if FIGURES[key].rows == PLANNED:
        return PlannedItem.planned_id, PlannedItem.item_id
    return TaskItem.task_id, TaskItem.item_id


def _sums(met: ColumnElement[int]) -> tuple[ColumnElement[int], ColumnElement[int]]:
    return func.coalesce(func.sum(met), 0), func.count(met)


def _day(at: date | datetime, now: datetime) -> date:
    return at.astimezone(now.tzinfo).date() if isinstance(at, datetime) else at
