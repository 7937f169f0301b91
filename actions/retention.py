"""Forgets what nobody needs any more: what was said, how it was worded, drafts, and evidence after its legal period.

The journal, records and what is public are never touched. A period of zero: kept for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Text, cast, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from actions.journal import record
from models.announcements import Announcement
from models.appeals import Appeal
from models.corrections import Correction
from models.journal import JournalEntry
from models.leads import Lead, LeadFile
from models.mail import Inbox, Outbox
from models.publication import Proposal
from models.visits import Evidence, Visit
from rules import corrections, leads
from rules.retention import FINAL, Periods

MOST = 500  # rows in one transaction, so that others get their turn
AGAIN = timedelta(days=3)  # how long bytes that should be gone are looked for once more


@dataclass(frozen=True)
class Forgotten:
    """How many rows one transaction changed; `digests` are bytes that nothing names any more."""

    rows: int = 0
    digests: tuple[str, ...] = ()


async def messages(session: AsyncSession, periods: Periods, now: datetime) -> Forgotten:
    """Updates that were handled and answered: Telegram does not send them again after a day."""
    if (before := periods.end("messages", now)) is None:
        return Forgotten()
    old = select(Inbox.update_id).where(Inbox.done_at < before, Inbox.replies.is_(None)).limit(MOST)
    return await _rows(session, delete(Inbox).where(Inbox.update_id.in_(old)).returning(Inbox.update_id))


async def notices(session: AsyncSession, periods: Periods, now: datetime) -> Forgotten:
    """The words of notices that were told; that somebody was told of what, and when, stays."""
    if (before := periods.end("notices", now)) is None:
        return Forgotten()
    old = select(Outbox.id).where(Outbox.ended_at < before, Outbox.text.is_not(None)).limit(MOST)
    change = update(Outbox).where(Outbox.id.in_(old)).values(text=None, buttons=None)
    return await _rows(session, change.returning(Outbox.id))


async def drafts(session: AsyncSession, periods: Periods, now: datetime) -> Forgotten:
    """Announcements that were begun and never sent."""
    if (before := periods.end("drafts", now)) is None:
        return Forgotten()
    old = select(Announcement.id).where(Announcement.state == "draft", Announcement.made_at < before).limit(MOST)
    return await _rows(session, delete(Announcement).where(Announcement.id.in_(old)).returning(Announcement.id))


async def evidence(session: AsyncSession, periods: Periods, now: datetime) -> Forgotten:
    """Evidence of matters that ended before its legal period began: the row and, once committed, its bytes."""
    if (before := periods.end("evidence", now)) is None:
        return Forgotten()
    rows = list(await session.scalars(_erasable(before).order_by(Evidence.id).limit(MOST)))
    for one in rows:
        after = {"sha256": one.sha256, "preview": one.preview, "visit": one.visit_id}
        record(session, now, None, "erase", "evidence", one.id, before=after)
    numbers = [one.id for one in rows]
    await session.execute(update(Evidence).where(Evidence.seen_before.in_(numbers)).values(seen_before=None))
    await session.execute(delete(Evidence).where(Evidence.id.in_(numbers)))
    return Forgotten(
        len(rows), await unnamed(session, (digest for one in rows for digest in (one.sha256, one.preview)))
    )


async def left_behind(session: AsyncSession, now: datetime) -> tuple[str, ...]:
    """Bytes of evidence that was erased in the last nights: a crash may have come between the row and the file."""
    erased = select(JournalEntry.before).where(
        JournalEntry.verb == "erase", JournalEntry.noun == "evidence", JournalEntry.at > now - AGAIN
    )
    told = list(await session.scalars(erased))
    return await unnamed(session, (str(one[name]) for one in told for name in ("sha256", "preview")))


async def unnamed(session: AsyncSession, digests: Iterable[str]) -> tuple[str, ...]:
    """Those that no row names, so that their bytes may go."""
    free = []
    for digest in sorted({one for one in digests if one}):
        named = select(
            or_(
                exists().where(or_(Evidence.sha256 == digest, Evidence.preview == digest)),
                exists().where(LeadFile.sha256 == digest),
                exists().where(cast(Correction.files, Text).contains(digest)),
            )
        )
        if not await session.scalar(named):
            free.append(digest)
    return tuple(free)


def _erasable(before: datetime) -> Any:
    """Of visits that are over, of which nothing happened since, and to which nothing refers that is still open."""
    lately = exists().where(JournalEntry.noun == "visit", JournalEntry.noun_id == Visit.id, JournalEntry.at >= before)
    lead = exists().where(Lead.visit_id == Visit.id, or_(Lead.state.in_(leads.OPEN), Lead.resolved_at >= before))
    correction = exists().where(Correction.visit_id == Visit.id, Correction.state.in_(corrections.OPEN))
    appeal = exists().where(Appeal.visit_id == Visit.id, Appeal.state == "open")
    proposal = exists().where(Proposal.visit_id == Visit.id, Proposal.state == "asked")
    return (
        select(Evidence)
        .join(Visit, Visit.id == Evidence.visit_id)
        .where(Evidence.at < before, Visit.state.in_(FINAL), ~lately, ~lead, ~correction, ~appeal, ~proposal)
    )


async def _rows(session: AsyncSession, change: Any) -> Forgotten:
    return Forgotten(len((await session.execute(change)).all()))
