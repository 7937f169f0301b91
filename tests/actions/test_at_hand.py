"""A visit at hand shares its checklist with all sessions, and so must never put it into one."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import inspect, select

from actions import checklists
from models.database import Database
from models.draws import whole
from models.people import Person
from models.visit_at_hand import visit_at_hand
from models.visits import Evidence, Visit
from tests.conversations.conftest import MONDAY
from tests.e2e.town import released_town


async def test_answers_of_many_sessions_leave_the_shared_checklist_alone(database: Database) -> None:
    async with database.write() as session:
        await released_town(session, MONDAY)
        for visit in await session.scalars(select(Visit)):
            visit.state = "started"
        ids = [visit.id for visit in await session.scalars(select(Visit).order_by(Visit.position))]
    assert len(ids) > 1
    shared = []
    for number, one in enumerate(ids, 1):
        async with database.write() as session:
            visit = await visit_at_hand(session, one)
            assert visit
            person = next(seat.person for seat in visit.seats if seat.person)
            await checklists.answer(session, visit, [number], "yes", person, MONDAY)
            session.add(visit)
            await session.flush()
            kept = visit.parts[0].checklist
            assert not [point for point in (kept, *kept.points) if point in session]
            shared.append(kept)
        async with database.read() as look:
            stored = await look.get_one(Visit, one)
            assert [(answer.point.number, answer.value) for answer in stored.answers] == [(number, "yes")]
    assert all(one is shared[0] for one in shared)


def told(one: Any) -> dict[str, Any]:
    """All columns of an entity, but for the large files of a draw."""
    names = {column.key for column in inspect(type(one)).column_attrs} - {"commitment", "certificate"}
    return {name: getattr(one, name) for name in names}


def everything(visit: Visit) -> list[Any]:
    """What a visit is, down to the areas of its people."""
    assert visit.draw
    people = [seat.person for seat in visit.seats if seat.person] + [answer.person for answer in visit.answers]
    things: list[Any] = [visit, visit.task, visit.subject, visit.draw, visit.subject.area, visit.task.area]
    things += [visit.task.organ, visit.task.organ.area, *visit.seats, *visit.parts, *visit.answers, *visit.task.items]
    things += [one.item for one in (*visit.parts, *visit.task.items)] + [one.organ for one in visit.task.items]
    things += people + [one.organ for one in people] + [one.area for one in people]
    things += [one.organ.area for one in people] + [answer.point for answer in visit.answers]
    return [(type(one), told(one)) for one in things] + [visit.evidence, visit.helpers, visit.guests]


async def test_a_visit_at_hand_is_the_visit_that_is_read_in_the_ordinary_way(database: Database) -> None:
    async with database.write() as session:
        await released_town(session, MONDAY)
        visit = (await session.scalars(select(Visit).order_by(Visit.position))).first()
        assert visit
        visit.state = "started"
        one = visit.id
    async with database.write() as session:
        at_hand = await visit_at_hand(session, one)
        assert at_hand
        assert at_hand.seats[0].person
        await checklists.answer(session, at_hand, [1], "yes", at_hand.seats[0].person, MONDAY)
    async with database.write() as session:  # somebody else has the seat of who answered
        ordinary = await session.get_one(Visit, one)
        held = {seat.person_id for seat in ordinary.seats}
        ordinary.seats[0].person = await session.scalar(select(Person).where(Person.id.not_in(held)).limit(1))
    async with database.write() as session, database.read() as look:
        at_hand = await visit_at_hand(session, one)
        assert at_hand
        assert not session.dirty
        assert everything(at_hand) == everything(await look.get_one(Visit, one))
        assert at_hand.draw
        assert inspect(at_hand.draw).unloaded >= {"commitment", "certificate"}
        assert (await whole(session, at_hand.draw)).commitment
        at_hand.answers[0].note = "改了"
        at_hand.seats[0].version += 1
        before = at_hand.seats[0].version
    async with database.read() as look:
        stored = await look.get_one(Visit, one)
        assert (stored.answers[0].note, stored.seats[0].version) == ("改了", before)
        assert await visit_at_hand(look, 10**6) is None


async def test_what_stands_in_the_session_is_not_read_over(database: Database) -> None:
    async with database.write() as session:
        await released_town(session, MONDAY)
        visit = (await session.scalars(select(Visit).order_by(Visit.position))).first()
        assert visit
        visit.statement = "还没写下"
        assert await visit_at_hand(session, visit.id) is visit
        assert visit.statement == "还没写下"


async def test_who_waited_for_a_visit_sees_what_the_one_before_did_to_all_of_it(database: Database) -> None:
    """Its seats and its evidence too: who signs last must see that the other has signed."""
    async with database.write() as session:
        await released_town(session, MONDAY)
        one = (await session.scalars(select(Visit).order_by(Visit.position))).first()
        assert one
        visit_id = one.id

    async def comes_second() -> tuple[Any, int]:
        async with database.write() as session:
            visit = await visit_at_hand(session, visit_id)
            assert visit
            return visit.seats[0].signed_at, len(visit.evidence)

    async with database.write() as session:
        visit = await visit_at_hand(session, visit_id)
        assert visit
        second = asyncio.create_task(comes_second())
        await asyncio.sleep(0.3)  # it waits for the visit, on PostgreSQL in the middle of its statement
        visit.seats[0].signed_at = MONDAY
        sent = {"sha256": "0" * 64, "size": 1, "media": "image/jpeg", "telegram_file": "x", "at": MONDAY}
        session.add(Evidence(visit_id=visit_id, person_id=visit.seats[0].person_id, **sent))
        await session.flush()
    assert await second == (MONDAY, 1)
