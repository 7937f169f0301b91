"""A visit as a tap needs it, read with few statements: a tap reads it each time (docs/decisions/0009)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BindParameter, and_, bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value as put

from models.database import on_sqlite
from models.draws import Draw
from models.items import Item, checklists_by_id
from models.people import (
    AREA_OF_ORGAN,
    ORGAN,
    PERSON,
    Area,
    Organ,
    Person,
    area_of_organ,
    areas,
    organs,
    whose,
    with_person,
)
from models.plans import Task, TaskItem
from models.rows import Of, Side
from models.statements import Row, Statement, at_once
from models.subjects import Subject
from models.visits import Answer, Evidence, Helper, Part, Seat, Visit

SELDOM = ("evidence", "helpers", "guests")  # what most visits do not have
ONE: BindParameter[int] = bindparam("id")


async def visit_at_hand(session: AsyncSession, visit_id: int, *, locked: bool = True) -> Visit | None:
    """A visit, locked, to go on with: as any other, but of its draw the large files are left out (`draws.whole`).

    A tap reads it each time, so it is read with few statements: what most visits do not have is only asked for, and
    checklists are shared.
    """
    if locked and not on_sqlite(session):  # first, so that what is read is what stands when we hold it
        await LOCK.rows(session, id=visit_id)
    rows, items, answers = await at_once(session, *((one, {"id": visit_id}) for one in (VISIT, ITEMS, ANSWERS)))
    if not rows:
        return None
    held = []
    for row in rows:
        *of_visit, seat, person, organ, of_organ, area = HEAD.stand(session, row)
        if seat:
            put(seat, "person", whose(person, organ, of_organ, area))
            held.append(seat)
    visit: Visit
    visit, task, organ, of_organ, of_task, subject, of_subject, draw = of_visit
    put(organ, "area", of_organ)
    for owner, name, value in ((task, "organ", organ), (task, "area", of_task), (subject, "area", of_subject)):
        put(owner, name, value)
    for name, one in (("task", task), ("subject", subject), ("draw", draw), ("seats", held)):
        put(visit, name, one)
    parts, elsewhere, *seldom = rows[0][-len(_also) :]
    visit.never_elsewhere = not elsewhere
    for name, there in zip(SELDOM, seldom, strict=True):
        if there:
            await session.refresh(visit, [name])
        else:
            put(visit, name, [])
    await _what(session, visit, items, parts)
    await _answered(session, visit, answers)
    return visit


async def _what(session: AsyncSession, visit: Visit, rows: Sequence[Row], number: int) -> None:
    """The items: of its task with who checks them, and of the visit, so many of them, with their checklists."""
    of_task, of_visit = [], []
    for row in rows:
        one, item, organ, area, part = NAMED.stand(session, row)
        put(organ, "area", area)
        put(one, "item", item)
        put(one, "organ", organ)
        of_task.append(one)
        if part:
            put(part, "item", item)
            of_visit.append(part)
    put(visit.task, "items", of_task)
    if len(of_visit) < number:  # some are of the tasks of visits that were made part of it
        of_visit = []
        for row in await PARTS.rows(session, id=visit.id):
            part, item = PART.stand(session, row)
            put(part, "item", item)
            of_visit.append(part)
    checklists = await checklists_by_id(session, {part.checklist_id for part in of_visit})
    for part in of_visit:
        put(part, "checklist", checklists[part.checklist_id])
    put(visit, "parts", sorted(of_visit, key=lambda part: part.position))


async def _answered(session: AsyncSession, visit: Visit, rows: Sequence[Row]) -> None:
    people = {seat.person_id: seat.person for seat in visit.seats}
    for missing in {row[BY] for row in rows} - people.keys():  # who has left their seat since
        people[missing] = await session.get_one(Person, missing)
    points = {point.id: point for part in visit.parts for point in part.checklist.points}
    given = [ANSWER.stand(session, row, point=points[row[POINT]], person=people[row[BY]]) for row in rows]
    put(visit, "answers", given)


# The statements, made once; of tables alone, because one entity in them brings all of SQLAlchemy's loading back.
visits, tasks, subjects, draws = Visit.__table__, Task.__table__, Subject.__table__, Draw.__table__
seats, parts, named, items = Seat.__table__, Part.__table__, TaskItem.__table__, Item.__table__
_organ, _of_organ, _of_task, _of_subject = organs.alias(), areas.alias(), areas.alias(), areas.alias()
_guests, _others = visits.alias(), visits.alias()
_also = (  # how many items it has, whether another visit to the subject is published, and what there is of `SELDOM`
    select(func.count()).where(parts.c.visit_id == visits.c.id).scalar_subquery(),
    exists().where(
        _others.c.subject_id == visits.c.subject_id, _others.c.state == "published", _others.c.id != visits.c.id
    ),
    exists().where(Evidence.__table__.c.visit_id == visits.c.id),
    exists().where(Helper.__table__.c.visit_id == visits.c.id),
    exists().where(_guests.c.merged_into == visits.c.id),
)

HEAD = Side(
    Of(Visit),
    Of(Task),
    Of(Organ, _organ),
    Of(Area, _of_organ),
    Of(Area, _of_task),
    Of(Subject),
    Of(Area, _of_subject),
    Of(Draw, without=("commitment", "certificate")),
    Of(Seat),
    *PERSON.kinds,
)
VISIT = Statement(  # a row for each seat
    select(*HEAD.columns, *_also)
    .select_from(
        with_person(
            visits.join(tasks, tasks.c.id == visits.c.task_id)
            .join(_organ, _organ.c.id == tasks.c.organ_id)
            .join(_of_organ, _of_organ.c.code == _organ.c.area_code)
            .join(_of_task, _of_task.c.code == tasks.c.area_code)
            .join(subjects, subjects.c.id == visits.c.subject_id)
            .outerjoin(_of_subject, _of_subject.c.code == subjects.c.area_code)
            .outerjoin(draws, draws.c.id == visits.c.draw_id)
            .outerjoin(seats, seats.c.visit_id == visits.c.id),
            seats.c.person_id,
        )
    )
    .where(visits.c.id == ONE)
    .order_by(seats.c.number)
)
LOCK = Statement(select(visits.c.id).where(visits.c.id == ONE).with_for_update())
NAMED = Side(Of(TaskItem), Of(Item), ORGAN, AREA_OF_ORGAN, Of(Part))
ITEMS = Statement(  # of a visit's task, and beside them its own
    select(*NAMED.columns)
    .select_from(
        named.join(items, items.c.id == named.c.item_id)
        .join(organs, organs.c.id == named.c.organ_id)
        .join(area_of_organ, area_of_organ.c.code == organs.c.area_code)
        .outerjoin(parts, and_(parts.c.item_id == items.c.id, parts.c.visit_id == ONE))
    )
    .where(named.c.task_id == select(visits.c.task_id).where(visits.c.id == ONE).scalar_subquery())
    .order_by(named.c.position)
)
PART = Side(Of(Part), Of(Item))
PARTS = Statement(
    select(*PART.columns)
    .select_from(parts.join(items, items.c.id == parts.c.item_id))
    .where(parts.c.visit_id == ONE)
    .order_by(parts.c.position)
)
ANSWER = Of(Answer)
POINT, BY = ANSWER.names.index("point_id"), ANSWER.names.index("person_id")
answers = ANSWER.table
ANSWERS = Statement(select(*ANSWER.columns).where(answers.c.visit_id == ONE).order_by(answers.c.point_id))
