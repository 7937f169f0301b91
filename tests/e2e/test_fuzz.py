"""Updates as odd as Telegram's schema allows, to the real process: each is answered or ignored, by rule.

`FUZZ=100000` in the environment for the long run, `SEED` for another one.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import exists, func, select

from models.database import Database
from models.mail import Inbox, Outbox
from models.people import Chat
from simulator import Telegram
from tests.conversations.conftest import free_port, put_database
from tests.conversations.test_faults import APOLOGY
from tests.e2e.judge import is_well
from tests.e2e.odd import Odd
from tests.e2e.test_two_processes import ready
from tests.e2e.town import TOKEN, Process, people_of, released_town

MANY = int(os.environ.get("FUZZ", "500"))  # 100,000 is what was promised
SEED = int(os.environ.get("SEED", "48151623"))
AT_ONCE = 16
SECRET = "a-secret-of-the-webhook"
ROOM = 64  # megabytes by which the process may grow once it is warm


def megabytes(pid: int) -> float:
    """What a process holds in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.timeout(7200)
async def test_odd_updates_are_answered_or_ignored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    variables = {"TELEGRAM_MODE": "webhook", "WEBHOOK_SECRET": SECRET, "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    async with Telegram(token=TOKEN) as telegram:
        process = Process(telegram, tmp_path, variables, port)
        await asyncio.to_thread(put_database, process.folder / "data")
        database = Database(process.database)
        async with database.write() as session:
            await released_town(session, datetime.now(process.zone))
        people_of(telegram)
        await process.start()
        await ready(port)
        assert process.process
        assert process.process.pid
        pid, odd, statuses, held = process.process.pid, Odd(SEED), Counter[int](), list[float]()
        async with aiohttp.ClientSession(headers={"X-Telegram-Bot-Api-Secret-Token": SECRET}) as client:

            async def sends() -> None:
                while odd.number < MANY:
                    await _handled(database, 500)  # a flood has a test of its own
                    body = json.dumps(odd.update()).encode()
                    async with client.post(
                        f"{variables['PUBLIC_URL']}/telegram", data=body, headers={"Content-Type": "application/json"}
                    ) as answer:
                        statuses[answer.status] += 1
                        if answer.status != 200:
                            print(answer.status, body[:600])

            async def watches() -> None:
                for tenth in range(1, 11):
                    await _handled(database, 1000, lambda tenth=tenth: odd.number >= MANY * tenth // 10)
                    held.append(megabytes(pid))
                    if MANY >= 10_000:
                        with capsys.disabled():
                            print(f"{datetime.now(process.zone):%H:%M:%S} {tenth}0 %: {held[-1]:.0f} MB", flush=True)

            await asyncio.gather(watches(), *(sends() for _ in range(AT_ONCE)))
            await _handled(database, 0)
            await _told(database, lambda: datetime.now(process.zone))
        code = await process.stop()
        async with database.read() as session:
            errors = Counter(await session.scalars(select(Inbox.error).where(Inbox.error != "")))
            kept = await session.scalar(select(func.count()).select_from(Inbox))
        await database.close()
        texts = [str(call.params.get("text", call.params.get("caption", ""))) for call in telegram.calls]
        with capsys.disabled():
            print(
                f"\n{odd.number} odd updates: {dict(statuses)}, {len(errors)} errors {dict(errors)}; "
                f"memory in tenths {', '.join(f'{one:.0f}' for one in held)} MB"
            )
        assert odd.number >= MANY
        assert (code, dict(statuses), kept) == (0, {200: odd.number}, odd.number)
        assert not errors
        assert "Traceback" not in process.logs, process.logs[process.logs.index("Traceback") - 500 :][:4000]
        assert not [text for text in texts if APOLOGY in text or "Traceback" in text or "Error" in text]
        assert held[-1] - held[0 if MANY >= 10_000 else 4] < ROOM  # a short run is mostly warming up
        await is_well(process, "unreachable")  # some of the odd updates say that a person has blocked us


async def _handled(database: Database, but: int, sent: Callable[[], bool] = lambda: True) -> None:
    """Wait until so many are sent, and at most so many of them wait."""
    for _ in range(36000):
        async with database.read() as session:
            if sent() and (await session.scalar(select(func.count()).where(Inbox.done_at.is_(None))) or 0) <= but:
                return
        await asyncio.sleep(0.2)
    raise AssertionError("something is not handled")


async def _told(database: Database, now: Callable[[], datetime]) -> None:
    """Wait until everybody who can be reached was told what is due."""
    reachable = exists().where(Chat.person_id == Outbox.person_id, Chat.unreachable_at.is_(None))
    for _ in range(600):
        async with database.read() as session:
            due = select(func.count()).where(Outbox.ended_at.is_(None), Outbox.due_at <= now(), reachable)
            if not await session.scalar(due):
                return
        await asyncio.sleep(0.2)
    async with database.read() as session:
        left = await session.scalars(select(Outbox).where(Outbox.ended_at.is_(None), Outbox.due_at <= now(), reachable))
        rows = [{name: value for name, value in vars(one).items() if name[0] != "_"} for one in left]
    raise AssertionError(f"{len(rows)} notices are not told: {rows[:3]}")
