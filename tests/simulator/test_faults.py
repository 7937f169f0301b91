import asyncio
import time

import pytest
from telegram import Bot
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter

from simulator import Fault, Phone, Telegram


async def test_refusals_on_demand(telegram: Telegram, bot: Bot, phone: Phone) -> None:
    telegram.fail(Fault.too_many(7, method="sendMessage"), Fault.forbidden(), Fault.bad_request("chat not found"))
    with pytest.raises(RetryAfter) as flood:
        await bot.send_message(1001, "一")
    assert flood.value.retry_after.total_seconds() == 7
    with pytest.raises(Forbidden, match="blocked by the user"):
        await bot.send_message(1001, "一")
    with pytest.raises(BadRequest, match=r"(?i)chat not found"):
        await bot.send_message(1001, "一")
    telegram.fail(Fault("500"), Fault("502"))
    for wording in ("Internal Server Error", "Bad Gateway"):
        with pytest.raises(NetworkError, match=wording):
            await bot.send_message(1001, "一")
    await bot.send_message(1001, "一")
    assert [m.text for m in phone.messages] == ["/start", "一"]


async def test_a_connection_that_breaks_before(telegram: Telegram, bot: Bot, phone: Phone) -> None:
    telegram.fail(Fault.drop_before(method="sendMessage"))
    with pytest.raises(NetworkError):
        await bot.send_message(1001, "一")
    assert len(phone.messages) == 1
    assert telegram.calls[-1].error == "dropped before acceptance"


async def test_a_connection_that_breaks_after(telegram: Telegram, bot: Bot, phone: Phone) -> None:
    telegram.fail(Fault.drop_after(method="sendMessage", chat=1001))
    with pytest.raises(NetworkError):
        await bot.send_message(1001, "一")
    await phone.sees("一")
    assert telegram.calls[-1].error == "dropped after acceptance"
    assert telegram.calls[-1].result["text"] == "一"


async def test_where_a_fault_strikes(telegram: Telegram, bot: Bot, phone: Phone) -> None:
    await telegram.phone("李娜", 1002).says("/start")
    telegram.fail(Fault("500", method=("sendMessage", "sendPhoto"), chat=1002, times=2))
    await bot.get_updates()
    await bot.send_message(1001, "一")
    for _ in range(2):
        with pytest.raises(NetworkError):
            await bot.send_message(1002, "一")
    await bot.send_message(1002, "一")


async def test_chance_is_repeatable() -> None:
    async def outcomes(seed: int) -> list[bool]:
        async with Telegram(seed=seed) as telegram:
            await telegram.phone("张伟", 1001).says("/start")
            async with Bot(telegram.token, base_url=telegram.api_url) as bot:
                telegram.fail(Fault("500", probability=0.5, times=None))
                return [await _works(bot) for _ in range(12)]

    first = await outcomes(3)
    assert first == await outcomes(3)
    assert len(set(first)) == 2


async def _works(bot: Bot) -> bool:
    try:
        await bot.send_message(1001, "一")
    except NetworkError:
        return False
    return True


async def test_delay_and_heal(telegram: Telegram, bot: Bot, phone: Phone) -> None:
    telegram.fail(Fault.delay(0.2, times=None), Fault("500", times=None))
    before = time.monotonic()
    with pytest.raises(NetworkError):
        await bot.send_message(1001, "一")
    assert time.monotonic() - before >= 0.2
    telegram.heal()
    await bot.send_message(1001, "一")


async def test_down(telegram: Telegram, bot: Bot, phone: Phone) -> None:
    waiting = asyncio.create_task(bot.get_updates(offset=telegram.pending[-1]["update_id"] + 1, timeout=10))
    await asyncio.sleep(0.05)
    telegram.down(True)
    with pytest.raises(NetworkError):
        await waiting
    with pytest.raises(NetworkError):
        await bot.send_message(1001, "一")
    telegram.down(False)
    await bot.send_message(1001, "一")


async def test_doubled_updates(telegram: Telegram, bot: Bot, phone: Phone) -> None:
    telegram.duplicate_next(1)
    await phone.says("两次")
    start, twice = await bot.get_updates()
    again = await bot.get_updates(offset=twice.update_id + 1)
    assert [u.update_id for u in again] == [twice.update_id]
    assert await bot.get_updates(offset=twice.update_id + 1) == ()
    assert telegram.everything_answered().acknowledged == [start.update_id, twice.update_id]


async def test_disordered_updates(telegram: Telegram, bot: Bot, phone: Phone) -> None:
    await bot.get_updates(offset=telegram.pending[-1]["update_id"] + 1)
    telegram.reorder_next(3)
    for text in "一二三":
        await phone.says(text)
    received = []
    offset = 0
    while batch := await bot.get_updates(offset=offset, limit=1):
        received.append(batch[0].message.text)
        offset = max(offset, batch[0].update_id + 1)
    assert received == ["三", "二", "一"]


async def test_held_updates_are_let_go(telegram: Telegram, bot: Bot, phone: Phone) -> None:
    telegram.reorder_next(5)
    await phone.says("一")
    last = telegram.pending[0]["update_id"]
    assert (await bot.get_updates(offset=last + 1, timeout=5))[0].message.text == "一"


async def test_limits(phone: Phone) -> None:
    async with Telegram(limits=True, time_scale=1) as telegram:
        people = [telegram.phone(f"人{n}", 2000 + n) for n in range(45)]
        for person in people:
            await person.says("/start")
        async with Bot(telegram.token, base_url=telegram.api_url) as bot:
            await bot.send_message(2000, "一")
            with pytest.raises(RetryAfter):
                await bot.send_message(2000, "二")
            await bot.send_chat_action(2000, "typing")
            await asyncio.sleep(1.05)
            await bot.send_message(2000, "二")
            await asyncio.sleep(1.05)
            results = await asyncio.gather(
                *(bot.send_message(person.user_id, "x") for person in people), return_exceptions=True
            )
            assert 1 <= sum(isinstance(result, RetryAfter) for result in results) <= 16
            assert telegram.limits is not None
            assert len(telegram.limits.refusals) >= 2
