"""How two versions of an item and of a checklist differ (R3.1.2d)."""

from datetime import date
from typing import Any

from rules.items import FIELDS, Change, differences, in_force, last_day, point_differences


def point(text: str, **values: Any) -> dict[str, Any]:
    plain = {"method": "", "answer": "", "min_sample": 0, "only_if": "", "photo": "failure"}
    return {**plain, "text": text, "stop": False, "optional": True, "key": False, "valid_days": 0, **values}


def test_only_what_differs_is_named() -> None:
    old = dict.fromkeys(FIELDS, "一样") | {"ratio_ceiling": 5}
    assert differences(old, old) == []
    assert differences(old, old | {"ratio_ceiling": 3, "basis": "新法"}) == [
        Change("basis", "一样", "新法"),
        Change("ratio_ceiling", 5, 3),
    ]


def test_points_that_come_go_move_and_change() -> None:
    old = [point("许可证有效"), point("没有老鼠"), point("分开存放"), point("自查")]
    new = [point("留样"), point("许可证有效", key=True), point("没有鼠迹"), point("自查")]
    assert point_differences(old, new) == [
        Change("text", None, "留样", 1),
        Change("key", False, True, 2),
        Change("text", "分开存放", "没有鼠迹", 3),
        Change("text", "没有老鼠", None, 2),
    ]
    assert point_differences(old, [old[1], old[0], *old[2:]]) == [], "being moved is no change"
    assert point_differences([], [point("新")]) == [Change("text", None, "新", 1)]
    assert point_differences([point("同"), point("同")], [point("同")]) == [Change("text", "同", None, 2)]


def test_a_version_ends_when_its_successor_begins() -> None:
    assert last_day(None, date(2026, 7, 1)) == date(2026, 6, 30)
    assert last_day(date(2026, 3, 31), date(2026, 7, 1)) == date(2026, 3, 31)
    assert in_force(date(2026, 1, 1), None, date(2026, 1, 1))
    assert not in_force(date(2026, 7, 1), date(2026, 6, 30), date(2026, 7, 1)), "replaced on its first day"
