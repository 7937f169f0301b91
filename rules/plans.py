"""What a plan and a task may be, who approves a plan, and the numbers that both carry."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from rules.refusal import Refusal

MOVES = {
    "draft": ("submitted",),
    "submitted": ("draft", "approved"),  # draft again when it is rejected or taken back
    "approved": ("published",),
    "published": ("superseded",),  # by its next edition
    "superseded": (),
}
LEAD, MARKET, OFFICE = "lead", "market", "office"  # the stages of the approval chain
MARKET_DEPARTMENT = "市场监管"
KINDS = {"random": "不定向", "directed": "定向"}
DRAFTERS = ("supervisor", "liaison", "administrator")  # who may draft and submit
FEWEST_SEATS, MOST_SEATS = 2, 9  # inspectors of each department; two by 行政处罚法
MOST_TASKS = 200
LAST_MONTHS = 10  # from this month on, one plans for the next year
PERIODS = {  # what a button offers, by its number: first and last month
    1: (1, 3),
    2: (4, 6),
    3: (7, 9),
    4: (10, 12),
    5: (1, 6),
    6: (7, 12),
    7: (1, 12),
}


class Breach(NamedTuple):
    """A rule that a plan breaks: the number of the task (0: the plan itself), and a key under `refusal.plans.`."""

    task: int
    code: str
    gaps: dict[str, Any]


@dataclass(frozen=True)
class ItemFacts:
    """What the rules need of an item in a planned task; `ceiling` in percent, of a general one."""

    name: str
    department: str
    general: bool
    ceiling: Decimal | None
    valid_until: date | None


@dataclass(frozen=True)
class TaskFacts:
    """What the rules need of a planned task; `participants` are the departments that take part besides the lead's."""

    number: int
    name: str
    kind: str
    scope: str
    ratio: Decimal
    seats: int
    starts: date
    ends: date
    items: tuple[ItemFacts, ...]
    participants: tuple[str, ...] = ()


def task_number(area_code: str, day: date, count: int) -> str:
    """Area code (6 digits), day, `1`, and the count of that day in three digits."""
    if count > 999:
        raise Refusal("plans.too_many_today")
    return f"{area_code[:6]}{day:%Y%m%d}1{count:03}"


def plan_number(area_code: str, year: int, count: int) -> str:
    """Area code (6 digits), year, `1`, and the count of that year in three digits."""
    if count > 999:
        raise Refusal("plans.too_many_this_year")
    return f"{area_code[:6]}{year:04}1{count:03}"


def months(year: int, first: int, last: int) -> tuple[date, date]:
    """The first and the last day of a run of months; ValueError if there is no such month."""
    return date(year, first, 1), date(year, last, monthrange(year, last)[1])


def year_of(today: date) -> int:
    """The year that one plans for: this one, from October on the next."""
    return today.year + (today.month >= LAST_MONTHS)


def chain(joint: bool, department: str) -> tuple[str, ...]:
    """Whose approval a plan needs, in order (R3.2.1a).

    A joint one goes from the lead department to market supervision and the joint conference office; market supervision
    does not approve its own a second time.
    """
    if not joint:
        return (LEAD,)
    return (LEAD, OFFICE) if department == MARKET_DEPARTMENT else (LEAD, MARKET, OFFICE)


def check_move(state: str, to: str) -> None:
    """Refused if a plan may not go from one state to the other."""
    if to not in MOVES[state]:
        raise Refusal("plans.not_now")


def check_task(ceiling: Decimal | None, ratio: Decimal, starts: date, ends: date, today: date) -> None:
    """Refused if the ratio (percent) or the window breaks a rule.

    `ceiling` is the lowest of its general items (R3.1.2c); None where all are key items (R3.1.2b).
    """
    for breach in _ratio(0, ceiling, ratio):
        raise Refusal(f"plans.{breach.code}", **breach.gaps)
    if ends < starts or ends < today:
        raise Refusal("plans.window")


def breaches(year: int, department: str, tasks: Iterable[TaskFacts]) -> list[Breach]:
    """All rules that a plan of a lead department breaks, so that they can be mended at once (R3.1.2c, R3.2.1b)."""
    tasks = list(tasks)
    found = [] if tasks else [Breach(0, "no_tasks", {})]
    names: set[str] = set()
    for task in tasks:
        if task.name in names:
            found.append(Breach(task.number, "name_twice", {"name": task.name}))
        names.add(task.name)
        found += _of_task(year, department, task)
    return found


def _of_task(year: int, department: str, task: TaskFacts) -> Iterator[Breach]:
    number = task.number
    if not task.items:
        yield Breach(number, "no_items", {})
    ceilings = [item.ceiling or Decimal(0) for item in task.items if item.general]
    yield from _ratio(number, min(ceilings, default=None), task.ratio)
    if task.ends < task.starts:
        yield Breach(number, "dates_reversed", {})
    elif task.starts.year != year or task.ends.year != year:
        yield Breach(number, "other_year", {"year": year})
    if not FEWEST_SEATS <= task.seats <= MOST_SEATS:
        yield Breach(number, "seats", {"fewest": FEWEST_SEATS, "most": MOST_SEATS})
    if task.kind == "directed" and not task.scope:
        yield Breach(number, "directed_needs_scope", {})
    for item in task.items:
        if item.valid_until is not None and item.valid_until < task.starts:
            yield Breach(number, "item_ended", {"item": item.name, "day": item.valid_until})
    taking_part = {department, *task.participants}
    checked = {item.department for item in task.items}
    for missing in sorted(checked - taking_part):
        names = "、".join(item.name for item in task.items if item.department == missing)
        yield Breach(number, "missing_participant", {"department": missing, "items": names})
    for idle in sorted(set(task.participants) - checked - {department}):
        yield Breach(number, "idle_participant", {"department": idle})
    if task.items and department not in checked:
        yield Breach(number, "idle_lead", {"department": department})


def _ratio(number: int, ceiling: Decimal | None, ratio: Decimal) -> Iterator[Breach]:
    if not 0 < ratio <= 100:
        yield Breach(number, "ratio_range", {})
    elif ceiling is not None and ratio > ceiling:
        yield Breach(number, "over_ceiling", {"ceiling": f"{float(ceiling):.10g}"})
