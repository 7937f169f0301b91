"""Enters what is found, point by point; two inspectors may do so at once (R3.3.2b)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from actions.journal import record
from actions.visits import seat_of, unsign
from models.database import insert_new
from models.items import Point
from models.people import Person
from models.visits import Answer, Evidence, Visit
from rules.refusal import Refusal
from rules.visits import WORKING


def point_of(visit: Visit, number: int) -> Point:
    """The point with a running number. Refused if the visit has none."""
    point = visit.points.get(number)
    if point is None:
        raise Refusal("checklists.no_such_point", number=number, last=len(visit.points))
    return point


def answer_to(visit: Visit, point: Point) -> Answer | None:
    """What was answered to a point so far."""
    return next((answer for answer in visit.answers if answer.point_id == point.id), None)


def open_points(visit: Visit) -> list[int]:
    """The numbers of the points without an answer; the first is where one is in the checklist."""
    answered = {answer.point_id for answer in visit.answers}
    return [number for number, point in visit.points.items() if point.id not in answered]


async def answer(
    session: AsyncSession,
    visit: Visit,
    numbers: Iterable[int],
    value: str,
    by: Person,
    now: datetime,
    note: str = "",
) -> None:
    """Answer points: yes, no or na. An answer that stands already is left alone; a new one takes back signatures."""
    _may_enter(visit, by)
    points = {number: point_of(visit, number) for number in numbers}
    if value == "na" and (fixed := [number for number, point in points.items() if not point.optional]):
        raise Refusal("checklists.always_applies", number=fixed[0])
    changed = {}
    for number, point in points.items():
        before = answer_to(visit, point)
        if before is None:
            fresh = Answer(
                visit_id=visit.id,
                point_id=point.id,
                value=value,
                note=note,
                person_id=by.id,
                at=now,
                version=1,
            )
            fresh.point, fresh.person = point, by
            visit.answers.append(fresh)
        elif before.value != value or (note and before.note != note):
            before.value, before.person_id, before.person, before.at = value, by.id, by, now
            before.note = note or (before.note if value == "no" else "")
            before.version += 1
        else:
            continue
        changed[str(number)] = value
    if changed:
        unsign(visit)
        record(session, now, by, "answer", "visit", visit.id, after=changed, why=note)


async def answer_rest(session: AsyncSession, visit: Visit, by: Person, now: datetime, but: Iterable[int] = ()) -> None:
    """All points without an answer conform, except some."""
    left = set(but)
    await answer(session, visit, [number for number in open_points(visit) if number not in left], "yes", by, now)


async def describe(session: AsyncSession, visit: Visit, number: int, note: str, by: Person, now: datetime) -> None:
    """Put words to a point that does not conform."""
    await answer(session, visit, [number], "no", by, now, note=note)


async def attach(
    session: AsyncSession,
    visit: Visit,
    number: int,
    sha256: str,
    size: int,
    media: str,
    telegram_file: str,
    by: Person,
    now: datetime,
) -> None:
    """Add a photo or file, whose bytes are stored already, to a point or (0) to the whole visit; the same only once."""
    _may_enter(visit, by)
    point = point_of(visit, number) if number else None
    row = {
        "visit_id": visit.id,
        "point_id": point.id if point else None,
        "sha256": sha256,
        "size": size,
        "media": media,
        "telegram_file": telegram_file,
        "person_id": by.id,
        "at": now,
    }
    if await insert_new(session, Evidence, [row], "visit_id", "point_id", "sha256"):
        unsign(visit)
        after = {"sha256": sha256, "point": number}
        record(session, now, by, "attach", "visit", visit.id, after=after)
        await session.refresh(visit, ["evidence"])


def _may_enter(visit: Visit, by: Person) -> None:
    seat_of(visit, by)
    if visit.state not in WORKING:
        raise Refusal("visits.not_now")
