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
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import insert

from actions import announcements
from actions.areas import ensure_areas
from bot.app import running
from bot.logs import set_up
from bot.migrate import migrate
from bot.pace import CHAT, OVERALL, Pace
from bot.settings import Settings
from models.database import Database
from models.items import Checklist, Item, Point
from models.people import Chat, Organ, Person
from models.plans import Task, TaskItem
from models.subjects import Subject
from models.visits import Part, Seat, Visit
from simulator import Phone, Telegram

ZONE = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 12, 2, 10, 0, tzinfo=ZONE)  # notices rest at night, whenever this runs
AREA, ORGAN = "330782", "义乌市市场监督管理局"
FIRST_READER, FIRST_TAPPER = 100_000, 5_000
POINTS = 60
LEAST_USED, SLOWEST = 0.97, 1.0


def settings(folder: Path, telegram_url: str = "", port: int = 0) -> Settings:
    """An installation in a folder that talks to the simulator."""
    return Settings(
        bot_token="123456:TEST",  # type: ignore[arg-type]
        data_dir=folder,
        bot_api_base_url=f"{telegram_url}/bot",
        bot_api_file_url=f"{telegram_url}/file/bot",
        port=port,
        log_level="ERROR",
    )


async def serve(folder: Path, telegram_url: str, port: int, scale: float) -> None:
    """The product, at the scaled pace, until it is ended."""
    set_up("ERROR")
    offset = DAY - datetime.now(ZONE)
    async with running(settings(folder, telegram_url, port), lambda: datetime.now(ZONE) + offset) as app:
        app.sender.pace = Pace(OVERALL * scale, CHAT * scale)
        await asyncio.Event().wait()


async def settle(database: Database, readers: int, tappers: int) -> int:
    """A city: people who will be told, inspectors at work each at a visit, and an announcement that is sent; its id."""
    async with database.write() as session:
        await ensure_areas(session)
        organ = Organ(name=ORGAN, department="市场监管", area_code=AREA)
        session.add(organ)
        await session.flush()
        shared = {"organ_id": organ.id, "area_code": AREA, "status": "active", "certificate": "浙G1", "phone": ""}
        valid = {"certificate_until": date(2028, 12, 31)}
        people = [
            {"id": 1, "staff_no": "S0", "name": "主管", "roles": ("supervisor",), "specialties": (), **shared, **valid},
            *(
                {"id": FIRST_READER + n, "staff_no": f"R{n}", "name": f"读者{n}", "roles": ("inspector",),
                 "specialties": ("食品",), **shared, **valid}
                for n in range(readers)
            ),
            *(
                {"id": FIRST_TAPPER + n, "staff_no": f"T{n}", "name": f"检查员{n}", "roles": ("inspector",),
                 "specialties": (), **shared, **valid}
                for n in range(2 * tappers)  # each with a partner, who does not tap
            ),
        ]  # fmt: skip
        await session.execute(insert(Person), people)
        chats = [*range(FIRST_READER, FIRST_READER + readers), *range(FIRST_TAPPER, FIRST_TAPPER + tappers)]
        rows = [{"id": one, "person_id": one, "language": "zh_CN", "bound_at": DAY} for one in chats]
        await session.execute(insert(Chat), rows)
        await put_to_work(session, organ.id, tappers)
        supervisor = await session.get_one(Person, 1)
        one = await announcements.draft_of(session, supervisor, DAY)
        one.specialty = "食品"
        announcements.write(one, "周五下午两点在市局三楼培训食品安全抽查，请带执法证。")
        await session.flush()
        assert await announcements.count(session, one) == (readers, readers)
        return one.id


async def put_to_work(session: Any, organ_id: int, tappers: int) -> None:
    """A task, and for each inspector a visit that they have begun."""
    checklist = Checklist(name="餐饮服务食品安全")
    checklist.points = [Point(number=n, text=f"第 {n} 个检查要点", photo="never") for n in range(1, POINTS + 1)]
    session.add(checklist)
    await session.flush()
    item = Item(
        code="F1", name="餐饮服务食品安全", department="市场监管", kind="key", valid_from=date(2026, 1, 1),
        checklist_id=checklist.id,
    )  # fmt: skip
    task = Task(
        number="330782202612011001", name="餐饮抽查", organ_id=organ_id, area_code=AREA, ratio=Decimal(10),
        starts=date(2026, 12, 1), ends=date(2026, 12, 31), created_by=1, created_at=DAY,
    )  # fmt: skip
    session.add_all((item, task))
    await session.flush()
    session.add(TaskItem(task_id=task.id, position=1, item_id=item.id, organ_id=organ_id))
    for n in range(tappers):
        subject = Subject(code=f"S{n}", name=f"第{n}面馆", area_code=AREA, address="工人西路", updated_at=DAY)
        session.add(subject)
        await session.flush()
        visit = Visit(
            task_id=task.id, subject_id=subject.id, origin="random", public_id=f"S{n}", position=n, state="started",
            token=f"t{n}", due=date(2026, 12, 18), started_at=DAY,
        )  # fmt: skip
        session.add(visit)
        await session.flush()
        session.add(Part(visit_id=visit.id, position=1, item_id=item.id, checklist_id=checklist.id))
        for number, person in enumerate((FIRST_TAPPER + n, FIRST_TAPPER + tappers + n), 1):
            session.add(
                Seat(visit_id=visit.id, number=number, slot=number, department="市场监管", qualified=True, mode="own",
                     person_id=person, state="accepted", arrived_at=DAY)
            )  # fmt: skip
    await session.flush()


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
        number = await settle(database, readers, tappers)
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
                telegram.limits.refused = 0  # that all began to work in one second is no matter of the announcement
                over, waits = asyncio.Event(), list[float]()
                tapping = [asyncio.create_task(works(phone, every, waits, over)) for phone in phones]
                while left(path):
                    await asyncio.sleep(1)
                    for task in tapping:
                        if task.done():
                            task.result()
                over.set()
                await asyncio.gather(*tapping)
                refused = telegram.limits.refused
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


def result(path: Path, readers: int, scale: float, waits: list[float], refused: int) -> dict[str, Any]:
    """What was seen: the time is from the first notice that had left to the last."""
    with sqlite3.connect(path) as connection:
        query = (
            "SELECT min(ended_at), max(ended_at), count(*) FROM outbox WHERE outcome = 'sent' AND kind = 'announcement'"
        )
        first, last, sent = connection.execute(query).fetchone()
    seconds = (datetime.fromisoformat(last) - datetime.fromisoformat(first)) / timedelta(seconds=1)
    waits = sorted(waits)
    used = (sent - 1) / seconds / (OVERALL * scale)
    return {
        "notices": sent, "missing": readers - sent, "seconds": round(seconds, 1), "limit_used": round(used, 4),
        "too_many_requests": refused, "taps": len(waits), "tap_median": round(waits[len(waits) // 2], 3),
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
        asyncio.run(serve(Path(folder), url, int(port), given.scale))
        return
    found = asyncio.run(measure(given.notices, given.inspectors, given.scale, given.every))
    print(json.dumps(found, indent=1))
    kept = found["limit_used"] >= LEAST_USED and not found["too_many_requests"] and not found["missing"]
    sys.exit(0 if kept and found["tap_p95"] < SLOWEST else 1)


if __name__ == "__main__":
    main()
