"""Lists in the chat go to their end by pages; a draw is offered for what can be drawn; what is deleted is named."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from actions import credit_records, plans
from models.draws import Draw
from models.items import Item
from models.journal import JournalEntry
from models.people import Person
from models.plans import Plan, Task
from models.subjects import Subject
from simulator import Phone
from simulator.view import Message
from tests.conversations import joint
from tests.conversations.conftest import Town
from tests.conversations.test_annual import CHIEF, city, drafted, the_plan

pytestmark = pytest.mark.usefixtures("either")
__all__ = ["city"]
EARLIER, LATER = "◀ 上一页", "下一页 ▶"


def labels(message: Message) -> list[str]:
    return [button["text"] for row in message.keyboard for button in row]


async def tasks_made(town: Town, number: int) -> None:
    """So many tasks of market supervision, each of another share."""
    async with town.app.database.write() as session:
        by = await session.get_one(Person, town.ids["赵主管"])
        item = (await session.scalars(select(Item).where(Item.code == joint.FOOD))).one()
        today = town.clock().date()
        for n in range(number):
            wish = plans.NewTask(item.id, "330782", Decimal(n + 1), today, today + timedelta(weeks=4))
            await plans.create_task(session, wish, by, town.clock())


async def turned(phone: Phone, label: str, text: str) -> list[str]:
    """The labels of the page that comes after this one was turned."""
    await phone.presses(label)
    return labels(await phone.sees(text))


async def test_a_new_draw_is_offered_for_tasks_that_can_have_one(two_departments: Town) -> None:
    town, boss = two_departments, two_departments["赵主管"]
    await boss.says("/draws")
    await boss.sees("还没有抽取", button="新抽取")
    await boss.presses("新抽取")
    card = await boss.sees("眼下没有可以抽取的任务")
    assert labels(card) == ["看任务", "新任务", "返回"]

    await joint.drawn(town, "赵主管", joint.FOOD, ratio="20")  # has its draw
    await tasks_made(town, 1)
    async with town.app.database.write() as session:  # waits for the fire brigade
        by = await session.get_one(Person, town.ids["赵主管"])
        items = {one.code: one for one in await session.scalars(select(Item))}
        today = town.clock().date()
        wish = plans.NewTask(items[joint.FOOD].id, "330782", Decimal(7), today, today + timedelta(weeks=4))
        waits = await plans.create_task(session, wish, by, town.clock())
        fire = await session.get_one(Person, town.ids["林主管"])
        await joint.tasks.add_item(session, waits, items[joint.EXITS], fire.organ, by, town.clock())
    first, free, _ = await town.rows(select(Task).order_by(Task.id))
    await boss.says("/draws")
    await boss.sees("本单位的抽取", button="新抽取")
    await boss.presses("新抽取")
    card = await boss.sees(f"给哪个任务抽取？\n1. {free.name}（义乌市），12月28日（周一）前")
    assert labels(card) == [f"1. {free.name}", "返回"]

    await boss.presses("返回")
    await boss.sees("本单位的抽取", button="第 1 号")
    await boss.presses("第 1 号")
    await boss.sees("抽取完成", button="作废")
    await boss.presses("作废")
    await boss.sees("写一句原因")
    await boss.says("名录有误")
    await boss.sees("已作废", button="看任务")
    await boss.presses("返回")
    await boss.sees("本单位的抽取", button="新抽取")
    offered = await turned(boss, "新抽取", "给哪个任务抽取")
    assert offered == [f"1. {free.name}", f"2. {first.name}", "返回"]
    await boss.presses(offered[0])
    await boss.sees(f"任务编号 {free.number}", button="承诺")

    town.clock.moves_to(town.clock() + timedelta(weeks=5))
    await boss.says("/draws")
    await boss.sees("本单位的抽取", button="新抽取")
    await boss.presses("新抽取")
    await boss.sees("眼下没有可以抽取的任务")


async def test_tasks_and_draws_are_turned_by_the_page(two_departments: Town) -> None:
    town, boss = two_departments, two_departments["赵主管"]
    await tasks_made(town, 8)
    numbers = [f"{n}. {one.name}" for n, one in enumerate(await town.rows(select(Task)), 1)]
    await boss.says("/plans")
    found = labels(await boss.sees("本单位的抽查任务", button="新任务"))
    assert found == ["新任务", "年度计划", *numbers[:6], LATER, "首页"]
    assert await turned(boss, LATER, "本单位的抽查任务") == ["新任务", "年度计划", *numbers[6:], EARLIER, "首页"]
    assert LATER in await turned(boss, EARLIER, "本单位的抽查任务")

    for _ in range(9):
        await joint.drawn(town, "赵主管", joint.FOOD, ratio="20")
        async with town.app.database.write() as session:
            last = (await session.scalars(select(Draw).order_by(Draw.id.desc()).limit(1))).one()
            by = await session.get_one(Person, town.ids["赵主管"])
            await joint.draws.void(session, last, "试抽", by, town.clock())
    await boss.says("/draws")
    card = await boss.sees("本单位的抽取", button="新抽取")
    assert "第 9 号 · 餐饮服务食品安全抽查 · 已作废" in card.text
    found = labels(card)
    assert found == [*(f"第 {n} 号 · 已作废" for n in range(9, 1, -1)), LATER, "新抽取", "首页"]
    assert await turned(boss, LATER, "本单位的抽取") == ["第 1 号 · 已作废", EARLIER, "新抽取", "首页"]


async def test_all_promises_and_punishments_of_a_subject_can_be_reached(town: Town) -> None:
    boss = town["赵主管"]
    async with town.app.database.write() as session:
        by = await session.get_one(Person, town.ids["赵主管"])
        shop = (await session.scalars(select(Subject).where(Subject.name == "义乌市第3面馆"))).one()
        for n in range(1, 7):
            await credit_records.commit(session, shop, "conduct", f"第 {n} 次承诺", by, town.clock())
            day = town.clock().date() - timedelta(days=200 - n)
            await credit_records.punish(session, shop, "fine", f"处罚 {n} 号", day, by, town.clock())
    await boss.says("/credit 第3面馆")
    await boss.sees("义乌市第3面馆", button="信用承诺")
    await boss.presses("信用承诺")
    card = await boss.sees("第 6 次承诺")
    assert "第 3 次承诺" in card.text
    assert "第 2 次承诺" not in card.text
    assert await turned(boss, LATER, "第 2 次承诺") == ["登记承诺", "5 未履行", "6 未履行", EARLIER, "返回"]
    await boss.presses("6 未履行")
    await boss.sees("第 1 次承诺")
    await boss.says("当天又没有索证索票")
    await boss.sees("第 6 次承诺", button=LATER)
    assert "6 未履行" not in await turned(boss, LATER, "当天又没有索证索票")
    await boss.presses("返回")
    await boss.sees("信用", button="处罚惩戒")
    await boss.presses("处罚惩戒")
    card = await boss.sees("处罚 6 号")
    assert "处罚 2 号" not in card.text
    assert await turned(boss, LATER, "处罚 1 号") == ["登记处罚", "5 信用修复", "6 信用修复", EARLIER, "返回"]


async def test_a_planned_task_is_deleted_after_a_yes_that_names_it(city: Town) -> None:
    drafter = city["林主管"]
    await drafted(drafter)
    await drafter.presses("删任务")
    card = await drafter.sees("删掉这个任务？")
    assert "1. 人员密集场所消防检查" in card.text
    assert "抽 20%" in card.text
    assert labels(card) == ["确认", "返回"]
    await drafter.presses("返回")
    await drafter.sees("不定向，义乌市，抽 20%", button="删任务")
    assert len((await the_plan(city)).tasks) == 1
    await drafter.presses("删任务")
    await drafter.sees("删掉这个任务？", button="确认")
    await drafter.presses("确认")
    await drafter.sees("已删任务“人员密集场所消防检查”", button="加任务")
    assert [one.tasks for one in await city.rows(select(Plan))] == [[]]
    (entry,) = await city.rows(select(JournalEntry).where(JournalEntry.verb == "remove_task"))
    assert entry.before["name"] == "人员密集场所消防检查"
    await drafter.presses_old("确认")
    await drafter.sees_toast("没有这个了")


async def test_what_waits_is_on_the_button_and_every_list_leads_home(city: Town) -> None:
    drafter, chief = city["林主管"], city[CHIEF]
    await drafted(drafter)
    await drafter.presses("返回")
    await drafter.sees("草稿", button="提交")
    await drafter.presses("提交")
    await chief.sees("请批准年度计划", button="批准")
    await chief.says("/start")
    await chief.sees("1 份年度计划等您批准", button="批准年度计划 1")
    await chief.presses("批准年度计划 1")
    await chief.sees("等牵头部门批准", button="首页")
    for command, text in (("/help", "怎么用"), ("/plans", "还没有抽查任务"), ("/tasks", "没有待检查")):
        await chief.says(command)
        await chief.sees(text, button="首页")
    await chief.presses("首页")
    await chief.sees("1 份年度计划等您批准")
