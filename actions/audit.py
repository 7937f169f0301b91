"""Looks back over all draws for what no single draw shows: a favoured area, the same pair again, seats left open.

Nobody is named in the answer: neither a subject nor an inspector. A chance below `rules.fairness.ALARM` is an alarm.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Collection, Iterable
from datetime import timedelta
from statistics import median
from typing import Any, NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from actions.audit_results import Audit, Coverage, Group, Load, Pooled, Stratum
from actions.pools import public_subject, scope
from models.base import has_tag
from models.draws import Draw, DrawEntry, DrawFile
from models.people import Organ, Person
from models.plans import Task
from models.subjects import Subject
from models.visits import Seat, Visit
from rules.draw import read_commitment
from rules.fairness import Tally, gini
from rules.seats import YEARS_APART

STATES = ("sealed", "opened")
GROUPINGS = ("area", "kind", "history")
DRAWN_BEFORE, NEVER_DRAWN = "again", "new"  # the two groups of `history`
KINDS = ("own", "neighbour", "open", "appointed", "refilled")


class _Held(NamedTuple):
    """A draw, but not as an object that the session would keep: a certificate of a city is megabytes."""

    id: int
    sequence: int
    commitment: bytes
    certificate: bytes | None
    pool_key: bytes
    task: Task


class _Visited(NamedTuple):
    """The random visits of a draw as the database has them now; one that `replaces` another was not drawn itself."""

    subject_id: int
    public_id: str
    code: str
    replaces: int | None


class _Drawn:
    """Subjects drawn so far, as each draw would name them."""

    def __init__(self) -> None:
        self.coded, self.veiled = set[str](), dict[int, str]()

    def add(self, visits: Iterable[_Visited]) -> None:
        for one in visits:
            if one.public_id == one.code:
                self.coded.add(one.code)
            else:
                self.veiled[one.subject_id] = one.code

    def named(self, pool_key: bytes) -> set[str]:
        return self.coded | {public_subject(pool_key, number, code) for number, code in self.veiled.items()}


async def audit(session: AsyncSession, states: Collection[str] = STATES) -> Audit:
    """Audit all draws in these states; for the public, only the opened ones."""
    result, before = Audit(), _Drawn()
    pooled = {name: Tally() for name in GROUPINGS}
    pools, visited = dict[tuple[str, str], int](), defaultdict[tuple[str, str], set[int]](set)
    query = select(Draw.id).where(Draw.state.in_(states)).order_by(Draw.sequence)
    ids = list(await session.scalars(query))
    for draw_id in ids:
        columns = (Draw.id, Draw.sequence, Draw.commitment, Draw.certificate, Draw.pool_key, Draw.task_id)
        row = (await session.execute(select(*columns).where(Draw.id == draw_id))).tuples().one()
        number, sequence, commitment, certificate, pool_key, task_id = row
        task = await session.get_one(Task, task_id)
        draw = _Held(number, sequence, commitment, certificate, pool_key, task)
        visits = await _visits(session, draw)
        strata = await _count(session, draw, visits, before)
        committed = {one["name"]: one for one in read_commitment(draw.commitment)["pool"]["strata"]}
        areas = Counter[str]()
        for name, (sizes, seen) in sorted(strata.items()):
            alone = Tally()
            for grouping, tally in (("area", alone), *pooled.items()):
                tally.add(sizes[grouping], {group: len(found) for group, found in seen[grouping].items()})
            counts = alone.sizes.total(), committed[name]["quota"], alone.seen.total()
            result.strata.append(Stratum(draw.sequence, name, *counts, _groups(alone), alone.verdict()))
            areas.update(alone.sizes)
            for area, found in seen["area"].items():
                visited[draw.task.items[0].item.name, area] |= found
        for area, size in areas.items():
            key = draw.task.items[0].item.name, area
            pools[key] = max(size, pools.get(key, 0))
        result.unlisted += _unlisted(draw, visits)
        before.add(visits)
        result.draws += 1
    result.pooled = {name: Pooled(_groups(tally), tally.verdict()) for name, tally in pooled.items()}
    result.coverage = [Coverage(*key, len(visited[key]), size) for key, size in sorted(pools.items())]
    result.visits_per_subject = await _visits_per_subject(session, states)
    result.seats, held = await _seats(session, ids)
    result.loads = await _loads(session, held)
    result.repeat_pairs = await _repeat_pairs(session, states)
    return result


def _groups(tally: Tally) -> list[Group]:
    return [Group(name, tally.sizes[name], tally.seen[name], tally.expected[name]) for name in sorted(tally.sizes)]


async def _visits(session: AsyncSession, draw: _Held) -> list[_Visited]:
    query = (
        select(Visit.subject_id, Visit.public_id, Subject.code, Visit.replaces)
        .join(Subject, Subject.id == Visit.subject_id)
        .where(Visit.draw_id == draw.id, Visit.origin == "random")
    )
    return [_Visited(*row) for row in (await session.execute(query)).tuples()]


def _unlisted(draw: _Held, visits: Iterable[_Visited]) -> int:
    certificate = json.loads(draw.certificate or b'{"visits":[],"reserves":[]}')
    named = {one["subject"] for one in certificate["visits"]}
    named.update(*(one["ids"] for one in certificate["reserves"]))
    return sum(one.public_id not in named for one in visits)


Sizes = dict[str, defaultdict[str, Counter[int]]]  # grouping: group: weight: number
Seen = dict[str, defaultdict[str, set[int]]]  # grouping: group: subjects


async def _count(
    session: AsyncSession, draw: _Held, visits: Iterable[_Visited], before: _Drawn
) -> dict[str, tuple[Sizes, Seen]]:
    """Sizes and selections of each stratum by grouping; the frozen pool passes piece by piece."""
    drawn = {one.public_id.encode(): one.subject_id for one in visits if one.replaces is None}
    earlier = {name.encode() for name in before.named(draw.pool_key)}
    counted = Counter[tuple[bytes, str, bool]]()
    found = defaultdict[tuple[bytes, str, bool], set[int]](set)
    async for rows, kinds in _pieces(session, draw):
        for row in rows:
            name, _, rest = row.partition(b"\t")
            cell = rest, kinds.get(name, ""), name in earlier
            counted[cell] += 1
            if name in drawn:
                found[cell].add(drawn[name])
    strata = dict[str, tuple[Sizes, Seen]]()
    for cell, number in counted.items():
        stratum, weight, area, _ = cell[0].decode().split("\t")
        if stratum not in strata:
            groups = {name: defaultdict[str, Counter[int]](Counter) for name in GROUPINGS}
            strata[stratum] = groups, {name: defaultdict[str, set[int]](set) for name in GROUPINGS}
        sizes, seen = strata[stratum]
        for grouping, group in zip(GROUPINGS, (area, cell[1], DRAWN_BEFORE if cell[2] else NEVER_DRAWN), strict=True):
            sizes[grouping][group][int(weight)] += number
            seen[grouping][group] |= found[cell]
    return strata


async def _pieces(session: AsyncSession, draw: _Held) -> AsyncIterator[tuple[list[bytes], dict[bytes, str]]]:
    """The frozen pool in pieces, each with the kinds of its subjects as the directory has them now."""
    query = select(DrawFile.part).where(DrawFile.draw_id == draw.id, DrawFile.name == "pool.tsv")
    veiled: dict[bytes, str] | None = None
    for part in list(await session.scalars(query.order_by(DrawFile.part))):
        piece = (DrawFile.draw_id == draw.id, DrawFile.name == "pool.tsv", DrawFile.part == part)
        body = await session.scalar(select(DrawFile.body).where(*piece)) or b""
        rows = body.split(b"\n")
        codes = [row.partition(b"\t")[0].decode() for row in rows]
        known = await session.execute(select(Subject.code, Subject.kind).where(Subject.code.in_(codes)))
        kinds = {code.encode(): kind for code, kind in known.tuples()}
        if codes[-1].startswith("~"):  # they stand after all codes
            veiled = await _veiled_kinds(session, draw) if veiled is None else veiled
            kinds |= veiled
        yield rows, kinds


async def _veiled_kinds(session: AsyncSession, draw: _Held) -> dict[bytes, str]:
    """The kinds of the subjects that a draw names by a veiled id."""
    kinds = {}
    query = scope(draw.task, Subject.id, Subject.code, Subject.kind)
    async for number, code, kind in await session.stream(query, execution_options={"yield_per": 4096}):
        name = public_subject(draw.pool_key, number, code)
        if name != code:
            kinds[name.encode()] = kind
    return kinds


async def _visits_per_subject(session: AsyncSession, states: Collection[str]) -> dict[int, int]:
    each = (
        select(func.count().label("visits"))
        .select_from(Visit)
        .join(Draw, Draw.id == Visit.draw_id)
        .where(Draw.state.in_(states), Visit.origin == "random")
        .where(Visit.state != "dropped", Visit.merged_into.is_(None))
        .group_by(Visit.subject_id)
        .subquery()
    )
    query = select(each.c.visits, func.count()).group_by(each.c.visits).order_by(each.c.visits)
    return dict((await session.execute(query)).tuples().all())


async def _seats(
    session: AsyncSession, draw_ids: Iterable[int]
) -> tuple[dict[str, dict[str, int]], Counter[tuple[str, int]]]:
    """How many seats of each department were filled how; and how many each inspector holds."""
    kinds, held = defaultdict[str, Counter[str]](Counter), Counter[tuple[str, int]]()
    for draw_id in draw_ids:
        query = select(DrawEntry.content).where(DrawEntry.draw_id == draw_id).order_by(DrawEntry.number)
        entries: list[dict[str, Any]] = [one for one in await session.scalars(query) if "left" in one]
        left = {(one["subject"], one["seat"]) for one in entries}
        drawn_for = func.coalesce(Seat.drawn_for, Seat.visit_id)  # also after two visits became one
        columns = (Visit.public_id, Seat.slot, Seat.department, Seat.mode, Seat.person_id)
        seats = (
            select(*columns)
            .join(Visit, Visit.id == drawn_for)
            .where(Visit.draw_id == draw_id, Visit.state != "dropped")
        )
        for subject, number, department, mode, person in (await session.execute(seats)).tuples():
            kind = "refilled" if mode == "refill" or ((subject, number) in left and mode != "appointed") else mode
            kinds[department]["open" if person is None else kind] += 1
            if person is not None:
                held[department, person] += 1
    return {name: {kind: kinds[name][kind] for kind in KINDS} for name in sorted(kinds)}, held


async def _loads(session: AsyncSession, held: Counter[tuple[str, int]]) -> list[Load]:
    query = (
        select(Organ.department, Person.id)
        .join(Organ, Organ.id == Person.organ_id)
        .where(Person.status == "active", has_tag(Person.roles, "inspector"), Person.certificate != "")
    )
    departments = {department for department, _ in held}
    fit = {(department, person) for department, person in (await session.execute(query)).tuples()}
    loads = []
    for name in sorted(departments):
        values = sorted(held[key] for key in fit | held.keys() if key[0] == name)
        spread = gini(values), values[0], float(median(values)), values[-1]
        loads.append(Load(name, len(values), sum(values), *spread))
    return loads


async def _repeat_pairs(session: AsyncSession, states: Collection[str]) -> dict[str, int]:
    """Seats in which an inspector meets a subject again too soon after an earlier draw, by mode (rules/seats.py)."""
    past_seat, past, past_draw = aliased(Seat), aliased(Visit), aliased(Draw)
    query = (
        select(Seat.id, Seat.mode, Draw.committed_at, Task.ends)
        .join(Visit, Visit.id == Seat.visit_id)
        .join(Draw, Draw.id == Visit.draw_id)
        .join(past_seat, and_(past_seat.person_id == Seat.person_id, past_seat.visit_id != Seat.visit_id))
        .join(past, and_(past.id == past_seat.visit_id, past.subject_id == Visit.subject_id))
        .join(past_draw, and_(past_draw.id == past.draw_id, past_draw.sequence < Draw.sequence))
        .join(Task, Task.id == past.task_id)
        .where(Draw.state.in_(states), past_draw.state.in_(states))
        .where(Visit.state != "dropped", past.state != "dropped")
        .where(Visit.merged_into.is_(None), past.merged_into.is_(None))
    )
    apart = timedelta(days=365 * YEARS_APART)
    rows = (await session.execute(query)).tuples()
    soon = {(seat, mode) for seat, mode, committed_at, ended in rows if committed_at.date() - ended <= apart}
    return dict(sorted(Counter(mode for _, mode in soon).items()))
