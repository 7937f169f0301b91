"""Leads on five phones: sent wrongly, returned, sent on, asked about, extended, resolved; and who sees none of it.

Long, because one lead goes through five departments.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from python_calamine import load_workbook
from sqlalchemy import select

from actions.deadlines import decide
from bot.settings import Settings
from jobs import ticks
from models.leads import Lead, LeadFile, LeadMove
from models.people import Chat, Organ, Person
from tests import programs
from tests.conversations.conftest import Clock, Town, settle_town, town_running
from tests.conversations.test_campaign import at_the_checklist, photo

ROOT = Path(__file__).parents[2]
MORE = (  # staff number, name, organ, department, area, roles
    ("330700051", "吴住建", "义乌市住房和城乡建设局", "住建", "330782", ("liaison",)),
    ("330700052", "郑住建", "义乌市住房和城乡建设局", "住建", "330782", ("inspector",)),
    ("330700032", "孙消防", "义乌市消防救援大队", "消防救援", "330782", ("inspector",)),
    ("330700033", "钱副联络", "义乌市消防救援大队", "消防救援", "330782", ("deputy",)),
    ("330700090", "何联席", "金华市双随机监管联席会议办公室", "联席会议", "330700", ("office",)),
    ("330700099", "外县人", "东阳市市场监督管理局", "市场监管", "330783", ("supervisor", "liaison")),
)


async def settle_five(session: Any, now: datetime) -> dict[str, int]:
    """The usual town with a housing department, the office, and a stranger."""
    ids = await settle_town(session, now)
    organs: dict[str, Organ] = {}
    for number, (staff_no, name, organ_name, department, area, roles) in enumerate(MORE):
        organ = organs.get(organ_name) or await session.scalar(select(Organ).where(Organ.name == organ_name))
        if organ is None:
            organ = Organ(name=organ_name, department=department, area_code=area)
            session.add(organ)
            await session.flush()
        organs[organ_name] = organ
        person = Person(
            staff_no=staff_no, name=name, organ_id=organ.id, area_code=area, roles=roles,
            certificate=f"浙G{staff_no}" if "inspector" in roles else "",
            certificate_until=date(2028, 12, 31) if "inspector" in roles else None,
        )  # fmt: skip
        session.add(person)
        await session.flush()
        ids[name] = person.id
        session.add(Chat(id=2000 + number, person_id=person.id, language="zh_CN", bound_at=now))
    return ids


@pytest.fixture
async def five(settings: Settings, clock: Clock) -> AsyncIterator[Town]:
    """A running town of five departments."""
    async with town_running(settings, clock, settle_five) as found:
        for number, (_, name, *_) in enumerate(MORE):
            phone = found.telegram.phone(name, user_id=2000 + number, language="zh-hans")
            phone.chat.started = True
            found.phones[name] = phone
        yield found


async def told_of(
    town: Town, sender: str = "张伟", department: str = "消防救援", words: str = "后厨通道堆放气瓶"
) -> Lead:
    """Somebody sees something in the street and hands it over."""
    phone = town[sender]
    for say, press, then in (
        ("/leads", "", "要我办"),
        ("", "新线索", "自己发现的"),
        ("", "自己发现", "关于哪一户"),
        ("第3面馆", "", "是哪一户"),
        ("", "义乌市第3面馆", "移送到哪里"),
    ):
        await (phone.says(say) if say else phone.presses(press))
        await phone.sees(then)
    await phone.presses(department)
    await phone.sees("用一句话说明情况")
    await phone.says(words)
    await phone.sees("将移送", button="发送")
    await phone.presses("发送")
    await phone.sees("已移送")
    return (await town.rows(select(Lead).order_by(Lead.id.desc())))[0]


async def printed(town: Town, *words: str) -> str:
    """What a command says about this town."""
    folder = str(town.app.settings.data_dir)
    env = {**os.environ, "DATA_DIR": folder, "BOT_TOKEN": "123456:TEST", "LOG_LEVEL": "WARNING"}
    run = await asyncio.to_thread(programs.run, words, env)
    assert run.returncode == 0
    return run.stdout


async def later(town: Town, days: int) -> None:
    """So many days later, at half past nine, the clock has done its round."""
    town.clock.moves_to(town.clock().replace(hour=9, minute=30) + timedelta(days=days))
    await ticks.leads(town.app.database, town.clock())


async def test_from_the_photo_to_the_liaison_in_three_taps_and_a_sentence(five: Town) -> None:
    _, first, _ = await at_the_checklist(five)
    await first.presses("❌ 不符合")
    await first.sees("发一张照片")
    await first.sends_photo(photo("blue"), caption="疏散通道堆放气瓶")
    await first.sees("2/5", button="移送线索")
    await first.presses("移送线索")
    await first.sees("移送到哪里", button="消防救援 · 推荐")
    await first.presses("消防救援 · 推荐")
    await first.sees("检查时写的：疏散通道堆放气瓶", button="就发这句")
    await first.says("疏散通道堆放四个气瓶，通道只剩半米")
    await first.sees("附照片 1 张", button="发送")
    await first.presses("发送")
    await first.sees("已移送", button="继续")
    liaison = five["陈消防"]
    await liaison.sees("通道只剩半米", button="签收")
    await liaison.presses("看照片 1")
    assert (await liaison.sees()).photo
    told = first.transcript()
    way = told[told.index("(照片)") : told.index("已移送")]
    said = [line for line in way.splitlines() if line.startswith(">") and "[按" not in line]
    assert (way.count("[按"), len(said)) == (3, 1)
    await first.presses("继续")
    await first.sees("2/5")
    lead = (await five.rows(select(Lead)))[0]
    assert (lead.origin, len(lead.files), lead.organ.department) == ("visit", 1, "消防救援")


async def test_a_lead_through_five_departments(five: Town) -> None:
    sender, wrong, right, boss = five["张伟"], five["周环保"], five["陈消防"], five["赵主管"]
    await told_of(five, department="生态环境")
    await wrong.sees("新线索", button="退回")
    await wrong.presses("退回")
    await wrong.sees("为什么退回", button="消防救援")
    await wrong.says("气瓶归消防救援管，我们只管油烟")
    await wrong.sees("线索 · 已退回")
    await sender.sees("周环保 退回了", button="改送消防救援")
    await sender.presses("改送消防救援")
    await sender.sees("线索 · 待签收")
    await right.sees("后厨通道堆放气瓶", button="签收")
    await wrong.presses("更多")
    await wrong.sees_toast("没有")
    await right.presses("签收")
    await right.sees("已签收，办理期限")
    await sender.sees("陈消防 签收了")
    await right.presses("补充询问")
    await right.sees("想问 张伟 什么")
    await right.says("气瓶有几个？什么气？")
    await right.sees("已问 张伟")
    await sender.sees("陈消防 问您：气瓶有几个", button="回答")
    await sender.presses("回答")
    await sender.sees("直接回")
    await sender.sends_photo(photo("green"), caption="四个液化气瓶，照片是今天拍的")
    await sender.sees("已回复")
    await right.sees("张伟 回复：四个液化气瓶", button="申请延期")
    await right.presses("申请延期")
    await right.sees("写一句理由")
    await right.says("要等气瓶检测报告")
    await right.sees("等 赵主管 同意")
    await boss.sees("陈消防 申请延期", button="同意延期")
    await boss.presses("同意延期")
    await boss.sees("已同意，延到")
    await right.sees("赵主管 同意延期", button="转办")
    await right.presses("转办")
    await right.sees("转给谁办", button="孙消防")
    await right.presses("孙消防")
    await right.sees("已转给 孙消防")
    handler = five["孙消防"]
    await handler.sees("陈消防 转给您办", button="登记结果")
    await handler.presses("登记结果")
    await handler.sees("结果？", button="移送司法")
    await handler.presses("移送司法")
    await handler.sees("移送给哪个机关")
    await handler.says("5 号文")
    await handler.sees("写上接收机关")
    await handler.says("义乌市公安局，义消移字〔2026〕5号")
    await handler.sees("已办结")
    await sender.sees("孙消防 办结了")
    lead = (await five.rows(select(Lead)))[0]
    assert (lead.state, lead.outcome, lead.returns, lead.extended) == ("resolved", "prosecution", 1, True)
    steps = [one.verb for one in await five.rows(select(LeadMove).order_by(LeadMove.id))]
    assert steps == [
        *("send", "return", "send_again", "accept", "ask", "attach", "answer", "ask_extension", "extend"),
        *("reassign", "resolve.prosecution"),
    ]
    await sender.presses("经过")
    await sender.sees("孙消防：办结：移送司法")
    told = await printed(five, "export", "lead", "1")
    for who, what in (
        ("义乌市市场监督管理局 张伟", "移送 金华市生态环境局义乌分局"),
        ("金华市生态环境局义乌分局 周环保", "退回“气瓶归消防救援管，我们只管油烟”"),
        ("义乌市市场监督管理局 张伟", "改送 义乌市消防救援大队"),
        ("义乌市消防救援大队 陈消防", "签收"),
        ("义乌市消防救援大队 陈消防", "问“气瓶有几个？什么气？”"),
        ("义乌市市场监督管理局 张伟", "答“四个液化气瓶，照片是今天拍的”"),
        ("义乌市消防救援大队 陈消防", "申请延到"),
        ("义乌市市场监督管理局 赵主管", "同意延到"),
        ("义乌市消防救援大队 陈消防", "转 孙消防 办"),
        ("义乌市消防救援大队 孙消防", "办结：移送司法“义乌市公安局，义消移字〔2026〕5号”"),
    ):
        _, found, told = told.partition(f"{who}：{what}")
        assert found, (who, what, told)
    await sender.says("/leads")
    await sender.sees("要我办 0 条", button="月报")
    await sender.presses("月报")
    sheet = await sender.sees("线索月报 2026-11")
    assert sheet.document
    rows = load_workbook(BytesIO(sheet.document)).get_sheet_by_index(0).to_python()
    assert [rows[0][0], rows[1][0], rows[1][-3]] == ["编号", 1, "移送司法"]


async def test_the_office_ends_what_need_not_be_done_and_the_sender_adds_a_note(five: Town) -> None:
    lead = await told_of(five, department="住建")
    housing, office, sender = five["吴住建"], five["何联席"], five["张伟"]
    await sender.presses("看线索")
    await sender.presses("更多", within=60)
    await sender.presses("补充说明", within=60)
    await sender.sees("要补充什么", button="返回")
    await sender.says("今天又去看了一次，还堆着")
    await sender.sees("已记上")
    await housing.sees("今天又去看了一次")
    await sender.presses("更多")
    await sender.presses("补充说明", within=60)
    await sender.sends_photo(photo())
    await sender.sees("已记上")
    await later(five, 8)
    await office.sees("请联席办定夺", button="不再办理")
    await office.presses("不再办理")
    await office.sees("为什么不再办理")
    await office.says("店已拆除")
    await office.sees("店已拆除")
    await sender.sees("店已拆除")
    held = (await five.rows(select(Lead).where(Lead.id == lead.id)))[0]
    assert held.state == "closed"


async def test_a_photo_may_come_before_the_words(five: Town) -> None:
    sender = five["张伟"]
    for press, then in (("新线索", "自己发现的"), ("投诉举报", "关于哪一户")):
        await (sender.says("/leads") if press == "新线索" else asyncio.sleep(0))
        await sender.presses(press, within=60)
        await sender.sees(then)
    await sender.says("第3面馆")
    await sender.presses("义乌市第3面馆", within=60)
    await sender.presses("消防救援", within=60)
    await sender.sees("写来源、编号和内容")
    await sender.sends_photo(photo())
    await sender.sees("1 张已收到。用一句话说明情况", button="返回")
    await sender.sends_photo(photo("green"))
    await sender.sees("2 张已收到")
    await sender.says("12345热线，编号 202611300017，夜间油烟扰民")
    await sender.sees("附照片 2 张", button="发送")
    await sender.presses("发送")
    await sender.sees("已移送")
    (lead,) = await five.rows(select(Lead))
    assert (lead.source, lead.reference, lead.text) == ("12345热线", "202611300017", "夜间油烟扰民")
    assert len(lead.files) == 2


async def test_a_stranger_finds_nothing(five: Town) -> None:
    await told_of(five)
    stranger = five["外县人"]
    await stranger.says("/leads")
    await stranger.sees("要我办 0 条")
    await stranger.says("气瓶")
    await stranger.sees("0 条")
    await stranger.taps(stranger.messages[-1].id, "lead:1:0")
    await stranger.sees_toast("没有")


async def test_a_draft_names_the_days_that_the_other_department_has_decided(five: Town) -> None:
    async with five.app.database.write() as session:
        fire = (await session.scalars(select(Organ).where(Organ.department == "消防救援"))).one()
        for kind, days in (("lead_accept", 2), ("lead_extend", 3)):
            await decide(session, fire, kind, days, None, five.clock())
    lead = await told_of(five)
    assert "2 个工作日内签收" in five["张伟"].transcript()
    assert lead.due == date(2026, 12, 2)
    liaison = five["陈消防"]
    await liaison.sees("新线索", button="签收")
    await liaison.presses("签收")
    await liaison.sees("已签收", button="申请延期")
    await liaison.presses("申请延期")
    await liaison.sees("可以延 3 个工作日")
    five.clock.moves_to(five.clock().replace(month=12, day=21))
    await liaison.says("/leads")
    await liaison.sees("要我办", button="第3面馆")
    await liaison.presses("第3面馆")
    await liaison.sees("陈消防 办理，今天要反馈")


async def test_everything_that_came_with_a_lead_can_be_looked_at(five: Town) -> None:
    lead = await told_of(five)
    async with five.app.database.write() as session:
        held = await session.get_one(Lead, lead.id)
        for number in range(12):
            held.files.append(
                LeadFile(sha256=f"{number:064}", media="text/plain", telegram_file=f"file{number}", kind="document",
                         name="", person_id=held.sender_id, at=five.clock())
            )  # fmt: skip
    liaison = five["陈消防"]
    await liaison.sees("新线索")
    await liaison.says("/leads")
    await liaison.sees("要我办", button="第3面馆")
    await liaison.presses("第3面馆")
    await liaison.sees("待签收" if lead.state != "sent" else "新线索", button="看照片 12")
    await liaison.presses("看照片 12")
    await liaison.sees("还有 2 份", button="看照片 2")
