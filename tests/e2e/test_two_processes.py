"""Two processes, one PostgreSQL: two inspectors enter at once, and no answer of either is lost (R3.3.2b)."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import func, select
from sqlalchemy.pool import NullPool

from bot.migrate import migrate
from models.database import Database
from models.journal import JournalEntry
from models.mail import Inbox
from models.visits import Answer, Visit
from simulator import Phone, Telegram
from tests.conftest import POSTGRES
from tests.conversations.conftest import empty, free_port
from tests.e2e.town import TOKEN, Process, people_of, released_town, visit_of

SECRET = "a-secret-of-the-webhook"
POINTS = 12
ROUNDS = int(os.environ.get("ROUNDS", "12"))  # 50 is what was promised
SEED = 48151623

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(not POSTGRES, reason="TEST_POSTGRES_URL names no PostgreSQL server"),
]


@dataclass
class Proxy:
    """What stands before the processes: each update goes to whichever comes up."""

    ports: list[int]
    chance: random.Random
    taken: Counter[int]

    async def pass_on(self, request: web.Request) -> web.Response:
        """To one of the processes; to another one if that is not there."""
        body, order = await request.read(), self.chance.sample(self.ports, len(self.ports))
        async with aiohttp.ClientSession() as client:
            for port in order:
                try:
                    async with client.post(
                        f"http://127.0.0.1:{port}/telegram", data=body, headers=dict(request.headers)
                    ) as answer:
                        self.taken[port] += 1
                        return web.Response(status=answer.status)
                except aiohttp.ClientError:
                    continue
        return web.Response(status=502)

    @asynccontextmanager
    async def serving(self, port: int) -> AsyncIterator[None]:
        """While it serves."""
        site = web.Application()
        site.router.add_post("/telegram", self.pass_on)
        runner = web.AppRunner(site)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield
        finally:
            await runner.cleanup()


async def ready(port: int) -> None:
    async with aiohttp.ClientSession() as client:
        for _ in range(150):
            try:
                async with client.get(f"http://127.0.0.1:{port}/healthz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
    raise AssertionError("a process does not start")


async def handled(telegram: Telegram, database: Database) -> None:
    """Wait until nothing that was sent is on its way or unhandled."""
    for _ in range(600):
        async with database.read() as session:
            waiting = await session.scalar(select(func.count()).where(Inbox.done_at.is_(None)))
        if not (waiting or telegram.pending):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("something is not handled")


async def types(phone: Phone, words: list[str]) -> None:
    for text in words:
        await phone.says(text)


@pytest.mark.timeout(300)
async def test_interleavings_of_two_inspectors_lose_no_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await empty(POSTGRES)
    await asyncio.to_thread(migrate, POSTGRES)
    database, chance = Database(POSTGRES, poolclass=NullPool), random.Random(SEED)
    front, ports = free_port(), [free_port(), free_port()]
    async with Telegram(token=TOKEN) as telegram:
        variables = {
            "DATABASE_URL": POSTGRES,
            "TELEGRAM_MODE": "webhook",
            "WEBHOOK_SECRET": SECRET,
            "PUBLIC_URL": f"http://127.0.0.1:{front}",
        }
        processes = [Process(telegram, tmp_path, variables, port) for port in ports]
        async with database.write() as session:
            every = tuple(range(1, POINTS + 1))
            await released_town(session, datetime.now(processes[0].zone), points=POINTS, without_photo=every)
            visit = await visit_of(session)
        phones = people_of(telegram)
        pair = [phones[seat.person.name] for seat in visit.seats if seat.person]
        proxy = Proxy(ports, chance, Counter())
        async with proxy.serving(front):
            for process in processes:
                await process.start()
            try:
                await asyncio.gather(*map(ready, ports))
                await opened(pair, visit.subject.name)
                said = Counter[str]()
                for number in range(ROUNDS):
                    last = await one_round(pair, chance, number, said)
                    await handled(telegram, database)
                    await both_are_there(database, visit.id, last)
            finally:
                for process in processes:
                    assert await process.stop() == 0
        async with database.read() as session:
            entries = list(await session.scalars(select(JournalEntry).where(JournalEntry.verb == "answer")))
            failed = await session.scalar(select(func.count()).where(Inbox.error != ""))
        assert Counter(entry.why for entry in entries) == said
        assert failed == 0
        assert min(proxy.taken[port] for port in ports) >= ROUNDS
        logs = processes[0].logs
        assert "Traceback" not in logs, logs[-3000:]
        with capsys.disabled():
            print(f"\n{ROUNDS} rounds, {said.total()} answers by two people through {dict(proxy.taken)}")
    await database.close()


async def opened(pair: list[Phone], shop: str) -> None:
    """Both are at the door; the second finds the visit begun."""
    for phone, labels in zip(pair, (("开始检查", "我已到场"), ("我已到场",)), strict=True):
        await phone.sees("您被抽中检查")
        await phone.presses("逐户查看")
        await phone.sees("检查", button=shop)
        for label in (shop, *labels):
            await phone.presses(label, within=60)
        await phone.sees(f"1/{POINTS}")


async def one_round(pair: list[Phone], chance: random.Random, number: int, said: Counter[str]) -> dict[int, set[str]]:
    """Both type answers to points of their own choice at the same time; the last words of each on each point."""
    last: dict[int, set[str]] = {}
    scripts = []
    for phone in pair:
        script = []
        mine: dict[int, str] = {}
        for step in range(chance.randint(2, 5)):
            point = chance.randint(1, POINTS)
            note = f"{phone.name}第{number}轮{step}"
            said[note] += 1
            mine[point] = note
            script.append(f"{point} 不符合 {note}")
        for point, note in mine.items():
            last.setdefault(point, set()).add(note)
        scripts.append(types(phone, script))
    await asyncio.gather(*scripts)
    return last


async def both_are_there(database: Database, visit_id: int, last: dict[int, set[str]]) -> None:
    """Each point that was touched holds the last words of one of them."""
    async with database.read() as session:
        visit = await session.get_one(Visit, visit_id)
        answers = await session.scalars(select(Answer).where(Answer.visit_id == visit_id))
        notes = {visit.numbers[answer.point_id]: answer.note for answer in answers}
    for point, words in last.items():
        assert notes[point] in words
