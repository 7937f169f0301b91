"""On PostgreSQL the same draw gives the same bytes as on SQLite: every file of the bundle."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import select

from actions import draws, plans, seats
from models.database import Database
from models.draws import Draw
from models.items import Item
from models.people import Area, Person
from models.subjects import Subject
from rules.draw import verify
from tests.conversations.conftest import MONDAY, settle_town

AUTHORITY = "金华市市场监督管理局"
NAMES = ("老街面馆", "𠮷野家·Ünïcode", "Ärger & Söhne", "阿б в一号", "ｆｕｌｌｗｉｄｔｈ")  # each sorts by its own whim
AREAS = ("330782", "330783", "330726")


def fixed() -> Callable[[int], bytes]:
    """Bytes as from the operating system, but the same ones each time."""
    state = [b"the same bytes"]

    def more(length: int) -> bytes:
        state.append(sha256(state[-1]).digest())
        return state[-1][:length]

    return more


def shop(number: int) -> Subject:
    """Some without a unified code, some barred for a reason, of several areas, classes and flags."""
    area = AREAS[number % 3]
    return Subject(
        code=f"场所 {number}-é" if number % 4 == 3 else f"92{area}MA2T{number:06}",
        name=f"{NAMES[number % 5]}{number}",
        kind="individual",
        area_code=area,
        credit_class="ABCD"[number % 4],
        flags=("complaints", "hold")[: number % 7 % 3],
        status="cancelled" if number % 11 == 5 else "active",
        updated_at=MONDAY,
    )


async def two_bundles(database: Database) -> list[dict[str, bytes]]:
    """A draw, and one after it when people have met subjects and somebody is recused; read back in a new session."""
    random = fixed()
    async with database.write() as session:
        ids = await settle_town(session, MONDAY)
        for number in range(90):
            session.add(shop(number))
            await session.flush()
        supervisor, *witnesses = [await session.get_one(Person, ids[name]) for name in ("赵主管", "陈消防", "周环保")]
        item, area = (await session.scalars(select(Item))).one(), await session.get_one(Area, "330700")
        for number in range(2):
            now = MONDAY + timedelta(days=number)
            wish = plans.NewTask(item.id, area.code, Decimal(20), now.date(), now.date() + timedelta(weeks=4))
            task = await plans.create_task(session, wish, supervisor, now)
            draw = await draws.commit(session, task, witnesses, AUTHORITY, supervisor, now, random=random)
            for witness in witnesses:
                await draws.contribute(session, draw, witness, f"{witness.name}：𠮷 {number}", now)
            await session.flush()
            await draws.run(session, draw, supervisor, now)
            await seats.release(session, draw, supervisor, now)
            await session.flush()
            visit = next(one for one in await draws.visits_of(session, draw) if one.seats[0].person)
            assert visit.seats[0].person
            await seats.leave(session, visit, visit.seats[0], "recusal", "亲属", visit.seats[0].person, now)
    async with database.read() as session:
        held = list(await session.scalars(select(Draw).order_by(Draw.sequence)))
        return [await draws.files_of(session, draw) for draw in held]


@pytest.fixture
async def sqlite(_empty_sqlite: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """The other database."""
    opened = Database(f"sqlite:///{shutil.copyfile(_empty_sqlite, tmp_path / 'other.db')}")
    yield opened
    await opened.close()


@pytest.mark.parametrize("database", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
async def test_the_same_draw_gives_the_same_bytes(database: Database, sqlite: Database) -> None:
    ours, theirs = await two_bundles(sqlite), await two_bundles(database)
    names = {"commitment.json", "certificate.json", "pool.tsv", "inspectors.tsv", "recusals.tsv", "excluded.tsv"}
    for here, there in zip(ours, theirs, strict=True):
        assert here.keys() == there.keys() == names
        for name in names:
            assert here[name] == there[name], name
    verify(theirs[0])
    verify(theirs[1], theirs[0]["commitment.json"])
    pool, recusals = theirs[1]["pool.tsv"].decode(), theirs[1]["recusals.tsv"]
    assert "\n~" in pool, "subjects without a unified code"
    assert all(area in pool for area in ("义乌市", "东阳市", "浦江县"))
    assert len(recusals.split(b"\n")) > 10, "who has met whom"
    assert theirs[1]["certificate.json"].count(b'"mode":"own"') > 3
