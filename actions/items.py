"""Keeps the item list and its checklists: each change is a new version with its day (R3.1.2a, R3.1.2d)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.journal import record
from models.items import Checklist, Item, Point
from models.people import Person
from rules.items import FIELDS, POINT_FIELDS, Change, differences, in_force, last_day, point_differences
from rules.refusal import Refusal

Outcome = Literal["added", "changed", "unchanged"]


async def versions_of(session: AsyncSession, code: str) -> list[Item]:
    """All versions of an item, the newest first."""
    return list(await session.scalars(select(Item).where(Item.code == code).order_by(Item.version.desc())))


async def newest(session: AsyncSession) -> list[Item]:
    """The newest version of every item, by code; some may be ended, or not in force yet."""
    query = select(Item).order_by(Item.code, Item.version)
    return list({item.code: item for item in await session.scalars(query)}.values())


async def list_on(session: AsyncSession, day: date) -> list[Item]:
    """The item list of a day: what is in force then, by department and code."""
    query = select(Item).where(Item.valid_from <= day).order_by(Item.department, Item.code, Item.version)
    return [one for one in await session.scalars(query) if in_force(one.valid_from, one.valid_until, day)]


async def checklist_of(session: AsyncSession, name: str) -> Checklist | None:
    """The newest version of a checklist, if there is one of that name."""
    query = select(Checklist).where(Checklist.name == name).order_by(Checklist.version.desc()).limit(1)
    found: Checklist | None = await session.scalar(query)
    return found


def fields_of(item: Item) -> dict[str, Any]:
    """What a version says, by its published fields."""
    return {name: getattr(item, name) for name in FIELDS}


def points_of(checklist: Checklist | None) -> list[dict[str, Any]]:
    """The points of a checklist in order."""
    return [{name: getattr(one, name) for name in POINT_FIELDS} for one in checklist.points] if checklist else []


def compare(old: Item, new: Item) -> list[Change]:
    """What differs between two versions of an item, with its checklist."""
    was, now = (one.checklist.name if one.checklist else "" for one in (old, new))
    changes = differences(fields_of(old), fields_of(new))
    if was != now:
        changes.append(Change("checklist", was, now))
    return changes + point_differences(points_of(old.checklist), points_of(new.checklist))


async def revise(
    session: AsyncSession,
    code: str,
    values: Mapping[str, Any],
    starts: date,
    change: str,
    by: Person | None,
    now: datetime,
    ends: date | None = None,
) -> Outcome:
    """Put a version of an item into the list from a day on; the one before it ends the day before.

    `values` are those of `rules.items.FIELDS` that are said, and `checklist_id`; what is not said stays. Nothing
    happens if nothing differs. Refused if the newest version begins later.
    """
    before = next(iter(await versions_of(session, code)), None)
    if before is None:
        item = Item(code=code, version=1, valid_from=starts, valid_until=ends, change=change, **values)
        session.add(item)
        await session.flush()
        record(session, now, by, "add", "item", item.id, after=_told(item))
        return "added"
    same = all(getattr(before, name) == value for name, value in values.items())
    if same and before.valid_until == ends:
        return "unchanged"
    lapsed = before.valid_until is not None and before.valid_until < starts  # then it is put back on the list
    if same and ends is not None and not lapsed:
        end(session, before, ends, change, by, now)
        return "changed"
    if starts < before.valid_from:
        raise Refusal("items.earlier_than_last", day=before.valid_from)
    kept = {name: getattr(before, name) for name in (*FIELDS, "checklist_id")}
    item = Item(code=code, version=before.version + 1, valid_from=starts, valid_until=ends, change=change)
    for name, value in {**kept, **values}.items():
        setattr(item, name, value)
    before.valid_until = last_day(before.valid_until, starts)
    session.add(item)
    await session.flush()
    await session.refresh(item, ["checklist"])
    record(session, now, by, "change", "item", item.id, before=_told(before), after=_told(item), why=change)
    return "changed"


def end(session: AsyncSession, item: Item, day: date, why: str, by: Person | None, now: datetime) -> None:
    """Take an item off the list after a day; what is drawn already goes on."""
    told = _told(item)
    item.valid_until = day
    record(session, now, by, "end", "item", item.id, before=told, after=_told(item), why=why)


async def revise_checklist(
    session: AsyncSession,
    name: str,
    points: Sequence[Mapping[str, Any]],
    materials: Sequence[str] | None,
    starts: date,
    by: Person | None,
    now: datetime,
) -> Outcome:
    """Put a version of a checklist in place; the items that use it get a version of their own from a day on.

    Points are by `rules.items.POINT_FIELDS`, in order; `materials` None leaves those of the version before.
    """
    before = await checklist_of(session, name)
    wished = list(materials) if materials is not None else list(before.materials) if before else []
    if before and points_of(before) == [dict(point) for point in points] and before.materials == wished:
        return "unchanged"
    new = Checklist(name=name, version=before.version + 1 if before else 1, materials=wished)
    new.points = [Point(number=number, **point) for number, point in enumerate(points, 1)]
    session.add(new)
    await session.flush()
    record(session, now, by, "change" if before else "add", "checklist", new.id, after={"version": new.version})
    if before is None:
        return "added"
    for item in await newest(session):
        used = item.checklist is not None and item.checklist.name == name
        if used and (item.valid_until is None or item.valid_until >= starts):
            change = f"{name} v{new.version}"
            day = max(starts, item.valid_from)
            await revise(session, item.code, {"checklist_id": new.id}, day, change, by, now, item.valid_until)
    return "changed"


def _told(item: Item) -> dict[str, Any]:
    """A version for the journal."""
    said = {name: value for name, value in fields_of(item).items() if value not in ("", None)}
    if "ratio_ceiling" in said:
        said["ratio_ceiling"] = str(said["ratio_ceiling"])
    dates = {"from": item.valid_from.isoformat(), "until": item.valid_until.isoformat() if item.valid_until else None}
    return {**said, **dates, "version": item.version, "checklist": item.checklist_id}
