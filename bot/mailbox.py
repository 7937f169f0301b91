"""Updates in: by polling or by webhook, and stored before they are acknowledged."""

from __future__ import annotations

import asyncio
import hmac
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import structlog
from aiohttp import web
from telegram.error import RetryAfter, TelegramError
from telegram.request import BaseRequest

from bot.forms import span
from models.database import Database
from models.mail import Inbox, keep

log = structlog.get_logger("mailbox")

KINDS = ["message", "edited_message", "callback_query", "my_chat_member"]
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (the name of a header)
AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)  # whatever the clocks of other machines say, and when ours is turned back
ROOM = 64  # chats that have a place, or are next
FEW = 20  # updates of a chat that are kept at hand
READ = ("message_id", "date", "chat", "text", "caption")  # of a message that was tapped
BROKEN = re.compile("[\x00\ud800-\udfff]")  # JSON can carry them; no database keeps them, and nobody reads them
Now = Callable[[], datetime]


class Mailbox:
    """The door: updates come in by polling or by webhook and are committed before anybody says thank you."""

    def __init__(self, database: Database, now: Now) -> None:
        self.database = database
        self.now = now
        self.arrived = asyncio.Event()
        self.fresh: dict[int, list[Inbox]] = {}  # by chat: what was just stored, so that nobody must look for it
        self._coming: list[dict[str, Any]] = []
        self._storing: asyncio.Task[None] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def store(self, updates: list[dict[str, Any]]) -> None:
        """Keep these updates; one that is here already is not kept twice.

        What comes while others are being stored waits for them, and is then stored in one transaction. Where that fails
        each is stored alone, so that one that cannot be kept hinders no other.
        """
        now = self.now()
        rows = [
            {
                "update_id": update["update_id"],
                "chat_id": chat_of(update),
                "body": whole(update),
                "received_at": now,
                "retry_at": AT_ONCE,
                "attempts": 0,
                "error": "",
            }
            for update in updates
        ]
        if not rows:
            return
        self._coming += rows
        self._storing = self._storing or asyncio.create_task(self._store_all())
        try:
            await asyncio.shield(self._storing)
        except Exception:
            await self._keep(rows)

    async def _store_all(self) -> None:
        async with self._one_at_a_time:
            rows, self._coming, self._storing = self._coming, [], None
            await self._keep(rows)

    async def _keep(self, rows: list[dict[str, Any]]) -> None:
        async with self.database.write_at_once() as connection:
            await keep(connection, rows)
        for row in rows:
            chat = self.fresh.get(row["chat_id"], [])
            if len(chat) < FEW and (chat or len(self.fresh) < ROOM):  # else it is found by looking, when there is time
                self.fresh[row["chat_id"]] = [*chat, Inbox(**row)]
        self.arrived.set()

    def take(self, chat_id: int) -> list[Inbox]:
        """What was stored of a chat since somebody took it, oldest first."""
        return sorted(self.fresh.pop(chat_id, []), key=lambda row: row.update_id)

    async def poll(self, line: BaseRequest, address: str) -> None:
        """Fetch updates for ever from a bot's `address`.

        The next request acknowledges what the last one brought and we committed. Updates are kept as they came: one
        that PTB cannot read must not stop the others.
        """
        offset = 0
        pause = 0.5
        while True:
            try:
                query = urlencode({"offset": offset, "timeout": 10, "allowed_updates": json.dumps(KINDS)})
                updates = await line.post(f"{address}/getUpdates?{query}", read_timeout=20)
                assert isinstance(updates, list)
                await self.database.finish(self.store(updates))
                offset = max((update["update_id"] + 1 for update in updates), default=offset)
                pause = 0.5
            except RetryAfter as error:
                await asyncio.sleep(span(error).total_seconds())
            except TelegramError as error:
                log.warning("cannot fetch updates", error=str(error), again_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 30)
            except Exception:
                log.exception("cannot store updates", again_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 30)

    def webhook(self, secret: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        """The handler of `POST /telegram`: answers 200 only after the commit, 403 without the secret."""

        async def receive(request: web.Request) -> web.Response:
            given = request.headers.get(SECRET_HEADER, "")
            if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
                raise web.HTTPForbidden
            try:
                body = await request.json()
            except (ValueError, RecursionError):
                raise web.HTTPBadRequest from None
            if (
                not isinstance(body, dict)
                or type(number := body.get("update_id")) is not int
                or not 0 <= number < 2**63
            ):
                raise web.HTTPBadRequest
            await self.store([body])
            return web.Response()

        return receive


def whole(value: Any) -> Any:
    """An update with only such characters as can be kept."""
    if isinstance(value, str):
        return BROKEN.sub("\N{REPLACEMENT CHARACTER}", value) if BROKEN.search(value) else value
    if isinstance(value, dict):
        return {whole(name): whole(one) for name, one in value.items()}
    return [whole(one) for one in value] if isinstance(value, list) else value


def as_read(update: dict[str, Any]) -> dict[str, Any]:
    """An update with no more of a message that was tapped than anybody reads: PTB takes long over all its parts."""
    match update:
        case {"callback_query": {"message": dict() as tapped, **query}, **rest}:
            message = {name: one for name, one in tapped.items() if name in READ}
            return {**rest, "callback_query": {**query, "message": message}}
    return update


def chat_of(update: dict[str, Any]) -> int:
    """The chat an update belongs to, or the person where there is no chat; 0 if there is neither."""
    query = update.get("callback_query")
    query = query if isinstance(query, dict) else {}
    for part in (query.get("message"), *(value for value in update.values() if isinstance(value, dict))):
        if isinstance(part, dict) and isinstance(part.get("chat"), dict):
            return _number(part["chat"])
    return _number(query.get("from") or {})


def _number(chat: dict[str, Any]) -> int:
    """The id of a chat or person; 0 if it is none, so that an update as no Telegram sends it hinders no other."""
    number = chat.get("id")
    return number if type(number) is int and abs(number) < 2**63 else 0
