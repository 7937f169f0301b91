"""Says who acts for a department or a person today: deputies, people who stand in, and who can be reached (R3.3.3a)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.journal import record
from actions.notify import notify
from models.leads import Desk, Lead
from models.people import Chat, Person, office_of, with_role
from rules import leads as rules
from rules.leads import READ, RECEIVE
from rules.refusal import Refusal

LONGEST_LEAVE = 120  # days


async def bound(session: AsyncSession, people: Iterable[Person]) -> list[Person]:
    """Those of them whom a notice reaches."""
    people = list(people)
    query = select(Chat.person_id).where(Chat.person_id.in_([one.id for one in people]), Chat.unreachable_at.is_(None))
    reached = set(await session.scalars(query))
    return [one for one in people if one.id in reached]


async def stand_in(session: AsyncSession, person: Person, today: date) -> Person:
    """Who looks after somebody's leads today: the person, or whom they handed their desk to."""
    desk = await desk_of(session, person, today)
    return desk.deputy if desk and desk.deputy.there(today) else person


async def stands_in_for(session: AsyncSession, person: Person, today: date) -> list[Person]:
    """Whose leads somebody looks after today, beside their own."""
    query = select(Desk).where(
        Desk.deputy_id == person.id, Desk.ended_at.is_(None), Desk.since <= today, Desk.until >= today
    )
    return [desk.person for desk in await session.scalars(query)]


async def receivers(session: AsyncSession, organ_id: int, today: date) -> list[Person]:
    """Who acts for a department today: its liaisons, else their deputies, else its supervisors; the first reachable.

    Where nobody can be reached, or all are on leave, whoever would act: a notice waits until they bind their phone.
    """
    everybody: list[Person] = []
    for role in RECEIVE:
        held = await with_role(session, role, organ_id)
        people = list({one.id: one for one in [await stand_in(session, person, today) for person in held]}.values())
        if reached := await bound(session, [one for one in people if one.there(today)]):
            return reached
        everybody = everybody or people
    return everybody


async def office(session: AsyncSession, lead: Lead) -> list[Person]:
    """The joint conference office for a lead's area; where there is none, the supervisors of whoever sent it."""
    found = await office_of(session, lead.subject.area_code)
    return found or await with_role(session, "supervisor", lead.source_organ_id)


async def senders(session: AsyncSession, lead: Lead, today: date) -> list[Person]:
    """Who hears for the sending side: the sender or their stand-in; where they are away, their department."""
    person = await stand_in(session, lead.sender, today)
    if person.there(today) and person.organ_id == lead.source_organ_id:
        return [person]
    return await receivers(session, lead.source_organ_id, today)


async def handlers(session: AsyncSession, lead: Lead, today: date) -> list[Person]:
    """Who has an accepted lead: its handler or their stand-in; where they are away, their department."""
    person = await stand_in(session, lead.handler, today) if lead.handler else None
    if person and person.there(today) and person.organ_id == lead.organ_id:
        return [person]
    return await receivers(session, lead.organ_id, today)


async def owners(session: AsyncSession, lead: Lead, today: date) -> list[Person]:
    """Who must act on a lead now; nobody only when it is over."""
    owner = rules.owner(lead.state, office=lead.office_by is not None)
    if owner == "office":
        return await office(session, lead)
    if owner == "receiver":
        return await receivers(session, lead.organ_id, today)
    if owner == "handler":
        return await handlers(session, lead, today)
    if owner == "sender":
        return await senders(session, lead, today)
    if owner == "joined":
        return await owners(session, await session.get_one(Lead, lead.joined_to), today)
    return []


async def acts_for_receiver(session: AsyncSession, lead: Lead, by: Person, today: date) -> bool:
    """Whether somebody may act for the department that has a lead: its liaisons and their like, and the handler."""
    if by.organ_id != lead.organ_id:
        return False
    if set(RECEIVE) & set(by.roles) or by.id == lead.handler_id:
        return True
    return any(one.id == lead.handler_id for one in await stands_in_for(session, by, today))


async def acts_for_sender(session: AsyncSession, lead: Lead, by: Person, today: date) -> bool:
    """Whether somebody may act for the sending side: the sender, their stand-in, the liaisons of their department."""
    if by.organ_id != lead.source_organ_id:
        return False
    if set(RECEIVE) & set(by.roles) or by.id == lead.sender_id:
        return True
    return any(one.id == lead.sender_id for one in await stands_in_for(session, by, today))


async def acts_for_office(session: AsyncSession, lead: Lead, by: Person) -> bool:
    """Whether somebody decides for the joint conference office."""
    return any(one.id == by.id for one in await office(session, lead))


async def may_see(session: AsyncSession, lead: Lead, person: Person) -> bool:
    """Nobody outside the two departments and the office reads a lead."""
    if person.barred:
        return False
    if person.organ_id in (lead.organ_id, lead.source_organ_id) and set(READ) & set(person.roles):
        return True
    return await acts_for_office(session, lead, person)


async def hand_over(session: AsyncSession, by: Person, deputy: Person, until: date, now: datetime) -> Desk:
    """Hand one's desk to a colleague from today until a day: they are told of, and may do, what one could."""
    today = now.date()
    if deputy.organ_id != by.organ_id or deputy.id == by.id or not deputy.there(today):
        raise Refusal("desks.colleague")
    if not today <= until or (until - today).days > LONGEST_LEAVE:
        raise Refusal("desks.until", most=LONGEST_LEAVE)
    if (await stand_in(session, deputy, today)).id != deputy.id:
        raise Refusal("desks.away", name=deputy.name)
    await take_back(session, by, now)
    desk = Desk(person_id=by.id, deputy_id=deputy.id, since=today, until=until)
    session.add(desk)
    await session.flush()
    await session.refresh(desk)
    record(session, now, by, "hand_over_desk", "person", by.id, after={"to": deputy.id, "until": until.isoformat()})
    await notify(session, deputy.id, "desks.taken", str(desk.id), now, desk=desk.id)
    return desk


async def take_back(session: AsyncSession, by: Person, now: datetime) -> bool:
    """Be back at one's desk before the day; whether it was handed over at all."""
    query = select(Desk).where(Desk.person_id == by.id, Desk.ended_at.is_(None), Desk.until >= now.date())
    held = list(await session.scalars(query))
    for desk in held:
        desk.ended_at = now
        record(session, now, by, "take_back_desk", "person", by.id, before={"to": desk.deputy_id})
    return bool(held)


async def end_over(session: AsyncSession, now: datetime) -> int:
    """Give back the desks whose last day is over; how many."""
    over = list(await session.scalars(select(Desk).where(Desk.ended_at.is_(None), Desk.until < now.date())))
    for desk in over:
        desk.ended_at = now
        record(session, now, None, "take_back_desk", "person", desk.person_id, before={"to": desk.deputy_id})
    return len(over)


async def colleagues(session: AsyncSession, person: Person) -> list[Person]:
    """Who could take over somebody's desk or a lead: active people of the same department, its liaisons first."""
    query = select(Person).where(Person.organ_id == person.organ_id, Person.status == "active", Person.id != person.id)
    found = [one for one in await session.scalars(query.order_by(Person.staff_no)) if set(READ) & set(one.roles)]
    return sorted(found, key=lambda one: not set(RECEIVE) & set(one.roles))


async def desk_of(session: AsyncSession, person: Person, today: date) -> Desk | None:
    """To whom somebody's desk is handed over today, if it is."""
    query = select(Desk).where(
        Desk.person_id == person.id, Desk.ended_at.is_(None), Desk.since <= today, Desk.until >= today
    )
    desk: Desk | None = await session.scalar(query.order_by(Desk.id.desc()).limit(1))
    return desk
