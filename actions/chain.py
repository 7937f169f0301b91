"""Chains the journal and signs the end of each day; finds whatever was changed, taken out or put in (R4.3).

Entries are written by many transactions side by side, so they are chained afterwards, by whoever holds the clock.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.journal import record
from models.journal import JournalEntry, JournalLink, JournalRoot
from rules.journal import FIRST, entry, link, message

AT_ONCE = 2000  # entries in memory
IN_FLIGHT = 10_000  # entries that others may have written while one transaction was open
ONE_DAY = timedelta(days=1)
TURNED_BACK, CLOCK = "turned_back", "clock"
SLOW = timedelta(hours=1)  # a transaction that lasts longer than this would look like an entry that was put in later


@dataclass
class Verdict:
    """What was found wrong, as (code, entry, place or day), and how much was looked at."""

    wrong: list[tuple[str, str]] = field(default_factory=list)
    entries: int = 0
    roots: int = 0
    waiting: int = 0  # entries that are not chained yet
    turned_back: int = 0  # times that the clock was turned back behind what was signed already
    signers: list[str] = field(default_factory=list)

    def finds(self, code: str, what: object) -> None:
        """Write down that something is wrong, and where."""
        self.wrong.append((code, str(what)))


async def extend(session: AsyncSession, *, thorough: bool = False) -> int:
    """Chain the entries that are not yet, in the order of their ids; how many there were.

    Looks only at the newest unless `thorough`. Two at once collide on the next place, and one of them is rolled back.
    """
    head = await _head(session)
    place, last = (head.sequence, head.hash) if head else (0, FIRST)
    query = select(JournalEntry).outerjoin(JournalLink, JournalLink.entry_id == JournalEntry.id)
    query = query.where(JournalLink.sequence.is_(None)).order_by(JournalEntry.id)
    if not thorough:
        newest = await session.scalar(select(func.max(JournalLink.entry_id))) or 0
        query = query.where(JournalEntry.id > newest - IN_FLIGHT)
    before = place
    while found := list(await session.scalars(query.limit(AT_ONCE))):
        for one in found:
            place += 1
            last = link(last, place, entry(one.fields))
            session.add(JournalLink(sequence=place, entry_id=one.id, hash=last))
        await session.flush()
        session.expunge_all()
    return place - before


async def seal(session: AsyncSession, key: Ed25519PrivateKey, now: datetime) -> JournalRoot | None:
    """Sign the chain as it is, for yesterday, unless that is done or there is nothing new; what was signed."""
    day = now.date() - ONE_DAY
    before = await _last_root(session)
    if before and before.day >= day:
        return None
    await extend(session, thorough=True)
    head = await _head(session)
    if head is None or (before and before.sequence == head.sequence):
        return None
    signed = message(day.isoformat(), head.sequence, head.hash, before.signature if before else "")
    root = JournalRoot(
        day=day,
        sequence=head.sequence,
        hash=head.hash,
        sealed_at=now,
        signature=key.sign(signed).hex(),
        signer=key.public_key().public_bytes_raw().hex(),
    )
    session.add(root)
    await session.flush()
    return root


async def note_clock(session: AsyncSession, now: datetime) -> None:
    """If the clock ran ahead when the last day was signed and is right again, put that into the journal.

    What is written from now on says that it is older than the signature; this entry tells why, and since when.
    """
    ends = await roots(session)
    if ends and now < (await _floors(session, ends))[ends[-1].sequence] - SLOW:
        before = ends[-1].sealed_at.astimezone(UTC).isoformat(timespec="seconds")
        record(session, now, None, TURNED_BACK, CLOCK, 0, before={"signed": before})


async def _floors(session: AsyncSession, ends: list[JournalRoot]) -> dict[int, datetime]:
    """For the place of each signed end the time that nothing after it may be older than: that to which a clock was
    turned back after it, else that of the signature."""
    floors = {root.sequence: root.sealed_at for root in ends}
    query = select(JournalLink.sequence, JournalEntry.at).select_from(JournalEntry)
    query = query.outerjoin(JournalLink, JournalLink.entry_id == JournalEntry.id).where(JournalEntry.noun == CLOCK)
    for place, at in await session.execute(query):
        before = [root.sequence for root in ends if place is None or root.sequence < place]
        if before:
            floors[before[-1]] = min(floors[before[-1]], at)
    return floors


async def roots(session: AsyncSession) -> list[JournalRoot]:
    """All signed ends of days, the first first."""
    return list(await session.scalars(select(JournalRoot).order_by(JournalRoot.day)))


async def root_over(session: AsyncSession, place: int) -> JournalRoot | None:
    """The first signed end of a day that holds a place of the chain; None if its day is not over yet."""
    query = select(JournalRoot).where(JournalRoot.sequence >= place).order_by(JournalRoot.sequence).limit(1)
    root: JournalRoot | None = await session.scalar(query)
    return root


async def places(session: AsyncSession, entries: list[int]) -> dict[int, JournalLink]:
    """The places of entries in the chain, by the entry's id; those that are not chained yet are left out."""
    found = await session.scalars(select(JournalLink).where(JournalLink.entry_id.in_(entries)))
    return {one.entry_id: one for one in found}


async def waits_since(session: AsyncSession) -> datetime | None:
    """When the oldest entry was written that has no place in the chain yet; None if all have."""
    query = select(func.min(JournalEntry.at)).outerjoin(JournalLink, JournalLink.entry_id == JournalEntry.id)
    oldest: datetime | None = await session.scalar(query.where(JournalLink.sequence.is_(None)))
    return oldest


async def verify(session: AsyncSession, known: list[dict[str, object]] | None = None) -> Verdict:
    """Walk the whole chain. `known` are ends of days that somebody kept elsewhere (`day`, `sequence`, `hash`).

    Codes: `changed` an entry is not what it was, `deleted` an entry is gone, `gap` a place is gone, `inserted` an entry
    stands outside the chain or is older than its place allows, `root` a day's end does not fit the chain, `signature`
    it was not signed by its signer, `known` it is not the one that was kept elsewhere.
    """
    verdict = Verdict()
    ends = await roots(session)
    _check_signatures(ends, verdict)
    floors = await _floors(session, ends)
    after: datetime | None = None  # when the place before this one was sealed: what comes now happened later
    last, expected, hashes = FIRST, 0, dict[int, str]()
    async for held, one in _walk(session):
        expected += 1
        if held.sequence != expected:
            verdict.finds("gap", expected)
            expected = held.sequence
        if one is None:
            verdict.finds("deleted", held.entry_id)
        elif held.hash != link(last, held.sequence, entry(one.fields)):
            verdict.finds("changed", held.entry_id)
        elif after and one.at < after - SLOW:
            verdict.finds("inserted", held.entry_id)
        last = held.hash
        verdict.entries += 1
        verdict.turned_back += one is not None and one.noun == CLOCK
        after = floors.get(held.sequence, after)
        hashes |= {held.sequence: held.hash} if held.sequence in floors or known else {}
    for root in ends:
        if hashes.get(root.sequence) != root.hash:
            verdict.finds("root", root.day)
    for kept in known or ():
        if hashes.get(int(str(kept["sequence"]))) != kept["hash"]:
            verdict.finds("known", kept["day"])
    await _unchained(session, floors[ends[-1].sequence] if ends else None, verdict)
    return verdict


def _check_signatures(ends: list[JournalRoot], verdict: Verdict) -> None:
    previous = ""
    for root in ends:
        signed = message(root.day.isoformat(), root.sequence, root.hash, previous)
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(root.signer)).verify(bytes.fromhex(root.signature), signed)
        except (InvalidSignature, ValueError):
            verdict.finds("signature", root.day)
        previous = root.signature
        verdict.roots += 1
    verdict.signers = list(dict.fromkeys(root.signer for root in ends))


async def _walk(session: AsyncSession) -> AsyncIterator[tuple[JournalLink, JournalEntry | None]]:
    """The chain in order, each place with its entry."""
    place = -1
    query = select(JournalLink, JournalEntry).outerjoin(JournalEntry, JournalEntry.id == JournalLink.entry_id)
    while True:
        page = query.where(JournalLink.sequence > place).order_by(JournalLink.sequence).limit(AT_ONCE)
        found = (await session.execute(page)).all()
        for held, one in found:
            yield held, one
        if not found:
            return
        place = found[-1][0].sequence
        session.expunge_all()


async def _unchained(session: AsyncSession, sealed_at: datetime | None, verdict: Verdict) -> None:
    """An entry outside the chain waits for its place, unless it says that it is older than what is chained already."""
    newest = await session.scalar(select(func.max(JournalLink.entry_id))) or 0
    latest = await session.scalar(select(JournalEntry.at).where(JournalEntry.id == newest))
    query = select(JournalEntry.id, JournalEntry.at).outerjoin(JournalLink, JournalLink.entry_id == JournalEntry.id)
    for number, at in await session.execute(query.where(JournalLink.sequence.is_(None)).order_by(JournalEntry.id)):
        overtaken = number < newest and latest is not None and at < latest - SLOW
        if number <= newest - IN_FLIGHT or overtaken or (sealed_at and at < sealed_at - SLOW):
            verdict.finds("inserted", number)
        else:
            verdict.waiting += 1


async def _head(session: AsyncSession) -> JournalLink | None:
    head: JournalLink | None = await session.scalar(select(JournalLink).order_by(JournalLink.sequence.desc()).limit(1))
    return head


async def _last_root(session: AsyncSession) -> JournalRoot | None:
    root: JournalRoot | None = await session.scalar(select(JournalRoot).order_by(JournalRoot.day.desc()).limit(1))
    return root
