"""The register over a small city, on a real server on loopback; and a browser to read it with."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from models.database import Database
from tests.web.browsers import started
from tests.web.city import Client, build, serve


@pytest.fixture(scope="session")
def kept_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the small city is kept on SQLite, once it is built."""
    return tmp_path_factory.mktemp("city") / "city.db"


@pytest.fixture
async def city(database: Database, kept_city: Path) -> Database:
    """The small city; on SQLite it is built once and copied for each test."""
    path = Path(database.engine.url.database or "")
    if database.is_sqlite and _copied(kept_city, path):
        return database
    async with database.write() as session:
        await build(session)
    if database.is_sqlite:
        _keep(path, kept_city)
    return database


def _copied(kept: Path, path: Path) -> bool:
    if kept.exists():
        shutil.copyfile(kept, path)
    return kept.exists()


def _keep(path: Path, kept: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM INTO ?", (str(kept),))


@pytest.fixture
async def client(city: Database) -> AsyncIterator[Client]:
    client = await serve(city)
    yield client
    await client.close()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Chromium without a window, which all tests of this worker use: it takes long to start."""
    with started(tmp_path_factory.mktemp("chromium")) as address:
        yield address


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Any]:
    """Chromium; what a test opens in it is closed after the test, and nothing is kept."""
    playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    async with playwright.async_playwright() as runner:
        browser = await runner.chromium.connect_over_cdp(chromium)
        yield browser
        for context in browser.contexts[1:]:  # the first is the browser's own, in which nobody reads
            await context.close()
        await browser.close()
