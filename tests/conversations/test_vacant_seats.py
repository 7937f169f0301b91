"""Seats that fall vacant by the clock, at the subject's asking, or all at once; each is refilled by the draw's rule."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from actions import pools
from jobs import ticks
from models.draws import Draw
from models.people import Person
from models.plans import Task
from models.visits import SeatRefusal, Visit
from rules import bundles
from simulator import Phone
from tests.conversations.conftest import ZONE, Town
from tests.conversations.record import rechecked
from tests.conversations.test_campaign import at_the_checklist, released, the_visit

pytestmark = pytest.mark.usefixtures("either")


def third_of(town: Town, *others: Phone) -> Phone:
    return next(town[name] for name in ("张伟", "李娜", "王强") if town[name] not in others)


async def changed(town: Town, phone: Phone, **values: Any) -> None:
    """The directory says something else about somebody now, as after an import."""
    async with town.app.database.write() as session:
        await session.execute(update(Person).where(Person.id == town.ids[phone.name]).values(**values))


async def refusals(town: Town) -> list[tuple[str, int]]:
    return [(one.kind, one.person_id) for one in await town.rows(select(SeatRefusal).order_by(SeatRefusal.id))]


async def draw_opened(town: Town) -> None:
    supervisor = town["赵主管"]
    await supervisor.says("/draws")
    await supervisor.sees("本单位的抽取")
    await supervisor.presses("第 1 号")
    await supervisor.sees("已下达", button="公开")
    await supervisor.presses("公开")
    await supervisor.sees("已公开")


async def test_a_certificate_that_runs_out_gives_the_seat_to_the_next(town: Town) -> None:
    await released(town)
    visit, first, second = await the_visit(town)
    held = [
        one for one in await town.rows(select(Visit)) if any(s.person_id == town.ids[first.name] for s in one.seats)
    ]
    await changed(town, first, certificate_until=date(2026, 11, 29))
    for _ in range(2):
        await ticks.vacate_seats(town.app.database, town.clock())
    lost = await first.sees(f"您的执法证已过期，{len(held)} 户检查已换人")
    assert visit.subject.name in lost.text
    await third_of(town, first, second).sees("您被抽中补位" if len(held) == 1 else "补位")
    await second.sees("退出")
    await town["赵主管"].sees(f"{first.name} 退出")
    for phone in {*town.phones.values()} - {second, third_of(town, first, second)}:
        await phone.sees_nothing_new(for_=0.1)
    assert await refusals(town) == [("certificate", town.ids[first.name])] * len(held)
    await draw_opened(town)
    told = await rechecked(town)
    assert {title for title, content in told if content["kind"] == "certificate"} == {"检查人员执法证到期，席位补抽"}
    assert [content["kind"] for _, content in told] == ["certificate"] * len(held) + ["opened"]


async def test_who_is_on_leave_loses_the_seats_and_nobody_is_woken(town: Town) -> None:
    await released(town)
    visit, first, second = await the_visit(town)
    await changed(town, first, status="leave")
    town.clock.moves_to(datetime(2026, 11, 30, 23, 30, tzinfo=ZONE))
    await ticks.vacate_seats(town.app.database, town.clock())
    assert {kind for kind, _ in await refusals(town)} == {"inactive"}
    for phone in (first, second, third_of(town, first, second), town["赵主管"]):
        await phone.sees_nothing_new(for_=0.1)
    town.clock.moves_to(datetime(2026, 12, 1, 7, 1, tzinfo=ZONE))
    await first.sees("您已不在岗")
    await town["赵主管"].sees(f"{first.name} 退出")
    held = (await town.rows(select(Visit).where(Visit.id == visit.id)))[0]
    assert all(seat.person_id != town.ids[first.name] for seat in held.seats)


async def asked_at_the_door(town: Town) -> tuple[Visit, Phone, Phone]:
    visit, first, second = await at_the_checklist(town)
    await first.says("1 符合")
    await first.sees("2/5")
    await first.presses("保存退出")
    await first.sees("已保存，1/5 项", button="当事人申请回避")
    await first.presses("当事人申请回避")
    await first.sees("当事人要求谁回避", button=first.name)
    await first.presses(first.name)
    await first.sees(f"当事人为什么要求 {first.name} 回避")
    await first.says("说我和隔壁店有亲戚")
    await first.sees("已报主管")
    await town["赵主管"].sees(f"当事人要求 {first.name} 回避", button="同意")
    return visit, first, second


async def test_the_subject_objects_at_the_door_and_the_supervisor_agrees(town: Town) -> None:
    visit, first, second = await asked_at_the_door(town)
    supervisor, third = town["赵主管"], third_of(town, first, second)
    await supervisor.presses("同意")
    await supervisor.sees(f"已同意 {first.name} 回避，由 {third.name} 按抽取顺序补位")
    await first.sees("当事人申请您回避，主管已同意")
    await second.sees(f"{first.name} 退出")
    await third.sees("您被抽中补位", button="打开任务")
    await third.presses("打开任务")
    await third.sees("2/5")  # what was answered stays
    held = (await town.rows(select(Visit).where(Visit.id == visit.id)))[0]
    assert (held.state, len(held.answers)) == ("started", 1)
    assert await refusals(town) == [("subject", town.ids[first.name])]
    await supervisor.presses_old("驳回")
    await supervisor.sees_toast("已经处理过了")

    async with town.app.database.write() as session:  # it counts in the next draw, too
        pool = await pools.build(session, (await session.scalars(select(Task))).one(), b"k" * 32, town.clock())
    staff = {one.name: one.staff_no for one in await town.rows(select(Person))}
    subject = pools.public_subject(b"k" * 32, visit.subject_id, visit.subject.code)
    line = f"{subject}\t{bundles.public_inspector_id(b'k' * 32, staff[first.name])}".encode()
    assert line in pool.tables["recusals.tsv"]
    await draw_opened(town)
    told = await rechecked(town)
    assert told[0][0] == "当事人申请回避获准，席位补抽"
    assert "亲戚" not in str(told)  # the kind of reason is public, the words are not


async def test_the_supervisor_rejects_with_words_and_both_inspectors_hear_them(town: Town) -> None:
    visit, first, second = await asked_at_the_door(town)
    supervisor = town["赵主管"]
    await supervisor.presses("驳回")
    await supervisor.sees(f"为什么不同意 {first.name} 回避")
    await supervisor.says("不属于法定回避情形")
    await supervisor.sees(f"已驳回：{first.name} 不回避")
    for phone in (first, second):
        await phone.sees("不属于法定回避情形")
    assert await refusals(town) == []
    held = (await town.rows(select(Visit).where(Visit.id == visit.id)))[0]
    assert [seat.person.name for seat in held.seats] == [first.name, second.name]


async def test_the_supervisor_takes_an_objection_before_the_visit(town: Town) -> None:
    await released(town)
    visit, first, second = await the_visit(town)
    supervisor = town["赵主管"]
    await supervisor.presses("检查对象")
    await supervisor.sees("第 1 号抽取的检查对象", button=visit.subject.name)
    await supervisor.presses(visit.subject.name)
    card = await supervisor.sees(visit.subject.name, button="当事人申请回避")
    assert f"检查人员 {first.name}、{second.name}" in card.text
    await supervisor.presses("当事人申请回避")
    await supervisor.sees("当事人要求谁回避")
    await supervisor.presses(second.name)
    await supervisor.sees("发出即同意")
    await supervisor.says("曾与店主诉讼")
    await supervisor.sees(f"已同意 {second.name} 回避")
    await second.sees("当事人申请您回避")
    await third_of(town, first, second).sees("您被抽中补位")
    assert await refusals(town) == [("subject", town.ids[second.name])]


async def test_two_must_sign_also_after_one_had_to_leave(town: Town) -> None:
    visit, first, second = await at_the_checklist(town)
    third = third_of(town, first, second)
    await changed(town, third, status="leave")  # so that nobody is left in the hat
    await first.says("全部符合")
    await first.sees("未发现问题")
    supervisor = town["赵主管"]
    await supervisor.presses("检查对象")
    await supervisor.sees("检查对象", button=visit.subject.name)
    await supervisor.presses(visit.subject.name)
    await supervisor.sees("检查中", button="当事人申请回避")
    await supervisor.presses("当事人申请回避")
    await supervisor.sees("要求谁回避")
    await supervisor.presses(second.name)
    await supervisor.sees("发出即同意")
    await supervisor.says("店主的邻居")
    await supervisor.sees("没有人可补位", button="指派（市场监管）")
    await first.presses("签名提交")
    await first.sees_toast("过期")
    await first.sees("查完了", button="签名提交")
    await first.presses("签名提交")
    await first.sees_toast("检查人员不足两名")
    held = (await town.rows(select(Visit).where(Visit.id == visit.id)))[0]
    assert held.state == "started"


async def test_all_visits_are_given_back_at_once(town: Town) -> None:
    await released(town)
    _, first, second = await the_visit(town)
    mine = [
        one for one in await town.rows(select(Visit)) if any(s.person_id == town.ids[first.name] for s in one.seats)
    ]
    await first.says("/tasks")
    await first.sees("待检查", button="全部请假")
    await first.presses("全部请假")
    await first.sees(f"为什么 {len(mine)} 户都去不了", button="病假")
    await first.says("骨折住院")
    await first.sees("原因：骨折住院", button="确认")
    assert await refusals(town) == []
    await first.presses("确认")
    await first.sees(f"已退出 {len(mine)} 户：{len(mine)} 户按抽取顺序补位")
    await third_of(town, first, second).sees("补位")
    await town["赵主管"].sees(f"{first.name} 退出")
    await town["赵主管"].sees_nothing_new()
    assert await refusals(town) == [("leave", town.ids[first.name])] * len(mine)
    await first.presses_old("确认")
    await first.sees_toast("没有这个")
    draws = await town.rows(select(Draw))
    assert [one.state for one in draws] == ["sealed"]
    await draw_opened(town)
    assert {title for title, _ in await rechecked(town)} == {"检查人员请假，席位补抽", "公开"}
