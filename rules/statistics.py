"""The figures of the assessment (绩效考核, R4.1): what each one counts, out of what, and to which days it belongs.

A figure is a share of rows: of planned tasks, tasks, visits or leads. Its words are `statistics.KEY` (its name),
`statistics.KEY.total` and `statistics.KEY.met`; its rows are named queries in `actions.figures`, so that each number
can be traced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType

from rules.results import OBSTRUCTED, PROBLEMS, UNREACHABLE
from rules.visits import NOT_STARTED, WORKING
from rules.workdays import ONE, Calendar

PLANNED, TASK, VISIT, LEAD = "planned", "task", "visit", "lead"

FOUND = PROBLEMS | {UNREACHABLE, OBSTRUCTED}  # results that say that something is wrong
NOT_HANDED_IN = (*NOT_STARTED, *WORKING)  # states of a visit whose result nobody has entered and signed yet


@dataclass(frozen=True)
class Figure:
    """A share of `rows` (planned, task, visit, lead). `better` is 1 where more is better, 0 where neither is."""

    rows: str
    clause: str
    better: int = 1


FIGURES: Mapping[str, Figure] = MappingProxyType(
    {
        # 计划完成率: of the tasks of published plans that end in the period, those that were drawn, every visit done.
        "plan": Figure(PLANNED, "R3.2.1b"),
        # 任务完成率: of the tasks that were drawn and end in the period, those all of whose visits are done.
        "task": Figure(TASK, "R3.3.1a"),
        # 检查完成率: of the visits due in the period, those whose result was handed in.
        "check": Figure(VISIT, "R3.3.1a"),
        # 结果公示率: of the results handed in in the period that are public or whose 20 working days are over, those
        # that were public in time. What the law keeps from the public does not count.
        "publication": Figure(VISIT, "R3.2.3a"),
        # 问题发现率: of the results handed in in the period that are public and were not withdrawn, those that say that
        # something is wrong.
        "problem": Figure(VISIT, "R3.2.2c", better=0),
        # 立案率: of those that say something is wrong, the ones that led to a case or to the prosecutors.
        "case": Figure(VISIT, "R3.3.3b", better=0),
        # 联合抽查占比: of the visits handed in in the period, those of two departments or more together.
        "joint": Figure(VISIT, "R1.4"),
        # 掌上执法率: of the visits handed in in the period at which somebody had to be there, those at which every
        # inspector said so on the phone.
        "phone": Figure(VISIT, "R3.3.2b"),
        # 移送反馈率: of the leads sent in the period and not withdrawn, those that were answered with an outcome.
        "feedback": Figure(LEAD, "R3.3.3a"),
    }
)

DIMENSIONS = ("department", "area", "item", "month")


@dataclass(frozen=True)
class Share:
    """So many out of so many."""

    met: int = 0
    total: int = 0

    @property
    def percent(self) -> Decimal | None:
        """In percent, to one decimal, half up; None out of nothing."""
        if not self.total:
            return None
        return (Decimal(100 * self.met) / self.total).quantize(Decimal("0.1"), ROUND_HALF_UP)


@dataclass(frozen=True)
class Period:
    """Some days, from the first to the last."""

    first: date
    last: date

    @classmethod
    def of_year(cls, year: int) -> Period:
        """A calendar year."""
        return cls(date(year, 1, 1), date(year, 12, 31))

    @classmethod
    def of_month(cls, year: int, month: int) -> Period:
        """A calendar month."""
        first = date(year, month, 1)
        return cls(first, (first + 31 * ONE).replace(day=1) - ONE)

    @property
    def months(self) -> list[Period]:
        """Its months, in order; the first and the last may be cut."""
        found, day = [], self.first
        while day <= self.last:
            whole = Period.of_month(day.year, day.month)
            found.append(Period(day, min(whole.last, self.last)))
            day = whole.last + ONE
        return found

    @property
    def days(self) -> list[date]:
        """Its days, in order."""
        return [self.first + n * ONE for n in range((self.last - self.first).days + 1)]


def first_in_time(calendar: Calendar, today: date, working_days: int) -> date:
    """The first day whose deadline, so many working days later, has not passed today."""
    day = calendar.add(today, -working_days)
    while calendar.add(day, working_days) < today:
        day += ONE
    while calendar.add(day - ONE, working_days) >= today:
        day -= ONE
    return day
