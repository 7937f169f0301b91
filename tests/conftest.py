"""What all tests share: a fresh database, on SQLite and, where there is one, on PostgreSQL."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import CodeType
from typing import Any

import asyncpg
import jinja2
import pytest
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite

from models.database import Database
from models.tables import Base

SHARED = Path(__file__).parents[1].parent / "shared"
SERVER = os.environ.get("TEST_POSTGRES_URL", "")
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
POSTGRES = f"{SERVER}_{WORKER}" if SERVER and WORKER else SERVER  # each worker has a database of its own
prepared: set[str] = set()

# So that no worker begins a long file when the others are done; what takes longest is a file of its own in the end.
LONGEST_FIRST = ("e2e", "web", "test_authorisation.py", "conversations", "test_migrations.py", "actions")

PATIENT = {  # long dialogues, whose rules and rows `tests/actions` and `tests/rules` test too
    "test_beacon.py",
    "test_joint.py",
    "test_merged.py",
    "test_replacements.py",
    "test_vacant_seats.py",
}
ONCE = {  # dialogues and browsers: what they do to rows is tested on both databases elsewhere
    "test_annual.py",
    "test_appeals.py",
    "test_audit.py",
    "test_browser.py",
    "test_campaign.py",
    "test_checklists.py",
    "test_city_crawl.py",
    "test_credit_in_chat.py",
    "test_directories.py",
    "test_draws.py",
    "test_exports.py",
    "test_exports_lists.py",
    "test_extracts.py",
    "test_hat.py",
    "test_imports_city.py",
    "test_letters.py",
    "test_papers.py",
    "test_presence.py",
    "test_queued.py",
    "test_ratings.py",
    "test_reading.py",
    "test_records.py",
    "test_results.py",
    "test_safety.py",
    "test_stages.py",
    "test_subject.py",
    "test_tasks.py",
    "test_voice.py",
}

# To truncate seventy tables takes as long as many a test, most of which fill a few with some rows. Large ones are
# truncated, because their rows would lie about; no references are looked at, because all goes.
EMPTY = """
DO $$
DECLARE
    name regclass;
    filled boolean;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', name) INTO filled;
        IF pg_relation_size(name) > 262144 THEN
            EXECUTE format('TRUNCATE %s CASCADE', name);
        ELSIF filled THEN
            EXECUTE format('DELETE FROM %s', name);
        END IF;
    END LOOP;
    PERFORM setval(format('%I', sequencename)::regclass, 1, false)
        FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$
"""

compiled: dict[object, object] = {}  # by dialect and statement, for all engines of this worker
templates: dict[object, CodeType] = {}  # by name and source, for all applications of this worker


def pytest_sessionstart() -> None:
    """Make the worker's database; let a statement and a page be compiled once, not by each engine and application."""
    for dialect in (SQLiteDialect_aiosqlite, PGDialect_asyncpg):
        dialect.__eq__ = lambda self, other: type(self) is type(other)
        dialect.__hash__ = lambda self: hash(type(self))
    event.listen(Engine, "engine_connect", _compile_once)
    jinja2.Environment.compile = _template_once  # type: ignore[assignment, method-assign]
    if WORKER and SERVER:
        asyncio.run(_create_database())


def _compile_once(connection: Connection) -> None:
    connection.execution_options(compiled_cache=compiled)


def _template_once(
    environment: jinja2.Environment, source: str, name: str, *more: Any, make: Any = jinja2.Environment.compile
) -> CodeType:
    if (name, source) not in templates:
        templates[name, source] = make(environment, source, name, *more)
    return templates[name, source]


async def _create_database() -> None:
    connection = await asyncpg.connect(SERVER)
    name = POSTGRES.rpartition("/")[2]
    await connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
    await connection.execute(f'CREATE DATABASE "{name}"')
    await connection.close()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """What ran in the processes that tests of this worker started counts, if lines are counted."""
    programs = sys.modules.get("tests.programs")
    if programs and programs.MEASURED:
        programs.gather_coverage()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Fifteen minutes on two cores: slow files run on SQLite alone or not at all; ALL_TESTS=1 runs everything."""
    items.sort(key=_place)
    if os.environ.get("ALL_TESTS"):
        return
    left = [one for one in items if _is_slow(one)]
    config.hook.pytest_deselected(items=left)
    items[:] = [one for one in items if one not in set(left)]


def _place(item: pytest.Item) -> int:
    folders = [place for place, name in enumerate(LONGEST_FIRST) if name in item.path.parts]
    return folders[0] if folders else len(LONGEST_FIRST)


def _is_slow(item: pytest.Item) -> bool:
    if "rules" in item.path.parts:
        return False
    twice = item.path.name in ONCE and item.get_closest_marker("postgres") is not None
    return twice or item.path.name in PATIENT or item.get_closest_marker("patient") is not None


@pytest.fixture(scope="session")
def _empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables without rows, made once and copied for each test."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.db"
    engine = create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    engine.dispose()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database with all tables and no rows."""
    if request.param == "sqlite":
        path = tmp_path / "test.db"
        shutil.copyfile(request.getfixturevalue("_empty_sqlite"), path)
        opened = Database(f"sqlite:///{path}")
    elif POSTGRES:
        opened = Database(POSTGRES)
        await _empty_postgres(opened)
    else:
        pytest.skip("TEST_POSTGRES_URL names no PostgreSQL server")
    yield opened
    await opened.close()


async def _empty_postgres(database: Database) -> None:
    """Tables anew for the first test; for every other, the rows that are there are taken out, which is much quicker."""
    async with database.engine.begin() as connection:
        if POSTGRES not in prepared:
            await connection.execute(text("DROP SCHEMA public CASCADE"))
            await connection.execute(text("CREATE SCHEMA public"))
            await connection.run_sync(Base.metadata.create_all)
            prepared.add(POSTGRES)
        else:
            await connection.exec_driver_sql(EMPTY)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The city-sized data folder; the test is skipped where it is absent."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("the city-sized data folder is not here")
    return folder
