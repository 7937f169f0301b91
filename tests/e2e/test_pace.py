"""The limits hold also on a machine that stops for a while: what was kept back does not leave all at once."""

import asyncio
import time
from bisect import bisect_left

from bot.pace import LATE, OVERALL, Pace

FASTER = 10  # than Telegram allows, so that the test is short


async def test_no_second_has_more_notices_than_allowed_even_after_a_stop() -> None:
    pace, left = Pace(OVERALL * FASTER, FASTER), list[float]()

    async def notice(chat: int) -> None:
        await pace.wait(chat)
        left.append(time.monotonic())

    async def stop() -> None:
        await asyncio.sleep(0.1)
        time.sleep(0.4)  # noqa: ASYNC251 (the whole process stands still)

    await asyncio.gather(stop(), *(notice(chat) for chat in range(150)))
    second = 1 / FASTER
    most = max(number - bisect_left(left, at - second) + 1 for number, at in enumerate(left))
    assert most <= OVERALL + LATE + 1
    assert left == sorted(left)


async def test_a_chat_that_must_wait_holds_up_nobody_else_and_replies_are_counted() -> None:
    pace = Pace(OVERALL * FASTER, FASTER)
    began = time.monotonic()
    at = dict[str, float]()

    async def notice(name: str, chat: int) -> None:
        await pace.wait(chat)
        at[name] = time.monotonic() - began

    pace.charge(1)  # a reply has just left
    await asyncio.gather(notice("same chat", 1), notice("another", 2))
    assert at["same chat"] >= 1 / FASTER
    assert at["another"] < at["same chat"]
    assert at["another"] >= 0
