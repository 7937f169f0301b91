"""A commitment that claims to be older than the one before it is flagged, with and without JavaScript."""

from typing import Any

import pytest

from models.database import Database
from tests.web import test_replay as replay
from tests.web.browsers import BROWSER
from tests.web.bundles import made, put
from tests.web.city import Client, read

town = replay.town
FIRST = replay.OURS
DATED = {"2026-12-01T00:59:59Z": False, "2026-12-01T01:00:00Z": True, "2026-12-02T01:00:00Z": True}  # in order?


@pytest.fixture(params=DATED)
async def in_order(request: pytest.FixtureRequest, town: Client, database: Database) -> bool:
    """A second draw of that date is there."""
    await put(database, FIRST, 1)
    second = made(90, previous=FIRST["commitment.json"], sequence=2, committed_at=request.param)
    await put(database, second, 2)
    return DATED[request.param]


async def test_the_page_says_so(town: Client, in_order: bool) -> None:
    flagged = "这份承诺与上一号的承诺对不上" in await read(town, "/draws/2")
    assert flagged != in_order


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestInTheBrowser:
    pytestmark = BROWSER

    async def test_the_replay_says_so(self, town: Client, in_order: bool, browser: Any) -> None:
        outcome, checks = await replay.verdict(await replay.opened(town, browser, 2))
        assert (outcome, checks["chain"]) == (("right", "✓") if in_order else ("wrong", "✗"))
