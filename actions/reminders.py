"""Reminds of what is due: up a ladder, each step once, several things in one message, nothing that is done.

What is due is asked of `models.reminders.SOURCES` each time and never remembered; remembered is who was told what.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from actions.calendars import deadline, length, official
from actions.notify import notify
from models.base import has_tag
from models.mail import Lease
from models.people import Organ, Person, nearest
from models.reminders import SOURCES, Reminder, bound, dues
from rules.deadlines import OFFICE, PERSON, Step, ladder, reached


class Told(NamedTuple):
    """A step of a thing's ladder, and who hears of it."""

    kind: str
    thing: int
    due: date
    step: str
    person_id: int


T = TypeVar("T")
CLOCK = "clock"  # the lease of whoever does what the clock says


@dataclass(frozen=True)
class Due:
    """Somebody must do a thing of a kind by a day."""

    kind: str
    thing: int
    name: str
    person_id: int
    organ_id: int
    since: date
    due: date

    @property
    def key(self) -> tuple[str, int, date]:
        """The thing and its day: one ladder."""
        return self.kind, self.thing, self.due


async def open_dues(
    session: AsyncSession, now: datetime, kinds: Iterable[str] = SOURCES, things: Collection[int] | None = None
) -> list[Due]:
    """What is not done yet, of all kinds or some, of all things or some; a row for each person who must act."""
    named = {} if things is None else {"things": list(things)}
    rows = await session.execute(dues(tuple(kinds), things is not None), bound(now.date()) | named)
    return [_due(row, now) for row in rows]


def _due(row: Any, now: datetime) -> Due:
    kind, organ_id, due = row.kind, row.organ_id, row.due
    since = row.since_at.astimezone(now.tzinfo).date() if row.since_at else row.since_day
    if due is None:
        assert since
        due = deadline(kind, since, organ_id)
    if since is None:
        since = official().add(due, -(length(kind, organ_id) or 0))
    return Due(kind, row.thing, row.name, row.person_id, organ_id, since, due)


async def remind(session: AsyncSession, now: datetime) -> int:
    """Promise everybody one message about the steps that were reached since; how many people that is.

    Nothing on a day off. After downtime only the newest step is told. Whoever was reminded of a thing since a step's
    day has heard of it: so a deadline that moved is not followed by steps that lie behind.
    """
    today = now.date()
    if not official().works(today):
        return 0
    await session.execute(select(Lease.name).where(Lease.name == CLOCK).with_for_update())  # one process at a time
    steps = cache(lambda since, due: tuple(reached(ladder(official(), since, due), today)))
    audience = _Audience(session)
    wanted: dict[Told, Step] = {}
    for one in await open_dues(session, now):
        for step in steps(one.since, one.due):
            wanted |= {Told(*one.key, step.name, who): step for who in await audience.of(one, step)}
    new = await _not_heard(session, wanted, now)
    by_person = defaultdict[int, list[Told]](list)
    for told in sorted(new, key=lambda told: (told.due, told.kind, told.thing)):
        by_person[told.person_id].append(told)
        session.add(Reminder(**told._asdict(), at=now))
    for person_id, several in by_person.items():
        first = several[0]
        key = f"{first.kind}:{first.thing}:{first.due:%Y%m%d}:{first.step}"
        steps_told = [[told.kind, told.thing, told.due.isoformat(), told.step] for told in several]
        await notify(session, person_id, "reminders", key, now, steps=steps_told)
    return len(by_person)


async def _not_heard(session: AsyncSession, wanted: dict[Told, Step], now: datetime) -> list[Told]:
    """Which of these nobody was told of yet, nor of a later step of the same thing meanwhile."""
    columns = (Reminder.kind, Reminder.thing, Reminder.due, Reminder.step, Reminder.person_id)
    same = select(*columns).where(Reminder.due.in_({told.due for told in wanted}))
    before = {Told(*row) for row in (await session.execute(same)).tuples()}
    left = {told: step for told, step in wanted.items() if told not in before}
    if not left:
        return []
    morning = datetime.combine(min(step.day for step in left.values()), time(), now.tzinfo)
    query = select(Reminder.kind, Reminder.thing, Reminder.person_id, func.max(Reminder.at))
    query = query.where(Reminder.at >= morning, Reminder.at <= now)
    heard = {
        (kind, thing, person_id): at.astimezone(now.tzinfo).date()
        for kind, thing, person_id, at in (
            await session.execute(query.group_by(Reminder.kind, Reminder.thing, Reminder.person_id))
        ).tuples()
    }
    never = date.min
    return [told for told, step in left.items() if heard.get((told.kind, told.thing, told.person_id), never) < step.day]


class _Audience:
    """Who hears of a step: who must act, the supervisors of the organ, or the joint conference office of its area."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._known: dict[tuple[str, int], list[int]] = {}
        self._supervisors: dict[int, list[int]] | None = None  # by organ
        self._offices: dict[str, list[int]] | None = None  # by area

    async def of(self, due: Due, step: Step) -> list[int]:
        """The people; an organ without an office over it has its supervisors hear once more."""
        if step.who == PERSON:
            return [due.person_id]
        key = step.who, due.organ_id
        if key not in self._known:
            self._known[key] = await self._look(*key)
        return self._known[key]

    async def _look(self, who: str, organ_id: int) -> list[int]:
        if self._supervisors is None:
            self._supervisors = await _by(self._session, Person.organ_id, "supervisor")
        found: list[int] = []
        if who == OFFICE:
            if self._offices is None:
                self._offices = await _by(self._session, Organ.area_code, "office")
            area = await self._session.scalar(select(Organ.area_code).where(Organ.id == organ_id))
            found = self._offices.get(await nearest(self._session, area, self._offices) or "", [])
        return found or self._supervisors.get(organ_id, [])


async def _by(session: AsyncSession, column: InstrumentedAttribute[T], role: str) -> dict[T, list[int]]:
    """All active people of a role by a column of theirs or of their organ, in one question."""
    held = select(column, Person.id).join(Organ, Organ.id == Person.organ_id).order_by(Person.staff_no)
    held = held.where(Person.status == "active", has_tag(Person.roles, role))
    found = defaultdict[T, list[int]](list)
    for key, person_id in (await session.execute(held)).tuples():
        found[key].append(person_id)
    return found
