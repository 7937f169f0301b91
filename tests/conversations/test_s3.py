"""Evidence in S3-compatible storage: the same dialogue, against a real S3 server; while it is away nothing is lost."""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy import select

from bot.settings import Settings
from models.mail import Inbox
from models.visits import Evidence
from tests.conversations.conftest import Clock, free_port, town_running
from tests.conversations.test_campaign import photo
from tests.conversations.test_odd import answer_to, open_checklist
from tests.e2e.town import released_town


def serve(port: int) -> ThreadedMotoServer:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    return server


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadedMotoServer]:
    """An S3 server on this machine with an empty bucket, found as any program of Amazon's would find it."""
    server = serve(free_port())
    address = "http://{}:{}".format(*server.get_host_and_port())
    monkeypatch.setenv("AWS_ENDPOINT", address)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_REGION", "cn-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    urllib.request.urlopen(urllib.request.Request(f"{address}/suicha", method="PUT")).close()
    yield server
    server.stop()


async def test_a_photo_goes_to_the_store_and_comes_back_from_it(
    settings: Settings, clock: Clock, storage: ThreadedMotoServer
) -> None:
    settings.evidence_url = "s3://suicha/evidence"
    async with town_running(settings, clock, a_shop) as town:
        inspector = town["张伟"]
        await inspector.sees("您被抽中检查")
        await open_checklist(town, "张伟")
        await answer_to(inspector, inspector.sends_photo(photo(), caption="1 不符合 过期"), "已收到")
        (row,) = await town.rows(select(Evidence))
        assert await town.app.desk.evidence.read(row.sha256)
        assert not list(settings.data_dir.rglob(row.sha256))


async def test_while_the_store_is_away_a_photo_waits_and_others_are_served(
    settings: Settings, clock: Clock, storage: ThreadedMotoServer
) -> None:
    settings.evidence_url = "s3://suicha/evidence"
    async with town_running(settings, clock, a_shop) as town:
        first, second = town["张伟"], town["李娜"]
        await first.sees("您被抽中检查")
        await open_checklist(town, "张伟")
        port = storage.get_host_and_port()[1]
        await asyncio.to_thread(storage.stop)
        await first.sends_photo(photo(), caption="1 不符合 过期")
        await answer_to(second, second.says("/help"), "怎么用")
        assert not await town.rows(select(Evidence))
        again = serve(port)
        try:
            await first.sees("已收到")
        finally:
            await asyncio.to_thread(again.stop)
        assert len(await town.rows(select(Evidence))) == 1
        assert not await town.rows(select(Inbox).where(Inbox.error != ""))


async def a_shop(session: Any, now: Any) -> dict[str, int]:
    return await released_town(session, now, subjects=10)
