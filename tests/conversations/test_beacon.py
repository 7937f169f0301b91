"""A draw that a public beacon decides: real round, real signature, relays that lie or are down."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from sqlalchemy import select

from bot.settings import Settings
from models.draws import Draw
from rules.draw import QUICKNET
from tests.conversations.conftest import Clock, Town, free_port
from tests.conversations.test_campaign import task_made

# Round 1000 of drand quicknet, as published by the League of Entropy on 23 August 2023.
ROUND = {
    "round": 1000,
    "randomness": "fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd",
    "signature": "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39",
}
APPEARS = datetime(2023, 8, 23, 15, 59, 24, tzinfo=UTC)


class Relays:
    """Relays on this machine: each answers with what it is told to, or not at all."""

    def __init__(self) -> None:
        self.says: dict[str, object] = {}
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.asked.append(request.path)
        said = self.says.get(name)
        if said is None:
            raise web.HTTPBadGateway
        return web.Response(text=said if isinstance(said, str) else json.dumps(said))


@pytest.fixture
async def relays(settings: Settings) -> AsyncIterator[Relays]:
    found = Relays()
    app = web.Application()
    app.router.add_get("/{name}/{chain}/public/{round}", found.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    settings.drand_relays = (*(f"http://127.0.0.1:{port}/{name}" for name in "abc"), "http://127.0.0.1:9")
    yield found
    await runner.cleanup()


@pytest.fixture
def clock() -> Clock:
    return Clock(APPEARS.astimezone(Clock.zone) - timedelta(seconds=62))


async def committed(town: Town) -> None:
    supervisor = town["赵主管"]
    await task_made(town)
    await supervisor.presses("承诺")
    await supervisor.sees("第一位见证人", button="公共随机信标")
    town.clock.moves_to(APPEARS - timedelta(seconds=61))
    await supervisor.presses("公共随机信标")
    await supervisor.sees("drand 第 1000 轮")


async def test_two_honest_relays_outweigh_a_liar_and_a_dead_one(relays: Relays, town: Town) -> None:
    lie = {**ROUND, "signature": "9" * 96, "randomness": "0" * 64}
    relays.says = {"a": ROUND, "b": lie, "c": ROUND}
    await committed(town)
    await town["赵主管"].sees_nothing_new(0.5)
    assert relays.asked == [], "nobody asks for a round before it is there"
    town.clock.moves_to(APPEARS + timedelta(seconds=1))
    await town["赵主管"].sees("公共随机信标已到", within=30, button="抽取")
    assert f"/a/{QUICKNET}/public/1000" in relays.asked
    await town["赵主管"].presses("抽取")
    await town["赵主管"].sees("抽取完成")
    (draw,) = await town.rows(select(Draw))
    assert json.loads(draw.certificate or b"")["entropy"]["randomness"] == ROUND["randomness"]


async def test_without_two_relays_the_supervisor_is_told_and_may_turn_to_witnesses(relays: Relays, town: Town) -> None:
    relays.says = {"a": ROUND, "b": "nonsense"}
    await committed(town)
    town.clock.moves_to(APPEARS + timedelta(minutes=3))
    supervisor = town["赵主管"]
    await supervisor.sees("公共随机信标取不到", within=30, button="作废")
    await supervisor.presses("作废")
    await supervisor.sees("写一句原因")
    await supervisor.says("信标中继连不上")
    await supervisor.sees("已作废")
    assert [(draw.state, draw.void_reason) for draw in await town.rows(select(Draw))] == [("void", "信标中继连不上")]
