"""A task of an annual plan in the chat: seen by all, changed while the plan is a draft, made when it is public."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from actions import annual, drafts, plans
from actions.items import list_on
from actions.tasks import partners_of
from handlers import annual as cards
from handlers import plans as task_cards
from handlers.buttons import MOST, button, leaf
from handlers.plans import RATIOS, percent, share
from handlers.turn import NOTHING, Rows, Turn
from models.items import Item
from models.people import Organ
from models.plans import Plan, PlannedTask
from rules import typed
from rules.plans import KINDS, PERIODS, months
from rules.refusal import Refusal

LISTED = 10  # tasks of a plan on one page
_NAME = re.compile(r"(?:名称|name)\s*[:：]?\s*(\S.*)", re.I)
_SCOPE = re.compile(r"(?:对象|范围|scope)\s*[:：]?\s*(\S.*)", re.I)
_SEATS = re.compile(r"(?:每户|seats)\s*[:：]?\s*(\d)\s*人?", re.I)
_BARE = re.compile(r"\d{1,3}(?:\.\d+)?\s*[%％]?")


async def load(turn: Turn) -> PlannedTask:
    """The planned task that a button speaks of, its plan locked, for those whose business it is."""
    planned = await turn.session.get(PlannedTask, turn.args[0])
    if planned is None:
        raise Refusal("gone")
    await cards.find(turn, planned.plan_id)
    return planned


async def tasks(turn: Turn, plan: Plan) -> None:
    """`看任务`: the tasks of a plan, a line and a button each."""
    words = turn.words
    page = turn.args[1] if len(turn.args) > 1 else 0
    shown, more = leaf(words, plan.tasks, "plan_tasks", plan.id, page=page, size=LISTED)
    lines = [words("planned.tasks", name=plan.name), *(cards.line(words, one) for _, one in shown)]
    rows: Rows = [[button(words, "planned", one.id, number=one.number, name=one.name)] for _, one in shown]
    rows += [*more, [button(words, "plan", plan.id, label="button.back")]]
    await turn.show(f"plan:{plan.id}", Markup("\n").join(lines), rows)


async def show(turn: Turn, planned: PlannedTask, head: Markup = NOTHING) -> None:
    """A planned task: what, of whom, how much, when; in a draft with what can be changed."""
    words, plan, ids = turn.words, planned.plan, (planned.id,)
    turn.wait_no_more()
    kind, area, share = words(f"planned.kind.{planned.kind}"), planned.area.name, percent(planned.ratio)
    lines = [head] if head else []
    lines += [
        words("planned.head", number=planned.number, name=planned.name),
        words("planned.what", kind=kind, area=area, percent=share, seats=planned.seats),
        words("planned.when", starts=planned.starts, ends=planned.ends),
    ]
    if planned.scope:
        lines.append(words("planned.scope", scope=planned.scope))
    lines += [words("planned.item", name=one.item.name, department=one.item.department) for one in planned.items]
    rows: Rows = []
    if plan.state == "draft" and (plan.drafted_by == turn.person.id or annual.may_draft(plan.organ_id, turn.person)):
        turn.wait_for("planned.words", planned=planned.id)
        lines.append(words("planned.how"))
        rows = [
            [button(words, "planned_ratio", *ids), button(words, "planned_when", *ids)],
            [button(words, "planned_more", *ids)],
            [button(words, "planned_delete", *ids)],
        ]
        if len(planned.items) > 1:
            rows[1].append(button(words, "planned_less", *ids))
    elif plan.state == "published" and plan.organ_id == turn.person.organ_id and "supervisor" in turn.person.roles:
        made = await plans.task_of(turn.session, planned)
        if made:
            rows = [[button(words, "task", made.id, label="button.task", number=made.number, name=made.name)]]
        else:
            rows = [[button(words, "planned_make", *ids)]]
    rows.append([button(words, "plan", plan.id, label="button.back")])
    await turn.show(f"plan:{plan.id}", Markup("\n").join(lines), rows)


async def heard(turn: Turn, planned: int) -> None:
    """What was typed while the card stood there: "5%", "3-6月", "名称 …", "对象 …", "定向", "每户3人"."""
    turn.args = [planned]
    held, text = await load(turn), turn.text.strip()
    kinds = {word: kind for kind, word in KINDS.items()} | {"random": "random", "directed": "directed"}
    if _BARE.fullmatch(text):
        change: dict[str, Any] = {"ratio": share(text)}
    elif found := typed.window(text, held.plan.year):
        change = {"starts": found[0], "ends": found[1]}
    elif match := _NAME.fullmatch(text):
        change = {"name": match[1][: drafts.LONGEST_NAME]}
    elif match := _SCOPE.fullmatch(text):
        change = {"scope": match[1][: annual.LONGEST_REASON]}
    elif match := _SEATS.fullmatch(text):
        change = {"seats": int(match[1])}
    elif text.lower() in kinds:
        change = {"kind": kinds[text.lower()]}
    else:
        raise Refusal("plans.words")
    await _change(turn, held, **change)


async def _change(turn: Turn, planned: PlannedTask, **values: Any) -> None:
    await drafts.change_task(turn.session, planned.plan, planned, turn.person, turn.now, **values)
    await show(turn, planned, turn.words("planned.changed"))


async def choose_other_ratio(turn: Turn, planned: PlannedTask) -> None:
    """`改比例`."""
    words, offered = turn.words, ratios(one.item for one in planned.items)
    turn.wait_for("planned.words", planned=planned.id)
    rows: Rows = [
        [button(words, "planned_ratio_is", planned.id, int(n * 1000), label="button.percent", percent=percent(n))
         for n in offered],
        [button(words, "planned", planned.id, label="button.back")],
    ]  # fmt: skip
    await turn.show(f"plan:{planned.plan_id}", words("plan.which_ratio", name=planned.name), rows)


async def other_ratio(turn: Turn, planned: PlannedTask) -> None:
    """The share was tapped."""
    await _change(turn, planned, ratio=share(str(Decimal(turn.args[1]) / 1000)))


async def choose_when(turn: Turn, planned: PlannedTask) -> None:
    """`改时间`: a quarter, half a year, the year; or typed."""
    words, year = turn.words, planned.plan.year
    turn.wait_for("planned.words", planned=planned.id)
    open_ = [n for n, run in PERIODS.items() if months(year, *run)[1] >= turn.today]
    buttons = [button(words, "planned_when_is", planned.id, n, label=f"plan.period.{n}") for n in open_]
    rows: Rows = [buttons[start : start + 4] for start in range(0, len(buttons), 4)]
    rows.append([button(words, "planned", planned.id, label="button.back")])
    await turn.show(f"plan:{planned.plan_id}", words("plan.which_when", name=planned.name), rows)


async def when(turn: Turn, planned: PlannedTask) -> None:
    """The period was tapped."""
    if turn.args[1] not in PERIODS:
        raise Refusal("gone")
    first, last = months(planned.plan.year, *PERIODS[turn.args[1]])
    await _change(turn, planned, starts=first, ends=last)


async def choose_department(turn: Turn, planned: PlannedTask) -> None:
    """`加事项`: of one's own department, or of another one, which then takes part (部门联合)."""
    words, lead = turn.words, planned.plan.organ
    organs = [lead, *await partners_of(turn.session, lead, planned.organs, turn.today)][:MOST]
    buttons = [
        button(words, "planned_from", planned.id, one.id, label="button.department", department=one.department)
        for one in organs
    ]
    rows: Rows = [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
    rows.append([button(words, "planned", planned.id, label="button.back")])
    await turn.show(f"plan:{planned.plan_id}", words("planned.which_department"), rows)


async def choose_more(turn: Turn, planned: PlannedTask) -> None:
    """Which item of that department?"""
    words, organ = turn.words, await _organ(turn, planned)
    here = {one.item_id for one in planned.items}
    rows: Rows = [
        [button(words, "planned_item", planned.id, organ.id, one.id, label="button.item", name=one.name)]
        for one in await items_of(turn, organ)
        if one.id not in here
    ]
    text = "planned.which_item" if rows else "planned.no_more_items"
    rows.append([button(words, "planned_more", planned.id, label="button.back")])
    await turn.show(f"plan:{planned.plan_id}", words(text, organ=organ.name), rows)


async def more(turn: Turn, planned: PlannedTask) -> None:
    """The item is in."""
    organ = await _organ(turn, planned)
    item = await item_of(turn, organ, turn.args[2])
    await drafts.add_item(turn.session, planned.plan, planned, item, organ, turn.person, turn.now)
    await show(turn, planned)


async def choose_less(turn: Turn, planned: PlannedTask) -> None:
    """`去掉事项`: which one?"""
    words = turn.words
    rows: Rows = [
        [button(words, "planned_drop", planned.id, one.item_id, label="button.item", name=one.item.name)]
        for one in planned.items
    ]
    rows.append([button(words, "planned", planned.id, label="button.back")])
    await turn.show(f"plan:{planned.plan_id}", words("planned.less_which"), rows)


async def drop(turn: Turn, planned: PlannedTask) -> None:
    """The item is out."""
    await drafts.remove_item(turn.session, planned.plan, planned, turn.args[1], turn.person, turn.now)
    await show(turn, planned)


async def ask_delete(turn: Turn, planned: PlannedTask) -> None:
    """`删任务`: really this one, with all that was entered?"""
    words, plan = turn.words, planned.plan
    annual.check_drafter(plan, turn.person)
    turn.wait_no_more()
    items = words("comma").join(one.item.name for one in planned.items)
    text = words("planned.really_delete", line=cards.line(words, planned), items=items, plan=plan.name)
    yes = button(words, "planned_delete_yes", planned.id, version=plan.version)
    await turn.show(f"plan:{plan.id}", text, [[yes, button(words, "planned", planned.id, label="button.back")]])


async def delete(turn: Turn, planned: PlannedTask) -> None:
    """The task leaves the draft."""
    plan, name = planned.plan, planned.name
    await drafts.remove_task(turn.session, plan, planned, turn.person, turn.now)
    await cards.show(turn, plan, turn.words("planned.deleted", name=name))


async def make(turn: Turn, planned: PlannedTask) -> None:
    """`建任务`: what the plan has announced becomes a task, whose draw is next."""
    task = await plans.task_from_plan(turn.session, planned, turn.person, turn.now)
    await task_cards.show(turn, task)


def ratios(items: Iterable[Item]) -> list[Decimal]:
    """The shares that are offered: the usual ones below the lowest ceiling, and the ceiling itself."""
    ceiling = min((one.ratio_ceiling or Decimal(0) for one in items if one.kind == "general"), default=None)
    usual = [Decimal(n) for n in RATIOS if ceiling is None or n < ceiling]
    return usual + ([Decimal(100)] if ceiling is None else [ceiling] if ceiling else [])


async def items_of(turn: Turn, organ: Organ) -> list[Item]:
    """What an organ can put into a plan: its department's items that are in force."""
    return [one for one in await list_on(turn.session, turn.today) if one.department == organ.department][:MOST]


async def item_of(turn: Turn, organ: Organ, item_id: int) -> Item:
    """The item that a button speaks of. Refused if it is not the organ's."""
    item = await turn.session.get(Item, item_id)
    if item is None or item.department != organ.department:
        raise Refusal("gone")
    return item


async def _organ(turn: Turn, planned: PlannedTask) -> Organ:
    organ = await turn.session.get(Organ, turn.args[1])
    if organ is None or organ.area_code != planned.plan.organ.area_code:
        raise Refusal("gone")
    return organ
