"""How long everybody has, when they are reminded of it, and when nobody is disturbed: one table for all.

A new kind is one line in `TABLE`; `actions.calendars.deadline(kind, since, organ_id)` gives the day, by the calendar
and by what an authority decided for itself. That somebody is reminded is one query in `models/reminders.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from rules.refusal import Refusal
from rules.workdays import Calendar


@dataclass(frozen=True)
class Kind:
    """A kind of deadline: so many working days after its start, or a day of the year; without either each has its own.

    Of a `law` an authority may ask less time but never allow more.
    """

    name: str
    days: int | None = None
    month_day: tuple[int, int] | None = None
    law: bool = False


TABLE = {
    one.name: one
    for one in (
        Kind("seat", 2),  # to accept or decline
        Kind("visit"),  # the window of its task
        Kind("entry", 0),  # of results, on the day of the visit (谁检查、谁录入, R3.2.3a)
        Kind("review", 3),
        Kind("publication", 20, law=True),  # R3.2.3a
        Kind("appeal", 20),  # to answer an objection to a result; as 企业经营异常名录管理暂行办法 art. 12 allows
        Kind("withheld", 60),  # until somebody looks again whether the ground still holds
        Kind("lead_accept", 5),  # R3.3.3a
        Kind("lead_resolve", 15),
        Kind("lead_extend", 10),  # more, once, if whoever handed it over agrees
        Kind("lead_return", 2),  # to find a better address
        Kind("lead_office", 3),  # to decide on what was returned twice or is overdue
        Kind("correction", 10),  # proposed for 责令改正; the inspectors may choose another day
        Kind("targeted", 10),  # a visit because of a lead, or to check again
        Kind("abnormal", 10, law=True),  # to decide on an entry in the list of abnormal operation
        Kind("list_leave", 5, law=True),  # to decide that somebody leaves a list
        Kind("repair", 15, law=True),  # to decide on the repair of credit (信用修复)
        Kind("plan", month_day=(3, 31), law=True),  # R3.2.1c: made by the end of March
        Kind("plan_public", month_day=(3, 31), law=True),
        Kind("filing", month_day=(3, 31), law=True),  # R3.2.1c: filed with the government of the level and above
    )
}
MOST_DAYS = 250  # working days: a year
PUBLICATION = TABLE["publication"].days or 0  # what the law allows, by which an authority is assessed
CORRECTION = TABLE["correction"].days or 0

PERSON, SUPERVISOR, OFFICE = "person", "supervisor", "office"
HALF = "half"
BEFORE = (("before_3", 3), ("before_1", 1), ("day", 0))  # working days before the day
AFTER = (("late_1", 1, PERSON), ("late_3", 3, SUPERVISOR), ("late_5", 5, OFFICE))  # and after it: who hears

QUIET_FROM = time(22)
QUIET_UNTIL = time(7)
DIGEST_AT = time(8)
REMIND_AT = time(8)


@dataclass(frozen=True)
class Step:
    """A rung of the ladder of reminders: on which day, and who hears: the person, the supervisor or the office."""

    name: str
    day: date
    who: str


def until(calendar: Calendar, kind: str, since: date, days: int | None = None) -> date:
    """The last day for a thing of a kind that began on a day; `days` is what an authority decided instead.

    KeyError for an unknown kind, ValueError for one whose things have each their own day.
    """
    one = TABLE[kind]
    if one.month_day:
        this_year = date(since.year, *one.month_day)
        return this_year if since <= this_year else date(since.year + 1, *one.month_day)
    if days is None:
        days = one.days
    if days is None:
        raise ValueError(f"{kind} has no length of its own")
    return calendar.add(since, days)


def check_override(kind: str, days: int) -> None:
    """Refused if an authority may not give a kind so many working days."""
    one = TABLE.get(kind)
    if one is None or one.days is None:
        raise Refusal("deadlines.kind", kind=kind, known=", ".join(k for k, v in TABLE.items() if v.days is not None))
    if not 0 <= days <= most_days(kind):
        raise Refusal("deadlines.days", most=most_days(kind))


def most_days(kind: str) -> int:
    """How many working days an authority may give a kind at most: no more than the law, where the law says."""
    one = TABLE[kind]
    return one.days if one.law and one.days is not None else MOST_DAYS


def ladder(calendar: Calendar, since: date, due: date) -> list[Step]:
    """When who is reminded of a thing that began on one day and must be done by another: half-way, before, after.

    Nobody is reminded on the day it began or on a day off, and nobody twice on one day: the later rung stands.
    """
    rungs = [Step(HALF, calendar.add(since, calendar.between(since, due) // 2), PERSON)]
    last = due if calendar.works(due) else calendar.add(due, -1)
    rungs += [Step(name, calendar.add(last, -days), PERSON) for name, days in BEFORE]
    by_day = {step.day: step for step in rungs if step.day > since}
    late = [Step(name, calendar.add(due, days), who) for name, days, who in AFTER]
    return [*sorted(by_day.values(), key=lambda step: step.day), *late]


def reached(steps: list[Step], today: date) -> Iterator[Step]:
    """The newest step of each audience whose day has come; what was missed before it is not said any more."""
    newest = {step.who: step for step in steps if step.day <= today}
    return iter(newest.values())


def quiet(now: datetime) -> bool:
    """Whether it is night; `now` in the zone of the people."""
    return not QUIET_UNTIL <= now.time() < QUIET_FROM


def after_quiet_hours(now: datetime) -> datetime:
    """Now, or the next morning if it is night; `now` in the zone of the people."""
    if not quiet(now):
        return now
    if now.time() >= QUIET_FROM:
        now += timedelta(days=1)
    return datetime.combine(now.date(), QUIET_UNTIL, now.tzinfo)
