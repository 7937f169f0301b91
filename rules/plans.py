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


def check_task(kind: str, ceiling: Decimal | None, ratio: Decimal, starts: date, ends: date, today: date) -> None:
    """Refused if the ratio (percent) or the window breaks a rule.

    A general item has a ceiling, a key item has none (R3.1.2b, R3.1.2c).
    """
    if not 0 < ratio <= 100:
        raise Refusal("plans.ratio_range")
    if kind == "general" and (ceiling is None or ratio > ceiling):
        raise Refusal("plans.over_ceiling", ceiling=f"{float(ceiling or 0):.10g}")
    if ends < starts or ends < today:
        raise Refusal("plans.window")
