"""An annual plan goes from the first word to the public page, over four phones (R3.2.1a-c).

Long, because a plan goes round by four people.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from bot.settings import Settings
from models.journal import JournalEntry
from models.people import Chat, Organ, Person
from models.plans import Plan, Task
from simulator import Phone
from simulator.view import Message
from tests.conversations import joint
from tests.conversations.conftest import Clock, Town, town_running

pytestmark = pytest.mark.usefixtures("either")
NAME = "2027年度义乌市消防救援大队双随机抽查计划"
CHIEF, OFFICE = "马队长", "何静"


async def settle(session: Any, now: Any) -> dict[str, int]:
    """Two departments, a second supervisor of the fire brigade, and somebody in the joint conference office."""
    ids = await joint.settle_two_departments(session, now)
    fire = (await session.scalars(select(Organ).where(Organ.name == joint.FIRE))).one()
    office = Organ(name="义乌市双随机监管联席会议办公室", department="联席会议", area_code="330782")
    session.add(office)
    await session.flush()
    for number, (name, organ, role) in enumerate(((CHIEF, fire, "supervisor"), (OFFICE, office, "office"))):
        person = Person(staff_no=f"3307006{number:02}", name=name, organ_id=organ.id, area_code="330782", roles=(role,))
        session.add(person)
        await session.flush()
        ids[name] = person.id
        session.add(Chat(id=1200 + number, person_id=person.id, language="zh_CN", bound_at=now))
    await session.flush()
    return ids


@pytest.fixture
async def city(settings: Settings, clock: Clock) -> AsyncIterator[Town]:
    """A running town in which plans can be made."""
    async with town_running(settings, clock, settle) as found:
        joint.phones(found)
        for number, name in enumerate((CHIEF, OFFICE)):
            found.phones[name] = found.telegram.phone(name, user_id=1200 + number, language="zh-hans")
            found.phones[name].chat.started = True
        yield found


def labels(message: Message) -> list[str]:
    return [button["text"] for row in message.keyboard for button in row]


async def drafted(drafter: Phone) -> None:
    """A plan of the fire brigade with one task of its own: the way by taps."""
    await drafter.says("/plans")
    await drafter.sees("还没有抽查任务", button="年度计划")
    await drafter.presses("年度计划")
    await drafter.sees("还没有年度计划", button="新计划")
    await drafter.presses("新计划")
    await drafter.sees("哪一年的计划", button="2027 年")
    await drafter.presses("2027 年")
    await drafter.sees(f"计划名称：{NAME}", button="就用这个")
    await drafter.presses("就用这个")
    await drafter.sees("编号 33078220271001 · 第 1 版 · 义乌市消防救援大队", button="加任务")
    await drafter.presses("加任务")
    await drafter.sees("查什么", button="人员密集场所消防检查")
    await drafter.presses("人员密集场所消防检查")
    await drafter.sees("抽百分之几", button="20%")
    await drafter.presses("20%")
    await drafter.sees("什么时候查", button="二季度")
    await drafter.presses("二季度")
    await drafter.sees("不定向，义乌市，抽 20%，每户 2 人", button="加事项")


async def joined(drafter: Phone) -> None:
    """Market supervision takes part, with an item whose ceiling is below the share."""
    await drafter.presses("加事项")
    await drafter.sees("加哪个部门的事项", button="市场监管")
    await drafter.presses("市场监管")
    await drafter.sees("加义乌市市场监督管理局的哪一项", button="营业执照规范使用抽查")
    await drafter.presses("营业执照规范使用抽查")
    await drafter.sees("· 营业执照规范使用抽查（市场监管）", button="返回")


async def test_a_department_without_another_item_says_so(city: Town) -> None:
    drafter = city["林主管"]
    await drafted(drafter)
    for then in ("加金华市生态环境局义乌分局的哪一项", "金华市生态环境局义乌分局没有别的事项可加了"):
        await drafter.presses("加事项")
        await drafter.sees("加哪个部门的事项", button="生态环境")
        await drafter.presses("生态环境")
        card = await drafter.sees(then, button="返回")
        if "餐饮油烟排放抽查" in labels(card):
            await drafter.presses("餐饮油烟排放抽查")
            await drafter.sees("· 餐饮油烟排放抽查（生态环境）", button="加事项")


async def the_plan(town: Town, edition: int = 1) -> Plan:
    found: Plan = (await town.rows(select(Plan).where(Plan.edition == edition)))[0]
    return found


async def test_a_joint_plan_goes_round_with_a_refusal_and_a_resubmission(city: Town) -> None:
    """R3.2.1a: the lead department, market supervision, the joint conference office; who enters never approves."""
    drafter, chief, market, office = (city[name] for name in ("林主管", CHIEF, "赵主管", OFFICE))
    await drafted(drafter)
    await joined(drafter)
    await drafter.says("10-12月")
    await drafter.sees("10月1日（周五）至12月31日（周五）")
    await drafter.says("定向")
    await drafter.sees("定向，义乌市", button="返回")
    await drafter.presses("返回")
    await drafter.sees("部门联合：义乌市市场监督管理局", button="提交")

    await drafter.presses("提交")  # all reasons at once
    card = await drafter.sees("还不能提交，2 处要改", button="看任务")
    assert "任务 1：一般检查事项的比例不能超过上限 5%" in card.text
    assert "任务 1：定向抽查要写明对象范围" in card.text
    assert (await the_plan(city)).state == "draft"
    await drafter.presses("看任务")
    await drafter.sees("的任务", button="1. 人员密集场所消防检查")
    await drafter.presses("1. 人员密集场所消防检查")
    await drafter.sees("也可以直接写")
    await drafter.says("5%")
    await drafter.sees("抽 5%，每户 2 人")
    await drafter.says("对象 宾馆、饭店")
    await drafter.sees("对象：宾馆、饭店", button="返回")
    await drafter.presses("返回")
    await drafter.sees("草稿", button="提交")
    await drafter.presses("提交")
    await drafter.sees("等牵头部门批准", button="撤回")

    await chief.sees("请批准年度计划", button="批准")
    assert not market.messages, "whose turn it is not hears nothing"
    await chief.presses("批准")
    await chief.sees("等市场监管部门批准")
    card = await market.sees("请批准年度计划", button="驳回")
    assert f"牵头部门{CHIEF}" in card.text
    await market.presses("驳回")
    await market.sees("为什么驳回")
    await market.says("四季度人手不够，请改到二季度")
    await market.sees("被驳回：四季度人手不够")
    await drafter.sees("计划被驳回，改好再提交", button="看计划")
    await drafter.presses("看计划")
    card = await drafter.sees("被驳回：四季度人手不够，请改到二季度", button="看任务")
    await drafter.presses("看任务")
    await drafter.sees("的任务", button="1. 人员密集场所消防检查")
    await drafter.presses("1. 人员密集场所消防检查")
    await drafter.sees("也可以直接写", button="改时间")
    await drafter.presses("改时间")
    await drafter.sees("什么时候查", button="二季度")
    await drafter.presses("二季度")
    await drafter.sees("4月1日（周四）至6月30日（周三）", button="返回")
    await drafter.presses("返回")
    await drafter.sees("被驳回", button="提交")
    await drafter.presses("提交")
    card = await drafter.sees("等牵头部门批准")
    assert "被驳回" not in card.text

    await chief.sees("4月1日（周四）至6月30日", button="批准")
    await chief.presses("批准")
    await market.sees("4月1日（周四）至6月30日", button="批准")
    await market.presses("批准")
    await market.sees("等联席会议办公室批准")
    await office.sees("请批准年度计划", button="批准")
    await office.presses("批准")
    await office.sees("已批准，待公布")
    await drafter.sees("计划已全部批准，可以公布和备案", button="看计划")
    await drafter.presses("看计划")
    await drafter.sees("已批准，待公布", button="备案")
    await drafter.presses("备案")
    await drafter.sees("义乌市人民政府和上级消防救援部门", button="确认")
    await drafter.presses("确认")
    await drafter.sees("已备案：义乌市人民政府和上级消防救援部门", button="公布")
    await drafter.presses("公布")
    await drafter.sees("已公布", button="变更")
    await market.sees("你们参加的年度计划已公布", button="看计划")

    plan = await the_plan(city)
    assert (plan.number, plan.state, plan.edition) == ("33078220271001", "published", 1)
    address = f"{city.app.address}/plans/{plan.number}"
    assert any(button.get("url") == address for row in drafter.messages[-1].keyboard for button in row)
    async with aiohttp.ClientSession() as web, web.get(address, headers={"Accept-Language": "zh-CN"}) as response:
        page = await response.text()
    for words in (
        NAME,
        "33078220271001",
        "人员密集场所消防检查",
        "义乌市市场监督管理局",
        "宾馆、饭店",
        "联席会议办公室",
    ):
        assert words in page
    assert "人手不够" not in page, "what was said on the way is not public"
    assert [(one.stage, one.approved) for one in plan.decisions] == [
        *(("lead", True), ("market", False), ("lead", True), ("market", True), ("office", True))
    ]
    entries = await city.rows(select(JournalEntry).where(JournalEntry.noun == "plan").order_by(JournalEntry.id))
    assert [one.verb for one in entries if one.verb not in ("add_task", "change_task")] == [
        *("draft", "submit", "approve", "reject", "submit", "approve", "approve", "approve", "file", "publish")
    ]


async def test_what_is_not_ones_own_is_not_shown_and_old_buttons_say_so(city: Town) -> None:
    drafter, chief, stranger = (city[name] for name in ("林主管", CHIEF, "周环保"))
    await drafted(drafter)
    plan = await the_plan(city)
    await stranger.says("/plans")
    await stranger.sees("还没有年度计划")
    message = stranger.messages[-1]
    for verb in ("plan", "plan_tasks", "plan_submit", "plan_approve", "plan_publish", "plan_change"):
        await stranger.taps(message.id, f"{verb}:{plan.id}:{plan.version}")
        await stranger.sees_toast("没有这个了")
    await stranger.taps(message.id, f"planned_delete:{plan.tasks[0].id}:0")
    await stranger.sees_toast("没有这个了")
    await drafter.presses("返回")
    await drafter.sees("草稿", button="提交")
    await drafter.presses("提交")
    await drafter.sees("等牵头部门批准")
    own = await the_plan(city)
    await drafter.taps(drafter.messages[-1].id, f"plan_approve:{own.id}:{own.version}")
    await drafter.sees_toast("谁录入、谁提交，就不能由谁批准")
    await chief.sees("请批准年度计划", button="批准")
    await drafter.presses("撤回")
    await drafter.sees("草稿")
    await chief.presses("批准")
    await chief.sees_toast("过期")
    assert (await the_plan(city)).state == "draft"


async def test_a_published_plan_gives_tasks_and_changes_as_a_new_edition(city: Town) -> None:
    """R3.2.1b, R3.2.2c: a task of the plan is executed as planned; one outside it says that it is temporary."""
    drafter, chief = city["林主管"], city[CHIEF]
    await drafted(drafter)
    await drafter.presses("返回")
    await drafter.sees("草稿", button="提交")
    await drafter.presses("提交")
    await drafter.sees("等牵头部门批准")
    await chief.sees("请批准年度计划", button="批准")
    await chief.presses("批准")
    await chief.sees("已批准", button="公布")
    await chief.presses("公布")
    await chief.sees("已公布", button="看任务")
    await chief.presses("看任务")
    await chief.sees("的任务", button="1. 人员密集场所消防检查")
    await chief.presses("1. 人员密集场所消防检查")
    await chief.sees("抽 20%", button="建任务")
    await chief.presses("建任务")
    card = await chief.sees("4月1日（周四）至6月30日（周三）", button="承诺")
    assert "临时" not in card.text
    assert not {"加事项", "去掉事项"} & set(labels(card))
    (task,) = await city.rows(select(Task))
    assert (task.planned_id, task.seats, task.number) == ((await the_plan(city)).tasks[0].id, 2, "330782202611301001")

    await chief.says("/plans")
    await chief.sees("本单位的抽查任务", button="新任务")
    for label, then in (("新任务", "查什么"), ("人员密集场所消防检查", "在哪里"), ("义乌市", "抽百分之几"),
                        ("10%", "多长时间"), ("4 周", "约 2 户")):  # fmt: skip
        await chief.presses(label)
        await chief.sees(then)
    await chief.presses("确认")
    await chief.sees("临时任务（计划外）")

    await drafter.says("/plans")
    await drafter.sees("人员密集场所消防检查（义乌市），12月28日（周一）前，临时", button="年度计划")
    await drafter.presses("年度计划")
    await drafter.sees("已公布", button=NAME)
    await drafter.presses(NAME)
    await drafter.sees("已公布", button="变更")
    await drafter.presses("变更")
    await drafter.sees("为什么变更")
    await drafter.says("二季度有大型活动，比例调低")
    await drafter.sees("第 2 版", button="看任务")
    await drafter.presses("看任务")
    await drafter.sees("的任务", button="1. 人员密集场所消防检查")
    await drafter.presses("1. 人员密集场所消防检查")
    await drafter.sees("也可以直接写", button="改比例")
    await drafter.presses("改比例")
    await drafter.sees("抽百分之几", button="10%")
    await drafter.presses("10%")
    await drafter.sees("抽 10%", button="返回")
    await drafter.presses("返回")
    await drafter.sees("变更原因：二季度有大型活动", button="提交")
    await drafter.presses("提交")
    await chief.sees("变更原因：二季度有大型活动", button="批准")
    await chief.presses("批准")
    await chief.sees("已批准", button="公布")
    await chief.presses("公布")
    await chief.sees("已公布", button="看任务")
    old, new = await the_plan(city), await the_plan(city, 2)
    assert (old.state, new.state, old.number) == ("superseded", "published", new.number)
    assert [float(one.tasks[0].ratio) for one in (old, new)] == [20, 10]
    await chief.presses("看任务")
    await chief.sees("的任务", button="1. 人员密集场所消防检查")
    await chief.presses("1. 人员密集场所消防检查")
    await chief.sees("抽 10%", button=f"{task.number} {task.name}")  # made already, in the edition before


async def test_a_name_and_a_share_may_be_typed(city: Town) -> None:
    drafter = city["林主管"]
    await drafter.says("/plans")
    for press in ("年度计划", "新计划", "2027 年"):
        await drafter.presses(press, within=60)
    await drafter.sees("计划名称", button="就用这个")
    await drafter.says("2027 年消防专项")
    card = await drafter.sees("编号 33078220271001", button="加任务")
    assert "2027 年消防专项" in card.text
    await drafter.presses("加任务")
    await drafter.presses("人员密集场所消防检查", within=60)
    await drafter.sees("抽百分之几")
    await drafter.says("很多")
    await drafter.sees("比例写 0 到 100 之间的数字")
    await drafter.says("7.5%")
    await drafter.sees("什么时候查", button="二季度")
    (plan,) = await city.rows(select(Plan))
    assert [float(one.ratio) for one in plan.tasks] == [7.5]


async def test_a_draft_loses_an_item_a_task_and_is_thrown_away(city: Town) -> None:
    drafter = city["林主管"]
    await drafted(drafter)
    await joined(drafter)
    await drafter.presses("去掉事项")
    await drafter.sees("去掉哪一项", button="营业执照规范使用抽查")
    await drafter.presses("营业执照规范使用抽查")
    card = await drafter.sees("· 人员密集场所消防检查（消防救援）", button="删任务")
    assert "营业执照" not in card.text
    assert "去掉事项" not in labels(card)  # the last one stays
    for said, seen in (("名称 春季消防检查", "春季消防检查"), ("每户3人", "每户 3 人")):
        await drafter.says(said)
        await drafter.sees(seen, button="删任务")
    await drafter.says("随便")
    await drafter.sees("没看懂")
    await drafter.presses("删任务")
    await drafter.sees("里删掉这个任务？", button="确认")
    await drafter.presses("确认")
    card = await drafter.sees("已删任务“春季消防检查”", button="删草稿")
    await drafter.presses("删草稿")
    await drafter.sees(f"删掉草稿 {NAME}？", button="返回")
    await drafter.presses("返回")
    await drafter.sees("编号 33078220271001", button="删草稿")
    await drafter.presses("删草稿")
    await drafter.presses("确认", within=60)
    await drafter.sees("草稿已删", button="返回")
    assert await city.rows(select(Plan)) == []
    await drafter.presses("返回")
    await drafter.sees("还没有年度计划", button="新计划")
