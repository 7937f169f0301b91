"""Suspends somebody of the staff at once, and lifts it: a lost phone, an inquiry, a duty that was taken away."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.journal import record
from actions.notify import notify
from models.changes import Change
from models.people import Person, with_role
from rules.refusal import Refusal

ABOVE = {"supervisor", "administrator"}  # whom only an administrator may suspend


async def member(session: AsyncSession, by: Person, *, staff_no: str = "", person_id: int = 0) -> Person:
    """Whom somebody may suspend: an administrator anybody else, a supervisor those of the organ who are below."""
    which = Person.staff_no == staff_no if staff_no else Person.id == person_id
    person: Person | None = await session.scalar(select(Person).where(which))
    if person is None or person.status == "left":
        raise Refusal("people.unknown", staff_no=staff_no)
    mine = person.organ_id == by.organ_id and "supervisor" in by.roles and not ABOVE & set(person.roles)
    if person.id == by.id or not (mine or "administrator" in by.roles):
        raise Refusal("people.not_yours_to_suspend", name=person.name)
    return person


async def suspended(session: AsyncSession, by: Person) -> list[Person]:
    """Who is suspended, of those whom somebody may suspend, by staff number."""
    query = select(Person).where(Person.status == "suspended", Person.id != by.id).order_by(Person.staff_no)
    if "administrator" not in by.roles:
        query = query.where(Person.organ_id == by.organ_id)
    return list(await session.scalars(query))


async def suspend(session: AsyncSession, person: Person, why: str, by: Person, now: datetime) -> None:
    """From the next tap on the person may do nothing; seats not begun go to the next by rule, as of who has left."""
    if person.status == "suspended":
        raise Refusal("people.suspended_already", name=person.name)
    change = await _set(session, person, "suspend", "suspended", why, by, now)
    for one in await _others(session, person, by):
        await notify(session, one.id, "people.suspended", str(change.id), now, urgent=True, who=person.id)


async def lift(session: AsyncSession, person: Person, why: str, by: Person, now: datetime) -> None:
    """The person is at work again; seats that went to others stay theirs."""
    if person.status != "suspended":
        raise Refusal("people.not_suspended", name=person.name)
    change = await _set(session, person, "lift", "active", why, by, now)
    for one in await _others(session, person, by):
        await notify(session, one.id, "people.lifted", str(change.id), now, urgent=True, who=person.id)


async def _set(
    session: AsyncSession, person: Person, verb: str, status: str, why: str, by: Person, now: datetime
) -> Change:
    if not why.strip():
        raise Refusal("reason_needed")
    before, person.status = {"status": person.status}, status
    record(session, now, by, verb, "person", person.id, before=before, after={"status": status}, why=why[:500])
    change = Change(noun="person", thing=person.id, at=now, by_id=by.id, source="chat", before=before)
    change.after = {"status": status}
    session.add(change)
    await session.flush()
    return change


async def _others(session: AsyncSession, person: Person, by: Person) -> list[Person]:
    return [one for one in await with_role(session, "supervisor", person.organ_id) if one.id != by.id]
