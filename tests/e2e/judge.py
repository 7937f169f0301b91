"""Who judges after a fault: the doctor, in a process of its own, on an installation where nothing is on its way."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from sqlalchemy import select

from models.database import Database
from models.journal import JournalEntry
from models.mail import Outbox
from simulator import Telegram
from tests import programs
from tests.e2e.town import Process

SENDS = ("sendMessage", "sendPhoto", "sendDocument")


async def findings(process: Process, *words: str) -> dict[str, str]:
    """What the doctor says of a process that is stopped: code to sentence."""
    environment = {**os.environ, **process.settings}
    told = await asyncio.to_thread(programs.run, ("doctor", "--json", *words), environment)
    assert told.stdout, told.stderr
    said = json.loads(told.stdout)
    assert told.returncode == (0 if said["well"] else 1)
    return {one["code"]: one["sentence"] for one in said["findings"]}


async def is_well(process: Process, *but: str) -> None:
    """Nothing is lost, nothing doubled, nothing left lying; of the journal's last seconds the chain may be behind."""
    found = await findings(process, "--at-rest")
    assert set(found) <= {"unchained", *but}, found


async def told(look: Callable[[], AbstractAsyncContextManager[Any]], within: int = 120) -> None:
    """Wait until no notice is left to tell; `look` gives a session on the database."""
    waiting: list[Any] = []
    for _ in range(within * 5):
        async with look() as session:
            waiting = list(await session.scalars(select(Outbox).where(Outbox.ended_at.is_(None))))
        if not waiting:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"not told: {[(one.kind, one.due_at, one.leased_until, one.error) for one in waiting]}")


async def entered_once(database: Database, said: Counter[str]) -> None:
    """Every answer that somebody typed, with its words, is in the journal once; no other is."""
    async with database.read() as session:
        entries = await session.scalars(select(JournalEntry).where(JournalEntry.verb == "answer"))
        assert Counter(entry.why for entry in entries) == said


async def extra_notices(database: Database, telegram: Telegram, at_most: int) -> tuple[int, int]:
    """Each notice arrived, at most so often too many; how many were too many in all, of how many."""
    async with database.read() as session:
        sent = list(await session.scalars(select(Outbox).where(Outbox.outcome == "sent")))
        assert not list(await session.scalars(select(Outbox).where(Outbox.outcome.in_(("parked", "unreachable")))))
    promised = Counter((one.chat_id, one.text) for one in sent)
    arrived = Counter(
        (int(call.params["chat_id"]), call.params.get("text", call.params.get("caption")))
        for call in telegram.calls
        if call.method in SENDS and call.result
    )
    extra = 0
    for one, times in promised.items():
        assert times <= arrived[one] <= times + at_most, one
        extra += arrived[one] - times
    return extra, len(sent)
