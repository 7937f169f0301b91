"""Two processes on one PostgreSQL: one dies, the database goes away or is slow, clocks differ; nothing is lost.

Long, because each way to die needs its own two processes.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.pool import NullPool

from bot.migrate import migrate
from models.database import Database
from models.mail import LEASE, RENEW_EVERY, Inbox, Lease, Outbox
from simulator import Fault, Phone, Telegram
from tests.conftest import POSTGRES
from tests.conversations.conftest import empty, free_port
from tests.e2e.judge import entered_once, extra_notices, is_well, told
from tests.e2e.test_two_processes import POINTS, SECRET, Proxy, handled, opened, ready
from tests.e2e.town import TOKEN, Process, people_of, released_town, visit_of

AGAIN = int(os.environ.get("FAULTS", "1"))  # how often each thing happens
SEED = 48151623

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not POSTGRES, reason="TEST_POSTGRES_URL names no PostgreSQL server"),
]


@dataclass
class Two:
    """Two processes at work, and two people in one shop who type answers to both of them."""

    telegram: Telegram
    database: Database
    processes: list[Process]
    proxy: Proxy
    pair: list[Phone]
    shop: str
    said: Counter[str] = field(default_factory=Counter)
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))
    done: bool = False

    async def open(self) -> None:
        """Both people stand in the shop."""
        for process in self.processes:
            await process.start()
        await asyncio.gather(*(ready(process.port) for process in self.processes))
        await opened(self.pair, self.shop)

    async def types(self) -> None:
        """Both enter one thing after the other, each with words of its own, until it is enough."""
        number = 0
        while not self.done:
            for phone in self.pair:
                number += 1
                note = f"{phone.name}说的第{number}句"
                self.said[note] += 1
                await phone.says(f"{self.chance.randint(1, POINTS)} 不符合 {note}")
            await asyncio.sleep(self.chance.uniform(0, 0.2))

    async def while_they_type(self, trouble: Callable[[], Awaitable[object]], times: int = AGAIN) -> None:
        """Trouble comes while people enter things; afterwards all is handled, and everybody has heard of everything."""
        typing = asyncio.create_task(self.types())
        try:
            for _ in range(times):
                await asyncio.sleep(self.chance.uniform(0.3, 0.8))
                await trouble()
            await asyncio.sleep(0.3)
        finally:
            self.done = True
            await typing
        await handled(self.telegram, self.database)
        await self.all_is_said()
        await told(self.database.read)

    async def all_is_said(self) -> None:
        """Wait until no reply is left to say."""
        for _ in range(600):
            async with self.database.read() as session:
                left = await session.scalar(select(func.count()).where(Inbox.replies.is_not(None)))
            if not left:
                return
            await asyncio.sleep(0.1)
        raise AssertionError("replies are not said")

    async def is_well(self, at_most: int = 1) -> str:
        """The doctor's word after a polite stop; a line on what was counted."""
        for process in self.processes:
            assert await process.stop() == 0, process.logs[-3000:]
        await entered_once(self.database, self.said)
        extra, notices = await extra_notices(self.database, self.telegram, at_most)
        await is_well(self.processes[0])
        return f"{self.said.total()} answers by two people, none lost or doubled; {notices} notices, {extra} told twice"


@asynccontextmanager
async def two(folder: Path, variables: tuple[dict[str, str], dict[str, str]] = ({}, {})) -> AsyncIterator[Two]:
    """Two processes that are not started yet, behind a proxy."""
    await empty(POSTGRES)
    await asyncio.to_thread(migrate, POSTGRES)
    database, front, ports = Database(POSTGRES, poolclass=NullPool), free_port(), [free_port(), free_port()]
    async with Telegram(token=TOKEN) as telegram:
        shared = {
            "DATABASE_URL": POSTGRES,
            "TELEGRAM_MODE": "webhook",
            "WEBHOOK_SECRET": SECRET,
            "PUBLIC_URL": f"http://127.0.0.1:{front}",
        }
        processes = [
            Process(telegram, folder, {**shared, **own}, port) for own, port in zip(variables, ports, strict=True)
        ]
        async with database.write() as session:
            every = tuple(range(1, POINTS + 1))
            await released_town(session, datetime.now(processes[0].zone), points=POINTS, without_photo=every)
            visit = await visit_of(session)
            names = [seat.person.name for seat in visit.seats if seat.person]
        phones = people_of(telegram)
        proxy = Proxy(list(ports), random.Random(SEED), Counter())
        async with proxy.serving(front):
            found = Two(telegram, database, processes, proxy, [phones[name] for name in names], visit.subject.name)
            try:
                yield found
            finally:
                for process in processes:
                    if process.process and process.process.exitcode is None:
                        await process.stop()
                await database.close()


async def owner_of_the_clock(database: Database) -> str:
    for _ in range(200):
        async with database.read() as session:
            if owner := await session.scalar(select(Lease.owner).where(Lease.name == "clock")):
                return owner
        await asyncio.sleep(0.05)
    raise AssertionError("nobody holds the clock")


async def test_what_a_dead_process_held_is_taken_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Killed while it sends notices and a reply, and holds the clock: the other one does all of it within 10 s."""
    assert LEASE.total_seconds() + RENEW_EVERY < 10
    async with two(tmp_path) as town:
        first, second = town.processes
        town.proxy.ports.remove(second.port)
        town.telegram.fail(Fault.delay(60, method="sendMessage", times=None))
        await first.start()
        await ready(first.port)
        clock = await owner_of_the_clock(town.database)
        await second.start()
        await ready(second.port)
        asks = await town.pair[0].says("/help")
        held = select(func.count()).where(Outbox.ended_at.is_(None), Outbox.leased_until > func.clock_timestamp())
        unsaid = select(Inbox.replies).where(Inbox.update_id == asks)
        for query in (held, unsaid):
            for _ in range(600):
                async with town.database.read() as session:
                    if await session.scalar(query):
                        break
                await asyncio.sleep(0.05)
            else:
                raise AssertionError("nothing is on its way")
        assert await owner_of_the_clock(town.database) == clock
        await first.kill()
        died = time.monotonic()
        took: dict[str, float] = {}
        town.telegram.heal()
        town.proxy.ports[:] = [second.port]

        async def over(what: str, is_over: Callable[[], Awaitable[bool]]) -> None:
            for _ in range(1200):
                if await is_over():
                    took[what] = time.monotonic() - died
                    return
                await asyncio.sleep(0.05)
            raise AssertionError(f"{what} is not taken over")

        async def told_all() -> bool:
            async with town.database.read() as session:
                return not await session.scalar(select(func.count()).where(Outbox.ended_at.is_(None)))

        async def said() -> bool:
            async with town.database.read() as session:
                return await session.scalar(unsaid) is None

        async def other_clock() -> bool:
            return await owner_of_the_clock(town.database) != clock

        await asyncio.gather(over("notices", told_all), over("reply", said), over("clock", other_clock))
        await town.pair[0].sees("怎么用")
        assert await second.stop() == 0
        extra, notices = await extra_notices(town.database, town.telegram, at_most=1)
        await is_well(second)
        with capsys.disabled():
            times = ", ".join(f"{what} {seconds:.1f} s" for what, seconds in took.items())
            print(f"\ntaken over after kill -9: {times}; {notices} notices, {extra} told twice")


async def test_whoever_stops_waits_for_what_keeps_the_clock(tmp_path: Path) -> None:
    """Stopped while the keeping of the lease waits for the database, and no tick does: it is not cut."""
    async with two(tmp_path) as town:
        process = town.processes[0]
        await process.start()
        await ready(process.port)
        while True:
            async with town.database.write() as session:
                await session.execute(text("LOCK TABLE leases IN EXCLUSIVE MODE"))
                if await keeper_waits(town.database):
                    stopping = asyncio.create_task(process.stop())
                    await asyncio.sleep(0.5)
                    break
        assert await stopping == 0
        assert "level=error" not in process.logs, process.logs[-3000:]


async def keeper_waits(database: Database) -> bool:
    """Whether who waits for the lease is the keeper, alone: a tick has looked at the calendar before."""
    waiting = text(
        "SELECT count(other.pid) FROM pg_locks waits LEFT JOIN pg_locks other ON other.pid = waits.pid"
        " AND other.granted AND other.relation = 'deadline_overrides'::regclass"
        " WHERE waits.relation = 'leases'::regclass AND NOT waits.granted GROUP BY waits.pid"
    )
    for _ in range(100):
        async with database.read() as session:
            if waits := list(await session.scalars(waiting)):
                return waits == [0]
        await asyncio.sleep(0.05)
    raise AssertionError("nobody waits for the lease")


@pytest.mark.patient
async def test_kills_of_one_of_two_processes_lose_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with two(tmp_path) as town:
        await town.open()

        async def kill() -> None:
            process = town.chance.choice(town.processes)
            await process.kill()
            await process.start()
            await ready(process.port)

        await town.while_they_type(kill)
        counted = await town.is_well(at_most=AGAIN)
        with capsys.disabled():
            print(f"\n{AGAIN} kills of one of two: {counted}")


@pytest.mark.patient
async def test_a_rolling_restart_loses_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with two(tmp_path) as town:
        await town.open()

        async def restart() -> None:
            for process in town.processes:
                assert await process.stop() == 0
                await process.start()
                await ready(process.port)

        await town.while_they_type(restart)
        counted = await town.is_well(at_most=0)
        with capsys.disabled():
            print(f"\n{AGAIN} rolling restarts: {counted}")


@pytest.mark.patient
async def test_a_database_that_goes_away_comes_back_to_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With RESTART_POSTGRES=1 the server itself is restarted, which other tests beside this one would not like; else
    all connections of both processes are cut again and again."""
    async with two(tmp_path) as town:
        await town.open()
        await town.while_they_type(restarted if os.environ.get("RESTART_POSTGRES") else cut_off)
        counted = await town.is_well(at_most=AGAIN)
        with capsys.disabled():
            print(f"\nthe database went away {AGAIN} times: {counted}")
        assert "a turn failed" not in town.processes[0].logs


async def cut_off() -> None:
    """Everybody's connection to our database, thirty times in three seconds."""
    connection = await asyncpg.connect(POSTGRES)
    try:
        for _ in range(30):
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await asyncio.sleep(0.1)
    finally:
        await connection.close()


def cluster_of_pg_virtualenv() -> tuple[str, ...]:
    return next(Path(os.environ["PG_CLUSTER_CONF_ROOT"]).glob("*/*")).parts[-2:]


async def restarted() -> None:
    """The server stops at once and comes back three seconds later."""
    cluster = cluster_of_pg_virtualenv()
    stop = ["pg_ctlcluster", *cluster, "stop", "-m", "immediate"]
    await asyncio.to_thread(subprocess.run, stop, check=True)
    await asyncio.sleep(3)
    await asyncio.to_thread(subprocess.run, ["pg_ctlcluster", *cluster, "start"], check=True)


@pytest.mark.patient
async def test_while_the_database_is_slow_people_wait_and_nothing_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with two(tmp_path) as town:
        await town.open()

        async def lock() -> None:
            async with town.database.write() as session:
                await session.execute(text("LOCK TABLE inbox, outbox, answers IN ACCESS EXCLUSIVE MODE"))
                await asyncio.sleep(3)

        await town.while_they_type(lock)
        counted = await town.is_well(at_most=AGAIN)
        with capsys.disabled():
            print(f"\nthe database stood still for 3 s {AGAIN} times: {counted}")


@pytest.mark.patient
async def test_two_clocks_lose_nothing_and_double_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One machine is five minutes ahead of the other, and dies: the other does not wait for five minutes."""
    async with two(tmp_path, ({}, {"CLOCK_AHEAD": "300"})) as town:
        await town.open()
        clock = await owner_of_the_clock(town.database)

        async def kill() -> None:
            assert await owner_of_the_clock(town.database) == clock  # it does not go from hand to hand
            await town.processes[1].kill()

        await town.while_they_type(kill, times=1)
        await town.processes[1].start()
        await ready(town.processes[1].port)
        counted = await town.is_well(at_most=AGAIN)
        with capsys.disabled():
            print(f"\ntwo clocks, five minutes apart: {counted}")
