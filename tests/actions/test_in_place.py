"""What SQLite does in place is short; what is long, or must wait for others, leaves the loop free."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from bot.migrate import migrate
from models.database import Database
from models.mail import INBOX, Inbox
from models.people import Area

COUNTED, SHORT = 400_000, 1_000
LONG = text(
    "SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT :most) SELECT i FROM n)"
)


class Ticks:
    """How often the loop came round."""

    def __init__(self) -> None:
        self.number = 0
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            self.number += 1
            await asyncio.sleep(0)

    def stop(self) -> None:
        self._task.cancel()


@pytest.fixture
def url(tmp_path: Path) -> str:
    address = f"sqlite:///{tmp_path}/suicha.db"
    migrate(address)
    return address


async def test_a_short_look_is_done_at_once_and_a_long_one_while_others_go_on(url: str) -> None:
    database = Database(url)
    async with database.write() as session:
        session.add(Area(code="330700", name="金华市"))
        await session.flush()
        ticks = Ticks()
        await asyncio.sleep(0)
        before = ticks.number
        assert await session.scalar(select(Area.name)) == "金华市"
        assert ticks.number == before
        assert await session.scalar(LONG, {"most": COUNTED}) == COUNTED
        assert ticks.number > before
        ticks.stop()
        # To break it off has undone nothing of what was written before.
        assert await session.scalar(select(Area.name)) == "金华市"
    async with database.read() as session:
        assert await session.scalar(select(Area.name)) == "金华市"
    await database.close()


async def test_a_look_that_is_short_is_done_at_once_however_often_it_was_made(url: str) -> None:
    database = Database(url)
    async with database.write() as session:
        assert await session.scalar(LONG, {"most": SHORT}) == SHORT
        ticks = Ticks()
        await asyncio.sleep(0)
        before = ticks.number
        for _ in range(100):
            assert await session.scalar(LONG, {"most": SHORT}) == SHORT
        assert ticks.number == before
        ticks.stop()
    await database.close()


async def test_a_change_of_what_is_named_is_made_at_once_and_one_that_looks_for_it_is_not(url: str) -> None:
    database, now = Database(url), datetime(2026, 12, 1, tzinfo=UTC)
    async with database.write() as session:
        session.add_all(Inbox(update_id=n, chat_id=n % 2, body={}, received_at=now, retry_at=now) for n in range(4))
        await session.flush()
        ticks = Ticks()
        await asyncio.sleep(0)
        before = ticks.number
        await session.execute(update(INBOX).where(INBOX.c.update_id.in_((1, 2))).values(error="eins"))
        assert ticks.number == before
        await session.execute(update(INBOX).where(INBOX.c.chat_id == 1).values(error="alle"))
        assert ticks.number > before
        ticks.stop()
    async with database.read() as session:
        assert list(await session.scalars(select(Inbox.error).order_by(Inbox.update_id))) == [
            "",
            "alle",
            "eins",
            "alle",
        ]
    await database.close()


async def test_who_must_wait_to_write_lets_the_others_go_on(url: str, tmp_path: Path) -> None:
    database = Database(url)

    async def write() -> None:
        async with database.write() as session:
            session.add(Area(code="330700", name="金华市"))

    with closing(sqlite3.connect(tmp_path / "suicha.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(write())
        for _ in range(3):
            async with database.read() as session:
                assert await session.scalar(select(Area.name)) is None
            await asyncio.sleep(0.01)
        assert not writing.done()
        other.execute("ROLLBACK")
    await writing
    async with database.read() as session:
        assert await session.scalar(select(Area.name)) == "金华市"
    await database.close()


async def test_who_is_cancelled_while_the_thread_works_leaves_nothing_behind(url: str) -> None:
    database, begun = Database(url), asyncio.Event()

    async def write_long() -> None:
        async with database.write() as session:
            session.add(Area(code="330700", name="金华市"))
            await session.flush()
            begun.set()
            await session.scalar(LONG, {"most": 2 * COUNTED})

    work = asyncio.create_task(write_long())
    await begun.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    async with database.write() as session:
        assert await session.scalar(select(Area.name)) is None
        session.add(Area(code="330700", name="金华市"))
    async with database.read() as session:
        assert await session.scalar(select(Area.name)) == "金华市"
    await database.close()
