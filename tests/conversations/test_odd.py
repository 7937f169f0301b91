"""Whatever people send, press or break, they get an answer, and nothing of ours breaks.

Long by what people send.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from bot.settings import Settings
from handlers import BUTTONS
from handlers.buttons import number
from models.leads import Lead
from models.mail import Inbox
from models.people import Chat
from models.visits import Answer, Evidence, Seat, Visit
from rules.refusal import Refusal
from simulator import Phone
from tests.conversations.conftest import MONDAY, Clock, Town, free_port, town_running
from tests.conversations.test_campaign import photo
from tests.e2e.town import released_town

pytestmark = pytest.mark.asyncio(loop_scope="module")

APOLOGY = "系统出了点问题"
STALE = "过期"
HUGE = "9" * 30


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """One town for all of these tests: ten visits are released."""
    folder: Path = tmp_path_factory.mktemp("odd")
    settings = Settings(bot_token="123456:TEST", data_dir=folder, port=free_port())  # type: ignore[arg-type]

    async def prepare(session: Any, now: Any) -> dict[str, int]:
        return await released_town(session, now, subjects=50)

    async with town_running(settings, Clock(MONDAY), prepare) as found:
        for name in ("张伟", "李娜", "王强"):
            await found[name].sees("您被抽中检查")
        yield found


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def nothing_broke(town: Town) -> AsyncIterator[None]:
    """After each test: every update is handled, none failed, nobody saw an apology or a traceback."""
    yield
    failed = await town.rows(select(Inbox).where((Inbox.error != "") | (Inbox.attempts > 0)))
    assert not failed, [(row.body, row.error) for row in failed]
    assert town.telegram.everything_answered()
    for phone in town.phones.values():
        for message in phone.messages:
            assert not message.from_bot or APOLOGY not in message.text
            assert not message.from_bot or "Traceback" not in message.text


async def answer_to(phone: Phone, act: Awaitable[object], *wanted: str) -> str:
    """What the bot says to something: its new messages, changed cards and words over the screen."""
    before = phone.world.revision

    def heard() -> str:
        toasts = [one for one in phone.world.toasts if one["user"] == phone.user.id and one["revision"] > before]
        cards = [one.text for one in phone.messages if one.from_bot and one.revision > before]
        return "\n".join([*(one["text"] for one in toasts if one["text"]), *cards])

    await act
    await phone.world.until(lambda: True if heard() and all(one in heard() for one in wanted) else None, 5)
    await phone.settles(quiet=0.05)
    assert heard(), f"{phone.name} is left without an answer\n{phone.screen()}"
    for one in wanted:
        assert one in heard(), phone.screen()
    assert APOLOGY not in heard()
    return heard()


async def visit_for(town: Town, name: str, state: str = "released") -> Visit:
    """A visit on which somebody sits and which nobody has touched yet."""
    query = (
        select(Visit)
        .join(Seat, Seat.visit_id == Visit.id)
        .where(Seat.person_id == town.ids[name], Visit.state == state)
    )
    visit: Visit = (await town.rows(query.order_by(Visit.position).limit(1)))[0]
    return visit


async def open_checklist(town: Town, name: str) -> Visit:
    """Somebody stands in a shop with the first point on the screen."""
    visit, phone = await visit_for(town, name), town[name]
    await answer_to(phone, phone.says("/tasks"))
    message = phone.messages[-1]
    await answer_to(phone, phone.taps(message.id, f"visit:{visit.id}:0"))
    for label in ("开始检查", "我已到场"):
        await answer_to(phone, phone.presses(label))
    assert "1/5" in phone.messages[-1].text
    return visit


async def test_words_that_mean_nothing_are_answered_with_where_one_is(town: Town) -> None:
    inspector = town["李娜"]
    for text in ("随便说说", "🙂", "/unknown", "/unknown@suicha_bot", "/", "1 符合", "<b>", "-1", "nan", HUGE):
        await answer_to(inspector, inspector.says(text), "没看懂", "李娜")


async def test_what_cannot_be_read_is_named_and_one_sees_where_one_is(town: Town) -> None:
    inspector = town["李娜"]
    for act in (
        inspector.sends_sticker(),
        inspector.sends_voice(),
        inspector.sends_video(),
        inspector.shares_contact(),
        inspector.shares_position(29.3, 120.07),
    ):
        await answer_to(inspector, act, "这类消息处理不了", "李娜")


async def test_an_edited_message_does_not_count_and_that_is_said(town: Town) -> None:
    inspector = town["李娜"]
    sent = await inspector.says("写错了")
    await inspector.settles()
    await answer_to(inspector, inspector.edits(sent, "写对了"), "修改过的消息不算数")


async def test_a_live_position_is_answered_once_and_not_at_every_step(town: Town) -> None:
    inspector = town["李娜"]
    sent = await inspector.shares_position(29.3, 120.07, live=True)
    await inspector.settles()
    inspector.reads_all()
    for step in range(3):
        await inspector.moves(sent, 29.3, 120.08 + step / 1000)
    await inspector.settles()
    await inspector.sees_nothing_new()


async def test_a_photo_or_file_that_nobody_awaits_is_declined(town: Town) -> None:
    inspector = town["李娜"]
    await answer_to(inspector, inspector.sends_photo(photo()), "不知道放到哪里")
    await answer_to(inspector, inspector.sends_photo(photo(), caption="看看"), "不知道放到哪里")
    await answer_to(inspector, inspector.sends_file(b"a,b", name="x.csv"), "不知道放到哪里")
    assert not await town.rows(select(Evidence))


async def test_a_file_over_twenty_megabytes_is_refused_before_it_is_fetched(town: Town) -> None:
    inspector = town["李娜"]
    asked = [call for call in town.telegram.calls if call.method == "getFile"]
    await answer_to(inspector, inspector.sends_file(bytes(20 * 1024 * 1024 + 1), name="录像.bin"), "最多 20 MB")
    assert [call for call in town.telegram.calls if call.method == "getFile"] == asked


async def test_an_administrator_who_sends_rubbish_learns_why_it_is_no_directory(town: Town) -> None:
    phone = town["管理员小周"]
    for data, name in (
        (b"\x00\xff" * 500, "图.bin"),
        (b"PK\x03\x04rubbish", "坏.xlsx"),
        (b"a\n1", "a.csv"),
        (b"\n", "空.csv"),
    ):
        await answer_to(phone, phone.sends_file(data, name=name))
    await answer_to(phone, phone.sends_photo(photo()), "不知道放到哪里")
    await answer_to(phone, phone.says("/invite <b>&"), "没有工号 <b>&")
    await answer_to(phone, phone.says("/invite"), "请写上工号")


GARBAGE = ("", "0", "x:0", "1:x", ":", "::", "-1:0", f"{HUGE}:0", f"1:{HUGE}", "1:2:3:4:5:6:0", "１:0", "1.5:0",
           "1:-1:0", "99:99:0", "2147483648:0")  # fmt: skip


NUMBERLESS = ("accept_all", "leave_all_yes")  # they change something whatever numbers come with them: they want none


@pytest.mark.parametrize("name", ["李娜", "赵主管", "陈消防"])
async def test_garbage_in_a_button_is_refused_kindly_whatever_its_verb(town: Town, name: str) -> None:
    """Anybody can send any data with a changed program: the button stops spinning and nothing breaks."""
    phone = town[name]
    before = await _state(town)
    await answer_to(phone, phone.says("/help"), "怎么用")
    message = next(one for one in reversed(phone.messages) if one.from_bot)
    verbs = (*(verb for verb in BUTTONS if verb not in NUMBERLESS), "unknown", "", "x" * 30)
    for place, verb in enumerate(verbs):  # each verb with another piece of garbage for everybody
        rest = GARBAGE[(place * 4 + town.ids[name]) % len(GARBAGE)]
        await phone.taps(message.id, f"{verb}:{rest}")
    await phone.taps(message.id, "no colon at all")
    await phone.taps(999_999, "visit:1:0")
    await phone.settles()
    assert all(query.answered for query in phone.world.queries.values())
    assert await _state(town) == before


@pytest.mark.parametrize("part", ["", "x", "-1", "+1", " 1", "1.5", "１", "٣", "1_0", HUGE, "2147483648", "0x1", "<b>"])
async def test_only_a_number_of_ours_is_a_number(part: str) -> None:
    with pytest.raises(Refusal, match="gone"):
        number(part)
    assert number("2147483647") == 2**31 - 1


async def _state(town: Town) -> list[Any]:
    """What a button could have changed."""
    counts = [await town.rows(select(func.count()).select_from(table)) for table in (Answer, Evidence, Lead)]
    visits = await town.rows(select(Visit).order_by(Visit.id))
    seats = await town.rows(select(Seat).order_by(Seat.id))
    return [*counts, [(one.state, one.version) for one in visits], [(one.state, one.person_id) for one in seats]]


async def test_a_button_without_its_parts_says_that_there_is_nothing(town: Town) -> None:
    inspector = town["李娜"]
    await answer_to(inspector, inspector.says("/help"))
    message = inspector.messages[-1]
    for data in ("visit", "visit:", "visit:x:0", f"visit:{HUGE}:0", "yes:1", "unknown:1:0", "lang:-1:0", "lang:77:0"):
        await answer_to(inspector, inspector.taps(message.id, data), "没有这个")


async def test_a_visit_of_others_is_not_shown(town: Town) -> None:
    supervisor = town["陈消防"]
    await answer_to(supervisor, supervisor.says("/help"))
    visit = await visit_for(town, "李娜")
    heard = await answer_to(
        supervisor, supervisor.taps(supervisor.messages[-1].id, f"visit:{visit.id}:0"), "没有抽到您"
    )
    assert visit.subject.name not in heard


async def test_strangers_are_told_how_to_come_in(town: Town) -> None:
    stranger = town.telegram.phone("路人", user_id=5001)
    for act in (stranger.says("你好"), stranger.says("/start"), stranger.says("/start nonsense"),
                stranger.says("/tasks"), stranger.says("/review"), stranger.says("/cancel"),
                stranger.says("/lang"), stranger.says("/help"),
                stranger.sends_photo(photo()), stranger.sends_file(b"a,b", name="x.csv"), stranger.sends_sticker(),
                stranger.sends_voice(), stranger.shares_position(29.3, 120.07)):  # fmt: skip
        await answer_to(stranger, act)
    assert "邀请" in stranger.transcript()
    message = stranger.messages[-1]
    for verb in BUTTONS:
        await stranger.taps(message.id, f"{verb}:1:1:1:0")
    await stranger.settles()
    assert all(query.answered for query in stranger.world.queries.values())
    assert not any("面馆" in one.text for one in stranger.messages)


async def test_a_stranger_with_markup_for_a_name_is_greeted(town: Town) -> None:
    stranger = town.telegram.phone("<b>&</i>", user_id=5002)
    await answer_to(stranger, stranger.says("/start"), "随查")


async def test_a_group_hears_one_sentence_and_nothing_of_anybodys_work(town: Town) -> None:
    inspector = town["李娜"]
    group = town.telegram.group("执法一中队", [inspector, town["张伟"]])
    await group.says(inspector, "大家好")
    await group.says(inspector, "/tasks")
    await group.sees("请在与我的私聊里办理")
    await group.as_(inspector).sends_photo(photo())
    await group.as_(inspector).sends_sticker()
    await group.as_(inspector).taps(group.messages[-1].id, "tasks:0")
    newcomer = town.telegram.phone("新人", user_id=5003)
    await newcomer.joins(group)
    await group.says(newcomer, "/start")
    await group.says(newcomer, "/start abc")
    await group.loses(newcomer)
    await inspector.settles()
    await group.expels_bot(inspector)
    for _ in range(200):
        (chat,) = await town.rows(select(Chat).where(Chat.id == group.id))
        if chat.unreachable_at is not None:
            break
        await asyncio.sleep(0.05)
    await town["张伟"].settles()
    said = [one.text for one in group.messages if one.from_bot]
    assert said == ["请在与我的私聊里办理，群里不处理任务。"] * 3
    assert chat.person_id is None
    assert chat.unreachable_at is not None


async def test_markup_that_is_typed_as_a_finding_is_shown_as_it_was_typed(town: Town) -> None:
    inspector = town["张伟"]
    visit = await open_checklist(town, "张伟")
    await answer_to(inspector, inspector.says("1 不符合 <b>&amp; </b>&lt;<script>"), "再发一张照片")
    await answer_to(inspector, inspector.presses("改答案"), "<b>&amp; </b>&lt;<script>")
    await answer_to(inspector, inspector.presses("❌ 不符合"), "再发一张照片")
    await answer_to(inspector, inspector.sends_photo(photo("green"), caption="<i>&copy;"), "已收到")
    await answer_to(inspector, inspector.says("余下 符合"), "<i>&copy;")
    answers = await town.rows(select(Answer).where(Answer.visit_id == visit.id, Answer.value == "no"))
    assert [one.note for one in answers] == [
        "<b>&amp; </b>&lt;<script>；<i>&copy;"
    ]  # a caption comes after what was typed
    await answer_to(inspector, inspector.says("/start"))


async def test_a_text_as_long_as_telegram_lets_it_be_is_kept_whole_and_the_card_still_comes(town: Town) -> None:
    inspector = town["张伟"]
    visit = await open_checklist(town, "张伟")
    long = "2 不符合 " + "长<&" * 1362
    await answer_to(inspector, inspector.says(long), "第 2 项不符合")
    await answer_to(inspector, inspector.sends_photo(photo("blue")))
    await answer_to(inspector, inspector.says("4 不符合 " + "宽" * 4000))
    await answer_to(inspector, inspector.sends_photo(photo("white")))
    await answer_to(inspector, inspector.says("余下 符合"), "查完了")
    answers = await town.rows(select(Answer).where(Answer.visit_id == visit.id, Answer.value == "no"))
    assert {len(one.note) for one in answers} == {1362 * 3, 4000}
    await answer_to(inspector, inspector.says("拒签 不肯签 见证人 李四"), "见证人 李四")
    assert "签名提交" in inspector.messages[-1].labels
    await answer_to(inspector, inspector.presses("签名提交"), "您已签名")
    await answer_to(inspector, inspector.says("长" * 4096))
    await answer_to(inspector, inspector.says("/start " + "x" * 4000))


async def test_what_is_not_done_yet_cannot_be_signed_and_the_card_is_shown_again(town: Town) -> None:
    inspector = town["张伟"]
    await open_checklist(town, "张伟")
    await answer_to(inspector, inspector.says("签名提交"), "没完成", "1/5")
    for text in ("99 符合", "1-9999999999 符合", f"{HUGE} 符合", "0 符合"):
        await answer_to(inspector, inspector.says(text))
    assert "没有第 99 项" in inspector.transcript()
    await answer_to(inspector, inspector.sends_sticker())
    await answer_to(inspector, inspector.says("/start"))


async def test_a_sentence_is_awaited_and_something_else_comes(town: Town) -> None:
    """A reason, a lead and a witness's words are awaited; stickers, photos and commands in between do no harm."""
    inspector = town["王强"]
    visit = await visit_for(town, "王强")
    await answer_to(inspector, inspector.says("/tasks"))
    await answer_to(inspector, inspector.taps(inspector.messages[-1].id, f"visit:{visit.id}:0"))
    await answer_to(inspector, inspector.presses("申请回避"), "为什么要回避")
    await answer_to(inspector, inspector.sends_sticker(), "这类消息处理不了")
    await answer_to(inspector, inspector.sends_photo(photo()), "写一句原因")
    await answer_to(inspector, inspector.says("/cancel"), "已取消")
    await answer_to(inspector, inspector.says("店主是我表哥"), "没看懂")
    seats = await town.rows(select(Seat).where(Seat.visit_id == visit.id))
    assert town.ids["王强"] in {seat.person_id for seat in seats}


async def test_a_lead_sentence_is_cancelled_or_too_long(town: Town) -> None:
    inspector = town["王强"]
    visit = await open_checklist(town, "王强")
    card = inspector.messages[-1].id
    await answer_to(inspector, inspector.taps(card, f"hand_over:{visit.id}:0"))
    await answer_to(inspector, inspector.presses("消防救援"), "用一句话说明")
    await answer_to(inspector, inspector.says("长" * 1001), "最多 1000 字")
    await answer_to(inspector, inspector.sends_photo(photo("black")))
    await answer_to(inspector, inspector.says("&lt;<b>气瓶"), "&lt;<b>气瓶")
    await answer_to(inspector, inspector.says("/cancel"))
    await answer_to(inspector, inspector.presses("发送"), "没有这个")
    assert not await town.rows(select(Lead))


async def test_a_share_that_is_no_number_is_asked_again(town: Town) -> None:
    supervisor = town["赵主管"]
    await answer_to(supervisor, supervisor.says("/plans"))
    for label in ("新任务", "餐饮服务食品安全抽查", "义乌市"):
        await answer_to(supervisor, supervisor.presses(label))
    for text in ("很多", "nan", "sNaN", "inf", "-3", "0", "1e-9", "100.5", "1e999999", HUGE, "%"):
        await answer_to(supervisor, supervisor.says(text), "0 到 100")
    await answer_to(supervisor, supervisor.says("7.5%"), "多长时间")
    await answer_to(supervisor, supervisor.says("/cancel"))


async def test_words_of_a_witness_who_is_too_late_are_refused(town: Town) -> None:
    witness = town["陈消防"]
    await answer_to(witness, witness.says("/cancel"))  # what the tests before had asked
    await answer_to(witness, witness.taps(witness.messages[-1].id, "witness:1:0"), "见证已收到")
    await answer_to(witness, witness.says("还想再说一句"), "没看懂")
