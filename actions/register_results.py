"""What the public may ask about results: filtered, page by page, and this month in figures (R1.2, R3.2.3a)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import ColumnElement, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from actions.register import NATURAL, Result, latest, read, results
from models.draws import Draw
from models.items import Item
from models.people import Area
from models.plans import Task
from models.publication import Publication
from models.subjects import Subject
from models.visits import Part, Visit
from rules.publication import WITHDRAWN
from rules.results import CLEAN, PROBLEMS

UNDER_WAY = ("released", "accepted", "started", "submitted", "returned")
MOST_WORDS = 5


class Wanted(NamedTuple):
    """Which results: by words in name or code, area (and what lies in it), item, result, number of the task
    and day of the visit."""

    words: str = ""
    area: str = ""
    item: str = ""
    result: str = ""
    task: str = ""
    since: date | None = None
    until: date | None = None


class Numbers(NamedTuple):
    """What happened lately, in figures."""

    results: int
    problems: int
    visits: int
    draws: int


class Day(NamedTuple):
    """How many results of a day found nothing, and how many found something."""

    clean: int
    other: int


class Choice(NamedTuple):
    """Something that results can be filtered by."""

    code: str
    name: str


async def found_results(
    session: AsyncSession, wanted: Wanted, limit: int, before: int | None = None, after: int | None = None
) -> list[Result]:
    """Published results, newest first, below the id `before`: so that addresses stay stable.

    With `after`, oldest first from the one after that id: for downloads, piece by piece.
    """
    query = results().where(*_conditions(wanted)).limit(limit)
    if after is not None:
        return await read(session, query.where(Publication.id > after).order_by(Publication.id))
    query = query.order_by(Publication.id.desc())
    return await read(session, query if before is None else query.where(Publication.id < before))


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    for word in wanted.words.split()[:MOST_WORDS]:
        # a natural person is never found by a part of the name: that would undo the mask
        named = Subject.name.icontains(word, autoescape=True) & Subject.kind.not_in(NATURAL)
        asked.append(named | (Subject.code == word.upper()))
    if wanted.area:
        within = select(Area.code).where((Area.code == wanted.area) | (Area.parent == wanted.area))
        asked.append(Subject.area_code.in_(within))
    if wanted.item:
        of_item = select(Part.id).join(Item, Part.item_id == Item.id).where(Part.visit_id == Visit.id)
        asked.append(exists(of_item.where(Item.code == wanted.item)))
    if wanted.result:
        asked.append(Publication.result == wanted.result)
    if wanted.task:
        asked.append(Task.number == wanted.task)
    if wanted.since:
        asked.append(Publication.checked_on >= wanted.since)
    if wanted.until:
        asked.append(Publication.checked_on <= wanted.until)
    return asked


async def one_result(session: AsyncSession, number: int) -> Result | None:
    """The line with an id, if it is the latest version of its result."""
    return next(iter(await read(session, results().where(Publication.id == number))), None)


async def choices(session: AsyncSession) -> tuple[list[Choice], list[Choice]]:
    """The areas and the items by which results can be filtered."""
    areas = select(Area.code, Area.name).order_by(Area.code)
    items = select(Item.code, func.max(Item.name)).group_by(Item.code).order_by(Item.code)
    return (
        [Choice(*one) for one in await session.execute(areas)],
        [Choice(*one) for one in await session.execute(items)],
    )


_First = aliased(Publication)  # when the public was told first; a correction is no new result
_OF_THE_SAME = (_First.visit_id == Publication.visit_id, _First.version == 1, latest())


async def numbers(session: AsyncSession, since: datetime) -> Numbers:
    """Results first published since a moment and those that found a problem, visits under way, and draws in all."""
    told = select(func.count()).select_from(_First, Publication).where(*_OF_THE_SAME, _First.published_at >= since)
    problems = told.where(Publication.result.in_(PROBLEMS))
    visits = select(func.count()).where(Visit.state.in_(UNDER_WAY))
    draws = select(func.count(Draw.id))
    figures = select(*(one.scalar_subquery() for one in (told, problems, visits, draws)))
    return Numbers(*(await session.execute(figures)).one())


async def by_day(session: AsyncSession, midnights: Sequence[datetime]) -> list[Day]:
    """What was first published between one midnight and the next: one `Day` fewer than there are midnights."""
    sums = []
    for start, end in pairwise(midnights):
        here = (_First.published_at >= start) & (_First.published_at < end)
        sums += [func.count(case((here & (Publication.result == CLEAN), 1)))]
        sums += [func.count(case((here & Publication.result.not_in((CLEAN, WITHDRAWN)), 1)))]
    month = (_First.published_at >= midnights[0]) & (_First.published_at < midnights[-1])
    found = (await session.execute(select(*sums).where(*_OF_THE_SAME, month))).one()
    return [Day(*found[place : place + 2]) for place in range(0, len(found), 2)]
