"""What the public may ask: nothing leaves here that a citizen may not read (R1.2, R3.2.3a).

Every question selects its columns by name, so that a phone, a credit class, an inspector's name or a draw's
secret is never even read. Natural persons leave masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models import subject_search
from models.appeals import Appeal
from models.draws import Draw
from models.items import Item
from models.people import Area, Organ, Person
from models.plans import Plan, PlannedTask, Task
from models.publication import Publication
from models.subjects import Subject
from models.visits import Part, Seat, Visit
from rules.subjects import mask_name, own_code_fault
from rules.visits import NO_VISIT

NATURAL = ("person", "natural_person")  # R3.1.3c: protected in public
SECRET = ("drawn", *NO_VISIT)  # nobody goes there, or nobody has been told; every other visit's code may be shown
MOST_WORDS = 5
MOST_RESULTS = 200  # of one subject, on one page
SPARE = 200  # subjects that are looked at beyond those asked for: natural persons among them are left out


class PublicSubject(NamedTuple):
    """A subject as the public knows it; `code` is empty where it would name a natural person."""

    code: str
    name: str
    kind: str
    status: str
    area: str
    address: str
    results: int = 0


class Result(NamedTuple):
    """A line of the public register, in its latest version; `directed` says 定向 rather than 不定向.

    A temporary task (临时任务) has no plan, and both columns are empty. `objected`: an objection to it is open.
    """

    id: int
    version: int
    result: str
    checked_on: date
    published_at: datetime
    plan_number: str
    plan_name: str
    task_number: str
    task_name: str
    organ: str
    directed: bool
    objected: bool
    code: str
    name: str


class Waiting(NamedTuple):
    """A visit of an opened draw whose result is not public yet."""

    draw: int
    task_number: str
    task_name: str
    organ: str


class History(NamedTuple):
    """A subject, its published results, and the visits for which a result is still to come."""

    subject: PublicSubject
    results: list[Result]
    waiting: list[Waiting]


class Officer(NamedTuple):
    """One of those at the door: by certificate, never by name."""

    organ: str
    certificate: str
    until: date | None


class VisitItem(NamedTuple):
    """What is checked at a visit, and on which legal basis."""

    name: str
    basis: str
    content: str


class VisitCode(NamedTuple):
    """What a visit code (行政行为码) proves; `seats` is how many inspectors each department must send.

    `due` and `submitted_at` say until when it is good (`rules.visits.code_until`).
    """

    task_number: str
    task_name: str
    organ: str
    seats: int
    draw: int | None
    result: str | None
    published_at: datetime | None
    started_at: datetime | None
    finished: bool
    subject: PublicSubject
    items: Sequence[VisitItem]
    officers: Sequence[Officer]
    due: date
    submitted_at: datetime | None
    organ_id: int


_SUBJECT = (Subject.code, Subject.name, Subject.kind, Subject.status, Area.name, Subject.address)


def who(code: str, name: str, kind: str) -> tuple[str, str]:
    """The code and the name as the public may see them; a natural person's are masked."""
    if kind not in NATURAL:
        return code, name
    return "" if own_code_fault(code) == "identity_number" else code, mask_name(name)


def _subject(row: Sequence[Any]) -> PublicSubject:
    code, name, kind, status, area, address = row
    return PublicSubject(*who(code, name, kind), kind, status, area, "" if kind in NATURAL else address)


def _subjects() -> Select[Any]:
    return select(Subject.id, *_SUBJECT).join(Area, Subject.area_code == Area.code)


def latest() -> ColumnElement[bool]:
    """Of each publication the last version alone."""
    published = Publication.__table__
    later = published.alias()
    return ~exists().where(later.c.visit_id == published.c.visit_id, later.c.version > published.c.version)


def results() -> Select[Any]:
    """The lines of the register in their latest version; `read` makes `Result` of them."""
    told = (Publication.id, Publication.version, Publication.result, Publication.checked_on)
    objected = exists(select(Appeal.id).where(Appeal.visit_id == Visit.id, Appeal.state == "open"))
    plan = (func.coalesce(Plan.number, ""), func.coalesce(Plan.name, ""))
    task = (Publication.published_at, *plan, Task.number, Task.name, Organ.name)
    return (
        select(*told, *task, Visit.origin, objected, Subject.code, Subject.name, Subject.kind)
        .join(Visit, Publication.visit_id == Visit.id)
        .join(Task, Visit.task_id == Task.id)
        .join(Organ, Task.organ_id == Organ.id)
        .join(Subject, Visit.subject_id == Subject.id)
        .outerjoin(PlannedTask, Task.planned_id == PlannedTask.id)
        .outerjoin(Plan, PlannedTask.plan_id == Plan.id)
        .where(latest())
    )


async def read(session: AsyncSession, query: Select[Any]) -> list[Result]:
    """The lines that a query made of `results` finds, natural persons masked."""
    rows = await session.execute(query)
    return [Result._make((*row[:10], row[10] != "random", row[11], *who(*row[12:]))) for row in rows]


async def find_subjects(session: AsyncSession, words: str, limit: int, skip: int = 0) -> list[PublicSubject]:
    """Subjects whose code is or begins with the words, then those whose name contains each of them, the best first.

    A natural person is found by the whole code alone: a search by name would undo the mask.
    """
    parts = words.split()[:MOST_WORDS]
    if not parts:
        return []
    most = skip + limit
    ids = await subject_search.by_code(session, words, most + SPARE)
    ids = list(dict.fromkeys(ids + await subject_search.by_words(session, parts, most + SPARE)))
    shown = Subject.kind.not_in(NATURAL) | (Subject.code == parts[0].upper())
    rows = {row[0]: row for row in await session.execute(_subjects().where(Subject.id.in_(ids), shown))}
    page = [rows[one] for one in ids if one in rows][skip:most]
    published = (
        select(Visit.subject_id, func.count(Publication.id))
        .join(Publication, Publication.visit_id == Visit.id)
        .where(Visit.subject_id.in_([row[0] for row in page]), latest())
        .group_by(Visit.subject_id)
    )
    counts = {row[0]: row[1] for row in await session.execute(published)}
    return [_subject(row[1:])._replace(results=counts.get(row[0], 0)) for row in page]


async def history(session: AsyncSession, code: str) -> History | None:
    """A subject with its published results, newest first, and what opened draws drew of it (R3.1.1a)."""
    found = (await session.execute(_subjects().where(Subject.code == code))).one_or_none()
    if found is None or not (subject := _subject(found[1:])).code:
        return None
    query = results().where(Visit.subject_id == found[0]).order_by(Publication.id.desc()).limit(MOST_RESULTS)
    waiting = (
        select(Draw.sequence, Task.number, Task.name, Organ.name)
        .select_from(Visit)
        .join(Draw, Visit.draw_id == Draw.id)
        .join(Task, Visit.task_id == Task.id)
        .join(Organ, Task.organ_id == Organ.id)
        .where(Visit.subject_id == found[0], Draw.state == "opened", Visit.state != "dropped")
        .where(~exists(select(Publication.id).where(Publication.visit_id == Visit.id)))
        .order_by(Draw.sequence.desc())
        .limit(MOST_RESULTS)
    )
    to_come = [Waiting(*row) for row in await session.execute(waiting)]
    return History(subject, await read(session, query), to_come)


async def visit_code(session: AsyncSession, token: str) -> VisitCode | None:
    """What a visit code stands for, from when the inspectors were told of the visit; None: nothing."""
    task = (Task.number, Task.name, Organ.name, Task.seats)
    told = (Draw.sequence, Publication.result, Publication.published_at, Visit.started_at)
    query = (
        select(*task, *told, Visit.state, Visit.id, *_SUBJECT, Visit.due, Visit.submitted_at, Task.organ_id)
        .select_from(Visit)
        .join(Subject, Visit.subject_id == Subject.id)
        .join(Area, Subject.area_code == Area.code)
        .join(Task, Visit.task_id == Task.id)
        .join(Organ, Task.organ_id == Organ.id)
        .outerjoin(Draw, Visit.draw_id == Draw.id)
        .outerjoin(Publication, (Publication.visit_id == Visit.id) & latest())
        .where(Visit.token == token)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None or row.state in SECRET:
        return None
    holders = (
        select(Organ.name, Person.certificate, Person.certificate_until)
        .select_from(Seat)
        .join(Person, Seat.person_id == Person.id)
        .join(Organ, Person.organ_id == Organ.id)
        .where(Seat.visit_id == row.id, Seat.state.in_(("offered", "accepted")))
        .order_by(Seat.number)
    )
    officers = [Officer(*one) for one in await session.execute(holders)]
    asked = (
        select(Item.name, Item.basis, Item.content)
        .join(Part, Part.item_id == Item.id)
        .where(Part.visit_id == row.id)
        .order_by(Part.position)
    )
    items = [VisitItem(*one) for one in await session.execute(asked)]
    finished = row.state in ("submitted", "withheld", "published")
    return VisitCode._make((*row[:8], finished, _subject(row[10:-3]), items, officers, *row[-3:]))


async def answers(session: AsyncSession) -> None:
    """Whether the database is there at all; raises what it raises."""
    await session.execute(text("select 1"))
