"""A town whose draw is held and released, made before the first start; and the real process, to be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from actions import draws, plans, seats
from models.database import Database
from models.items import Item, Point
from models.people import Area, Person
from models.visits import Visit
from simulator import Phone, Telegram
from tests import programs
from tests.conversations.conftest import STAFF, free_port, settle_town

TOKEN = "123456789:AAF-a_token_that_nobody_may_ever_read"
WORDS = "见证人的话 48151623"


async def released_town(
    session: Any, now: datetime, subjects: int = 12, points: int = 5, without_photo: tuple[int, ...] = ()
) -> dict[str, int]:
    """A settled town with a task, its draw held and its inspectors promised a notice; a fifth of the shops is drawn."""
    ids = await settle_town(session, now, subjects, tuple(f"第 {number} 个检查要点" for number in range(1, points + 1)))
    for point in await session.scalars(select(Point).where(Point.number.in_(without_photo))):
        point.photo = "never"
    supervisor, *witnesses = [await session.get_one(Person, ids[name]) for name in ("赵主管", "陈消防", "周环保")]
    item = (await session.scalars(select(Item))).one()
    area = await session.get_one(Area, "330782")
    wish = plans.NewTask(item.id, area.code, Decimal(20), now.date(), now.date() + timedelta(weeks=4))
    task = await plans.create_task(session, wish, supervisor, now)
    draw = await draws.commit(session, task, witnesses, "金华市市场监督管理局", supervisor, now)
    for witness in witnesses:
        await draws.contribute(session, draw, witness, WORDS, now)
    await session.flush()
    await draws.run(session, draw, supervisor, now)
    await seats.release(session, draw, supervisor, now)
    return ids


def people_of(telegram: Telegram) -> dict[str, Phone]:
    """The phones of the staff, as `settle_town` has bound them."""
    phones = {}
    for number, (_, name, _, _) in enumerate(STAFF):
        phones[name] = telegram.phone(name, user_id=1000 + number, language="zh-hans")
        phones[name].chat.started = True
    return phones


def zone_of_noon() -> ZoneInfo:
    """The zone where it is about noon now: the real process reads the real clock, and notices rest at night."""
    offset = 12 - datetime.now(UTC).hour
    return ZoneInfo(f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT")


@dataclass
class Process:
    """`python -m bot run`, started and killed as often as one likes."""

    telegram: Telegram
    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    zone: ZoneInfo = field(default_factory=zone_of_noon)
    starts: list[float] = field(default_factory=list)  # seconds from the start to the first question for updates
    kills: int = 0
    process: ForkServerProcess | None = None
    _timing: asyncio.Task[None] | None = None

    @property
    def settings(self) -> dict[str, str]:
        """What the process finds in its environment."""
        return {
            "BOT_TOKEN": TOKEN,
            "BOT_API_BASE_URL": self.telegram.api_url,
            "BOT_API_FILE_URL": self.telegram.file_url,
            "DATA_DIR": str(self.folder / "data"),
            "PORT": str(self.port),
            "TIMEZONE": self.zone.key,
            "CLOCK_FILE": str(self.folder / "clock"),
            **self.variables,
        }

    @property
    def database(self) -> str:
        """The address of its database."""
        return f"sqlite:///{self.folder / 'data' / 'suicha.db'}"

    @property
    def logs(self) -> str:
        """Everything that it has said on standard output and error, over all starts."""
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    @asynccontextmanager
    async def look(self) -> AsyncIterator[Any]:
        """A session of our own on its database."""
        database = Database(self.database)
        try:
            async with database.read() as session:
                yield session
        finally:
            await database.close()

    async def start(self) -> None:
        """Start it, and note how long it takes until it asks for updates."""
        polls, began = self.telegram.world.updates.poll, time.monotonic()
        log = self.folder / "log"
        self.process = programs.start(("run",), {**os.environ, **self.settings}, log, log)

        async def asks() -> None:
            world = self.telegram.world
            if await world.until(lambda: True if world.updates.poll > polls else None, 30):
                self.starts.append(time.monotonic() - began)

        self._timing = asyncio.create_task(asks())

    async def ready(self) -> None:
        """Wait until it asks for updates."""
        assert self._timing
        await self._timing
        assert self.process
        assert self.process.exitcode is None, self.logs[-2000:]

    async def sets_clock(self, ahead: float) -> None:
        """Set the clock of the machine, while the process runs, to so many seconds ahead of ours."""
        assert self.process
        assert self.process.pid
        path = self.folder / "clock"
        path.write_text(str(ahead))
        os.kill(self.process.pid, signal.SIGUSR1)
        for _ in range(600):
            if not path.exists():
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the clock is not set")

    async def kill(self) -> None:
        """As the power cut does it."""
        assert self.process
        assert self._timing
        self._timing.cancel()
        self.process.kill()
        self.kills += 1
        await asyncio.to_thread(self.process.join)
        assert self.process.exitcode == -signal.SIGKILL, self.logs[-2000:]

    async def stop(self) -> int:
        """Politely; the exit code."""
        assert self.process
        assert self._timing
        self._timing.cancel()
        if self.process.exitcode is None:
            self.process.terminate()
        await asyncio.to_thread(self.process.join, 15)
        if (code := self.process.exitcode) is not None:
            return code
        self.process.kill()
        await asyncio.to_thread(self.process.join)
        raise TimeoutError


async def visit_of(session: Any, position: int = 0) -> Visit:
    """One of the drawn visits."""
    found: Visit = (await session.scalars(select(Visit).order_by(Visit.position).offset(position).limit(1))).one()
    return found
