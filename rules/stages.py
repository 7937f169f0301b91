"""Deals the visits of a draw out over the weeks (分批下达), so that nobody is told of too many at once (R3.2.2a)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, timedelta

from rules.workdays import ONE, Calendar

OFFERED = (2, 3, 5, 10)  # visits a week, as buttons
WEEK = timedelta(days=7)


def days(calendar: Calendar, today: date, end: date) -> list[date]:
    """When stages may be released: today, then the first working day of every later week, all before `end`.

    A week without a working day has no stage.
    """
    found, monday = [today], today - ONE * today.weekday() + WEEK
    while monday < end:
        first = next((day for day in (monday + ONE * n for n in range(7)) if calendar.works(day)), None)
        if first is not None and first < end:
            found.append(first)
        monday += WEEK
    return found


def weeks(visits: Sequence[Collection[int]], per_week: int) -> list[int]:
    """The week (from 0) of each visit, in order: the earliest in which each of its people has fewer than `per_week`.

    A visit is given by the people on it. ValueError if `per_week` is less than 1.
    """
    if per_week < 1:
        raise ValueError("nobody would ever be told")
    told, found = Counter[tuple[int, int]](), []
    for people in visits:
        week = 0
        while any(told[person, week] >= per_week for person in people):
            week += 1
        told.update((person, week) for person in people)
        found.append(week)
    return found


def least(visits: Sequence[Collection[int]], number: int) -> int:
    """The least visits a week for each with which all visits fit into so many weeks (at least one)."""
    per_week = 1
    while max(weeks(visits, per_week), default=0) >= number:
        per_week += 1
    return per_week
