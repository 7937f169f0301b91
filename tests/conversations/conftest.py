"""A small town with real people on simulated phones: the real process parts, a real database, a real HTTP Bot API."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import SystemRandom
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from sqlalchemy.pool import NullPool

from actions.areas import ensure_areas
from bot.app import Running, running
from bot.logs import set_up
from bot.migrate import migrate
from bot.settings import Settings
from models.database import Database
from models.items import Checklist, Item, Point
from models.people import Chat, Organ, Person
from models.subjects import Subject
from simulator import Phone, Telegram
from tests.conftest import POSTGRES, SERVER, WORKER, prepared

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 30, 9, 0, tzinfo=ZONE)
PORTS = range(10_000, 32_000)  # a port that is given out for a call is above: it could be gone until it is listened on

migrated: set[str] = set()  # PostgreSQL databases, of towns and to be copied

set_up("INFO")


def free_port(together: int = 1) -> int:
    """A port that nobody listens on, or the first of several: none that the system gives to whoever calls somebody."""
    while True:
        port = PORTS[SystemRandom().randrange(len(PORTS))]
        with ExitStack() as probes, suppress(OSError):
            for number in range(together):
                probes.enter_context(socket.socket()).bind(("127.0.0.1", port + number))
            return port


class Clock:
    """A clock that goes, and that a test can move."""

    zone = ZONE

    def __init__(self, start: datetime) -> None:
        self.offset = start - datetime.now(ZONE)

    def __call__(self) -> datetime:
        return datetime.now(ZONE) + self.offset

    def moves_to(self, moment: datetime) -> None:
        """From now on it is this late."""
        self.offset = moment - datetime.now(ZONE)


@dataclass
class Town:
    """Everything that a test touches."""

    telegram: Telegram
    app: Running
    clock: Clock
    phones: dict[str, Phone] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Phone:
        return self.phones[name]

    async def rows(self, query: Any) -> list[Any]:
        """What the database says, through a session of its own."""
        async with self.app.database.read() as session:
            return list(await session.scalars(query))


STAFF = (  # staff number, name, organ, roles, bound
    ("330700001", "管理员小周", "义乌市市场监督管理局", ("administrator",)),
    ("330700010", "赵主管", "义乌市市场监督管理局", ("supervisor",)),
    ("330700021", "张伟", "义乌市市场监督管理局", ("inspector",)),
    ("330700022", "李娜", "义乌市市场监督管理局", ("inspector",)),
    ("330700023", "王强", "义乌市市场监督管理局", ("inspector",)),
    ("330700031", "陈消防", "义乌市消防救援大队", ("liaison",)),
    ("330700041", "周环保", "金华市生态环境局义乌分局", ("liaison",)),
)
ORGANS = (
    ("义乌市市场监督管理局", "市场监管"),
    ("义乌市消防救援大队", "消防救援"),
    ("金华市生态环境局义乌分局", "生态环境"),
)
POINTS = ("食品经营许可证在有效期内", "从业人员健康证明有效", "冷藏设施运转正常", "消毒记录完整", "后厨地面清洁")


async def settle_town(
    session: Any, now: datetime, subjects: int = 12, points: tuple[str, ...] = POINTS
) -> dict[str, int]:
    """Areas, organs, staff, an item with its checklist, and some noodle shops."""
    await ensure_areas(session)
    ids: dict[str, int] = {}
    for name, department in ORGANS:
        organ = Organ(name=name, department=department, area_code="330782")
        session.add(organ)
        await session.flush()
        ids[name] = organ.id
    for number, (staff_no, name, organ_name, roles) in enumerate(STAFF):
        person = Person(
            staff_no=staff_no,
            name=name,
            organ_id=ids[organ_name],
            area_code="330782",
            roles=roles,
            certificate=f"浙G{staff_no}" if "inspector" in roles else "",
            certificate_until=date(2028, 12, 31) if "inspector" in roles else None,
            phone="13800000000",
        )
        session.add(person)
        await session.flush()
        ids[name] = person.id
        session.add(Chat(id=1000 + number, person_id=person.id, language="zh_CN", bound_at=now))
    checklist = Checklist(name="餐饮服务食品安全")
    checklist.points = [
        Point(number=number, text=text, method="看现场", key=number == 1) for number, text in enumerate(points, 1)
    ]
    session.add(checklist)
    await session.flush()
    session.add(
        Item(
            code="JH-FOOD-01",
            name="餐饮服务食品安全抽查",
            department="市场监管",
            kind="general",
            ratio_ceiling=Decimal(20),
            basis="食品安全法第一百一十条",
            valid_from=date(2020, 1, 1),
            checklist_id=checklist.id,
        )
    )
    for number in range(subjects):
        session.add(
            Subject(
                code=f"92330782MA2TEST{number:03}",
                name=f"义乌市第{number + 1}面馆",
                kind="individual",
                area_code="330782",
                address=f"义乌市稠城街道工人西路{number + 1}号",
                contact="陈老板",
                phone="13812342071",
                updated_at=now,
            )
        )
    await session.flush()
    return ids


@pytest.fixture
def clock() -> Clock:
    """Monday, 30 November 2026, nine in the morning in Jinhua, and going on."""
    return Clock(MONDAY)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation of its own in an empty folder, on SQLite."""
    return Settings(bot_token="123456:TEST", data_dir=tmp_path / "data", port=free_port(), page_seconds=0)  # type: ignore[arg-type]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def either(request: pytest.FixtureRequest, settings: Settings) -> None:
    """Runs a test on SQLite and, where there is a server, on PostgreSQL; named before `town`."""
    if request.param == "postgres":
        if not POSTGRES:
            pytest.skip("TEST_POSTGRES_URL names no PostgreSQL server")
        again = WORKER and POSTGRES in migrated  # the first town of a worker migrates an empty database itself
        asyncio.run(put_migrated(POSTGRES) if again else empty(POSTGRES))
        migrated.add(POSTGRES)
        settings.database_url = POSTGRES


async def empty(url: str) -> None:
    """A PostgreSQL database without any table, for the product to migrate."""
    database = Database(url, poolclass=NullPool)
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        await connection.exec_driver_sql("CREATE SCHEMA public")
    await database.close()
    prepared.clear()


async def put_migrated(url: str) -> None:
    """A PostgreSQL database as the migrations make it, in the place of what was there; migrated once and copied."""
    server, _, name = url.rpartition("/")
    pattern = f"{name}_migrated"
    connection = await asyncpg.connect(SERVER)
    if pattern not in migrated:
        await connection.execute(f'DROP DATABASE IF EXISTS "{pattern}"')
        await connection.execute(f'CREATE DATABASE "{pattern}"')
        await asyncio.to_thread(migrate, f"{server}/{pattern}")
        migrated.add(pattern)
    await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{pattern}"')
    await connection.close()
    prepared.clear()


@pytest.fixture
async def town(settings: Settings, clock: Clock) -> AsyncIterator[Town]:
    """A running town, everybody bound."""
    async with town_running(settings, clock) as found:
        yield found


@pytest.fixture
async def two_departments(settings: Settings, clock: Clock) -> AsyncIterator[Town]:
    """A running town with two shops, in which the fire brigade has a supervisor and inspectors of its own."""
    from tests.conversations import joint

    async with town_running(settings, clock, joint.settle_two_departments) as found:
        joint.phones(found)
        yield found


@cache
def _migrated() -> bytes:
    """An empty database as the migrations make it; made once, because a town takes longer to migrate than to start."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        migrate(f"sqlite:///{path}")
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path.read_bytes()


def put_database(folder: Path) -> None:
    """Lay an empty, migrated database into the data folder of an installation that has none."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "suicha.db").exists():
        (folder / "suicha.db").write_bytes(_migrated())


def town_running(
    settings: Settings, clock: Clock, prepare: Callable[..., Awaitable[dict[str, int]]] = settle_town
) -> Any:
    """A context in which a town runs."""
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def run() -> AsyncIterator[Town]:
        if settings.database.startswith("sqlite"):
            await asyncio.to_thread(put_database, settings.data_dir)
        telegram = Telegram(token="123456:TEST")
        await telegram.start()
        settings.bot_api_base_url, settings.bot_api_file_url = telegram.api_url, telegram.file_url
        try:
            async with running(settings, clock) as app:
                async with app.database.write() as session:
                    ids = await prepare(session, clock())
                found = Town(telegram, app, clock, ids=ids)
                for number, (_, name, _, _) in enumerate(STAFF):
                    phone = telegram.phone(name, user_id=1000 + number, language="zh-hans")
                    phone.chat.started = True
                    found.phones[name] = phone
                yield found
        finally:
            await telegram.close()

    return run()


__all__ = ["MONDAY", "STAFF", "ZONE", "Clock", "Town", "settle_town", "timedelta", "town_running"]
