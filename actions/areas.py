"""The areas of Jinhua and their townships, so that a directory can be imported before anything is set up."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.people import Area
from rules.places import Gazetteer, Place

_TABLE = Path(__file__).with_suffix(".tsv")


@cache
def _built_in() -> tuple[tuple[Place, tuple[str, ...]], ...]:
    """Each area of the table with the names of its neighbours; a parent stands above its children."""
    areas = []
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        code, name, parent, neighbours, aliases, towns = line.split("\t")
        place = Place(code, name, parent or None, tuple(towns.split()), tuple(aliases.split()))
        areas.append((place, tuple(neighbours.split())))
    return tuple(areas)


async def ensure_areas(session: AsyncSession) -> None:
    """Add the built-in areas that are missing; what an administrator has changed stays as it is."""
    known = set(await session.scalars(select(Area.code)))
    for place, neighbours in _built_in():
        if place.code not in known:
            row = {"code": place.code, "name": place.name, "parent": place.parent, "neighbours": neighbours}
            await session.execute(insert(Area.__table__).values(row))  # type: ignore[arg-type]


async def gazetteer(session: AsyncSession) -> Gazetteer:
    """All areas of the database, with the townships and other names that are built in."""
    built_in = {place.code: place for place, _ in _built_in()}
    areas = await session.execute(select(Area.code, Area.name, Area.parent).order_by(Area.code))
    none = Place("", "")
    return Gazetteer(
        Place(code, name, parent, towns=built_in.get(code, none).towns, aliases=built_in.get(code, none).aliases)
        for code, name, parent in areas
    )
