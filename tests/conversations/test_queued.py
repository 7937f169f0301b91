"""A phone without signal queues words and photos: in whatever order, however often they come, the record is one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from itertools import permutations

import pytest
from sqlalchemy import delete, select

from models.items import Checklist, Point
from models.mail import Inbox
from models.people import Chat
from models.visits import Answer, Evidence, Seat, Visit
from simulator import Phone
from tests.conversations.conftest import Town
from tests.conversations.test_campaign import at_the_checklist, opened, photo, released, the_visit

pytestmark = pytest.mark.usefixtures("either")

Record = list[tuple[int, str, str, int]]


async def record(town: Town, visit: Visit) -> Record:
    """Point, value, words and number of photos."""
    answers = await town.rows(select(Answer).where(Answer.visit_id == visit.id))
    photos = [one.point_id for one in await town.rows(select(Evidence).where(Evidence.visit_id == visit.id))]
    return sorted((one.point.number, one.value, one.note, photos.count(one.point_id)) for one in answers)


async def handled(town: Town, phone: Phone) -> None:
    """Everything that this phone sent is taken and handled."""
    await phone.settles(quiet=0.02)
    while await town.rows(select(Inbox).where(Inbox.done_at.is_(None))):  # noqa: ASYNC110 (another engine's rows)
        await asyncio.sleep(0.02)


async def forgotten(town: Town, visit: Visit) -> None:
    """As if nothing had been said yet."""
    async with town.app.database.write() as session:
        await session.execute(delete(Evidence).where(Evidence.visit_id == visit.id))
        await session.execute(delete(Answer).where(Answer.visit_id == visit.id))
        for chat in await session.scalars(select(Chat)):
            if chat.awaiting:
                chat.awaiting = {"what": "visit", "visit": visit.id}


async def test_any_order_and_twice_is_the_same_record(town: Town) -> None:
    visit, first, _ = await at_the_checklist(town)
    acts: tuple[Callable[[Phone], Awaitable[object]], ...] = (
        lambda phone: phone.says("1-5 符合"),
        lambda phone: phone.says("3 不符合 许可证过期"),
        lambda phone: phone.sends_photo(photo(), caption="3 许可证过期"),
        lambda phone: phone.sends_photo(photo("blue"), caption="第4项：灭火器过期"),
    )
    expected: Record = [
        (1, "yes", "", 0),
        (2, "yes", "", 0),
        (3, "no", "许可证过期", 1),
        (4, "no", "灭火器过期", 1),
        (5, "yes", "", 0),
    ]
    every = list(permutations(acts))
    for order in every if os.environ.get("ALL_TESTS") else every[::5]:  # a fifth, or all on a patient machine
        for act in (*order, order[0], order[-1]):  # two of them arrive twice
            await act(first)
        await handled(town, first)
        assert await record(town, visit) == expected
        await forgotten(town, visit)


async def test_a_whole_visit_is_typed_without_a_tap(town: Town) -> None:
    await released(town)
    visit, first, second = await the_visit(town)
    async with town.app.database.write() as session:
        (await session.scalars(select(Checklist))).one().materials = ["营业执照", "健康证"]
    await opened(first, visit)
    for words in ("开始", "到场", "1-3 符合", "上一项", "材料 全部", "材料 缺 健康证", "全部符合", "陈述 没有意见"):
        await first.says(words)
    await first.sees("陈述申辩：没有意见")
    await first.says("结果 2")
    await first.sees("与这个结果不一致")
    await first.says("结果 未发现问题")
    await first.says("方式 实地")
    await first.sees("方式：实地核查")
    await first.says("保存")
    await first.sees("已保存，5/5")
    await first.says("返回")
    await first.says("提交")
    await first.sees("您已签名")
    await second.says("/tasks")
    await second.presses(visit.subject.name, within=60)
    await second.sees("检查中", button="我已到场")
    await second.says("到场")
    await second.says("确认")
    await second.sees("已提交")
    (kept,) = await town.rows(select(Visit).where(Visit.id == visit.id))
    assert (kept.state, kept.result, kept.statement) == ("submitted", "clean", "没有意见")
    assert kept.materials == {"营业执照": "seen", "健康证": "missing"}
    await first.says("提交")  # once more, late
    await first.sees("现在不能这样办")


async def test_what_comes_before_the_arrival_is_not_lost_silently(town: Town) -> None:
    await released(town)
    visit, first, _ = await the_visit(town)
    await opened(first, visit)
    await first.says("1-5 符合")
    await first.sees("还没到场，没有记下")
    assert await record(town, visit) == []


async def test_thirty_points_take_six_taps_and_a_failed_one_two_messages_more(town: Town) -> None:
    await released(town)
    visit, first, second = await the_visit(town)
    async with town.app.database.write() as session:
        checklist = (await session.scalars(select(Checklist))).one()
        checklist.points += [Point(number=number, text=f"第 {number} 个要点") for number in range(6, 31)]
    await opened(first, visit)
    taps = 1  # the card was opened
    for label, then in (
        ("开始检查", "到了请点"),
        ("我已到场", "1/30"),
        ("余下全部符合", "未发现问题"),
        ("签名提交", "您已签名"),
    ):
        await first.presses(label)
        await first.sees(then)
        taps += 1
    await second.presses("确认签名", within=60)
    await second.sees("已提交")
    assert taps + 1 == 6
    seats = await town.rows(select(Seat).where(Seat.visit_id == visit.id))
    assert all(seat.arrived_at and seat.signed_at for seat in seats)
    await released_again(town)


async def released_again(town: Town) -> None:
    """The next visit: a photo whose caption says all is one message for one failed point."""
    visit = (await town.rows(select(Visit).where(Visit.state == "released").order_by(Visit.position)))[0]
    phone = town[next(seat.person.name for seat in visit.seats if seat.person)]
    await phone.says("/tasks")
    await phone.presses(visit.subject.name, within=60)
    await phone.says("到场")
    await phone.sees("1/30")
    await phone.sends_photo(photo(), caption="17 不符合 灭火器过期")
    await phone.sees("已收到")
    await phone.says("全部符合")
    page = await phone.sees("查完了")
    assert "不符合 1" in page.text
    assert "第 17 项" not in page.text
