"""The register over a small city, on a real server on loopback."""

from collections.abc import AsyncIterator

import pytest

from models.database import Database
from tests.web.city import Client, build, serve


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    async with database.write() as session:
        await build(session)
    client = await serve(database)
    yield client
    await client.close()
