"""The register over a small city, on a real server on loopback; and a browser to read it with."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from models.database import Database
from tests.web.browsers import ARGUMENTS, CHROMIUM
from tests.web.city import Client, build, serve


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    async with database.write() as session:
        await build(session)
    client = await serve(database)
    yield client
    await client.close()


@pytest.fixture
async def browser() -> AsyncIterator[Any]:
    """Chromium without a window."""
    playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    async with playwright.async_playwright() as runner:
        browser = await runner.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()
