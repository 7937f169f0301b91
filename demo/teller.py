"""What a story is told with: the stage that the process gives, and a teller who says which step failed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import aiohttp
from sqlalchemy import select

from locales import Words
from models.database import Database
from models.visits import Visit
from simulator import Message, Phone, Telegram

WAIT = 60.0  # seconds for one answer


@dataclass(frozen=True)
class Stage:
    """What the process gives to the story: the simulator, the product's database and pages, and its clock."""

    telegram: Telegram
    database: Database
    register: str
    now: Callable[[], datetime]
    moves_to: Callable[[datetime], None]
    ticks: Callable[[], Awaitable[None]]  # what the clock does now
    verify: Callable[[Path], Awaitable[tuple[int, str]]]  # `python -m bot verify`: exit code and what it says
    folder: Path


class StepFailed(Exception):
    """A step of the story did not go as told."""


class Teller:
    """Names each step, presses and asks on the phones of people, and looks at what became of it."""

    def __init__(self, stage: Stage, words: Words, say: Callable[[str], None]) -> None:
        self.stage = stage
        self.words = words
        self.say = say
        self.steps = 0
        self.phones: dict[str, Phone] = {}

    @asynccontextmanager
    async def step(self, name: str) -> AsyncIterator[None]:
        """Announce a step; whatever goes wrong in it is said with its name."""
        self.steps += 1
        title = str(self.words(f"demo.step.{name}"))
        self.say("\n" + self.words("demo.story.step", number=self.steps, name=title))
        try:
            yield
        except (AssertionError, LookupError, ValueError, OSError, aiohttp.ClientError) as error:
            failed = self.words("demo.story.failed", number=self.steps, name=title)
            raise StepFailed(f"{failed.unescape()}\n{error}") from error

    def phone(self, name: str) -> Phone:
        """Somebody's phone."""
        if name not in self.phones:
            self.phones[name] = self.stage.telegram.phone(name)
        return self.phones[name]

    async def press(self, phone: Phone, label: str, then: str, button: str | None = None) -> Message:
        """Press a button as soon as it is there, and see what comes of it."""
        await phone.presses(label, within=WAIT)
        return await phone.sees(then, within=WAIT, button=button)

    async def ask(self, phone: Phone, words: str, then: str, button: str | None = None) -> Message:
        """Say something, and see the answer."""
        await phone.says(words)
        return await phone.sees(then, within=WAIT, button=button)

    async def visits(self) -> list[Visit]:
        """The visits of the draw, in their order, as the database has them."""
        async with self.stage.database.read() as session:
            return list(await session.scalars(select(Visit).order_by(Visit.position)))

    async def page(self, path: str, **query: str) -> str:
        """A page of the public register, in Chinese."""
        headers = {"Accept-Language": "zh-CN"}
        async with (
            aiohttp.ClientSession(self.stage.register, headers=headers) as web,
            web.get(path, params=query) as answer,
        ):
            assert answer.status == 200, f"{path}: {answer.status}"
            return await answer.text()
