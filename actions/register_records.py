"""What anybody may ask about a record on paper: whether it is genuine, and nothing of what stands in it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models.documents import Record
from models.people import Organ
from models.plans import Task
from models.visits import Visit


class PublicRecord(NamedTuple):
    """A version of a record as the public may know it; `newest` is the number of the last version."""

    version: int
    newest: int
    hash: str
    made_at: datetime
    task_number: str
    organ: str


async def record(session: AsyncSession, token: str) -> PublicRecord | None:
    """What a token on paper stands for; None: nothing."""
    any_version = aliased(Record)
    newest = select(func.max(any_version.version)).where(any_version.visit_id == Visit.id).scalar_subquery()
    query = (
        select(Record.version, newest, Record.hash, Record.made_at, Task.number, Organ.name)
        .join(Visit, Record.visit_id == Visit.id)
        .join(Task, Visit.task_id == Task.id)
        .join(Organ, Task.organ_id == Organ.id)
        .where(Record.token == token)
    )
    row = (await session.execute(query)).one_or_none()
    return PublicRecord._make(row) if row else None
