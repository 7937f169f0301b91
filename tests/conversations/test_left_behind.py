"""What cannot leave for long is said when it can, once, and holds up nobody else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update

from models.mail import Inbox
from simulator import Fault, Phone
from tests.conversations.conftest import Town
from tests.conversations.test_campaign import photo
from tests.conversations.test_faults import all_is_well_again, answers, in_a_shop, notice, promised, said, told, town
from tests.conversations.test_outside import line

pytestmark = pytest.mark.asyncio(loop_scope="module")
__all__ = ["all_is_well_again", "town"]


async def test_while_telegram_is_away_nothing_is_lost_and_all_of_it_comes_later(town: Town) -> None:
    inspector, supervisor = town["张伟"], town["赵主管"]
    visit = await in_a_shop(town, "张伟")
    await supervisor.settles()
    town.telegram.down()
    await inspector.says("1 不符合 冷藏超温")  # the phone keeps it until it has a line
    await inspector.sends_photo(photo("teal"))
    await promised(town, supervisor, "张伟", "away")
    await asyncio.sleep(1.5)
    assert await answers(town, visit) == {}
    assert (await notice(town, "away")).ended_at is None
    await supervisor.sees_nothing_new()
    town.telegram.down(False)
    town.clock.moves_to(town.clock() + timedelta(seconds=10))
    await inspector.sees("已收到，证据号")
    await supervisor.sees("张伟 换了账号绑定")
    assert await answers(town, visit) == {1: ("no", "冷藏超温", 1)}
    row = await told(town, "away")
    assert row.outcome == "sent"
    assert row.attempts > 0
    assert said(town, supervisor, "张伟 换了账号绑定") == 1


async def test_a_reply_that_cannot_leave_for_long_is_said_when_it_can(town: Town) -> None:
    inspector = town["李娜"]
    before = said(town, inspector, "怎么用")
    town.telegram.fail(Fault.drop_before(method="sendMessage", chat=inspector.user_id, times=None))
    sent = await inspector.says("/help")
    await asyncio.sleep(9)  # all attempts in a row have failed by now
    row = (await town.rows(select(Inbox).where(Inbox.update_id == sent)))[0]
    assert row.done_at is not None
    assert row.replies
    town.telegram.heal()
    town.clock.moves_to(town.clock() + timedelta(minutes=2))
    await inspector.sees("怎么用")
    await asyncio.sleep(1.2)
    assert said(town, inspector, "怎么用") == before + 1
    row = (await town.rows(select(Inbox).where(Inbox.update_id == sent)))[0]
    assert row.replies is None


async def left_to_say(town: Town, update_id: int, *replies: dict[str, Any]) -> None:
    """What a turn has said is still to be sent, as after a crash."""
    async with town.app.database.write() as session:
        row = update(Inbox).where(Inbox.update_id == update_id)
        await session.execute(row.values(replies=list(replies), retry_at=town.clock() - timedelta(minutes=1)))


async def until(town: Town, update_id: int, held: Callable[[Inbox], bool]) -> None:
    """Wait until something is so in the row of an update."""
    end = time.monotonic() + 60
    while not any(map(held, await town.rows(select(Inbox).where(Inbox.update_id == update_id)))):
        assert time.monotonic() < end
        await asyncio.sleep(0.1)


async def helped(phone: Phone) -> Any:
    """Something that somebody said, and that was answered; the last in its chat."""
    sent = await phone.says("/help")
    await phone.sees("怎么用")
    await phone.settles()
    return sent


async def test_what_has_left_is_not_said_again_while_what_follows_cannot_leave(town: Town) -> None:
    inspector = town["李娜"]
    sent = await helped(inspector)
    town.telegram.fail(Fault.drop_before(method="editMessageReplyMarkup", chat=inspector.user_id, times=None))
    last = {"do": "retire", "message": inspector.messages[-1].id}
    await left_to_say(town, sent, line("先说的一句"), last)
    await inspector.sees("先说的一句")
    await until(town, sent, lambda row: row.replies == [last])
    town.telegram.heal()
    town.clock.moves_to(town.clock() + timedelta(minutes=2))
    await until(town, sent, lambda row: row.replies is None)
    assert said(town, inspector, "先说的一句") == 1


async def test_a_reply_that_can_never_be_made_holds_up_nobody(town: Town) -> None:
    first, second = town["张伟"], town["李娜"]
    broken, good = await helped(first), await helped(second)
    await left_to_say(town, broken, {**line("做不出来的"), "rows": [["不成对"]]})
    await left_to_say(town, good, line("排在后面的"))
    await second.sees("排在后面的")
    await until(town, broken, lambda row: row.replies is None)


async def test_whoever_telegram_makes_wait_for_minutes_keeps_no_worker_from_others(town: Town) -> None:
    inspector = town["张伟"]
    town.telegram.fail(Fault.too_many(retry_after=300, method="sendMessage", chat=inspector.user_id))
    sent = await inspector.says("/help")
    soon = timedelta(seconds=20)
    await until(town, sent, lambda row: bool(row.replies) and row.retry_at > town.clock() + soon)
    town.clock.moves_to(town.clock() + timedelta(minutes=2))
    await inspector.sees("怎么用")


async def test_what_was_left_behind_is_found_without_looking_through_all_that_was_ever_said(town: Town) -> None:
    inspector = town["王强"]
    sent = await helped(inspector)
    asked: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if "max(inbox.update_id)" in statement:
            asked.append((statement, parameters))

    engine = town.app.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    await left_to_say(town, sent, line("落下的一句"))
    await inspector.sees("落下的一句")
    event.remove(engine, "before_cursor_execute", note)
    async with town.app.database.read() as session:
        connection = await session.connection()
        plan = list(await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[0][0]}", asked[0][1]))
    assert any("USING INTEGER PRIMARY KEY (rowid>?)" in row[-1] for row in plan), plan
