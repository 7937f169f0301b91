import io
import json
from typing import Any

import aiohttp
import pytest
from PIL import Image
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, Forbidden

from simulator import Phone, Telegram


def button(data: str) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "x", "callback_data": data}]]}


async def call(telegram: Telegram, method: str, **params: Any) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{telegram.api_url}{telegram.token}/{method}", json=params) as answer,
    ):
        body = await answer.json()
        assert body["ok"] == (answer.status == 200)
        return answer.status, body.get("description", "")


REFUSED = [
    ("sendEverything", {}, 404, "method not found"),
    ("sendmessage", {"chat_id": 1001, "text": "x"}, 404, "method not found"),
    ("sendMessage", {"chat_id": 1001, "text": "x", "colour": "red"}, 400, 'unknown parameter "colour"'),
    ("sendMessage", {"chat_id": 1001}, 400, "message text is empty"),
    ("sendMessage", {"chat_id": 1001, "text": " \n "}, 400, "message text is empty"),
    ("sendMessage", {"chat_id": 1001, "text": "<b></b>", "parse_mode": "HTML"}, 400, "message text is empty"),
    ("sendMessage", {"text": "x"}, 400, "chat_id is empty"),
    ("sendMessage", {"chat_id": 99, "text": "x"}, 400, "chat not found"),
    ("sendMessage", {"chat_id": "@nobody", "text": "x"}, 400, "chat not found"),
    ("sendMessage", {"chat_id": "abc", "text": "x"}, 400, "invalid chat_id"),
    ("sendMessage", {"chat_id": 1001, "text": "字" * 4097}, 400, "message is too long"),
    ("sendMessage", {"chat_id": 1001, "text": "👍" * 2049}, 400, "message is too long"),
    (
        "sendMessage",
        {"chat_id": 1001, "text": "x", "parse_mode": "MarkdownV2"},
        400,
        "unsupported parse_mode",
    ),
    (
        "sendMessage",
        {"chat_id": 1001, "text": "x", "reply_markup": button("字" * 22)},
        400,
        "BUTTON_DATA_INVALID",
    ),
    ("sendMessage", {"chat_id": 1001, "text": "x", "reply_markup": button("")}, 400, "BUTTON_DATA_INVALID"),
    ("sendMessage", {"chat_id": 1001, "text": "x", "reply_markup": "{"}, 400, "can't parse reply_markup"),
    ("sendMessage", {"chat_id": 1001, "text": "x", "reply_markup": {"what": 1}}, 400, "object expected"),
    (
        "sendMessage",
        {"chat_id": 1001, "text": "x", "reply_parameters": {"message_id": 999}},
        400,
        "replied not found",
    ),
    ("sendPhoto", {"chat_id": 1001}, 400, "there is no photo in the request"),
    (
        "sendPhoto",
        {"chat_id": 1001, "photo": "https://example.org/a.jpg"},
        400,
        "failed to get HTTP URL content",
    ),
    ("sendPhoto", {"chat_id": 1001, "photo": "BQAC"}, 400, "wrong file identifier"),
    ("sendPhoto", {"chat_id": 1001, "photo": "attach://p"}, 400, "no file attached as p"),
    ("sendLocation", {"chat_id": 1001, "latitude": 91, "longitude": 0}, 400, "wrong latitude"),
    ("sendLocation", {"chat_id": 1001, "latitude": "north", "longitude": 0}, 400, "invalid latitude"),
    ("sendChatAction", {"chat_id": 1001, "action": "dance"}, 400, "wrong parameter action"),
    ("editMessageText", {"chat_id": 1001, "message_id": 99, "text": "x"}, 400, "message to edit not found"),
    ("editMessageText", {"chat_id": 1001, "message_id": 1, "text": "x"}, 400, "message can't be edited"),
    ("deleteMessage", {"chat_id": 1001, "message_id": 99}, 400, "message to delete not found"),
    ("answerCallbackQuery", {"callback_query_id": "1"}, 400, "query is too old"),
    ("getFile", {"file_id": "x"}, 400, "invalid file_id"),
    ("setMyCommands", {"commands": [{"command": "Start", "description": "x"}]}, 400, "BOT_COMMAND_INVALID"),
    ("setMyCommands", {"commands": [{"command": "a" * 33, "description": "x"}]}, 400, "BOT_COMMAND_INVALID"),
    ("setMyCommands", {"commands": [{"command": "a", "description": ""}]}, 400, "DESCRIPTION_INVALID"),
    ("setMyCommands", {"commands": [{"command": "a", "description": "x" * 257}]}, 400, "DESCRIPTION_INVALID"),
    ("setMyCommands", {"commands": [], "scope": {"type": "chat", "chat_id": 99}}, 400, "chat not found"),
    ("setWebhook", {"url": "https://example.org/hook"}, 400, "loopback"),
    ("setWebhook", {"url": "http://127.0.0.1:9/", "secret_token": "ä"}, 400, "unallowed characters"),
    ("getUpdates", {"allowed_updates": ["messages"]}, 400, "unknown update type"),
    ("sendMediaGroup", {"chat_id": 1001, "media": [{}]}, 400, "from 2 to 10"),
]


@pytest.mark.parametrize(("method", "params", "code", "wording"), REFUSED)
async def test_refusals(
    telegram: Telegram, phone: Phone, method: str, params: dict[str, Any], code: int, wording: str
) -> None:
    status, description = await call(telegram, method, **params)
    assert (status, wording in description) == (code, True), description
    assert len(phone.messages) == 1


async def test_limits_are_reached_exactly(telegram: Telegram, phone: Phone) -> None:
    assert (await call(telegram, "sendMessage", chat_id=1001, text="字" * 4096))[0] == 200
    html = {"text": f"<b>{'&lt;' * 4096}</b>", "parse_mode": "HTML"}
    assert (await call(telegram, "sendMessage", chat_id=1001, **html))[0] == 200
    assert (await call(telegram, "sendMessage", chat_id=1001, text="x", reply_markup=button("x" * 64)))[0] == 200


async def test_keyboard_sizes(bot: Bot, phone: Phone) -> None:
    def rows(per_row: int, count: int) -> InlineKeyboardMarkup:
        return InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="x")] * per_row] * count)

    await bot.send_message(1001, "x", reply_markup=rows(8, 12))
    for markup in (rows(9, 1), rows(8, 13)):
        with pytest.raises(BadRequest, match=r"(?i)reply_markup_too_long"):
            await bot.send_message(1001, "x", reply_markup=markup)


@pytest.mark.parametrize(
    "one",
    [
        {"text": "x"},
        {"text": "", "callback_data": "x"},
        {"text": "x", "callback_data": "x", "url": "https://example.org"},
        {"text": "x", "url": "javascript:alert(1)"},
        {"text": "x", "url": "https://t.me/suicha_bot?start=a b"},
        {"text": "x", "callback_data": "x", "colour": "red"},
        "x",
    ],
)
async def test_wrong_buttons(telegram: Telegram, phone: Phone, one: Any) -> None:
    markup = {"inline_keyboard": [[one]]}
    assert (await call(telegram, "sendMessage", chat_id=1001, text="x", reply_markup=markup))[0] == 400


async def test_edits(bot: Bot, phone: Phone) -> None:
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="x")]])
    sent = await bot.send_message(1001, "<b>x</b>", parse_mode="HTML", reply_markup=markup)
    with pytest.raises(BadRequest, match="are exactly the same as a current content"):
        await sent.edit_text("<b>x</b>", parse_mode="HTML", reply_markup=markup)
    with pytest.raises(BadRequest, match="not modified"):
        await sent.edit_reply_markup(markup)
    await sent.edit_text("x", reply_markup=markup)
    await sent.edit_text("x")
    assert phone.messages[-1].buttons == []
    with pytest.raises(BadRequest, match="no caption"):
        await sent.edit_caption("y")
    png = io.BytesIO()
    Image.new("RGB", (50, 50), "red").save(png, "PNG")
    photo = await bot.send_photo(1001, png.getvalue(), caption="x")
    with pytest.raises(BadRequest, match="no text in the message to edit"):
        await photo.edit_text("y")
    with pytest.raises(BadRequest, match="caption is too long"):
        await photo.edit_caption("y" * 1025)
    await photo.edit_caption("y" * 1024)
    await photo.delete()
    with pytest.raises(BadRequest, match=r"(?i)message to edit not found"):
        await photo.edit_caption("z")
    assert len(phone.messages) == 2


async def test_callback_answers(telegram: Telegram, bot: Bot, phone: Phone) -> None:
    sent = await bot.send_message(1001, "x")
    await phone.taps(sent.message_id, "a")
    await phone.taps(sent.message_id, "b")
    first, second = [u.callback_query for u in (await bot.get_updates())[1:]]
    with pytest.raises(BadRequest, match=r"(?i)message_too_long"):
        await first.answer("x" * 201)
    await first.answer("x" * 200)
    with pytest.raises(BadRequest, match="too old"):
        await first.answer()
    telegram.world.query_lifetime = -1
    with pytest.raises(BadRequest, match="too old"):
        await second.answer()


async def test_chats_that_cannot_be_written_to(telegram: Telegram, bot: Bot, phone: Phone) -> None:
    stranger = telegram.phone("路人", 1002)
    with pytest.raises(BadRequest, match=r"(?i)chat not found"):
        await bot.send_message(1002, "x")
    telegram.group("食品科", [phone, stranger])
    with pytest.raises(Forbidden, match="can't initiate conversation"):
        await bot.send_message(1002, "x")
    await phone.blocks()
    with pytest.raises(Forbidden, match="blocked by the user"):
        await bot.send_message(1001, "x")
    await phone.unblocks()
    await bot.send_message(1001, "x")
    changes = [u.my_chat_member.new_chat_member.status for u in await bot.get_updates() if u.my_chat_member]
    assert changes == ["member", "kicked", "member"]


async def test_tokens_and_paths(telegram: Telegram) -> None:
    async with aiohttp.ClientSession() as session:
        for path, status in [
            ("/botgarbage/getMe", 404),
            ("/bot1:x/getMe", 401),
            ("/bot123456:WRONG/getMe", 401),
            ("/nothing", 404),
            (f"/file/bot{telegram.token}/photos/none.jpg", 404),
            ("/file/bot1:x/photos/none.jpg", 401),
        ]:
            async with session.get(telegram.url + path) as answer:
                assert answer.status == status, path


async def test_every_way_to_pass_parameters(telegram: Telegram, phone: Phone) -> None:
    url = f"{telegram.api_url}{telegram.token}/sendMessage"
    values = {"chat_id": "1001", "text": "您好", "disable_notification": "true"}
    markup = json.dumps(button("x"))
    form = aiohttp.FormData({**values, "reply_markup": markup})
    form.add_field("unused", "", content_type="text/plain", filename=None)
    multipart = aiohttp.MultipartWriter("form-data")
    for name, value in values.items():
        multipart.append(value).set_content_disposition("form-data", name=name)
    async with aiohttp.ClientSession() as session:
        for arguments in (
            {"params": values},
            {"data": values},
            {"json": {**values, "chat_id": 1001}},
            {"data": multipart},
        ):
            async with session.post(url, **arguments) as answer:
                assert (await answer.json())["result"]["text"] == "您好", arguments
        async with session.post(url, data=form) as answer:
            assert "unused" in (await answer.json())["description"]
        async with session.get(url, params={**values, "reply_markup": markup}) as answer:
            assert (await answer.json())["result"]["reply_markup"] == button("x")
        async with session.post(url, data=b"{", headers={"Content-Type": "application/json"}) as answer:
            assert answer.status == 400
    assert len(phone.messages) == 6


async def test_loopback_only() -> None:
    with pytest.raises(ValueError, match="this machine only"):
        await Telegram().start(host="0.0.0.0")
