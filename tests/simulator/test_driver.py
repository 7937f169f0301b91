import asyncio
import io

import pytest
import qrcode
from telegram import Bot, BotCommand, BotCommandScopeChat, InlineKeyboardButton, InlineKeyboardMarkup, Update

from simulator import Phone, Telegram


def keys(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=f"do:{label}") for label in labels]])


async def updates_of(bot: Bot, offset: int = 0) -> list[Update]:
    return list(await bot.get_updates(offset=offset, allowed_updates=Update.ALL_TYPES))


async def test_a_conversation(telegram: Telegram, bot: Bot, phone: Phone) -> None:
    first = (await updates_of(bot))[0]
    assert first.message.text == "/start"
    assert first.message.entities[0].type == "bot_command"
    assert first.effective_user.language_code == "zh-hans"
    await bot.send_message(1001, "<b>您好</b> &amp; 欢迎", parse_mode="HTML", reply_markup=keys("接受", "不接受"))
    message = await phone.sees("您好 & 欢迎")
    assert message.html == "<b>您好</b> &amp; 欢迎"
    assert message.buttons == [["接受", "不接受"]]
    assert await phone.presses("接受") == first.update_id + 1
    press = (await updates_of(bot, first.update_id + 1))[0]
    assert press.callback_query.data == "do:接受"
    assert press.callback_query.message.text == "您好 & 欢迎"
    await press.callback_query.edit_message_text("已接受")
    assert not telegram.everything_answered()
    await press.callback_query.answer("好")
    assert await phone.sees_toast() == "好"
    assert phone.toast == "好"
    assert (await phone.sees("已接受")).edits == 1
    await updates_of(bot, press.update_id + 1)
    assert telegram.everything_answered()
    assert "> 张伟: [按 接受]" in phone.transcript()
    assert "(提示) 好" in phone.transcript()


async def test_old_buttons_can_still_be_pressed(bot: Bot, phone: Phone) -> None:
    sent = await bot.send_message(1001, "第一步", reply_markup=keys("接受"))
    await bot.edit_message_text("第二步", 1001, sent.message_id)
    with pytest.raises(AssertionError, match="第二步"):
        await phone.presses("接受")
    await phone.presses_old("接受")
    await bot.delete_message(1001, sent.message_id)
    await phone.presses_old("接受")
    before, after = (await updates_of(bot))[1:]
    assert before.callback_query.data == after.callback_query.data == "do:接受"
    assert before.callback_query.message.text == "第二步"
    assert not after.callback_query.message.is_accessible
    with pytest.raises(AssertionError, match="no old button"):
        await phone.presses_old("接受", nth=2)


async def test_the_newest_button_wins_and_equal_beats_containing(bot: Bot, phone: Phone) -> None:
    await bot.send_message(1001, "旧", reply_markup=keys("接受"))
    await bot.send_message(1001, "新", reply_markup=keys("全部接受"))
    await phone.presses("接受")
    await phone.presses("全部")
    await phone.presses_old("接受", nth=1)
    assert [u.callback_query.data for u in (await updates_of(bot))[1:]] == [
        "do:接受",
        "do:全部接受",
        "do:全部接受",
    ]


async def test_sees_waits_and_consumes(bot: Bot, phone: Phone) -> None:
    async def later() -> None:
        await asyncio.sleep(0.1)
        await bot.send_message(1001, "一")
        await bot.send_message(1001, "二")

    task = asyncio.create_task(later())
    await phone.sees("一")
    await phone.sees("二")
    await task
    await phone.sees_nothing_new(0.05)
    with pytest.raises(AssertionError, match="does not see '一'"):
        await phone.sees("一", within=0.05)
    await bot.send_message(1001, "三")
    with pytest.raises(AssertionError, match="三"):
        await phone.sees_nothing_new(0.05)
    phone.reads_all()
    await phone.sees_nothing_new(0.05)


async def test_settles_waits_for_the_bot(bot: Bot, phone: Phone) -> None:
    with pytest.raises(AssertionError, match="not settled"):
        await phone.settles(quiet=0.02, within=0.1)
    update = (await updates_of(bot))[0]
    await updates_of(bot, update.update_id + 1)
    await phone.settles(quiet=0.02, within=1)


async def test_everything_a_person_sends(bot: Bot, phone: Phone) -> None:
    await phone.sends_voice()
    await phone.sends_video()
    await phone.sends_sticker("👍")
    live = await phone.shares_position(29.3, 120.07, live=True)
    await phone.moves(live, 29.4, 120.08)
    await phone.shares_contact()
    said = await phone.says("改之前 https://example.org/a")
    await phone.edits(said, "改之后")
    updates = (await updates_of(bot))[1:]
    assert updates[0].message.voice.duration.seconds == 3
    assert updates[1].message.video.mime_type == "video/mp4"
    assert updates[2].message.sticker.emoji == "👍"
    assert updates[3].message.location.live_period.seconds == 3600
    assert updates[4].edited_message.location.latitude == 29.4
    assert updates[5].message.contact.user_id == 1001
    assert updates[6].message.entities[0].type == "url"
    assert updates[7].edited_message.text == "改之后"
    assert updates[7].edited_message.message_id == said.message_id


async def test_links_and_codes_are_opened(bot: Bot, phone: Phone) -> None:
    assert await phone.opens("https://example.org/") == "https://example.org/"
    await phone.opens("https://t.me/suicha_bot?start=ABC_1-2")
    await phone.opens("https://t.me/other_bot?start=ABC")
    with pytest.raises(AssertionError, match="start parameter"):
        await phone.opens("https://t.me/suicha_bot?start=" + "x" * 65)
    png = io.BytesIO()
    qrcode.make("https://t.me/suicha_bot?start=QR").save(png)
    await bot.send_photo(1001, png.getvalue(), caption="扫码")
    await phone.scans(await phone.sees("扫码"))
    assert await phone.scans(png.getvalue())
    texts = [update.message.text for update in await updates_of(bot)]
    assert texts == ["/start", "/start ABC_1-2", "/start QR", "/start QR"]


async def test_link_buttons(bot: Bot, phone: Phone) -> None:
    buttons = [InlineKeyboardButton("核验", url="https://example.org/d/12")]
    buttons.append(InlineKeyboardButton("绑定", url="https://t.me/suicha_bot?start=T"))
    await bot.send_message(1001, "看", reply_markup=InlineKeyboardMarkup([buttons]))
    assert await phone.presses("核验") == "https://example.org/d/12"
    await phone.presses("绑定")
    assert (await updates_of(bot))[-1].message.text == "/start T"


async def test_commands_follow_scope_and_language(telegram: Telegram, bot: Bot, phone: Phone) -> None:
    english = telegram.phone("Ann", 1002, language="en-GB")
    await bot.set_my_commands([BotCommand("start", "开始")])
    await bot.set_my_commands([BotCommand("start", "Begin")], language_code="en")
    await bot.set_my_commands([BotCommand("draws", "抽取")], scope=BotCommandScopeChat(1001))
    assert await phone.commands() == [{"command": "draws", "description": "抽取"}]
    assert await english.commands() == [{"command": "start", "description": "Begin"}]
    await bot.delete_my_commands(scope=BotCommandScopeChat(1001))
    assert (await phone.commands())[0]["description"] == "开始"
    assert (await bot.get_my_commands(language_code="en"))[0].description == "Begin"


async def test_groups(telegram: Telegram, bot: Bot, phone: Phone) -> None:
    other = telegram.phone("李娜", 1002)
    group = telegram.group("食品科", members=[phone, other])
    assert telegram.group("食品科").id == group.id
    await group.says(other, "/help@suicha_bot")
    await telegram.phone("王强", 1003).joins(group)
    await bot.send_message(group.id, "请私聊", reply_markup=keys("好"))
    await group.sees("请私聊")
    await group.presses(phone, "好")
    await group.expels_bot(phone)
    added, said, joined, pressed, expelled = (await updates_of(bot))[1:]
    assert added.my_chat_member.new_chat_member.status == "member"
    assert said.message.chat.type == "group"
    assert joined.message.new_chat_members[0].first_name == "王强"
    assert pressed.callback_query.from_user.id == 1001
    assert expelled.my_chat_member.new_chat_member.status == "kicked"
    assert not phone.messages[1:]


async def test_people_are_the_same_people(telegram: Telegram, phone: Phone) -> None:
    assert telegram.phone("张伟", 1001) is phone
    assert telegram.phone("张伟") is phone
    assert telegram.phone("新人").user_id == 1002
    with pytest.raises(ValueError, match="is 张伟"):
        telegram.phone("李四", 1001)


async def test_lines_are_told_as_they_happen(telegram: Telegram, bot: Bot, phone: Phone) -> None:
    told: list[tuple[str, str]] = []
    telegram.on_line(lambda chat, line: told.append((chat, line)))
    await bot.send_message(1001, "您好", reply_markup=keys("好"))
    await phone.presses("好")
    assert told == [("张伟", "suicha_bot: 您好\n    [好]"), ("张伟", "> 张伟: [按 好]")]
    assert "[好]" in phone.screen()


async def test_reply_keyboards_and_replies(telegram: Telegram, bot: Bot, phone: Phone) -> None:
    from telegram import ReplyKeyboardMarkup, ReplyKeyboardRemove, ReplyParameters

    said = phone.messages[0]
    await bot.send_message(1001, "选", reply_markup=ReplyKeyboardMarkup([["是", "否"]]))
    await phone.presses("是")
    answer = await bot.send_message(
        1001, "好", reply_markup=ReplyKeyboardRemove(), reply_parameters=ReplyParameters(said.id)
    )
    assert answer.reply_to_message.text == "/start"
    assert (await updates_of(bot))[-1].message.text == "是"
    with pytest.raises(AssertionError):
        await phone.presses("否")
