"""What a driver is told past SQLAlchemy goes in and comes out as with it, and fails as with it."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Select, bindparam, func, insert, literal, select, text, update
from sqlalchemy.exc import DBAPIError

from models.base import Base
from models.database import Database, away
from models.items import Item
from models.people import Area, Organ, Person
from models.plans import Task
from models.statements import Statement, at_once
from models.subjects import Subject
from models.visits import Visit
from tests.conversations.conftest import MONDAY
from tests.e2e.town import released_town

AREAS: Any = Area.__table__
AREA = Statement(insert(AREAS), [column.name for column in AREAS.c])
FIRST = Statement(select(func.count()).select_from(AREAS))  # the first one of a session goes through SQLAlchemy


async def rows_of(database: Database, statement: Statement, /, **values: Any) -> list[tuple[Any, ...]]:
    """What a statement finds when the driver is told it."""
    async with database.write() as session:
        await FIRST.rows(session)
        return [tuple(row) for row in await statement.rows(session, **values)]


async def stored(database: Database, query: Select[Any]) -> list[tuple[Any, ...]]:
    """What a query finds in the ordinary way."""
    async with database.read() as session:
        return [tuple(row) for row in await session.execute(query)]


async def test_every_table_is_read_as_sqlalchemy_reads_it(database: Database) -> None:
    async with database.write() as session:
        await released_town(session, MONDAY)
    kinds = set[type]()
    for table in Base.metadata.sorted_tables:
        query = select(*table.c).order_by(*table.primary_key)
        told = await rows_of(database, Statement(query))
        assert told == await stored(database, query), table.name
        kinds |= {type(value) for row in told for value in row}
    assert kinds >= {int, str, bool, Decimal, datetime, date, tuple, list, dict, type(None)}


async def test_every_table_is_written_as_sqlalchemy_writes_it(database: Database) -> None:
    async with database.write() as session:
        await released_town(session, MONDAY)
    for entity in (Organ, Person, Item, Task, Subject, Visit):
        table: Any = entity.__table__
        (before,) = await stored(database, select(*table.c).order_by(table.c.id).limit(1))
        values: dict[str, Any] = dict(zip(table.c.keys(), before, strict=True)) | {"id": 987_654}
        for name in {"name", "staff_no", "code", "number", "token"} & values.keys():  # which are unique
            values[name] = f"{values[name]}@"
        if entity is Visit:
            values["subject_id"] = 987_654
        new = Statement(insert(table).returning(table.c.id), list(values))
        assert await rows_of(database, new, **values) == [(987_654,)]
        (after,) = await stored(database, select(*table.c).where(table.c.id == 987_654))
        assert dict(zip(table.c.keys(), after, strict=True)) == values


async def test_a_statement_may_have_values_of_its_own(database: Database) -> None:
    own = literal("330782", AREAS.c.code.type)
    assert await rows_of(database, Statement(select(own, literal(7)).where(literal(MONDAY) == literal(MONDAY)))) == [
        ("330782", 7)
    ]


async def test_a_value_that_nobody_says_is_not_taken_for_nothing(database: Database) -> None:
    for first in (True, False):
        async with database.read() as session:
            if not first:
                await FIRST.rows(session)
            with pytest.raises(KeyError, match="parent"):
                await AREA.rows(session, code="330782", name="义乌市", neighbours=())


async def test_what_is_refused_is_told_as_sqlalchemy_tells_it_and_nothing_stays(database: Database) -> None:
    async def one_code_for_two() -> None:
        async with database.write() as session:
            await FIRST.rows(session)
            for name in ("义乌市", "东阳市"):
                await AREA.rows(session, code="330782", name=name, parent=None, neighbours=("浦江县",))

    with pytest.raises(DBAPIError) as refused:
        await one_code_for_two()
    assert not away(refused.value), "an error of ours, not of the database's"
    assert "浦江县" not in str(refused.value), "what people said is no part of an error"
    async with database.write() as session:
        assert await FIRST.row(session) == (0,)
        await AREA.rows(session, code="330782", name="义乌市", parent=None, neighbours=("浦江县",))
    assert await stored(database, select(AREAS.c.name, AREAS.c.neighbours)) == [("义乌市", ("浦江县",))]


async def test_a_session_goes_on_after_what_was_refused_when_it_has_rolled_back(database: Database) -> None:
    async with database.read() as session:
        await FIRST.rows(session)
        with pytest.raises(DBAPIError):
            await AREA.rows(session, code="330782", name=None, parent=None, neighbours=())
        await session.rollback()
        assert await FIRST.row(session) == (0,)
        assert await FIRST.row(session) == (0,)


@pytest.mark.parametrize("ended", ["commit", "rollback"])
async def test_what_follows_an_end_is_of_a_transaction_of_its_own(database: Database, ended: str) -> None:
    async with database.read() as session:
        await FIRST.rows(session)
        await AREA.rows(session, code="330782", name="义乌市", parent=None, neighbours=())
        await getattr(session, ended)()
        there = 1 if ended == "commit" else 0
        assert [await FIRST.row(session), await FIRST.row(session)] == [(there,), (there,)]
        await AREA.rows(session, code="330783", name="东阳市", parent=None, neighbours=())
    assert await stored(database, select(func.count()).select_from(AREAS)) == [(there,)], "nobody committed the second"


async def test_a_connection_that_is_lost_in_the_midst_is_nobodys_fault(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no connection to lose")

    async def lose_it() -> None:
        async with database.write() as session:
            await FIRST.rows(session)
            (number,) = (await session.execute(text("SELECT pg_backend_pid()"))).one()
            async with database.write() as other:
                await other.execute(text("SELECT pg_terminate_backend(:number)"), {"number": number})
            await FIRST.rows(session)

    with pytest.raises(DBAPIError) as lost:
        await lose_it()
    assert away(lost.value)
    async with database.write() as session:
        assert [await FIRST.row(session), await FIRST.row(session)] == [(0,), (0,)]


async def test_a_full_disk_in_the_midst_is_nobodys_fault(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL says so by its SQLSTATE, as tests/e2e/test_trouble.py shows")

    async def fill_it() -> None:
        async with database.write() as session:
            await FIRST.rows(session)
            await session.execute(text("PRAGMA max_page_count=1"))
            await AREA.rows(session, code="330782", name="义" * 100_000, parent=None, neighbours=())

    with pytest.raises(DBAPIError) as full:
        await fill_it()
    assert away(full.value)
    assert await stored(database, select(AREAS.c.name)) == []


async def test_who_is_cancelled_in_the_midst_leaves_nothing_behind(database: Database) -> None:
    numbers: Any = select(literal(1).label("n")).cte(recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < 3_000_000))
    long = Statement(select(func.sum(numbers.c.n))) if database.is_sqlite else Statement(select(func.pg_sleep(30)))

    async def work() -> None:
        async with database.write() as session:
            await AREA.rows(session, code="330782", name="义乌市", parent=None, neighbours=())
            await AREA.rows(session, code="330783", name="东阳市", parent=None, neighbours=())
            await long.rows(session)

    task = asyncio.create_task(work())
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 20)
    async with database.write() as session:
        assert [await FIRST.row(session), await FIRST.row(session)] == [(0,), (0,)]


async def test_several_at_once_are_what_each_alone_would_be(database: Database) -> None:
    async with database.write() as session:
        await released_town(session, MONDAY)
    tables = Base.metadata.sorted_tables
    named = [Statement(select(*table.c).where(literal(True)).order_by(*table.primary_key)) for table in tables]
    async with database.write() as session:
        await FIRST.rows(session)
        found = await at_once(session, *((one, {}) for one in named))
        for table, rows in zip(tables, found, strict=True):
            alone = (await session.execute(select(*table.c).order_by(*table.primary_key))).all()
            assert [tuple(row) for row in rows] == [tuple(row) for row in alone], table.name


async def test_several_are_written_at_once_each_with_its_own_values(database: Database) -> None:
    renamed = Statement(update(AREAS).where(AREAS.c.code == bindparam("of")), ["name"])
    named = Statement(select(AREAS.c.name).where(AREAS.c.code == bindparam("of")))
    new = Statement(insert(AREAS).returning(AREAS.c.code, AREAS.c.neighbours), [column.name for column in AREAS.c])
    there = {"parent": None, "neighbours": ("浦江县",)}
    async with database.write() as session:
        await FIRST.rows(session)
        await AREA.rows(session, code="330700", name="金华市", **there)
        both = (renamed, {"of": "330700", "name": "金华"}), (new, {"code": "330782", "name": "义乌市"} | there)
        nothing, ((code, neighbours),) = await at_once(session, *both)
        assert (list(nothing), code, neighbours) == ([], "330782", ("浦江县",))
        assert await at_once(session, (renamed, {"of": "330782", "name": "义乌"})) == [[]]
        silent = (renamed, {"of": "330700", "name": "婺州"}), (renamed, {"of": "330782", "name": "稠州"})
        assert [list(rows) for rows in await at_once(session, *silent)] == [[], []]
        assert await at_once(session) == []
        found = await at_once(session, *((named, {"of": code}) for code in ("330700", "330782", "330783")))
        assert [[tuple(row) for row in rows] for rows in found] == [[("婺州",)], [("稠州",)], []]


async def test_of_several_at_once_all_is_carried_out_or_nothing(database: Database) -> None:
    async def two_of_one_code() -> None:
        async with database.write() as session:
            await FIRST.rows(session)
            rows = ({"code": "330782", "name": name, "parent": None, "neighbours": ()} for name in ("义乌", "东阳"))
            await at_once(session, *((AREA, row) for row in rows))

    with pytest.raises(DBAPIError):
        await two_of_one_code()
    assert await stored(database, select(AREAS.c.name)) == []
