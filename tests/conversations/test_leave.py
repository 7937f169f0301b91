"""Somebody goes on leave and comes back by themselves, said in the chat; meanwhile no draw and no seat finds them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from actions import pools, seats
from jobs import ticks
from models.changes import changes_of
from models.journal import JournalEntry
from models.people import Chat, Person
from models.plans import Task
from models.visits import SeatRefusal, Visit
from rules.refusal import Refusal
from tests.conversations.conftest import ZONE, Town
from tests.conversations.test_campaign import released, the_visit

pytestmark = pytest.mark.usefixtures("either")


async def hat(town: Town) -> set[str]:
    """Whom a draw would find in the hat now."""
    async with town.app.database.read() as session:
        task = (await session.scalars(select(Task))).first()
        assert task
        return {one.name for one in await pools.inspectors(session, task, town.clock().date())}


async def person(town: Town, name: str) -> Person:
    found: Person = (await town.rows(select(Person).where(Person.id == town.ids[name])))[0]
    return found


async def test_on_leave_until_a_day_and_back_without_anybodys_act(town: Town) -> None:
    await released(town)
    _, first, second = await the_visit(town)
    everybody = await hat(town)
    assert first.name in everybody
    await first.says("/leave")
    await first.sees(f"{first.name}：在岗", button="返回")
    await first.says("12月1日至12月3日")
    told = await first.sees("2026年12月1日至2026年12月3日休假，对吗？", button="取消")
    assert "没开始的" in told.text
    await first.presses("确认")
    await first.sees("休假已登记", button="已返岗")
    await town["赵主管"].sees(f"🏖 {first.name}：在岗，2026年12月1日至2026年12月3日休假")
    assert await hat(town) == everybody  # it has not begun
    await ticks.vacate_seats(town.app.database, town.clock())
    assert await town.rows(select(SeatRefusal)) == []

    town.clock.moves_to(datetime(2026, 12, 1, 8, 0, tzinfo=ZONE))
    assert await hat(town) == everybody - {first.name}
    await ticks.vacate_seats(town.app.database, town.clock())
    await first.sees("您已不在岗")
    assert {one.person_id for one in await town.rows(select(SeatRefusal))} == {town.ids[first.name]}
    await first.says("/start")
    await first.sees("🏖 休假到 12月3日")
    town.clock.moves_to(datetime(2026, 12, 3, 23, 0, tzinfo=ZONE))
    assert first.name not in await hat(town)
    town.clock.moves_to(datetime(2026, 12, 4, 8, 0, tzinfo=ZONE))
    assert await hat(town) == everybody
    await first.says("/leave")
    await first.sees(f"{first.name}：在岗", button="返回")

    entry = (await town.rows(select(JournalEntry).where(JournalEntry.verb == "take_leave")))[0]
    assert (entry.person_id, entry.noun_id) == (town.ids[first.name], town.ids[first.name])
    assert (entry.before["leave_from"], entry.after) == (
        None,
        {"leave_from": "2026-12-01", "leave_until": "2026-12-03"},
    )
    async with town.app.database.read() as session:
        change = (await changes_of(session, "person", town.ids[first.name]))[0]
        assert (change.source, change.by_id, change.after["leave_until"]) == ("chat", entry.person_id, "2026-12-03")
    await second.sees("退出")


async def test_a_supervisor_enters_it_for_a_colleague_in_english_and_ends_it(town: Town) -> None:
    async with town.app.database.write() as session:
        await session.execute(update(Chat).where(Chat.person_id == town.ids["赵主管"]).values(language="en"))
        await session.execute(update(Person).where(Person.id == town.ids["李娜"]).values(status="leave"))
    supervisor, who = town["赵主管"], town["张伟"]
    await supervisor.says("/leave")
    await supervisor.sees("1 on leave in this department")
    await supervisor.says("/leave 330700021 from 2026-11-30")
    await supervisor.sees("张伟 on leave from 30 Nov 2026 on, is that right?", button="Confirm")
    await supervisor.says("Confirm")  # the same as the button
    await supervisor.sees("张伟: on leave, until further notice", button="Back at work")
    await who.sees("您的休假有变动：休假中，返岗日期未定")
    town.clock.moves_to(town.clock() + timedelta(days=400))
    assert not (await person(town, "张伟")).there(town.clock().date())
    await supervisor.presses("Back at work")
    await supervisor.sees("张伟: at work")
    assert (await person(town, "张伟")).there(town.clock().date())
    await supervisor.says("/leave 330700022 back")  # whom a table had put on leave without an end
    await supervisor.sees("李娜: at work")
    assert (await person(town, "李娜")).status == "active"
    await supervisor.says("/leave 330700022 back")
    await supervisor.sees("李娜 is not on leave")


async def test_only_ones_own_people_and_only_days_that_are_some(town: Town) -> None:
    inspector, supervisor, administrator = town["张伟"], town["赵主管"], town["管理员小周"]
    await inspector.says("/leave 330700022 3天")
    await inspector.sees("李娜 不是本单位的")
    await supervisor.says("/leave 330700031 3天")
    await supervisor.sees("陈消防 不是本单位的")
    await administrator.says("/leave 330700031 3天")
    await administrator.sees("陈消防 2026年11月30日至2026年12月2日休假", button="确认")
    await administrator.presses("取消")
    await administrator.sees("管理员小周：在岗")
    await administrator.presses_old("确认")
    assert (await person(town, "陈消防")).leave_from is None
    await inspector.says("/leave 病假")
    await inspector.sees("看不懂这几天")
    await inspector.says("/leave 999 3天")
    await inspector.sees("没有工号 999")
    await inspector.says("/leave 2026-11-01至2026-11-05")
    await inspector.sees("最后一天不能早于今天")
    assert (await person(town, "张伟")).leave_until is None


async def test_nobody_is_appointed_while_on_leave(town: Town) -> None:
    await released(town)
    visit, first, second = await the_visit(town)
    third = next(town[name] for name in ("张伟", "李娜", "王强") if town[name] not in (first, second))
    now = town.clock()
    async with town.app.database.write() as session:
        held = await session.get_one(Visit, visit.id)
        seat = held.seats[0]
        seat.person_id, seat.person, seat.state = None, None, "open"
        one = await session.get_one(Person, town.ids[third.name])
        one.leave_until = date(2026, 12, 2)  # it began some day
        await session.flush()
        assert third.name not in {who.name for who in await seats.candidates(session, held, seat, 9, now.date())}
        with pytest.raises(Refusal, match="on_leave"):
            await seats.appoint(session, held, seat, one, one, now)
        back = now + timedelta(days=3)
        assert third.name in {who.name for who in await seats.candidates(session, held, seat, 9, back.date())}
        await session.rollback()


async def test_what_is_entered_asks_for_no_more_days(town: Town) -> None:
    who = town["张伟"]
    await who.says("/leave 3天")
    await who.sees("休假，对吗", button="确认")
    await who.presses("确认")
    assert "哪天到哪天" not in (await who.sees("休假已登记", button="已返岗")).text
    await who.presses("已返岗")
    assert "哪天到哪天" not in (await who.sees("重新参加抽取", button="返回")).text
    await who.says("/leave")
    await who.sees("哪天到哪天")
    await who.says("3天")
    await who.sees("休假，对吗", button="取消")
    await who.presses("取消")
    assert "哪天到哪天" not in (await who.sees("张伟：在岗")).text


@pytest.mark.parametrize(("command", "then"), [("/help", "怎么用"), ("/plans", "年度计划"), ("/lang", "哪种语言")])
async def test_another_command_gives_up_the_days_that_were_asked_for(town: Town, command: str, then: str) -> None:
    phone = town["张伟"]
    await phone.says("/leave")
    await phone.sees("哪天到哪天休假")
    await phone.says(command)
    await phone.sees(then)
    await phone.says("3天")
    await phone.sees("没看懂")
