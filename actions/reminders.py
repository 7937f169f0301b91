"""Reminds of what is due before it is late, each thing once a step, several in one message."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.calendars import official
from actions.notify import notify
from models.visits import Seat, Visit
from rules.deadlines import REMIND_BEFORE
from rules.visits import OPEN


async def remind_of_visits(session: AsyncSession, now: datetime) -> int:
    """Remind inspectors of visits that are due in 3, 1 or 0 working days; how many people are reminded."""
    today = now.date()
    calendar = official()
    if not calendar.works(today):
        return 0
    query = (
        select(Visit.due, Seat.person_id)
        .join(Visit, Visit.id == Seat.visit_id)
        .where(Visit.state.in_(OPEN), Seat.state.in_(("offered", "accepted")), Visit.due >= today)
    )
    due = Counter(
        person_id
        for day, person_id in await session.execute(query)
        if person_id is not None and calendar.between(today, day) in REMIND_BEFORE
    )
    for person_id in due:
        await notify(session, person_id, "visits.due", f"{today:%Y%m%d}", now)
    return len(due)
