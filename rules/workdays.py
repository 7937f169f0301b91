"""Counts working days (工作日): weekends and holidays off, make-up days on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

ONE = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """Which days are off. `exceptions` maps a day to True (off) or False (make-up day); the rest are as weekends say.

    `years` are those whose holidays have been announced; any other is provisional.
    """

    exceptions: Mapping[date, bool] = field(default_factory=dict)
    years: frozenset[int] = frozenset()

    def works(self, day: date) -> bool:
        """Whether people work on a day."""
        return not self.exceptions.get(day, day.weekday() >= 5)

    def add(self, day: date, count: int) -> date:
        """The day that lies so many working days after a day (or before it, if negative); 0 is the day itself."""
        step = ONE if count > 0 else -ONE
        left = abs(count)
        while left:
            day += step
            left -= self.works(day)
        return day

    def between(self, first: date, last: date) -> int:
        """Working days after `first` up to and with `last`; negative if `last` is earlier."""
        if last < first:
            return -self.between(last, first)
        return sum(self.works(first + ONE * n) for n in range(1, (last - first).days + 1))

    def provisional(self, day: date) -> bool:
        """Whether the holidays of that year are not announced yet, so that a deadline there may still move."""
        return day.year not in self.years


def whole_year(days: Mapping[date, bool], year: int) -> bool:
    """Whether these days (True: off) can be all the holidays of a year: New Year's Day and National Day are off."""
    return days.get(date(year, 1, 1), False) and days.get(date(year, 10, 1), False)
