"""Gathers what a draw draws from: who may be inspected, who may inspect, and who may not meet (R3.2.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import has_tag
from models.draws import Draw
from models.people import Area, Organ, Person, at_work
from models.plans import Task
from models.subjects import Subject, SubjectLabel
from models.visits import Seat, SeatRefusal, Visit
from rules import bundles, strata
from rules.draw import SUBJECT
from rules.refusal import Refusal
from rules.seats import CAP, RECUSALS, RESERVES, YEARS_APART
from rules.visits import NO_VISIT, OPEN


@dataclass(frozen=True)
class Pool:
    """The tables of a draw as lines, the quota of each stratum, and the rules of the commitment."""

    tables: dict[str, list[bytes]]
    quotas: dict[str, int]
    rules: dict[str, Any]


def scope(task: Task, *columns: Any) -> Select[Any]:
    """The subjects that a task is about: its area (a city has all its areas) and its first item's label."""
    areas = select(Area.code).where(or_(Area.code == task.area_code, Area.parent == task.area_code))
    query = select(*columns).where(Subject.area_code.in_(areas))
    first = task.items[0].item
    if first.label:
        labelled = select(SubjectLabel.subject_id).where(
            SubjectLabel.label == first.label,
            SubjectLabel.department.in_(("", first.department)),
        )
        query = query.where(Subject.id.in_(labelled))
    return query


async def build(session: AsyncSession, task: Task, pool_key: bytes, now: datetime) -> Pool:
    """Gather the tables for a task. Refused if there is nobody to inspect or nobody to inspect them.

    Refused too while an organ that was asked to take part has not agreed (R1.4).
    """
    if task.not_agreed:
        raise Refusal("tasks.not_agreed", organ=task.not_agreed[0].name)
    areas = {area.code: area for area in await session.scalars(select(Area))}
    wanted = specialties(task)
    tags = ",".join(sorted(set().union(*wanted.values())))
    factors = strata.table(task.factors)
    names = bundles.veiled(pool_key, factors)
    visited = await random_visits_this_year(session, now)
    pool, excluded, sizes = [], [], Counter[str]()
    public_ids: dict[int, str] = {}
    columns = (
        Subject.id,
        Subject.code,
        Subject.status,
        Subject.credit_class,
        Subject.flags,
        Subject.area_code,
    )
    for subject_id, code, status, credit, flags, area in await session.execute(scope(task, *columns)):
        public_id = public_subject(pool_key, subject_id, code)
        reason = strata.exclusion(credit, flags, status, visited[subject_id])
        if reason:
            excluded.append(f"{public_id}\t{reason}".encode())
            continue
        stratum, weight = strata.stratum(credit, flags, factors), strata.weight(credit, flags)
        sizes[stratum] += 1
        public_ids[subject_id] = public_id
        pool.append(f"{public_id}\t{names[stratum]}\t{weight}\t{areas[area].name}\t{tags}".encode())
    if not pool:
        raise Refusal("draws.empty_pool")
    ratios = strata.ratios(task.ratio, task.ceiling, factors)
    people = await inspectors(session, task, now.date())
    if missing := set(task.departments) - {one.organ.department for one in people}:
        raise Refusal("draws.no_inspectors", department=min(missing))
    loads = await load(session)
    lines = [
        f"{bundles.public_inspector_id(pool_key, one.staff_no)}\t{one.organ.department}\t{one.area.name}\t"
        f"{loads[one.id]}\t{','.join(_tags(one, wanted))}".encode()
        for one in people
    ]
    recusals = await _recusals(session, public_ids, {one.id: one.staff_no for one in people}, pool_key, now.date())
    tables = {"pool.tsv": pool, "inspectors.tsv": lines, "recusals.tsv": recusals}
    if excluded:
        tables["excluded.tsv"] = excluded
    return Pool(
        {name: sorted(lines) for name, lines in tables.items()},
        {names[stratum]: bundles.quota(ratios[stratum], size) for stratum, size in sizes.items()},
        {
            "slots": [
                {"organ": department, "qualified": bool(wanted[department]) and number == 0}
                for department in task.departments
                for number in range(task.seats)
            ],
            "cap": CAP,
            "neighbours": [
                {"area": area.name, "neighbours": list(area.neighbours)}
                for area in sorted(areas.values(), key=lambda area: area.name)
                if area.neighbours
            ],
            "reserves": RESERVES,
        },
    )


def specialties(task: Task) -> dict[str, set[str]]:
    """What the first seat of each department must be qualified for: the specialties that its items ask for."""
    wanted: dict[str, set[str]] = {department: set() for department in task.departments}
    for one in task.items:
        wanted[one.organ.department] |= {one.item.specialty} - {""}
    return wanted


def _tags(person: Person, wanted: dict[str, set[str]]) -> list[str]:
    """The specialties of an inspector; what only the items of other departments ask for counts as held.

    A bundle knows one list of needed tags for a subject, whoever sits down (docs/draw.md, Joint tasks).
    """
    own = person.organ.department
    others = set().union(*wanted.values()) - wanted[own] if len(wanted) > 1 else set[str]()
    return sorted({*person.specialties, *others})


def public_subject(pool_key: bytes, subject_id: int, code: str) -> str:
    """How a draw names a subject: by its unified social credit code, or veiled where it has none."""
    return code if SUBJECT.fullmatch(code.encode()) else bundles.public_subject_id(pool_key, str(subject_id))


async def subjects_by_public_id(session: AsyncSession, held: Draw, wanted: Collection[str]) -> dict[str, int]:
    """The internal ids of some subjects of a draw's pool."""
    found = {}
    for subject_id, code in await session.execute(scope(held.task, Subject.id, Subject.code)):
        public_id = public_subject(held.pool_key, subject_id, code)
        if public_id in wanted:
            found[public_id] = subject_id
    return found


async def inspectors_by_public_id(session: AsyncSession, held: Draw) -> dict[str, int]:
    """The internal ids of all people, as a draw names them."""
    people = await session.execute(select(Person.id, Person.staff_no))
    return {bundles.public_inspector_id(held.pool_key, staff_no): person_id for person_id, staff_no in people}


async def inspectors(session: AsyncSession, task: Task, today: date) -> list[Person]:
    """Who may be drawn for a task: of its departments, at work today, with a certificate that is valid to its end."""
    query = (
        select(Person)
        .join(Organ, Organ.id == Person.organ_id)
        .where(
            Organ.department.in_(task.departments),
            at_work(today),
            has_tag(Person.roles, "inspector"),
            Person.certificate != "",
            Person.certificate_until >= task.ends,
        )
    )
    return list(await session.scalars(query))


async def load(session: AsyncSession) -> Counter[int]:
    """How many unfinished visits each person holds."""
    query = (
        select(Seat.person_id, func.count())
        .join(Visit, Visit.id == Seat.visit_id)
        .where(Visit.state.in_(("drawn", *OPEN)), Seat.person_id.is_not(None))
        .group_by(Seat.person_id)
    )
    held = (await session.execute(query)).tuples()
    return Counter({person: number for person, number in held if person is not None})


async def random_visits_this_year(session: AsyncSession, now: datetime) -> Counter[int]:
    """How often each subject is visited at random this year, over all departments (R3.2.2d)."""
    query = (
        select(Visit.subject_id, func.count())
        .join(Task, Task.id == Visit.task_id)
        .where(Visit.origin == "random", Task.ends >= date(now.year, 1, 1))
        .where(Visit.state.not_in(NO_VISIT), Visit.merged_into.is_(None))  # two visits in one count once
        .group_by(Visit.subject_id)
    )
    return Counter(dict((await session.execute(query)).tuples().all()))


async def _recusals(
    session: AsyncSession, subjects: dict[int, str], people: dict[int, str], pool_key: bytes, today: date
) -> list[bytes]:
    """Who may not check whom: declared once (also at the subject's asking), or met within the last years."""
    declared = (
        select(Visit.subject_id, SeatRefusal.person_id)
        .join(Visit, Visit.id == SeatRefusal.visit_id)
        .where(SeatRefusal.kind.in_(RECUSALS))
    )
    met = (
        select(Visit.subject_id, Seat.person_id)
        .join(Visit, Visit.id == Seat.visit_id)
        .join(Task, Task.id == Visit.task_id)
        .where(Visit.state != "dropped", Seat.person_id.is_not(None))
        .where(Task.ends >= today - timedelta(days=365 * YEARS_APART))
    )
    pairs = {tuple(row) for query in (declared, met) for row in await session.execute(query)}
    return [
        f"{subjects[subject]}\t{bundles.public_inspector_id(pool_key, people[person])}".encode()
        for subject, person in pairs
        if subject in subjects and person in people
    ]
