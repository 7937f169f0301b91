"""Setting up a task in the chat: item, area, share, window, and one look before it is made."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from markupsafe import Markup
from sqlalchemy import or_, select

from actions import draws, plans
from handlers.buttons import button
from handlers.turn import Rows, Turn
from models.draws import Draw, draw_of_task
from models.items import Item
from models.people import Area
from models.plans import Task, TaskItem
from rules.refusal import Refusal

RATIOS = (1, 3, 5, 10, 20)  # percent
SMALLEST = Decimal("0.001")  # percent; buttons carry thousandths
WEEKS = (2, 4, 8)
LISTED = 6


async def listed(turn: Turn, _: Any = None) -> None:
    """`/plans`: the tasks of one's organ, the newest first, and the way to a new one."""
    supervisor = turn.needs("supervisor")
    words = turn.words
    query = select(Task).where(Task.organ_id == supervisor.organ_id).order_by(Task.id.desc()).limit(LISTED)
    tasks = list(await turn.session.scalars(query))
    lines = [words("tasks.title") if tasks else words("tasks.none")]
    lines += [words("tasks.line", name=one.name, area=one.area.name, ends=one.ends) for one in tasks]
    rows: Rows = [[button(words, "new_task")]]
    rows += [[button(words, "task", one.id, label="button.task", number=one.number, name=one.name)] for one in tasks]
    await turn.show("tasks", Markup("\n").join(lines), rows)


async def supervisor(turn: Turn) -> Any:
    """Only supervisors set up tasks."""
    return turn.needs("supervisor")


async def choose_item(turn: Turn, _: Any) -> None:
    """`新任务`: which item is to be checked?"""
    words = turn.words
    query = (
        select(Item)
        .where(Item.department == turn.person.organ.department, Item.checklist_id.is_not(None))
        .where(or_(Item.valid_until.is_(None), Item.valid_until >= turn.today))
        .order_by(Item.code)
        .limit(20)
    )
    items = list(await turn.session.scalars(query))
    rows = [[button(words, "task_item", one.id, label="button.item", name=one.name)] for one in items]
    rows.append([button(words, "plans", label="button.cancel")])
    await turn.show("tasks", words("task.item") if items else words("task.no_items"), rows)


async def choose_area(turn: Turn, _: Any) -> None:
    """Where?"""
    words, home = turn.words, turn.person.organ.area
    query = select(Area).where(or_(Area.code == home.code, Area.parent == home.code)).order_by(Area.code).limit(20)
    areas = list(await turn.session.scalars(query))
    buttons = [
        button(words, "task_area", *turn.args[:1], int(one.code), label="button.area", name=one.name) for one in areas
    ]
    rows = [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
    rows.append([button(words, "plans", label="button.cancel")])
    await turn.show("tasks", words("task.area"), rows)


async def choose_ratio(turn: Turn, _: Any) -> None:
    """How many of a hundred? A general item never above its ceiling (R3.1.2c)."""
    words = turn.words
    item, area = await _item(turn), await _area(turn)
    ceiling = item.ratio_ceiling if item.kind == "general" else None
    offered = [n for n in RATIOS if ceiling is None or n <= ceiling]
    rows = [[button(words, "task_ratio", *turn.args[:2], n * 1000, label="button.percent", percent=n) for n in offered]]
    rows.append([button(words, "plans", label="button.cancel")])
    turn.wait_for("task.ratio", item=item.id, area=int(area.code))
    text = "task.ratio_ceiling" if ceiling is not None else "task.ratio"
    await turn.show("tasks", words(text, area=area.name, ceiling=f"{float(ceiling or 0):.10g}"), rows)


async def typed_ratio(turn: Turn, item: int, area: int) -> None:
    """A share typed as a number: `7.5` or `7.5%`."""
    try:
        ratio = Decimal(turn.text.rstrip("%％ "))
    except ArithmeticError:
        raise Refusal("plans.ratio_range") from None
    if not ratio.is_finite() or not SMALLEST <= ratio <= 100:
        raise Refusal("plans.ratio_range")
    turn.args = [item, area, int(ratio * 1000)]
    await choose_window(turn, None)


async def choose_window(turn: Turn, _: Any) -> None:
    """Until when?"""
    turn.wait_no_more()
    words = turn.words
    rows = [[button(words, "task_weeks", *turn.args[:3], n, label="button.weeks", weeks=n) for n in WEEKS]]
    rows.append([button(words, "plans", label="button.cancel")])
    await turn.show("tasks", words("task.window"), rows)


async def confirm(turn: Turn, _: Any) -> None:
    """One look at all of it, with the number of subjects it is about."""
    words = turn.words
    item, area, wish = await _item(turn), await _area(turn), _wish(turn)
    probe = Task(area_code=area.code, items=[TaskItem(item=item, organ=turn.person.organ)])
    size = await draws.count_of_pool(turn.session, probe)
    text = words(
        "task.confirm",
        item=item.name,
        area=area.name,
        percent=f"{float(wish.ratio):.10g}",
        size=size,
        starts=wish.starts,
        ends=wish.ends,
        points=len(item.checklist.points) if item.checklist else 0,
    )
    rows = [
        [
            button(words, "task_make", *turn.args[:4], label="button.ok"),
            button(words, "plans", label="button.cancel"),
        ]
    ]
    await turn.show("tasks", text, rows)


async def make(turn: Turn, _: Any) -> None:
    """The task is made; its draw is next."""
    await _item(turn), await _area(turn)
    task = await plans.create_task(turn.session, _wish(turn), turn.person, turn.now)
    await show(turn, task)


async def load(turn: Turn) -> Task:
    """The task that a button speaks of, for supervisors of its organ."""
    supervisor = turn.needs("supervisor")
    task = await turn.session.get(Task, turn.args[0])
    if task is None or task.organ_id != supervisor.organ_id:
        raise Refusal("gone")
    return task


async def show(turn: Turn, task: Task) -> None:
    """The task's card: what it is, and where its draw stands."""
    words = turn.words
    draw: Draw | None = await draw_of_task(turn.session, task.id)
    text = words(
        "task.card",
        name=task.name,
        number=task.number,
        area=task.area.name,
        percent=f"{float(task.ratio):.10g}",
        starts=task.starts,
        ends=task.ends,
    )
    if draw:
        rows = [[button(words, "draw", draw.id, label="button.draw_number", number=draw.sequence)]]
    else:
        rows = [[button(words, "commit", task.id)]]
    rows.append([button(words, "plans", label="button.back")])
    await turn.show("tasks", text, rows)


async def _item(turn: Turn) -> Item:
    item = await turn.session.get(Item, turn.args[0])
    if item is None or item.department != turn.person.organ.department:
        raise Refusal("gone")
    return item


async def _area(turn: Turn) -> Area:
    area, home = await turn.session.get(Area, str(turn.args[1])), turn.person.organ.area
    if area is None or home.code not in (area.code, area.parent):
        raise Refusal("gone")
    return area


def _wish(turn: Turn) -> plans.NewTask:
    item, area, ratio, weeks = (turn.args[place] for place in range(4))
    if weeks not in WEEKS:
        raise Refusal("gone")
    ends = turn.today + timedelta(weeks=weeks)
    return plans.NewTask(item, str(area), Decimal(ratio) / 1000, turn.today, ends)
