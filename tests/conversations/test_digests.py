"""The digest on the phones: who gets which, when, with what first; and the figures of the assessment, down to rows."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from PIL import Image
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update

from jobs import ticks
from models.leads import Lead
from models.mail import Outbox
from models.people import Person
from models.visits import Visit
from rules.digests import LONGEST
from simulator import Phone
from simulator.view import Message
from tests.conversations.conftest import ZONE, Town
from tests.conversations.test_campaign import released, the_visit


def at(day: int, hour: int, minute: int = 1, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE)


async def tick(town: Town, moment: datetime) -> None:
    town.clock.moves_to(moment)
    await ticks.digests(town.app.database, town.clock())


async def reads(phone: Phone, text: str) -> Message:
    """The digest as it comes: a picture for a phone, few words under it."""
    message = await phone.sees(text)
    assert message.photo
    with Image.open(io.BytesIO(message.photo)) as card:
        assert max(card.size) <= 1280 <= 2 * card.width  # Telegram makes the longer side 1280
        assert 0.5 < card.height / card.width < 1.8
    assert len(message.html) <= LONGEST
    return message


async def becomes(town: Town, name: str, *roles: str) -> None:
    async with town.app.database.write() as session:
        await session.execute(update(Person).where(Person.name == name).values(roles=roles))


@pytest.mark.usefixtures("either")
async def test_each_role_gets_its_digest_once_at_eight_and_nobody_else_does(town: Town) -> None:
    await released(town)
    visit, first, _ = await the_visit(town)
    await becomes(town, "管理员小周", "office")
    async with town.app.database.write() as session:
        session.add(
            Lead(
                visit_id=visit.id, subject_id=visit.subject_id, sender_id=town.ids["张伟"], text="气瓶堵住通道",
                organ_id=town.ids["义乌市消防救援大队"], state="sent", sent_at=town.clock(), due=at(7, 9).date(),
                origin="visit",
                source_organ_id=town.ids["义乌市市场监督管理局"],
            )
        )  # fmt: skip
    for phone in town.phones.values():
        phone.reads_all()
    await tick(town, at(29, 7, 59))
    assert not await town.rows(select(Outbox).where(Outbox.kind == "digest"))
    for _ in range(3):
        await tick(town, at(29, 8))
    for_supervisor = await reads(town["赵主管"], "先看这几件")
    assert "12月29日（周二） 义乌市市场监督管理局" in for_supervisor.text
    assert "① 2 户逾期未检" in for_supervisor.text
    assert {"逾期 2", "统计考核"} <= set(for_supervisor.labels)
    for_liaison = await reads(town["陈消防"], "⚠️ 1 条线索已逾期")
    assert "逾期 1" in for_liaison.labels
    assert "统计考核" not in for_liaison.labels, "which is not for liaisons"
    for_office = await reads(town["管理员小周"], "没有急事")
    assert "检查完成率" not in for_office.text  # that is in the picture
    for name in ("周环保", first.name):  # nothing under way; no digest for inspectors
        await town[name].sees_nothing_new()
    assert len(await town.rows(select(Outbox).where(Outbox.kind == "digest", Outbox.outcome == "sent"))) == 3
    assert len(await town.rows(select(Outbox).where(Outbox.kind == "digest", Outbox.outcome == "dropped"))) == 1
    await town["陈消防"].presses("逾期 1")
    await town["陈消防"].sees("气瓶堵住通道", button="签收")
    await town["赵主管"].presses("逾期 2")
    listed = await town["赵主管"].sees("2 户逾期未检")
    assert visit.subject.name in listed.text
    await town["赵主管"].presses(visit.subject.name)
    await town["赵主管"].sees(visit.subject.name)


async def test_the_week_and_the_month_come_in_place_of_the_day_and_compare(town: Town) -> None:
    await released(town)
    visit, *_ = await the_visit(town)
    async with town.app.database.write() as session:
        values = {"state": "submitted", "submitted_at": at(30, 10, month=11), "result": "correction"}
        await session.execute(update(Visit).where(Visit.id == visit.id).values(**values))
    supervisor = town["赵主管"]
    supervisor.reads_all()
    await tick(town, at(1, 8))
    assert "2026年11月 义乌市" in (await reads(supervisor, "📊")).text
    await tick(town, at(7, 8))
    weekly = await reads(supervisor, "上周（11月30日至12月6日）")
    assert "1 份结果待审核，最早应于 12月3日（周四）审完" in weekly.text
    await tick(town, at(6, 8, month=12))  # back to a Sunday
    await supervisor.sees_nothing_new()


async def test_one_chooses_the_hour_and_the_kinds_and_looks_on_demand(town: Town) -> None:
    await released(town)
    supervisor = town["赵主管"]
    await supervisor.says("/digest 23")
    await supervisor.sees("请选 7 点到 21 点")
    await supervisor.says("/digest 9")
    await supervisor.sees("9:00")
    await supervisor.presses("改为 10:00")
    await supervisor.sees("10:00")
    await supervisor.presses("✅ 日报")
    await supervisor.sees("10:00", button="日报")
    await supervisor.presses("今日情况")
    now = await reads(supervisor, "没有急事")
    assert "12月" not in now.text
    await supervisor.presses("上周")
    await reads(supervisor, "上周（11月23日至11月29日）")
    await supervisor.says("/digest 月")
    await reads(supervisor, "2026年10月")
    await tick(town, at(2, 10))  # an ordinary Wednesday: switched off
    await tick(town, at(7, 9, 30))  # Monday, but not ten yet
    await supervisor.sees_nothing_new()
    await tick(town, at(7, 10))
    await reads(supervisor, "上周（11月30日至12月6日）")
    await supervisor.presses("何时发")
    await supervisor.sees("10:00", button="✅ 月报")
    await supervisor.presses("✅ 周报")
    await supervisor.sees("10:00", button="✅ 月报")
    await supervisor.presses("✅ 月报")
    await supervisor.sees("都关掉了")


async def test_whoever_has_nothing_is_told_so_only_when_they_ask(town: Town) -> None:
    await tick(town, at(2, 8))
    for name in ("赵主管", "陈消防"):
        await town[name].sees_nothing_new()
    await town["陈消防"].says("/digest")
    await town["陈消防"].sees("没有在办的检查和线索")
    await town["张伟"].says("/digest")
    await town["张伟"].sees("主管")  # refused, with the role that it needs


async def test_a_digest_of_yesterday_is_not_told_today(town: Town) -> None:
    await released(town)
    supervisor = town["赵主管"]
    supervisor.reads_all()
    town.telegram.world.users[supervisor.user_id]
    async with town.app.database.write() as session:
        from actions.digests import send_digests

        town.clock.moves_to(at(3, 8))
        yesterday = at(2, 8)
        assert await send_digests(session, yesterday) >= 1
    await supervisor.sees_nothing_new(0.6)
    kept = await town.rows(select(Outbox).where(Outbox.kind == "digest", Outbox.person_id == town.ids["赵主管"]))
    assert [one.outcome for one in kept] == ["dropped"]


async def test_figures_are_followed_from_the_whole_to_a_row_and_into_a_workbook(town: Town) -> None:  # R4.1
    await released(town)
    visit, *_ = await the_visit(town)
    async with town.app.database.write() as session:
        values = {"state": "submitted", "submitted_at": town.clock(), "result": "correction"}
        await session.execute(update(Visit).where(Visit.id == visit.id).values(**values))
    supervisor = town["赵主管"]
    await supervisor.says("/stats")
    message = await supervisor.sees("📈 2026 · 义乌市 · 市场监管")
    assert "检查完成率 50.0%" in message.labels
    assert "结果按时公示率 —" in message.labels
    await supervisor.presses("检查完成率 50.0%")
    message = await supervisor.sees("（1/2）", button="市场监管 50.0%（1/2）")
    assert "已录入结果 ÷ 本期到期的检查户次" in message.text
    await supervisor.presses("月份")
    await supervisor.sees(button="2026年12月 50.0%（1/2）")
    await supervisor.presses("2026年12月")
    await supervisor.sees("2026年12月 · 义乌市", button="市场监管 50.0%")
    await supervisor.presses("市场监管 50.0%")
    await supervisor.presses("事项", within=60)
    await supervisor.presses("餐饮服务食品安全抽查", within=60)
    message = await supervisor.sees("2026年12月 · 义乌市 · 市场监管 · 餐饮", button="逐条看")
    await supervisor.presses("逐条看")
    message = await supervisor.sees("✅")
    assert f"✅ {visit.subject.name}" in message.text
    assert message.text.count("❌") == 1
    await supervisor.presses("1")
    await supervisor.sees("待")
    await supervisor.says("/stats")
    await supervisor.sees("📈", button="导出表格")
    await supervisor.presses("导出表格")
    message = await supervisor.sees("明细在表里")
    assert message.document
    assert message.document_name.endswith(".xlsx")
    book = CalamineWorkbook.from_filelike(io.BytesIO(message.document))
    assert book.sheet_names == ["总览", "按部门", "按区域", "按事项", "按月", "明细"]
    overview = {row[0]: row[1:4] for row in book.get_sheet_by_name("总览").to_python()[3:12]}
    assert overview["检查完成率"] == [0.5, 1, 2]
    rows = [row for row in book.get_sheet_by_name("明细").to_python()[3:] if row[0] == "检查完成率"]
    assert sorted(row[6] for row in rows) == ["否", "是"]
    await town["张伟"].says("/stats")
    await town["张伟"].sees("主管")


async def test_the_office_hears_of_what_is_late_without_buttons_that_it_could_not_press(town: Town) -> None:
    await released(town)
    await becomes(town, "管理员小周", "office")
    for phone in town.phones.values():
        phone.reads_all()
    town.clock.moves_to(at(31, 9))  # three working days late: the supervisors
    await ticks.remind(town.app.database, town.clock())
    told = await town["赵主管"].sees("已逾期")
    assert any(label.endswith("检查") for label in told.labels)
    await town["赵主管"].presses(told.labels[0])
    await town["赵主管"].sees("面馆")
    town.clock.moves_to(at(6, 9, month=1).replace(year=2027))  # five: the joint conference office
    await ticks.remind(town.app.database, town.clock())
    told = await town["管理员小周"].sees("已逾期")
    assert "面馆" in told.text
    assert told.labels == []
