"""Two visits that become one: who was drawn for both sits once, and the figures count one visit."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select

from actions import draws, merging, offers, plans, pools, publication, seats, visits
from actions.audit import audit
from models.database import Database
from models.items import Item
from models.people import Organ, Person
from models.publication import Publication
from models.visits import JointOffer, Visit
from tests.conversations.conftest import MONDAY
from tests.conversations.joint import SALE, settle_two_departments


async def test_who_was_drawn_for_both_sits_once(database: Database) -> None:
    async with database.write() as session:
        ids = await settle_two_departments(session, MONDAY)
        city = Organ(name="金华市市场监督管理局", department="市场监管", area_code="330700")
        session.add(city)
        await session.flush()
        both = Person(staff_no="330700999", name="郑主管", organ_id=city.id, area_code="330700", roles=("supervisor",))
        session.add(both)
        await session.flush()
        await session.refresh(both)
        mine, theirs = await session.get_one(Person, ids["赵主管"]), both
        item = (await session.scalars(select(Item).where(Item.code == SALE))).one()
        witnesses = [await session.get_one(Person, ids[name]) for name in ("陈消防", "周环保")]
        held = []
        for by in (mine, theirs):  # both commit before either is drawn: who goes to whom is not known to either
            wish = plans.NewTask(
                item.id, "330782", Decimal(100), MONDAY.date(), MONDAY.date() + timedelta(days=20 + by.id % 3)
            )
            task = await plans.create_task(session, wish, by, MONDAY)
            draw = await draws.commit(session, task, witnesses, "金华市", by, MONDAY)
            for witness in witnesses:
                await draws.contribute(session, draw, witness, f"{draw.sequence} 号", MONDAY)
            await session.flush()
            held.append(draw)
        for draw in held:
            await draws.run(session, draw, draw.supervisor, MONDAY)
            await session.flush()
        first, _ = await session.scalars(select(JointOffer).order_by(JointOffer.id))
        await offers.ask(session, first, theirs, MONDAY)
        await session.flush()
        await merging.agree(session, first, mine, MONDAY)
        await session.flush()
        await seats.release(session, held[1], theirs, MONDAY)
        await session.flush()
        session.expunge_all()

        host, guest = await session.get_one(Visit, first.host_id), await session.get_one(Visit, first.guest_id)
        assert host.due == min(one.task.ends for one in (host, guest))
        people = [seat.person_id for seat in host.seats]
        assert len(people) == len(set(people)), "three inspectors there are, of four seats"
        assert len(people) + len(guest.seats) == 4
        assert [(seat.number, seat.state) for seat in guest.seats] == [(seat.slot, "held") for seat in guest.seats]
        assert {seat.person_id for seat in guest.seats} <= set(people)
        assert [part.item_id for part in host.parts] == [item.id], "an item that both have is asked once"
        assert (host.state, guest.state, guest.merged_into) == ("released", "merged", host.id)
        assert len(guest.parts) == 1

        for seat in host.seats:
            assert seat.person
            await visits.arrive(session, host, seat.person, MONDAY)
        host.result = "unreachable"
        host.state, host.submitted_at = "submitted", MONDAY
        await publication.approve(session, host, await session.get_one(Person, mine.id), MONDAY)
        await session.flush()
        assert [one.visit_id for one in await session.scalars(select(Publication))] == [host.id, guest.id]
        counted = await pools.random_visits_this_year(session, MONDAY)
        assert counted[host.subject_id] == 1
        found = await audit(session)
        assert sum(found.seats["市场监管"].values()) == 8, "every seat that was drawn is accounted for"
        await session.rollback()
