"""A draw released week by week: nobody hears of more visits than agreed, and nobody else hears of any too early."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, datetime
from functools import partial

import pytest
from sqlalchemy import select

from actions import draws
from bot.settings import Settings
from jobs import ticks
from models.draws import Draw
from models.people import Chat, Person
from models.plans import Task
from models.visits import Visit
from rules.refusal import Refusal
from simulator import Phone
from tests.conversations.conftest import ZONE, Clock, Town, settle_town, town_running
from tests.conversations.test_campaign import drawn

pytestmark = pytest.mark.usefixtures("either")

INSPECTORS = ("张伟", "李娜", "王强")


@pytest.fixture
async def town(settings: Settings, clock: Clock) -> AsyncIterator[Town]:
    """Sixty noodle shops, so that twelve are drawn and each inspector has eight."""
    async with town_running(settings, clock, partial(settle_town, subjects=60)) as found:
        yield found


async def asked_how(town: Town) -> Phone:
    await drawn(town, subjects=60)
    supervisor = town["赵主管"]
    await supervisor.presses("下达")
    await supervisor.sees("怎么下达第 1 号抽取的 12 户", button="一次全部")
    return supervisor


async def visits_by_state(town: Town, state: str) -> list[Visit]:
    return await town.rows(select(Visit).where(Visit.state == state).order_by(Visit.position))


async def told(phone: Phone) -> int:
    message = await phone.sees("您被抽中检查")
    found = re.search(r"您被抽中检查 (\d+) 户", message.text)
    assert found
    return int(found[1])


def moved(town: Town, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    town.clock.moves_to(datetime(2026, month, day, hour, minute, tzinfo=ZONE))
    return town.clock()


async def test_three_a_week_each(town: Town) -> None:
    supervisor = await asked_how(town)
    await supervisor.presses("每人每周 3 户")
    card = await supervisor.sees("下一批 12月7日（周一）", button="提前下达下一批")
    first = await visits_by_state(town, "released")
    assert f"已下达 {len(first)}/12 户" in card.text
    assert "公开" not in card.text
    held = Counter(seat.person.name for visit in first for seat in visit.seats)
    assert max(held.values()) == 3
    for name in INSPECTORS:
        assert await told(town[name]) == held[name]
    await supervisor.presses_old("作废")
    await supervisor.sees_toast("过期")

    await ticks.release_stages(town.app.database, moved(town, 12, 7, 6, 59))
    assert len(await visits_by_state(town, "released")) == len(first)
    for _ in range(2):
        await ticks.release_stages(town.app.database, moved(town, 12, 7, 7, 1))
    second = [visit for visit in await visits_by_state(town, "released") if visit.release_on == date(2026, 12, 7)]
    held = Counter(seat.person.name for visit in second for seat in visit.seats)
    assert max(held.values()) == 3
    for name in held:
        assert await told(town[name]) == held[name]
        await town[name].sees_nothing_new()

    await ticks.release_stages(town.app.database, moved(town, 12, 24, 9))  # it stood still for more than two weeks
    assert await visits_by_state(town, "drawn") == []
    rest = [visit for visit in await visits_by_state(town, "released") if visit.release_on == date(2026, 12, 24)]
    for name, number in Counter(seat.person.name for visit in rest for seat in visit.seats).items():
        assert await told(town[name]) == number
        await town[name].sees_nothing_new()
    await supervisor.says("/draws")
    await supervisor.sees("本单位的抽取")
    await supervisor.presses("第 1 号")
    await supervisor.sees("已下达", button="公开")


async def test_a_number_that_does_not_fit_is_answered_with_one_that_does(town: Town) -> None:
    supervisor = await asked_how(town)
    await supervisor.says("每周1户")
    refusal = await supervisor.sees("这样排不完：12月28日（周一）任务就到期了")
    least = re.search(r"至少要 (\d+) 户", refusal.text)
    assert least
    assert await visits_by_state(town, "released") == []
    await supervisor.says(least[1])
    await supervisor.sees("下一批 12月7日（周一）")
    assert [draw.per_week for draw in await town.rows(select(Draw))] == [int(least[1])]
    await supervisor.says("0")
    await supervisor.sees("没看懂")


async def test_the_next_stage_can_come_earlier_and_opening_waits_for_the_last(town: Town) -> None:
    supervisor = await asked_how(town)
    await supervisor.presses("每人每周 5 户")
    await supervisor.sees("下一批 12月7日（周一）")
    for name in INSPECTORS:
        await told(town[name])
    waiting = await visits_by_state(town, "drawn")
    async with town.app.database.write() as session:
        draw = await session.get_one(Draw, 1)
        by = await session.get_one(Person, town.ids["赵主管"])
        with pytest.raises(Refusal, match=r"draws\.unreleased"):
            await draws.open_(session, draw, by, town.clock())
        with pytest.raises(Refusal, match=r"draws\.too_late_to_void"):
            await draws.void(session, draw, "试", by, town.clock())
    assert waiting[0].release_on == date(2026, 12, 7)
    await supervisor.presses("提前下达下一批")
    await supervisor.sees_toast(f"已下达 {len(waiting)} 户")
    await supervisor.sees("已下达", button="公开")
    await told(town[waiting[0].seats[0].person.name if waiting[0].seats[0].person else ""])
    await supervisor.presses("公开")
    await supervisor.sees("已公开")


async def test_what_nobody_released_is_released_before_the_draw_opens_by_itself(town: Town) -> None:
    await drawn(town, subjects=60)
    await ticks.open_draws(town.app.database, datetime(2027, 2, 10, 9, tzinfo=ZONE))
    assert [draw.state for draw in await town.rows(select(Draw))] == ["opened"]
    assert await visits_by_state(town, "drawn") == []
    assert len(await visits_by_state(town, "released")) == 12


async def test_a_seat_of_a_stage_to_come_is_refilled_in_silence(town: Town) -> None:
    await drawn(town, subjects=60)
    leaver = town["张伟"]
    async with town.app.database.write() as session:
        (await session.get_one(Person, town.ids["张伟"])).certificate_until = date(2026, 11, 1)
    await ticks.vacate_seats(town.app.database, town.clock())
    supervisor = town["赵主管"]
    await supervisor.sees("张伟 退出", button="查看")
    for name in INSPECTORS:
        await town[name].sees_nothing_new(for_=0.1)
    held = [seat for visit in await visits_by_state(town, "drawn") for seat in visit.seats]
    assert {seat.state for seat in held} == {"held"}
    assert {seat.person.name for seat in held if seat.person} == {"李娜", "王强"}
    await supervisor.says("/draws")
    await supervisor.sees("本单位的抽取")
    await supervisor.presses("第 1 号")
    await supervisor.sees("抽取完成", button="下达")
    await supervisor.presses("下达")
    await supervisor.sees("怎么下达")
    await supervisor.presses("一次全部")
    await supervisor.sees("已下达")
    assert [await told(town[name]) for name in ("李娜", "王强")] == [12, 12]
    await leaver.sees_nothing_new()


async def test_two_numbers_are_none_and_a_second_page_has_the_other_visits(town: Town) -> None:
    async with town.app.database.write() as session:
        (await session.get_one(Person, town.ids["王强"])).status = "leave"  # so that each of the others has all twelve
    supervisor = await asked_how(town)
    await supervisor.says("每周2-3户")
    await supervisor.sees("请写每人每周几户")
    assert await visits_by_state(town, "released") == []
    await supervisor.presses("一次全部")
    await supervisor.sees("已下达")
    inspector = town["张伟"]
    await inspector.sees("您被抽中检查 12 户")
    await inspector.says("/tasks")
    card = await inspector.sees("另有 4 户", button="下一页")
    await inspector.presses("下一页")
    other = await inspector.sees("您有 12 户待检查", button="上一页")
    first, second = (
        {button["text"] for row in one.keyboard for button in row if button["text"][0].isdecimal()}
        for one in (card, other)
    )
    assert (len(first), len(second), first & second) == (8, 4, set())
    assert {name.partition(".")[0] for name in second} == {"9", "10", "11", "12"}
    assert "另有" not in other.text
    await inspector.presses("12.")
    await inspector.sees("待检查", button="开始检查")


async def test_a_second_tap_makes_no_second_task_and_there_is_always_a_way_out(town: Town) -> None:
    async with town.app.database.write() as session:
        fire = await session.get_one(Person, town.ids["陈消防"])
        for number in range(12):
            one = Person(staff_no=f"3307009{number:02}", name=f"见证人{number}", organ_id=fire.organ_id,
                         area_code="330782", roles=("supervisor",))  # fmt: skip
            session.add(one)
            await session.flush()
            session.add(Chat(id=3000 + number, person_id=one.id, language="zh_CN", bound_at=town.clock()))
    supervisor = town["赵主管"]
    await supervisor.says("/plans")
    for label, then in (("新任务", "查什么"), ("餐饮服务食品安全抽查", "在哪里"), ("义乌市", "抽百分之几"),
                        ("20%", "多长时间")):  # fmt: skip
        await supervisor.presses(label, within=5)
        await supervisor.sees(then)
    await supervisor.presses("4 周")
    card = await supervisor.sees("约 60 户", button="确认")
    data = next(button["callback_data"] for row in card.keyboard for button in row if button["text"] == "确认")
    for _ in range(2):
        await supervisor.taps(card.id, data)
    await supervisor.sees("任务编号", button="承诺")
    await supervisor.settles()
    assert len(await town.rows(select(Task))) == 1
    await supervisor.presses("承诺")
    witnesses = await supervisor.sees("第一位见证人", button="取消")
    assert "周环保" in str(witnesses.keyboard)
    await supervisor.presses("取消")
    await supervisor.sees("任务编号", button="承诺")
