"""Proposes who should get a lead: by the item list's routes and by words in what was found (R3.3.3a)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.items import Item
from models.leads import LeadRoute
from models.people import Area, Organ
from models.subjects import Subject
from models.visits import Visit
from rules.leads import WITHOUT_ENFORCEMENT
from rules.routing import proposed, with_standard


async def destinations(
    session: AsyncSession, subject: Subject, text: str = "", items: Iterable[str] = (), but: Iterable[str] = ()
) -> tuple[list[Organ], int]:
    """Who could act: departments of the subject's area, then of its city, without those in `but`.

    First those that the text and the items' codes propose, the likeliest first; the number says how many those are.
    """
    area = subject.area
    query = (
        select(Organ)
        .join(Area, Area.code == Organ.area_code)
        .where(Organ.department.not_in((*but, *WITHOUT_ENFORCEMENT)), Area.code.in_((area.code, area.parent)))
    )
    nearest: dict[str, Organ] = {}
    for organ in sorted(await session.scalars(query), key=lambda organ: (organ.area_code != area.code, organ.id)):
        nearest.setdefault(organ.department, organ)
    rows = list(await session.scalars(select(LeadRoute).order_by(LeadRoute.id)))
    routes = with_standard([(row.item, row.words, row.department) for row in rows])
    names: list[str] = []
    for item in [*items] or [""]:
        names += [name for name in proposed(text, item, routes) if name not in names]
    names += await _by_items(session, text, names)
    first = [nearest.pop(name) for name in names if name in nearest]
    return [*first, *nearest.values()], len(first)


async def _by_items(session: AsyncSession, text: str, known: list[str]) -> list[str]:
    """Departments that have an item of that name on their list."""
    if not text:
        return []
    query = select(Item.name, Item.department).where(Item.valid_until.is_(None)).order_by(Item.id)
    found = [department for name, department in (await session.execute(query)).tuples() if name in text]
    return list(dict.fromkeys(one for one in found if one not in known))


def found_at(visit: Visit, point_id: int | None = None) -> str:
    """What was found at a visit in words: the texts and notes of its failed points, or of one of them."""
    failed = [one for one in visit.answers if one.value == "no" and point_id in (None, one.point_id)]
    return "；".join(part for one in failed for part in (one.point.text, one.note) if part)
