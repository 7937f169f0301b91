"""Refuses to go on before what is written already: a clock turned back makes old randomness new (docs/draw.md)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.journal import JournalEntry
from rules.refusal import Refusal

JITTER = timedelta(seconds=5)  # by so much the clocks of several processes may differ


async def goes_on(session: AsyncSession, now: datetime, since: datetime | None) -> None:
    """Refuse if the clock stands before a commitment that was made, or before the newest entry of the journal."""
    newest = await session.scalar(select(func.max(JournalEntry.at)))
    if (since and now < since) or (newest and now < newest - JITTER):
        last = max(filter(None, (since, newest))).astimezone(now.tzinfo)
        raise Refusal("draws.clock_back", now=f"{now:%Y-%m-%d %H:%M:%S}", last=f"{last:%Y-%m-%d %H:%M:%S}")
