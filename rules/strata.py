"""Sorts subjects by risk: who is drawn more often, who less, and who not at all (R3.2.2c-e, R3.3.2a)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from fractions import Fraction

from rules.refusal import Refusal

KEY_FLAGS = (  # R3.2.2e; the last by risk monitoring, R3.3.2a
    "food_drug",
    "work_safety",
    "environment",
    "abnormal",
    "complaints",
    "serious",
    "risk",
)
HOLD = "hold"  # an investigation is under way (立案调查中)
FLAG_WORDS = {  # how departments' directories write the flags
    "食品药品": "food_drug",
    "食品": "food_drug",
    "药品": "food_drug",
    "安全生产": "work_safety",
    "生态环境": "environment",
    "环境保护": "environment",
    "环保": "environment",
    "经营异常": "abnormal",
    "经营异常名录": "abnormal",
    "投诉举报多": "complaints",
    "投诉举报": "complaints",
    "多次投诉": "complaints",
    "严重违法": "serious",
    "严重违法失信": "serious",
    "高风险": "risk",
    "风险预警": "risk",
    "高风险预警": "risk",
    "立案调查": HOLD,
    "立案调查中": HOLD,
}
CLASSES = ("A", "B", "C", "D")  # of credit (信用等级)
KEY, UNRATED, LOW_RISK = "K", "B", "A"
FACTORS = {"A": Decimal("0.5"), "B": Decimal(1), "C": Decimal(2), "D": Decimal(4), KEY: Decimal(4)}
MOST = Decimal(100)  # a factor; more would draw everybody anyway
MOST_A_YEAR = 2  # random visits to a subject of low risk, over all departments (R3.2.2d)
EXCLUSIONS = ("dead", "hold", "annual-cap")  # in this order: a subject is excluded for one reason


def table(own: Mapping[str, str]) -> dict[str, Decimal]:
    """The factors of a task: the standing table (`FACTORS`) with what the task decided otherwise.

    A task may give a factor of its own to a credit class, to all key subjects (`K`) or to one key flag (R3.2.2e).
    Refused unless low risk is drawn no more than others but never not at all, and higher risk no less (R3.2.2c-e).
    """
    factors = FACTORS | {name: Decimal(factor) for name, factor in own.items()}
    if unknown := factors.keys() - {*CLASSES, KEY, *KEY_FLAGS}:
        raise Refusal("strata.unknown", name=min(unknown))
    if min(factors.values()) <= 0 or max(factors.values()) > MOST:
        raise Refusal("strata.range", most=MOST)
    rising = [factors[name] for name in CLASSES]
    if rising != sorted(rising) or any(factors[name] < factors[UNRATED] for name in factors.keys() - set(CLASSES)):
        raise Refusal("strata.order")
    return factors


def flag_of_word(word: str) -> str:
    """The key flag that a word of a directory means (经营异常名录); any other word stays what it is."""
    return FLAG_WORDS.get(word, word)


def stratum(credit_class: str, flags: Collection[str], factors: Mapping[str, Decimal] = FACTORS) -> str:
    """The stratum of a subject: for a key subject (重点检查对象, R3.2.2e) that of its weightiest flag, else its class.

    A flag without a factor of its own counts as `K`. Who has no class, or one that nobody defined, counts as B.
    """
    reasons = {flag if flag in factors else KEY for flag in KEY_FLAGS if flag in flags}
    if reasons:
        return max(sorted(reasons), key=factors.__getitem__)
    return credit_class if credit_class in CLASSES else UNRATED


def weight(credit_class: str, flags: Collection[str]) -> int:
    """How many tickets a subject holds within its stratum: one for each of its key flags (R3.2.2e), at least one.

    Among key subjects those of class C and D hold one more: high credit risk is a reason of its own (R3.2.2e).
    """
    reasons = len(set(KEY_FLAGS) & set(flags))
    return max(1, reasons + (reasons > 0 and credit_class in ("C", "D")))


def ratios(ratio: Decimal, ceiling: Decimal | None, factors: Mapping[str, Decimal] = FACTORS) -> dict[str, Fraction]:
    """The share of each stratum that is drawn, as exact fractions of 1, from a task's ratio in percent.

    `factors` is the task's table: what a stratum's ratio is multiplied by. Low risk is drawn less but never not at
    all, higher risk more, at most all (R3.2.2c, R3.2.2e). `ceiling` (percent) holds in every stratum (R3.1.2c); None
    where all items are key items (R3.1.2b). With a ratio of 100 everybody is visited and only the order of batches is
    drawn (R3.1.2b). ValueError if the ratio is not within 0 and 100 or a factor is not above 0.
    """
    if not 0 < ratio <= 100 or min(factors.values()) <= 0:
        raise ValueError("a ratio must lie within 0 and 100 and a factor above 0")
    most = Decimal(100) if ceiling is None else min(ceiling, Decimal(100))
    if min(ratio, most) == 100:
        return dict.fromkeys(factors, Fraction(1))
    return {name: min(Fraction(ratio) * Fraction(factor), Fraction(most)) / 100 for name, factor in factors.items()}


def exclusion(credit_class: str, flags: Collection[str], status: str, random_visits: int) -> str:
    """Why a subject may not be drawn (one of `EXCLUSIONS`); empty if it may.

    `status` is the register's (R3.1.3a: only `active` may be drawn), the flag `hold` an investigation under way,
    `random_visits` this year's by all departments together: low risk is visited at most twice (R3.2.2d).
    """
    if status != "active":
        return "dead"
    if HOLD in flags:
        return "hold"
    if stratum(credit_class, flags) == LOW_RISK and random_visits >= MOST_A_YEAR:
        return "annual-cap"
    return ""
