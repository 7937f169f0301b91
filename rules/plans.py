"""What a task may be, and the numbers that plans and tasks carry."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from rules.refusal import Refusal


def task_number(area_code: str, day: date, count: int) -> str:
    """Area code (6 digits), day, `1`, and the count of that day in three digits."""
    if count > 999:
        raise Refusal("plans.too_many_today")
    return f"{area_code[:6]}{day:%Y%m%d}1{count:03}"


def check_task(ceiling: Decimal | None, ratio: Decimal, starts: date, ends: date, today: date) -> None:
    """Refused if the ratio (percent) or the window breaks a rule.

    `ceiling` is the lowest of its general items (R3.1.2c); None where all are key items (R3.1.2b).
    """
    if not 0 < ratio <= 100:
        raise Refusal("plans.ratio_range")
    if ceiling is not None and ratio > ceiling:
        raise Refusal("plans.over_ceiling", ceiling=f"{float(ceiling):.10g}")
    if ends < starts or ends < today:
        raise Refusal("plans.window")
