"""Sets up tasks (任务设置, R3.3.1a): what is inspected, where, how much of it, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.journal import record
from actions.tasks import ask_to_join, usable_items
from models.items import Item
from models.people import Area, Person
from models.plans import Plan, PlannedTask, Task, TaskItem
from rules.plans import check_task, task_number
from rules.refusal import Refusal

SAME_TAP = timedelta(minutes=1)


@dataclass(frozen=True)
class NewTask:
    """What a supervisor decides about a task; `ratio` in percent."""

    item_id: int
    area_code: str
    ratio: Decimal
    starts: date
    ends: date


async def create_task(session: AsyncSession, wish: NewTask, by: Person, now: datetime) -> Task:
    """Make a task outside the annual plan (临时任务), of one department.

    Refused with the first rule it breaks (R3.1.2c: the ceiling).
    """
    item = await session.get_one(Item, wish.item_id)
    area = await session.get_one(Area, wish.area_code)
    ceiling = (item.ratio_ceiling or Decimal(0)) if item.kind == "general" else None
    check_task(ceiling, wish.ratio, wish.starts, wish.ends, now.date())
    task = Task(
        name=item.name,
        organ_id=by.organ_id,
        items=[TaskItem(position=0, item_id=item.id, organ_id=by.organ_id)],
        area_code=area.code,
        ratio=wish.ratio,
        starts=wish.starts,
        ends=wish.ends,
    )
    return await added(session, task, by, now)


async def just_made(session: AsyncSession, wish: NewTask, by: Person, now: datetime) -> Task | None:
    """The task that somebody made of the same wish within the last minute: of two taps the second means the first."""
    query = select(Task).where(
        Task.created_by == by.id,
        Task.created_at > now - SAME_TAP,
        Task.area_code == wish.area_code,
        Task.ratio == wish.ratio,
        Task.starts == wish.starts,
        Task.ends == wish.ends,
        Task.planned_id.is_(None),
        ~Task.targeted,
    )
    found = await session.scalars(query.order_by(Task.id))
    return next((one for one in found if [part.item_id for part in one.items] == [wish.item_id]), None)


async def task_from_plan(session: AsyncSession, planned: PlannedTask, by: Person, now: datetime) -> Task:
    """Make the task that a published plan has announced (R3.2.1b); the organs that take part are asked.

    Its items are in the versions that are in force today (R3.1.2d). Refused if it was made already, in this edition or
    an earlier one; if its window is over; or if an item cannot be inspected any more.
    """
    plan, today = planned.plan, now.date()
    if "supervisor" not in by.roles or by.organ_id != plan.organ_id:
        raise Refusal("tasks.not_yours")
    if plan.state != "published":
        raise Refusal("plans.not_published")
    if made := await task_of(session, planned):
        raise Refusal("plans.task_made", number=made.number)
    if planned.ends < today:
        raise Refusal("plans.window_over", day=planned.ends)
    items = []
    for position, one in enumerate(planned.items):
        usable = {item.code: item for item in await usable_items(session, one.organ.department, today)}
        item = usable.get(one.item.code)
        if item is None:
            raise Refusal("plans.item_not_usable", item=one.item.name)
        items.append(TaskItem(position=position, item_id=item.id, item=item, organ_id=one.organ_id))
    starts = max(today, planned.starts)
    ceilings = [one.item.ratio_ceiling or Decimal(0) for one in items if one.item.kind == "general"]
    check_task(min(ceilings, default=None), planned.ratio, starts, planned.ends, today)
    task = Task(
        name=planned.name,
        organ_id=plan.organ_id,
        items=items,
        area_code=planned.area_code,
        ratio=planned.ratio,
        seats=planned.seats,
        starts=starts,
        ends=planned.ends,
        planned_id=planned.id,
    )
    task = await added(session, task, by, now)
    for asked in task.items:
        if asked.organ_id != task.organ_id:
            await ask_to_join(session, task, asked, now)
    return task


async def task_of(session: AsyncSession, planned: PlannedTask) -> Task | None:
    """The task that was made of a planned one, whatever edition of the plan it stood in then."""
    query = (
        select(Task)
        .join(PlannedTask, PlannedTask.id == Task.planned_id)
        .join(Plan, Plan.id == PlannedTask.plan_id)
        .where(Plan.number == planned.plan.number, PlannedTask.number == planned.number)
    )
    task: Task | None = await session.scalar(query)
    return task


async def added(session: AsyncSession, task: Task, by: Person, now: datetime) -> Task:
    """Give a task the next number of its area and day, and write it down."""
    prefix = task_number(task.area_code, now.date(), 0)[:-3]
    made_today = await session.scalar(select(func.count()).where(Task.number.startswith(prefix))) or 0
    task.number = task_number(task.area_code, now.date(), made_today + 1)
    task.created_by, task.created_at = by.id, now
    session.add(task)
    await session.flush()
    await session.refresh(task)
    after = {"number": task.number, "ratio": str(task.ratio), "planned": task.planned_id}
    record(session, now, by, "create", "task", task.id, after=after)
    return task
