"""Updates in: stored before they are acknowledged, then handled one by one, each chat in its order."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import structlog
from aiohttp import web
from sqlalchemy import exists, select, update
from sqlalchemy.orm import aliased
from telegram import Update
from telegram.error import NetworkError, RetryAfter, TelegramError
from telegram.ext import Application
from telegram.request import BaseRequest

from bot.evidence import Evidence, fetch
from bot.sending import Sender, span
from handlers.turn import House, Show, Turn, chat_for, current
from handlers.wording import apology, refused
from models.database import Database, insert_new
from models.mail import Inbox
from rules.refusal import Refusal

log = structlog.get_logger("inbox")

ATTEMPTS = 3
KINDS = ["message", "edited_message", "callback_query", "my_chat_member"]
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (the name of a header)
Now = Callable[[], datetime]


class Mailbox:
    """The door: updates come in by polling or by webhook and are committed before anybody says thank you."""

    def __init__(self, database: Database, now: Now) -> None:
        self.database = database
        self.now = now
        self.arrived = asyncio.Event()

    async def store(self, updates: list[dict[str, Any]]) -> None:
        """Keep these updates; one that is here already is not kept twice."""
        now = self.now()
        rows = [
            {
                "update_id": update["update_id"],
                "chat_id": chat_of(update),
                "body": update,
                "received_at": now,
                "retry_at": now,
                "attempts": 0,
                "error": "",
            }
            for update in updates
        ]
        if rows:
            async with self.database.write() as session:
                await insert_new(session, Inbox, rows, "update_id")
            self.arrived.set()

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
            except ValueError:
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


class Desk:
    """The workers: each takes the oldest waiting update of a chat and handles it in one transaction."""

    def __init__(
        self,
        mailbox: Mailbox,
        application: Application[Any, Any, Any, Any, Any, Any],
        house: House,
        sender: Sender,
        evidence: Evidence,
        workers: int = 8,
    ) -> None:
        self.mailbox = mailbox
        self.database = mailbox.database
        self.application = application
        self.house = house
        self.sender = sender
        self.evidence = evidence
        self._places = asyncio.Semaphore(workers)
        self._chats: dict[int, asyncio.Task[bool]] = {}

    async def run(self) -> None:
        """Give each chat that has something waiting to a worker, until cancelled; then let the workers finish."""
        try:
            while True:
                self.mailbox.arrived.clear()
                for chat_id in await self._waiting_chats():
                    if chat_id not in self._chats:
                        task = asyncio.create_task(self._serve(chat_id))
                        self._chats[chat_id] = task
                        task.add_done_callback(lambda _, chat_id=chat_id: self._leave(chat_id))  # type: ignore[misc]
                with contextlib.suppress(TimeoutError):  # not wait_for: in 3.11 it can swallow a cancellation
                    async with asyncio.timeout(0.5):
                        await self.mailbox.arrived.wait()
        finally:
            if self._chats:
                await asyncio.wait(list(self._chats.values()), timeout=4)

    def _leave(self, chat_id: int) -> None:
        """A chat where nothing could be done (its oldest update must wait) is not looked at again at once."""
        if self._chats.pop(chat_id).result():
            self.mailbox.arrived.set()

    async def _waiting_chats(self) -> list[int]:
        query = (
            select(Inbox.chat_id)
            .where(Inbox.done_at.is_(None), Inbox.retry_at <= self.mailbox.now())
            .group_by(Inbox.chat_id)
            .limit(200)
        )
        try:
            async with self.database.read() as session:
                return list(await session.scalars(query))
        except Exception:
            log.exception("cannot read the inbox")
            await asyncio.sleep(1)
            return []

    async def _serve(self, chat_id: int) -> bool:
        """Handle what waits in one chat, oldest first, until nothing is due; whether there was anything to do."""
        busy = False
        async with self._places:
            try:
                while (row := await self._head(chat_id)) is not None and await self._handle(row):
                    busy = True
            except Exception:
                log.exception("a worker stumbled", chat=chat_id)
                await asyncio.sleep(1)
        return busy

    async def _head(self, chat_id: int) -> Inbox | None:
        earlier = aliased(Inbox)
        query = (
            select(Inbox)
            .where(Inbox.chat_id == chat_id, Inbox.done_at.is_(None), Inbox.retry_at <= self.mailbox.now())
            .where(
                ~exists().where(
                    earlier.chat_id == chat_id, earlier.done_at.is_(None), earlier.update_id < Inbox.update_id
                )
            )
        )
        async with self.database.read() as session:
            head: Inbox | None = await session.scalar(query)
            return head

    async def _handle(self, row: Inbox) -> bool:
        """Handle one update; False if it must wait, or another process has it."""
        with structlog.contextvars.bound_contextvars(update=row.update_id):
            incoming = self._read(row)
            try:
                turn = await self._turn(row, incoming)
            except (NetworkError, RetryAfter) as error:  # Telegram is away or busy: the update waits, however long
                log.warning("must wait for Telegram", error=str(error))
                await self._postpone(row, span(error).total_seconds() if isinstance(error, RetryAfter) else 5)
                return False
            except Exception as error:
                log.exception("a turn failed", attempt=row.attempts + 1)
                if row.attempts + 1 < ATTEMPTS:
                    await self._postpone(row, 0.2 * 4**row.attempts, failed=True)
                    return False
                turn = await self._park(row, incoming, error)
            if turn is None:
                return False
            await self.sender.deliver(row.update_id, row.chat_id, turn.replies)
            return True

    def _read(self, row: Inbox) -> Update:
        """The update as PTB reads it; an empty one if it cannot: it gets an answer, and nobody waits behind it."""
        try:
            return Update.de_json(row.body, self.application.bot)
        except Exception:
            log.exception("an update cannot be read")
            return Update(row.update_id)

    async def _claim(self, session: Any, row: Inbox) -> bool:
        """Hold this update for the rest of the transaction, unless it is done or held elsewhere."""
        query = select(Inbox.update_id).where(Inbox.update_id == row.update_id, Inbox.done_at.is_(None))
        return await session.scalar(query.with_for_update(skip_locked=True)) is not None

    async def _new_turn(self, session: Any, row: Inbox, incoming: Update, file: Any) -> Turn:
        chat = await chat_for(session, row.chat_id, language_of(incoming, self.house.language))
        chat.unreachable_at = None  # who writes can be written to
        return Turn(session, incoming, chat, self.house, self.mailbox.now(), self.evidence.keep, file)

    async def _turn(self, row: Inbox, incoming: Update) -> Turn | None:
        turn = None
        try:
            file = await fetch(incoming)
            async with self.database.write() as session:
                if not await self._claim(session, row):
                    return None
                turn = await self._new_turn(session, row, incoming, file)
                token = current.set(turn)
                try:
                    await self.application.process_update(incoming)
                finally:
                    current.reset(token)
                if turn.failed:
                    raise turn.failed
                await self._done(session, row, turn)
                return turn
        except Refusal as refusal:
            return await self._refuse(row, incoming, refusal, turn.show_again if turn else None)

    async def _refuse(self, row: Inbox, incoming: Update, refusal: Refusal, show_again: Show | None) -> Turn | None:
        """The turn changed nothing; in a fresh transaction say why, and show how things are."""
        async with self.database.write() as session:
            if not await self._claim(session, row):
                return None
            turn = await self._new_turn(session, row, incoming, None)
            turn.show_again = show_again
            token = current.set(turn)
            try:
                await refused(turn, refusal)
            finally:
                current.reset(token)
            await self._done(session, row, turn)
            return turn

    async def _park(self, row: Inbox, incoming: Update, error: Exception) -> Turn | None:
        async with self.database.write() as session:
            if not await self._claim(session, row):
                return None
            turn = await self._new_turn(session, row, incoming, None)
            apology(turn)
            await self._done(session, row, turn, error=type(error).__name__)
            return turn

    async def _done(self, session: Any, row: Inbox, turn: Turn, error: str = "") -> None:
        turn.finish()
        await session.flush()
        await session.execute(
            update(Inbox)
            .where(Inbox.update_id == row.update_id)
            .values(done_at=turn.now, error=error, replies=turn.replies or None)
        )

    async def _postpone(self, row: Inbox, seconds: float, *, failed: bool = False) -> None:
        async with self.database.write() as session:
            await session.execute(
                update(Inbox)
                .where(Inbox.update_id == row.update_id, Inbox.done_at.is_(None))
                .values(
                    retry_at=self.mailbox.now() + timedelta(seconds=seconds),
                    attempts=Inbox.attempts + (1 if failed else 0),
                )
            )


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


def language_of(update: Update, default: str) -> str:
    """The language that a stranger is first spoken to in: that of the phone, if we have it."""
    code = (update.effective_user.language_code or "") if update.effective_user else ""
    if code.startswith("zh"):
        return "zh_CN"
    return "en" if code.startswith("en") else default
