"""Replies out: what a turn said leaves right after its commit, and is kept until it has left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import func, or_, select, update
from telegram import Bot
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter

from actions.notify import tell_supervisors_of_unreachable
from bot.darkroom import Darkroom
from bot.evidence import Evidence, StoreAway
from bot.forms import span
from bot.messages import FILES, Messenger, passes
from bot.metrics import Metrics
from bot.pace import Pace
from bot.press import Press
from models.database import Database, away, moment
from models.mail import LEASE, Inbox
from models.people import Chat, remember_card

log = structlog.get_logger("sending")

# What Telegram counts; an edit or a toast it does not.
MESSAGES = ("say", *FILES, "position", "sheet", "qr", "paper", "picture")
LATER = timedelta(seconds=30)  # until replies that could not leave are tried again
LATEST = 2 * LATER  # however long Telegram asks us to wait
BEARABLE = timedelta(seconds=5)  # that a worker waits when Telegram asks it to; after that others are served first


class Sender(Messenger):
    """Sends replies, in order, each once as far as Telegram lets us know."""

    def __init__(
        self,
        bot: Bot,
        database: Database,
        pace: Pace,
        now: Callable[[], datetime],
        evidence: Evidence,
        darkroom: Darkroom,
        press: Press,
        metrics: Metrics,
    ) -> None:
        super().__init__(bot, pace, evidence, darkroom, press)
        self.database = database
        self.now = now
        self.metrics = metrics
        self._said: set[int] = set()
        self._cards: dict[tuple[int, str], int] = {}
        self._saying: set[int] = set()

    async def deliver(self, update_id: int, chat_id: int, replies: list[dict[str, Any]]) -> None:
        """Send a turn's replies. What cannot leave now (the network is away) stays in the inbox for `catch_up`."""
        if not replies:
            return
        self._saying.add(update_id)
        left = list(replies)
        try:
            cards = False
            while left:
                reply = left[0]
                message_id = await self._patiently(chat_id, reply)
                if message_id and "about" in reply and message_id != reply.get("message"):
                    self._cards[chat_id, reply["about"]] = message_id
                    cards = True
                del left[0]
                self.metrics.sent.labels("reply", "sent").inc()
            self._said.add(update_id)
            if cards:
                await self.settle()
        except Exception as error:
            if not passes(error):
                raise
            log.warning("replies must wait", update=update_id, error=str(error))
            pause = max(LATER, span(error)) if isinstance(error, RetryAfter) else LATER
            with suppress(Exception):  # else they are tried again a little earlier, those that have left too
                await self._until({update_id}, min(pause, LATEST), left)
            self.metrics.sent.labels("reply", "later").inc(len(left))
        finally:
            self._saying.discard(update_id)

    async def settle(self) -> None:
        """Write down which replies have left, and which message is now the card of a thing."""
        said, cards = set(self._said), dict(self._cards)
        if not said and not cards:
            return
        async with self.database.write() as session:
            for (chat_id, about), message_id in cards.items():
                await remember_card(session, chat_id, about, message_id)
            await session.execute(update(Inbox).where(Inbox.update_id.in_(said)).values(replies=None))
        self._said -= said
        self._cards = {key: number for key, number in self._cards.items() if cards.get(key) != number}

    async def renew(self) -> None:
        """Keep the replies that we are sending from other processes."""
        if ours := self._saying | self._said:
            await self._until(ours, LEASE)

    async def _until(self, ours: set[int], pause: timedelta, left: list[dict[str, Any]] | None = None) -> None:
        """Nobody takes these replies up for so long; `left` are those that are still to leave, where some have left."""
        async with self.database.write() as session:
            held = update(Inbox).where(Inbox.update_id.in_(ours), Inbox.replies.is_not(None))
            held = held.values(retry_at=moment(session, self.now(), pause))
            await session.execute(held if left is None else held.values(replies=left))

    async def catch_up(self, *, at_once: bool = False) -> None:
        """Send replies that a crash or a dead network left behind, oldest first; `at_once` where no other can."""
        await self.settle()
        busy = self._saying | self._said
        async with self.database.read() as session:
            turned_back = Inbox.retry_at > moment(session, self.now(), LATEST)
            free = or_(Inbox.retry_at < moment(session, self.now()), turned_back)
            query = select(Inbox).where(Inbox.replies.is_not(None), Inbox.update_id.not_in(busy))
            query = (query if at_once else query.where(free)).order_by(Inbox.update_id).limit(50)
            if await session.scalar(query.with_only_columns(Inbox.update_id).limit(1)) is None:
                return
        async with self.database.write() as session:
            rows = list(await session.scalars(query.with_for_update(skip_locked=True)))
            mine = update(Inbox).where(Inbox.update_id.in_({row.update_id for row in rows}))
            await session.execute(mine.values(retry_at=moment(session, self.now(), LEASE)))
            latest = select(Inbox.chat_id, func.max(Inbox.update_id)).where(
                Inbox.update_id >= min((row.update_id for row in rows), default=0),  # not all that was ever said
                Inbox.chat_id.in_({row.chat_id for row in rows}),
                Inbox.done_at.is_not(None),
            )
            last = dict((await session.execute(latest.group_by(Inbox.chat_id))).tuples().all())
        self._saying |= {row.update_id for row in rows}
        try:
            await self._say_again(rows, last)
        finally:
            self._saying -= {row.update_id for row in rows}
        await self.settle()

    async def _say_again(self, rows: list[Inbox], last: dict[int, int]) -> None:
        for row in rows:
            # What the chat has seen since must not be overwritten by an older card.
            replies = [one for one in row.replies or [] if row.update_id == last[row.chat_id] or one["do"] in MESSAGES]
            await self.deliver(row.update_id, row.chat_id, replies)
            if not replies:
                self._said.add(row.update_id)

    async def _patiently(self, chat_id: int, reply: dict[str, Any]) -> int | None:
        """Send one reply, waiting where Telegram asks us to; a short break of the network is tried again."""
        for attempt in range(5):
            try:
                with self.pace.reply(chat_id) if reply["do"] in MESSAGES else nullcontext():
                    return await self.send(chat_id, reply)
            except RetryAfter as error:
                if attempt == 4 or span(error) > BEARABLE:
                    raise
                await asyncio.sleep(span(error).total_seconds())
            except Forbidden:
                await self.unreachable(chat_id)
                return None
            except BadRequest as error:
                log.warning("Telegram refused a reply", chat=chat_id, error=str(error), kind=reply["do"])
                return None
            except (NetworkError, StoreAway):
                if attempt == 4:
                    raise
                await asyncio.sleep(0.2 * 3**attempt)
            except Exception as error:  # it would be the same the next time, and must not hold up the others
                if away(error):
                    raise
                log.exception("a reply cannot be sent", chat=chat_id, kind=reply["do"])
                return None
        return None

    async def unreachable(self, chat_id: int) -> None:
        """They blocked us: notices wait until they write again; whoever supervises them hears of it."""
        log.info("a chat cannot be reached", chat=chat_id)
        async with self.database.write() as session:
            chat = await session.get(Chat, chat_id)
            if chat:
                chat.unreachable_at = self.now()
            if chat and chat.person_id:
                await tell_supervisors_of_unreachable(session, chat.person_id, self.now())
