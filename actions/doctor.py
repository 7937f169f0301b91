"""Looks whether an installation keeps its promises: nothing lost, nothing without bytes, nothing without an owner."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from actions import chain
from models.database import on_sqlite
from models.documents import Record
from models.draws import Draw
from models.journal import JournalEntry
from models.mail import Inbox, Outbox
from models.people import Chat
from models.visits import Answer, Evidence, Seat, Visit
from rules import bundles
from rules.draw import FIRST, canonical, parse
from rules.visits import OPEN

LATE = timedelta(minutes=15)  # until then something may still be on its way
NAMES = Callable[[], AsyncIterator[str]]
WHOLE = re.compile(r"[0-9a-f]{64}")  # the name of a file that was written to its end
READ = Callable[[str], Awaitable[bytes]]  # the bytes with a SHA-256; FileNotFoundError if they are not there


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be. `wrong`: a promise is broken; else somebody should look."""

    code: str
    wrong: bool = True
    gaps: dict[str, Any] = field(default_factory=dict)


async def examine(
    session: AsyncSession, read: READ, now: datetime, names: NAMES | None = None, *, at_rest: bool = False
) -> AsyncIterator[Finding]:
    """Everything that can be found in the database and in the store of evidence, of which `names` lists the files.

    `at_rest`: nothing should be on its way, so that what waits is found also if it has not waited for long.
    """
    for look in (_rows, _visits, _answers, _records, _draws):
        async for finding in look(session, now):
            yield finding
    late = now if at_rest else now - LATE
    for wait in (_mail, _journal):
        async for finding in wait(session, late):
            yield finding
    async for finding in _evidence(session, read):
        yield finding
    if names and (n := len([one async for one in names() if not WHOLE.fullmatch(one)])):
        yield Finding("half", wrong=False, gaps={"n": n})


async def _rows(session: AsyncSession, now: datetime) -> AsyncIterator[Finding]:
    """What SQLite itself says of its file; PostgreSQL watches over its own."""
    if not on_sqlite(session):
        return
    for (said,) in await session.execute(text("PRAGMA quick_check(5)")):
        if said != "ok":
            yield Finding("database", gaps={"said": said})
    for table, count in await session.execute(
        text('SELECT "table", count(*) FROM pragma_foreign_key_check GROUP BY "table"')
    ):
        yield Finding("reference", gaps={"table": table, "n": count})
    if await _count(session, select(JournalEntry.id).where(JournalEntry.at > now + LATE)):
        yield Finding("future")


async def _mail(session: AsyncSession, late: datetime) -> AsyncIterator[Finding]:
    if n := await _count(session, select(Inbox.update_id).where(Inbox.done_at.is_(None), Inbox.received_at < late)):
        yield Finding("inbox", gaps={"n": n})
    if n := await _count(session, select(Inbox.update_id).where(Inbox.error != "")):
        yield Finding("parked", wrong=False, gaps={"n": n})
    unsaid = select(Inbox.update_id).where(Inbox.replies.is_not(None), Inbox.done_at < late)
    if n := await _count(session, unsaid):
        yield Finding("unsaid", gaps={"n": n})
    reachable = exists().where(Chat.person_id == Outbox.person_id, Chat.unreachable_at.is_(None))
    due = select(Outbox.id).where(Outbox.ended_at.is_(None), Outbox.due_at < late)
    if n := await _count(session, due.where(reachable)):
        yield Finding("outbox", gaps={"n": n})
    if n := await _count(session, select(Outbox.id).where(Outbox.outcome == "parked")):
        yield Finding("refused", wrong=False, gaps={"n": n})
    unreachable = select(Outbox.id).where(Outbox.outcome == "unreachable").union(due.where(~reachable))
    if n := await _count(session, unreachable):
        yield Finding("unreachable", wrong=False, gaps={"n": n})


async def _visits(session: AsyncSession, _now: datetime) -> AsyncIterator[Finding]:
    held = exists().where(Seat.visit_id == Visit.id, Seat.person_id.is_not(None))
    for number in await session.scalars(select(Visit.id).where(Visit.state.in_(OPEN), ~held).order_by(Visit.id)):
        yield Finding("nobody", gaps={"visit": number})
    twice = select(Answer.visit_id).group_by(Answer.visit_id, Answer.point_id).having(func.count() > 1)
    for number in await session.scalars(twice):
        yield Finding("answered_twice", gaps={"visit": number})
    recorded = exists().where(Record.visit_id == Visit.id)
    signed = select(Visit.id).where(Visit.state.in_(("submitted", "published")), Visit.submitted_at.is_not(None))
    for number in await session.scalars(signed.where(~recorded, Visit.merged_into.is_(None))):
        yield Finding("no_record", gaps={"visit": number})


async def _answers(session: AsyncSession, _now: datetime) -> AsyncIterator[Finding]:
    """Each version of an answer was entered once: the journal names as many points as there are versions."""
    entered: Counter[int] = Counter()
    told = select(JournalEntry.noun_id, JournalEntry.after)
    for visit, after in await session.execute(told.where(JournalEntry.verb == "answer", JournalEntry.noun == "visit")):
        entered[visit] += len(after)
    versions = select(Answer.visit_id, func.sum(Answer.version)).group_by(Answer.visit_id)
    for visit, number in await session.execute(versions.order_by(Answer.visit_id)):
        if entered[visit] != number:
            yield Finding("answer_versions", gaps={"visit": visit})


async def _records(session: AsyncSession, _now: datetime) -> AsyncIterator[Finding]:
    query = select(Record.visit_id, Record.version, Record.content, Record.hash)
    for visit, version, content, kept in await session.execute(query):
        if bundles.hexhash(canonical(content)) != kept:
            yield Finding("record", gaps={"visit": visit, "version": version})


async def _draws(session: AsyncSession, _now: datetime) -> AsyncIterator[Finding]:
    """Numbered without a gap, each naming the one before."""
    expected, previous = 1, FIRST
    for number, commitment in await session.execute(select(Draw.sequence, Draw.commitment).order_by(Draw.sequence)):
        if number != expected:
            yield Finding("draw_gap", gaps={"number": expected})
        elif parse(commitment, "commitment.json")["previous"] != previous:
            yield Finding("draw_chain", gaps={"number": number})
        expected, previous = number + 1, bundles.hexhash(commitment)


async def _journal(session: AsyncSession, late: datetime) -> AsyncIterator[Finding]:
    found = await chain.verify(session)
    if found.wrong:
        yield Finding("journal", gaps={"n": len(found.wrong)})
    if found.turned_back:
        yield Finding("clock", wrong=False, gaps={"n": found.turned_back})
    oldest = await chain.waits_since(session)
    if oldest and oldest < late:
        yield Finding("unchained", wrong=False, gaps={"n": found.waiting})


async def _evidence(session: AsyncSession, read: READ) -> AsyncIterator[Finding]:
    rows = await session.execute(select(Evidence.id, Evidence.sha256, Evidence.preview).order_by(Evidence.id))
    seen: set[str] = set()
    for number, *digests in rows.all():
        for digest in filter(None, digests):
            if digest in seen:
                continue
            seen.add(digest)
            try:
                data = await read(digest)
            except FileNotFoundError:
                yield Finding("no_bytes", gaps={"evidence": number, "digest": digest})
            else:
                if hashlib.sha256(data).hexdigest() != digest:
                    yield Finding("other_bytes", gaps={"evidence": number, "digest": digest})


async def _count(session: AsyncSession, query: Any) -> int:
    return await session.scalar(select(func.count()).select_from(query.subquery())) or 0
