"""Chooses how a visit is checked (R3.3.1b), and who assists: experts and bodies, never as inspectors (R3.1.3e)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import seats, visits
from actions.journal import record
from actions.work import may_work, seat_of, unsign
from models.people import Person, with_role
from models.visits import Helper, Visit
from rules import methods as rules
from rules.refusal import Refusal
from rules.visits import NOT_STARTED, WORKING

LONGEST = 200  # characters of a name or a note


async def choose(session: AsyncSession, visit: Visit, name: str, note: str, by: Person, now: datetime) -> None:
    """Choose the method; `note` is the body, the source or the number that it needs, and may follow later.

    Whoever commissions a body guides and supervises it (R3.3.1c), and is recorded so.
    """
    seat_of(visit, by)
    if visit.state not in (*NOT_STARTED, *WORKING):
        raise Refusal("visits.not_now")
    rules.method(name)
    note = note.strip()[:LONGEST]
    if (visit.method, visit.method_note) == (name, note):
        return
    before = {"method": visit.method, "note": visit.method_note}
    if visit.method == rules.COMMISSIONED:
        for one in [one for one in visit.helpers if one.person_id is None and one.name == visit.method_note]:
            visit.helpers.remove(one)
            await session.delete(one)
    visit.method, visit.method_note = name, note
    if name == rules.COMMISSIONED and note:
        _add(visit, None, note, by, now)
    record(session, now, by, "method", "visit", visit.id, before=before, after={"method": name, "note": note})
    unsign(visit)


async def begin(session: AsyncSession, visit: Visit, by: Person, now: datetime) -> None:
    """Begin a check for which nobody goes there; who begins has accepted. Refused where inspectors must be there."""
    seat = seat_of(visit, by)
    if rules.method(visit.method).presence or visit.state not in (*NOT_STARTED, *WORKING):
        raise Refusal("visits.not_now")
    if visit.state in NOT_STARTED:
        visits.may_begin(visit, by, now.date())
    await seats.accept(session, visit, seat, by, now)
    if visit.state in NOT_STARTED:
        visit.state, visit.started_at = "started", now
        visit.version += 1
        record(session, now, by, "begin", "visit", visit.id, after={"method": visit.method})


async def experts(session: AsyncSession, visit: Visit) -> list[Person]:
    """Who could assist: active experts without a seat on it who are not there already, the nearest first."""
    taken = {seat.person_id for seat in visit.seats} | {one.person_id for one in visit.helpers}
    free = [one for one in await with_role(session, "expert") if one.id not in taken]
    area = visit.subject.area_code
    return sorted(free, key=lambda one: (one.area_code != area, one.area_code[:4] != area[:4], one.staff_no))


async def invite(session: AsyncSession, visit: Visit, expert: Person | str, by: Person, now: datetime) -> None:
    """Have an expert of the directory, or somebody by name, assist. Never one of the inspectors (R3.1.3e)."""
    seat_of(visit, by)
    if visit.state not in (*NOT_STARTED, *WORKING):
        raise Refusal("visits.not_now")
    if isinstance(expert, Person):
        if "expert" not in expert.roles or any(seat.person_id == expert.id for seat in visit.seats):
            raise Refusal("methods.no_expert", name=expert.name)
        name, person_id = expert.name, expert.id
    else:
        name, person_id = " ".join(expert.split())[:LONGEST], None
        if not name or any(seat.person and seat.person.name == name for seat in visit.seats):
            raise Refusal("methods.no_expert", name=name)
    if any((one.person_id, one.name) == (person_id, name) for one in visit.helpers):
        return
    _add(visit, person_id, name, by, now)
    record(session, now, by, "invite_expert", "visit", visit.id, after={"name": name, "person": person_id})
    unsign(visit)


async def dismiss(session: AsyncSession, visit: Visit, helper: int, by: Person, now: datetime) -> None:
    """Take somebody who was to assist off the visit again."""
    seat_of(visit, by)
    if visit.state not in (*NOT_STARTED, *WORKING):
        raise Refusal("visits.not_now")
    one = next((one for one in visit.helpers if one.id == helper), None)
    if one is None or (visit.method == rules.COMMISSIONED and one.name == visit.method_note):
        raise Refusal("gone")
    record(session, now, by, "dismiss_expert", "visit", visit.id, before={"name": one.name})
    visit.helpers.remove(one)
    await session.delete(one)
    unsign(visit)


async def say_why_alone(session: AsyncSession, visit: Visit, why: str, by: Person, now: datetime) -> None:
    """Say why not all inspectors are there; those who are not sign without it counting as presence."""
    if may_work(visit, by).arrived_at is None:
        raise Refusal("visits.not_now")
    why = why.strip()[:LONGEST]
    if not why:
        raise Refusal("reason_needed")
    before = {"alone_because": visit.alone_because}
    record(session, now, by, "alone", "visit", visit.id, before=before, after={"alone_because": why})
    visit.alone_because = why
    unsign(visit)


async def person(session: AsyncSession, person_id: int) -> Person:
    """Somebody who is active. Refused if there is none."""
    found = await session.scalar(select(Person).where(Person.id == person_id, Person.status == "active"))
    if found is None:
        raise Refusal("gone")
    return found


def _add(visit: Visit, person_id: int | None, name: str, by: Person, now: datetime) -> None:
    visit.helpers.append(Helper(visit_id=visit.id, person_id=person_id, name=name, guided_by=by.id, at=now))
