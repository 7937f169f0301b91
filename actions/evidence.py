"""Takes in what shows how it was: photos, recordings, files and positions, weighed against time and place (R3.3.1a)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.checklists import point_of
from actions.journal import record
from actions.work import may_work, unsign
from models.people import Person
from models.visits import Evidence, Visit
from rules import evidence
from rules.positions import metres_from_subject, position


@dataclass(frozen=True)
class Kept:
    """Something whose bytes are stored already, with what it says of itself; the fields are those of `Evidence`."""

    sha256: str
    size: int
    media: str
    telegram_file: str
    kind: str = "photo"
    name: str = ""
    taken_at: datetime | None = None
    latitude: float | None = None
    longitude: float | None = None
    preview: str = ""


@dataclass(frozen=True)
class Attached:
    """What became of it: the row, whether that is new, and where else on this visit the same bytes are.

    `also` are numbers of points, 0 for the visit as a whole.
    """

    row: Evidence
    new: bool
    also: tuple[int, ...]


async def attach(
    session: AsyncSession, visit: Visit, number: int, kept: Kept, by: Person, now: datetime, words: str = ""
) -> Attached:
    """Add evidence to a point or (0) to the whole visit; the same bytes only once to each.

    `words` came with it and belong to no answer: the journal keeps them. Refused as entering an answer is.
    """
    may_work(visit, by)
    point = point_of(visit, number) if number else None
    same = [one for one in visit.evidence if one.sha256 == kept.sha256]
    here = next((one for one in same if one.point_id == (point.id if point else None)), None)
    numbers = visit.numbers
    also = tuple(sorted(numbers.get(one.point_id or 0, 0) for one in same))
    if here:
        return Attached(here, new=False, also=also)
    away = metres_of(visit, kept.latitude, kept.longitude)
    weighed = kept.kind in evidence.WEIGHED
    row = Evidence(
        visit_id=visit.id,
        point_id=point.id if point else None,
        sha256=kept.sha256,
        size=kept.size,
        media=kept.media,
        telegram_file=kept.telegram_file,
        kind=kept.kind,
        name=kept.name,
        taken_at=kept.taken_at,
        latitude=kept.latitude,
        longitude=kept.longitude,
        metres=away,
        grade=evidence.grade(kept.taken_at, away, visit.started_at, now) if weighed else "",
        seen_before=await _elsewhere(session, visit, kept.sha256),
        preview=kept.preview,
        person_id=by.id,
        at=now,
    )
    visit.evidence.append(row)
    await session.flush()
    unsign(visit)
    after = {"sha256": kept.sha256, "point": number, "kind": kept.kind, "grade": row.grade}
    record(session, now, by, "attach", "visit", visit.id, after=after, why=words)
    return Attached(row, new=True, also=also)


def metres_of(visit: Visit, latitude: float | None, longitude: float | None) -> int | None:
    """How far a WGS-84 position is from the visit's subject, in metres; None where either is unknown."""
    subject = position(visit.subject.latitude, visit.subject.longitude)
    return metres_from_subject(position(latitude, longitude), subject)


async def _elsewhere(session: AsyncSession, visit: Visit, sha256: str) -> int | None:
    """The first time that the same bytes were sent for another visit."""
    query = select(Evidence.id).where(Evidence.sha256 == sha256, Evidence.visit_id != visit.id)
    found: int | None = await session.scalar(query.order_by(Evidence.id).limit(1))
    return found


@dataclass(frozen=True)
class Photos:
    """The numbers of the points that ask for a photo as they are answered, and of those without one."""

    wanted: tuple[int, ...]
    missing: tuple[int, ...]

    @property
    def received(self) -> int:
        """How many points have theirs."""
        return len(self.wanted) - len(self.missing)


def photographed(visit: Visit) -> set[int]:
    """The ids of the points that have something to look at."""
    return {one.point_id for one in visit.evidence if one.point_id and one.kind in evidence.SHOWS}


def photos(visit: Visit) -> Photos:
    """Which points ask for a photo: always, or because they do not conform; and which still lack it."""
    wanted = {
        number: answer.point_id
        for number, answer in visit.standing.items()
        if (answer.point.photo == "always" and answer.value != "na")
        or (answer.point.photo == "failure" and answer.value == "no")
    }
    have = photographed(visit)
    return Photos(tuple(wanted), tuple(number for number, point_id in wanted.items() if point_id not in have))


def doubtful(rows: Iterable[Evidence]) -> list[Evidence]:
    """Those that a reviewer should look at twice."""
    return [one for one in rows if evidence.doubtful(one.grade, one.seen_before)]
