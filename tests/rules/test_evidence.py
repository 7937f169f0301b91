"""What a photo is worth: tables of times and places, and what holds for all of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.evidence import BEFORE, CLOCK, DOUBTFUL, GRADES, NEAR, SAME_VISIT, doubtful, grade
from rules.positions import in_china, metres, metres_from_subject, position, shifted

ZONE = ZoneInfo("Asia/Shanghai")
ARRIVED = datetime(2026, 12, 8, 10, 0, tzinfo=ZONE)
NOW = datetime(2026, 12, 8, 10, 30, tzinfo=ZONE)
SECOND = timedelta(seconds=1)
GUANGZHOU = (23.177917, 113.394317)  # IMG_1034.heic

places = st.tuples(st.floats(-89, 89), st.floats(-179, 179))
chinese = st.tuples(st.floats(18, 53), st.floats(74, 135))
moments = st.timedeltas(timedelta(days=-9000), timedelta(days=9000)).map(lambda away: NOW + away)


@pytest.mark.parametrize(
    ("taken", "away", "expected"),
    [
        (NOW, 14, "good"),
        (NOW, NEAR, "good"),
        (NOW, NEAR + 1, "far"),
        (ARRIVED - BEFORE, 14, "good"),
        (ARRIVED - BEFORE - SECOND, 14, "early"),
        (ARRIVED - BEFORE - SAME_VISIT, 14, "early"),
        (ARRIVED - BEFORE - SAME_VISIT - SECOND, 14, "old"),
        (NOW + CLOCK, 14, "good"),
        (NOW + CLOCK + SECOND, 14, "future"),
        (datetime(2018, 2, 5, 15, 11, tzinfo=ZONE), 950_000, "old"),  # the time weighs more
        (None, 14, "place_only"),
        (None, 4200, "far"),
        (NOW, None, "time_only"),
        (None, None, "unknown"),
    ],
)
def test_time_and_place_against_the_visit(taken: datetime | None, away: int | None, expected: str) -> None:
    assert grade(taken, away, ARRIVED, NOW) == expected


@given(st.none() | moments, st.none() | st.integers(0, 20_000_000), st.none() | moments, moments)
def test_every_photo_has_a_grade_and_a_worse_place_makes_none_better(
    taken: datetime | None, away: int | None, arrived: datetime | None, now: datetime
) -> None:
    found = grade(taken, away, arrived, now)
    assert found in GRADES
    if found in DOUBTFUL and away is not None:
        assert grade(taken, away + 1000, arrived, now) in DOUBTFUL
    assert doubtful(found, 7)
    assert doubtful(found, None) == (found in DOUBTFUL)


@pytest.mark.parametrize(
    ("satellites", "map_"),
    [  # the test points of googollee/eviltransform
        ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),  # Shanghai
        ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),  # Shenzhen
        ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),  # Beijing
    ],
)
def test_positions_are_shifted_as_chinese_maps_have_them(
    satellites: tuple[float, float], map_: tuple[float, float]
) -> None:
    assert metres(shifted(satellites), map_) < 1


def test_the_guangzhou_photo_is_half_a_kilometre_off_unless_it_is_shifted() -> None:
    on_the_map = shifted(GUANGZHOU)
    assert 550 < metres(GUANGZHOU, on_the_map) < 650  # would be called far
    assert metres_from_subject(GUANGZHOU, on_the_map) == 0
    assert on_the_map == pytest.approx((23.17529, 113.39969), abs=2e-4)


@given(chinese)
def test_the_shift_is_a_few_hundred_metres_and_steady(place: tuple[float, float]) -> None:
    assert in_china(place)
    assert 20 < metres(place, shifted(place)) < 1300
    beside = (place[0] + 0.0005, place[1])
    assert abs(metres(place, beside) - metres(shifted(place), shifted(beside))) < 1


@given(places, places)
def test_the_way_there_is_as_long_as_the_way_back(one: tuple[float, float], other: tuple[float, float]) -> None:
    assert metres(one, other) == pytest.approx(metres(other, one), abs=1e-6)
    assert 0 <= metres(one, other) < 20_016_000
    assert metres(one, one) == 0


def test_one_degree_of_latitude_is_111_kilometres() -> None:
    assert metres((0, 0), (1, 0)) == pytest.approx(111_195, abs=1)
    assert shifted((48.85, 2.35)) == (48.85, 2.35)  # Paris


@pytest.mark.parametrize(
    "place", [(0, 0), (None, 1), (1, None), (91, 0), (0, 181), (float("nan"), 1), (1, float("inf"))]
)
def test_what_is_no_place_is_none(place: tuple[float | None, float | None]) -> None:
    assert position(*place) is None
    assert metres_from_subject(position(*place), GUANGZHOU) is None
