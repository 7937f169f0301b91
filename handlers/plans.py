"""Setting up a task in the chat: item, area, share, window, one look before it is made, and the task's card."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from markupsafe import Markup
from sqlalchemy import or_, select

from actions import draws, offers, plans, tasks
from handlers.buttons import MOST, button, turning
from handlers.turn import NOTHING, Rows, Turn
from locales import Words
from models.database import page_of
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
    joint = select(TaskItem.task_id).where(TaskItem.organ_id == supervisor.organ_id)
    mine = or_(Task.organ_id == supervisor.organ_id, Task.id.in_(joint))
    query = select(Task).where(mine, ~Task.targeted).order_by(Task.id.desc())
    found, page, pages = await page_of(turn.session, query, turn.args[0] if turn.args else 0, LISTED)
    lines = [words("tasks.title") if found else words("tasks.none")]
    numbered = list(enumerate(found, page * LISTED + 1))
    for number, one in numbered:
        line = "tasks.line" if one.organ_id == supervisor.organ_id else "tasks.line_joint"
        text = words(line, number=number, name=one.name, area=one.area.name, ends=one.ends, organ=one.organ.name)
        lines.append(words("tasks.temporary", line=text) if one.temporary else text)
    rows: Rows = [[button(words, "new_task"), button(words, "annual")]]
    if await offers.standing(turn.session, supervisor.organ_id):
        rows[0].append(button(words, "offers"))
    rows += [[button(words, "task", one.id, label="button.numbered", number=n, name=one.name)] for n, one in numbered]
    rows.append(turning(words, "plans", page=page, pages=pages))
    rows.append([button(words, "me")])
    await turn.show("tasks", Markup("\n").join(lines), [row for row in rows if row])


async def supervisor(turn: Turn) -> Any:
    """Only supervisors set up tasks."""
    return turn.needs("supervisor")


async def choose_item(turn: Turn, _: Any) -> None:
    """`新任务`: which item is to be checked?"""
    words = turn.words
    items = (await tasks.usable_items(turn.session, turn.person.organ.department, turn.today))[:MOST]
    rows = [[button(words, "task_item", one.id, label="button.item", name=one.name)] for one in items]
    rows.append([button(words, "plans", label="button.cancel")])
    await turn.show("tasks", words("task.item") if items else words("task.no_items"), rows)


async def choose_area(turn: Turn, _: Any) -> None:
    """Where?"""
    words, home = turn.words, turn.person.organ.area
    query = select(Area).where(or_(Area.code == home.code, Area.parent == home.code)).order_by(Area.code).limit(MOST)
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
    if ceiling is None or ceiling >= tasks.EVERYBODY:
        rows.append([button(words, "task_ratio", *turn.args[:2], 100_000, label="button.task_all")])
    rows.append([button(words, "plans", label="button.cancel")])
    turn.wait_for("task.ratio", item=item.id, area=int(area.code))
    text = "task.ratio_ceiling" if ceiling is not None else "task.ratio"
    await turn.show("tasks", words(text, area=area.name, ceiling=f"{float(ceiling or 0):.10g}"), rows)


async def typed_ratio(turn: Turn, item: int, area: int) -> None:
    """A share typed as a number: `7.5` or `7.5%`."""
    turn.args = [item, area, int(share(turn.text) * 1000)]
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
    """The task is made; its draw is next. A second tap finds the one that the first has made."""
    await _item(turn), await _area(turn)
    wish = _wish(turn)
    task = await plans.just_made(turn.session, wish, turn.person, turn.now)
    task = task or await plans.create_task(turn.session, wish, turn.person, turn.now)
    await show(turn, task)


async def load(turn: Turn) -> Task:
    """The task that a button speaks of, locked, for supervisors of the organ that leads it."""
    task = await seen(turn)
    if task.organ_id != turn.person.organ_id:
        raise Refusal("gone")
    return task


async def seen(turn: Turn) -> Task:
    """A task, locked, for supervisors of all its organs: those that only take part look on, and answer for theirs."""
    supervisor = turn.needs("supervisor")
    task = await turn.session.scalar(select(Task).where(Task.id == turn.args[0]).with_for_update(of=Task))
    if task is None or supervisor.organ_id not in {organ.id for organ in task.organs}:
        raise Refusal("gone")
    return task


async def show(turn: Turn, task: Task, head: Markup = NOTHING) -> None:
    """The task's card: what it is, who takes part, and where its draw stands; `head` is a line that goes before."""
    turn.give_up()
    words = turn.words
    draw: Draw | None = await draw_of_task(turn.session, task.id)
    lines = [head, describe(words, task)] if head else [describe(words, task)]
    rows: Rows
    if task.organ_id != turn.person.organ_id:
        rows = answers(words, task, turn.person.organ_id) if draw is None else []
    elif draw:
        rows = [[button(words, "draw", draw.id, label="button.draw_number", number=draw.sequence)]]
    else:
        rows = [] if task.not_agreed else [[button(words, "commit", task.id)]]
        rows.append([button(words, "task_more", task.id)] if task.temporary else [])
        if task.temporary and len(task.items) > 1:
            rows[-1].append(button(words, "task_less", task.id))
        rows[-1].append(button(words, "task_table", task.id))
        if task.temporary and may_be_all(task):
            rows.append([button(words, "task_all", task.id)])
    if draw and draw.released_at:
        rows.append([button(words, "task_visits", task.id)])
    rows.append([button(words, "plans", label="button.back")])
    await turn.show("tasks", Markup("\n").join(lines), rows)


def describe(words: Words, task: Task) -> Markup:
    """The card's text: where, how much of whom, which items of which departments, and who has not agreed."""
    lines = [
        words(
            "task.card_all" if task.order_only else "task.card",
            name=task.name,
            number=task.number,
            area=task.area.name,
            percent=percent(task.ratio),
            starts=task.starts,
            ends=task.ends,
        )
    ]
    for number, one in enumerate(task.items, 1):
        kind = "task.key_item" if one.item.kind == "key" else "task.general_item"
        about = [words(kind, ceiling=percent(one.item.ratio_ceiling or 0))]
        about += [words("task.item_of", department=one.organ.department)] if len(task.departments) > 1 else []
        about += [words("task.item_waits")] if one.organ in task.not_agreed and one.agreed_at is None else []
        lines.append(words("task.item_line", number=number, name=one.item.name, about=words("comma").join(about)))
    if task.temporary:
        lines.append(words("task.temporary"))
    if len(task.organs) > 1:
        names = words("and").join(organ.name for organ in task.organs[1:])
        lines.append(words("task.joint", lead=task.organ.name, names=names, seats=task.seats))
    if task.not_agreed:
        lines.append(words("task.waits", names=words("and").join(organ.name for organ in task.not_agreed)))
    if task.factors and not task.order_only:
        changed = [
            words("task.factor", name=words(f"stratum.{name}"), factor=factor) for name, factor in task.factors.items()
        ]
        lines.append(words("task.factors", changed=words("comma").join(changed)))
    return Markup("\n").join(lines)


def answers(words: Words, task: Task, organ_id: int) -> Rows:
    """What an organ that was asked can answer until the draw is committed."""
    no = button(words, "task_decline", task.id)
    if organ_id in {organ.id for organ in task.not_agreed}:
        return [[button(words, "task_agree", task.id), no]]
    return [[no]]


def may_be_all(task: Task) -> bool:
    """Whether everybody may be visited and only the order drawn: no ceiling of a general item forbids it (R3.1.2b)."""
    return not task.order_only and (task.ceiling is None or task.ceiling >= tasks.EVERYBODY)


def percent(number: Decimal | Fraction | int) -> str:
    """A share or a factor as people write it: 7.5."""
    return f"{float(number):.4g}"


def share(text: str) -> Decimal:
    """A share in percent as somebody typed it. Refused if it is none."""
    try:
        ratio = Decimal(text.rstrip("%％ "))
    except ArithmeticError:
        raise Refusal("plans.ratio_range") from None
    if not ratio.is_finite() or not SMALLEST <= ratio <= 100:
        raise Refusal("plans.ratio_range")
    return ratio


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
