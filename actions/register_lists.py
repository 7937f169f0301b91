"""What programs may ask beside results: the plans and the items that are public (R1.2, R3.1.2d, R3.2.1c)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import noload

from models.items import Item
from models.people import Area, Organ
from models.plans import Plan, PlannedTask


class PublicPlan(NamedTuple):
    """A published annual plan in its newest public edition; `tasks` is how many it has."""

    id: int
    number: str
    edition: int
    year: int
    name: str
    organ: str
    area: str
    filed_with: str
    published_at: datetime
    tasks: int


async def plans(session: AsyncSession, limit: int, before: int | None = None) -> list[PublicPlan]:
    """Plans that are published, the newest first, below the id `before`."""
    tasks = select(func.count()).where(PlannedTask.plan_id == Plan.id).scalar_subquery()
    told = (Plan.id, Plan.number, Plan.edition, Plan.year, Plan.name, Organ.name, Area.name)
    query = (
        select(*told, Plan.filed_with, Plan.published_at, tasks)
        .join(Organ, Plan.organ_id == Organ.id)
        .join(Area, Organ.area_code == Area.code)
        .where(Plan.state == "published", Plan.published_at.is_not(None))
        .order_by(Plan.id.desc())
        .limit(limit)
    )
    rows = await session.execute(query if before is None else query.where(Plan.id < before))
    return [PublicPlan._make(row) for row in rows]


async def items(session: AsyncSession, limit: int, before: int | None = None) -> list[Item]:
    """All versions of the item list, the newest first, below the id `before`; without their checklists."""
    query = select(Item).options(noload(Item.checklist)).order_by(Item.id.desc()).limit(limit)
    return list(await session.scalars(query if before is None else query.where(Item.id < before)))
