"""Who hears when how things stand, and what a digest says (R4.1): what needs somebody first, and a picture of the rest.

The needs are the sections of `actions.digest_sections`, where a noun adds its own; the picture is made of the facts of
`actions.digest_cards`. Whoever has nothing under way and nothing to do is not told anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, exists, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.calendars import official
from actions.digest_cards import CARDS, Block
from actions.digest_sections import PRESSING, SECTIONS, Need
from actions.digest_sections import Asked as Asked
from actions.digest_sections import overdue as overdue
from actions.journal import record
from actions.notify import notify
from models.base import has_tag
from models.digests import DigestWish
from models.mail import Outbox
from models.people import Chat, Person
from rules.digests import DAILY, HOUR, HOURS, KINDS, READERS, ROLES, due, period
from rules.refusal import Refusal
from rules.statistics import Period


@dataclass(frozen=True)
class Digest:
    """What a digest of a kind says: the needs by the key of their section, and the blocks of the picture."""

    kind: str
    period: Period
    pressing: Sequence[tuple[str, Need]]
    news: Sequence[tuple[str, Need]]
    blocks: Sequence[Block]

    @property
    def empty(self) -> bool:
        """Nothing to do and nothing under way: nothing to say."""
        return not (self.pressing or self.news or self.blocks)


async def digest(session: AsyncSession, person: Person, now: datetime, kind: str = DAILY) -> Digest:
    """What somebody should know, by their roles; `now` is in the zone of the people."""
    asked = Asked(session, person, now, kind)
    found = [
        (section.key, need)
        for section in SECTIONS
        if set(section.roles) & set(person.roles) and (need := await section.query(asked)) is not None
    ]
    blocks: list[dict[str, Any]] = []
    for role in ROLES:
        if role in person.roles or (role == "liaison" and "deputy" in person.roles):
            blocks += await CARDS[role](asked, kind)
    pressing = [(key, need) for key, need in found if need.kind == PRESSING]
    news = [(key, need) for key, need in found if need.kind != PRESSING]
    return Digest(kind, period(kind, now.date()), pressing, news, blocks)


async def send_digests(session: AsyncSession, now: datetime) -> int:
    """Promise this working day's digest to everybody whose hour has come; how many. What it says is found out later."""
    today = now.date()
    key = f"{today:%Y%m%d}"
    promised = literal(f"digest:{key}:") + cast(Person.id, String)
    query = (
        select(Person, DigestWish)
        .join(Chat, Chat.person_id == Person.id)
        .outerjoin(DigestWish, DigestWish.person_id == Person.id)
        .where(Person.status == "active", or_(*(has_tag(Person.roles, role) for role in READERS)))
        .where(func.coalesce(DigestWish.hour, HOUR) <= now.hour)
        .where(~exists().where(Outbox.dedupe_key == promised))
    )
    count = 0
    for person, wish in (await session.execute(query)).tuples().all():
        if kind := due(official(), today, wish.kinds if wish else KINDS):
            count += await notify(session, person.id, "digest", key, now, of=kind, day=str(today))
    return count


async def wish_of(session: AsyncSession, person: Person) -> DigestWish:
    """What somebody chose, or what holds for whoever did not; not yet kept in the latter case."""
    found = await session.get(DigestWish, person.id)
    return found or DigestWish(person_id=person.id, hour=HOUR, kinds=KINDS)


async def choose_hour(session: AsyncSession, person: Person, hour: int, now: datetime) -> None:
    """From now on somebody's digests come at this full hour. Refused at night."""
    if hour not in HOURS:
        raise Refusal("digests.hour", first=HOURS[0], last=HOURS[-1])
    wish = await wish_of(session, person)
    record(session, now, person, "choose", "digest", person.id, before={"hour": wish.hour}, after={"hour": hour})
    wish.hour = hour
    session.add(wish)
    await session.flush()


async def switch(session: AsyncSession, person: Person, kind: str, now: datetime) -> None:
    """Somebody wants a kind of digest no more, or again."""
    wish = await wish_of(session, person)
    kinds = tuple(one for one in KINDS if (one in wish.kinds) != (one == kind))
    was, will = {"kinds": list(wish.kinds)}, {"kinds": list(kinds)}
    record(session, now, person, "choose", "digest", person.id, before=was, after=will)
    wish.kinds = kinds
    session.add(wish)
    await session.flush()
