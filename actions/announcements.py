"""Says one thing to many: to whom, how many that are, sending, stopping, and who has read it (R3.3.1a).

The notices are made by one statement, so that nobody's taps wait for ten thousand rows; they leave at the pace of all
others, and what has not left yet can be stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, case, cast, false, func, insert, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from actions.journal import record
from models.announcements import Announcement, Reader
from models.base import Instant, has_tag
from models.database import moment
from models.mail import Outbox
from models.people import Area, Chat, Organ, Person
from rules.announcements import AUDIENCES, DRAFT, EVERYWHERE, LONGEST, SENDERS, SENT, STOPPED
from rules.deadlines import after_quiet_hours
from rules.people import BARRED
from rules.refusal import Refusal

DIMENSIONS = ("role", "department", "area_code", "specialty")


@dataclass(frozen=True)
class Progress:
    """How far an announcement has got: people told, people who said that they read it, and people not told."""

    total: int
    told: int
    read: int
    waiting: int


async def draft_of(session: AsyncSession, by: Person, now: datetime) -> Announcement:
    """The announcement that somebody is writing; a new one to their inspectors if there is none."""
    if not set(SENDERS) & set(by.roles):
        raise Refusal("announcements.not_yours")
    query = select(Announcement).where(Announcement.author_id == by.id, Announcement.state == DRAFT)
    found: Announcement | None = await session.scalar(query.order_by(Announcement.id.desc()).limit(1))
    if found is None:
        found = Announcement(author_id=by.id, area_code=by.organ.area_code, made_at=now)
        if not set(EVERYWHERE) & set(by.roles):
            found.department = by.organ.department
        session.add(found)
        await session.flush()
        await session.refresh(found)
    return found


def _people(one: Announcement) -> Select[tuple[int]]:
    """Everybody who fits, but for the author."""
    area = select(Area.code).where(or_(Area.code == one.area_code, Area.parent == one.area_code))
    query = (
        select(Person.id)
        .join(Organ, Organ.id == Person.organ_id)
        .where(Person.status.not_in(BARRED), Person.id != one.author_id, Person.area_code.in_(area))
    )
    if one.role:
        query = query.where(has_tag(Person.roles, one.role))
    if one.department:
        query = query.where(Organ.department == one.department)
    if one.specialty:
        query = query.where(has_tag(Person.specialties, one.specialty))
    return query


def _bound(one: Announcement) -> Select[tuple[int]]:
    return _people(one).join(Chat, Chat.person_id == Person.id)


async def count(session: AsyncSession, one: Announcement) -> tuple[int, int]:
    """How many people fit, and how many of them can be reached here."""
    fitting = select(func.count()).select_from(_people(one).subquery())
    bound = select(func.count()).select_from(_bound(one).subquery())
    return await session.scalar(fitting) or 0, await session.scalar(bound) or 0


async def options(session: AsyncSession, one: Announcement, dimension: str) -> Sequence[str]:
    """What can be chosen, in a fixed order; the empty one means all. Of areas the codes."""
    if dimension == "role":
        return AUDIENCES
    if dimension == "department":
        if not set(EVERYWHERE) & set(one.author.roles):
            return [one.author.organ.department]
        return ["", *sorted(set(await session.scalars(select(Organ.department))))]
    if dimension == "area_code":
        own = one.author.organ.area_code
        query = select(Area.code).where((Area.code == own) | (Area.parent == own)).order_by(Area.code)
        return list(await session.scalars(query))
    own_people = _people(Announcement(author_id=0, area_code=one.area_code, department=one.department))
    tags = await session.scalars(own_people.with_only_columns(Person.specialties).distinct())
    return ["", *sorted({tag for several in tags for tag in several})]


async def choose(session: AsyncSession, one: Announcement, dimension: str, place: int) -> None:
    """Narrow or widen whom a draft is for. Refused if there is no such choice any more."""
    _is(one, DRAFT)
    offered = await options(session, one, dimension)
    if place >= len(offered):
        raise Refusal("gone")
    setattr(one, dimension, offered[place])
    one.version += 1


def write(one: Announcement, text: str) -> None:
    """What a draft says. Refused if it is too long."""
    _is(one, DRAFT)
    if len(text) > LONGEST:
        raise Refusal("announcements.too_long", most=LONGEST, now=len(text))
    one.text = text
    one.version += 1


async def send(session: AsyncSession, one: Announcement, by: Person, now: datetime) -> int:
    """Promise it to everybody who fits and can be reached; how many. At night it waits for the morning."""
    _is(one, DRAFT)
    if not one.text:
        raise Refusal("announcements.no_text")
    _, total = await count(session, one)
    if not total:
        raise Refusal("announcements.nobody")
    people = _bound(one)
    await session.execute(
        insert(Reader).from_select(
            ["announcement_id", "person_id"], people.with_only_columns(literal(one.id), Person.id)
        )
    )
    columns: dict[str, Any] = {
        "dedupe_key": literal(f"announcement:{one.id}:") + cast(Person.id, String),
        "person_id": Person.id,
        "kind": literal("announcement"),
        "params": literal({"announcement": one.id}, Outbox.params.type),
        "urgent": false(),
        "created_at": literal(now, Instant()),
        "due_at": literal(after_quiet_hours(now), Instant()),
        "attempts": literal(0),
        "outcome": literal(""),
        "error": literal(""),
    }
    await session.execute(insert(Outbox).from_select(list(columns), people.with_only_columns(*columns.values())))
    one.state, one.sent_at = SENT, now
    one.version += 1
    after = {"people": total, **{name: getattr(one, name) for name in DIMENSIONS}}
    record(session, now, by, "send", "announcement", one.id, after=after, why=one.text)
    return total


async def stop(session: AsyncSession, one: Announcement, by: Person, now: datetime) -> int:
    """Tell nobody else; how many are spared. What is leaving at this moment leaves."""
    _is(one, SENT)
    mine = Outbox.dedupe_key.startswith(f"announcement:{one.id}:", autoescape=True)
    free = or_(Outbox.leased_until.is_(None), Outbox.leased_until < moment(session, now))
    spared = await session.execute(
        update(Outbox)
        .where(mine, Outbox.ended_at.is_(None), free)
        .values(ended_at=now, outcome="dropped")
        .returning(Outbox.id)
    )
    number = len(spared.all())
    one.state = STOPPED
    one.version += 1
    record(session, now, by, "stop", "announcement", one.id, after={"spared": number})
    return number


async def read(session: AsyncSession, announcement_id: int, by: Person, now: datetime) -> bool:
    """Somebody says that they read it; whether for the first time. Refused to whom it was not sent."""
    reader = await session.get(Reader, (announcement_id, by.id), with_for_update=True)
    if reader is None:
        raise Refusal("gone")
    if reader.read_at:
        return False
    reader.read_at = now
    return True


async def progress(session: AsyncSession, one: Announcement) -> Progress:
    """How far it has got."""
    readers = select(func.count(), func.count(Reader.read_at)).where(Reader.announcement_id == one.id)
    total, read_by = (await session.execute(readers)).tuples().one()
    told = func.coalesce(func.sum(case((Outbox.outcome == "sent", 1), else_=0)), 0)
    waiting = func.coalesce(func.sum(case((Outbox.ended_at.is_(None), 1), else_=0)), 0)
    mine = Outbox.dedupe_key.startswith(f"announcement:{one.id}:", autoescape=True)
    sent, left = (await session.execute(select(told, waiting).where(mine))).tuples().one()
    return Progress(total, sent, read_by, left)


async def unread(session: AsyncSession, one: Announcement, limit: int) -> list[Person]:
    """Some of those who have not said that they read it, by staff number."""
    query = (
        select(Person)
        .join(Reader, Reader.person_id == Person.id)
        .where(Reader.announcement_id == one.id, Reader.read_at.is_(None))
    )
    return list(await session.scalars(query.order_by(Person.staff_no).limit(limit)))


def _is(one: Announcement, state: str) -> None:
    if one.state != state:
        raise Refusal("announcements.not_now")
