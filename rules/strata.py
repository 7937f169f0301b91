"""Sorts subjects by risk: who is drawn more often, who less, and who not at all (R3.2.2c-e, R3.3.2a)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from fractions import Fraction

KEY_FLAGS = frozenset({"food_drug", "work_safety", "environment", "abnormal", "complaints", "serious"})  # R3.2.2e
FACTORS = {"A": Decimal("0.5"), "B": Decimal(1), "C": Decimal(2), "D": Decimal(4), "K": Decimal(4)}
KEY, UNRATED, LOW_RISK = "K", "B", "A"
MOST_A_YEAR = 2  # random visits to a subject of low risk, over all departments (R3.2.2d)
EXCLUSIONS = ("dead", "hold", "annual-cap")  # in this order: a subject is excluded for one reason


def stratum(credit_class: str, flags: Collection[str]) -> str:
    """The stratum of a subject: K for a key subject (重点检查对象, R3.2.2e), else its credit class.

    Who has no class, or one that nobody defined, counts as B.
    """
    if not KEY_FLAGS.isdisjoint(flags):
        return KEY
    return credit_class if credit_class in FACTORS and credit_class != KEY else UNRATED


def weight(credit_class: str, flags: Collection[str]) -> int:
    """How many tickets a subject holds within its stratum: one for each of its key flags (R3.2.2e), at least one.

    Among key subjects those of class C and D hold one more: high credit risk is a reason of its own (R3.2.2e).
    """
    reasons = len(KEY_FLAGS & set(flags))
    return max(1, reasons + (reasons > 0 and credit_class in ("C", "D")))


def ratios(
    kind: str, ratio: Decimal, ceiling: Decimal | None, factors: Mapping[str, Decimal] = FACTORS
) -> dict[str, Fraction]:
    """The share of each stratum that is drawn, as exact fractions of 1, from a task's ratio in percent.

    `factors` is the task's table: what a stratum's ratio is multiplied by. Low risk is drawn less but never not at
    all, higher risk more, at most all (R3.2.2c, R3.2.2e). A general item stays under its ceiling (percent) in every
    stratum (R3.1.2c); a key item has none (R3.1.2b). With a ratio of 100 everybody is visited and only the order of
    batches is drawn (R3.1.2b). ValueError if the ratio is not within 0 and 100 or a factor is not above 0.
    """
    if not 0 < ratio <= 100 or min(factors.values()) <= 0:
        raise ValueError("a ratio must lie within 0 and 100 and a factor above 0")
    most = min(ceiling, Decimal(100)) if kind == "general" and ceiling is not None else Decimal(100)
    if min(ratio, most) == 100:
        return dict.fromkeys(factors, Fraction(1))
    return {name: min(Fraction(ratio) * Fraction(factor), Fraction(most)) / 100 for name, factor in factors.items()}


def exclusion(credit_class: str, flags: Collection[str], status: str, random_visits: int, *, held: bool = False) -> str:
    """Why a subject may not be drawn (one of `EXCLUSIONS`); empty if it may.

    `status` is the register's (R3.1.3a: only `active` may be drawn), `held` an investigation under way,
    `random_visits` this year's by all departments together: low risk is visited at most twice (R3.2.2d).
    """
    if status != "active":
        return "dead"
    if held:
        return "hold"
    if stratum(credit_class, flags) == LOW_RISK and random_visits >= MOST_A_YEAR:
        return "annual-cap"
    return ""
