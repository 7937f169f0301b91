"""Departments go together: a joint draw from the seats to the signatures (R1.4)."""

from __future__ import annotations

import aiohttp
import pytest
from sqlalchemy import select

from models.people import Person
from models.publication import Publication
from models.visits import Visit
from rules.draw import verify
from simulator import Phone
from tests.conversations.conftest import Town
from tests.conversations.joint import EXITS, FOOD, SALE, drawn, visits

pytestmark = pytest.mark.usefixtures("either")
SOON = 20.0  # seconds until a notice is sent that no turn has promised


def on(town: Town, visit: Visit, department: str) -> list[Phone]:
    return [town[seat.person.name] for seat in visit.seats if seat.person and seat.department == department]


async def again(town: Town, visit: Visit) -> Visit:
    return (await town.rows(select(Visit).where(Visit.id == visit.id)))[0]


async def begun(phone: Phone, visit: Visit, first_point: str) -> None:
    await phone.says("/tasks")
    await phone.sees("待检查", button=visit.subject.name)
    await phone.presses(visit.subject.name)
    await phone.sees(visit.subject.name, button="开始检查")
    await phone.presses("开始检查")
    await phone.sees("到了请点")
    await phone.presses("我已到场")
    await phone.sees(first_point)


async def checked(fire: Phone, market: Phone, visit: Visit, fire_point: str, market_point: str) -> None:
    """The brigade begins and answers its own items; the market's inspector hears of it and answers the rest."""
    await begun(fire, visit, fire_point)
    await fire.presses("余下全部符合")
    await fire.sees("市场监管还有没检查的项")
    await market.sees(f"{fire.name} 已到场", button="我已到场")
    await market.presses("我已到场")
    await market.sees(market_point)
    await market.presses("余下全部符合")


async def signed(phone: Phone, *others: Phone) -> None:
    await phone.sees("未发现问题", button="签名提交")
    await phone.presses("签名提交")
    await phone.sees("您已签名")
    for other in others:
        await other.sees("请您确认", button="确认签名")
        await other.presses("确认签名")
        await other.sees("已提交" if other is others[-1] else "您已签名")


async def test_a_joint_draw_sends_two_of_each_department(two_departments: Town) -> None:
    town = two_departments
    number = await drawn(town, "赵主管", FOOD, EXITS, ratio="20", partner="林主管")
    lead = town["赵主管"]
    await lead.says("/draws")
    await lead.sees("本单位的抽取", button="第 1 号")
    await lead.presses("第 1 号")
    await lead.sees("席位：市场监管 2，消防救援 2", button="下达")
    await lead.presses("下达")
    await lead.sees("怎么下达", button="一次全部")
    await lead.presses("一次全部")
    await lead.sees("已下达")
    (visit,) = await visits(town, number)
    assert [seat.department for seat in visit.seats] == ["市场监管"] * 2 + ["消防救援"] * 2
    market, fire = on(town, visit, "市场监管"), on(town, visit, "消防救援")
    for phone in (*market, *fire):
        await phone.sees("您被抽中检查", button="逐户查看", within=SOON)

    first = fire[0]
    await first.presses("逐户查看")
    await first.sees("待检查", button=visit.subject.name)
    await first.presses(visit.subject.name)
    card = await first.sees(visit.subject.name, button="开始检查")
    assert f"同行 市场监管：{market[0].name}、{market[1].name} · 消防救援：{fire[1].name}" in card.text
    assert "餐饮服务食品安全抽查（5 项）" in card.text
    assert "人员密集场所消防检查（2 项）" in card.text
    food, exits = "1/7 · 餐饮服务食品安全抽查（市场监管）", "6/7 · 人员密集场所消防检查（消防救援）"
    await checked(first, market[0], visit, exits, food)
    await signed(market[0], market[1], *fire)

    partner = town["林主管"]
    await partner.sees("牵头的联合抽查已下达", button="看任务", within=SOON)
    await partner.presses("看任务")
    await partner.sees("联合抽查", button="检查户")
    await partner.presses("检查户")
    await partner.sees("待审核", button=visit.subject.name)
    await partner.presses(visit.subject.name)
    await partner.sees("检查人员 市场监管")
    await lead.sees("待审核", button="通过并公示")
    await lead.presses("通过并公示")
    await lead.sees("已公示")
    assert len(await town.rows(select(Publication))) == 1, "one visit, whoever takes part"


async def test_the_partner_fills_its_own_empty_seats(two_departments: Town) -> None:
    town = two_departments
    number = await drawn(town, "赵主管", FOOD, EXITS, ratio="20", partner="林主管", release=True)
    (visit,) = await visits(town, number)
    fire = on(town, visit, "消防救援")
    third = next(town[name] for name in ("周磊", "徐丽", "方洪") if town[name] not in fire)
    for leaver, told in ((fire[0], "由"), (third, "没有人可补位")):
        await leaver.says("/tasks")
        await leaver.sees("待检查", button=visit.subject.name)
        await leaver.presses(visit.subject.name)
        await leaver.sees(visit.subject.name, button="请假")
        await leaver.presses("请假")
        await leaver.sees("为什么去不了")
        await leaver.presses("病假")
        await leaver.sees(told)
    partner = town["林主管"]
    await partner.sees("没有人可补位，请指派", button="指派（消防救援）")
    await partner.presses("指派（消防救援）")
    await partner.sees("没有可指派的人")
    async with town.app.database.write() as session:
        newcomer = await session.get_one(Person, town.ids["陈消防"])
        newcomer.roles, newcomer.certificate = ("inspector", "liaison"), "浙X9"
        newcomer.certificate_until = (await session.get_one(Person, town.ids["周磊"])).certificate_until
    await partner.presses_old("指派（消防救援）")
    await partner.sees("指派谁去", button="陈消防")
    await partner.presses("陈消防")
    await partner.sees("已指派 陈消防")
    await town["陈消防"].sees("您被抽中补位")
    held = {seat.person.name for seat in (await again(town, visit)).seats if seat.person}
    assert held == {*(phone.name for phone in on(town, visit, "市场监管")), fire[1].name, "陈消防"}


async def test_a_joint_draw_checks_out_at_a_citizens_home(two_departments: Town) -> None:
    town = two_departments
    number = await drawn(town, "赵主管", FOOD, EXITS, ratio="20", partner="林主管", release=True)
    await town["赵主管"].says("/draws")
    await town["赵主管"].sees("本单位的抽取", button="第 1 号")
    await town["赵主管"].presses("第 1 号")
    await town["赵主管"].sees("抽取完成", button="公开")
    await town["赵主管"].presses("公开")
    await town["赵主管"].sees("已公开")
    files = {}
    async with aiohttp.ClientSession() as web:
        for name in ("commitment.json", "certificate.json", "pool.tsv", "inspectors.tsv", "recusals.tsv"):
            files[name] = await (await web.get(f"{town.app.address}/draws/{number}/{name}")).read()
    verify(files)


async def test_a_partner_who_agrees_to_an_objection_appoints_at_once(two_departments: Town) -> None:
    town = two_departments
    number = await drawn(town, "赵主管", SALE, EXITS, partner="林主管", release=True)
    visit = (await visits(town, number))[0]
    first, second = on(town, visit, "消防救援")
    async with town.app.database.write() as session:
        away = next(name for name in ("周磊", "徐丽", "方洪") if name not in (first.name, second.name))
        (await session.get_one(Person, town.ids[away])).status = "leave"
    partner = town["林主管"]
    await begun(first, visit, "疏散通道畅通")
    await first.presses("保存退出")
    await first.sees("已保存", button="当事人申请回避")
    await first.presses("当事人申请回避")
    await first.sees("当事人要求谁回避", button=second.name)
    await first.presses(second.name)
    await first.sees("马上报主管决定")
    await first.says("是隔壁店主的兄弟")
    await partner.sees(f"当事人要求 {second.name} 回避", button="同意")
    await partner.presses("同意")
    await partner.sees("没有人可补位，请指派", button="指派（消防救援）")
    async with town.app.database.write() as session:
        (await session.get_one(Person, town.ids[away])).status = "active"
    await partner.presses("指派（消防救援）")
    await partner.sees("指派谁去", button=away)
    await partner.presses(away)
    await partner.sees(f"已指派 {away}", button="打开任务")
