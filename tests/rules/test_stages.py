"""Weekly stages of a draw: nobody is told of more than the number, none comes after the end."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as some

from actions.calendars import official
from rules import stages

people = some.lists(some.sets(some.integers(0, 6), max_size=4), max_size=40)


@given(people, some.integers(1, 6))
def test_nobody_has_more_than_the_number_in_a_week_and_none_comes_later_than_it_must(
    visits: list[set[int]], per_week: int
) -> None:
    weeks = stages.weeks(visits, per_week)
    told = Counter((person, week) for found, week in zip(visits, weeks, strict=True) for person in found)
    assert all(number <= per_week for number in told.values())
    for place, week in enumerate(weeks):
        for earlier in range(week):
            before = zip(visits[:place], weeks[:place], strict=True)
            full = Counter(person for found, at in before if at == earlier for person in found)
            assert any(full[person] == per_week for person in visits[place])


@given(people, some.integers(1, 5))
def test_the_least_number_fits_and_one_less_does_not(visits: list[set[int]], number: int) -> None:
    least = stages.least(visits, number)
    assert max(stages.weeks(visits, least), default=0) < number
    if least > 1:
        assert max(stages.weeks(visits, least - 1)) >= number


def test_stages_are_mondays_or_the_first_working_day_of_the_week() -> None:
    found = stages.days(official(), date(2026, 9, 23), date(2026, 10, 20))
    # 25 September 2026 is Mid-Autumn; the National Day week has no working day but its make-up Saturday
    assert found == [date(2026, 9, 23), date(2026, 9, 28), date(2026, 10, 8), date(2026, 10, 12), date(2026, 10, 19)]
    assert stages.days(official(), date(2026, 12, 5), date(2026, 12, 14)) == [date(2026, 12, 5), date(2026, 12, 7)]


def test_a_stage_of_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody"):
        stages.weeks([{1}], 0)
