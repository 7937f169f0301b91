import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from telegram import Bot
from telegram.error import Conflict

from simulator import Phone, Telegram


class Hook:
    def __init__(self) -> None:
        self.received: list[tuple[dict[str, Any], str | None]] = []
        self.answers: list[int] = []
        self.url = ""
        self.arrived = asyncio.Condition()

    async def take(self, request: web.Request) -> web.Response:
        status = self.answers.pop(0) if self.answers else 200
        self.received.append((await request.json(), request.headers.get("X-Telegram-Bot-Api-Secret-Token")))
        async with self.arrived:
            self.arrived.notify_all()
        return web.Response(status=status)

    async def wait(self, count: int) -> None:
        async with asyncio.timeout(5):
            async with self.arrived:
                await self.arrived.wait_for(lambda: len(self.received) >= count)

    @property
    def ids(self) -> list[int]:
        return [update["update_id"] for update, _ in self.received]


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    it = Hook()
    app = web.Application()
    app.router.add_post("/telegram", it.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    it.url = f"http://127.0.0.1:{runner.addresses[0][1]}/telegram"
    yield it
    await runner.cleanup()


async def test_long_polling_answers_at_once(bot: Bot, phone: Phone) -> None:
    first = (await bot.get_updates())[0]
    assert (await bot.get_updates())[0].update_id == first.update_id
    waiting = asyncio.create_task(bot.get_updates(offset=first.update_id + 1, timeout=10))
    await asyncio.sleep(0.05)
    await phone.says("在吗")
    assert (await asyncio.wait_for(waiting, 2))[0].message.text == "在吗"
    assert await bot.get_updates(offset=first.update_id + 2) == ()


async def test_limit_and_negative_offset(bot: Bot, phone: Phone) -> None:
    for number in range(3):
        await phone.says(str(number))
    assert len(await bot.get_updates(limit=2)) == 2
    assert [u.message.text for u in await bot.get_updates(offset=-1)] == ["2"]


async def test_two_pollers_conflict(bot: Bot, telegram: Telegram) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=10))
    await asyncio.sleep(0.1)
    second = Bot(telegram.token, base_url=telegram.api_url)
    async with second:
        await second.get_updates()
        with pytest.raises(Conflict, match="terminated by other getUpdates"):
            await first


async def test_only_what_was_asked_for_is_queued(bot: Bot, phone: Phone) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    assert await phone.says("听不见") == 0
    assert await phone.taps(1, "x") > 0
    assert len(await bot.get_updates(allowed_updates=[])) == 2


async def test_webhook(telegram: Telegram, bot: Bot, phone: Phone, hook: Hook) -> None:
    hook.answers = [500, 404]
    await bot.set_webhook(hook.url, secret_token="geheim", max_connections=1)
    await phone.says("二")
    await hook.wait(4)
    first = hook.ids[0]
    assert hook.ids == [first, first, first, first + 1]
    assert {secret for _, secret in hook.received} == {"geheim"}
    info = await bot.get_webhook_info()
    assert (info.url, info.pending_update_count) == (hook.url, 0)
    with pytest.raises(Conflict, match="webhook is active"):
        await bot.get_updates()
    telegram.duplicate_next(1)
    await phone.says("三")
    await phone.says("四")
    await hook.wait(7)
    assert hook.ids[4:] == [first + 2, first + 2, first + 3]
    await bot.delete_webhook()
    await phone.says("五")
    assert (await bot.get_updates())[0].message.text == "五"


async def test_a_webhook_that_is_not_there_yet(bot: Bot, phone: Phone, unused_tcp_port: int) -> None:
    await bot.set_webhook(f"http://127.0.0.1:{unused_tcp_port}/telegram")
    await asyncio.sleep(0.1)
    info = await bot.get_webhook_info()
    assert info.last_error_message.startswith("Connection failed")
    await bot.set_webhook("", drop_pending_updates=True)
    assert await bot.get_updates() == ()


async def test_state_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "telegram.json"
    async with Telegram(state=path) as telegram:
        phone = telegram.phone("张伟", 1001)
        await phone.says("/start")
        async with Bot(telegram.token, base_url=telegram.api_url) as bot:
            await bot.send_document(1001, b"%PDF", filename="记录.pdf", caption="记录")
            update = (await bot.get_updates())[0]
            await bot.set_my_commands([("start", "开始")])
        await asyncio.sleep(0.5)
        assert path.exists()
    async with Telegram(state=path) as telegram:
        phone = telegram.phone("张伟", 1001)
        assert [message.text for message in phone.messages] == ["/start", "记录"]
        assert phone.messages[-1].document == b"%PDF"
        assert (await phone.commands())[0]["description"] == "开始"
        assert telegram.pending[0]["update_id"] == update.update_id
        assert await phone.says("再来") == update.update_id + 1
        assert phone.messages[-1].id == 3
        assert "记录" in phone.transcript()


async def test_the_clock_is_the_one_given() -> None:
    async with Telegram(clock=lambda: 1_000_000_000.0) as telegram:
        await telegram.phone("张伟", 1001).says("/start")
        async with Bot(telegram.token, base_url=telegram.api_url) as bot:
            assert (await bot.get_updates())[0].message.date.timestamp() == 1_000_000_000


async def test_what_the_bot_says_of_itself(bot: Bot, phone: Phone) -> None:
    await bot.set_my_name("随查")
    await bot.set_my_description("随机抽查")
    await bot.set_my_short_description("抽查", language_code="zh")
    assert (await bot.get_me()).first_name == "随查"
    assert (await bot.get_my_description()).description == "随机抽查"
    assert (await bot.get_my_short_description("zh")).short_description == "抽查"
    await bot.set_chat_menu_button(1001)
    assert (await bot.get_chat(1001)).first_name == "张伟"
    assert (await bot.get_chat_member(1001, 1001)).status == "member"
