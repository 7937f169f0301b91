"""Somebody is suspended and may do nothing until it is lifted; wrong invitations are not tried for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from actions.people import TRIES, TRIES_WITHIN, WRONG
from jobs import ticks
from models.changes import changes_of
from models.journal import JournalEntry
from models.people import Chat, Invitation, Person
from models.visits import SeatRefusal
from tests.conversations.conftest import Town
from tests.conversations.test_campaign import released, the_visit
from tests.conversations.test_leave import hat

pytestmark = pytest.mark.usefixtures("either")


async def number_of(town: Town, name: str) -> str:
    found: Person = (await town.rows(select(Person).where(Person.id == town.ids[name])))[0]
    return found.staff_no


async def entries(town: Town, *verbs: str) -> list[tuple[str, str]]:
    rows = await town.rows(select(JournalEntry).where(JournalEntry.verb.in_(verbs)).order_by(JournalEntry.id))
    return [(row.verb, row.why) for row in rows]


async def test_who_is_suspended_may_do_nothing_from_the_next_tap_on_until_it_is_lifted(town: Town) -> None:
    await released(town)
    _, first, second = await the_visit(town)
    supervisor, everybody = town["赵主管"], await hat(town)
    await first.says("/start")
    await first.sees("待检查", button="一分钟上手")
    number = await number_of(town, first.name)

    await supervisor.says("/suspend")
    await supervisor.sees("现在没有人停职")
    await supervisor.says(f"/suspend {number} 手机丢了")
    await supervisor.sees(f"要停 {first.name}")
    await supervisor.presses("⛔ 确认停职")
    await supervisor.sees("已停职。", button="✅ 恢复")
    await first.says("/tasks")
    await first.sees("您已被停职")
    await first.presses("一分钟上手")
    await first.sees_toast("您已被停职")
    await first.says("/start")
    await first.sees("您已被停职")
    assert await hat(town) == everybody - {first.name}
    await ticks.vacate_seats(town.app.database, town.clock())
    assert {one.person_id for one in await town.rows(select(SeatRefusal))} == {town.ids[first.name]}
    await town["管理员小周"].says(f"/invite {number}")
    await town["管理员小周"].sees("已停职或离岗")
    await supervisor.says(f"/leave {number} 3天")
    await supervisor.sees("已停职或离岗")

    await supervisor.says("/suspend")
    await supervisor.sees("停职的有 1 人", button=first.name)
    await supervisor.presses(first.name)
    await supervisor.presses("✅ 恢复", within=5)
    await supervisor.sees("为什么恢复")
    await supervisor.says("手机找到了")
    await supervisor.sees("没有停职")
    assert await hat(town) == everybody
    await first.says("/start")
    await first.sees(f"{first.name} ·")
    assert await entries(town, "suspend", "lift") == [("suspend", "手机丢了"), ("lift", "手机找到了")]
    async with town.app.database.read() as session:
        changes = await changes_of(session, "person", town.ids[first.name])
    assert [(one.before, one.after) for one in changes] in (
        [({"status": "active"}, {"status": "suspended"}), ({"status": "suspended"}, {"status": "active"})],
        [({"status": "suspended"}, {"status": "active"}), ({"status": "active"}, {"status": "suspended"})],
    )
    assert second.name in everybody


async def test_whom_one_may_not_suspend_and_a_reason_is_needed(town: Town) -> None:
    supervisor, administrator = town["赵主管"], town["管理员小周"]
    for name in ("赵主管", "管理员小周", "陈消防"):  # oneself, an administrator, somebody of another organ
        await supervisor.says(f"/suspend {await number_of(town, name)} 试试")
        await supervisor.sees("您不能停")
    await town["张伟"].says(f"/suspend {await number_of(town, '李娜')} 试试")
    await town["张伟"].sees("这要主管来办")
    await administrator.says(f"/suspend {await number_of(town, '赵主管')}")
    await administrator.presses("⛔ 停职", within=5)
    await administrator.sees("为什么停")
    await administrator.says("配合调查")
    await administrator.sees("原因：配合调查")
    assert await entries(town, "suspend") == []
    await administrator.presses("⛔ 确认停职")
    await administrator.sees("已停职。")
    await supervisor.says("/review")
    await supervisor.sees("您已被停职")
    assert await entries(town, "suspend") == [("suspend", "配合调查")]


async def test_wrong_invitations_are_refused_for_a_while_and_then_a_right_one_works(town: Town) -> None:
    administrator, stranger = town["管理员小周"], town.telegram.phone("新手机", user_id=5001)
    await administrator.says(f"/invite {await number_of(town, '张伟')}")
    link = (await administrator.sees("绑定邀请")).text
    token = link.rpartition("start=")[2].split()[0]
    for number in range(TRIES):
        await stranger.says(f"/start wrong-{number}")
        await stranger.sees("这个邀请链接不对")
    for tried in ("wrong-again", token):
        await stranger.says(f"/start {tried}")
        await stranger.sees(f"请过 {TRIES_WITHIN.seconds // 60} 分钟")
    assert [verb for verb, _ in await entries(town, WRONG)] == [WRONG] * TRIES  # no more, however often it is tried
    assert [one.used_at for one in await town.rows(select(Invitation).order_by(Invitation.id.desc()).limit(1))] == [
        None
    ]
    other = town.telegram.phone("另一部", user_id=5002)
    await other.says(f"/start {token}")
    await other.sees("是您本人吗")  # others are not kept waiting
    town.clock.moves_to(town.clock() + TRIES_WITHIN + timedelta(seconds=1))
    await stranger.says(f"/start {token}")
    await stranger.sees("是您本人吗")
    await stranger.presses("是我，绑定")
    await stranger.sees("已绑定")
    assert (await town.rows(select(Chat).where(Chat.id == 5001)))[0].person_id == town.ids["张伟"]
