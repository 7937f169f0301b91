"""One says one thing to many: whom, a look at it, how many, yes; stopped half-way; and who has read it."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from models.announcements import Announcement, Reader
from models.journal import JournalEntry
from models.mail import Outbox
from models.people import Person
from tests.conversations.conftest import Town


@pytest.mark.usefixtures("either")
async def test_inspectors_of_food_get_it_once_and_say_that_they_read_it(town: Town) -> None:
    async with town.app.database.write() as session:
        food = Person.name.in_(("张伟", "李娜"))
        await session.execute(update(Person).where(food).values(specialties=("食品",)))
    supervisor = town["赵主管"]
    await supervisor.says("/announce")
    await supervisor.sees("义乌市 · 市场监管 · 执法人员", button="写内容")
    await supervisor.presses("专业")
    await supervisor.sees("选专业", button="食品")
    await supervisor.presses("食品")
    await supervisor.sees("共 2 人，2 人能收到")
    await supervisor.presses("写内容")
    await supervisor.sees("请把通知内容发给我")
    await supervisor.says("x" * 1501)
    await supervisor.sees("太长了：1501 字，最多 1500 字")
    await supervisor.says("周五 <b>9:00</b> 培训")
    await supervisor.sees("📣 义乌市市场监督管理局 · 赵主管\n周五 <b>9:00</b> 培训")  # as people will see it
    await supervisor.sees("发给", button="发送给 2 人")
    assert not await town.rows(select(Outbox).where(Outbox.kind == "announcement"))
    await supervisor.presses("发送给 2 人")
    await supervisor.sees("已发出", button="谁没读")
    for name in ("张伟", "李娜"):
        await town[name].sees("周五 <b>9:00</b> 培训", button="收到")
    await town["王强"].sees_nothing_new()
    await town["张伟"].presses("收到")
    await town["张伟"].sees("已收到")
    await supervisor.presses("刷新")
    await supervisor.sees("送达 2/2 · 已读 1")
    await supervisor.presses("谁没读")
    assert "李娜" in (await supervisor.sees("还没点")).text
    readers = await town.rows(select(Reader).where(Reader.read_at.is_not(None)))
    assert [one.person_id for one in readers] == [town.ids["张伟"]]
    entry = (await town.rows(select(JournalEntry).where(JournalEntry.noun == "announcement")))[0]
    assert entry.verb == "send"
    assert entry.after["people"] == 2


async def test_what_has_not_left_is_stopped_and_a_second_tap_sends_nothing(town: Town) -> None:
    supervisor = town["赵主管"]
    town.clock.moves_to(town.clock().replace(hour=23))  # at night it waits for the morning
    await supervisor.says("/announce")
    await supervisor.sees("3 人能收到", button="写内容")
    await supervisor.presses("写内容")
    await supervisor.sees("请把")
    await supervisor.says("明早开会")
    await supervisor.sees("发给", button="发送给 3 人")
    await supervisor.presses("发送给 3 人")
    await supervisor.sees("送达 0/3", button="停发")
    await supervisor.presses("停发")
    await supervisor.sees("已停发")
    town.clock.moves_to(town.clock().replace(day=1, month=12, hour=9))
    for name in ("张伟", "李娜", "王强"):
        await town[name].sees_nothing_new()
    kept = await town.rows(select(Outbox).where(Outbox.kind == "announcement"))
    assert {one.outcome for one in kept} == {"dropped"}
    await supervisor.presses("再发一条")
    await supervisor.sees("还没写内容")
    assert [one.state for one in await town.rows(select(Announcement).order_by(Announcement.id))] == [
        "stopped",
        "draft",
    ]


async def test_a_stop_that_comes_too_late_says_so(town: Town) -> None:
    supervisor = town["赵主管"]
    await supervisor.says("/announce")
    await supervisor.sees("3 人能收到", button="写内容")
    await supervisor.presses("写内容")
    await supervisor.sees("请把")
    await supervisor.says("下午开会")
    await supervisor.sees("发给", button="发送给 3 人")
    await supervisor.presses("发送给 3 人")
    await supervisor.sees("送达", button="停发")
    for name in ("张伟", "李娜", "王强"):
        await town[name].sees("下午开会")
    await supervisor.presses("停发")
    await supervisor.sees_toast("都已经发出去了")


async def test_only_who_may_can_announce_and_nobody_sends_anothers(town: Town) -> None:
    await town["张伟"].says("/announce")
    await town["张伟"].sees("才能发通知")
    await town["管理员小周"].says("/announce")
    await town["管理员小周"].sees("全部部门", button="部门")
    await town["管理员小周"].presses("角色")
    await town["管理员小周"].sees("选角色", button="联络员")
    await town["管理员小周"].presses("联络员")
    await town["管理员小周"].sees("共 2 人，2 人能收到")
