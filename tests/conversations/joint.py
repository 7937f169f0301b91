"""A town in which two departments inspect, and the shortest way to what they have drawn."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from actions import draws, plans, seats, tasks
from models.draws import Draw
from models.items import Checklist, Item, Point
from models.people import Chat, Organ, Person
from models.plans import Task
from models.visits import Visit
from simulator import Phone
from tests.conversations.conftest import Town, settle_town

FIRE = "义乌市消防救援大队"
MORE_STAFF = (  # name, organ, role
    ("林主管", FIRE, "supervisor"),
    ("周磊", FIRE, "inspector"),
    ("徐丽", FIRE, "inspector"),
    ("方洪", FIRE, "inspector"),
)
FIRST_CHAT = 1100
FOOD, LICENCE, SALE, EXITS, FUMES = "JH-FOOD-01", "JH-DJ-01", "JH-SP-02", "JH-XF-01", "JH-HB-02"
MORE_ITEMS = (  # code, name, department, ceiling (None: a key item), valid until, points
    (LICENCE, "营业执照规范使用抽查", "市场监管", 5, None, ("执照挂在醒目处", "名称与登记一致")),
    (SALE, "食品销售重点检查", "市场监管", None, None, ("没有过期食品", "进货有票据", "散装食品有标签")),
    (EXITS, "人员密集场所消防检查", "消防救援", None, None, ("疏散通道畅通", "灭火器有效")),
    (FUMES, "餐饮油烟排放抽查", "生态环境", 20, None, ("净化设施在运行",)),
    ("JH-OLD-01", "停用的消防抽查", "消防救援", None, date(2026, 6, 30), ("旧的一项",)),
    ("JH-OLD-02", "没有检查表的消防抽查", "消防救援", None, None, ()),
)


async def settle_two_departments(session: Any, now: datetime) -> dict[str, int]:
    """The town with two shops, a fire brigade that inspects, and an item list of three departments."""
    ids = await settle_town(session, now, subjects=2)
    fire = (await session.scalars(select(Organ).where(Organ.name == FIRE))).one()
    for number, (name, _, role) in enumerate(MORE_STAFF):
        person = Person(
            staff_no=f"3307005{number:02}",
            name=name,
            organ_id=fire.id,
            area_code="330782",
            roles=(role,),
            certificate=f"浙X{number}" if role == "inspector" else "",
            certificate_until=date(2028, 12, 31) if role == "inspector" else None,
        )
        session.add(person)
        await session.flush()
        ids[name] = person.id
        session.add(Chat(id=FIRST_CHAT + number, person_id=person.id, language="zh_CN", bound_at=now))
    for code, name, department, ceiling, until, points in MORE_ITEMS:
        checklist = Checklist(name=name, points=[Point(number=n, text=text) for n, text in enumerate(points, 1)])
        session.add(checklist)
        await session.flush()
        item = Item(code=code, name=name, department=department, kind="general" if ceiling else "key")
        item.ratio_ceiling = Decimal(ceiling) if ceiling else None
        item.valid_from, item.valid_until = date(2026, 1, 1), until
        item.checklist_id = checklist.id if points else None
        session.add(item)
    await session.flush()
    return ids


def phones(town: Town) -> None:
    """Give the new people their phones."""
    for number, (name, _, _) in enumerate(MORE_STAFF):
        phone = town.telegram.phone(name, user_id=FIRST_CHAT + number, language="zh-hans")
        phone.chat.started = True
        town.phones[name] = phone


async def drawn(
    town: Town,
    lead: str,
    *codes: str,
    ratio: str = "100",
    partner: str = "",
    release: bool = False,
    starts: timedelta = timedelta(0),
) -> int:
    """A task with these items, committed, witnessed, drawn and perhaps released, by the actions; the draw's id."""
    async with town.app.database.write() as session:
        now = town.clock()
        by = await session.get_one(Person, town.ids[lead])
        items = [(await session.scalars(select(Item).where(Item.code == code))).one() for code in codes]
        begins = now.date() + starts
        wish = plans.NewTask(items[0].id, "330782", Decimal(ratio), begins, begins + timedelta(weeks=4))
        task = await plans.create_task(session, wish, by, now)
        other = await session.get_one(Person, town.ids[partner]) if partner else by
        for item in items[1:]:
            await tasks.add_item(session, task, item, other.organ, by, now)
        if partner:
            await tasks.agree(session, task, other, now)
        witnesses = [await session.get_one(Person, town.ids[name]) for name in ("陈消防", "周环保")]
        draw = await draws.commit(session, task, witnesses, "金华市", by, now)
        for witness in witnesses:
            await draws.contribute(session, draw, witness, f"{witness.name}说 {draw.sequence}", now)
        await session.flush()
        await draws.run(session, draw, by, now)
        number = draw.id
    if release:
        await released(town, number, lead)
    return number


async def released(town: Town, draw: int, lead: str) -> None:
    """The inspectors of a draw are told."""
    async with town.app.database.write() as session:
        by = await session.get_one(Person, town.ids[lead])
        await seats.release(session, await session.get_one(Draw, draw), by, town.clock())


async def visits(town: Town, draw: int) -> list[Visit]:
    """The visits of a draw in their order."""
    return await town.rows(select(Visit).where(Visit.draw_id == draw).order_by(Visit.position))


async def the_task(town: Town) -> Task:
    """The only task."""
    return (await town.rows(select(Task)))[0]


async def made(supervisor: Phone, item: str, ratio: str) -> None:
    """A task from the first question to its card."""
    await supervisor.says("/plans")
    await supervisor.sees("还没有抽查任务")
    for label, then in (
        ("新任务", "查什么"),
        (item, "在哪里"),
        ("义乌市", "抽百分之几"),
        (ratio, "多长时间"),
        ("4 周", "约 2 户"),
        ("确认", "任务编号 330782"),
    ):
        await supervisor.presses(label)
        await supervisor.sees(then)


async def asks_for(supervisor: Phone, department: str, item: str, then: str) -> None:
    """加事项, department, item."""
    await supervisor.presses("加事项")
    await supervisor.sees("加哪个部门的事项", button=department)
    await supervisor.presses(department)
    await supervisor.sees("的哪一项", button=item)
    await supervisor.presses(item)
    await supervisor.sees(then)
