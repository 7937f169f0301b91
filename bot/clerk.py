"""Looks through tables that were sent in a chat, and brings them in once somebody said yes: a file may take a minute.

A turn only writes down that a file came (`models.changes.Import`). Whatever is `checking` or `doing` is taken up here,
also after a crash: a check changes nothing, and an import and its end are one transaction. While it works the card in
the chat says how far it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from markupsafe import Markup
from sqlalchemy import ColumnElement, String, and_, cast, literal, select, update
from telegram.constants import ParseMode
from telegram.error import TelegramError

from actions.import_report import Report
from actions.imports import KINDS, bring_in
from bot.evidence import Evidence, StoreAway
from bot.logs import tell
from bot.sending import Sender
from handlers.imports import card, returned
from handlers.turn import Rows
from locales import Words
from models.changes import Import
from models.database import Database, away
from models.people import Card, Chat
from rules.refusal import Refusal

log = structlog.get_logger("clerk")

EVERY = 0.5  # seconds
TELL_EVERY = 2.0  # seconds between two words on how far it is


class Clerk:
    """One file at a time, the oldest first."""

    def __init__(
        self, database: Database, sender: Sender, evidence: Evidence, now: Callable[[], datetime], zone: ZoneInfo
    ) -> None:
        self.database, self.sender, self.evidence, self.now, self.zone = database, sender, evidence, now, zone

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                while await self.work():
                    pass
            except Exception as error:
                tell(log, "a table must wait", error)
            await asyncio.sleep(EVERY)

    async def work(self) -> bool:
        """Take up one file, if there is one whose card is on the phone; until then nobody could be told of it."""
        about = literal("import:") + cast(Import.id, String)
        waiting = (
            select(Import, Card.message_id, Chat.language)
            .join(Chat, Chat.id == Import.chat_id)
            .join(Card, (Card.chat_id == Import.chat_id) & (Card.about == about))
            .where(Import.state.in_(("checking", "doing")))
        )
        async with self.database.read() as session:
            found = (await session.execute(waiting.order_by(Import.id).limit(1))).first()
        if found is None:
            return False
        job, message_id, language = found
        words = Words(language, self.zone)
        try:
            report = await self._watched(job, words, message_id)
        except FileNotFoundError:
            await self._give_up(job, message_id, words("refusal.imports.unreadable"))
            return True
        except Refusal as refusal:
            lines = [words("imports.file", name=job.name), words(f"refusal.{refusal.code}", **refusal.gaps)]
            await self._give_up(job, message_id, Markup("\n").join(lines))
            return True
        except Exception as error:
            if away(error) or isinstance(error, StoreAway):  # it waits
                raise
            log.exception("a table cannot be brought in", job=job.id)  # nor ever; the next ones can
            await self._give_up(job, message_id, words("apology"))
            return True
        if report is None:
            return False
        if job.state == "checking":
            await self._end(job, "ready", report)
            if report.refused:
                await self._send_back(job, words, report)
        async with self.database.read() as session:
            fresh = await session.get_one(Import, job.id)
        await self._tell(job, message_id, *card(words, fresh, report))
        return True

    async def _give_up(self, job: Import, message_id: int, why: Markup) -> None:
        await self._end(job, "refused")
        await self._tell(job, message_id, why, [])

    async def _watched(self, job: Import, words: Words, message_id: int) -> Report | None:
        """Do it, and say from time to time how far it is."""
        done = 0

        def progress(rows: int) -> None:
            nonlocal done
            done = rows

        task = asyncio.create_task(self._do(job, progress))
        try:
            while not (await asyncio.wait([task], timeout=TELL_EVERY))[0]:
                key = "imports.checking" if job.state == "checking" else "imports.doing"
                await self._tell(job, message_id, words(key, name=job.name, rows=done), [])
            return task.result()
        finally:
            if not task.done():  # we are stopped, and so is it: it is begun anew at the next start
                task.cancel()
                await asyncio.wait([task])

    async def _do(self, job: Import, progress: Callable[[int], None]) -> Report | None:
        """Check or bring in; None if another process is at it, or has done it meanwhile."""
        data = await self.evidence.read(job.stored)
        dry, whole = job.state == "checking", job.ends is not None
        async with self.database.write() as session:
            row = await session.scalar(
                select(Import).where(_as_it_was(job)).with_for_update(of=Import, skip_locked=True)
            )
            if row is None:
                return None
            report = await bring_in(
                session, KINDS.values(), data, row.name, self.now(), row.by, progress,
                whole=whole, ends=job.ends or 0, dry=dry, job=row,
            )  # fmt: skip
            if dry:
                await session.rollback()
            else:
                row.state = "done"
        return report

    async def _end(self, job: Import, state: str, report: Report | None = None) -> None:
        values: dict[str, object] = {"state": state, "version": job.version + 1}
        if report:
            values |= {"kind": report.kind, "counts": report.counts}
            values |= {"ends": report.missing} if job.ends is not None else {}
        async with self.database.write() as session:
            await session.execute(update(Import).where(_as_it_was(job)).values(values))

    async def _tell(self, job: Import, message_id: int, text: Markup, rows: Rows) -> None:
        assert job.chat_id
        with suppress(TelegramError):  # it is said again, or seen with /import
            await self.sender.edit(job.chat_id, message_id, str(text), rows)

    async def _send_back(self, job: Import, words: Words, report: Report) -> None:
        assert job.chat_id
        with suppress(TelegramError):
            await self.sender.bot.send_document(
                job.chat_id,
                await asyncio.to_thread(returned, words, report),
                caption=str(words("imports.returned", report.counts["refused"])),
                parse_mode=ParseMode.HTML,
                filename=f"{words('imports.why_not')}.xlsx",
            )


def _as_it_was(job: Import) -> ColumnElement[bool]:
    """The row of a job that nobody, of this process or another, has changed since it was read."""
    return and_(Import.id == job.id, Import.state == job.state, Import.version == job.version)
