"""The working days that everybody here counts by, and the day by which a thing is due.

Both are asked for everywhere and change once a year, so each process keeps them at hand; `refresh` reads them again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cache

from chinese_calendar import constants
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.calendars import DeadlineOverride, Holiday, HolidayYear
from rules import deadlines
from rules.workdays import Calendar


@cache
def packaged() -> Calendar:
    """Holidays and make-up days of the years that the chinese-calendar package knows."""
    off = dict.fromkeys(constants.holidays, True)
    on = dict.fromkeys(constants.workdays, False)
    return Calendar({**off, **on}, frozenset(day.year for day in constants.holidays))


@dataclass
class _AtHand:
    """What this process counts by."""

    calendar: Calendar = field(default_factory=packaged)
    overrides: dict[tuple[str, int], int] = field(default_factory=dict)


_at_hand = _AtHand()


def official() -> Calendar:
    """Holidays and make-up days of all announced years."""
    return _at_hand.calendar


def deadline(kind: str, since: date, organ_id: int | None = None) -> date:
    """The last day for a thing of a kind (`rules.deadlines.TABLE`) that began on a day, as its organ decided."""
    return deadlines.until(official(), kind, since, length(kind, organ_id))


def length(kind: str, organ_id: int | None = None) -> int | None:
    """How many working days an organ gives a kind of thing; None where each has its own day."""
    own = _at_hand.overrides.get((kind, organ_id)) if organ_id is not None else None
    return deadlines.TABLE[kind].days if own is None else own


async def refresh(session: AsyncSession) -> None:
    """Read again which years were imported and what authorities decided, as this transaction sees it."""
    years = frozenset(await session.scalars(select(HolidayYear.year)))
    known = packaged()
    exceptions = {day: off for day, off in known.exceptions.items() if day.year not in years}
    if years:
        exceptions |= dict((await session.execute(select(Holiday.day, Holiday.off))).tuples().all())
    calendar = Calendar(exceptions, known.years | years)
    if calendar != _at_hand.calendar:
        _at_hand.calendar = calendar
    query = select(DeadlineOverride.kind, DeadlineOverride.organ_id, DeadlineOverride.days)
    _at_hand.overrides = {(kind, organ): days for kind, organ, days in (await session.execute(query)).tuples()}


def forget() -> None:
    """Count by what the package knows, until the next `refresh`."""
    _at_hand.calendar, _at_hand.overrides = packaged(), {}
