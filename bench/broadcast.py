"""Measures an announcement to a whole city while inspectors work (python bench/broadcast.py).

The simulator keeps Telegram's limits: 30 messages a second in all, 1 a second in a chat; `--scale 3` makes both three
times as fast. The product is a process of its own, on SQLite. Meanwhile inspectors answer the points of their
checklists, and it is measured how long each tap waits for its answer, in seconds that are not scaled.
"""

import argparse
import asyncio
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from actions import announcements
from bench.city import DAY, FIRST_READER, FIRST_TAPPER, serve, settings, settle
from bot.migrate import migrate
from models.database import Database
from simulator import Phone, Telegram
from simulator.faults import Refusal

POINTS = 60
LIMIT = 30  # messages a second, Telegram's
LEAST_USED, SLOWEST = 0.97, 1.0  # of the limit; seconds for 95 of 100 taps


async def announce(database: Database, readers: int, tappers: int) -> int:
    """A city, and an announcement to its readers that is ready to be sent; its id."""
    async with database.write() as session:
        supervisor = await settle(session, readers, tappers, POINTS)
        one = await announcements.draft_of(session, supervisor, DAY)
        one.specialty = "食品"
        announcements.write(one, "周五下午两点在市局三楼培训食品安全抽查，请带执法证。")
        await session.flush()
        assert await announcements.count(session, one) == (readers, readers)
        return one.id


async def works(phone: Phone, every: float, waits: list[float], over: asyncio.Event) -> None:
    """An inspector answers point after point until everybody has been told."""
    rng = random.Random(phone.user_id)
    world = phone.world
    while not over.is_set():
        await asyncio.sleep(rng.uniform(0.5, 1.5) * every)
        await phone.presses("✅ 符合")
        query = list(world.queries.values())[-1]
        start = time.monotonic()
        assert await world.until(lambda query=query: query.answered or None, 60), "a tap was not answered"  # type: ignore[misc]
        waits.append(time.monotonic() - start)
        await phone.settles(0.01)


async def measure(readers: int, tappers: int, scale: float, every: float) -> dict[str, Any]:
    """Tell everybody, and measure."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "suicha.db"
        await asyncio.to_thread(migrate, f"sqlite:///{path}")
        database = Database(f"sqlite:///{path}")
        number = await announce(database, readers, tappers)
        async with Telegram(limits=True, time_scale=scale) as telegram:
            for n in range(readers):
                telegram.phone(f"读者{n}", FIRST_READER + n).chat.started = True
            phones = [telegram.phone(f"检查员{n}", FIRST_TAPPER + n) for n in range(tappers)]
            command = [sys.executable, __file__, "--serve", str(folder), telegram.url, "0", "--scale", str(scale)]
            child = subprocess.Popen(command, env={**os.environ, "PORT": "0"})  # noqa: ASYNC220
            try:
                for phone in phones:
                    phone.chat.started = True
                    await phone.says("/tasks")
                for n, phone in enumerate(phones):
                    await phone.sees(button=f"第{n}面馆")
                    await phone.presses(f"第{n}面馆")
                    await phone.sees(f"1/{POINTS}")
                async with database.write() as session:
                    one = await session.get_one(announcements.Announcement, number)
                    await announcements.send(session, one, one.author, DAY)
                assert telegram.limits
                telegram.limits.refusals.clear()  # that all began to work in one second is another matter
                over, waits = asyncio.Event(), list[float]()
                tapping = [asyncio.create_task(works(phone, every, waits, over)) for phone in phones]
                while left(path):
                    await asyncio.sleep(1)
                    for task in tapping:
                        if task.done():
                            task.result()
                over.set()
                await asyncio.gather(*tapping)
                refused = list(telegram.limits.refusals)
            finally:
                child.terminate()
                await asyncio.to_thread(child.wait)
        await database.close()
        return result(path, readers, scale, waits, refused)


def left(path: Path) -> int:
    """How many have not been told."""
    with sqlite3.connect(path) as connection:
        query = "SELECT count(*) FROM outbox WHERE kind = 'announcement' AND ended_at IS NULL"
        return int(connection.execute(query).fetchone()[0])


def result(path: Path, readers: int, scale: float, waits: list[float], refused: list[Refusal]) -> dict[str, Any]:
    """What was seen: the time is from the first notice that had left to the last."""
    with sqlite3.connect(path) as connection:
        query = (
            "SELECT min(ended_at), max(ended_at), count(*) FROM outbox WHERE outcome = 'sent' AND kind = 'announcement'"
        )
        first, last, sent = connection.execute(query).fetchone()
    seconds = (datetime.fromisoformat(last) - datetime.fromisoformat(first)) / timedelta(seconds=1)
    waits = sorted(waits)
    used = (sent - 1) / seconds / (LIMIT * scale)
    return {
        "notices": sent, "missing": readers - sent, "seconds": round(seconds, 1), "limit_used": round(used, 4),
        "too_many_requests": len(refused), "taps": len(waits), "tap_median": round(waits[len(waits) // 2], 3),
        "tap_p95": round(waits[int(len(waits) * 0.95)], 3), "tap_slowest": round(waits[-1], 3),
    }  # fmt: skip


def main() -> None:
    """Measure and say whether the promises hold; exit code 1 if not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notices", type=int, default=10_000)
    parser.add_argument("--inspectors", type=int, default=50)
    parser.add_argument("--scale", type=float, default=1.0, help="how much faster than Telegram's limits")
    parser.add_argument("--every", type=float, default=8.0, help="seconds between two taps of an inspector")
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        folder, url, port = given.serve
        asyncio.run(serve(settings(Path(folder), url, port=int(port)), given.scale))
        return
    found = asyncio.run(measure(given.notices, given.inspectors, given.scale, given.every))
    print(json.dumps(found, indent=1))
    kept = found["limit_used"] >= LEAST_USED and not found["too_many_requests"] and not found["missing"]
    sys.exit(0 if kept and found["tap_p95"] < SLOWEST else 1)


if __name__ == "__main__":
    main()
