"""Telegram refuses, breaks off, repeats, mixes up or goes away: what people see then, and what is kept."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import sys
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import structlog
from pydantic import SecretStr
from sqlalchemy import event, func, select, update

import bot.app
from actions.notify import notify
from bot.logs import scrub, set_up
from bot.settings import Settings
from models.mail import Inbox, Outbox
from models.people import Chat
from models.visits import Answer, Evidence, Seat, Visit
from simulator import Fault, Phone
from tests.conversations.conftest import MONDAY, Clock, Town, free_port, town_running
from tests.conversations.test_campaign import photo
from tests.e2e.town import TOKEN, released_town

pytestmark = pytest.mark.asyncio(loop_scope="module")

APOLOGY = "系统出了点问题"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """One town for all of these tests, with visits for each; it looks for what was not said every second."""
    folder = tmp_path_factory.mktemp("faults")
    settings = Settings(bot_token="123456:TEST", data_dir=folder, port=free_port())  # type: ignore[arg-type]

    async def prepare(session: Any, now: Any) -> dict[str, int]:
        return await released_town(session, now, subjects=60)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bot.app, "CATCH_UP_EVERY", 1.0)
        async with town_running(settings, Clock(MONDAY), prepare) as found:
            for name in ("张伟", "李娜", "王强"):
                await found[name].sees("您被抽中检查")
            yield found


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def all_is_well_again(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """After each test Telegram is healed, and nothing is left that nobody handled or that failed."""
    yield
    if "town" in request.fixturenames:
        town: Town = request.getfixturevalue("town")
        town.telegram.heal()
        await asyncio.gather(*(phone.settles(quiet=0.05) for phone in town.phones.values()))
        for phone in town.phones.values():
            phone.reads_all()
            assert APOLOGY not in phone.transcript()
        assert not await town.rows(select(Inbox).where(Inbox.done_at.is_(None) | (Inbox.error != "")))


def said(town: Town, phone: Phone, text: str) -> int:
    """How many messages with a text Telegram has taken for somebody: also those of which we did not hear."""
    return sum(
        call.method in ("sendMessage", "sendPhoto")
        and bool(call.result)
        and int(call.params["chat_id"]) == phone.user_id
        and text in str(call.params.get("text", ""))
        for call in town.telegram.calls
    )


async def promised(town: Town, phone: Phone, about: str, key: str) -> None:
    """A notice to somebody: `about` has bound another chat."""
    async with town.app.database.write() as session:
        person, who = town.ids[phone.name], town.ids[about]
        assert await notify(session, person, "people.new_device", key, town.clock(), urgent=True, who=who)


async def notice(town: Town, key: str) -> Outbox:
    found: Outbox = (await town.rows(select(Outbox).where(Outbox.dedupe_key.startswith(f"people.new_device:{key}:"))))[
        0
    ]
    return found


async def told(town: Town, key: str, within: float = 60) -> Outbox:
    """The notice, when it is told."""
    end = time.monotonic() + within
    while (found := await notice(town, key)).ended_at is None:
        assert time.monotonic() < end, f"{key} is not told"
        await asyncio.sleep(0.05)
    return found


async def in_a_shop(town: Town, name: str) -> Visit:
    """Somebody stands in a shop where nobody was yet, the first point on the screen."""
    phone = town[name]
    query = (
        select(Visit)
        .join(Seat, Seat.visit_id == Visit.id)
        .where(Seat.person_id == town.ids[name], Visit.state == "released")
    )
    visit: Visit = (await town.rows(query.order_by(Visit.position).limit(1)))[0]
    await phone.says("/tasks")
    card = await phone.sees("待检查")
    await phone.taps(card.id, f"visit:{visit.id}:0")
    await phone.sees(visit.subject.name, button="开始检查")
    await phone.presses("开始检查")
    await phone.sees("到了请点")
    await phone.presses("我已到场")
    await phone.sees("1/5", button="✅ 符合")
    return visit


async def answers(town: Town, visit: Visit) -> dict[int, tuple[str, str, int]]:
    """Point number to value, words and version."""
    rows = await town.rows(select(Answer).where(Answer.visit_id == visit.id))
    return {one.point.number: (one.value, one.note, one.version) for one in rows}


# --- 429


async def test_a_reply_waits_as_long_as_telegram_asks_and_is_seen_once(town: Town) -> None:
    inspector = town["张伟"]
    town.telegram.fail(Fault.too_many(retry_after=1, method="sendMessage", chat=inspector.user_id))
    began, before = time.monotonic(), said(town, inspector, "怎么用")
    await inspector.says("/help")
    await inspector.sees("怎么用")
    assert time.monotonic() - began > 0.9
    await inspector.sees_nothing_new()
    assert said(town, inspector, "怎么用") == before + 1


async def test_a_notice_waits_as_long_as_telegram_asks_and_others_do_not(town: Town) -> None:
    inspector, other = town["张伟"], town["李娜"]
    town.telegram.fail(Fault.too_many(retry_after=2, method="sendMessage", chat=inspector.user_id))
    await promised(town, inspector, "王强", "429")
    await promised(town, other, "王强", "429-other")
    await other.sees("王强 换了账号绑定")
    row = await notice(town, "429")
    while row.leased_until or row.due_at == row.created_at:  # until it was tried
        await asyncio.sleep(0.05)
        row = await notice(town, "429")
    await inspector.sees_nothing_new(0.1)
    assert row.ended_at is None
    assert row.attempts == 0  # nobody is to blame
    await inspector.sees("王强 换了账号绑定")
    assert (await told(town, "429")).outcome == "sent"
    assert said(town, inspector, "王强 换了账号绑定") == 1


async def test_a_photo_is_kept_though_telegram_asks_to_wait_before_it_is_fetched(town: Town) -> None:
    inspector = town["张伟"]
    visit = await in_a_shop(town, "张伟")
    await inspector.presses("❌ 不符合")
    await inspector.sees("发一张照片")
    town.telegram.fail(Fault.too_many(retry_after=1, method="getFile", times=4))
    await inspector.sends_photo(photo("purple"), caption="健康证过期")
    for _ in range(4):
        await asyncio.sleep(0.3)
        town.clock.moves_to(town.clock() + timedelta(seconds=2))
    await inspector.sees("已收到，证据号")
    await inspector.sees_nothing_new()
    kept = await town.rows(select(Evidence).where(Evidence.visit_id == visit.id))
    data = await town.app.desk.evidence.read(kept[0].sha256)
    assert [hashlib.sha256(data).hexdigest()] == [one.sha256 for one in kept]
    assert (await answers(town, visit))[1] == ("no", "健康证过期", 2)


# --- 403


async def test_who_blocks_us_is_unreachable_their_supervisor_hears_it_and_notices_wait_for_them(town: Town) -> None:
    inspector, supervisor = town["王强"], town["赵主管"]
    await inspector.blocks()
    await supervisor.sees("王强")
    assert (await chat_of(town, inspector)).unreachable_at is not None
    await promised(town, inspector, "李娜", "403")
    await asyncio.sleep(0.6)
    assert (await notice(town, "403")).ended_at is None
    await inspector.unblocks()
    await inspector.sees("李娜 换了账号绑定")
    assert (await chat_of(town, inspector)).unreachable_at is None
    assert (await told(town, "403")).outcome == "sent"
    assert said(town, inspector, "李娜 换了账号绑定") == 1


async def chat_of(town: Town, phone: Phone) -> Chat:
    chat: Chat = (await town.rows(select(Chat).where(Chat.id == phone.user_id)))[0]
    return chat


async def test_a_forbidden_notice_comes_when_they_write_again(town: Town) -> None:
    inspector, supervisor = town["李娜"], town["赵主管"]
    town.telegram.fail(Fault.forbidden(chat=inspector.user_id, times=None))
    await promised(town, inspector, "王强", "forbidden")
    heard = await supervisor.sees("李娜")
    assert "李娜" in heard.text
    row = await notice(town, "forbidden")
    assert (row.ended_at, row.error) == (None, "forbidden")
    assert (await chat_of(town, inspector)).unreachable_at is not None
    await promised(town, inspector, "张伟", "forbidden-2")
    town.telegram.heal()
    await asyncio.sleep(0.4)
    assert (await notice(town, "forbidden-2")).ended_at is None  # not tried before they write
    await inspector.says("/start")
    await inspector.sees("李娜 ·")
    await inspector.sees("王强 换了账号绑定")
    await inspector.sees("张伟 换了账号绑定")
    await supervisor.sees_nothing_new()  # heard of it once today
    assert (await told(town, "forbidden")).outcome == "sent"


async def test_a_forbidden_reply_marks_them_too_and_the_next_message_is_answered(town: Town) -> None:
    liaison = town["陈消防"]
    town.telegram.fail(Fault.forbidden(chat=liaison.user_id))
    await liaison.says("/help")
    await liaison.settles()
    await liaison.sees_nothing_new()
    assert (await chat_of(town, liaison)).unreachable_at is not None
    await liaison.says("/help")
    await liaison.sees("怎么用")
    assert (await chat_of(town, liaison)).unreachable_at is None


# --- 500 and broken connections


@pytest.mark.parametrize(
    "fault",
    [Fault.server_error(method="sendMessage"), Fault.server_error(502, method="sendMessage"),
     Fault.drop_before(method="sendMessage")],
    ids=["500", "502", "cut before"],
)  # fmt: skip
async def test_a_reply_that_telegram_did_not_take_is_seen_once(town: Town, fault: Fault) -> None:
    inspector = town["张伟"]
    before = said(town, inspector, "怎么用")
    town.telegram.fail(fault)
    await inspector.says("/help")
    await inspector.sees("怎么用", button="练一次")  # the one before loses its buttons meanwhile
    await inspector.sees_nothing_new()
    assert said(town, inspector, "怎么用") == before + 1


async def test_a_reply_that_was_taken_before_the_connection_broke_is_seen_twice_at_most(town: Town) -> None:
    inspector = town["张伟"]
    before = said(town, inspector, "怎么用")
    town.telegram.fail(Fault.drop_after(method="sendMessage"))
    await inspector.says("/help")
    await inspector.sees("怎么用")
    await asyncio.sleep(1)
    assert before + 1 <= said(town, inspector, "怎么用") <= before + 2


@pytest.mark.parametrize(
    ("key", "fault", "at_most"),
    [("500", Fault.server_error(method="sendMessage"), 1), ("before", Fault.drop_before(method="sendMessage"), 1),
     ("after", Fault.drop_after(method="sendMessage"), 2)],
)  # fmt: skip
async def test_a_notice_comes_through_trouble_with_at_most_one_too_many(
    town: Town, key: str, fault: Fault, at_most: int
) -> None:
    supervisor = town["赵主管"]
    before = said(town, supervisor, "周环保 换了账号绑定")
    town.telegram.fail(fault)
    await promised(town, supervisor, "周环保", key)
    row = await told(town, key)
    assert (row.outcome, row.attempts) == ("sent", 1)
    await supervisor.sees("周环保 换了账号绑定")
    assert before + 1 <= said(town, supervisor, "周环保 换了账号绑定") <= before + at_most
    assert f"{row.text}" in f"{supervisor.messages[-1].html}"


async def test_a_card_that_was_edited_before_the_connection_broke_stays_one_card(town: Town) -> None:
    inspector = town["张伟"]
    visit = await in_a_shop(town, "张伟")
    messages = len(inspector.messages)
    town.telegram.fail(Fault.drop_after(method="editMessageText"), Fault.drop_after(method="answerCallbackQuery"))
    await inspector.presses("✅ 符合")
    await inspector.sees("2/5")
    await inspector.settles()
    await asyncio.sleep(0.5)
    assert len(inspector.messages) == messages
    assert await answers(town, visit) == {1: ("yes", "", 1)}


async def test_a_photo_that_cannot_be_fetched_yet_waits_with_all_that_comes_after_it(town: Town) -> None:
    inspector = town["李娜"]
    visit = await in_a_shop(town, "李娜")
    await inspector.presses("❌ 不符合")
    await inspector.sees("发一张照片")
    town.telegram.fail(Fault.server_error(method="getFile", times=None))
    await inspector.sends_photo(photo("orange"), caption="无健康证")
    await inspector.says("2 不符合 冷藏超温")
    questions = 0

    def count(*_: Any) -> None:
        nonlocal questions
        questions += 1

    engine = town.app.database.engine.sync_engine
    await asyncio.sleep(0.5)
    event.listen(engine, "before_cursor_execute", count)
    await asyncio.sleep(1)
    event.remove(engine, "before_cursor_execute", count)
    assert questions < 60  # it waits; it does not ask again and again
    assert await answers(town, visit) == {1: ("no", "", 1)}
    town.telegram.heal()
    town.clock.moves_to(town.clock() + timedelta(seconds=6))
    await inspector.sees("已收到，证据号")
    await inspector.sees("第 2 项不符合")
    assert await answers(town, visit) == {1: ("no", "无健康证", 2), 2: ("no", "冷藏超温", 1)}
    assert len(await town.rows(select(Evidence).where(Evidence.visit_id == visit.id))) == 1


# --- doubled and disordered


async def test_an_update_that_comes_twice_is_answered_once(town: Town) -> None:
    inspector = town["王强"]
    before = said(town, inspector, "怎么用")
    town.telegram.duplicate_next()
    await inspector.says("/help")
    await inspector.sees("怎么用")
    await inspector.settles()
    await inspector.sees_nothing_new(0.5)
    assert said(town, inspector, "怎么用") == before + 1


async def test_a_tap_and_a_photo_that_come_twice_are_entered_once(town: Town) -> None:
    inspector = town["王强"]
    visit = await in_a_shop(town, "王强")
    town.telegram.duplicate_next(2)
    await inspector.presses("❌ 不符合")
    await inspector.sees("发一张照片")
    await inspector.sends_photo(photo("navy"), caption="无证")
    await inspector.sees("已收到")
    await inspector.settles()
    await inspector.sees_nothing_new(0.5)
    assert await answers(town, visit) == {1: ("no", "无证", 2)}
    assert len(await town.rows(select(Evidence).where(Evidence.visit_id == visit.id))) == 1


async def test_answers_that_come_in_the_wrong_order_end_in_the_same_state(town: Town) -> None:
    inspector = town["王强"]
    visit = await in_a_shop(town, "王强")
    town.telegram.reorder_next(3)
    await inspector.says("1 符合")
    await inspector.says("2 不符合 冷藏超温")
    await inspector.says("3 符合")
    await inspector.settles()
    for _ in range(50):
        if len(await answers(town, visit)) == 3:
            break
        await asyncio.sleep(0.05)
    assert await answers(town, visit) == {1: ("yes", "", 1), 2: ("no", "冷藏超温", 1), 3: ("yes", "", 1)}
    await inspector.says("/tasks")
    await inspector.sees(visit.subject.name)


# --- away


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


def line(text: str) -> dict[str, Any]:
    return {"do": "say", "text": text, "rows": []}


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


async def test_a_notice_that_can_never_be_sent_is_parked_and_others_come(town: Town) -> None:
    first, second = town["张伟"], town["李娜"]
    async with town.app.database.write() as session:
        who = {"kind": "people.new_device", "now": town.clock(), "urgent": True, "who": town.ids["王强"]}
        assert await notify(session, town.ids[first.name], key="broken", **who)
        buttons = [{"about": None, "rows": [["不成对"]], "paper": None}]
        broken = update(Outbox).where(Outbox.dedupe_key.startswith("people.new_device:broken:"))
        await session.execute(broken.values(chat_id=first.user_id, text="发不出去的", buttons=buttons))
    await promised(town, second, "王强", "whole")
    assert (await told(town, "whole")).outcome == "sent"
    parked = await told(town, "broken")
    assert (parked.outcome, parked.error) == ("parked", "ValueError")


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


# --- twice and too late


async def test_a_double_tap_counts_once_and_shows_where_one_is(town: Town) -> None:
    inspector = town["张伟"]
    visit = await in_a_shop(town, "张伟")
    card = next(one for one in reversed(inspector.messages) if "✅ 符合" in one.labels)
    data = next(button["callback_data"] for row in card.keyboard for button in row if "✅ 符合" in button["text"])
    await inspector.taps(card.id, data)
    await inspector.taps(card.id, data)
    await inspector.sees_toast("过期")
    await inspector.settles()
    assert "2/5" in inspector.message(card.id).text
    assert await answers(town, visit) == {1: ("yes", "", 1)}


async def test_a_stale_button_of_an_old_card_shows_the_present_state(town: Town) -> None:
    inspector = town["李娜"]
    visit = await in_a_shop(town, "李娜")
    old = next(one for one in reversed(inspector.messages) if "✅ 符合" in one.labels)
    data = next(button["callback_data"] for row in old.keyboard for button in row if "❌ 不符合" in button["text"])
    await inspector.says("1 符合")
    await inspector.sees("2/5")
    await inspector.settles()
    assert not inspector.message(old.id).labels  # the old card has no buttons any more
    await inspector.taps(old.id, data)
    await inspector.sees_toast("过期")
    await inspector.settles()
    assert await answers(town, visit) == {1: ("yes", "", 1)}
    cards = [one for one in inspector.messages if f":{visit.id}:" in str(one.keyboard)]
    assert len(cards) == 1
    assert "2/5" in cards[0].text


# --- figures


async def test_the_figures_tell_how_long_turns_take_and_what_waits_but_not_to_the_outside(town: Town) -> None:
    inspector = town["李娜"]
    await inspector.says("/help")
    await inspector.sees("怎么用")
    async with aiohttp.ClientSession() as client:
        figures = await (await client.get(f"{town.app.address}/metrics")).text()
        outside = await client.get(f"{town.app.address}/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
    assert outside.status == 404
    values = dict(line.rsplit(" ", 1) for line in figures.splitlines() if not line.startswith("#"))
    assert float(values['suicha_turn_seconds_count{outcome="done"}']) >= 1
    assert float(values['suicha_sent_total{outcome="sent",what="reply"}']) >= 1
    assert float(values['suicha_sent_total{outcome="sent",what="notice"}']) >= 3
    assert values['suicha_waiting{what="updates"}'] == "0.0"
    assert {f'suicha_oldest_seconds{{what="{one}"}}' for one in ("updates", "notices")} <= values.keys()


# --- webhook


async def test_by_webhook_only_who_knows_the_secret_is_heard_and_nothing_is_lost(tmp_path_factory: Any) -> None:
    settings = Settings(
        bot_token=SecretStr("123456:TEST"),
        data_dir=tmp_path_factory.mktemp("webhook"),
        port=free_port(),
        telegram_mode="webhook",
        webhook_secret=SecretStr("a_secret_word"),
    )
    async with town_running(settings, Clock(MONDAY), released_town) as town, aiohttp.ClientSession() as web:
        name = (await town.rows(select(Seat).where(Seat.person_id.is_not(None))))[0].person.name
        await town[name].sees("您被抽中检查", button="逐户查看")  # one conversation, delivered over HTTP
        await town[name].presses("逐户查看")
        await town[name].sees("待检查")
        await town[name].says("随便说说")
        await town[name].sees("没看懂")
        assert town.telegram.everything_answered()

        address = f"{town.app.address}/telegram"
        header = "X-Telegram-Bot-Api-Secret-Token"
        message = {"message_id": 1, "date": 0, "text": "/help", "chat": {"id": 9001, "type": "private"}}
        stranger = {"id": 9001, "is_bot": False, "first_name": "x"}
        update = {"update_id": 800_000_000, "message": {**message, "from": stranger}}

        async def post(body: Any, secret: str | None = "a_secret_word") -> int:
            headers = {"Content-Type": "application/json"} | ({header: secret} if secret is not None else {})
            data = body if isinstance(body, bytes) else None
            async with web.post(address, data=data, json=None if data is not None else body, headers=headers) as answer:
                return answer.status

        for wrong in (None, "", "wrong", "a_secret_wordx", "秘密"):
            assert await post(update, wrong) == 403
        stored = select(Inbox).where(Inbox.update_id >= 800_000_000)
        assert await town.rows(stored) == []
        for unknown in (b"", b"{", b"\xff\xfe", [], {}, "text", {"update_id": "1"}, {"update_id": True},
                        {"update_id": 10**30}, {"update_id": -1}, {"message": {}}):  # fmt: skip
            assert await post(unknown) == 400, unknown
        assert await town.rows(stored) == []
        assert await post(update) == 200
        assert [row.body for row in await town.rows(stored)] == [update]
        assert await post(update) == 200  # Telegram had not heard the first
        assert len(await town.rows(stored)) == 1
        strange: list[dict[str, Any]] = [
            {"message": {"chat": {"id": "x"}}},
            {"message": {"chat": {}}},
            {"message": 5},
            {"unheard_of": {"a": 1}},
            {"callback_query": 7},
            {"callback_query": {"id": "1"}},
            {"message": {"chat": {"id": 9002}}},
        ]
        for number, body in enumerate(strange, 800_000_001):
            assert await post({"update_id": number, **body}) == 200, body
        for _ in range(100):
            left = await town.rows(select(func.count()).select_from(Inbox).where(Inbox.done_at.is_(None)))
            if left == [0]:
                break
            await asyncio.sleep(0.05)
        assert left == [0]
        await town[name].says("/help")
        await town[name].sees("怎么用")


# --- logs


async def test_a_token_is_taken_out_of_whatever_holds_it() -> None:
    for text in (
        TOKEN,
        f"https://api.telegram.org/bot{TOKEN}/getMe",
        f"https://api.telegram.org/file/bot{TOKEN}/photos/1.jpg",
        f"/bot{TOKEN.replace(':', '%3A')}/getMe",
        f"The token `{TOKEN}` was rejected by the server.",
        repr({"token": TOKEN}),
    ):
        assert "AAF" not in scrub(text)
    assert "secret word" not in scrub("it is a secret word, then", "secret word")
    assert (
        scrub("2026-11-30T09:00:00Z 127.0.0.1:8080 update=700000001")
        == "2026-11-30T09:00:00Z 127.0.0.1:8080 update=700000001"
    )


async def test_logs_and_last_words_hold_no_token(capsys: pytest.CaptureFixture[str]) -> None:
    root, hook = logging.getLogger(), sys.excepthook
    before, level = root.handlers[:], root.level
    try:
        set_up("DEBUG", TOKEN, "a_secret_word")
        try:
            raise RuntimeError(f"no answer from https://api.telegram.org/bot{TOKEN}/getMe")
        except RuntimeError as error:
            structlog.get_logger("test").exception("failed", url=f"/bot{TOKEN}/getMe", secret="a_secret_word")
            logging.getLogger("library").exception("failed with %s", TOKEN)
            sys.excepthook(type(error), error, error.__traceback__)
        heard = capsys.readouterr()
    finally:
        root.handlers[:], sys.excepthook = before, hook
        root.setLevel(level)
    assert heard.err.count("no answer from") >= 3
    assert "Traceback" in heard.err
    lines = heard.err.splitlines()
    assert sum("no answer from" in line for line in lines) == 3
    assert all("level=" in line for line in lines)  # one line each, also of what libraries say meanwhile
    for secret in (TOKEN, TOKEN.partition(":")[2], "a_secret_word"):
        assert secret not in heard.err + heard.out
