"""What is known of a subject: its record of enforcement, and whom a scanned licence means (R3.1.1a, R3.1.1b)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from sqlalchemy import and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from actions.credit_class import may_see
from models.people import Organ, Person
from models.plans import Task
from models.publication import Publication
from models.subjects import Subject, subject_by_code
from models.visits import Visit
from rules.refusal import Refusal
from rules.subjects import code_fault
from rules.visits import NO_VISIT

_CODE = re.compile("(?<![0-9A-Z])[0-9A-Z]{18}(?![0-9A-Z])")


class Past(NamedTuple):
    """One inspection of a subject: its result (empty while there is none), else how far it has come."""

    day: date
    task: str
    organ: str
    result: str
    state: str


async def sees_all(session: AsyncSession, subject: Subject, by: Person) -> bool:
    """Whether somebody may see the whole record; else they see what everybody can: what is published."""
    try:
        await may_see(session, subject, by)
    except Refusal:
        return False
    return True


async def record_of(
    session: AsyncSession, subject: Subject, whole: bool, limit: int, skip: int = 0
) -> tuple[list[Past], int]:
    """The inspections of a subject by all departments, the newest first, and how many there are in all."""
    later = aliased(Publication)
    newest = ~exists().where(later.visit_id == Publication.visit_id, later.version > Publication.version)
    query = (
        select(Visit.due, Task.name, Organ.name, Publication.checked_on, Publication.result, Visit.result, Visit.state)
        .select_from(Visit)
        .join(Task, Task.id == Visit.task_id)
        .join(Organ, Organ.id == Task.organ_id)
        .outerjoin(Publication, and_(Publication.visit_id == Visit.id, newest))
        .where(Visit.subject_id == subject.id, Visit.state.not_in((*NO_VISIT, "drawn")))
    )
    if not whole:
        query = query.where(Publication.id.is_not(None))
    count = await session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = await session.execute(query.order_by(Visit.due.desc(), Visit.id.desc()).limit(limit).offset(skip))
    return [
        Past(checked or due, task, organ, published or (result if whole else ""), state)
        for due, task, organ, checked, published, result, state in rows
    ], count


async def scanned(session: AsyncSession, texts: Iterable[str]) -> Subject | None:
    """The subject whose code stands in what was scanned from a licence: alone, or in an address or a sentence."""
    for text in texts:
        codes = [code for code in _CODE.findall(text.upper()) if code_fault(code) is None]
        for code in (*codes, text.strip()):
            if subject := await subject_by_code(session, code):
                return subject
    return None
