"""A visit at hand shares its checklist with all sessions, and so must never put it into one."""

from __future__ import annotations

from sqlalchemy import select

from actions import checklists
from models.database import Database
from models.visit_at_hand import visit_at_hand
from models.visits import Visit
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
