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
    if visit.never_elsewhere:
        return None
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
    answers, points, visits, parts, items, published = (
        one.__table__.c for one in (Answer, Point, Visit, Part, Item, Publication)
    )
    return (
        select(*ANSWER.columns, items.department, published.checked_on, points.valid_days)
        .join(Point.__table__, points.id == answers.point_id)
        .join(Visit.__table__, visits.id == answers.visit_id)
        .join(Part.__table__, (parts.visit_id == visits.id) & (parts.checklist_id == points.checklist_id))
        .join(Item.__table__, items.id == parts.item_id)
        .join(Publication.__table__, published.visit_id == visits.id)
        .where(visits.subject_id == subject, visits.state == "published", visits.id != visit, latest())
        .where(published.result != WITHDRAWN)
        .where(points.text == bindparam("text"), points.valid_days > 0, answers.value == "yes")
        .where(items.department.not_in(own))
        .order_by(published.checked_on.desc(), answers.id.desc())
    )
