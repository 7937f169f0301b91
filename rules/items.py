"""How two versions of an item or of a checklist differ, and when each is in force (R3.1.2a, R3.1.2d)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from rules.workdays import ONE

FIELDS = (  # what a version says, in the order of the published list
    "name",
    "department",
    "actor",
    "kind",
    "category",
    "basis",
    "subjects",
    "label",
    "content",
    "method",
    "ratio_ceiling",
    "frequency",
    "requirements",
    "specialty",
)
POINT_FIELDS = (
    "text",
    "method",
    "answer",
    "min_sample",
    "only_if",
    "photo",
    "stop",
    "optional",
    "key",
    "valid_days",
)
KINDS = {"key": "重点", "general": "一般"}
PHOTOS = {"never": "不拍", "failure": "不符合时", "always": "必拍"}


@dataclass(frozen=True)
class Change:
    """One thing that differs: the field, and what it was and is (None: it was not there, or is not there any more).

    `point` is the number of a point of the checklist, in the newer version where it stands in both; 0: the item itself.
    """

    field: str
    before: Any
    after: Any
    point: int = 0


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """What differs between two versions of an item, by its published fields."""
    return [Change(name, old[name], new[name]) for name in FIELDS if old[name] != new[name]]


def point_differences(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> list[Change]:
    """What differs between two versions of a checklist; its points are in order, the first is number 1.

    A point with the same text is the same point, wherever it stands now; of the rest those with the same number are
    one point that is worded anew. Being moved is no change.
    """
    left = dict(enumerate(old, 1))
    by_text = {point["text"]: number for number, point in reversed(left.items())}
    pairs: dict[int, Mapping[str, Any]] = {}
    for number, point in enumerate(new, 1):
        if (found := by_text.get(point["text"])) in left:
            pairs[number] = left.pop(found)
    for number in range(1, len(new) + 1):
        if number not in pairs and number in left:
            pairs[number] = left.pop(number)
    changes: list[Change] = []
    for number, point in enumerate(new, 1):
        if number not in pairs:
            changes.append(Change("text", None, point["text"], number))
            continue
        before = pairs[number]
        changes += [Change(n, before[n], point[n], number) for n in POINT_FIELDS if before[n] != point[n]]
    return changes + [Change("text", point["text"], None, number) for number, point in sorted(left.items())]


def last_day(until: date | None, next_from: date) -> date:
    """The last day of a version whose successor is in force from a day on: never later than it was to end anyway.

    A version that is replaced on its first day ends before it begins, and was never in force.
    """
    day = next_from - ONE
    return day if until is None else min(until, day)


def in_force(valid_from: date, valid_until: date | None, day: date) -> bool:
    """Whether a version is in force on a day."""
    return valid_from <= day and (valid_until is None or valid_until >= day)
