"""A subject that drops out: the next reserve of its stratum comes, as anybody can recompute from what is published."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from actions import pools
from jobs import ticks
from models.draws import Draw
from models.subjects import Subject
from models.visits import Visit
from simulator import Phone
from tests.conversations.conftest import ZONE, Town
from tests.conversations.record import rechecked
from tests.conversations.test_campaign import drawn, released, the_visit
from tests.conversations.test_vacant_seats import draw_opened

pytestmark = pytest.mark.usefixtures("either")


async def reserves(town: Town) -> list[tuple[str, int]]:
    """The replacements of the only stratum in the order of the certificate, as it names them and as we do."""
    draw = (await town.rows(select(Draw)))[0]
    assert draw.certificate
    subjects = {
        pools.public_subject(draw.pool_key, one.id, one.code): one.id for one in await town.rows(select(Subject))
    }
    return [(name, subjects[name]) for name in json.loads(draw.certificate)["reserves"][0]["ids"]]


async def changed(town: Town, *subjects: int, **values: Any) -> None:
    """The directory says something else about subjects now, as after an import."""
    async with town.app.database.write() as session:
        await session.execute(update(Subject).where(Subject.id.in_(subjects)).values(**values))


async def dropped(town: Town, visit: Visit, then: str) -> Phone:
    supervisor = town["赵主管"]
    await supervisor.presses("检查对象")
    await supervisor.sees("检查对象", button=visit.subject.name)
    await supervisor.presses(visit.subject.name)
    await supervisor.sees(visit.subject.name, button="换备选")
    await supervisor.presses("换备选")
    await supervisor.sees("会记入抽取公开记录")
    await supervisor.says("已搬走，原址拆迁")
    await supervisor.sees(then)
    return supervisor


async def test_the_next_reserve_that_is_still_there_comes(town: Town) -> None:
    await released(town)
    visit, first, second = await the_visit(town)
    (gone, dead), (next_one, alive), _ = await reserves(town)
    await changed(town, dead, status="cancelled")
    supervisor = await dropped(town, visit, "已换户")
    new = (await town.rows(select(Visit).where(Visit.replaces == visit.id)))[0]
    assert (new.subject_id, new.state, new.due) == (alive, "released", visit.due)
    assert len({seat.person_id for seat in new.seats}) == 2
    for phone in (first, second):
        await phone.sees(f"{visit.subject.name} 不用去了：已搬走，原址拆迁")
    for seat in new.seats:
        assert seat.person
        await town[seat.person.name].sees("您被抽中检查 1 户", button="逐户查看")
    await first.says("/tasks")
    listed = await first.sees("")
    assert visit.subject.name not in listed.text
    await supervisor.presses("看新对象")
    await supervisor.sees(new.subject.name, button="换备选")
    await draw_opened(town)
    told = await rechecked(town)
    assert [title for title, _ in told] == ["检查对象退出，由同层备选顺位补上", "公开"]
    entry = told[0][1]
    assert (entry["skipped"], entry["replacement"]) == ([{"subject": gone, "reason": "dead"}], next_one)
    assert entry["reason"] == "已搬走，原址拆迁"


async def test_without_a_reserve_the_visit_is_off_all_the_same(town: Town) -> None:
    await released(town)
    visit, first, _ = await the_visit(town)
    await changed(town, *(subject for _, subject in await reserves(town)), flags=("hold",))
    supervisor = await dropped(town, visit, "备选用完了")
    await first.sees("不用去了")
    await supervisor.presses("检查对象")
    await supervisor.sees("检查对象", button="已换户")
    assert [one.state for one in await town.rows(select(Visit).order_by(Visit.position))] == ["dropped", "released"]
    await draw_opened(town)
    title, entry = (await rechecked(town))[0]
    assert title == "检查对象退出，同层备选已用完"
    assert [one["reason"] for one in entry["skipped"]] == ["hold"] * 3


async def test_before_the_release_nobody_is_told_and_the_reserve_waits_with_the_others(town: Town) -> None:
    await drawn(town)
    visit, first, second = await the_visit(town)
    await dropped(town, visit, "已换户")
    new = (await town.rows(select(Visit).where(Visit.replaces == visit.id)))[0]
    assert (new.state, {seat.state for seat in new.seats}) == ("drawn", {"held"})
    for phone in (first, second):
        await phone.sees_nothing_new()


async def test_a_replacement_is_replaced_and_refills_go_on(town: Town) -> None:
    await released(town)
    visit, _, _ = await the_visit(town)
    supervisor = await dropped(town, visit, "已换户")
    new = (await town.rows(select(Visit).where(Visit.replaces == visit.id)))[0]
    leaver = new.seats[0].person
    assert leaver
    phone = town[leaver.name]
    await phone.says("/tasks")
    await phone.sees("待检查", button=new.subject.name)
    await phone.presses(new.subject.name)
    await phone.sees(new.subject.name, button="请假")
    await phone.presses("请假")
    await phone.sees("为什么去不了")
    await phone.says("出差")
    await phone.sees("按抽取顺序补位")
    await supervisor.says("/draws")
    await supervisor.sees("本单位的抽取")
    await supervisor.presses("第 1 号")
    await supervisor.sees("已下达", button="检查对象")
    await dropped(town, new, "已换户")
    await draw_opened(town)
    assert [content["kind"] for _, content in await rechecked(town)] == ["replaced", "leave", "replaced", "opened"]
    last = (await town.rows(select(Visit).where(Visit.replaces == new.id)))[0]
    assert [new.public_id, last.public_id] == [name for name, _ in (await reserves(town))[:2]]


async def test_a_visit_that_has_begun_is_not_changed_any_more(town: Town) -> None:
    await released(town)
    visit, first, _ = await the_visit(town)
    supervisor = town["赵主管"]
    await supervisor.presses("检查对象")
    await supervisor.sees("检查对象")
    await supervisor.presses(visit.subject.name)
    await supervisor.sees(visit.subject.name, button="换备选")
    await supervisor.presses("换备选")
    await supervisor.sees("会记入抽取公开记录")
    await first.presses("逐户查看")
    await first.sees("待检查", button=visit.subject.name)
    await first.presses(visit.subject.name)
    await first.sees(visit.subject.name, button="开始检查")
    await first.presses("开始检查")
    await first.sees("到了请点")
    await first.presses("我已到场")
    await first.sees("1/5")
    await supervisor.says("已注销")
    await supervisor.sees("检查已经开始，不能换户了")
    assert {one.state for one in await town.rows(select(Visit).where(Visit.id == visit.id))} == {"started"}


async def test_the_supervisor_hears_once_a_day_of_subjects_that_closed(town: Town) -> None:
    await released(town)
    visit, _, _ = await the_visit(town)
    await changed(town, visit.subject_id, status="cancelled")
    supervisor = town["赵主管"]
    for day, hour in ((1, 7), (1, 8), (1, 12), (2, 9)):
        town.clock.moves_to(datetime(2026, 12, day, hour, 30, tzinfo=ZONE))
        await ticks.doubtful_subjects(town.app.database, town.clock())
        if hour in (7, 12):
            await supervisor.sees_nothing_new()
        else:
            await supervisor.sees(f"{visit.subject.name}：已注销", button=visit.subject.name)
    await supervisor.presses(visit.subject.name)
    await supervisor.sees(visit.subject.name, button="换备选")


async def test_what_is_typed_after_going_back_answers_no_question(town: Town) -> None:
    await drawn(town)
    supervisor = town["赵主管"]
    for leave in ("返回", "/start"):
        await supervisor.says("/draws")
        await supervisor.sees("本单位的抽取", button="第 1 号")
        await supervisor.presses("第 1 号")
        await supervisor.sees("抽取完成", button="作废")
        await supervisor.presses("作废")
        await supervisor.sees("写一句原因")
        await (supervisor.presses(leave) if leave == "返回" else supervisor.says("/tasks"))
        await supervisor.settles()
        await supervisor.says("好的，知道了")
        await supervisor.sees("没看懂这条消息")
    assert [one.state for one in await town.rows(select(Draw))] == ["sealed"]
    await supervisor.says("/draws")
    await supervisor.presses("第 1 号", within=5)
    await supervisor.presses("下达", within=5)
    await supervisor.sees("怎么下达", button="一次全部")
    await supervisor.presses("一次全部")
    await supervisor.sees("已下达", button="检查对象")
    visit, _, _ = await the_visit(town)
    await supervisor.presses("检查对象")
    await supervisor.sees("检查对象", button=visit.subject.name)
    await supervisor.presses(visit.subject.name)
    await supervisor.sees(visit.subject.name, button="换备选")
    await supervisor.presses("换备选")
    await supervisor.sees("会记入抽取公开记录", button="返回")
    await supervisor.presses("返回")
    await supervisor.sees(visit.subject.name, button="换备选")
    await supervisor.says("好的")
    await supervisor.sees("没看懂这条消息")
    assert {one.state for one in await town.rows(select(Visit))} == {"released"}
