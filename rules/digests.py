"""When which digest is due: one a working day, of the day, the week or the month before, whichever is longest."""

from __future__ import annotations

from datetime import date

from rules.deadlines import DIGEST_AT, QUIET_FROM, QUIET_UNTIL
from rules.statistics import Period
from rules.workdays import ONE, Calendar

DAILY, WEEKLY, MONTHLY = "daily", "weekly", "monthly"
KINDS = (DAILY, WEEKLY, MONTHLY)
HOUR = DIGEST_AT.hour  # unless somebody chose another
HOURS = range(QUIET_UNTIL.hour, QUIET_FROM.hour)
ROLES = ("office", "supervisor", "liaison")  # each has its own part of the picture
READERS = (*ROLES, "deputy")  # who gets one; a deputy the liaison's
LONGEST = 900  # characters of its text


def due(calendar: Calendar, today: date, wanted: tuple[str, ...]) -> str:
    """The kind that is due: monthly and weekly on their first working day, in place of the daily one; or empty."""
    if not calendar.works(today):
        return ""
    before = calendar.add(today, -1)
    if before.month != today.month and MONTHLY in wanted:
        return MONTHLY
    if before.isocalendar()[:2] != today.isocalendar()[:2] and WEEKLY in wanted:
        return WEEKLY
    return DAILY if DAILY in wanted else ""


def period(kind: str, today: date) -> Period:
    """What a digest looks back on: the last month, the last week from Monday on, or this year so far."""
    if kind == MONTHLY:
        last = today.replace(day=1) - ONE
        return Period(last.replace(day=1), last)
    if kind == WEEKLY:
        monday = today - today.weekday() * ONE
        return Period(monday - 7 * ONE, monday - ONE)
    return Period(today.replace(month=1, day=1), today)


def before(kind: str, of: Period) -> Period | None:
    """The week or month before one, to compare with; none for a year so far."""
    if kind == MONTHLY:
        return period(MONTHLY, of.first)
    return Period(of.first - 7 * ONE, of.first - ONE) if kind == WEEKLY else None
