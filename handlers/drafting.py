"""Drafting an annual plan in the chat: its year and name, and one task after the other (R3.2.1b)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from markupsafe import Markup

from actions import annual, drafts
from handlers import annual as cards
from handlers import planned
from handlers.buttons import button
from handlers.plans import percent, share
from handlers.turn import Rows, Turn
from models.plans import Plan
from rules.plans import LAST_MONTHS, PERIODS, months, year_of
from rules.refusal import Refusal

ALL_YEAR = 7  # of `PERIODS`


async def drafter(turn: Turn) -> Any:
    """Only who may draft for their organ."""
    if not annual.may_draft(turn.person.organ_id, turn.person):
        raise Refusal("plans.not_yours")
    return turn.person


async def choose_year(turn: Turn, _: Any) -> None:
    """`新计划`: for this year or the next? The likelier first."""
    words, first = turn.words, year_of(turn.today)
    years = (first, first - 1 if turn.today.month >= LAST_MONTHS else first + 1)
    rows = [[button(words, "plan_year", year, year=year) for year in years]]
    rows.append([button(words, "annual", label="button.back")])
    await turn.show("plans", words("plan.which_year"), rows)


async def choose_name(turn: Turn, _: Any) -> None:
    """The usual name, or one that is typed."""
    words, year = turn.words, _year(turn, turn.args[0])
    turn.wait_for("plan.name", year=year)
    rows = [[button(words, "plan_named", year), button(words, "annual", label="button.back")]]
    await turn.show("plans", words("plan.which_name", name=_usual_name(turn, year)), rows)


async def named(turn: Turn, _: Any) -> None:
    """`就用这个`."""
    year = _year(turn, turn.args[0])
    await _start(turn, year, str(_usual_name(turn, year).unescape()))


async def typed_name(turn: Turn, year: int) -> None:
    """The name was typed."""
    await drafter(turn)
    await _start(turn, year, turn.text)


def _year(turn: Turn, year: int) -> int:
    if not turn.today.year <= year <= turn.today.year + 1:
        raise Refusal("gone")
    return year


def _usual_name(turn: Turn, year: int) -> Markup:
    return turn.words("plan.name", year=year, organ=turn.person.organ.name)


async def _start(turn: Turn, year: int, name: str) -> None:
    plan = await drafts.start(turn.session, turn.person.organ, name, year, turn.person, turn.now)
    turn.wait_no_more()
    await cards.show(turn, plan)


async def choose_item(turn: Turn, plan: Plan) -> None:
    """`加任务`: what is inspected? One of the lead's own items first."""
    words = turn.words
    found = await planned.items_of(turn, plan.organ)
    rows: Rows = [[button(words, "plan_item", plan.id, one.id, name=one.name)] for one in found]
    rows.append([button(words, "plan", plan.id, label="button.back")])
    await turn.show(f"plan:{plan.id}", words("plan.which_item" if found else "plan.no_items"), rows)


async def choose_ratio(turn: Turn, plan: Plan) -> None:
    """How many of a hundred? Never over the ceiling of a general item (R3.1.2c)."""
    words, item = turn.words, await planned.item_of(turn, plan.organ, turn.args[1])
    offered = planned.ratios([item])
    rows: Rows = [
        [
            button(words, "plan_new", plan.id, item.id, int(n * 1000), version=plan.version, percent=percent(n))
            for n in offered
        ],
        [button(words, "plan", plan.id, label="button.back")],
    ]
    turn.wait_for("plan.ratio", plan=plan.id, item=item.id)
    ceiling = item.ratio_ceiling or 0
    text = words("plan.which_ratio_ceiling", name=item.name, ceiling=percent(ceiling))
    await turn.show(
        f"plan:{plan.id}", text if item.kind == "general" else words("plan.which_ratio", name=item.name), rows
    )


async def typed_ratio(turn: Turn, plan: int, item: int) -> None:
    """A share typed as a number."""
    held = await cards.find(turn, plan)
    await _new(turn, held, item, share(turn.text))


async def new(turn: Turn, plan: Plan) -> None:
    """The share was tapped."""
    await _new(turn, plan, turn.args[1], Decimal(turn.args[2]) / 1000)


async def _new(turn: Turn, plan: Plan, item_id: int, ratio: Decimal) -> None:
    """The task stands in the draft, for the whole year; its dates are next."""
    item = await planned.item_of(turn, plan.organ, item_id)
    first, last = months(plan.year, *PERIODS[ALL_YEAR])
    wish = drafts.Wish(item.name, plan.organ.area_code, ratio, first, last, ((item.id, plan.organ_id),))
    await planned.choose_when(turn, await drafts.add_task(turn.session, plan, wish, turn.person, turn.now))
