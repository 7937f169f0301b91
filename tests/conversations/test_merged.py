"""Two visits of two organs to one subject become one (综合查一次, R1.4), or each goes for itself."""

from __future__ import annotations

import aiohttp
import pytest
from sqlalchemy import select

from actions import pools
from models.draws import Draw, DrawEntry
from models.publication import Publication
from models.visits import JointOffer, Seat, Visit
from tests.conversations.conftest import Town, timedelta
from tests.conversations.joint import EXITS, FIRE, LICENCE, SALE, drawn, released, visits
from tests.conversations.test_joint import SOON, again, begun, checked, on, signed

pytestmark = pytest.mark.usefixtures("either")


MARKET = "义乌市市场监督管理局"


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
