"""What a rating of a visit (评价) may say, and when sums may be shown without pointing at anybody."""

from __future__ import annotations

from datetime import date

SCORES = (5, 4, 3, 2, 1)
REASONS = ("no_papers", "rude", "long", "beyond", "favours")
FEWEST = 5  # ratings below which no sum is shown: fewer would say who it was


def quarter(day: date) -> str:
    """The quarter of a day, as 2026Q4."""
    return f"{day.year}Q{(day.month - 1) // 3 + 1}"
