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
from sqlalchemy import select, update
from telegram.constants import ParseMode
from telegram.error import TelegramError

from actions.import_report import Report
from actions.imports import KINDS, bring_in
from bot.evidence import Evidence
from bot.sending import Sender
from handlers.imports import card, returned
from handlers.turn import Rows
from locales import Words
from models.changes import Import
from models.database import Database
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
            except Exception:
                log.exception("a table cannot be looked through")
            await asyncio.sleep(EVERY)

    async def work(self) -> bool:
        """Take up one file, if there is one."""
        waiting = select(Import).where(Import.state.in_(("checking", "doing"))).order_by(Import.id).limit(1)
        async with self.database.read() as session:
            job = await session.scalar(waiting)
            if job is None or job.chat_id is None:
                return False
            chat = await session.get_one(Chat, job.chat_id)
            shown = await session.get(Card, (job.chat_id, f"import:{job.id}"))
        if shown is None:  # the reply that makes the card has not left yet
            return False
        words = Words(chat.language, self.zone)
        try:
            report = await self._watched(job, words, shown.message_id)
        except Refusal as refusal:
            await self._end(job, "refused")
            lines = [words("imports.file", name=job.name), words(f"refusal.{refusal.code}", **refusal.gaps)]
            await self._tell(job, shown.message_id, Markup("\n").join(lines), [])
            return True
        except FileNotFoundError:
            await self._end(job, "refused")
            await self._tell(job, shown.message_id, words("refusal.imports.unreadable"), [])
            return True
        if job.state == "checking":
            await self._end(job, "ready", report)
            if report.refused:
                await self._send_back(job, words, report)
        async with self.database.read() as session:
            fresh = await session.get_one(Import, job.id)
        await self._tell(job, shown.message_id, *card(words, fresh, report))
        return True

    async def _watched(self, job: Import, words: Words, message_id: int) -> Report:
        """Do it, and say from time to time how far it is."""
        done = 0

        def progress(rows: int) -> None:
            nonlocal done
            done = rows

        task = asyncio.create_task(self._do(job, progress))
        while not (await asyncio.wait([task], timeout=TELL_EVERY))[0]:
            key = "imports.checking" if job.state == "checking" else "imports.doing"
            await self._tell(job, message_id, words(key, name=job.name, rows=done), [])
        return await task

    async def _do(self, job: Import, progress: Callable[[int], None]) -> Report:
        data = await self.evidence.read(job.stored)
        dry, whole = job.state == "checking", job.ends is not None
        async with self.database.write() as session:
            row = await session.scalar(select(Import).where(Import.id == job.id).with_for_update(of=Import))
            assert row
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
            await session.execute(update(Import).where(Import.id == job.id).values(values))

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
