"""The tour for whoever is new, and a made-up visit to practise on that leaves nothing behind (R4.2)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from actions import people
from bot.settings import Settings
from handlers import COMMANDS, tour
from locales import HERE, LANGUAGES, Words
from models.people import Chat
from models.visits import Answer, Evidence, Visit
from tests.conversations.conftest import ZONE, Clock, Town, free_port, town_running
from tests.conversations.test_evidence import taken
from tests.conversations.test_odd import answer_to, open_checklist
from tests.e2e.town import released_town


async def test_whoever_is_new_is_shown_around(town: Town) -> None:
    async with town.app.database.write() as session:
        token = await people.invite(session, "330700023", town.clock(), None)
    phone = town.telegram.phone("王强", user_id=2001, language="zh-hans")
    await phone.opens(f"https://t.me/suicha_bot?start={token}")
    await phone.sees("王强", button="是我，绑定")
    await phone.presses("是我，绑定")
    await phone.sees("已绑定", button="一分钟上手")
    await phone.presses("一分钟上手")
    for number in range(1, 5):
        await phone.sees(f"怎么用 {number}/5", button="下一页")
        await phone.presses("下一页")
    last = await phone.sees("怎么用 5/5", button="练一次")
    assert "发 /help 随时再看" in last.text
    await phone.presses("◀ 上一页")
    await phone.sees("怎么用 4/5")
    await phone.presses("首页")
    await phone.sees("王强", button="查看任务")


async def test_a_visit_is_practised_with_the_buttons_of_a_real_one_and_nothing_stays(town: Town) -> None:
    phone = town["李娜"]
    await answer_to(phone, phone.says("/help"), "怎么用")
    for label, then in (
        ("练一次", "先点“接受”"),
        ("接受", "准备出发"),
        ("开始检查", "进门先亮码"),
        ("我已到场", "1/4"),
        ("✅ 符合", "2/4"),
    ):
        await answer_to(phone, phone.presses(label), then)
    await answer_to(phone, phone.says("很冷"), "数字")
    await answer_to(phone, phone.says("6"), "3/4")
    await answer_to(phone, phone.presses("❌ 不符合"), "第 3 项不符合。发一张照片", "改答案")
    await answer_to(phone, phone.says("桶没有盖"), "再发一张照片")
    await answer_to(phone, phone.sends_photo(taken()), "4/4")
    await answer_to(phone, phone.presses("◀ 上一项"), "3/4")
    await answer_to(phone, phone.says("全部符合 除 3"), "写一句情况")
    await answer_to(phone, phone.says("没有盖"), "符合 3，不符合 1", "❌ 3：没有盖")
    await answer_to(phone, phone.presses("签名提交"), "练完了")
    for table in (Visit, Answer, Evidence):
        assert await town.rows(select(func.count()).select_from(table)) == [0]
    assert await town.rows(select(Chat.awaiting).where(Chat.person_id == town.ids["李娜"])) == [None]
    await answer_to(phone, phone.presses("再练一次"), "先点“接受”")
    await answer_to(phone, phone.presses("不练了"), "什么时候想练")


async def test_words_a_photo_and_a_position_do_as_well(town: Town) -> None:
    phone = town["李娜"]
    await answer_to(phone, phone.says("/train"), "练习")
    await answer_to(phone, phone.sends_photo(taken()), "还没到场")
    for said, seen in (
        ("接受", "准备出发"),
        ("开始检查", "到了请点"),
        ("到场", "1/4"),
        ("提交", "1/4"),
        ("2 7", "1/4"),
    ):
        await answer_to(phone, phone.says(said), seen)
    await answer_to(phone, phone.says("9 符合"), "9")
    await answer_to(phone, phone.says("2 符合"), "数字")
    await answer_to(phone, phone.sends_photo(taken()), "练习里不留照片")
    await answer_to(phone, phone.says("1 符合"), "3/4")
    await answer_to(phone, phone.says("3-4 不符合 堆着东西"), "第 3 项不符合，再发一张照片")
    await answer_to(phone, phone.sends_photo(taken(), caption="堆满了"), "第 4 项不符合，再发一张照片")
    await answer_to(phone, phone.sends_photo(taken()), "❌ 3：堆满了", "❌ 4：堆着东西")
    await answer_to(phone, phone.says("嗯"), "没看懂")
    signing = phone.messages[-1].id
    await answer_to(phone, phone.says("/train"), "先点“接受”")
    await answer_to(phone, phone.shares_position(29.3, 120.07), "1/4")
    await answer_to(phone, phone.says("/cancel"), "李娜")
    await answer_to(phone, phone.taps(signing, "train_sign:0"), "这次练习已经停了")


@pytest.fixture
async def drawn(tmp_path: Path, clock: Clock) -> AsyncIterator[Town]:
    """A town where visits are released."""
    settings = Settings(bot_token="123456:TEST", data_dir=tmp_path, port=free_port())  # type: ignore[arg-type]
    async with town_running(settings, clock, released_town) as found:
        for name in ("张伟", "李娜", "王强"):
            await found[name].sees("您被抽中检查")
        yield found


async def test_nobody_practises_in_the_middle_of_a_visit(drawn: Town) -> None:
    visit, phone = await open_checklist(drawn, "李娜"), drawn["李娜"]
    await answer_to(phone, phone.says("/train"), f"您正在检查 {visit.subject.name}", "待检查")
    await answer_to(phone, phone.says("1 符合"), "2/5")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_tour_and_the_practice_name_is_there(language: str) -> None:
    """Every “button” and every /command that they speak of."""
    words = Words(language, ZONE)
    keys = [key for role in tour.PAGES for key in tour.pages([role])]
    catalogue = (HERE / language / "training.po").read_text("utf-8")
    keys += re.findall(r'msgid "(training\.(?:hint|done|stopped)[^"]*)"', catalogue)
    buttons = re.findall(r'msgid "button\.[^"]*"\n(?:msgid_plural "[^"]*"\n)?msgstr(?:\[\d\])? "([^"]*)"', "".join(
        path.read_text("utf-8") for path in (HERE / language).glob("*.po")
    ))  # fmt: skip
    assert len(keys) > 25
    for key in keys:
        text = str(words(key, hint=""))
        for quoted in re.findall("“([^”]+)”", text):
            assert quoted in buttons, f"{key}: there is no button {quoted}"
        for command in re.findall(r"/([a-z]+)\b", re.sub(r"</?\w+>", "", text)):
            assert command in COMMANDS, f"{key}: there is no /{command}"
