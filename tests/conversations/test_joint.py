"""Departments go together: a joint draw from the seats to the signatures, and two visits that become one (R1.4)."""

from __future__ import annotations

import aiohttp
import pytest
from sqlalchemy import select

from actions import pools
from models.draws import Draw, DrawEntry
from models.people import Person
from models.publication import Publication
from models.visits import JointOffer, Seat, Visit
from rules.draw import verify
from simulator import Phone
from tests.conversations.conftest import Town, timedelta
from tests.conversations.joint import EXITS, FIRE, FOOD, LICENCE, SALE, drawn, released, visits

pytestmark = pytest.mark.usefixtures("either")
MARKET = "义乌市市场监督管理局"
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


async def overlapping(town: Town) -> tuple[int, int]:
    """Market's draw is released, the brigade's is still sealed; both go to both shops."""
    mine = await drawn(town, "赵主管", SALE, release=True)
    theirs = await drawn(town, "林主管", EXITS)
    return mine, theirs


async def asked(town: Town, asker: str, answerer: str) -> None:
    phone = town[asker]
    await phone.sees("2 户与", button="重合对象", within=SOON)
    await phone.presses("重合对象")
    await phone.sees("2 户与", button="1. ")
    await phone.presses("1. ")
    await phone.sees("综合查一次", button="合并检查")
    await phone.presses("合并检查")
    await phone.sees("等另一方答复")
    await town[answerer].sees("想和你们合并检查", button="同意合并")


async def test_two_visits_become_one(two_departments: Town) -> None:
    town = two_departments
    mine, theirs = await overlapping(town)
    lead, partner = town["赵主管"], town["林主管"]
    await partner.sees(f"2 户与 {MARKET} 的任务重合，可合并为一次检查", button="重合对象", within=SOON)
    await asked(town, "赵主管", "林主管")
    await partner.presses("同意合并")
    await partner.sees("已合并为一次检查")
    await lead.sees(f"{FIRE} 同意合并")

    host = (await visits(town, mine))[0]
    offer = (await town.rows(select(JointOffer).where(JointOffer.state == "agreed")))[0]
    host, guest = await again(town, offer.host), await again(town, offer.guest)
    assert (host.draw_id, guest.draw_id, guest.state, guest.merged_into) == (mine, theirs, "merged", host.id)
    assert [part.item.code for part in host.parts] == [SALE, EXITS]
    assert [(seat.number, seat.slot, seat.drawn_for) for seat in host.seats] == [
        (0, 0, None), (1, 1, None), (2, 0, guest.id), (3, 1, guest.id),
    ]  # fmt: skip
    market, fire = on(town, host, "市场监管"), on(town, host, "消防救援")
    for phone in market:
        await phone.sees("合并为一次检查，事项和同行有变")
    for phone in fire:
        card = await phone.sees("合并为一次检查，您也要去")
        assert "第 1、2 号" in card.text
        assert f"综合查一次：{MARKET}、{FIRE}" in card.text
    for draw_id, other in ((mine, 2), (theirs, 1)):
        entries = await town.rows(select(DrawEntry).where(DrawEntry.draw_id == draw_id))
        merged = [one.content["draw"] for one in entries if one.content["kind"] == "merged"]
        assert merged == [other]

    sale, exits = "1/5 · 食品销售重点检查（市场监管）", "4/5 · 人员密集场所消防检查（消防救援）"
    await checked(fire[0], market[0], host, exits, sale)
    await signed(market[0], market[1], *fire)
    await lead.sees("待审核", button="通过并公示")
    await lead.presses("通过并公示")
    await lead.sees("已公示")
    found = await town.rows(select(Publication).order_by(Publication.id))
    assert [(one.visit_id, one.result) for one in found] == [(host.id, "clean"), (guest.id, "clean")]
    async with aiohttp.ClientSession() as web:
        page = await (await web.get(f"{town.app.address}/subjects/{host.subject.code}")).text()
        assert page.count("未发现问题") >= 2
        assert MARKET in page
        assert FIRE in page
    async with town.app.database.read() as session:
        counted = await pools.random_visits_this_year(session, town.clock())
        assert counted[host.subject_id] == 1, "visited once"


async def test_what_is_still_sealed_stays_with_the_two_organs(two_departments: Town) -> None:
    town = two_departments
    await drawn(town, "赵主管", SALE)
    await drawn(town, "林主管", EXITS)
    await town["赵主管"].sees("2 户与", button="重合对象", within=SOON)
    offer = (await town.rows(select(JointOffer)))[0]
    for name in ("周环保", "周磊", "张伟"):
        await town[name].sees_nothing_new()
    await asked(town, "林主管", "赵主管")
    await town["赵主管"].presses("同意合并")
    await town["赵主管"].sees("已合并为一次检查")
    host = await again(town, offer.host)
    assert host.state == "drawn"
    for phone in (*on(town, host, "市场监管"), *on(town, host, "消防救援")):
        await phone.sees_nothing_new()


async def test_whichever_is_released_first_sends_everybody(two_departments: Town) -> None:
    town = two_departments
    mine = await drawn(town, "赵主管", SALE)
    theirs = await drawn(town, "林主管", EXITS)
    await asked(town, "林主管", "赵主管")
    await town["赵主管"].presses("同意合并")
    await town["赵主管"].sees("已合并为一次检查")
    await released(town, theirs, "林主管")
    offer = (await town.rows(select(JointOffer).where(JointOffer.state == "agreed")))[0]
    host, guest = await again(town, offer.host), await again(town, offer.guest)
    assert (host.state, guest.state) == ("released", "merged")
    for phone in (*on(town, host, "市场监管"), *on(town, host, "消防救援")):
        await phone.sees("您被抽中检查", button="逐户查看", within=SOON)
    await released(town, mine, "赵主管")
    assert (await again(town, guest)).state == "merged"
    assert len(await town.rows(select(Seat).where(Seat.visit_id == host.id, Seat.state == "offered"))) == 4


async def test_a_moved_seat_is_refilled_from_the_hat_of_its_own_draw(two_departments: Town) -> None:
    town = two_departments
    _, theirs = await overlapping(town)
    await asked(town, "赵主管", "林主管")
    await town["林主管"].presses("同意合并")
    await town["林主管"].sees("已合并为一次检查")
    offer = (await town.rows(select(JointOffer).where(JointOffer.state == "agreed")))[0]
    host = await again(town, offer.host)
    leaver = on(town, host, "消防救援")[1]
    await leaver.sees("您也要去", button="打开任务")
    await leaver.presses("打开任务")
    await leaver.sees(host.subject.name, button="请假")
    await leaver.presses("请假")
    await leaver.sees("为什么去不了")
    await leaver.presses("出差")
    await leaver.sees("按抽取顺序补位")
    entry = (await town.rows(select(DrawEntry).where(DrawEntry.draw_id == theirs).order_by(DrawEntry.id)))[-1]
    content = entry.content
    assert (content["kind"], content["seat"], content["subject"]) == ("leave", 1, offer.guest.public_id)
    seat = (await again(town, host)).seats[3]
    assert seat.person
    assert seat.person.organ.name == FIRE


async def test_each_for_itself(two_departments: Town) -> None:
    town = two_departments
    await overlapping(town)
    await asked(town, "赵主管", "林主管")
    await town["林主管"].presses("各查各的")
    await town["林主管"].sees("各查各的")
    await town["赵主管"].sees(f"{FIRE} 想各查各的")
    await town["林主管"].presses_old("同意合并")
    await town["林主管"].sees_toast("过期")
    assert {one.state for one in await town.rows(select(JointOffer))} == {"offered", "declined"}
    assert not await town.rows(select(Visit).where(Visit.state == "merged"))


async def test_too_late_because_one_side_has_begun(two_departments: Town) -> None:
    town = two_departments
    await overlapping(town)
    await asked(town, "赵主管", "林主管")
    offer = (await town.rows(select(JointOffer).where(JointOffer.state == "asked")))[0]
    visit = await again(town, offer.host)
    await begun(on(town, visit, "市场监管")[0], visit, "1/3")
    await town["林主管"].presses("同意合并")
    await town["林主管"].sees_toast("已经开始检查，不能再合并")
    assert not await town.rows(select(Visit).where(Visit.state == "merged"))


async def test_no_offer_where_weeks_or_organs_do_not_meet(two_departments: Town) -> None:
    town = two_departments
    await drawn(town, "赵主管", SALE)
    await drawn(town, "赵主管", LICENCE, ratio="5")  # the same organ
    await drawn(town, "林主管", EXITS, starts=timedelta(weeks=5))  # later
    assert not await town.rows(select(JointOffer))
    await town["林主管"].says("/plans")
    await town["林主管"].sees("本单位的抽查任务")
    await town["林主管"].sees_nothing_new()


async def test_a_draw_with_offers_can_be_void_but_not_once_a_visit_is_merged(two_departments: Town) -> None:
    town = two_departments
    await drawn(town, "赵主管", SALE, release=True)
    theirs = await drawn(town, "林主管", EXITS)
    partner = town["林主管"]
    await asked(town, "赵主管", "林主管")
    await partner.says("/draws")
    await partner.sees("本单位的抽取", button="第 2 号")
    await partner.presses("第 2 号")
    await partner.sees("抽取完成", button="作废")
    await partner.presses("作废")
    await partner.sees("写一句原因")
    await partner.says("名录有误")
    await partner.sees("已作废")
    assert not await town.rows(select(JointOffer))
    await town["赵主管"].presses_old("合并检查")
    await town["赵主管"].sees_toast("没有")

    theirs = await drawn(town, "林主管", EXITS)
    await asked(town, "赵主管", "林主管")
    await partner.presses("同意合并")
    await partner.sees("已合并为一次检查")
    await partner.says("/draws")
    await partner.sees("本单位的抽取", button="第 3 号")
    await partner.presses("第 3 号")
    await partner.sees("抽取完成", button="作废")
    await partner.presses("作废")
    await partner.sees("写一句原因")
    await partner.says("名录有误")
    await partner.sees("不能作废")
    assert (await town.rows(select(Draw).where(Draw.id == theirs)))[0].state == "sealed"


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


async def test_an_old_card_leads_to_the_joint_visit(two_departments: Town) -> None:
    town = two_departments
    await drawn(town, "赵主管", SALE, release=True)
    await drawn(town, "林主管", EXITS, release=True)
    guest = (await town.rows(select(JointOffer).order_by(JointOffer.id)))[0].guest
    inspector = on(town, guest, "消防救援")[0]
    await inspector.says("/tasks")
    await inspector.sees("待检查", button=guest.subject.name)
    await inspector.presses(guest.subject.name)
    await inspector.sees(guest.subject.name, button="申请回避")
    await asked(town, "赵主管", "林主管")
    await town["林主管"].presses("同意合并")
    await town["林主管"].sees("已合并为一次检查")
    await inspector.sees("合并为一次检查，事项和同行有变")
    await inspector.presses("申请回避")
    await inspector.sees_toast("过期")
    card = await inspector.sees("综合查一次", button="开始检查")
    assert "食品销售重点检查（3 项）" in card.text


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
