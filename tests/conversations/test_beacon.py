"""A draw that a public beacon decides: real round, real signature, relays that lie or are down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import select

from bot.beacon import EVERY, Beacon
from bot.settings import Settings
from locales import Words
from models.database import Database
from models.draws import Draw
from models.journal import JournalEntry
from models.mail import Outbox
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
    """Relays on this machine: each answers with what it is told to, or not at all; the real round only in its time."""

    def __init__(self, truth: Callable[[], datetime]) -> None:
        self.truth = truth  # the time it really is, whatever the clock of the town says
        self.says: dict[str, object] = {}
        self.asked: list[str] = []
        self.all_asked = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        self.asked.append(request.path)
        if {f"/{one}/{QUICKNET}/public/1000" for one in "abc"} <= set(self.asked):
            self.all_asked.set()
        said = self.says.get(name)
        if said is None:
            raise web.HTTPBadGateway
        if said == ROUND and self.truth() < APPEARS:
            raise web.HTTPNotFound
        if name == "c":  # what comes in two pieces is one answer
            response = web.StreamResponse()
            await response.prepare(request)
            for piece in (json.dumps(said)[:40], json.dumps(said)[40:]):
                await response.write(piece.encode())
                await asyncio.sleep(0.05)
            return response
        return web.Response(text=said if isinstance(said, str) else json.dumps(said))


@pytest.fixture
async def relays(settings: Settings, clock: Clock) -> AsyncIterator[Relays]:
    found = Relays(clock)
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
    return Clock(APPEARS.astimezone(Clock.zone) - timedelta(minutes=20))


async def test_a_relay_is_reached_by_the_proxy_that_the_environment_names(
    relays: Relays, settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", settings.drand_relays[0].rpartition("/")[0])
    relays.says = {"a": ROUND}
    clock.moves_to(APPEARS + timedelta(seconds=1))
    database = Database(settings.database)
    beacon = Beacon(database, ["http://relay.invalid/a"], clock, Words("zh_CN", clock.zone))
    assert [json.loads(answer) for answer in await beacon._ask_all(1000)] == [ROUND]
    await database.close()


async def committed(town: Town) -> None:
    supervisor = town["赵主管"]
    await task_made(town)
    await supervisor.presses("承诺")
    await supervisor.sees("第一位见证人", button="公共随机信标")
    town.clock.moves_to(APPEARS - timedelta(seconds=62.9))
    await supervisor.presses("公共随机信标")
    await supervisor.sees("drand 第 1000 轮")


async def test_two_honest_relays_outweigh_a_liar_and_a_dead_one(relays: Relays, town: Town) -> None:
    lie = {**ROUND, "signature": "9" * 96, "randomness": "0" * 64}
    relays.says = {"a": ROUND, "b": lie, "c": ROUND}
    await committed(town)
    await asyncio.wait_for(relays.all_asked.wait(), 10)
    await town["赵主管"].sees_nothing_new(0.5)
    assert [draw.state for draw in await town.rows(select(Draw))] == ["committed"], "a liar alone proves nothing"
    town.clock.moves_to(APPEARS + timedelta(seconds=1))
    await town["赵主管"].sees("公共随机信标已到", button="抽取")
    await town["赵主管"].presses("抽取")
    await town["赵主管"].sees("抽取完成")
    (draw,) = await town.rows(select(Draw))
    assert json.loads(draw.certificate or b"")["entropy"]["randomness"] == ROUND["randomness"]


async def test_without_two_relays_the_supervisor_is_told_and_may_turn_to_witnesses(relays: Relays, town: Town) -> None:
    relays.says = {"a": ROUND, "b": "nonsense"}
    await committed(town)
    town.clock.moves_to(APPEARS + timedelta(minutes=3))
    supervisor = town["赵主管"]
    await supervisor.sees("公共随机信标取不到", button="作废")
    await supervisor.presses("作废")
    await supervisor.sees("写一句原因")
    await supervisor.says("信标中继连不上")
    await supervisor.sees("已作废")
    assert [(draw.state, draw.void_reason) for draw in await town.rows(select(Draw))] == [("void", "信标中继连不上")]


@pytest.mark.parametrize("behind", [timedelta(hours=10), timedelta(minutes=2)])
async def test_a_round_that_was_already_public_makes_the_draw_void(
    relays: Relays, town: Town, behind: timedelta
) -> None:
    """Whoever turns the clock back commits to a round that is known; one relay that has it too early is proof."""
    relays.truth = lambda: town.clock() + behind
    relays.says = {"b": ROUND}
    await committed(town)
    supervisor = town["赵主管"]
    await supervisor.sees("第 1 号抽取已按规则作废", button="第 1 号抽取")
    (draw,) = await town.rows(select(Draw))
    assert (draw.state, draw.beacon, draw.certificate) == ("void", None, None)
    entry = (await town.rows(select(JournalEntry).order_by(JournalEntry.id.desc())))[0]
    assert (entry.verb, entry.person_id, entry.why) == ("void", None, draw.void_reason)
    (notice,) = await town.rows(select(Outbox).where(Outbox.kind == "draws.clock_behind"))
    assert (notice.urgent, notice.person_id) == (True, town.ids["赵主管"])
    async with aiohttp.ClientSession() as public:
        page = await (await public.get(f"{town.app.address}/draws/1")).text()
    assert "本机时钟落后" in page


async def test_a_clock_that_is_a_little_behind_is_good_enough(relays: Relays, town: Town) -> None:
    """The commitment names a round that is a minute away, so half a minute gives nobody anything."""
    relays.truth = lambda: town.clock() + timedelta(seconds=29)
    relays.says = dict.fromkeys("abc", ROUND)
    await committed(town)
    await asyncio.wait_for(relays.all_asked.wait(), 10)
    asked = len(relays.asked)
    town.clock.moves_to(APPEARS - timedelta(seconds=29))  # the round is there now
    await asyncio.sleep(EVERY + 0.5)
    assert len(relays.asked) == asked
    assert [draw.state for draw in await town.rows(select(Draw))] == ["committed"]
    town.clock.moves_to(APPEARS)
    await town["赵主管"].sees("公共随机信标已到", button="抽取")
