"""Storms: Telegram says 429 to most of what is sent, is away for an hour, or pours out updates; the clock jumps.

`FLOOD=5000` in the environment for a longer flood.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import func, select

from actions import chain
from actions.notify import notify
from models.database import Database
from models.mail import Inbox
from models.people import Person
from simulator import Fault, Phone, Telegram
from tests.conversations.conftest import put_database
from tests.e2e.judge import entered_once, extra_notices, is_well, told
from tests.e2e.test_fuzz import ROOM, megabytes
from tests.e2e.test_two_processes import handled, opened, ready
from tests.e2e.town import TOKEN, Process, people_of, released_town, visit_of

POINTS = 12
SEED = 48151623
FLOOD = int(os.environ.get("FLOOD", "600"))  # updates
AT_ONCE = 64
SECRET = "a-secret-of-the-webhook"
STRANGERS = 990  # at most; their chats have smaller numbers than those of our people
HOUR = 3600


@dataclass
class Town:
    """A process at work, and two people in one shop who type answers."""

    telegram: Telegram
    database: Database
    process: Process
    phones: dict[str, Phone]
    pair: list[Phone]
    shop: str
    said: Counter[str] = field(default_factory=Counter)
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))

    async def type(self, times: int, pause: float = 0.1) -> None:
        """Both enter so many things, each with words of its own."""
        for _ in range(times):
            for phone in self.pair:
                note = f"{phone.name}说的第{self.said.total() + 1}句"
                self.said[note] += 1
                await phone.says(f"{self.chance.randint(1, POINTS)} 不符合 {note}")
            await asyncio.sleep(pause)

    async def promise(self, what: str, times: int) -> None:
        """So many notices to everybody who has a phone."""
        async with self.database.write() as session:
            people = list(await session.scalars(select(Person).where(Person.name.in_(self.phones))))
            for number in range(times):
                for person in people:
                    now = datetime.now(self.process.zone)
                    key = f"{what}:{number}"
                    await notify(session, person.id, "people.new_device", key, now, urgent=True, who=people[0].id)

    async def all_is_said(self) -> None:
        """Wait until everything is handled, every reply has left and every notice is told."""
        await handled(self.telegram, self.database)
        for _ in range(900):
            async with self.database.read() as session:
                if not await session.scalar(select(func.count()).where(Inbox.replies.is_not(None))):
                    break
            await asyncio.sleep(0.1)
        else:
            raise AssertionError("replies are not said")
        await told(self.database.read)

    async def is_well(self, at_most: int, *but: str) -> str:
        """The doctor's word after a polite stop; a line on what was counted."""
        assert await self.process.stop() == 0, self.process.logs[-3000:]
        await entered_once(self.database, self.said)
        extra, notices = await extra_notices(self.database, self.telegram, at_most)
        await is_well(self.process, *but)
        assert "Traceback" not in self.process.logs, self.process.logs[-4000:]
        return f"{self.said.total()} answers, none lost or doubled; {notices} notices, {extra} told twice"


@asynccontextmanager
async def town(folder: Path, **variables: str) -> AsyncIterator[Town]:
    """A town whose process runs, and in one shop of which two people stand."""
    async with Telegram(token=TOKEN) as telegram:
        process = Process(telegram, folder, variables)
        if variables:
            process.variables["PUBLIC_URL"] = f"http://127.0.0.1:{process.port}"
        await asyncio.to_thread(put_database, process.folder / "data")
        database = Database(process.database)
        every = tuple(range(1, POINTS + 1))
        async with database.write() as session:
            await released_town(session, datetime.now(process.zone), points=POINTS, without_photo=every)
            visit = await visit_of(session)
            names = [seat.person.name for seat in visit.seats if seat.person]
        phones = people_of(telegram)
        found = Town(telegram, database, process, phones, [phones[name] for name in names], visit.subject.name)
        await process.start()
        try:
            await ready(process.port)
            await opened(found.pair, found.shop)
            yield found
        finally:
            if process.process and process.process.exitcode is None:
                await process.stop()
            await database.close()


async def test_in_a_storm_of_429_all_is_said_in_the_end_and_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For a while seven of ten calls are refused, whatever they are; people go on entering things meanwhile."""
    async with town(tmp_path) as here:
        storm = [Fault.too_many(retry_after=2, probability=0.7, times=None)]
        storm.append(Fault.too_many(retry_after=1, probability=0.5, times=None, method="getUpdates"))
        here.telegram.fail(*storm)
        await here.promise("storm", 5)
        await here.type(8, pause=0.5)
        await asyncio.sleep(4)
        refused = sum(fault.hits for fault in storm)
        here.telegram.heal()
        assert refused > 20
        await here.all_is_said()
        await here.pair[0].says("/help")
        await here.pair[0].sees("怎么用")
        counted = await here.is_well(at_most=0)
        with capsys.disabled():
            print(f"\na storm of {refused} times 429: {counted}")


@pytest.mark.patient
async def test_after_an_hour_without_telegram_all_of_it_comes_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An hour passes on the process' clock while it can reach nobody; notices fall due, people write meanwhile."""
    async with town(tmp_path) as here:
        here.telegram.down()
        await here.promise("away", 4)
        await here.type(5)
        for ahead in range(HOUR // 6, HOUR + 1, HOUR // 6):
            await asyncio.sleep(1)
            await here.process.sets_clock(ahead)
        assert here.telegram.pending
        assert "a notice must wait" in here.process.logs
        assert "cannot fetch updates" in here.process.logs
        here.telegram.down(False)
        await here.process.sets_clock(HOUR + HOUR // 4)  # notices are tried again after ten minutes at most
        await here.all_is_said()
        await here.process.sets_clock(0)
        counted = await here.is_well(0, "future")  # what was done by the clock that was ahead
        with capsys.disabled():
            print(f"\nan hour without Telegram: {counted}")


@pytest.mark.patient
async def test_the_clock_jumps_while_people_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A day ahead, an hour back, two days back, and right again, in one running process; the clock's work goes on."""
    async with town(tmp_path) as here:
        for number, ahead in enumerate((86400, 86400 - HOUR, -86400, 0)):
            await here.process.sets_clock(ahead)
            await here.promise(f"jump {number}", 1)
            await here.type(4)
            await here.all_is_said()
            await chained(here)
        async with here.database.read() as session:
            rows = list(await session.scalars(select(Inbox)))
        assert not [row for row in rows if row.done_at is None or row.error]
        counted = await here.is_well(0, "future", "clock")  # it stands in the journal that the clock was turned back
        with capsys.disabled():
            print(f"\n4 jumps of the clock: {counted}")


async def chained(here: Town) -> None:
    """Wait until the clock has done its work: what was entered is in the journal's chain."""
    for _ in range(300):
        async with here.database.read() as session:
            if await chain.waits_since(session) is None:
                return
        await asyncio.sleep(0.2)
    raise AssertionError(f"the clock stands still\n{here.process.logs[-2000:]}")


def update(number: int, chat: int, text: str) -> dict[str, Any]:
    stranger = {"id": chat, "is_bot": False, "first_name": "某人"}
    message = {"message_id": number, "date": 1_790_000_000, "chat": {"id": chat, "type": "private"}, "text": text}
    return {"update_id": 10**9 + number, "message": {**message, "from": stranger}}


async def test_in_a_flood_nothing_is_lost_and_people_are_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A third from one chat, the rest from many strangers: as fast as they go, tried again where we do not say 200."""
    async with town(tmp_path, TELEGRAM_MODE="webhook", WEBHOOK_SECRET=SECRET) as here:
        assert here.process.process
        pid, statuses = here.process.process.pid or 0, Counter[int]()
        numbers = iter(range(FLOOD))
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET, "Content-Type": "application/json"}

        async def pours(client: aiohttp.ClientSession) -> None:
            for number in numbers:
                chat = 1 if number % 3 == 0 else 2 + number % STRANGERS
                body = json.dumps(update(number, chat, "/start")).encode()
                while True:
                    async with client.post(f"http://127.0.0.1:{here.process.port}/telegram", data=body) as answer:
                        statuses[answer.status] += 1
                        if answer.status == 200:
                            break

        async def waiting() -> int:
            async with here.database.read() as session:
                flood = select(func.count()).where(Inbox.update_id >= 10**9, Inbox.done_at.is_(None))
                return await session.scalar(flood) or 0

        people = list(here.phones.values())
        async with aiohttp.ClientSession(headers=headers) as client:
            pouring = asyncio.gather(*(pours(client) for _ in range(AT_ONCE)))
            answered, before = [], megabytes(pid)
            for phone in people:
                await phone.says("/help")
                await phone.sees("怎么用", within=60)
                answered.append(await waiting())
            await here.type(2)
            await pouring
        most = megabytes(pid)
        while left := await waiting():
            most = max(most, megabytes(pid))
            await asyncio.sleep(0.5)
        assert left == 0
        await here.all_is_said()
        async with here.database.read() as session:
            rows = list(await session.scalars(select(Inbox.error).where(Inbox.update_id >= 10**9)))
        assert rows == [""] * FLOOD
        assert set(statuses) <= {200, 503}
        assert statuses[200] == FLOOD
        assert sum(left > 0 for left in answered) > len(people) / 2  # answered before the flood was over
        assert most - before < ROOM
        counted = await here.is_well(at_most=0)
        with capsys.disabled():
            print(
                f"\na flood of {FLOOD}: {dict(statuses)}; people were answered while {answered} waited; "
                f"{before:.0f} MB before, {most:.0f} at most; {counted}"
            )
