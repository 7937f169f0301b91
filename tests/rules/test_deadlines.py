"""How long everybody has and when they are reminded: the ladder on real calendars, and what an authority may change."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.calendars import packaged
from rules import deadlines
from rules.deadlines import TABLE, after_quiet_hours, check_override, ladder, quiet, reached, until
from rules.refusal import Refusal
from rules.workdays import Calendar

CALENDAR = packaged()
DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 31))


def named(since: date, due: date) -> dict[str, date]:
    return {step.name: step.day for step in ladder(CALENDAR, since, due)}


def test_a_month_has_the_whole_ladder() -> None:
    assert named(date(2026, 3, 2), date(2026, 3, 30)) == {
        "half": date(2026, 3, 16),
        "before_3": date(2026, 3, 25),
        "before_1": date(2026, 3, 27),
        "day": date(2026, 3, 30),
        "late_1": date(2026, 3, 31),
        "late_3": date(2026, 4, 2),
        "late_5": date(2026, 4, 7),  # over Qingming, 4 to 6 April
    }


def test_two_days_to_accept_a_seat_leave_no_room_for_three_days_before() -> None:
    assert named(date(2026, 3, 2), date(2026, 3, 4)).keys() == {"before_1", "day", "late_1", "late_3", "late_5"}


def test_results_due_on_the_day_itself_are_reminded_of_next_morning() -> None:
    assert ladder(CALENDAR, date(2026, 3, 6), date(2026, 3, 6))[0] == deadlines.Step(
        "late_1", date(2026, 3, 9), "person"
    )


def test_a_deadline_on_a_sunday_is_reminded_of_on_friday_and_late_on_monday() -> None:
    steps = named(date(2026, 3, 9), date(2026, 3, 29))
    assert (steps["day"], steps["late_1"]) == (date(2026, 3, 27), date(2026, 3, 30))


@given(DAYS, st.integers(0, 120))
def test_every_rung_is_on_a_working_day_after_the_start_and_no_two_of_a_person_on_one(since: date, length: int) -> None:
    due = since + timedelta(days=length)
    steps = ladder(CALENDAR, since, due)
    assert all(CALENDAR.works(step.day) for step in steps)
    assert all(step.day > since for step in steps)
    assert len({(step.day, step.who) for step in steps}) == len(steps)
    assert [step.who for step in steps if step.day > due] == ["person", "supervisor", "office"]


@given(DAYS, st.integers(0, 60), st.integers(0, 150))
def test_only_the_newest_rung_of_each_audience_counts(since: date, length: int, later: int) -> None:
    due, today = since + timedelta(days=length), since + timedelta(days=later)
    steps = ladder(CALENDAR, since, due)
    for step in reached(steps, today):
        assert step.day <= today
        assert not [one for one in steps if one.who == step.who and step.day < one.day <= today]


def test_the_plan_is_due_on_the_last_day_of_march() -> None:  # R3.2.1c
    assert until(CALENDAR, "plan", date(2026, 1, 5)) == date(2026, 3, 31)
    assert until(CALENDAR, "plan", date(2026, 4, 1)) == date(2027, 3, 31)


def test_publication_is_twenty_working_days_over_make_up_days() -> None:  # R3.2.3a
    assert until(CALENDAR, "publication", date(2026, 9, 18)) == date(2026, 10, 22)
    assert until(CALENDAR, "publication", date(2026, 9, 18), 10) < date(2026, 10, 22)


def test_what_the_law_sets_may_be_shorter_but_never_longer() -> None:
    check_override("publication", 10)
    check_override("review", 5)
    for kind, days in (("publication", 21), ("review", -1), ("visit", 3), ("plan", 3), ("none", 3)):
        with pytest.raises(Refusal):
            check_override(kind, days)
    assert all(one.days is None or one.month_day is None for one in TABLE.values())


@given(st.times())
def test_nothing_leaves_at_night_and_whatever_waits_leaves_in_the_morning(at: time) -> None:
    now = datetime.combine(date(2026, 3, 2), at, ZoneInfo("Asia/Shanghai"))
    later = after_quiet_hours(now)
    assert not quiet(later)
    assert later == now or (quiet(now) and later.time() == deadlines.QUIET_UNTIL and later - now < timedelta(hours=9.1))


def test_a_year_that_is_not_announced_is_provisional() -> None:
    assert CALENDAR.provisional(date(2027, 1, 4))
    assert not CALENDAR.provisional(date(2026, 12, 31))
    assert not Calendar({}, frozenset({2027})).provisional(date(2027, 1, 4))
