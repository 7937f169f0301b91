"""Changes a task until its draw is committed: its items, who takes part, how much of whom (R1.4, R3.1.2b-c)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.journal import record
from actions.notify import notify
from models.draws import draw_of_task
from models.items import Item
from models.people import Area, Organ, Person, with_role
from models.plans import Task, TaskItem
from rules import strata
from rules.plans import check_task
from rules.refusal import Refusal

EVERYBODY = Decimal(100)  # percent


async def usable_items(session: AsyncSession, department: str, today: date) -> list[Item]:
    """The items of a department that can be inspected today: valid, and with a checklist (R3.1.2a)."""
    query = (
        select(Item)
        .where(Item.department == department, Item.checklist_id.is_not(None), Item.valid_from <= today)
        .where(or_(Item.valid_until.is_(None), Item.valid_until >= today))
        .order_by(Item.code)
    )
    return list(await session.scalars(query))


async def partners(session: AsyncSession, task: Task, today: date) -> list[Organ]:
    """Who could be asked to take part (联合抽查, R1.4): other departments that have usable items, one organ of each."""
    return await partners_of(session, task.organ, task.organs, today, task.area)


async def partners_of(
    session: AsyncSession, lead: Organ, asked: Sequence[Organ], today: date, where: Area | None = None
) -> list[Organ]:
    """Who could take part in something that an organ leads; who is asked already stays the one of its department.

    The organ nearest to the visits: of the area `where` they are, else of the lead's, else of the city above either.
    """
    near = where or lead.area
    places = (near.code, lead.area_code, near.parent, lead.area.parent)
    rank = {code: number for number, code in reversed(list(enumerate(places)))}
    query = select(Organ).where(Organ.area_code.in_(places), Organ.department != lead.department)
    found = sorted(await session.scalars(query), key=lambda one: (rank[one.area_code], one.id))
    nearest: dict[str, Organ] = {}
    for organ in (lead, *asked, *found):
        nearest.setdefault(organ.department, organ)
    nearest.pop(lead.department)
    return [one for name, one in nearest.items() if await usable_items(session, name, today)]


async def add_item(session: AsyncSession, task: Task, item: Item, organ: Organ, by: Person, now: datetime) -> None:
    """Let a task have one more item; another organ's supervisors are asked whether they take part.

    Refused if the item is not usable or its ceiling lies below the task's ratio (R3.1.2c), or nobody could answer.
    """
    await _check_open(session, task, by)
    _check_temporary(task)
    if any(one.item_id == item.id for one in task.items):
        raise Refusal("tasks.has_item")
    if item.id not in {one.id for one in await usable_items(session, organ.department, now.date())}:
        raise Refusal("gone")
    if item.kind == "general":
        check_task(item.ratio_ceiling or Decimal(0), task.ratio, task.starts, task.ends, now.date())
    before = _items(task)
    added = TaskItem(position=task.items[-1].position + 1, item_id=item.id, organ_id=organ.id)
    task.items.append(added)
    await session.flush()
    await session.refresh(added)
    record(session, now, by, "add_item", "task", task.id, before=before, after=_items(task))
    if organ.id != task.organ_id:
        await ask_to_join(session, task, added, now)


async def ask_to_join(session: AsyncSession, task: Task, item: TaskItem, now: datetime) -> None:
    """Ask the supervisors of another organ whether it takes part with an item. Refused if there is nobody to ask."""
    supervisors = await with_role(session, "supervisor", item.organ_id)
    if not supervisors:
        raise Refusal("tasks.nobody_to_ask", organ=item.organ.name)
    for person in supervisors:
        await notify(session, person.id, "tasks.asked", str(item.id), now, task=task.id)


async def remove_item(session: AsyncSession, task: Task, item_id: int, by: Person, now: datetime) -> None:
    """Take an item out of a task. Refused for the first, which says who is in the pool."""
    await _check_open(session, task, by)
    _check_temporary(task)
    gone = [one for one in task.items if one.item_id == item_id]
    if not gone:
        raise Refusal("gone")
    if gone[0] is task.items[0]:
        raise Refusal("tasks.first_item")
    await _remove(session, task, gone, by, now)


async def agree(session: AsyncSession, task: Task, by: Person, now: datetime) -> None:
    """Take part (同意参加): a supervisor answers for their organ. Refused once the draw is committed."""
    mine = await _asked(session, task, by)
    if not any(one.agreed_at is None for one in mine):
        raise Refusal("tasks.agreed_already")
    for one in mine:
        one.agreed_by, one.agreed_at = by.id, one.agreed_at or now
    record(session, now, by, "agree", "task", task.id, after={"organ": by.organ.name})
    key = f"{task.id}:{mine[-1].id}:{now.isoformat()}"  # whoever is asked again says so again
    await notify(session, task.created_by, "tasks.agreed", key, now, task=task.id, organ=by.organ_id)


async def decline(session: AsyncSession, task: Task, reason: str, by: Person, now: datetime) -> None:
    """Not take part (不参加), with a reason: the organ's items leave the task, and whoever leads it is told."""
    mine = await _asked(session, task, by)
    key = f"{task.id}:{mine[-1].id}:{now.isoformat()}"
    await _remove(session, task, mine, by, now, why=reason)
    what: dict[str, Any] = {"task": task.id, "organ": by.organ_id, "reason": reason}
    await notify(session, task.created_by, "tasks.declined", key, now, **what)


async def change_factors(
    session: AsyncSession, task: Task, wish: Mapping[str, Decimal], by: Person, now: datetime
) -> None:
    """Give strata of a task factors of their own, besides those that it has (R3.2.2c-e).

    An empty wish restores the standing table. Refused by `rules.strata.table`.
    """
    await _check_open(session, task, by)
    own = {**task.factors, **{name: f"{factor.normalize():f}" for name, factor in wish.items()}} if wish else {}
    own = {name: factor for name, factor in own.items() if strata.FACTORS.get(name) != Decimal(factor)}
    strata.table(own)
    if own == task.factors:
        return
    record(session, now, by, "change_factors", "task", task.id, before=dict(task.factors), after=dict(own))
    task.factors = own
    await _ask_again(session, task, now)


async def change_ratio(session: AsyncSession, task: Task, ratio: Decimal, by: Person, now: datetime) -> None:
    """Draw another share; 100 percent means that only the order of batches is drawn (R3.1.2b). Never over a ceiling."""
    await _check_open(session, task, by)
    _check_temporary(task)
    check_task(task.ceiling, ratio, task.starts, task.ends, now.date())
    if ratio == task.ratio:
        return
    record(
        session,
        now,
        by,
        "change_ratio",
        "task",
        task.id,
        before={"ratio": str(task.ratio)},
        after={"ratio": str(ratio)},
    )
    task.ratio = ratio
    await _ask_again(session, task, now)


async def _ask_again(session: AsyncSession, task: Task, now: datetime) -> None:
    """How much is drawn has changed, so whoever agreed to take part is asked anew."""
    agreed = [one for one in task.items if one.organ_id != task.organ_id and one.agreed_at is not None]
    for one in agreed:
        one.agreed_by = one.agreed_at = None
    for organ_id in dict.fromkeys(one.organ_id for one in agreed):
        for person in await with_role(session, "supervisor", organ_id):
            await notify(session, person.id, "tasks.asked_again", f"{task.id}:{now.isoformat()}", now, task=task.id)


async def is_open(session: AsyncSession, task: Task) -> bool:
    """Whether a task may still be changed: its draw is not committed, or void."""
    return await draw_of_task(session, task.id) is None


async def _check_open(session: AsyncSession, task: Task, by: Person) -> None:
    if "supervisor" not in by.roles or by.organ_id != task.organ_id:
        raise Refusal("tasks.not_yours")
    if not await is_open(session, task):
        raise Refusal("tasks.committed_already")


def _check_temporary(task: Task) -> None:
    """What the published plan says is changed there, as a new edition with its reason (R3.2.2c)."""
    if not task.temporary:
        raise Refusal("tasks.as_planned")


async def _asked(session: AsyncSession, task: Task, by: Person) -> list[TaskItem]:
    """The items of a task for which somebody's organ is asked."""
    mine = [one for one in task.items if one.organ_id == by.organ_id]
    if "supervisor" not in by.roles or by.organ_id == task.organ_id:
        raise Refusal("tasks.not_yours")
    if not mine:
        raise Refusal("gone")
    if not await is_open(session, task):
        raise Refusal("tasks.committed_already")
    return mine


async def _remove(
    session: AsyncSession, task: Task, gone: list[TaskItem], by: Person, now: datetime, why: str = ""
) -> None:
    before = _items(task)
    for one in gone:
        task.items.remove(one)
        await session.delete(one)
    verb = "decline" if why else "remove_item"
    record(session, now, by, verb, "task", task.id, before=before, after=_items(task), why=why)
    await session.flush()


def _items(task: Task) -> dict[str, Any]:
    return {"items": [one.item.code for one in task.items]}
