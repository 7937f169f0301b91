"""A subject drops out of a draw and the next reserve of its stratum comes instead (换备选, docs/draw.md, Later)."""

from __future__ import annotations

import json
import secrets
from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import draws, hats, pools
from actions.calendars import official
from actions.journal import record
from actions.notify import notify
from actions.seats import offer
from models.base import has_tag
from models.draws import Draw, whole
from models.people import Person
from models.subjects import Subject
from models.visits import Part, Seat, Visit
from rules import strata
from rules.draw import read_commitment
from rules.refusal import Refusal
from rules.visits import NOT_STARTED, check_move


async def drop(session: AsyncSession, visit: Visit, reason: str, by: Person, now: datetime) -> Visit | None:
    """Nobody goes there; the next reserve comes instead, its seats drawn like any other's. None if no reserve is left.

    Only before the visit begins. Reserves that may not be visited any more are passed over, each with its reason on
    the public record of the draw. What was made part of this visit (综合查一次) drops out with it, each in its draw.
    """
    if visit.state not in NOT_STARTED:
        raise Refusal("visits.started")
    guests = select(Visit).where(Visit.merged_into == visit.id, Visit.state == "merged").order_by(Visit.id)
    dropped, told = [visit, *await session.scalars(guests)], visit.state != "drawn"
    held = [one for one in visit.seats if one.person_id and one.state in ("offered", "accepted")]
    for one in dropped:
        check_move(one.state, "dropped")
        one.state, one.closed_because = "dropped", reason
        one.version += 1
        record(session, now, by, "drop", "visit", one.id, why=reason)
    await session.flush()
    for seat in held:
        assert seat.person_id
        await notify(session, seat.person_id, "visits.off", f"{visit.id}", now, visit=visit.id)
    came = [await _replace(session, one, told, reason, now) for one in dropped if one.draw]
    return came[0] if came else None


async def _replace(session: AsyncSession, visit: Visit, told: bool, reason: str, now: datetime) -> Visit | None:
    assert visit.draw
    draw = await whole(session, visit.draw)
    stratum, turn = await _turn(session, draw, visit)
    skipped: list[dict[str, str]] = []
    chosen: tuple[Subject, str] | None = None
    ids = await pools.subjects_by_public_id(session, draw, turn)
    visited = await pools.random_visits_this_year(session, now)
    for public_id in turn:
        subject = await session.get(Subject, ids[public_id]) if public_id in ids else None
        why = "dead"
        if subject:
            why = strata.exclusion(subject.credit_class, subject.flags, subject.status, visited[subject.id])
        if subject and not why:
            chosen = subject, public_id
            break
        skipped.append({"subject": public_id, "reason": why})
    content: dict[str, Any] = {"subject": visit.public_id, "stratum": stratum, "reason": reason, "skipped": skipped}
    content |= {"kind": "replaced" if chosen else "dropped", "at": draws.utc(now)}
    made = None
    if chosen:
        drawn = await hats.seats_of_reserve(session, draw, chosen[0].id, chosen[1], now.date())
        content |= {"replacement": chosen[1], "seats": [shown for _, shown in drawn]}
        made = await _make(session, visit, chosen, drawn)
        await session.flush()
        if told:
            await _tell(session, draw, made, now)
    await draws.append(session, draw, content)
    return made


async def _turn(session: AsyncSession, draw: Draw, visit: Visit) -> tuple[str, list[str]]:
    """The stratum of a visit by the certificate, and its reserves in order that have not come yet."""
    assert draw.certificate
    certificate = json.loads(draw.certificate)
    strata_of = {one["subject"]: one["stratum"] for one in certificate["visits"]}
    strata_of |= {name: one["stratum"] for one in certificate["reserves"] for name in one["ids"]}
    stratum = strata_of[visit.public_id]
    used = set(await session.scalars(select(Visit.public_id).where(Visit.draw_id == draw.id)))
    ids: list[str] = next((one["ids"] for one in certificate["reserves"] if one["stratum"] == stratum), [])
    return stratum, [name for name in ids if name not in used]


async def _make(
    session: AsyncSession, old: Visit, chosen: tuple[Subject, str], drawn: list[tuple[Person | None, dict[str, Any]]]
) -> Visit:
    assert old.draw
    slots = read_commitment(old.draw.commitment)["rules"]["slots"]
    made = Visit(
        task_id=old.task_id,
        subject_id=chosen[0].id,
        draw_id=old.draw_id,
        parts=[
            Part(position=one.position, item_id=one.item_id, checklist_id=one.item.checklist_id)
            for one in old.task.items
        ],
        origin=old.origin,
        public_id=chosen[1],
        position=old.position,
        state="drawn",
        token=secrets.token_urlsafe(24),
        due=old.due,
        release_on=old.release_on,
        replaces=old.id,
        seats=[
            Seat(
                number=number,
                slot=number,
                department=slots[number]["organ"],
                qualified=slots[number]["qualified"],
                person_id=person.id if person else None,
                mode=shown["mode"],
                state="held" if person else "open",
            )
            for number, (person, shown) in enumerate(drawn)
        ],
    )
    session.add(made)
    return made


async def _tell(session: AsyncSession, draw: Draw, visit: Visit, now: datetime) -> None:
    """The visit that dropped out was released, so this one is, at once."""
    check_move(visit.state, "released")
    visit.state, visit.release_on = "released", now.date()
    for seat in visit.seats:
        if seat.person_id:
            offer(visit, seat, now.date())
            key = f"{draw.id}:{visit.id}"
            await notify(session, seat.person_id, "visits.drawn", key, now, draw=draw.id, visits=[visit.id])


async def doubtful(session: AsyncSession, supervisor_id: int | None = None) -> list[Visit]:
    """Visits that have not begun, to subjects that died or came under investigation since, of one supervisor or all."""
    query = (
        select(Visit)
        .join(Draw, Draw.id == Visit.draw_id)
        .join(Subject, Subject.id == Visit.subject_id)
        .where(Visit.state.in_(NOT_STARTED), or_(Subject.status != "active", has_tag(Subject.flags, strata.HOLD)))
        .order_by(Visit.due, Visit.draw_id, Visit.position)
    )
    if supervisor_id is not None:
        query = query.where(Draw.supervisor_id == supervisor_id)
    return list(await session.scalars(query))


async def tell_of_doubtful(session: AsyncSession, now: datetime) -> None:
    """Promise each supervisor one notice a working day about such visits, until each is replaced or done."""
    if not official().works(now.date()):
        return
    found = defaultdict[int, list[Visit]](list)
    for visit in await doubtful(session):
        assert visit.draw
        found[visit.draw.supervisor_id].append(visit)
    for supervisor_id in found:
        await notify(session, supervisor_id, "visits.doubtful", f"{now:%Y%m%d}", now)
