"""Migrations make the tables that the models know, can be undone, and keep the rows that are there."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select

from bot.migrate import config, migrate
from models.changes import Import
from models.database import Database
from models.people import Person, at_work
from models.subject_search import OURS
from models.tables import Base
from tests.conftest import prepared

COMPARED = {  # the tables of the search are not the same in each database, and no models
    "compare_type": True,
    "include_name": lambda name, kind, _parents: kind != "table" or name in Base.metadata.tables or name[:14] != OURS,
}


def test_an_undone_migration_leaves_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    migrate(url)
    command.downgrade(config(url), "base")
    migrate(url)


async def test_migrations_and_models_agree(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    await asyncio.to_thread(migrate, database.engine.url.render_as_string(hide_password=False))
    async with database.engine.connect() as connection:
        different = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts=COMPARED), Base.metadata)
        )
    await _leave_nothing(database)
    assert different == []


async def _leave_nothing(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.exec_driver_sql("DROP TABLE alembic_version")
    prepared.clear()


async def test_who_is_at_work_before_an_upgrade_is_at_work_after_it(database: Database) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    await asyncio.to_thread(command.upgrade, config(url), "0014")
    staff = "(1, '1', '张伟', 1, '330782', ',inspector,', '浙G1', '', '', 'active'), "
    staff += "(2, '2', '李娜', 1, '330782', ',inspector,', '浙G2', '', '', 'leave')"
    columns = "id, staff_no, name, organ_id, area_code, roles, certificate, specialties, phone, status"
    async with database.engine.begin() as connection:
        for table, values in (
            ("areas (code, name, neighbours)", "('330782', '义乌市', '')"),
            ("organs (id, name, department, area_code)", "(1, '义乌市市场监督管理局', '市场监管', '330782')"),
            (f"people ({columns})", staff),
        ):
            await connection.exec_driver_sql(f"INSERT INTO {table} VALUES {values}")
    await asyncio.to_thread(migrate, url)
    async with database.read() as session:
        found = list(await session.scalars(select(Person).order_by(Person.id)))
        assert [(one.name, one.leave_from, one.leave_until) for one in found] == [
            ("张伟", None, None),
            ("李娜", None, None),
        ]
        assert list(await session.scalars(select(Person.name).where(at_work(date(2026, 12, 1))))) == ["张伟"]
    await asyncio.to_thread(command.downgrade, config(url), "0014")
    await _leave_nothing(database)


async def test_an_import_outlives_the_column_of_its_message(database: Database) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    await asyncio.to_thread(command.upgrade, config(url), "0015")
    columns = "id, at, kind, name, sha256, state, chat_id, message_id, stored, counts, version"
    values = "1, '2026-11-30 09:00:00', 'subjects', '对象.csv', '', 'ready', 1000, 7, '', '{}', 0"
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(f"INSERT INTO imports ({columns}) VALUES ({values})")
    await asyncio.to_thread(migrate, url)
    async with database.read() as session:
        (held,) = await session.scalars(select(Import))
    assert (held.name, held.state, held.chat_id) == ("对象.csv", "ready", 1000)
    await asyncio.to_thread(command.downgrade, config(url), "0015")
    async with database.engine.connect() as connection:
        rows = await connection.exec_driver_sql("SELECT name, message_id FROM imports")
        assert rows.tuples().all() == [("对象.csv", None)]
    await _leave_nothing(database)
