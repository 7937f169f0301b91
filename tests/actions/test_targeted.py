"""No visit without an origin: a draw, or a lead or a correction that caused it (R1.1); targeted ones count apart."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from actions import leads, pools, targeted
from actions.leads import NewLead
from models.corrections import Cause
from models.database import Database
from models.items import Item
from models.leads import Lead
from models.people import Organ, Person
from models.subjects import Subject
from models.visits import SeatRefusal, Visit
from rules.lots import lot
from rules.refusal import Refusal
from tests.conversations.conftest import MONDAY, settle_town


async def accepted(session: Any) -> tuple[Lead, Item, Person, dict[str, int]]:
    """A complaint that the market supervision bureau has taken over itself."""
    ids = await settle_town(session, MONDAY)
    by = await session.get_one(Person, ids["赵主管"])
    subject = (await session.scalars(select(Subject).order_by(Subject.id))).first()
    organ = await session.get_one(Organ, by.organ_id)
    lead = await leads.send(
        session, NewLead(subject, "食品过期", "complaint", None, None, "12345", "1"), organ, by, MONDAY
    )
    await leads.accept(session, lead, by, MONDAY)
    item = (await session.scalars(select(Item))).one()
    return lead, item, by, ids


async def test_a_lot_names_two_and_anybody_can_draw_it_again(database: Database) -> None:
    async with database.write() as session:
        lead, item, by, _ = await accepted(session)
        visit = await targeted.for_lead(session, lead, item, [], by, MONDAY)
        cause = await session.get_one(Cause, visit.id)
        assert cause
        assert (visit.origin, visit.state, cause.lead_id) == ("targeted", "released", lead.id)
        drawn = [seat.person.staff_no for seat in visit.seats if seat.person]
        assert drawn == lot(cause.seed, cause.candidates)[:2]
        assert len(cause.candidates) == 3
        with pytest.raises(Refusal, match=r"targeted\.already"):
            await targeted.for_lead(session, lead, item, [], by, MONDAY)


async def test_a_targeted_visit_is_not_one_of_the_two_random_ones_a_year(database: Database) -> None:  # R3.2.2d
    async with database.write() as session:
        lead, item, by, _ = await accepted(session)
        await targeted.for_lead(session, lead, item, [], by, MONDAY)
        assert (await pools.random_visits_this_year(session, MONDAY))[lead.subject_id] == 0


async def test_who_is_appointed_must_be_two_who_may_go(database: Database) -> None:
    async with database.write() as session:
        lead, item, by, ids = await accepted(session)
        zhang, li, wang = [await session.get_one(Person, ids[name]) for name in ("张伟", "李娜", "王强")]
        for people, code in (
            ([zhang], "targeted.two"),
            ([zhang, zhang], "targeted.two"),
            ([zhang, by], "targeted.unfit"),
        ):
            with pytest.raises(Refusal) as refused:
                await targeted.for_lead(session, lead, item, people, by, MONDAY)
            assert refused.value.code == code
        li.certificate_until = MONDAY.date() + timedelta(days=3)
        await session.flush()
        with pytest.raises(Refusal, match=r"targeted\.unfit"):
            await targeted.for_lead(session, lead, item, [zhang, li], by, MONDAY)
        assert await session.scalar(select(func.count()).select_from(Visit)) == 0
        visit = await targeted.for_lead(session, lead, item, [zhang, wang], by, MONDAY)
        assert [seat.mode for seat in visit.seats] == ["appointed", "appointed"]


async def test_whoever_recused_themselves_from_the_subject_is_not_drawn(database: Database) -> None:
    async with database.write() as session:
        lead, item, by, ids = await accepted(session)
        visit = await targeted.for_lead(session, lead, item, [], by, MONDAY)
        left = next(seat.person_id for seat in visit.seats)
        session.add(SeatRefusal(visit_id=visit.id, person_id=left, kind="recusal", reason="亲属", at=MONDAY))
        await session.flush()
        people = await targeted.candidates(session, lead.organ, lead.subject, MONDAY)
        assert left not in {one.id for one in people}
        assert {one.id for one in people} == {ids[name] for name in ("张伟", "李娜", "王强")} - {left}


async def test_a_cause_is_a_lead_or_a_correction_never_none_nor_both(database: Database) -> None:  # R1.1
    async with database.write() as session:
        lead, item, by, _ = await accepted(session)
        visit = await targeted.for_lead(session, lead, item, [], by, MONDAY)
        assert (await session.get_one(Cause, visit.id)).correction_id is None
    async with database.write() as session:
        with pytest.raises(IntegrityError, match=r"(?i)check"):
            await session.execute(update(Cause).values(lead_id=None))


async def test_strangers_and_leads_that_are_over_cause_no_visit(database: Database) -> None:
    async with database.write() as session:
        lead, item, by, ids = await accepted(session)
        with pytest.raises(Refusal, match=r"leads\.not_yours"):
            await targeted.for_lead(session, lead, item, [], await session.get_one(Person, ids["陈消防"]), MONDAY)
        await leads.resolve(session, lead, "other", "已当场改正", by, MONDAY)
        with pytest.raises(Refusal, match=r"leads\.not_now"):
            await targeted.for_lead(session, lead, item, [], by, MONDAY)
