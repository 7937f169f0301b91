"""Gives a label to many subjects at once, or takes it from them: those that a filter fits (分类标注, R3.1.3b)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, insert, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.areas import gazetteer
from actions.cells import Fault, tidy
from actions.journal import record
from models.journal import JournalEntry
from models.people import Area, Organ, Person
from models.subjects import Subject, SubjectLabel
from rules.refusal import Refusal
from rules.subjects import kind_of_word


@dataclass(frozen=True)
class Filter:
    """Which subjects: those of an area and below it, of a kind, an industry, with words in the name. Empty fits all."""

    area: str = ""
    kind: str = ""
    industry: str = ""
    name: str = ""


async def label_many(
    session: AsyncSession, department: str, label: str, which: Filter, by: Person | None, now: datetime, *, take: bool
) -> int:
    """Label the active subjects that the filter fits, for a department (empty: for all); how many changed.

    `take` takes the label away instead. Refused: a label that cannot be one, a department, area or kind that nobody
    knows, a filter that fits everything.
    """
    label, wanted = await _wanted(session, department, label, which, take=take)
    count = await session.scalar(select(func.count()).select_from(Subject).where(*wanted)) or 0
    after: dict[str, Any] = {"department": department, "label": label, "subjects": count} | asdict(which)
    if count and take:
        mine = (SubjectLabel.department == department) & (SubjectLabel.label == label)
        ids = select(Subject.id).where(*wanted)
        await session.execute(delete(SubjectLabel).where(mine, SubjectLabel.subject_id.in_(ids)))
    elif count:
        last = select(func.max(SubjectLabel.id))
        before = await session.scalar(last) or 0
        rows = select(Subject.id, literal(department), literal(label)).where(*wanted)
        await session.execute(insert(SubjectLabel).from_select(["subject_id", "department", "label"], rows))
        after["rows"] = [before + 1, await session.scalar(last)]
    if count:
        record(session, now, by, "unlabel" if take else "label", "subjects", 0, after=after)
    return count


async def fitting(
    session: AsyncSession, department: str, label: str, which: Filter, shown: int
) -> tuple[str, int, list[str]]:
    """Whom `label_many` would label: the label as it will be written, how many subjects, and the names of some."""
    label, wanted = await _wanted(session, department, label, which, take=False)
    count = await session.scalar(select(func.count()).select_from(Subject).where(*wanted)) or 0
    names = await session.scalars(select(Subject.name).where(*wanted).order_by(Subject.id).limit(shown))
    return label, count, list(names)


async def within(session: AsyncSession, which: Filter, by: Person) -> Filter:
    """The filter in the area of somebody's organ, if it names none. Refused: a supervisor in another area."""
    if not which.area:
        return replace(which, area=by.organ.area.name)
    area = await session.get(Area, (await gazetteer(session)).find(which.area) or "")
    if area and "administrator" not in by.roles and by.organ.area_code not in (area.code, area.parent):
        raise Refusal("labels.elsewhere", area=area.name)
    return which


async def newest(session: AsyncSession, by: Person) -> JournalEntry | None:
    """What somebody labelled last."""
    mine = (JournalEntry.person_id == by.id, JournalEntry.verb == "label", JournalEntry.noun == "subjects")
    found: JournalEntry | None = await session.scalar(
        select(JournalEntry).where(*mine).order_by(JournalEntry.id.desc()).limit(1)
    )
    return found


async def undo(session: AsyncSession, entry: JournalEntry, by: Person, now: datetime) -> int:
    """Take away just the labels that somebody gave at once; who had them before keeps them. Refused the second time."""
    undone = exists().where(
        JournalEntry.verb == "unlabel", JournalEntry.noun == "subjects", JournalEntry.noun_id == entry.id
    )
    if await session.scalar(select(undone)):
        raise Refusal("labels.undone")
    first, last = entry.after["rows"]
    same = (SubjectLabel.department == entry.after["department"]) & (SubjectLabel.label == entry.after["label"])
    given = (same, SubjectLabel.id.between(first, last))
    count = await session.scalar(select(func.count()).select_from(SubjectLabel).where(*given)) or 0
    await session.execute(delete(SubjectLabel).where(*given))
    record(session, now, by, "unlabel", "subjects", entry.id, after={"subjects": count})
    return count


async def _wanted(
    session: AsyncSession, department: str, label: str, which: Filter, *, take: bool
) -> tuple[str, list[ColumnElement[bool]]]:
    try:
        label = tidy("labels", label, 50)
    except Fault:
        label = ""
    if not label or any(mark in label for mark in ";；,，:："):
        raise Refusal("labels.word")
    if department and not await session.scalar(select(exists().where(Organ.department == department))):
        raise Refusal("labels.department", department=department)
    has = exists().where(
        SubjectLabel.subject_id == Subject.id, SubjectLabel.department == department, SubjectLabel.label == label
    )
    return label, [*await _conditions(session, which), Subject.status == "active", has if take else ~has]


async def _conditions(session: AsyncSession, which: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if which.area:
        code = (await gazetteer(session)).find(which.area)
        if code is None:
            raise Refusal("labels.area", area=which.area)
        below = select(Area.code).where(or_(Area.code == code, Area.parent == code))
        conditions.append(Subject.area_code.in_(below))
    if which.kind:
        kind = kind_of_word(which.kind)
        if kind is None:
            raise Refusal("labels.kind", kind=which.kind)
        conditions.append(Subject.kind == kind)
    if which.industry:
        conditions.append(Subject.industry.contains(which.industry, autoescape=True))
    if which.name:
        conditions.append(Subject.name.contains(which.name, autoescape=True))
    if not conditions:
        raise Refusal("labels.everything")
    return conditions
