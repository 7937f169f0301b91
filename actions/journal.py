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
    session.add(JournalEntry(**_entry(at, by, verb, noun, noun_id, before, after, why)))


async def record_at_once(
    session: AsyncSession, at: datetime, by: Person, verb: str, noun: str, noun_id: int, after: dict[str, Any], why: str
) -> None:
    """The same by a statement of its own, for what people do all day."""
    await ENTRY.enter(session, [_entry(at, by, verb, noun, noun_id, None, after, why)])


def _entry(
    at: datetime,
    by: Person | None,
    verb: str,
    noun: str,
    noun_id: int,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    why: str,
) -> dict[str, Any]:
    act = {"at": at, "person_id": by.id if by else None, "verb": verb, "noun": noun, "noun_id": noun_id}
    return {**act, "before": before or {}, "after": after or {}, "why": why}
