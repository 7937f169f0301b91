"""Writes down each act where it happens, in the same transaction (R4.3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from models.journal import JournalEntry
from models.people import Person
from models.rows import Of

ENTRY = Of(JournalEntry)


def record(
    session: AsyncSession,
    at: datetime,
    by: Person | None,
    verb: str,
    noun: str,
    noun_id: int,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    why: str = "",
) -> None:
    """Add an entry: who (nobody: the clock) did what to which thing, what it was before and is after, and why."""
    session.add(JournalEntry(**entry(at, by, verb, noun, noun_id, before=before, after=after, why=why)))


def entry(
    at: datetime,
    by: Person | None,
    verb: str,
    noun: str,
    noun_id: int,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    why: str = "",
) -> dict[str, Any]:
    """The same as a row, for what people do all day: it is entered together with what they did (`models.rows`)."""
    act = {"at": at, "person_id": by.id if by else None, "verb": verb, "noun": noun, "noun_id": noun_id}
    return {**act, "before": before or {}, "after": after or {}, "why": why}
