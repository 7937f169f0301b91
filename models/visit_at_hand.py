"""A visit as a tap needs it, read with few statements: a tap reads it each time (docs/decisions/0009)."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, defer, immediateload, joinedload, lazyload
from sqlalchemy.orm.attributes import set_committed_value

from models.draws import Draw
from models.items import Item, checklists_by_id
from models.people import Person
from models.plans import Task, TaskItem
from models.subjects import Subject
from models.visits import Answer, Evidence, Helper, Part, Seat, Visit

SELDOM = ("evidence", "helpers", "guests")  # what most visits do not have


async def visit_at_hand(session: AsyncSession, visit_id: int) -> Visit | None:
    """A visit, locked, to go on with: as any other, but of its draw the large files are left out (`draws.whole`).

    A tap reads it each time, so it is read with few statements: what most visits do not have is only asked for, and
    checklists are shared.
    """
    query = _at_hand()
    row = (await session.execute(query["visit"], {"id": visit_id})).one_or_none()
    if row is None:
        return None
    visit: Visit = row[0]
    for name, there in zip(SELDOM, row[1:], strict=True):
        if there:
            await session.refresh(visit, [name])
        else:
            set_committed_value(visit, name, [])
    for owner, name in ((visit, "parts"), (visit, "seats"), (visit, "answers"), (visit.task, "items")):
        rows = await session.scalars(query[name], {"id": owner.id})
        set_committed_value(owner, name, list(rows))
    checklists = await checklists_by_id(session, {part.checklist_id for part in visit.parts})
    for part in visit.parts:
        set_committed_value(part, "checklist", checklists[part.checklist_id])
    points = {point.id: point for one in checklists.values() for point in one.points}
    for answer in visit.answers:
        set_committed_value(answer, "point", points[answer.point_id])
    return visit


@cache
def _at_hand() -> dict[str, Select[Any]]:
    """The statements, made once. What people of a visit share (organ, area) is in the session from the first on."""
    one: BindParameter[int] = bindparam("id")
    guest = aliased(Visit)
    there = (Evidence.visit_id == Visit.id, Helper.visit_id == Visit.id, guest.merged_into == Visit.id)
    apart = (*SELDOM, "parts", "seats", "answers")
    visit = select(Visit, *(exists().where(one) for one in there)).where(Visit.id == one).with_for_update(of=Visit)
    task, person = joinedload(Visit.task), joinedload(Seat.person)
    return {
        "visit": visit.options(
            task.options(immediateload(Task.organ), immediateload(Task.area), lazyload("*")),
            joinedload(Visit.subject).immediateload(Subject.area),
            joinedload(Visit.draw).options(defer(Draw.commitment), defer(Draw.certificate), lazyload("*")),
            *(lazyload(getattr(Visit, name)) for name in apart),
        ),
        "parts": select(Part)
        .where(Part.visit_id == one)
        .order_by(Part.position)
        .options(lazyload(Part.checklist), joinedload(Part.item).lazyload(Item.checklist)),
        "seats": select(Seat)
        .where(Seat.visit_id == one)
        .order_by(Seat.number)
        .options(person.immediateload(Person.organ), person.immediateload(Person.area)),
        "answers": select(Answer)
        .where(Answer.visit_id == one)
        .order_by(Answer.point_id)
        .options(lazyload(Answer.point), immediateload(Answer.person)),
        "items": select(TaskItem)
        .where(TaskItem.task_id == one)
        .order_by(TaskItem.position)
        .options(immediateload(TaskItem.item), immediateload(TaskItem.organ)),
    }
