"""The schedule: what the clock says, and to whom."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jobs import ticks
from models.database import Database
from models.mail import RENEW_EVERY
from rules.retention import Periods

Tick = Callable[[Database, datetime], Awaitable[None]]

SCHEDULE: list[tuple[Tick, int]] = [  # what, and every how many seconds; each asks the database what is due
    (ticks.names, 5),
    (ticks.remind, 60),
    (ticks.digests, 60),
    (ticks.release_stages, 60),
    (ticks.vacate_seats, 300),
    (ticks.doubtful_subjects, 300),
    (ticks.letters, 300),
    (ticks.leads, 300),
    (ticks.credit, 300),
    (ticks.open_draws, 300),
]


def scheduler(
    database: Database,
    now: Callable[[], datetime],
    owner: str,
    zone: ZoneInfo,
    one_at_a_time: asyncio.Lock,
    key: Ed25519PrivateKey,
    periods: Periods,
    erase: ticks.Erase,
) -> AsyncIOScheduler:
    """A scheduler for one process; of several processes only the one that holds the clock's lease acts.

    `key` signs the journal. What is older than its period is forgotten; `erase` removes bytes of evidence.
    """
    clock = AsyncIOScheduler(timezone=zone)

    async def journal(database: Database, now: datetime) -> None:
        await ticks.journal(database, now, key)

    async def forget(database: Database, now: datetime) -> None:
        await ticks.forget(database, now, periods, erase)

    for tick, seconds in [*SCHEDULE, (journal, 10), (forget, 1800)]:
        clock.add_job(
            ticks.guarded,
            IntervalTrigger(seconds=seconds),
            args=[tick, database, now, owner, one_at_a_time],
            id=tick.__name__,
            next_run_time=max(now(), datetime.now(zone)),  # not in the scheduler's past: it would count what it missed
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    return clock


async def keep_going(clock: AsyncIOScheduler, zone: ZoneInfo) -> None:
    """Call every tick at once when the machine's clock was turned back: else they sleep until the old time comes."""
    before = datetime.now(zone)
    while True:
        await asyncio.sleep(RENEW_EVERY)
        if (at := datetime.now(zone)) < before:
            for job in clock.get_jobs():
                job.modify(next_run_time=at)
        before = at
