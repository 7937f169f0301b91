"""For how long what may be forgotten is kept; the journal, records and what is public are kept for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FINAL = ("published", "dropped")  # states of a visit in which nobody has anything to do
LEAST = 3 * 365  # days that evidence is kept at least: a file of administrative law may be asked for


@dataclass(frozen=True)
class Periods:
    """In days; zero: for ever."""

    messages: int = 0
    notices: int = 0
    drafts: int = 0
    evidence: int = 0

    def end(self, what: str, now: datetime) -> datetime | None:
        """What is older than this may be forgotten; None if nothing may."""
        days: int = getattr(self, what)
        return now - timedelta(days=days) if days else None
