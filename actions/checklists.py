"""Enters what is found, point by point; two inspectors may do so at once (R3.3.2b)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from actions.journal import ENTRY, entry, record
from actions.work import check_own, may_work, own_points, unsign
from models.items import Point
from models.people import Person
from models.rows import enter_all
from models.visit_at_hand import ANSWER
from models.visits import Answer, Visit
from rules import checklists as rules
from rules.refusal import Refusal


def point_of(visit: Visit, number: int) -> Point:
    """The point with a running number. Refused if the visit has none."""
    point = visit.points.get(number)
    if point is None:
        raise Refusal("checklists.no_such_point", number=number, last=len(visit.points))
    return point


def answer_to(visit: Visit, point: Point) -> Answer | None:
    """What was answered to a point so far."""
    return visit.answered.get(point.id)


def open_points(visit: Visit, by: Person) -> list[int]:
    """The numbers of the points that somebody is asked and that have no answer; the first is where they are."""
    still_open = own_points(visit, by) - visit.answered.keys()
    return [number for one, number in visit.numbers_asked.items() if one in still_open]


async def answer(
    session: AsyncSession,
    visit: Visit,
    numbers: Iterable[int],
    value: str,
    by: Person,
    now: datetime,
    note: str = "",
    reading: str = "",
    source: Answer | None = None,
) -> None:
    """Answer points: yes, no or na. An answer that stands already is left alone; a new one takes back signatures.

    `reading` is what was measured, chosen or sampled; without one, `yes` says what `rules.checklists.unasked` says.
    `source` is another department's answer that this one rests on (互认).
    """
    may_work(visit, by)
    points = {number: point_of(visit, number) for number in numbers}
    check_own(visit, list(points), by)
    if value == "na" and (fixed := [number for number, point in points.items() if not point.optional]):
        raise Refusal("checklists.always_applies", number=fixed[0])
    changed, fresh = {}, list[tuple[Point, dict[str, Any]]]()
    for number, point in points.items():
        before = answer_to(visit, point)
        kept = before.reading if before and before.value == value else ""
        read = reading or kept or (value == "yes" and _unmeasured(number, point)) or ""
        if before is None:
            row = {"visit_id": visit.id, "point_id": point.id, "value": value, "note": note, "reading": read}
            row |= {"from_answer": source.id if source else None, "person_id": by.id, "at": now, "version": 1}
            fresh.append((point, row))
        elif (before.value, before.reading) != (value, read) or (note and before.note != note):
            before.value, before.person_id, before.person, before.at = value, by.id, by, now
            before.note = note or (before.note if value == "no" else "")
            before.reading, before.from_answer = read, source.id if source else None
            before.version += 1
        else:
            continue
        changed[str(number)] = f"{value} {read}".strip()
    if not changed:
        return
    unsign(visit)
    act = entry(now, by, "answer", "visit", visit.id, after=changed, why=note)
    if not fresh:
        await enter_all(session, (ENTRY, [act]))
        return
    given, _ = await enter_all(session, (ANSWER, [row for _, row in fresh]), (ENTRY, [act]))
    for one, (point, _) in zip(given, fresh, strict=True):
        set_committed_value(one, "point", point)  # which may be shared: it is in no session
        set_committed_value(one, "person", by)
    set_committed_value(visit, "answers", [*visit.answers, *given])  # append would look through the visit


def _unmeasured(number: int, point: Point) -> str:
    entry = rules.unasked(rules.kind(point.answer), point.min_sample)
    if entry is None:
        raise Refusal("checklists.measure", number=number)
    return entry.reading


async def answer_range(
    session: AsyncSession, visit: Visit, numbers: Iterable[int], by: Person, now: datetime
) -> list[int]:
    """Several points conform, but for those that were answered otherwise one by one: whichever was said first.

    The numbers that kept another answer. So messages that were queued without a signal may come in any order.
    """
    wanted = {number: point_of(visit, number) for number in numbers}
    check_own(visit, list(wanted), by)
    said = {number: answer_to(visit, point) for number, point in wanted.items()}
    kept = [number for number, one in said.items() if one and one.value != "yes"]
    await answer(session, visit, [number for number in wanted if said[number] is None], "yes", by, now)
    return kept


async def enter(session: AsyncSession, visit: Visit, number: int, text: str, by: Person, now: datetime) -> str:
    """Answer a point by what was measured, chosen, sampled or written; whether that conforms (yes or no)."""
    point = point_of(visit, number)
    entry = rules.read(rules.kind(point.answer), text, point.min_sample)
    await answer(session, visit, [number], entry.value, by, now, reading=entry.reading)
    return entry.value


async def answer_rest(session: AsyncSession, visit: Visit, by: Person, now: datetime, but: Iterable[int] = ()) -> None:
    """All points without an answer conform, except some, and those that somebody must measure or choose first."""
    left = set(but)
    while easy := [number for number in open_points(visit, by) if number not in left and _easy(visit.points[number])]:
        await answer(session, visit, easy, "yes", by, now)  # which may make more points apply


def _easy(point: Point) -> bool:
    return rules.unasked(rules.kind(point.answer), point.min_sample) is not None


async def describe(session: AsyncSession, visit: Visit, number: int, note: str, by: Person, now: datetime) -> None:
    """Put words to a point that does not conform."""
    await answer(session, visit, [number], "no", by, now, note=note)


async def tick_materials(
    session: AsyncSession, visit: Visit, states: dict[str, str], by: Person, now: datetime
) -> None:
    """Say of papers that they were seen or missing, or (empty) take that back."""
    may_work(visit, by)
    ticked = {name: state for name, state in (visit.materials | states).items() if state}
    if ticked != visit.materials:
        visit.materials = ticked
        unsign(visit)
        record(session, now, by, "materials", "visit", visit.id, after=states)
