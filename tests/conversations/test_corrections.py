"""What was ordered to be corrected is reported, checked again, and closed or taken further; leads are looked into."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from bot.settings import Settings
from models.corrections import Cause, Correction
from models.items import Checklist, Item, Point
from models.leads import Lead
from models.people import Chat, Organ, Person
from models.visits import Visit
from simulator import Phone
from tests.conversations.conftest import Clock, Town, town_running
from tests.conversations.test_campaign import at_the_checklist, photo
from tests.conversations.test_leads import MORE, settle_five, told_of


async def settle(session: Any, now: Any) -> dict[str, int]:
    """The five departments, with two fire inspectors and an item of theirs."""
    ids = await settle_five(session, now)
    fire = (await session.scalars(select(Organ).where(Organ.name == "义乌市消防救援大队"))).one()
    person = Person(
        staff_no="330700035", name="马消防", organ_id=fire.id, area_code="330782", roles=("inspector",),
        certificate="浙X35", certificate_until=date(2028, 12, 31),
    )  # fmt: skip
    checklist = Checklist(
        name="消防", points=[Point(number=1, text="疏散通道畅通"), Point(number=2, text="灭火器有效")]
    )
    session.add_all([person, checklist])
    await session.flush()
    ids[person.name] = person.id
    session.add(Chat(id=2050, person_id=person.id, language="zh_CN", bound_at=now))
    item = Item(code="JH-XF-01", name="人员密集场所消防检查", department="消防救援", kind="key")
    item.valid_from, item.checklist_id = date(2026, 1, 1), checklist.id
    session.add(item)
    return ids


@asynccontextmanager
async def all_departments(settings: Settings, clock: Clock) -> AsyncIterator[Town]:
    """The town of `settle`, with a phone for everybody."""
    async with town_running(settings, clock, settle) as found:
        everybody = [(2000 + number, name) for number, (_, name, *_) in enumerate(MORE)]
        for chat, name in [*everybody, (2050, "马消防")]:
            phone = found.telegram.phone(name, user_id=chat, language="zh-hans")
            phone.chat.started = True
            found.phones[name] = phone
        yield found


@pytest.fixture
async def town(settings: Settings, clock: Clock) -> AsyncIterator[Town]:
    async with all_departments(settings, clock) as found:
        yield found


async def ordered(town: Town) -> tuple[Visit, Phone, Phone]:
    """A visit that found a blocked passage is published: it is to be corrected."""
    visit, first, second = await at_the_checklist(town)
    await first.presses("❌ 不符合")
    await first.sees("发一张照片")
    await first.sends_photo(photo("blue"), caption="冷藏柜温度 15 度")
    await first.sees("2/5")
    await first.says("余下 符合")
    await first.sees("要当事人签")
    await first.says("拒签 老板不在 见证人 李四")
    await first.sees("见证人 李四", button="签名提交")
    await first.presses("签名提交")
    await second.presses("确认签名", within=20)
    await second.sees("已提交")
    await town["赵主管"].presses("通过并公示", within=20)
    await town["赵主管"].sees("已公示")
    return visit, first, second


async def looked_again(town: Town, first: Phone, second: Phone, *, conforms: bool) -> None:
    """The recheck: its one point, the signatures, the review."""
    await first.sees("请您复查", button="打开任务")
    await second.sees("请您复查", button="打开任务")
    await first.presses("打开任务")
    await first.sees("复查：只查上次不符合的 1 项", button="开始检查")
    await first.presses("开始检查")
    await first.sees("到了请点")
    await first.presses("我已到场")
    await first.sees("1/1")
    if conforms:
        await first.presses("✅ 符合")
    else:
        await first.presses("❌ 不符合")
        await first.sees("发一张照片")
        await first.sends_photo(photo("red"), caption="还是 15 度")
        await first.sees("要当事人签")
        await first.says("拒签 老板不在 见证人 李四")
    await first.sees("签名", button="签名提交")
    await first.presses("签名提交")
    await second.presses("确认签名", within=20)
    await second.sees("已提交")
    await town["赵主管"].presses("通过并公示", within=20)
    await town["赵主管"].sees("已公示")


async def test_a_correction_is_reported_checked_again_and_closed(town: Town) -> None:
    visit, first, second = await ordered(town)
    await first.sees("审核通过并公示", button="打开任务")
    await first.presses("打开任务")
    await first.sees("发现问题已责令改正", button="整改")
    await first.presses("整改")
    await first.sees("待改正", button="登记改正")
    await first.presses("登记改正")
    await first.sees("发一张现在的照片")
    await first.sends_photo(photo("green"), caption="换了新压缩机，4 度")
    await first.sees("已报改正，待复查", button="安排复查")
    await first.presses("安排复查")
    await first.sees("谁去复查", button="原班复查")
    await first.presses("原班复查")
    await first.sees("复查，")
    await looked_again(town, first, second, conforms=True)
    await first.sees("复查合格")
    held = (await town.rows(select(Correction)))[0]
    assert (held.state, len(held.files), held.report) == ("closed", 1, "换了新压缩机，4 度")
    again = (await town.rows(select(Visit).where(Visit.origin == "targeted")))[0]
    causes = await town.rows(select(Cause))
    assert [(one.visit_id, one.correction_id) for one in causes] == [(again.id, held.id)]
    assert {seat.person_id for seat in again.seats} == {seat.person_id for seat in visit.seats}


async def test_what_is_not_corrected_is_ordered_again_or_becomes_a_case(town: Town) -> None:
    _, first, second = await ordered(town)
    await first.sees("审核通过并公示", button="打开任务")
    await first.presses("打开任务")
    await first.sees("责令改正", button="整改")
    await first.presses("整改")
    await first.sees("待改正", button="安排复查")
    await first.presses("安排复查")
    await first.sees("谁去复查", button="另抽两人")
    await first.presses("另抽两人")  # there is only one other inspector
    await first.sees_toast("不足两名")
    await first.sees("待改正", button="安排复查")
    await first.presses("安排复查")
    await first.sees("谁去复查", button="原班复查")
    await first.presses("原班复查")
    await first.sees("复查，")
    await looked_again(town, first, second, conforms=False)
    await first.sees("已再次责令改正")
    states = [one.state for one in await town.rows(select(Correction).order_by(Correction.id))]
    assert states == ["again", "ordered"]
    supervisor = town["赵主管"]
    await supervisor.presses("打开任务", within=20)
    await supervisor.sees("再次责令改正")


async def test_what_will_not_be_corrected_becomes_a_case_of_ones_own_department(town: Town) -> None:
    _, first, _ = await ordered(town)
    async with town.app.database.write() as session:
        (await session.get_one(Person, town.ids["赵主管"])).roles = ("supervisor", "liaison")
    supervisor = town["赵主管"]
    await supervisor.presses("整改")
    await supervisor.sees("待改正", button="转立案")
    await first.presses("打开任务", within=20)
    await first.presses("整改", within=20)
    await first.presses("登记改正", within=20)
    await first.sees("发一张现在的照片")
    await first.sends_photo(photo("green"))
    await first.sees("照片", button="照片 1")
    await first.presses("照片 1")
    assert (await first.sees()).photo
    await first.presses("转立案")
    await first.sees("为什么要立案", button="返回")
    await first.says("老板明说不改")
    card = await first.sees("已作为线索 #1 交本单位立案", button="看线索")
    assert "安排复查" not in card.labels
    await supervisor.sees("老板明说不改", button="签收")
    (lead,) = await town.rows(select(Lead))
    assert lead.organ_id == lead.source_organ_id
    assert [one.state for one in await town.rows(select(Correction))] == ["escalated"]


async def test_a_lead_is_looked_into_by_two_who_are_drawn(town: Town) -> None:
    await told_of(town)
    fire = town["陈消防"]
    await fire.sees("后厨通道堆放气瓶", button="签收")
    await fire.presses("签收")
    await fire.sees("已签收")
    await fire.presses("更多")
    await fire.sees("办理", button="针对性检查")
    await fire.presses("针对性检查")
    await fire.sees("查什么", button="人员密集场所消防检查")
    await fire.presses("人员密集场所消防检查")
    await fire.sees("谁去", button="抽两人")
    await fire.presses("抽两人")
    await fire.sees("已安排")
    for name in ("孙消防", "马消防"):
        await town[name].sees("做一次针对性检查", button="打开任务")
    await town["孙消防"].presses("打开任务")
    await town["孙消防"].sees("因线索而查，不是随机抽取", button="开始检查")
    visit = (await town.rows(select(Visit).where(Visit.origin == "targeted")))[0]
    cause = (await town.rows(select(Cause)))[0]
    lead = (await town.rows(select(Lead)))[0]
    assert (cause.visit_id, cause.lead_id, cause.correction_id) == (visit.id, lead.id, None)
    assert sorted(cause.candidates) == ["330700032", "330700035"]
    assert len(cause.seed) == 64
