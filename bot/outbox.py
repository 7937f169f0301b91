"""Notices out: each is claimed under a lease, told once, and kept as it was told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import structlog
from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, or_, select, update
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError

from bot.forms import shortened, span
from bot.logs import tell
from bot.messages import passes
from bot.sending import Sender
from handlers.notices import fetch, render
from handlers.turn import House
from models.base import Instant
from models.database import FINISH_WITHIN, Database, away, moment, of_server
from models.mail import LEASE, Outbox
from models.people import Chat, remember_card
from rules.deadlines import quiet

log = structlog.get_logger("outbox")

BATCH = 16
WORDING_WITHIN = 0.3  # seconds; the words of a batch are made in one transaction, for which taps wait on SQLite
FLEETING = ("reminders", "deadlines.moved")  # true at the moment alone: worded anew each time they are tried
AT_ONCE = 4  # batches that are leaving
LONGEST_PAUSE = timedelta(minutes=10)
LOOK_EVERY = 0.25  # seconds
REST = 20  # times as long as a look took, which passes over all that waits for people who cannot be reached
LONGEST_REST = 2.0  # seconds


class Postman:
    """Carries notices to people. With several processes each claims its own."""

    def __init__(self, database: Database, sender: Sender, house: House, now: Callable[[], datetime]) -> None:
        self.database = database
        self.sender = sender
        self.house = house
        self.now = now
        self._held: set[int] = set()  # claimed, and waiting for their turn to leave
        self._mine: dict[int, float] = {}  # claimed, and not told yet: since when nobody else may have them

    async def run(self) -> None:
        """Send what is due, for ever: a batch is claimed while the one before it leaves, so that no second is lost."""
        leaving: set[asyncio.Task[Any]] = set()
        try:
            while True:
                begun = time.monotonic()
                if notices := await self._next():
                    leaving.add(asyncio.create_task(self._send_all(notices)))
                else:
                    await asyncio.sleep(max(LOOK_EVERY, min(REST * (time.monotonic() - begun), LONGEST_REST)))
                if len(leaving) >= AT_ONCE:
                    await asyncio.wait(leaving, return_when=asyncio.FIRST_COMPLETED)
                leaving = {one for one in leaving if not one.done()}
        finally:  # what is on its way arrives, what was only waiting for its turn is given back
            for one in leaving:
                one.cancel()
            if leaving:
                await asyncio.wait(leaving, timeout=FINISH_WITHIN)
            if self._held:
                await self.database.finish(self._give_back())

    async def _next(self) -> list[Outbox]:
        try:
            return await self.database.finish(self._claim())
        except Exception as error:
            tell(log, "a round of notices failed", error)
            await asyncio.sleep(1)
            return []

    async def _send_all(self, notices: list[Outbox]) -> None:
        for outcome in await asyncio.gather(*(self._send(one) for one in notices), return_exceptions=True):
            if isinstance(outcome, Exception):  # its lease runs out, and it is sent again
                log.error("what became of a notice cannot be written down", error=str(outcome), exc_info=outcome)
        for one in notices:
            self._mine.pop(one.id, None)

    async def renew(self) -> None:
        """Keep what is claimed and not told yet."""
        if not (mine := set(self._mine)):
            return
        since = time.monotonic()
        async with self.database.write() as session:
            until = moment(session, self.now(), LEASE)
            held = update(Outbox).where(Outbox.id.in_(mine), Outbox.leased_until.is_not(None))
            await session.execute(held.where(Outbox.ended_at.is_(None)).values(leased_until=until))
        self._mine |= dict.fromkeys(mine & self._mine.keys(), since)

    def _lost(self, notice: Outbox) -> bool:
        """Whether another process may have it by now, because we stood still for too long."""
        return not self.database.is_sqlite and time.monotonic() - self._mine[notice.id] > LEASE.total_seconds()

    async def take_back(self) -> None:
        """Take over at once what a process was sending when it died; only where no other can be sending."""
        async with self.database.write() as session:
            held = update(Outbox).where(Outbox.ended_at.is_(None), Outbox.leased_until.is_not(None))
            await session.execute(held.values(leased_until=None))

    async def _claim(self) -> list[Outbox]:
        now = self.now()
        one, batch = _due(self.database.is_sqlite, quiet(now))
        named = {"now": now, "two_leases_on": now + 2 * LEASE, "mine": list(self._mine)}
        async with self.database.read() as session:
            if await session.scalar(one, named) is None:
                return []
        async with self.database.write() as session:
            claimed: list[Outbox] = []
            since, until = time.monotonic(), await session.scalar(select(moment(session, now, LEASE)))
            held = list(await session.scalars(batch, named))
            query = select(Chat).where(Chat.person_id.in_({notice.person_id for notice in held}))
            chats = {chat.person_id: chat for chat in await session.scalars(query)}
            visits = await fetch(session, [notice for notice in held if _to_be_worded(notice)])
            begun = time.monotonic()
            for notice in held:
                if claimed and time.monotonic() - begun > WORDING_WITHIN:
                    break
                notice.leased_until = until
                if await self._render(session, notice, chats[notice.person_id]):
                    claimed.append(notice)
            del visits  # until now they were at hand
        self._mine |= {notice.id: since for notice in claimed}
        return claimed

    async def _render(self, session: Any, notice: Outbox, chat: Chat) -> bool:
        """Word a notice when it is first tried, or again; False if it need not be told any more."""
        if not _to_be_worded(notice):
            return True
        try:
            message = await render(session, notice, chat, self.house, self.now())
        except Exception as error:
            log.exception("a notice cannot be worded", notice=notice.id, kind=notice.kind)
            notice.ended_at, notice.outcome, notice.error = self.now(), "parked", type(error).__name__
            return False
        if message is None:
            notice.ended_at, notice.outcome = self.now(), "dropped"
            return False
        notice.chat_id, notice.text = chat.id, str(message.text)
        notice.buttons = [{"about": message.about, "rows": message.rows, "paper": message.paper}]
        return True

    async def _give_back(self) -> None:
        async with self.database.write() as session:
            await session.execute(update(Outbox).where(Outbox.id.in_(self._held)).values(leased_until=None))

    async def _send(self, notice: Outbox) -> None:
        assert notice.chat_id is not None
        self._held.add(notice.id)
        counted = await self.sender.pace.notice(notice.chat_id)
        self._held.discard(notice.id)
        await self.database.finish(self._send_now(notice, counted))

    async def _send_now(self, notice: Outbox, counted: AbstractContextManager[None]) -> None:
        assert notice.chat_id is not None
        outcome: dict[str, Any]
        message_id = None
        try:
            with counted:
                if self._lost(notice):
                    return
                message_id = await self._tell(notice)
            outcome = {"ended_at": self.now(), "outcome": "sent", "message_id": message_id}
        except Exception as error:
            outcome = self._not_told(notice, error)
        await self._write_down(notice, outcome, message_id)
        self.sender.metrics.sent.labels("notice", outcome.get("outcome") or outcome.get("error") or "later").inc()
        if outcome.get("error") == "forbidden":
            await self.sender.unreachable(notice.chat_id)

    def _not_told(self, notice: Outbox, error: Exception) -> dict[str, Any]:
        """What becomes of a notice that did not leave: it waits for what may pass, and is parked for what will not."""
        match error:
            case RetryAfter():  # Telegram is busy; nobody is to blame
                return {"due_at": self.now() + span(error), "leased_until": None}
            case Forbidden():
                return {"leased_until": None, "error": "forbidden"}
            case BadRequest():
                log.error("Telegram refused a notice", notice=notice.id, kind=notice.kind, error=str(error))
                return {"ended_at": self.now(), "outcome": "parked", "error": str(error)}
            case _ if isinstance(error, TelegramError) or passes(error):
                wait = min(timedelta(seconds=2 ** min(notice.attempts, 10)), LONGEST_PAUSE)
                log.warning("a notice must wait", notice=notice.id, error=str(error), seconds=wait.total_seconds())
                return {"due_at": self.now() + wait, "leased_until": None, "attempts": notice.attempts + 1}
        log.error("a notice cannot be sent", notice=notice.id, kind=notice.kind, exc_info=error)
        return {"ended_at": self.now(), "outcome": "parked", "error": type(error).__name__}

    async def _tell(self, notice: Outbox) -> int:
        assert notice.chat_id is not None
        assert notice.text is not None
        assert notice.buttons
        held = notice.buttons[0]
        shown = shortened(notice.text) if held["about"] else notice.text, held["rows"]  # a card is one message
        if paper := held.get("paper"):
            send = self.sender.picture if paper["do"] == "picture" else self.sender.paper
            return await send(notice.chat_id, paper, *shown)
        return await self.sender.say(notice.chat_id, *shown)

    async def _write_down(self, notice: Outbox, outcome: dict[str, Any], message_id: int | None) -> None:
        """Keep what became of a notice, however long the database is away: it is not told again if we can help it."""
        assert notice.chat_id is not None
        assert notice.buttons
        while True:
            try:
                async with self.database.write() as session:
                    await session.execute(update(Outbox).where(Outbox.id == notice.id).values(**outcome))
                    if message_id and notice.buttons[0]["about"]:
                        await remember_card(session, notice.chat_id, notice.buttons[0]["about"], message_id)
                return
            except Exception as error:
                if not away(error):
                    raise
                log.warning("what became of a notice is written down later", notice=notice.id, error=str(error))
                await asyncio.sleep(1)


@cache
def _due(on_sqlite: bool, at_night: bool) -> tuple[Select[tuple[int]], Select[tuple[Outbox]]]:
    """Whether anything may leave, and the first of it, most urgent first, locked; at night what is urgent alone.

    Put together once, because it is asked four times a second. Its parameters are `now`, `two_leases_on`, and `mine`,
    which we have claimed already.
    """
    now: BindParameter[datetime] = bindparam("now", type_=Instant())
    clock: ColumnElement[datetime] = now if on_sqlite else of_server()
    two_on = bindparam("two_leases_on", type_=Instant()) if on_sqlite else of_server(2 * LEASE)
    turned_back = Outbox.leased_until > two_on  # the clock was: nobody holds it so long
    free = or_(Outbox.leased_until.is_(None), Outbox.leased_until < clock, turned_back)
    at_once = and_(Outbox.created_at > now, Outbox.due_at <= Outbox.created_at)  # before the clock was turned back
    may_leave = (
        Outbox.ended_at.is_(None),
        or_(Outbox.due_at <= now, at_once),
        Chat.unreachable_at.is_(None),
        free,
        Outbox.id.not_in(bindparam("mine", expanding=True)),
    )
    one = select(Outbox.id).join(Chat, Chat.person_id == Outbox.person_id).where(*may_leave).limit(1)
    batch = select(Outbox).join(Chat, Chat.person_id == Outbox.person_id).where(*may_leave).limit(BATCH)
    batch = batch.order_by(Outbox.urgent.desc(), Outbox.due_at, Outbox.id)
    if at_night:  # what was late in the evening waits for the morning
        one, batch = one.where(Outbox.urgent), batch.where(Outbox.urgent)
    return one, batch.with_for_update(of=Outbox, skip_locked=True)


def _to_be_worded(notice: Outbox) -> bool:
    return notice.text is None or notice.kind in FLEETING
