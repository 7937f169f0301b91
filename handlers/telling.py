"""What a notice is made of: who is told when, and the message that comes of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.turn import Reply, Rows
from locales import Words
from models.people import Person
from models.visits import Visit


@dataclass
class Telling:
    """Who is told, and when; what a card needs of a turn, without one."""

    session: AsyncSession
    person: Person
    words: Words
    now: datetime
    params: dict[str, Any]

    @property
    def today(self) -> date:
        """The day it is for the people here."""
        return self.now.date()

    async def visit(self) -> Visit:
        """The visit that the notice is about."""
        return await self.session.get_one(Visit, self.params["visit"])

    async def who(self, name: str = "who") -> Person:
        """Somebody that the notice names."""
        return await self.session.get_one(Person, self.params[name])


@dataclass(frozen=True)
class Message:
    """A notice in words; `about` is the thing whose card it becomes, `paper` a PDF or picture that it comes with."""

    text: Markup
    rows: Rows
    about: str = ""
    paper: Reply | None = None


Render = Callable[[Telling], Awaitable[Message | None]]
