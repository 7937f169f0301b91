"""The ticks: each asks what is due now and does it once, however long the clock stood still."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from actions import (
    calendars,
    chain,
    credit_class,
    credit_lists,
    desks,
    draws,
    lead_office,
    reminders,
    replacements,
    retention,
    seats,
)
from actions import digests as digest_actions
from actions.calendars import deadline
from actions.letters import remind as remind_of_letters
from models import subject_search
from models.database import Database
from models.mail import hold
from rules.deadlines import DIGEST_AT, QUIET_UNTIL, REMIND_AT, quiet
from rules.retention import Periods

log = structlog.get_logger("clock")

SLICES = 10
FORGET_AT = range(2, 5)  # o'clock
Erase = Callable[[str], Awaitable[None]]


async def guarded(
    tick: Any, database: Database, now: Callable[[], datetime], owner: str, one_at_a_time: asyncio.Lock
) -> None:
    """Run a tick if this process holds the clock; what fails is logged and due again."""
    async with one_at_a_time:
        try:
            async with database.write() as session:
                await calendars.refresh(session)
                ours = await hold(session, reminders.CLOCK, owner, now())
            if ours:
                await tick(database, now())
        except Exception:
            log.exception("a tick failed", tick=tick.__name__)


async def keep(database: Database, now: Callable[[], datetime], owner: str) -> None:
    """Keep the clock also while a tick takes long, and take it over from a process that died."""
    try:
        async with database.write() as session:
            await hold(session, reminders.CLOCK, owner, now())
    except Exception as error:
        log.warning("cannot hold the clock", error=str(error))


async def names(database: Database, _now: datetime) -> None:
    """Take new names into the search, so many that others get their turn between them."""
    for _ in range(SLICES):
        async with database.read() as session:
            if not await subject_search.is_behind(session):
                return
        async with database.write() as session:
            await subject_search.catch_up(session)


async def remind(database: Database, now: datetime) -> None:
    """Remind of what is due; in the hours when people may be disturbed, from the morning on."""
    if now.time() >= REMIND_AT and not quiet(now):
        async with database.write() as session:
            await reminders.remind(session, now)


async def digests(database: Database, now: datetime) -> None:
    """The day's digests, for each at the hour they chose; after downtime still on the same day."""
    if not quiet(now):
        async with database.write() as session:
            await digest_actions.send_digests(session, now)


async def open_draws(database: Database, now: datetime) -> None:
    """Open the draws whose results are all due: 20 working days after the end of the task (R3.2.3a).

    What nobody has been told of by then is released first.
    """
    async with database.write() as session:
        for draw in await draws.sealed(session):
            if deadline("publication", draw.task.ends) < now.date():
                await seats.release_rest(session, draw, now)
                await session.flush()
                await draws.open_(session, draw, None, now)


async def release_stages(database: Database, now: datetime) -> None:
    """Release the stages of draws whose day has come; from the morning on (R3.2.2a)."""
    if now.time() >= QUIET_UNTIL:
        async with database.write() as session:
            await seats.release_due(session, now)


async def vacate_seats(database: Database, now: datetime) -> None:
    """Refill the seats of whoever may not go any more: certificate run out, on leave, left (R3.2.2a)."""
    async with database.write() as session:
        await seats.vacate_unfit(session, now)


async def doubtful_subjects(database: Database, now: datetime) -> None:
    """The morning's word on subjects that closed, or came under investigation, before their visit."""
    if now.time() >= DIGEST_AT:
        async with database.write() as session:
            await replacements.tell_of_doubtful(session, now)


async def letters(database: Database, now: datetime) -> None:
    """The morning's word on notices to subjects that still wait for approval."""
    if now.time() >= QUIET_UNTIL:
        async with database.write() as session:
            await remind_of_letters(session, now)


async def leads(database: Database, now: datetime) -> None:
    """Desks whose leave is over go back; the morning after its last day a lead goes to the office (R3.3.3a)."""
    if now.time() >= REMIND_AT and not quiet(now):
        async with database.write() as session:
            await desks.end_over(session, now)
            await session.flush()
            await lead_office.escalate(session, now)


async def credit(database: Database, now: datetime) -> None:
    """What ceased to count for credit, and in the morning the proposals that the clock makes (R3.3.2c)."""
    async with database.write() as session:
        await credit_class.weigh_due(session, now)
        if now.time() >= DIGEST_AT:
            await credit_lists.propose_serious(session, now)


async def forget(database: Database, now: datetime, periods: Periods, erase: Erase) -> None:
    """In the small hours, what may be forgotten, so much at a time that others get their turn between."""
    if now.hour not in FORGET_AT:
        return
    for what in (retention.messages, retention.notices, retention.drafts, retention.evidence):
        while True:
            async with database.write() as session:
                forgotten = await what(session, periods, now)
            for digest in forgotten.digests:
                await erase(digest)
            if not forgotten.rows:
                break
            log.info("forgot", what=what.__name__, rows=forgotten.rows)
    async with database.read() as session:
        left = await retention.left_behind(session, now) if periods.evidence else ()
    for digest in left:
        await erase(digest)


async def journal(database: Database, now: datetime, key: Ed25519PrivateKey) -> None:
    """Chain what is new in the journal; after midnight sign the end of the day (R4.3)."""
    async with database.write() as session:
        await chain.note_clock(session, now)
        await session.flush()
        await chain.extend(session)
    async with database.write() as session:
        await chain.seal(session, key, now)
