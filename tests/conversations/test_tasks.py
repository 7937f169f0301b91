"""A task is changed on its card until its draw is committed; other departments are asked, and answer."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from actions import draws, tasks
from models.draws import Draw
from models.journal import JournalEntry
from models.people import Person
from rules import draw as rules
from rules.refusal import Refusal
from simulator.view import Message
from tests.conversations.conftest import Town
from tests.conversations.joint import asks_for, made, the_task

pytestmark = pytest.mark.usefixtures("either")


def labels(message: Message) -> list[str]:
    return [button["text"] for row in message.keyboard for button in row]


async def test_a_second_item_of_ones_own_department(two_departments: Town) -> None:
    supervisor = two_departments["赵主管"]
    await made(supervisor, "餐饮服务食品安全抽查", "3%")
    await asks_for(supervisor, "市场监管", "营业执照规范使用抽查", "2. 营业执照规范使用抽查（一般事项，上限 5%）")
    await supervisor.presses("去掉事项")
    await supervisor.sees("“餐饮服务食品安全抽查”决定抽哪些对象", button="营业执照规范使用抽查")
    await supervisor.presses("营业执照规范使用抽查")
    card = await supervisor.sees("1. 餐饮服务食品安全抽查")
    assert "营业执照" not in card.text
    task = await the_task(two_departments)
    assert [one.item.code for one in task.items] == ["JH-FOOD-01"]
    entries = await two_departments.rows(select(JournalEntry).where(JournalEntry.noun == "task"))
    assert [(one.verb, one.before, one.after) for one in entries][1:] == [
        ("add_item", {"items": ["JH-FOOD-01"]}, {"items": ["JH-FOOD-01", "JH-DJ-01"]}),
        ("remove_item", {"items": ["JH-FOOD-01", "JH-DJ-01"]}, {"items": ["JH-FOOD-01"]}),
    ]


async def test_the_lowest_ceiling_holds_for_the_whole_task(two_departments: Town) -> None:
    supervisor = two_departments["赵主管"]
    await made(supervisor, "餐饮服务食品安全抽查", "10%")
    await supervisor.presses("加事项")
    await supervisor.sees("加哪个部门的事项", button="市场监管")
    await supervisor.presses("市场监管")
    await supervisor.sees("的哪一项", button="营业执照规范使用抽查")
    await supervisor.presses("营业执照规范使用抽查")
    await supervisor.sees_toast("不能超过上限 5%")
    assert len((await the_task(two_departments)).items) == 1


async def test_another_department_is_asked_and_takes_part(two_departments: Town) -> None:
    town = two_departments
    lead, partner = town["赵主管"], town["林主管"]
    await made(lead, "餐饮服务食品安全抽查", "10%")
    await lead.presses("加事项")
    await lead.sees("加哪个部门的事项", button="消防救援")
    await lead.presses("消防救援")
    offered = await lead.sees("加消防救援的哪一项")
    assert [label for label in labels(offered) if "消防" in label] == ["人员密集场所消防检查"]  # not the two others
    await lead.presses("人员密集场所消防检查")
    card = await lead.sees("已请 义乌市消防救援大队 答复是否参加")
    assert "⏳ 等答复" in card.text
    assert "等 义乌市消防救援大队 同意参加后才能承诺" in card.text
    assert "承诺" not in labels(card)
    task = await the_task(town)
    async with town.app.database.write() as session:
        by = await session.get_one(Person, town.ids["赵主管"])
        with pytest.raises(Refusal, match=r"tasks\.not_agreed"):
            await draws.commit(session, await session.merge(task), [], "金华市", by, town.clock(), beacon=True)
        await session.rollback()

    await partner.sees("义乌市市场监督管理局 请你们参加联合抽查", button="同意参加")
    await partner.presses("同意参加")
    card = await partner.sees("已同意参加")
    assert not {"加事项", "比例表", "承诺"} & set(labels(card)), "who takes part only looks on"
    await lead.sees("义乌市消防救援大队 同意参加", button="看任务")
    await lead.presses("看任务")
    card = await lead.sees("联合抽查：义乌市市场监督管理局牵头，义乌市消防救援大队参加", button="承诺")
    assert "⏳" not in card.text
    await partner.says("/plans")
    await partner.sees("义乌市市场监督管理局牵头", button="餐饮服务食品安全抽查")


async def test_a_department_says_no_and_why(two_departments: Town) -> None:
    town = two_departments
    lead, partner = town["赵主管"], town["林主管"]
    await made(lead, "餐饮服务食品安全抽查", "10%")
    await asks_for(lead, "消防救援", "人员密集场所消防检查", "已请 义乌市消防救援大队 答复")
    await partner.sees("请你们参加联合抽查", button="不参加")
    await partner.presses("不参加")
    await partner.sees("为什么不参加")
    await partner.says("十二月全员参加冬防")
    await partner.sees("已答复不参加")
    card = await lead.sees("义乌市消防救援大队 不参加 餐饮服务食品安全抽查：十二月全员参加冬防")
    assert "人员密集场所" not in card.text
    task = await the_task(town)
    assert (len(task.items), task.not_agreed) == (1, [])
    await partner.presses_old("同意参加")
    await partner.sees_toast("没有")


async def test_nobody_could_answer_for_a_department(two_departments: Town) -> None:
    lead = two_departments["赵主管"]
    await made(lead, "餐饮服务食品安全抽查", "10%")
    await lead.presses("加事项")
    await lead.sees("加哪个部门的事项", button="生态环境")
    await lead.presses("生态环境")
    await lead.sees("的哪一项", button="餐饮油烟排放抽查")
    await lead.presses("餐饮油烟排放抽查")
    await lead.sees_toast("金华市生态环境局义乌分局还没有主管能答复")


async def test_the_table_of_ratios_is_typed(two_departments: Town) -> None:
    lead = two_departments["赵主管"]
    await made(lead, "餐饮服务食品安全抽查", "10%")
    await lead.presses("比例表")
    card = await lead.sees("比例表 · 餐饮服务食品安全抽查，抽 10%")
    for line in ("一般事项上限 20%", "A 类（低风险）：0.5 倍，抽 5%", "C 类：2 倍，抽 20%", "重点对象：4 倍，抽 20%"):
        assert line in card.text
    await lead.says("D 3倍，食品药品 6")
    card = await lead.sees("比例表已改", button="恢复标准")
    assert "D 类（高风险）：3 倍" in card.text
    assert "食品药品：6 倍，抽 20%" in card.text
    for typed, answer in (
        ("A 2", "风险越高，比例不能越低"),
        ("A 0", "倍数要大于 0"),
        ("朋友 3", "没有“朋友”这一类"),
        ("多抽一点", "没看懂"),
        ("30%", "不能超过上限 20%"),
    ):
        await lead.says(typed)
        await lead.sees(answer)
    assert (await the_task(two_departments)).factors == {"D": "3", "food_drug": "6"}
    await lead.says("5%")
    await lead.sees("比例表 · 餐饮服务食品安全抽查，抽 5%", button="返回")
    await lead.presses("返回")
    await lead.sees("比例表有调整：D 类（高风险） 3 倍，食品药品 6 倍")
    await lead.presses("比例表")
    await lead.sees("直接写要改的", button="恢复标准")
    await lead.presses("恢复标准")
    await lead.sees("D 类（高风险）：4 倍")
    assert (await the_task(two_departments)).factors == {}


async def test_everybody_is_visited_and_only_the_order_is_drawn(two_departments: Town) -> None:
    town = two_departments
    lead = town["赵主管"]
    await made(lead, "食品销售重点检查", "5%")
    await lead.presses("全部，只抽顺序")
    card = await lead.sees("全部检查（100%），只抽先后顺序")
    assert "全部，只抽顺序" not in labels(card)
    await lead.presses("加事项")
    await lead.sees("加哪个部门的事项", button="市场监管")
    await lead.presses("市场监管")
    await lead.sees("的哪一项", button="餐饮服务食品安全抽查")
    await lead.presses("餐饮服务食品安全抽查")
    await lead.sees_toast("不能超过上限 20%")
    await lead.presses("返回")
    await lead.sees("加哪个部门")
    await lead.presses("返回")
    await lead.sees("只抽先后顺序", button="承诺")
    await lead.presses("承诺")
    await lead.sees("第一位见证人")
    await lead.presses("公共随机信标")
    await lead.sees("只抽先后顺序", button="作废")
    draw = (await town.rows(select(Draw)))[0]
    strata = rules.read_commitment(draw.commitment)["pool"]["strata"]
    assert all(one["quota"] == one["size"] for one in strata)


async def test_a_ceiling_below_100_forbids_visiting_everybody(two_departments: Town) -> None:
    lead = two_departments["赵主管"]
    await made(lead, "餐饮服务食品安全抽查", "20%")
    await lead.says("/plans")
    await lead.sees("本单位的抽查任务", button="餐饮服务食品安全抽查")
    await lead.presses("餐饮服务食品安全抽查")
    assert "全部，只抽顺序" not in labels(await lead.sees("任务编号"))


async def test_nothing_changes_once_the_draw_is_committed(two_departments: Town) -> None:
    town = two_departments
    lead = town["赵主管"]
    await made(lead, "食品销售重点检查", "20%")
    await lead.presses("比例表")
    await lead.sees("直接写要改的")
    task = await the_task(town)
    async with town.app.database.write() as session:
        by = await session.get_one(Person, town.ids["赵主管"])
        await draws.commit(session, await session.merge(task), [], "金华市", by, town.clock(), beacon=True)
    await lead.says("D 8")
    await lead.sees("抽取已经承诺，任务不能再改")
    await lead.presses("返回")
    card = await lead.sees("任务编号", button="第 1 号抽取")
    assert not {"加事项", "去掉事项", "比例表"} & set(labels(card))
    await lead.presses_old("加事项")
    await lead.sees("加哪个部门")
    await lead.presses("市场监管")
    await lead.sees("的哪一项", button="营业执照规范使用抽查")
    await lead.presses("营业执照规范使用抽查")
    await lead.sees_toast("不能再改")
    async with town.app.database.read() as session:
        held = await session.merge(task)
        assert not await tasks.is_open(session, held)
