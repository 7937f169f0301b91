"""People who tap and wait for their answers, and the doors by which what they do reaches several processes."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from simulator import Phone, Telegram

CONNECTIONS = 40  # that Telegram opens to a webhook at most
SECRET = "a-secret-for-the-bench"
Act = Callable[[Phone], Awaitable[bool]]


class Doors:
    """Posts updates as Telegram does, over many connections, to all processes in turn as a proxy does."""

    def __init__(self, telegram: Telegram, addresses: list[str]) -> None:
        self.world, self.addresses = telegram.world, addresses

    async def run(self) -> None:
        """Until cancelled."""
        places, under_way = asyncio.Semaphore(CONNECTIONS), dict[int, asyncio.Task[None]]()
        async with aiohttp.ClientSession(headers={"X-Telegram-Bot-Api-Secret-Token": SECRET}) as line:
            while True:
                for entry in self.world.updates.pending:
                    number = entry.update["update_id"]
                    if number not in under_way:
                        under_way[number] = asyncio.create_task(self._post(line, places, entry))
                        under_way[number].add_done_callback(lambda _, number=number: under_way.pop(number))  # type: ignore[misc]
                await self.world.change()

    async def _post(self, line: aiohttp.ClientSession, places: asyncio.Semaphore, entry: Any) -> None:
        async with places:
            address = self.addresses[entry.update["update_id"] % len(self.addresses)]
            async with line.post(address, json=entry.update) as answer:
                assert answer.status == 200, answer.status
        self.world.updates._done(entry)


class Crowd:
    """People who do one thing after another, and how long each waits for its answer."""

    def __init__(self, telegram: Telegram, phones: list[Phone], act: Act) -> None:
        self.telegram, self.act = telegram, act
        self.phones = {phone.name: phone for phone in phones}
        self.began: dict[str, float] = {}
        self.idle: deque[str] = deque(self.phones)
        self.waits: list[float] = []
        self.answered = 0
        self.eager = False
        self._own = telegram.world.username
        self._tasks: set[asyncio.Task[None]] = set()
        telegram.on_line(self._line)

    def _line(self, name: str, line: str) -> None:
        """Something was said in a chat: the bot's line answers what was done there."""
        if line.startswith(self._own) and (begun := self.began.pop(name, None)) is not None:
            self.waits.append(time.monotonic() - begun)
            self.answered += 1
            self.idle.append(name)
            if self.eager:
                self._next(time.monotonic())

    def _next(self, due: float) -> None:
        name = self.idle.popleft()
        self.began[name] = due
        task = asyncio.create_task(self._do(name))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, name: str) -> None:
        if not await self.act(self.phones[name]):  # nothing is left to do
            del self.began[name]

    async def at_once(self, seconds: float) -> tuple[list[float], float]:
        """Everybody, again and again: how long they waited, and the answers a second."""
        self.eager = True
        while self.idle:
            self._next(time.monotonic())
        await asyncio.sleep(2)  # until it runs evenly
        self.waits, begun = [], time.monotonic()
        await asyncio.sleep(seconds)
        waits, rate = self.waits, len(self.waits) / (time.monotonic() - begun)
        self.eager = False
        await self.quiet()
        return waits, rate

    async def evenly(self, rate: float, seconds: float) -> list[float]:
        """So many a second, whoever is idle; a wait begins when its tap was due, also if nobody was idle."""
        self.waits, begun = [], time.monotonic()
        for number in range(int(rate * seconds)):
            due = begun + number / rate
            await asyncio.sleep(due - time.monotonic())
            await self.telegram.world.until(lambda: self.idle or None, 60)
            self._next(due)
        await self.quiet()
        return self.waits

    async def quiet(self) -> None:
        """Everything that was done is answered."""
        assert await self.telegram.world.until(lambda: None if self.began else True, 60), "not everybody is answered"


async def press(phone: Phone) -> bool:
    """The point on the card conforms; False at the end of the checklist."""
    post = next(reversed(phone.world.posts[phone.user_id].values()))
    post.shown.clear()  # nobody presses an old one here, and the simulator would look through all of them
    for button in post.body["reply_markup"]["inline_keyboard"][0]:
        if button["text"] == "✅ 符合":
            await phone.taps(post.id, button["callback_data"])
            return True
    return False


async def speak(phone: Phone) -> bool:
    """Anything."""
    await phone.says("第三项符合")
    return True
