"""Drafts annual plans: a plan, its tasks, their items, and a new edition of what is published (R3.2.1a-b)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.annual import COLUMNS, LONGEST_REASON, check_drafter, editions, may_draft, told, told_task
from actions.journal import record
from models.items import Item
from models.people import Organ, Person
from models.plans import Plan, PlannedItem, PlannedTask
from rules.items import in_force
from rules.plans import MOST_TASKS, plan_number
from rules.refusal import Refusal

LONGEST_NAME = 120  # characters


@dataclass(frozen=True)
class Wish:
    """A planned task as somebody wants it; `items` are pairs of item and organ, `ratio` in percent."""

    name: str
    area_code: str
    ratio: Decimal
    starts: date
    ends: date
    items: tuple[tuple[int, int], ...]
    kind: str = "random"
    scope: str = ""
    seats: int = 2


async def start(
    session: AsyncSession, organ: Organ, name: str, year: int, by: Person | None, now: datetime, wished: str = ""
) -> Plan:
    """An empty plan of an organ for a year. Refused if the organ has one of that name.

    It has the number that is wished for, if that is one of the area and year and free, else the next.
    """
    if by and not may_draft(organ.id, by):
        raise Refusal("plans.not_yours")
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise Refusal("plans.name", most=LONGEST_NAME)
    if await by_name(session, organ.id, year, name):
        raise Refusal("plans.name_taken", name=name)
    prefix = plan_number(organ.area_code, year, 0)[:-3]
    last = await session.scalar(select(func.max(Plan.number)).where(Plan.number.startswith(prefix)))
    number = plan_number(organ.area_code, year, int(last[-3:]) + 1 if last else 1)
    if wished != number and re.fullmatch(f"{prefix}[0-9]{{3}}", wished):
        taken = await session.scalar(select(Plan.id).where(Plan.number == wished).limit(1))
        number = number if taken else wished
    plan = Plan(
        number=number, year=year, name=name, organ_id=organ.id, drafted_by=by.id if by else None, drafted_at=now
    )
    return await _added(session, plan, "draft", by, now)


async def by_name(session: AsyncSession, organ_id: int, year: int, name: str) -> Plan | None:
    """The newest edition of the plan that an organ has for a year under a name."""
    query = select(Plan).where(Plan.organ_id == organ_id, Plan.year == year, Plan.name == name)
    found: Plan | None = await session.scalar(query.order_by(Plan.edition.desc()).limit(1))
    return found


async def change(session: AsyncSession, plan: Plan, reason: str, by: Person | None, now: datetime) -> Plan:
    """A new edition of a published plan, as a draft with the same tasks (R3.2.2c). It goes through the chain again."""
    if by:
        check_drafter(plan, by)
    if plan.state != "published":
        raise Refusal("plans.not_now")
    newest = (await editions(session, plan.number))[0]
    if newest.id != plan.id:
        raise Refusal("plans.changed_already")
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise Refusal("reason_needed")
    new = Plan(
        number=plan.number,
        edition=plan.edition + 1,
        year=plan.year,
        name=plan.name,
        organ_id=plan.organ_id,
        change=reason,
        drafted_by=by.id if by else None,
        drafted_at=now,
    )
    new.tasks = [
        _planned(
            task.number,
            Wish(
                **{name: getattr(task, name) for name in COLUMNS},
                items=tuple((one.item_id, one.organ_id) for one in task.items),
            ),
        )
        for task in plan.tasks
    ]
    return await _added(session, new, "change", by, now, why=reason)


async def discard(session: AsyncSession, plan: Plan, by: Person | None, now: datetime) -> None:
    """Throw a draft away; the journal keeps what it was."""
    _check_open(plan, by)
    record(session, now, by, "discard", "plan", plan.id, before=told(plan))
    for decision in plan.decisions:
        await session.delete(decision)
    await session.delete(plan)
    await session.flush()


async def add_task(session: AsyncSession, plan: Plan, wish: Wish, by: Person | None, now: datetime) -> PlannedTask:
    """One more task. Rules are checked when the plan is submitted, all at once."""
    _check_open(plan, by)
    if len(plan.tasks) >= MOST_TASKS:
        raise Refusal("plans.too_many_tasks", most=MOST_TASKS)
    earlier = [task.number for one in await editions(session, plan.number) for task in one.tasks]
    planned = _planned(max(earlier, default=0) + 1, wish)
    plan.tasks.append(planned)
    await _saved(session, plan)
    record(session, now, by, "add_task", "plan", plan.id, after=told_task(planned))
    return planned


async def replace_tasks(
    session: AsyncSession, plan: Plan, wishes: Sequence[Wish], by: Person | None, now: datetime
) -> bool:
    """Let a draft have these tasks and no others; a task keeps its number by its name. Whether anything differs."""
    _check_open(plan, by)
    wanted = await _numbered(session, plan, wishes)
    if await _same(session, plan, wanted):
        return False
    before = told(plan)
    plan.tasks.clear()
    await session.flush()
    plan.tasks.extend(_planned(number, wish) for number, wish in wanted)
    await _saved(session, plan)
    record(session, now, by, "replace_tasks", "plan", plan.id, before=before, after=told(plan))
    return True


async def has_tasks(session: AsyncSession, plan: Plan, wishes: Sequence[Wish]) -> bool:
    """Whether a plan has just these tasks already."""
    return await _same(session, plan, await _numbered(session, plan, wishes))


async def _numbered(session: AsyncSession, plan: Plan, wishes: Sequence[Wish]) -> list[tuple[int, Wish]]:
    """Each wish with its number: that of the task of the same name in any edition, else the next."""
    earlier = [task for one in await editions(session, plan.number) for task in one.tasks]
    known = {task.name: task.number for task in earlier}
    following = max((task.number for task in earlier), default=0)
    for wish in wishes:
        if wish.name not in known:
            following += 1
            known[wish.name] = following
    return sorted(((known[wish.name], wish) for wish in wishes), key=lambda pair: pair[0])


async def _same(session: AsyncSession, plan: Plan, wanted: Sequence[tuple[int, Wish]]) -> bool:
    """Whether these are the plan's tasks; another version of the same item makes no difference."""
    codes = dict((await session.execute(select(Item.id, Item.code))).tuples().all())

    def comparable(number: int, wish: Wish) -> tuple[Any, ...]:
        items = [(codes[item], organ) for item, organ in wish.items]
        return (number, items, *(getattr(wish, name) for name in COLUMNS))

    held = [comparable(task.number, _wish(task)) for task in plan.tasks]
    return held == [comparable(number, wish) for number, wish in wanted]


async def change_task(
    session: AsyncSession, plan: Plan, planned: PlannedTask, by: Person | None, now: datetime, **values: Any
) -> None:
    """Change columns of a planned task: `COLUMNS`."""
    _check_open(plan, by)
    before = {name: str(getattr(planned, name)) for name in values}
    for name, value in values.items():
        setattr(planned, name, value)
    plan.version += 1
    await session.flush()
    await session.refresh(planned, ["area"])
    after = {name: str(value) for name, value in values.items()}
    record(session, now, by, "change_task", "plan", plan.id, before=before, after={"task": planned.number, **after})


async def remove_task(
    session: AsyncSession, plan: Plan, planned: PlannedTask, by: Person | None, now: datetime
) -> None:
    """Take a task out of a draft."""
    _check_open(plan, by)
    record(session, now, by, "remove_task", "plan", plan.id, before=told_task(planned))
    plan.tasks.remove(planned)
    await _saved(session, plan)


async def add_item(
    session: AsyncSession, plan: Plan, planned: PlannedTask, item: Item, organ: Organ, by: Person | None, now: datetime
) -> None:
    """One more item, checked by an organ: another department's makes the task a joint one (部门联合)."""
    _check_open(plan, by)
    if any(one.item_id == item.id for one in planned.items):
        raise Refusal("tasks.has_item")
    if item.department != organ.department or not in_force(item.valid_from, item.valid_until, now.date()):
        raise Refusal("gone")
    planned.items.append(PlannedItem(position=len(planned.items), item_id=item.id, organ_id=organ.id))
    await _saved(session, plan)
    record(session, now, by, "change_task", "plan", plan.id, after=told_task(planned))


async def remove_item(
    session: AsyncSession, plan: Plan, planned: PlannedTask, item_id: int, by: Person | None, now: datetime
) -> None:
    """Take an item out of a planned task. Refused for the last one."""
    _check_open(plan, by)
    left = [one for one in planned.items if one.item_id != item_id]
    if len(left) == len(planned.items):
        raise Refusal("gone")
    if not left:
        raise Refusal("plans.last_item")
    for one in [one for one in planned.items if one.item_id == item_id]:
        planned.items.remove(one)
    await _saved(session, plan)
    record(session, now, by, "change_task", "plan", plan.id, after=told_task(planned))


def _check_open(plan: Plan, by: Person | None) -> None:
    if by:
        check_drafter(plan, by)
    if plan.state != "draft":
        raise Refusal("plans.not_a_draft")


def _planned(number: int, wish: Wish) -> PlannedTask:
    items = [PlannedItem(position=n, item_id=item, organ_id=organ) for n, (item, organ) in enumerate(wish.items)]
    return PlannedTask(number=number, items=items, **{name: getattr(wish, name) for name in COLUMNS})


def _wish(task: PlannedTask) -> Wish:
    items = tuple((one.item_id, one.organ_id) for one in task.items)
    return Wish(**{name: getattr(task, name) for name in COLUMNS}, items=items)


async def _added(session: AsyncSession, plan: Plan, verb: str, by: Person | None, now: datetime, why: str = "") -> Plan:
    session.add(plan)
    await session.flush()
    await _loaded(session, plan)
    record(session, now, by, verb, "plan", plan.id, after=told(plan), why=why)
    return plan


async def _saved(session: AsyncSession, plan: Plan) -> None:
    plan.version += 1
    await session.flush()
    await _loaded(session, plan)


async def _loaded(session: AsyncSession, plan: Plan) -> None:
    """Read what hangs on a plan again, so that whoever looks at it next need not wait for the database."""
    await session.refresh(plan, ["organ", "author", "tasks", "decisions"])
    for task in plan.tasks:
        await session.refresh(task, ["area", "items"])
        for one in task.items:
            await session.refresh(one, ["item", "organ"])
