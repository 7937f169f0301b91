"""A visit as a tap needs it, read with few statements: a tap reads it each time (docs/decisions/0009)."""

from __future__ import annotations

from sqlalchemy import BindParameter, and_, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value as put

from models.draws import Draw
from models.items import Item, checklists_by_id
from models.people import AREA_OF_ORGAN, ORGAN, PERSON, Area, Person, area_of_organ, areas, organs, whose, with_person
from models.plans import Task, TaskItem
from models.rows import Of, Side
from models.subjects import Subject
from models.visits import Answer, Evidence, Helper, Part, Seat, Visit

SELDOM = ("evidence", "helpers", "guests")  # what most visits do not have
ONE: BindParameter[int] = bindparam("id")


async def visit_at_hand(session: AsyncSession, visit_id: int, *, locked: bool = True) -> Visit | None:
    """A visit, locked, to go on with: as any other, but of its draw the large files are left out (`draws.whole`).

    A tap reads it each time, so it is read with few statements: what most visits do not have is only asked for, and
    checklists are shared.
    """
    row = (await session.execute(LOCKED if locked else VISIT, {"id": visit_id})).one_or_none()
    if row is None:
        return None
    visit: Visit
    visit, task, organ, of_organ, of_task, subject, of_subject, draw = HEAD.stand(session, row)
    put(organ, "area", of_organ)
    for owner, name, value in ((task, "organ", organ), (task, "area", of_task), (subject, "area", of_subject)):
        put(owner, name, value)
    for name, one in (("task", task), ("subject", subject), ("draw", draw)):
        put(visit, name, one)
    *seldom, elsewhere = row[-len(SELDOM) - 1 :]
    visit.never_elsewhere = not elsewhere
    for name, there in zip(SELDOM, seldom, strict=True):
        if there:
            await session.refresh(visit, [name])
        else:
            put(visit, name, [])
    await _who(session, visit)
    await _what(session, visit)
    await _answers(session, visit)
    return visit


async def _who(session: AsyncSession, visit: Visit) -> None:
    held = []
    for row in await session.execute(SEATS, {"id": visit.id}):
        seat, *person = SEAT.stand(session, row)
        put(seat, "person", whose(*person))
        held.append(seat)
    put(visit, "seats", held)


async def _what(session: AsyncSession, visit: Visit) -> None:
    """The items: of its task with who checks them, and of the visit with their checklists."""
    of_task, of_visit = [], []
    for row in await session.execute(ITEMS, {"id": visit.task_id}):
        one, item, organ, area = NAMED.stand(session, row)
        put(organ, "area", area)
        put(one, "item", item)
        put(one, "organ", organ)
        of_task.append(one)
    put(visit.task, "items", of_task)
    for row in await session.execute(PARTS, {"id": visit.id}):
        part, item = PART.stand(session, row)
        put(part, "item", item)
        of_visit.append(part)
    checklists = await checklists_by_id(session, {part.checklist_id for part in of_visit})
    for part in of_visit:
        put(part, "checklist", checklists[part.checklist_id])
    put(visit, "parts", of_visit)


async def _answers(session: AsyncSession, visit: Visit) -> None:
    rows = (await session.execute(ANSWERS, {"id": visit.id})).all()
    people = {seat.person_id: seat.person for seat in visit.seats}
    for missing in {row.person_id for row in rows} - people.keys():  # who has left their seat since
        people[missing] = await session.get_one(Person, missing)
    points = {point.id: point for part in visit.parts for point in part.checklist.points}
    given = [ANSWER.stand(session, row, point=points[row.point_id], person=people[row.person_id]) for row in rows]
    put(visit, "answers", given)


# The statements, made once; of tables alone, because one entity in them brings all of SQLAlchemy's loading back.
visits, tasks, subjects, draws = Visit.__table__, Task.__table__, Subject.__table__, Draw.__table__
seats, parts, named, items = Seat.__table__, Part.__table__, TaskItem.__table__, Item.__table__
_of_task, _of_subject, _guests, _others = areas.alias(), areas.alias(), visits.alias(), visits.alias()
_there = (  # of what most visits do not have
    Evidence.__table__.c.visit_id == visits.c.id,
    Helper.__table__.c.visit_id == visits.c.id,
    _guests.c.merged_into == visits.c.id,
    and_(_others.c.subject_id == visits.c.subject_id, _others.c.state == "published", _others.c.id != visits.c.id),
)

HEAD = Side(
    Of(Visit),
    Of(Task),
    ORGAN,
    AREA_OF_ORGAN,
    Of(Area, _of_task),
    Of(Subject),
    Of(Area, _of_subject),
    Of(Draw, without=("commitment", "certificate")),
)
VISIT = (
    select(*HEAD.columns, *(exists().where(one) for one in _there))
    .select_from(
        visits.join(tasks, tasks.c.id == visits.c.task_id)
        .join(organs, organs.c.id == tasks.c.organ_id)
        .join(area_of_organ, area_of_organ.c.code == organs.c.area_code)
        .join(_of_task, _of_task.c.code == tasks.c.area_code)
        .join(subjects, subjects.c.id == visits.c.subject_id)
        .outerjoin(_of_subject, _of_subject.c.code == subjects.c.area_code)
        .outerjoin(draws, draws.c.id == visits.c.draw_id)
    )
    .where(visits.c.id == ONE)
)
LOCKED = VISIT.with_for_update(of=visits)
SEAT = Side(Of(Seat), *PERSON.kinds)
SEATS = (
    select(*SEAT.columns)
    .select_from(with_person(seats, seats.c.person_id))
    .where(seats.c.visit_id == ONE)
    .order_by(seats.c.number)
)
NAMED = Side(Of(TaskItem), Of(Item), ORGAN, AREA_OF_ORGAN)
ITEMS = (
    select(*NAMED.columns)
    .select_from(
        named.join(items, items.c.id == named.c.item_id)
        .join(organs, organs.c.id == named.c.organ_id)
        .join(area_of_organ, area_of_organ.c.code == organs.c.area_code)
    )
    .where(named.c.task_id == ONE)
    .order_by(named.c.position)
)
PART = Side(Of(Part), Of(Item))
PARTS = (
    select(*PART.columns)
    .select_from(parts.join(items, items.c.id == parts.c.item_id))
    .where(parts.c.visit_id == ONE)
    .order_by(parts.c.position)
)
ANSWER = Of(Answer)
answers = ANSWER.table
ANSWERS = select(*ANSWER.columns).where(answers.c.visit_id == ONE).order_by(answers.c.point_id)
