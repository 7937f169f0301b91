"""Who can be asked to take part in a task, and that they are asked again when it becomes another one (R1.4)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from actions import plans, tasks
from models.database import Database
from models.items import Item
from models.mail import Outbox
from models.people import Organ, Person
from models.plans import Task
from tests.conversations.conftest import MONDAY
from tests.conversations.joint import EXITS, FOOD, settle_two_departments

LATER = MONDAY + timedelta(hours=1)


async def task_of(session: Any, by: Person, area: str, ratio: int = 10) -> Task:
    item = (await session.scalars(select(Item).where(Item.code == FOOD))).one()
    ends = MONDAY.date() + timedelta(weeks=4)
    return await plans.create_task(
        session, plans.NewTask(item.id, area, Decimal(ratio), MONDAY.date(), ends), by, MONDAY
    )


async def test_the_organ_nearest_to_the_visits_is_asked(database: Database) -> None:
    async with database.write() as session:
        ids = await settle_two_departments(session, MONDAY)
        city = Organ(name="金华市市场监督管理局", department="市场监管", area_code="330700")
        session.add(city)
        for name, area in (("金华市消防救援支队", "330700"), ("东阳市消防救援大队", "330783")):
            session.add(Organ(name=name, department="消防救援", area_code=area))
        await session.flush()
        lead = Person(staff_no="1", name="市局", organ_id=city.id, area_code="330700", roles=("supervisor",))
        session.add(lead)
        await session.flush()
        await session.refresh(lead)
        found = {}
        for area in ("330782", "330783", "330784", "330700"):
            task = await task_of(session, lead, area)
            found[area] = [one.name for one in await tasks.partners(session, task, MONDAY.date())]
        town = await session.get_one(Person, ids["赵主管"])
        own = [one.name for one in await tasks.partners(session, await task_of(session, town, "330782"), MONDAY.date())]
    assert found["330782"] == ["义乌市消防救援大队", "金华市生态环境局义乌分局"] == own
    assert found["330783"] == ["东阳市消防救援大队"]
    assert found["330784"] == found["330700"] == ["金华市消防救援支队"]


async def test_who_agreed_is_asked_again_when_another_share_is_drawn(database: Database) -> None:
    async with database.write() as session:
        ids = await settle_two_departments(session, MONDAY)
        lead, partner = [await session.get_one(Person, ids[name]) for name in ("赵主管", "林主管")]
        task = await task_of(session, lead, "330782")
        exits = (await session.scalars(select(Item).where(Item.code == EXITS))).one()
        await tasks.add_item(session, task, exits, partner.organ, lead, MONDAY)
        for number, change in enumerate(
            (
                lambda at: tasks.change_ratio(session, task, Decimal(5), lead, at),
                lambda at: tasks.change_factors(session, task, {"D": Decimal(8)}, lead, at),
            )
        ):
            await tasks.agree(session, task, partner, MONDAY + timedelta(minutes=number))
            assert task.not_agreed == []
            for _ in range(2):  # the second time nothing changes
                await change(LATER + timedelta(minutes=number))
            assert [one.id for one in task.not_agreed] == [partner.organ_id]
        await session.flush()
        told = list(await session.scalars(select(Outbox).order_by(Outbox.id)))
    kinds = [(one.kind, one.person_id) for one in told]
    asked, again, agreed = (f"tasks.{name}" for name in ("asked", "asked_again", "agreed"))
    assert kinds == [
        (asked, partner.id), (agreed, lead.id), (again, partner.id), (agreed, lead.id), (again, partner.id),
    ]  # fmt: skip
