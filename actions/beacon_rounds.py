"""What becomes of a draw that waits for a beacon's round: the round comes, or does not, or was there too early."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import draws
from actions.journal import record
from actions.notify import notify
from models.draws import Draw


async def waiting(session: AsyncSession) -> list[Draw]:
    """The committed draws whose round is not here yet."""
    query = select(Draw).where(Draw.state == "committed", Draw.beacon_round.is_not(None), Draw.beacon.is_(None))
    return list(await session.scalars(query))


async def came(session: AsyncSession, draw_id: int, entropy: dict[str, Any], now: datetime) -> None:
    """Keep the round that a draw waits for, and tell its supervisor. `entropy` has been checked (`beacons.agree`)."""
    draw = await session.scalar(select(Draw).where(Draw.id == draw_id).with_for_update(of=Draw))
    if draw is None or draw.state != "committed" or draw.beacon or draw.beacon_round != entropy["round"]:
        return
    draw.beacon = entropy
    draw.version += 1
    record(session, now, None, "beacon", "draw", draw.id, after={"round": entropy["round"]})
    await notify(session, draw.supervisor_id, "draws.ready", str(draw.id), now, urgent=True, draw=draw.id)


async def missing(session: AsyncSession, draw_id: int, now: datetime) -> None:
    """Tell the supervisor, once, that no two relays agree on the round; witnesses are the way out."""
    draw = await session.get_one(Draw, draw_id)
    await notify(session, draw.supervisor_id, "draws.no_beacon", str(draw.id), now, urgent=True, draw=draw.id)


async def too_early(session: AsyncSession, draw_id: int, reason: str, now: datetime) -> None:
    """Make void by rule a draw whose round can be had before its time: the clock was behind when it was made."""
    draw = await session.scalar(select(Draw).where(Draw.id == draw_id).with_for_update(of=Draw))
    if draw is None or draw.state != "committed" or draw.beacon:
        return
    await draws.void(session, draw, reason, None, now)
    await notify(session, draw.supervisor_id, "draws.clock_behind", str(draw.id), now, urgent=True, draw=draw.id)
