"""One digest a working day: of the month or the week on its first working day, else of the day."""

from datetime import date, timedelta

from actions.calendars import packaged
from rules.digests import DAILY, KINDS, MONTHLY, WEEKLY, before, due, period

DAY = timedelta(days=1)
YEARS = [date(2025, 1, 1) + n * DAY for n in range(730)]
CALENDAR = packaged()


def test_everybody_hears_once_on_every_working_day_and_never_on_a_day_off() -> None:
    for day in YEARS:
        assert bool(due(CALENDAR, day, KINDS)) == CALENDAR.works(day), day


def test_each_month_and_each_week_with_a_working_day_is_told_of_once() -> None:
    monthly = [day for day in YEARS if due(CALENDAR, day, KINDS) == MONTHLY]
    assert [(day.year, day.month) for day in monthly] == [(2025 + n // 12, n % 12 + 1) for n in range(24)]
    weekly = [day for day in YEARS if due(CALENDAR, day, (WEEKLY,))]
    weeks = {day.isocalendar()[:2] for day in YEARS if CALENDAR.works(day)}
    assert len(weekly) == len({day.isocalendar()[:2] for day in weekly}) == len(weeks) - 1  # one began before
    assert due(CALENDAR, date(2026, 10, 8), KINDS) == MONTHLY  # after the National Day holidays


def test_what_somebody_switched_off_gives_way_to_what_they_still_want() -> None:
    first = date(2026, 12, 1)
    assert due(CALENDAR, first, KINDS) == MONTHLY
    assert due(CALENDAR, first, (DAILY, WEEKLY)) == DAILY
    assert due(CALENDAR, date(2026, 12, 7), KINDS) == WEEKLY
    assert due(CALENDAR, date(2026, 12, 7), (DAILY,)) == DAILY
    assert due(CALENDAR, date(2026, 12, 8), (WEEKLY, MONTHLY)) == ""
    assert due(CALENDAR, first, ()) == ""


def test_a_digest_looks_back_on_whole_weeks_and_months() -> None:
    thursday = date(2026, 10, 8)
    week, month = period(WEEKLY, thursday), period(MONTHLY, thursday)
    assert (week.first, week.last) == (date(2026, 9, 28), date(2026, 10, 4))
    assert (month.first, month.last) == (date(2026, 9, 1), date(2026, 9, 30))
    assert period(DAILY, thursday).first == date(2026, 1, 1)
    earlier = before(MONTHLY, month)
    assert earlier
    assert (earlier.first, earlier.last) == (date(2026, 8, 1), date(2026, 8, 31))
    earlier = before(WEEKLY, week)
    assert earlier
    assert earlier.last + DAY == week.first
    assert before(DAILY, period(DAILY, thursday)) is None
