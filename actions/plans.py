"""Sets up tasks (任务设置, R3.3.1a): what is inspected, where, how much of it, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.journal import record
from models.items import Item
from models.people import Area, Person
from models.plans import Task, TaskItem
from rules.plans import check_task, task_number


@dataclass(frozen=True)
class NewTask:
    """What a supervisor decides about a task; `ratio` in percent."""

    item_id: int
    area_code: str
    ratio: Decimal
    starts: date
    ends: date


async def create_task(session: AsyncSession, wish: NewTask, by: Person, now: datetime) -> Task:
    """Make a single-department task. Refused with the first rule it breaks (R3.1.2c: the ceiling)."""
    item = await session.get_one(Item, wish.item_id)
    area = await session.get_one(Area, wish.area_code)
    ceiling = (item.ratio_ceiling or Decimal(0)) if item.kind == "general" else None
    check_task(ceiling, wish.ratio, wish.starts, wish.ends, now.date())
    prefix = task_number(area.code, now.date(), 0)[:-3]
    made_today = await session.scalar(select(func.count()).where(Task.number.startswith(prefix))) or 0
    task = Task(
        number=task_number(area.code, now.date(), made_today + 1),
        name=item.name,
        organ_id=by.organ_id,
        items=[TaskItem(position=0, item_id=item.id, organ_id=by.organ_id)],
        area_code=area.code,
        ratio=wish.ratio,
        starts=wish.starts,
        ends=wish.ends,
        created_by=by.id,
        created_at=now,
    )
    session.add(task)
    await session.flush()
    await session.refresh(task)
    record(session, now, by, "create", "task", task.id, after={"number": task.number, "ratio": str(task.ratio)})
    return task
