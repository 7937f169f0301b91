"""The liaison's desk: which leads are new, due, one's own, the department's, or wait for others (R3.3.3a)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import desks
from actions.calendars import official
from models.leads import Lead
from models.people import Area, Organ, Person, office_of
from models.subjects import Subject
from rules.leads import OPEN, READ, RECEIVE

FOLDERS = ("todo", "new", "due", "mine", "ours", "waiting", "office")
SOON = 3  # working days
PAGE = 8


@dataclass(frozen=True)
class Desktop:
    """All open leads that concern somebody, by folder; a lead may lie in several."""

    folders: dict[str, list[Lead]]

    def __getitem__(self, name: str) -> list[Lead]:
        return self.folders[name]


async def desktop(session: AsyncSession, person: Person, today: date) -> Desktop:
    """What lies on somebody's desk: `todo` waits for them, `due` of it soon or late, `waiting` for others."""
    people = {one.id for one in [person, *await desks.stands_in_for(session, person, today)]}
    seen = await visible(session, person)
    query = select(Lead).where(seen, Lead.state.in_(OPEN)).order_by(Lead.due, Lead.id)
    found = list(await session.scalars(query))
    acts = bool(set(RECEIVE) & set(person.roles))
    decides = await decides_for(session, person)
    folders: dict[str, list[Lead]] = {name: [] for name in FOLDERS}
    for lead in found:
        received, sent = lead.organ_id == person.organ_id, lead.source_organ_id == person.organ_id
        mine = lead.handler_id in people or lead.sender_id in people
        todo = (
            (lead.office_by is not None and lead.subject.area_code in decides)
            or (lead.state == "sent" and received and acts)
            or (lead.state == "accepted" and lead.handler_id in people)
            or (lead.state == "returned" and lead.sender_id in people)
            or (bool(lead.question) and lead.sender_id in people)
        )
        places = {
            "todo": todo,
            "new": lead.state == "sent" and received and acts,
            "due": todo and official().between(today, lead.office_by or lead.due) <= SOON,
            "mine": mine,
            "ours": received or sent,
            "waiting": lead.sender_id in people and not todo,
            "office": lead.office_by is not None and lead.subject.area_code in decides,
        }
        for name, here in places.items():
            if here:
                folders[name].append(lead)
    return Desktop(folders)


async def decides_for(session: AsyncSession, person: Person) -> set[str]:
    """The areas for which somebody is the joint conference office."""
    if "office" not in person.roles:
        return set()
    own = person.organ.area_code
    areas = await session.scalars(select(Area.code).where(or_(Area.code == own, Area.parent == own)))
    return {code for code in areas if any(one.id == person.id for one in await office_of(session, code))}


async def visible(session: AsyncSession, person: Person) -> ColumnElement[bool]:
    """The condition for leads that somebody may read (`desks.may_see`)."""
    ways: list[ColumnElement[bool]] = [Lead.id.is_(None)]
    if set(READ) & set(person.roles):
        ways.append(or_(Lead.organ_id == person.organ_id, Lead.source_organ_id == person.organ_id))
    if areas := await decides_for(session, person):
        ways.append(Lead.subject_id.in_(select(Subject.id).where(Subject.area_code.in_(areas))))
    return or_(*ways)


async def search(session: AsyncSession, person: Person, words: str, limit: int = PAGE) -> list[Lead]:
    """Leads that somebody may read, open or over, by number, subject, department or words; the newest first."""
    matches = [
        Lead.text.contains(words, autoescape=True),
        Lead.outcome_text.contains(words, autoescape=True),
        Lead.reference == words,
        Subject.name.contains(words, autoescape=True),
        Subject.code == words.upper(),
        Lead.organ_id.in_(select(Organ.id).where(Organ.name.contains(words, autoescape=True))),
    ]
    number = words.lstrip("#").strip()
    if number.isascii() and number.isdecimal() and len(number) < 10:
        matches.append(Lead.id == int(number))
    query = select(Lead).join(Subject, Subject.id == Lead.subject_id)
    query = query.where(and_(await visible(session, person), or_(*matches)))
    return list(await session.scalars(query.order_by(Lead.id.desc()).limit(limit)))


async def of_month(session: AsyncSession, person: Person, first: datetime, end: datetime) -> list[Lead]:
    """The leads that somebody may read and that were sent in a span of time, in order."""
    query = select(Lead).where(await visible(session, person), Lead.sent_at >= first, Lead.sent_at < end)
    return list(await session.scalars(query.order_by(Lead.id)))
