"""The register over a small city, on a real server on loopback; and a browser to read it with."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from models.database import Database
from tests.web.browsers import started
from tests.web.city import Client, build, serve


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    async with database.write() as session:
        await build(session)
    client = await serve(database)
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
