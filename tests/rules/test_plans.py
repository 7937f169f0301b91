"""What a plan may be, who approves it, and its number (R3.2.1)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from rules.plans import ItemFacts, TaskFacts, breaches, chain, months, plan_number, year_of
from rules.refusal import Refusal
from rules.typed import window

FOOD = ItemFacts("餐饮服务", "市场监管", True, Decimal(20), None)
EXITS = ItemFacts("消防安全", "消防救援", False, None, None)
TASK = TaskFacts(
    1, "餐饮抽查", "random", "", Decimal(5), 2, date(2026, 3, 1), date(2026, 6, 30), (FOOD, EXITS), ("消防救援",)
)


def codes(*tasks: TaskFacts) -> list[tuple[int, str]]:
    return [(one.task, one.code) for one in breaches(2026, "市场监管", tasks)]


def test_a_plan_in_order_breaks_nothing() -> None:
    assert codes(TASK) == []


def test_each_rule_is_found_by_itself() -> None:
    """R3.1.2c, R3.2.1b."""
    ended = replace(FOOD, valid_until=date(2026, 2, 28))
    for change, code in (
        ({"ratio": Decimal(21)}, "over_ceiling"),
        ({"ratio": Decimal(0)}, "ratio_range"),
        ({"starts": date(2026, 7, 1)}, "dates_reversed"),
        ({"ends": date(2027, 1, 1)}, "other_year"),
        ({"seats": 1}, "seats"),
        ({"kind": "directed"}, "directed_needs_scope"),
        ({"items": (ended, EXITS)}, "item_ended"),
        ({"participants": ()}, "missing_participant"),
        ({"participants": ("消防救援", "住建")}, "idle_participant"),
        ({"items": (EXITS,)}, "idle_lead"),
    ):
        assert codes(replace(TASK, **change)) == [(1, code)], code
    assert codes() == [(0, "no_tasks")]
    assert codes(TASK, replace(TASK, number=2)) == [(2, "name_twice")]
    assert codes(replace(TASK, items=(), participants=())) == [(1, "no_items")]


def test_all_reasons_come_at_once() -> None:
    bad = replace(TASK, ratio=Decimal(50), starts=date(2026, 9, 1), participants=(), seats=1)
    worse = replace(TASK, number=2, items=(), participants=(), kind="directed")
    assert codes(bad, worse) == [
        (1, "over_ceiling"),
        (1, "dates_reversed"),
        (1, "seats"),
        (1, "missing_participant"),
        (2, "name_twice"),
        (2, "no_items"),
        (2, "directed_needs_scope"),
    ]


def test_key_items_alone_have_no_ceiling() -> None:
    """R3.1.2b."""
    key = replace(FOOD, general=False, ceiling=None)
    assert codes(replace(TASK, ratio=Decimal(100), items=(key, EXITS))) == []


def test_an_item_of_the_general_kind_without_a_ceiling_allows_nothing() -> None:
    """R3.1.2c."""
    assert codes(replace(TASK, items=(replace(FOOD, ceiling=None), EXITS))) == [(1, "over_ceiling")]


def test_a_joint_plan_goes_through_market_supervision_and_the_office() -> None:
    """R3.2.1a."""
    assert chain(False, "消防救援") == ("lead",)
    assert chain(True, "消防救援") == ("lead", "market", "office")
    assert chain(True, "市场监管") == ("lead", "office")


def test_numbers_and_years() -> None:
    assert plan_number("330782", 2026, 7) == "33078220261007"
    with pytest.raises(Refusal, match="too_many_this_year"):
        plan_number("330782", 2026, 1000)
    assert [year_of(date(2026, month, 1)) for month in (1, 9, 10, 12)] == [2026, 2026, 2027, 2027]
    assert months(2028, 1, 2) == (date(2028, 1, 1), date(2028, 2, 29))
    assert months(2026, 10, 12) == (date(2026, 10, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("3-6月", date(2026, 3, 1), date(2026, 6, 30)),
        ("3月至6月", date(2026, 3, 1), date(2026, 6, 30)),
        ("3 to 6", date(2026, 3, 1), date(2026, 6, 30)),
        ("5月", date(2026, 5, 1), date(2026, 5, 31)),
        ("3月5日-6月9日", date(2026, 3, 5), date(2026, 6, 9)),
        ("2027.3.1至2027.4.2", date(2027, 3, 1), date(2027, 4, 2)),
        ("10~12", date(2026, 10, 1), date(2026, 12, 31)),
    ],
)
def test_a_window_as_people_write_it(text: str, first: date, last: date) -> None:
    assert window(text, 2026) == (first, last)


@pytest.mark.parametrize("text", ["13月", "2月30日至3月1日", "5%", "每户3人", "0-3", ""])
def test_what_is_no_window(text: str) -> None:
    assert window(text, 2026) is None
