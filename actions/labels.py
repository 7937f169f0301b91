"""Gives a label to many subjects at once, or takes it from them: those that a filter fits (分类标注, R3.1.3b)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, insert, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.areas import gazetteer
from actions.cells import Fault, tidy
from actions.journal import record
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
    wanted = [*await _conditions(session, which), Subject.status == "active", has if take else ~has]
    count = await session.scalar(select(func.count()).select_from(Subject).where(*wanted)) or 0
    if count and take:
        mine = (SubjectLabel.department == department) & (SubjectLabel.label == label)
        ids = select(Subject.id).where(*wanted)
        await session.execute(delete(SubjectLabel).where(mine, SubjectLabel.subject_id.in_(ids)))
    elif count:
        rows = select(Subject.id, literal(department), literal(label)).where(*wanted)
        await session.execute(insert(SubjectLabel).from_select(["subject_id", "department", "label"], rows))
    if count:
        after = {"department": department, "label": label, "subjects": count} | asdict(which)
        record(session, now, by, "unlabel" if take else "label", "subjects", 0, after=after)
    return count


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
