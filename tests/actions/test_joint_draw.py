"""Joint draws of many made-up towns: the checker accepts each, and each department's qualified seat is qualified."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from actions import draws, plans, seats, tasks
from models.database import Database
from models.draws import Draw
from models.items import Checklist, Item, Point
from models.people import Organ, Person
from rules.draw import verify
from tests.conversations.conftest import MONDAY, settle_town

TOWNS = 25
WORDS = ("食品", "消防", "特种设备")


async def joint_draw(session: Any, chance: random.Random) -> tuple[Draw, dict[str, set[str]]]:
    """A draw of two or three departments by the real actions, and what each one's first seat must be qualified for."""
    ids = await settle_town(session, MONDAY, subjects=chance.randint(1, 12))
    lead = await session.get_one(Person, ids["赵主管"])
    wanted: dict[str, set[str]] = {}
    chosen: list[tuple[Item, Organ]] = []
    organs = list(await session.scalars(select(Organ).order_by(Organ.id)))
    for number, organ in enumerate(organs[: chance.randint(2, 3)]):
        needs = [chance.choice(("", *WORDS)) for _ in range(chance.randint(1, 2))]
        wanted[organ.department] = set(needs) - {""}
        for count, specialty in enumerate(needs):
            checklist = Checklist(name=f"表 {number}-{count}", points=[Point(number=1, text="看一眼")])
            session.add(checklist)
            await session.flush()
            item = Item(code=f"T-{number}-{count}", name="抽查", department=organ.department, kind="key")
            item.specialty, item.checklist_id, item.valid_from = specialty, checklist.id, date(2026, 1, 1)
            session.add(item)
            chosen.append((item, organ))
        for count in range(chance.randint(2, 6)):
            person = Person(staff_no=f"T{number}{count}", name=f"甲{number}{count}", organ_id=organ.id)
            person.area_code, person.roles, person.certificate = "330782", ("inspector",), "浙T"
            person.certificate_until = date(2028, 12, 31)
            person.specialties = tuple(sorted(chance.sample(WORDS, chance.randint(0, 3))))
            session.add(person)
        session.add(
            Person(staff_no=f"S{number}", name="乙", organ_id=organ.id, area_code="330782", roles=("supervisor",))
        )
    await session.flush()
    ends = MONDAY.date() + timedelta(weeks=4)
    wish = plans.NewTask(chosen[0][0].id, "330782", Decimal(chance.randint(10, 100)), MONDAY.date(), ends)
    task = await plans.create_task(session, wish, lead, MONDAY)
    for item, organ in chosen[1:]:
        await tasks.add_item(session, task, item, organ, lead, MONDAY)
    for organ in task.not_agreed:
        by = (await session.scalars(select(Person).where(Person.organ_id == organ.id, Person.name == "乙"))).one()
        await tasks.agree(session, task, by, MONDAY)
    witnesses = [await session.get_one(Person, ids[name]) for name in ("陈消防", "周环保")]
    draw = await draws.commit(session, task, witnesses, "金华市", lead, MONDAY)
    for witness in witnesses:
        await draws.contribute(session, draw, witness, f"话 {chance.random()}", MONDAY)
    await session.flush()
    await draws.run(session, draw, lead, MONDAY)
    await session.flush()
    await seats.release(session, draw, lead, MONDAY)
    await session.flush()
    return draw, wanted


async def test_joint_draws_check_out_and_seat_qualified_people(database: Database) -> None:
    filled = 0
    async with database.write() as session:
        for seed in range(TOWNS):
            town = await session.begin_nested()
            draw, wanted = await joint_draw(session, random.Random(seed))
            verify(await draws.files_of(session, draw))
            subjects = [visit.subject_id for visit in await draws.visits_of(session, draw)]
            assert len(subjects) == len(set(subjects)), "a subject is visited once"
            for visit in await draws.visits_of(session, draw):
                expected = [department for department in wanted for _ in range(draw.task.seats)]
                assert [seat.department for seat in visit.seats] == expected, "seats of every department"
                for seat in visit.seats:
                    if seat.person is None:
                        continue
                    assert seat.person.organ.department == seat.department
                    assert seat.qualified == (bool(wanted[seat.department]) and seat.slot % draw.task.seats == 0)
                    if seat.qualified:
                        assert wanted[seat.department] <= set(seat.person.specialties)
                        filled += 1
            await town.rollback()
            session.expunge_all()
        await session.rollback()
    assert filled > TOWNS, "most towns had somebody qualified"
