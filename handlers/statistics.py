"""The assessment in the chat (绩效考核, R4.1): figures, each by department, area, item and month, down to its rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from markupsafe import Markup
from sqlalchemy import func, select

from actions import statistics
from actions.statistics import Line, Row, Scope
from handlers.buttons import button
from handlers.turn import Button, Rows, Turn
from handlers.wording import brief
from locales import Words
from models.items import Item
from models.people import Area, Organ, Person
from rules.refusal import Refusal
from rules.statistics import DIMENSIONS, FIGURES, LEAD, TASK, VISIT, Period, Share

KEYS = tuple(FIGURES)
LISTED = 8
ROLES = ("office", "supervisor", "administrator")
OPENS = {TASK: "task", VISIT: "visit", LEAD: "lead"}  # what a row's button opens


@dataclass(frozen=True)
class View:
    """What a card shows, in numbers that fit into a button: year or month (2026, 202612), organ, area, item; 0: all.

    The organ stands for its department (line), the item for its code in every version.
    """

    period: int
    organ: int = 0
    area: int = 0
    item: int = 0

    @property
    def numbers(self) -> tuple[int, ...]:
        """As a button carries it."""
        return self.period, self.organ, self.area, self.item

    def days(self) -> Period:
        """The period. Refused if there is none such."""
        year, month = (self.period, 0) if self.period < 10000 else divmod(self.period, 100)
        if not (2000 <= year < 2100 and month <= 12):
            raise Refusal("gone")
        return Period.of_month(year, month) if month else Period.of_year(year)


async def overview(turn: Turn, _: Any = None) -> None:
    """`/stats`: all figures of this year, of the person's department and area; each leads to its parts."""
    view = _view(turn, 0) if turn.args else _own(turn)
    scope = await _scope(turn, view)
    shares = await statistics.overview(turn.session, scope, _now(turn))
    shown = [
        button(turn.words, "figure", number, *view.numbers, 0, label="statistics.button",
               name=turn.words(f"statistics.{key}"), percent=_percent(shares[key]))
        for number, key in enumerate(KEYS)
    ]  # fmt: skip
    rows: Rows = [shown[start : start + 2] for start in range(0, len(shown), 2)]
    wider = [
        button(turn.words, "stats", *replace(view, **{name: 0}).numbers, label=f"statistics.all.{name}")
        for name in ("organ", "area", "item")
        if getattr(view, name)
    ]
    rows += [row for row in (_periods(turn, view), wider) if row]
    rows.append([button(turn.words, "stat_file", *view.numbers), button(turn.words, "me", label="button.back")])
    await turn.show("stats", await _title(turn, view, turn.words("statistics.ask")), rows)


async def figure(turn: Turn, _: Any = None) -> None:
    """One figure, by one dimension; each line leads into its own part."""
    key, view, dimension = _key(turn), _view(turn, 1), turn.args[5]
    if dimension >= len(DIMENSIONS):
        raise Refusal("gone")
    words, name = turn.words, DIMENSIONS[dimension]
    scope, now = await _scope(turn, view), _now(turn)
    lines = await statistics.by(turn.session, key, name, scope, now)
    whole = (await statistics.overview(turn.session, scope, now, (key,)))[key]
    told = [
        words("statistics.is", name=words(f"statistics.{key}"), percent=_percent(whole), met=whole.met, n=whole.total),
        words("statistics.means", met=words(f"statistics.{key}.met"), total=words(f"statistics.{key}.total")),
    ]
    rows: Rows = []
    shown = lines if name == "month" or len(lines) <= LISTED else [*lines[: LISTED - 3], *lines[-3:]]
    for line in shown:
        rows.append([await _into(turn, KEYS.index(key), view, dimension, line)])
    if len(shown) < len(lines):
        told.append(words("statistics.between", n=len(lines) - len(shown)))
    number = KEYS.index(key)
    rows.append(
        [button(words, "figure", number, *view.numbers, other, label=f"statistics.by.{one}")
         for other, one in enumerate(DIMENSIONS) if other != dimension]
    )  # fmt: skip
    rows.append(
        [button(words, "stat_rows", number, *view.numbers, 0, label="button.stat_rows"),
         button(words, "stats", *view.numbers, label="button.back")]
    )  # fmt: skip
    await turn.show("stats", await _title(turn, view, *told), rows)


async def rows(turn: Turn, _: Any = None) -> None:
    """The rows behind a figure, those that are missing marked; of other organs only for the office."""
    key, view, after = _key(turn), _view(turn, 1), turn.args[5]
    scope, now = await _scope(turn, view), _now(turn)
    scope = of_own(scope, turn.person)
    found = await statistics.rows(turn.session, key, scope, now, limit=LISTED + 1, after=after)
    words, number = turn.words, KEYS.index(key)
    lines = [words("statistics.rows", name=words(f"statistics.{key}"))]
    lines += [_line(words, one, place) for place, one in enumerate(found[:LISTED], 1)]
    if not found:
        lines.append(words("statistics.no_rows"))
    shown: Rows = []
    verb = OPENS.get(FIGURES[key].rows)
    if verb and "supervisor" in turn.person.roles:
        going = [button(words, verb, one.id, label="statistics.open", n=place)
                 for place, one in enumerate(found[:LISTED], 1)]  # fmt: skip
        shown += [going[start : start + 4] for start in range(0, len(going), 4)]
    last = [button(words, "figure", number, *view.numbers, 0, label="button.back")]
    if len(found) > LISTED:
        more = button(words, "stat_rows", number, *view.numbers, found[LISTED - 1].id, label="button.more")
        last.insert(0, more)
    await turn.show("stats", await _title(turn, view, *lines), [*shown, last])


async def file(turn: Turn, _: Any = None) -> None:
    """All figures of the view with their parts, charts and rows, as XLSX."""
    view = _view(turn, 0)
    scope = await _scope(turn, view)
    order = {
        "first": str(scope.period.first), "last": str(scope.period.last), "department": scope.department,
        "area": scope.area, "item": scope.item, "own": of_own(scope, turn.person).organ_id,
    }  # fmt: skip
    turn.send_workbook("statistics", order, await _title(turn, view, turn.words("statistics.file")))


def of_own(scope: Scope, person: Person) -> Scope:
    """The scope within which somebody may see the rows themselves: the own organ, or all for the office."""
    if {"office", "administrator"} & set(person.roles):
        return scope
    return replace(scope, organ_id=person.organ_id)


def _own(turn: Turn) -> View:
    """What somebody looks at first: their area, and of it their department unless they are of the office."""
    person = _reader(turn)
    organ = 0 if {"office", "administrator"} & set(person.roles) else person.organ_id
    return View(turn.today.year, organ, int(person.organ.area_code))


def _reader(turn: Turn) -> Person:
    return turn.person if set(ROLES) & set(turn.person.roles) else turn.needs("supervisor")


def _now(turn: Turn) -> datetime:
    return turn.now.astimezone(turn.house.zone)


def _view(turn: Turn, start: int) -> View:
    _reader(turn)
    return View(*(turn.args[place] for place in range(start, start + 4)))


def _key(turn: Turn) -> str:
    if turn.args[0] >= len(KEYS):
        raise Refusal("gone")
    return KEYS[turn.args[0]]


async def _scope(turn: Turn, view: View) -> Scope:
    organ = await turn.session.get(Organ, view.organ) if view.organ else None
    item = await turn.session.get(Item, view.item) if view.item else None
    if (view.organ and organ is None) or (view.item and item is None):
        raise Refusal("gone")
    return Scope(
        view.days(),
        department=organ.department if organ else "",
        area=f"{view.area:06}" if view.area else "",
        item=item.code if item else "",
    )


async def _title(turn: Turn, view: View, *lines: Markup) -> Markup:
    """Of when, where and what, then the lines."""
    words, of = turn.words, []
    days = view.days()
    of.append(words.month(days.first) if view.period > 9999 else str(view.period))
    if area := await turn.session.get(Area, f"{view.area:06}") if view.area else None:
        of.append(area.name)
    if organ := await turn.session.get(Organ, view.organ) if view.organ else None:
        of.append(organ.department)
    if item := await turn.session.get(Item, view.item) if view.item else None:
        of.append(brief(item.name, 30))
    return Markup("\n").join([words("statistics.title", of=" · ".join(of)), *lines])


def _periods(turn: Turn, view: View) -> list[Button]:
    """The last year, this year, this month, as far as they are not shown."""
    today = turn.today
    offered = {"this_year": today.year, "last_year": today.year - 1, "this_month": today.year * 100 + today.month}
    return [
        button(turn.words, "stats", *replace(view, period=one).numbers, label=f"statistics.{name}")
        for name, one in offered.items()
        if one != view.period
    ]


async def _into(turn: Turn, number: int, view: View, dimension: int, line: Line) -> Button:
    """The button of a line: into its own part, by the next dimension."""
    name = line.name
    match DIMENSIONS[dimension]:
        case "department":
            organ = await turn.session.scalar(select(func.min(Organ.id)).where(Organ.department == line.key))
            inner = replace(view, organ=organ or 0)
        case "area":
            inner = replace(view, area=int(line.key))
        case "item":
            item = await turn.session.scalar(select(func.max(Item.id)).where(Item.code == line.key))
            inner = replace(view, item=item or 0)
        case _:
            inner = replace(view, period=int(line.key.replace("-", "")))
            name = turn.words.month(inner.days().first)
    gaps: dict[str, Any] = {
        "name": brief(name, 20),
        "percent": _percent(line.share),
        "met": line.share.met,
        "n": line.share.total,
    }
    after = (dimension + 1) % len(DIMENSIONS)
    return button(turn.words, "figure", number, *inner.numbers, after, label="statistics.line", **gaps)


def _percent(share: Share) -> str:
    return "—" if share.percent is None else f"{share.percent}%"


def _line(words: Words, row: Row, place: int) -> Markup:
    gaps: dict[str, Any] = {"number": place, "task": row.task or "—", "name": brief(row.name, 40), "day": row.at}
    return words("statistics.row_met" if row.met else "statistics.row_not_met", **gaps)
