"""Whatever is changed in the journal, taken out of it or put into it is found, and the database refuses it (R4.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.pool import NullPool

from actions import chain
from actions.journal import record
from bot.migrate import migrate
from bot.signing import signing_key
from models.database import Database
from models.journal import JournalEntry, JournalLink, JournalRoot
from rules.journal import FIRST, entry, link, message
from tests.conftest import POSTGRES
from tests.conversations.conftest import MONDAY

KEY, ANOTHER = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2))
DAY = timedelta(days=1)


async def written(database: Database, days: int = 3, acts: int = 5) -> None:
    """A journal of some days, chained, each day but the last signed, with two acts that wait for the chain."""
    for day in range(days):
        now = MONDAY + day * DAY
        async with database.write() as session:
            await chain.seal(session, KEY, now)
            for number in range(acts):
                why, after = f"因为 {number} <b>", {"满": [1, 2.5, None, "é"]}
                record(session, now, None, "note", "visit", number, before={"day": day}, after=after, why=why)
            await session.flush()
            await chain.extend(session)
    async with database.write() as session:
        for number in range(2):
            record(session, MONDAY + days * DAY, None, "note", "visit", number)


async def judged(database: Database, known: Any = None) -> chain.Verdict:
    async with database.read() as session:
        return await chain.verify(session, known)


async def test_an_honest_journal_is_whole(database: Database) -> None:
    await written(database)
    found = await judged(database)
    assert (found.wrong, found.entries, found.roots, found.waiting) == ([], 15, 2, 2)
    assert found.signers == [KEY.public_key().public_bytes_raw().hex()]
    async with database.write() as session:
        assert await chain.extend(session) == 2
        assert await chain.extend(session, thorough=True) == 0
        assert (await chain.places(session, [1, 17]))[17].sequence == 17
        root = await chain.root_over(session, 6)
        assert root
        assert (root.day, root.sequence) == (MONDAY.date() + DAY, 10)
        assert await chain.root_over(session, 11) is None


async def test_a_day_is_signed_once_and_a_quiet_day_not_at_all(database: Database) -> None:
    await written(database, days=2)
    async with database.write() as session:
        first = await chain.seal(session, KEY, MONDAY + 2 * DAY)
        assert first
        assert first.sequence == 12, "also what waited"
        assert await chain.seal(session, KEY, MONDAY + 2 * DAY) is None
        assert await chain.seal(session, KEY, MONDAY + 5 * DAY) is None
        record(session, MONDAY + 6 * DAY, None, "note", "visit", 1)
        await session.flush()
        last = await chain.seal(session, KEY, MONDAY + 9 * DAY)
        assert last
        assert last.day == (MONDAY + 8 * DAY).date()
    assert (await judged(database)).wrong == []


async def test_a_clock_that_ran_ahead_and_is_right_again_leaves_a_journal_that_is_whole(database: Database) -> None:
    """And only what is not older than the time to which it was turned back may stand there."""
    await written(database, days=2)
    ahead, right = MONDAY + 9 * DAY, MONDAY + 2 * DAY
    async with database.write() as session:
        assert await chain.seal(session, KEY, ahead)
        record(session, right, None, "note", "visit", 1)
        await session.flush()
    assert {code for code, _ in (await judged(database)).wrong} == {"inserted"}
    for _ in range(2):  # it is said once
        async with database.write() as session:
            await chain.note_clock(session, right)
            await session.flush()
            await chain.extend(session)
    found = await judged(database)
    assert (found.wrong, found.turned_back) == ([], 1)
    async with database.write() as session:
        assert await chain.seal(session, KEY, right) is None
        record(session, right - DAY, None, "note", "visit", 1)
        await session.flush()
    assert {code for code, _ in (await judged(database)).wrong} == {"inserted"}
    async with database.write() as session:
        await chain.extend(session)
    assert {code for code, _ in (await judged(database)).wrong} == {"inserted"}


Forge = Callable[[AsyncSession], Awaitable[Any]]


def _entry(**changes: Any) -> Forge:
    return lambda session: session.execute(update(JournalEntry).where(JournalEntry.id == 7).values(**changes))


async def _rewritten(session: AsyncSession) -> None:
    """An entry is changed and the whole chain computed anew: only the signatures tell."""
    await _entry(why="别的")(session)
    await session.execute(delete(JournalLink))
    await session.flush()
    await chain.extend(session, thorough=True)


async def _signed_anew(session: AsyncSession) -> None:
    """And signed anew with a key of one's own: only what somebody kept elsewhere tells."""
    days = [root.sealed_at for root in await chain.roots(session)]
    await session.execute(delete(JournalRoot))
    await _entry(why="别的")(session)
    await session.execute(delete(JournalLink).where(JournalLink.sequence > 5))
    await session.execute(delete(JournalEntry).where(JournalEntry.id > 15))
    last, place = await session.scalar(select(JournalLink.hash).where(JournalLink.sequence == 5)) or "", 5
    for one in list(await session.scalars(select(JournalEntry).where(JournalEntry.id > 5).order_by(JournalEntry.id))):
        place += 1
        last = link(last, place, entry(one.fields))
        session.add(JournalLink(sequence=place, entry_id=one.id, hash=last))
    await session.flush()
    previous = ""
    for at, sequence in zip(days, (5, 10), strict=True):
        head = await session.scalar(select(JournalLink.hash).where(JournalLink.sequence == sequence)) or ""
        day = (at - DAY).date()
        previous = ANOTHER.sign(message(day.isoformat(), sequence, head, previous)).hex()
        signer = ANOTHER.public_key().public_bytes_raw().hex()
        session.add(JournalRoot(day=day, sequence=sequence, hash=head, sealed_at=at, signature=previous, signer=signer))
        await session.flush()


async def _deleted(session: AsyncSession) -> None:
    await session.execute(delete(JournalEntry).where(JournalEntry.id == 7))


async def _end_cut_off(session: AsyncSession) -> None:
    """The newest are gone with their places."""
    await session.execute(delete(JournalEntry).where(JournalEntry.id >= 10))
    await session.execute(delete(JournalLink).where(JournalLink.sequence >= 10))


async def _place_gone(session: AsyncSession) -> None:
    await session.execute(delete(JournalLink).where(JournalLink.sequence == 7))


async def _swapped(session: AsyncSession) -> None:
    for place, number in ((7, 1007), (8, 7), (7, 8)):
        where = JournalLink.entry_id == 1007 if number == 8 else JournalLink.sequence == place
        await session.execute(update(JournalLink).where(where).values(entry_id=number))


def _put_in(number: int, days: int) -> Forge:
    """An entry that says it is from the first day, outside the chain."""

    async def forge(session: AsyncSession) -> None:
        record(session, MONDAY + days * DAY, None, "approve", "visit", 1)
        await session.flush()
        newest = await session.scalar(select(JournalEntry.id).order_by(JournalEntry.id.desc()).limit(1))
        await session.execute(update(JournalEntry).where(JournalEntry.id == newest).values(id=number))

    return forge


async def _put_in_and_chained(session: AsyncSession) -> None:
    """An entry that says it is from the first day, written through the front door."""
    record(session, MONDAY, None, "approve", "visit", 1)
    await session.flush()
    await chain.extend(session)


async def _root_forged(session: AsyncSession) -> None:
    await session.execute(update(JournalRoot).values(signature="00" * 64))


FORGERIES: list[tuple[Forge, set[str]]] = [
    (_entry(why="别的"), {"changed:7"}),
    (_entry(person_id=3), {"changed:7"}),
    (_entry(verb="approve"), {"changed:7"}),
    (_entry(noun_id=99), {"changed:7"}),
    (_entry(after={}), {"changed:7"}),
    (_entry(at=MONDAY + timedelta(hours=30)), {"changed:7"}),
    (_deleted, {"deleted:7"}),
    (_end_cut_off, {"root:2026-12-01"}),
    (_place_gone, {"gap:7", "changed:8", "inserted:7"}),
    (_swapped, {"changed:7", "changed:8"}),
    (_put_in(-1, 0), {"inserted:-1"}),
    (_put_in(500, 0), {"inserted:500"}),
    (_put_in_and_chained, {"inserted:18"}),
    (_rewritten, {"root:2026-12-01"}),
    (_root_forged, {"signature:2026-11-30", "signature:2026-12-01"}),
    (_signed_anew, {"known:2026-12-01"}),
]


@pytest.mark.parametrize(("forge", "told"), FORGERIES)
async def test_a_forgery_is_found(database: Database, forge: Forge, told: set[str]) -> None:
    await written(database)
    async with database.read() as session:
        known = [one.public for one in await chain.roots(session)]
    async with database.write() as session:
        await forge(session)
    found = await judged(database, known)
    wrong = {f"{code}:{what}" for code, what in found.wrong}
    assert told <= wrong
    if not any(one.startswith("known") for one in told):
        assert {one for one in wrong if not one.startswith(("known", "root"))} <= told


def test_the_chain_is_what_the_page_says() -> None:
    """Golden: whoever writes a checker of their own can compare."""
    assert link(FIRST, 1, entry({"id": 1, "why": "因为"})) == link(FIRST, 1, '{"id":1,"why":"因为"}'.encode())
    assert link(FIRST, 1, b"{}") == "382f75caae97b0fa5d64e51e5e8b0471eb511b2ae064de865360ecb09af6d9d2"


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "data" / "journal.key"
    first = signing_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert signing_key(path).private_bytes_raw() == first.private_bytes_raw()
    assert [one.name for one in path.parent.iterdir()] == ["journal.key"]


STATEMENTS = (
    "UPDATE journal SET why = 'x'",
    "DELETE FROM journal",
    "UPDATE journal_links SET hash = 'x'",
    "DELETE FROM journal_links",
    "UPDATE journal_roots SET hash = 'x'",
    "DELETE FROM journal_roots",
)


async def refused(database: Database, statement: str, reason: str) -> None:
    with pytest.raises(DBAPIError, match=reason):
        async with database.write() as session:
            await session.execute(text(statement))


async def test_sqlite_refuses_to_change_or_delete(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    await asyncio.to_thread(migrate, url)
    database = Database(url)
    await written(database)
    for statement in STATEMENTS:
        await refused(database, statement, "only added to")
    assert (await judged(database)).wrong == []
    await database.close()


@pytest.mark.postgres
@pytest.mark.skipif(not POSTGRES, reason="TEST_POSTGRES_URL names no PostgreSQL server")
async def test_on_postgresql_neither_the_owner_nor_the_superuser_changes_or_deletes() -> None:
    """The owner has given up the right; whoever has it all the same meets the trigger."""
    server = await asyncpg.connect(POSTGRES)
    try:
        await server.execute("DROP DATABASE IF EXISTS kept_by_clerk")
        await server.execute("DROP ROLE IF EXISTS clerk")
        await server.execute("CREATE ROLE clerk LOGIN PASSWORD 'clerk'")
        await server.execute("CREATE DATABASE kept_by_clerk OWNER clerk")
        host = POSTGRES.rpartition("@")[2].partition("/")[0]
        superuser = POSTGRES.rpartition("/")[0] + "/kept_by_clerk"
        owner = f"postgresql://clerk:clerk@{host}/kept_by_clerk"
        await asyncio.to_thread(migrate, owner)
        for url, reason in ((owner, "permission denied"), (superuser, "only added to")):
            database = Database(url, poolclass=NullPool)
            if url == owner:
                await written(database)
            for statement in (*STATEMENTS, "TRUNCATE journal"):
                await refused(database, statement, reason)
            assert (await judged(database)).wrong == []
            await database.close()
    finally:
        await server.execute("DROP DATABASE IF EXISTS kept_by_clerk")
        await server.execute("DROP ROLE IF EXISTS clerk")
        await server.close()
