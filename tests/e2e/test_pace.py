"""The limits hold also on a machine that stands still and on an uneven line: what was kept back comes in no burst."""

import asyncio
import random
import time
import tracemalloc
from bisect import bisect_left
from itertools import pairwise
from typing import Any, cast

from telegram import Bot

from bot.line import Line
from bot.messages import Messenger
from bot.pace import LATE, LONGEST, OVERALL, SECOND, Pace
from simulator import Telegram

FASTER = 10  # than Telegram allows, so that the tests are short


def most(moments: list[float], second: float) -> int:
    """The most that lie in any part of so many seconds."""
    moments = sorted(moments)
    return max(number - bisect_left(moments, at - second) + 1 for number, at in enumerate(moments))


async def test_no_second_has_more_notices_than_allowed_even_after_a_stop() -> None:
    pace, left = Pace(FASTER), list[float]()

    async def notice(chat: int) -> None:
        with await pace.notice(chat):
            left.append(time.monotonic())

    async def stop() -> None:
        await asyncio.sleep(0.1)
        time.sleep(0.4)  # noqa: ASYNC251 (the whole process stands still)

    await asyncio.gather(stop(), *(notice(chat) for chat in range(150)))
    assert most(left, 1 / FASTER) <= OVERALL + LATE + 1
    assert left == sorted(left)


async def test_messages_that_a_line_held_up_and_lets_go_at_once_are_not_too_many_where_they_arrive() -> None:
    pace, arrived, chance = Pace(FASTER), list[float](), random.Random(5)
    line_is_open = asyncio.Event()

    async def notice(chat: int) -> None:
        with await pace.notice(chat):
            await asyncio.sleep(0.002)
            await line_is_open.wait()
            arrived.append(time.monotonic())
            await asyncio.sleep(0.002 + 0.02 * chance.random())

    async def line() -> None:
        while True:
            line_is_open.set()
            await asyncio.sleep(0.05 + 0.2 * chance.random())
            line_is_open.clear()
            await asyncio.sleep(0.15 * chance.random())

    breaks = asyncio.create_task(line())
    await asyncio.gather(*(notice(chat) for chat in range(300)))
    breaks.cancel()
    assert len(arrived) == 300
    assert most(arrived, SECOND / FASTER - 0.004) <= OVERALL


async def test_a_chat_that_must_wait_holds_up_nobody_else_and_replies_are_counted() -> None:
    pace = Pace(FASTER)
    began = time.monotonic()
    at = dict[str, float]()

    async def notice(name: str, chat: int) -> None:
        with await pace.notice(chat):
            at[name] = time.monotonic() - began

    with pace.reply(1):
        pass  # it has just left
    await asyncio.gather(notice("same chat", 1), notice("another", 2))
    assert at["same chat"] >= 1 / FASTER
    assert at["another"] < at["same chat"]


async def test_a_notice_that_waited_for_others_leaves_room_behind_a_reply_to_its_chat() -> None:
    pace, at = Pace(FASTER), dict[int, float]()
    most_have_left = asyncio.Event()

    async def notice(chat: int) -> None:
        with await pace.notice(chat):
            at[chat] = time.monotonic()
        if chat == 20:
            most_have_left.set()

    waiting = [asyncio.create_task(notice(chat)) for chat in range(25)]
    await most_have_left.wait()
    replied = time.monotonic()
    with pace.reply(24):  # it is their turn in a moment
        pass
    await asyncio.gather(*waiting)
    assert at[24] >= replied + 1 / FASTER
    assert max(at, key=at.__getitem__) == 24


async def test_replies_without_end_are_not_remembered() -> None:
    pace, held = Pace(1000), list[int]()  # where Telegram's second is a thousandth
    tracemalloc.start()
    try:
        for _ in range(2):
            for chat in range(20_000):
                with pace.reply(chat):
                    pass
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert held[1] - held[0] < 100_000  # bytes; each of them would be some thirty


async def test_notices_for_one_chat_leave_in_their_order_a_second_apart() -> None:
    pace, at = Pace(FASTER), list[tuple[int, float]]()

    async def notice(number: int) -> None:
        with await pace.notice(7):
            at.append((number, time.monotonic()))

    await asyncio.gather(*(notice(number) for number in range(4)))
    assert [number for number, _ in at] == [0, 1, 2, 3]
    assert all(later - earlier >= 0.99 / FASTER for (_, earlier), (_, later) in pairwise(at))


async def test_notices_to_a_chat_all_leave_though_replies_come_between_and_change_their_order() -> None:
    pace, left = Pace(FASTER), list[tuple[int, int]]()

    async def notice(chat: int, number: int) -> None:
        with await pace.notice(chat):
            left.append((chat, number))

    async def replies(chat: int) -> None:
        for _ in range(12):
            with pace.reply(chat):
                await asyncio.sleep(0.04)

    every = [(chat, number) for chat in range(10) for number in range(3)]
    await asyncio.gather(*(replies(chat) for chat in range(10)), *(notice(*one) for one in every))
    assert sorted(left) == every


async def test_whoever_writes_without_a_pause_gets_notices_all_the_same() -> None:
    pace, told = Pace(FASTER), asyncio.Event()

    async def writes() -> None:
        while not told.is_set():
            with pace.reply(1):
                await asyncio.sleep(0.5 / FASTER)

    writing = asyncio.create_task(writes())
    await asyncio.sleep(0)
    async with asyncio.timeout(20):
        with await pace.notice(1):
            told.set()
    await writing


async def test_a_flood_of_replies_delays_notices_and_they_leave_as_soon_as_it_is_over() -> None:
    pace, left = Pace(FASTER), list[float]()

    async def flood(seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with pace.reply(int(1000 * time.monotonic())):
                await asyncio.sleep(0.3 / FASTER / OVERALL)

    async def notice(chat: int) -> None:
        with await pace.notice(chat):
            left.append(time.monotonic())

    await flood(2 / FASTER)
    waiting = [asyncio.create_task(notice(-chat)) for chat in range(1, 11)]
    await flood(2.5 * LONGEST / FASTER)
    over = time.monotonic()
    assert 1 <= len(left) <= 3, "some leave, and replies have nearly all of the room"
    async with asyncio.timeout(20):
        await asyncio.gather(*waiting)
    assert len(left) == 10
    assert sum(one - over > 3 / FASTER for one in left) == 0


async def test_a_long_text_counts_as_the_messages_that_it_is() -> None:
    pace, notices, each = Pace(), 12, 3
    async with Telegram() as telegram, Bot(telegram.token, base_url=telegram.api_url, request=Line(8, 5)) as bot:
        messenger = Messenger(bot, pace, *cast("Any", (None, None, None)))
        for number in range(notices):
            phone = telegram.phone(f"检查员{number}")
            phone.chat.started = True
            with await pace.notice(phone.chat.id):
                await messenger.say(phone.chat.id, "长句。" * 4_000, [])
        arrived = [call.at for call in telegram.calls if call.method == "sendMessage"]
    assert len(arrived) == notices * each
    assert arrived[-1] - arrived[0] >= ((notices - 1) * each - LATE) / OVERALL
