"""The notice to the subject with its approval: on time, urgent, refused, asked again; told by those who do it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from jobs import ticks
from models.documents import Notice
from models.items import Checklist
from models.people import Person
from models.visits import Visit
from simulator import Phone
from tests.conversations.conftest import ZONE, Town
from tests.conversations.test_campaign import opened, released, the_visit
from tests.conversations.test_papers import pdf_of

pytestmark = pytest.mark.usefixtures("either")


async def at_the_days(town: Town) -> tuple[Visit, Phone, Phone]:
    await released(town)
    async with town.app.database.write() as session:
        (await session.get_one(Checklist, 1)).materials = ["食品经营许可证", "从业人员健康证明"]
    visit, first, second = await the_visit(town)
    await opened(first, visit)
    await first.presses("检查通知书")
    await first.sees("哪一天去查", button="12月2日")
    await first.presses("12月2日")
    await first.sees("检查日期 12月2日", button="送审")
    return visit, first, second


async def test_a_notice_goes_out_when_the_supervisor_agrees(town: Town) -> None:
    visit, first, second = await at_the_days(town)
    await first.presses("送审")
    await first.sees("待审批")
    supervisor = town["赵主管"]
    await supervisor.sees("待审批", button="同意发出")
    assert "先发后补" not in first.screen().splitlines()[-2]
    await supervisor.presses("同意发出")
    await supervisor.sees("已同意发出")
    text = await pdf_of(first, "已同意发出")
    await pdf_of(second, "已同意发出")
    wanted = [visit.subject.name, visit.task.number, "2026年12月2日", "现场检查", "食品安全法第一百一十条"]
    wanted += ["食品经营许可证", "从业人员健康证明", f"{first.name}13800000000", "申请回避", "审批：已同意"]
    wanted += [f"{town.app.address}/visits/{visit.token}"]
    assert [one for one in wanted if one not in text] == []
    assert "紧急" not in text
    await first.presses("已送达")
    await first.sees("已送达当事人")
    (notice,) = await town.rows(select(Notice))
    assert (notice.state, notice.delivered_at is not None) == ("approved", True)
    assert [str(day) for day in await town.rows(select(Visit.planned_on).where(Visit.id == visit.id))] == ["2026-12-02"]
    await supervisor.presses_old("同意发出")
    await supervisor.sees_toast("过期")


async def test_a_notice_that_is_not_agreed_can_be_asked_again(town: Town) -> None:
    visit, first, _ = await at_the_days(town)
    await first.presses("送审")
    supervisor = town["赵主管"]
    await supervisor.sees("待审批", button="不同意")
    await supervisor.presses("不同意")
    await supervisor.sees("为什么不同意")
    await supervisor.says("那天停水 *停电*")
    await supervisor.sees("没有同意：那天停水 *停电*")
    await first.sees("没有同意：那天停水 *停电*", button="检查通知书")
    assert await town.rows(select(Visit.planned_on).where(Visit.id == visit.id)) == [None]
    await first.presses("检查通知书")
    await first.sees("上次没有同意", button="12月3日")
    await first.presses("12月3日")
    await first.sees("检查日期 12月3日")
    await first.presses("送审")
    await supervisor.sees("12月3日", button="同意发出")
    await supervisor.presses("同意发出")
    assert "2026年12月3日" in await pdf_of(first, "已同意发出")


async def test_the_day_of_the_visit_can_be_typed_with_or_without_a_signal(town: Town) -> None:
    """Taps are not queued on a phone without a signal; words are."""
    await released(town)
    visit, first, _ = await the_visit(town)
    await opened(first, visit)
    await first.presses("检查通知书")
    await first.sees("哪一天去查")
    await first.says("到时候再说")
    await first.sees("没看懂是哪一天")
    await first.says("12月6日")  # a Sunday
    await first.sees("请在任务期限内选一个工作日", button="12月7日")
    await first.says("12-8")
    await first.sees("检查日期 12月8日", button="送审")
    await first.says("12月11日")
    await first.sees("检查日期 12月11日")
    await first.says("送审")
    await first.sees("12月11日（周五）")
    await first.sees("待审批")
    await first.says("通知 下周三")
    await first.sees("待审批")
    await first.says("通知书 12月14日 紧急")
    await pdf_of(first, "紧急，先发后补")
    (notice,) = await town.rows(select(Notice))
    assert (str(notice.day), notice.urgent, notice.version) == ("2026-12-14", True, 3)
    await first.says("接受")
    await first.sees(visit.subject.name, button="开始检查")
    await first.says("回避 店主是我表哥")
    await first.sees("按抽取顺序补位")


async def test_an_urgent_notice_comes_at_once_and_is_approved_afterwards(town: Town) -> None:
    visit, first, _ = await at_the_days(town)
    supervisor = town["赵主管"]
    await first.presses("紧急，先发后补")
    text = await pdf_of(first, "紧急，先发后补")
    assert "紧急" in text
    assert "审批后补" in text
    await supervisor.sees("待补审批", button="同意发出")
    await first.sees("已紧急发出", button="返回")
    await first.presses("返回")
    await first.sees(visit.subject.name, button="开始检查")
    await first.presses("开始检查")
    await first.sees("到了请点")
    await first.presses("我已到场")
    await first.sees("1/5")
    supervisor.reads_all()
    await ticks.letters(town.app.database, town.clock())
    await supervisor.sees_nothing_new()
    town.clock.moves_to(datetime(2026, 12, 1, 8, 0, tzinfo=ZONE))
    for _ in range(2):
        await ticks.letters(town.app.database, town.clock())
    await supervisor.sees("还在等您审批", button="同意发出")
    town.clock.moves_to(town.clock() + timedelta(days=1))
    await ticks.letters(town.app.database, town.clock())
    await supervisor.sees_nothing_new()
    await supervisor.presses("同意发出")
    await supervisor.sees("已同意发出")
    text = await pdf_of(first, "已同意发出")
    assert "审批：已同意" in text


async def test_no_notice_once_the_visit_has_started(town: Town) -> None:
    visit, first, second = await at_the_days(town)
    await second.presses("逐户查看")
    await second.sees("待检查", button=visit.subject.name)
    await second.presses(visit.subject.name)
    await second.sees(visit.subject.name, button="开始检查")
    await second.presses("开始检查")
    await second.sees("到了请点")
    await second.presses("我已到场")
    await second.sees("1/5")
    await first.presses("送审")
    await first.sees_toast("检查已经开始")
    assert await town.rows(select(Notice)) == []


async def test_a_supervisor_who_was_there_hears_that_another_must_decide(town: Town) -> None:
    async with town.app.database.write() as session:
        everybody = await session.scalars(select(Person).where(Person.name.in_(("张伟", "李娜", "王强"))))
        for one in everybody:
            one.roles = ("inspector", "supervisor")
    _, first, second = await at_the_days(town)
    await first.presses("送审")
    asked = await second.sees("自己要去的检查，要由别的主管审批", button="打开任务")
    assert "同意发出" not in str(asked.keyboard)
    await town["赵主管"].sees("待审批", button="同意发出")
    await first.says("开始")
    await first.sees("到了请点")
    await first.presses("我已到场")
    await first.sees("1/5")
    await first.says("全部符合")
    await first.sees("未发现问题", button="签名提交")
    await first.presses("签名提交")
    await second.presses("确认签名", within=60)
    told = await second.sees("自己检查的不能自己审核")
    assert "通过并公示" not in str(told.keyboard)
    await second.says("/review")
    await second.sees("另有 1 份是您自己检查的，由别的主管审核")
    await town["赵主管"].sees("待审核", button="通过并公示")
