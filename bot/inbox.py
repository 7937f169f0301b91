"""What came in is handled: one update, one transaction, each chat in its order."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, func, or_, select, update
from telegram import Update
from telegram.constants import ChatAction
from telegram.error import NetworkError, RetryAfter, TelegramError
from telegram.ext import Application

from bot.darkroom import Darkroom
from bot.evidence import Evidence, Load, StoreAway, fetch, waits, weight
from bot.forms import span
from bot.logs import tell
from bot.mailbox import ROOM, Mailbox, as_read
from bot.sending import Sender
from handlers.turn import House, Sent, Show, Turn, claimed_chat, current
from handlers.wording import apology, refused
from models.database import away
from models.mail import NEXT, Inbox, done
from models.people import THE_CHAT, Chat
from models.statements import at_once
from rules.refusal import Refusal

log = structlog.get_logger("inbox")

ATTEMPTS = 3
LOOK_EVERY = 0.5  # seconds, between looks for what is not at hand
FEW = 4  # chats that are begun at a look while all workers are busy: most are just being served by another process
LOOK_AGAIN = 0.05  # where something could not be handled yet
AWHILE, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=10)
HEADS = select(func.min(Inbox.update_id).label("id")).where(Inbox.done_at.is_(None)).group_by(Inbox.chat_id).subquery()
WAITING = (  # made once, asked very often
    select(Inbox.chat_id)
    .join(HEADS, HEADS.c.id == Inbox.update_id)
    .outerjoin(Chat, Chat.id == Inbox.chat_id)
    .order_by(Chat.person_id.is_(None), Inbox.update_id)
    .limit(ROOM)
)
SLOW = 256 << 10  # bytes of a file from which on the receipt, which has its hash, may take more than a moment


class Desk:
    """The workers: each takes the oldest waiting update of a chat and handles it in one transaction."""

    def __init__(
        self,
        mailbox: Mailbox,
        application: Application[Any, Any, Any, Any, Any, Any],
        house: House,
        sender: Sender,
        evidence: Evidence,
        darkroom: Darkroom,
        workers: int = 8,
    ) -> None:
        self.mailbox = mailbox
        self.database = mailbox.database
        self.application = application
        self.house = house
        self.sender = sender
        self.evidence = evidence
        self.darkroom = darkroom
        self._load = Load()
        self._places = asyncio.Semaphore(workers)
        self._chats: dict[int, asyncio.Task[None]] = {}
        self._closing = False  # what is begun is finished, nothing else is begun
        self._look_at = 0.0  # when it looks through the inbox the next time, by the monotonic clock

    async def run(self) -> None:
        """Give each chat that has something waiting to a worker, until cancelled; then let the workers finish.

        What is stored here is at hand. What waits to be tried again, or was stored by another process that is busy or
        has died, is found by looking now and then.
        """
        try:
            while True:
                self.mailbox.arrived.clear()
                if time.monotonic() >= self._look_at:
                    self._look_at = time.monotonic() + LOOK_EVERY
                    mine = self._chats.keys() | self.mailbox.fresh.keys()
                    others = [chat_id for chat_id in await self._waiting_chats() if chat_id not in mine]
                    for chat_id in others[: FEW if self._all_busy() else ROOM]:
                        self._start(chat_id, self._serve_what_waits)
                for chat_id in list(self.mailbox.fresh):
                    self._start(chat_id, self._serve)
                with contextlib.suppress(TimeoutError):  # not wait_for: in 3.11 it can swallow a cancellation
                    async with asyncio.timeout(max(0.0, self._look_at - time.monotonic())):
                        await self.mailbox.arrived.wait()
        finally:
            self._closing = True
            if self._chats:
                await asyncio.wait(list(self._chats.values()), timeout=4)

    def _start(self, chat_id: int, serve: Callable[[int], Awaitable[None]]) -> None:
        if chat_id not in self._chats:
            task = asyncio.create_task(self._work(chat_id, serve))
            self._chats[chat_id] = task
            task.add_done_callback(lambda _: self._leave(chat_id))

    def _leave(self, chat_id: int) -> None:
        del self._chats[chat_id]
        if chat_id in self.mailbox.fresh:  # what has come meanwhile
            self.mailbox.arrived.set()

    async def _work(self, chat_id: int, serve: Callable[[int], Awaitable[None]]) -> None:
        try:
            await serve(chat_id)
        except Exception as error:
            tell(log, "a worker stumbled", error, chat=chat_id)
            await asyncio.sleep(1)

    async def _serve(self, chat_id: int) -> None:
        """Handle what came for a chat a moment ago. What must wait, for an older one too, is found by looking."""
        for row in self.mailbox.take(chat_id):
            if self._closing or not await self._handle(row):
                self._look_soon(LOOK_AGAIN)
                return

    async def _serve_what_waits(self, chat_id: int) -> None:
        """Handle what waits in one chat, oldest first, until nothing is due."""
        busy = False
        while not self._closing and (row := await self._head(chat_id)) is not None and await self._handle(row):
            busy = True
        if busy and not self._all_busy():  # others may be waiting whom the last look had no room for
            self._look_soon(0)

    def _all_busy(self) -> bool:
        """Whether what waits is better left to other processes, if there may be some."""
        return self._places.locked() and not self.database.is_sqlite

    def _look_soon(self, seconds: float) -> None:
        self._look_at = min(self._look_at, time.monotonic() + seconds)
        self.mailbox.arrived.set()

    async def _waiting_chats(self) -> list[int]:
        """Whose turn it is: in a flood of strangers those whom we know come first, then whoever waits longest."""
        try:
            async with self.database.read() as session:
                return list(await session.scalars(WAITING.where(self._due())))
        except Exception as error:
            tell(log, "cannot read the inbox", error)
            await asyncio.sleep(1)
            return []

    def _due(self) -> ColumnElement[bool]:
        now = self.mailbox.now()
        turned_back = Inbox.retry_at > now + LONGEST_WAIT  # the clock was: nothing is put off for so long
        return or_(Inbox.retry_at <= now, turned_back)

    async def _head(self, chat_id: int) -> Inbox | None:
        query = select(Inbox).where(Inbox.chat_id == chat_id, Inbox.done_at.is_(None), self._due(), NEXT)
        async with self.database.read() as session:
            head: Inbox | None = await session.scalar(query)
            return head

    async def _handle(self, row: Inbox) -> bool:
        """Handle one update; False if it must wait, or another process has it."""
        with structlog.contextvars.bound_contextvars(update=row.update_id):
            incoming, begun = self._read(row), time.perf_counter()
            try:
                turn = await self._turn(row, incoming)
            except (NetworkError, RetryAfter, StoreAway) as error:  # the update waits, however long
                log.warning("must wait for Telegram or the evidence store", error=repr(error))
                self._took(begun, "waits")
                pause = span(error) if isinstance(error, RetryAfter) else AWHILE
                await self._postpone(row, min(pause, LONGEST_WAIT).total_seconds())
                return False
            except Exception as error:
                if away(error):  # no fault of the update, which waits with all others
                    log.warning("must wait for the database", error=str(error))
                    self._took(begun, "waits")
                    await asyncio.sleep(1)
                    return False
                log.exception("a turn failed", attempt=row.attempts + 1)
                self._took(begun, "failed")
                if row.attempts + 1 < ATTEMPTS:
                    await self._postpone(row, 0.2 * 4**row.attempts, failed=True)
                    return False
                turn = await self._park(row, incoming, error)
            if turn is None:
                return False
            self._took(begun, "done")
            await self.sender.deliver(row.update_id, row.chat_id, turn.replies)
            return True

    def _took(self, begun: float, outcome: str) -> None:
        self.sender.metrics.turns.labels(outcome).observe(time.perf_counter() - begun)

    def _read(self, row: Inbox) -> Update:
        """The update as PTB reads it; an empty one if it cannot: it gets an answer, and nobody waits behind it."""
        try:
            return Update.de_json(as_read(row.body), self.application.bot)
        except Exception:
            log.exception("an update cannot be read")
            return Update(row.update_id)

    async def _new_turn(self, session: Any, row: Inbox, incoming: Update, file: Any) -> Turn | None:
        language = language_of(incoming, self.house.language)
        if (chat := await claimed_chat(session, row.update_id, row.chat_id, language)) is None:
            return None
        chat.unreachable_at = None  # who writes can be written to
        return Turn(session, incoming, chat, self.house, self.mailbox.now(), self.evidence.keep, file)

    async def _fetch(self, chat_id: int, incoming: Update) -> Sent | None:
        """What came with an update of somebody who is bound; of a stranger nothing is fetched."""
        if not waits(incoming):
            return None
        async with self.database.read() as session:
            chat = await session.get(Chat, chat_id)
        if chat is None or chat.person is None or chat.person.barred:
            return None
        at_a_visit = (chat.awaiting or {}).get("what") in ("visit", "training")
        return await fetch(incoming, self.darkroom, self.house.zone, at_a_visit=at_a_visit)

    async def _turn(self, row: Inbox, incoming: Update) -> Turn | None:
        size = weight(incoming)
        nod = asyncio.create_task(self._nod(row.chat_id)) if size > SLOW else None
        try:
            async with self._load.of(size), self._places:  # which is free while the replies are on their way
                return await self._one_turn(row, incoming)
        finally:
            if nod:
                nod.cancel()

    async def _nod(self, chat_id: int) -> None:
        """Show at once that a large file has come and is being looked at; that nobody sees it does no harm."""
        with contextlib.suppress(TelegramError):
            await self.application.bot.send_chat_action(chat_id, ChatAction.TYPING)

    async def _one_turn(self, row: Inbox, incoming: Update) -> Turn | None:
        turn = None
        try:
            file = await self._fetch(row.chat_id, incoming)
            async with self.database.write() as session:
                if (turn := await self._new_turn(session, row, incoming, file)) is None:
                    return None
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
            if (turn := await self._new_turn(session, row, incoming, None)) is None:
                return None
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
            if (turn := await self._new_turn(session, row, incoming, None)) is None:
                return None
            apology(turn)
            await self._done(session, row, turn, error=type(error).__name__)
            return turn

    async def _done(self, session: Any, row: Inbox, turn: Turn, error: str = "") -> None:
        turn.finish()
        of_chat = THE_CHAT.changes(session, turn.chat)
        await session.flush()
        await at_once(session, *of_chat, done(session, row.update_id, turn.now, turn.replies, error))

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


def language_of(update: Update, default: str) -> str:
    """The language that a stranger is first spoken to in: that of the phone, if we have it."""
    code = (update.effective_user.language_code or "") if update.effective_user else ""
    return {"zh": "zh_CN", "en": "en"}.get(code[:2], default)
