"""What the outside may reach and read: the webhook by its secret, figures, and never a token."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

import aiohttp
import pytest
import structlog
from pydantic import SecretStr
from sqlalchemy import func, select

from bot.logs import scrub, set_up
from bot.settings import Settings
from models.mail import Inbox
from models.visits import Seat
from tests.conversations.conftest import MONDAY, Clock, Town, free_port, town_running
from tests.conversations.test_faults import all_is_well_again, town
from tests.e2e.town import TOKEN, released_town

pytestmark = pytest.mark.asyncio(loop_scope="module")
__all__ = ["all_is_well_again", "town"]


def line(text: str) -> dict[str, Any]:
    return {"do": "say", "text": text, "rows": []}


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
