"""Finds what another department has checked on a subject, so that nobody checks it twice (互认互用, R1.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.register import latest
from models.items import Item, Point
from models.publication import Publication
from models.rows import Of
from models.visits import Answer, Part, Visit
from rules.publication import WITHDRAWN

ANSWER = Of(Answer)


@dataclass(frozen=True)
class Earlier:
    """An answer of another department that may be relied on: whose it is, and of which day."""

    answer: Answer
    department: str
    day: date


async def earlier(session: AsyncSession, visit: Visit, point: Point, now: datetime) -> Earlier | None:
    """The newest published answer of another department to the same point on this subject, within its validity.

    The same point is one with the same words; how long it holds is said by the checklist that asked it (`valid_days`).
    Only what conforms is offered: what did not must be looked at again.
    """
    own = {part.item.department for part in visit.parts}
    about = {"subject": visit.subject_id, "visit": visit.id, "text": point.text, "own": sorted(own)}
    for row in await session.execute(_same_points(), about):
        *answer, department, day, valid_days = row
        if day + timedelta(days=valid_days) >= now.date():
            return Earlier(ANSWER.stand(session, answer), department, day)
    return None


@cache
def _same_points() -> Select[Any]:
    """The statement, made once: every point that somebody looks at asks it."""
    subject: BindParameter[int] = bindparam("subject")
    visit: BindParameter[int] = bindparam("visit")
    own: BindParameter[list[str]] = bindparam("own", expanding=True)
    points, items, published = Point.__table__, Item.__table__, Publication.__table__
    return (
        select(*ANSWER.columns, items.c.department, published.c.checked_on, points.c.valid_days)
        .join(points, Point.id == Answer.point_id)
        .join(Visit.__table__, Visit.id == Answer.visit_id)
        .join(Part.__table__, (Part.visit_id == Visit.id) & (Part.checklist_id == Point.checklist_id))
        .join(items, Item.id == Part.item_id)
        .join(published, Publication.visit_id == Visit.id)
        .where(Visit.subject_id == subject, Visit.state == "published", Visit.id != visit, latest())
        .where(Publication.result != WITHDRAWN)
        .where(Point.text == bindparam("text"), Point.valid_days > 0, Answer.value == "yes")
        .where(Item.department.not_in(own))
        .order_by(Publication.checked_on.desc(), Answer.id.desc())
    )
