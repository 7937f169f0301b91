"""Promises to tell somebody something: written in the transaction that made it true."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from models.database import insert_new
from models.mail import Outbox
from models.people import Person, with_role
from rules.deadlines import after_quiet_hours


async def notify(
    session: AsyncSession,
    person_id: int,
    kind: str,
    key: str,
    now: datetime,
    *,
    urgent: bool = False,
    **params: Any,
) -> bool:
    """Promise a notice. `key` makes it unique: promised twice, it is told once. Not at night, unless urgent."""
    row = {
        "dedupe_key": f"{kind}:{key}:{person_id}",
        "person_id": person_id,
        "kind": kind,
        "params": params,
        "urgent": urgent,
        "created_at": now,
        "due_at": now if urgent else after_quiet_hours(now),
        "attempts": 0,
        "outcome": "",
        "error": "",
    }
    return bool(await insert_new(session, Outbox, [row], "dedupe_key"))


async def tell_supervisors_of_unreachable(session: AsyncSession, person_id: int, now: datetime) -> None:
    """Whoever supervises a person hears, once a day, that notices do not reach them."""
    person = await session.get_one(Person, person_id)
    for supervisor in await with_role(session, "supervisor", person.organ_id):
        if supervisor.id != person_id:
            await notify(session, supervisor.id, "people.unreachable", f"{person_id}:{now:%Y%m%d}", now, who=person_id)
