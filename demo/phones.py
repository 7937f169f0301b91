"""Gives the made-up people their phones: three to look at, and extras who do their part off stage."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from demo.city import shown
from locales import Words
from models.people import Chat
from models.visits import Seat, Visit
from rules.visits import OPEN
from simulator import Phone, Telegram
from simulator.files import add_photo

ROLES = ("inspector", "supervisor", "liaison")  # of those who are shown, in the order of the page
PLACES = 3
THINKS = 2.5  # seconds that an extra takes to do what a button asks
LOOKS = 0.5


def camera(
    telegram: Telegram, keep: Callable[[bytes], Awaitable[str]]
) -> Callable[[bytes], Awaitable[tuple[str, str]]]:
    """A camera whose photos are kept as evidence, and known to the simulated Telegram."""

    async def taken(photo: bytes) -> tuple[str, str]:
        sizes = await asyncio.to_thread(add_photo, telegram.world.files, photo)
        return await keep(photo), str(sizes[-1]["file_id"])

    return taken


async def hand_out(session: AsyncSession, telegram: Telegram) -> tuple[list[Phone], list[Phone]]:
    """The phones of everybody who is bound: those that are shown, and the extras'."""
    wanted = {person.id: number for number, person in enumerate((await shown(session)).values())}
    on_stage: dict[int, Phone] = {}
    extras = []
    for chat in await session.scalars(select(Chat).where(Chat.person_id.is_not(None)).order_by(Chat.id)):
        assert chat.person
        phone = telegram.phone(chat.person.name, user_id=chat.id)
        phone.chat.started = True
        if chat.person_id in wanted:
            on_stage[wanted[chat.person_id]] = phone
        else:
            extras.append(phone)
    return [phone for _, phone in sorted(on_stage.items())], extras


async def set_the_page(
    session: AsyncSession, telegram: Telegram, phones: list[Phone], words: Words, register: str
) -> None:
    """Choose what the page shows: titles, links to the register, and places where the inspector has to go."""
    people = list((await shown(session)).values())
    titles = [
        str(words(f"demo.phone.{role}", department=one.organ.department))
        for role, one in zip(ROLES, people, strict=True)
    ]
    query = (
        select(Visit)
        .join(Seat, Seat.visit_id == Visit.id)
        .where(Seat.person_id == people[0].id, Visit.state.in_(OPEN))
        .order_by(Visit.id)
    )
    places = [
        (one.subject.name, one.subject.latitude, one.subject.longitude)
        for one in (await session.scalars(query.limit(PLACES))).unique()
        if one.subject.latitude is not None and one.subject.longitude is not None
    ]
    links = [(str(words("demo.link.register")), register), (str(words("demo.link.draws")), f"{register}/draws")]
    telegram.show(*phones, titles=titles, links=links, heading=str(words("demo.heading")), places=places)


class Extras:
    """Everybody whose phone is not shown: they accept, sign and witness, so that whoever tries it is not stuck."""

    def __init__(self, phones: list[Phone], words: Words) -> None:
        self.phones = phones
        self.witness = str(words("button.witness"))
        self.labels = (self.witness, *(str(words(f"button.{verb}")) for verb in ("accept_all", "accept", "confirm")))
        self.labels += tuple(str(words(f"button.{verb}")) for verb in ("lead_accept", "task_agree", "offer_agree"))
        self._pressed: set[tuple[int, int, str]] = set()

    async def play(self) -> None:
        """Do so for ever."""
        while True:
            for phone in self.phones:
                await self._answer(phone)
            await asyncio.sleep(LOOKS)

    async def _answer(self, phone: Phone) -> None:
        for message in phone.messages[-3:]:
            for button in (button for row in message.keyboard for button in row):
                key = (phone.user_id, message.id, button.get("callback_data", ""))
                if button["text"] in self.labels and key not in self._pressed:
                    self._pressed.add(key)
                    await asyncio.sleep(THINKS)
                    await phone.taps(message.id, key[2])
                    await phone.settles()
                    if button["text"] == self.witness:
                        await phone.says(f"{phone.name} {secrets.randbelow(10**8):08}")
                        await phone.settles()
                    return
