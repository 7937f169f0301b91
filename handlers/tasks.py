"""Changing a task on its card until the draw is committed: items, partners, shares (R1.4, R3.1.2b-c, R3.2.2c-e)."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from sqlalchemy import select

from actions import tasks
from handlers import plans
from handlers.buttons import MOST, button, turning
from handlers.telling import Message, Render, Telling
from handlers.turn import NOTHING, Rows, Turn
from locales import Words
from models.draws import Draw
from models.items import Item
from models.people import Organ
from models.plans import Task
from models.visits import Visit
from rules import strata, typed
from rules.refusal import Refusal

LISTED = 8  # visits


async def choose_department(turn: Turn, task: Task) -> None:
    """`加事项`: of one's own department, or of another one, which then takes part (联合抽查)."""
    words = turn.words
    organs = [task.organ, *await tasks.partners(turn.session, task, turn.today)][:MOST]
    buttons = [
        button(words, "task_from", task.id, one.id, label="button.department", department=one.department)
        for one in organs
    ]
    rows: Rows = [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
    rows.append([button(words, "task", task.id, label="button.back")])
    await turn.show("tasks", words("task.whose_item"), rows)


async def choose_item(turn: Turn, task: Task) -> None:
    """Which item of that department? Those without a checklist, or not valid any more, are not offered."""
    words = turn.words
    organ = await _organ(turn, task)
    here = {one.item_id for one in task.items}
    items = [one for one in await tasks.usable_items(turn.session, organ.department, turn.today) if one.id not in here]
    rows: Rows = [
        [button(words, "task_add", task.id, organ.id, one.id, label="button.item", name=one.name)]
        for one in items[:MOST]
    ]
    rows.append([button(words, "task_more", task.id, label="button.back")])
    text = "task.which_item" if items else "task.no_more_items"
    await turn.show("tasks", words(text, department=organ.department), rows)


async def add(turn: Turn, task: Task) -> None:
    """The item is in; another department is asked whether it takes part."""
    organ, item = await _organ(turn, task), await turn.session.get(Item, turn.args[2])
    if item is None:
        raise Refusal("gone")
    await tasks.add_item(turn.session, task, item, organ, turn.person, turn.now)
    asked = organ.id != task.organ_id
    await plans.show(turn, task, turn.words("task.asked", organ=organ.name) if asked else NOTHING)


async def _organ(turn: Turn, task: Task) -> Organ:
    for organ in (task.organ, *await tasks.partners(turn.session, task, turn.today)):
        if organ.id == turn.args[1]:
            return organ
    raise Refusal("gone")


async def choose_removed(turn: Turn, task: Task) -> None:
    """`去掉事项`: which one? The first says who is in the pool, and stays."""
    words = turn.words
    rows: Rows = [
        [button(words, "task_remove", task.id, one.item_id, label="button.item", name=one.item.name)]
        for one in task.items[1:]
    ]
    rows.append([button(words, "task", task.id, label="button.back")])
    await turn.show("tasks", words("task.remove_which", first=task.items[0].item.name), rows)


async def remove(turn: Turn, task: Task) -> None:
    """The item is out."""
    await tasks.remove_item(turn.session, task, turn.args[1], turn.person, turn.now)
    await plans.show(turn, task)


async def factors(turn: Turn, task: Task, head: Markup = NOTHING) -> None:
    """`比例表`: how many of a hundred are drawn of each class of risk; typed words change it."""
    words = turn.words
    own = strata.table(task.factors)
    ratios = strata.ratios(task.ratio, task.ceiling, own)
    lines = [head] if head else []
    lines.append(words("task.table", percent=plans.percent(task.ratio), name=task.name))
    if task.ceiling is not None:
        lines.append(words("task.table_ceiling", ceiling=plans.percent(task.ceiling)))
    lines += [
        words(
            "task.table_line",
            name=words(f"stratum.{name}"),
            factor=plans.percent(factor),
            percent=plans.percent(ratios[name] * 100),
        )
        for name, factor in own.items()
    ]
    rows: Rows = []
    if await tasks.is_open(turn.session, task):
        turn.wait_for("task.factors", task=task.id)
        lines.append(words("task.table_how"))
        rows = [[button(words, "task_standard", task.id)]] if task.factors else []
        rows += [[button(words, "task_all", task.id)]] if task.temporary and plans.may_be_all(task) else []
    rows.append([button(words, "task", task.id, label="button.back")])
    await turn.show("tasks", Markup("\n").join(lines), rows)


async def typed_factors(turn: Turn, task: int) -> None:
    """`D 3倍，食品药品 6`, `恢复标准`, or another share for all: `5%`."""
    turn.args = [task]
    held = await plans.load(turn)
    if (ratio := typed.percent(turn.text)) is not None:
        await tasks.change_ratio(turn.session, held, ratio, turn.person, turn.now)
    elif turn.text.strip() == str(turn.words("button.task_standard")):
        await tasks.change_factors(turn.session, held, {}, turn.person, turn.now)
    elif wish := typed.factors(turn.text):
        if unknown := sorted(wish.keys() - {*strata.FACTORS, *strata.KEY_FLAGS}):
            raise Refusal("strata.unknown", name=unknown[0])
        await tasks.change_factors(turn.session, held, wish, turn.person, turn.now)
    else:
        raise Refusal("tasks.table_not_understood")
    await factors(turn, held, turn.words("task.table_changed"))


async def standard(turn: Turn, task: Task) -> None:
    """`恢复标准`: the standing table again."""
    await tasks.change_factors(turn.session, task, {}, turn.person, turn.now)
    await factors(turn, task, turn.words("task.table_changed"))


async def everybody(turn: Turn, task: Task) -> None:
    """`全部，只抽顺序`: everybody is visited, the draw says in which order (R3.1.2b)."""
    await tasks.change_ratio(turn.session, task, tasks.EVERYBODY, turn.person, turn.now)
    turn.wait_no_more()
    await plans.show(turn, task)


async def agree(turn: Turn, task: Task) -> None:
    """`同意参加`."""
    await tasks.agree(turn.session, task, turn.person, turn.now)
    await plans.show(turn, task, turn.words("task.you_agreed"))


async def ask_why_not(turn: Turn, task: Task) -> None:
    """`不参加`: why?"""
    turn.wait_for("task.decline", task=task.id)
    rows = [[button(turn.words, "task", task.id, label="button.back")]]
    await turn.show("tasks", turn.words("task.why_not", name=task.name), rows)


async def decline(turn: Turn, task: int) -> None:
    """The reason was typed; the organ's items leave the task."""
    turn.args = [task]
    held = await plans.seen(turn)
    await tasks.decline(turn.session, held, turn.said(), turn.person, turn.now)
    turn.wait_no_more()
    await turn.show("tasks", turn.words("task.you_declined", name=held.name, organ=held.organ.name))


async def visits(turn: Turn, task: Task) -> None:
    """`检查户`: the visits of a task that its inspectors have been told of, for the supervisors of all its organs."""
    words = turn.words
    query = (
        select(Visit)
        .join(Draw, Draw.id == Visit.draw_id)
        .where(Visit.task_id == task.id, Visit.state != "drawn", Draw.released_at.is_not(None))
        .order_by(Visit.position)
    )
    found = list(await turn.session.scalars(query))
    pages = max(1, -(-len(found) // LISTED))
    begin = min(turn.args[1] if len(turn.args) > 1 else 0, pages - 1) * LISTED
    shown, left = found[begin : begin + LISTED], len(found) - begin - LISTED
    lines = [words("task.visits", len(found), name=task.name)]
    lines += [_line(words, one) for one in shown]
    if left > 0:
        lines.append(words("visits.more", left))
    rows: Rows = [
        [button(words, "visit", one.id, label="button.numbered", number=number, name=one.subject.name)]
        for number, one in enumerate(shown, begin + 1)
    ]
    rows.append(turning(words, "task_visits", task.id, page=begin // LISTED, pages=pages))
    rows.append([button(words, "task", task.id, label="button.back")])
    await turn.show("tasks", Markup("\n").join(lines), [row for row in rows if row])


def _line(words: Words, visit: Visit) -> Markup:
    vacant = sum(seat.state == "open" for seat in visit.seats)
    state: Any = words(f"visit.state.{visit.state}")
    if vacant:
        state = words("comma").join([state, words("task.vacant", vacant)])
    return words("task.visit_line", name=visit.subject.name, state=state)


def told(key: str) -> Render:
    """A line about a task over its card, and a way to it; to an organ that is asked, its answers."""

    async def worded(tell: Telling) -> Message | None:
        task = await tell.session.get_one(Task, tell.params["task"])
        asked = key in ("task.please_join", "task.please_join_again")
        if asked and tell.person.organ_id not in {organ.id for organ in task.not_agreed}:
            return None
        organ = await tell.session.get(Organ, tell.params.get("organ", task.organ_id))
        gaps = {"organ": organ.name if organ else "", "name": task.name, "reason": tell.params.get("reason", "")}
        text = Markup("\n").join([tell.words(key, **gaps), plans.describe(tell.words, task)])
        if asked:
            return Message(text, plans.answers(tell.words, task, tell.person.organ_id), "tasks")
        return Message(text, [[button(tell.words, "task", task.id, label="button.see_task")]])

    return worded
