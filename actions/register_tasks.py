"""What the public may ask about tasks (抽查任务): public from the first commitment to a draw on (R1.2, R3.2.1b)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Select, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.draws import Draw
from models.items import Item
from models.people import Area, Organ
from models.plans import Task, TaskItem
from models.visits import Visit
from rules.visits import NO_VISIT


class PublicTask(NamedTuple):
    """A task as everybody may see it; `visits` are those that were drawn, `done` those whose result is public."""

    id: int
    number: str
    name: str
    organ: str
    area: str
    ratio: Decimal
    starts: date
    ends: date
    visits: int
    done: int


class TaskItemLine(NamedTuple):
    """An item of a task, and whose inspectors check it."""

    code: str
    name: str
    kind: str
    organ: str


class TaskDraw(NamedTuple):
    """A draw of a task: its number, and where it stands."""

    sequence: int
    state: str


class TaskDetails(NamedTuple):
    """A task with its items and its draws."""

    task: PublicTask
    items: Sequence[TaskItemLine]
    draws: Sequence[TaskDraw]


def _tasks() -> Select[Any]:
    own = (Visit.task_id == Task.id, Visit.state.not_in(NO_VISIT))
    visits = select(func.count()).where(*own).scalar_subquery()
    done = select(func.count(case((Visit.state == "published", 1)))).where(*own).scalar_subquery()
    told = (Task.id, Task.number, Task.name, Organ.name, Area.name, Task.ratio, Task.starts, Task.ends)
    return (
        select(*told, visits, done)
        .join(Organ, Task.organ_id == Organ.id)
        .join(Area, Task.area_code == Area.code)
        .where(exists(select(Draw.id).where(Draw.task_id == Task.id)))
    )


async def tasks(session: AsyncSession, limit: int, before: int | None = None) -> list[PublicTask]:
    """Public tasks, the newest first, below the id `before`."""
    query = _tasks().order_by(Task.id.desc()).limit(limit)
    rows = await session.execute(query if before is None else query.where(Task.id < before))
    return [PublicTask._make(row) for row in rows]


async def task(session: AsyncSession, number: str) -> TaskDetails | None:
    """The public task with a number."""
    row = (await session.execute(_tasks().where(Task.number == number))).one_or_none()
    if row is None:
        return None
    items = (
        select(Item.code, Item.name, Item.kind, Organ.name)
        .join(TaskItem, TaskItem.item_id == Item.id)
        .join(Organ, TaskItem.organ_id == Organ.id)
        .where(TaskItem.task_id == row.id)
        .order_by(TaskItem.position)
    )
    draws = select(Draw.sequence, Draw.state).where(Draw.task_id == row.id).order_by(Draw.sequence)
    return TaskDetails(
        PublicTask._make(row),
        [TaskItemLine._make(one) for one in await session.execute(items)],
        [TaskDraw._make(one) for one in await session.execute(draws)],
    )
