"""The official calendar, from the announcements that the chinese-calendar package carries."""

from __future__ import annotations

from functools import cache

from chinese_calendar import constants

from rules.workdays import Calendar


@cache
def official() -> Calendar:
    """Holidays and make-up days of all announced years."""
    off = dict.fromkeys(constants.holidays, True)
    on = dict.fromkeys(constants.workdays, False)
    return Calendar({**off, **on}, frozenset(day.year for day in constants.holidays))
