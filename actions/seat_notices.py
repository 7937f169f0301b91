"""Tells whom it concerns that people left seats: what happens to one person at one moment is one message."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from actions import hats
from actions.notify import notify
from models.people import Person, with_role
from models.visits import Seat, Visit
from rules.seats import BY_THEMSELVES
from rules.visits import OPEN, WORKING

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class Vacated:
    """A seat that somebody left, why (`rules.seats.REASONS`), and who takes it; None: it stays open."""

    visit: Visit
    seat: Seat
    left: Person
    kind: str
    successor: Person | None


async def tell(session: AsyncSession, vacated: list[Vacated], by: Person | None, now: datetime) -> None:
    """Tell successors, partners, who lost a seat without asking, and the supervisors of the draws, all but `by`.

    Who has not been told of a visit yet hears nothing of it; who must act at the door hears at once.
    """
    known = [one for one in vacated if one.visit.state in OPEN]
    await _tell_successors(session, known, now)
    await _tell_partners(session, known, by, now)
    await _tell_who_lost(session, known, now)
    await _tell_supervisors(session, vacated, by, now)


async def _tell_successors(session: AsyncSession, vacated: list[Vacated], now: datetime) -> None:
    for mine in _by_key((one.successor.id, one) for one in vacated if one.successor).values():
        first, successor = mine[0], mine[0].successor
        assert successor
        visit, urgent = first.visit, _urgent(mine)
        if len(mine) == 1:
            key = f"{visit.id}:{first.seat.number}"
            await notify(session, successor.id, "visits.refilled", key, now, urgent=urgent, visit=visit.id)
        else:
            ids = [one.visit.id for one in mine]
            await notify(session, successor.id, "visits.refilled_several", _key(first), now, urgent=urgent, visits=ids)


async def _tell_partners(session: AsyncSession, vacated: list[Vacated], by: Person | None, now: datetime) -> None:
    new = {(one.visit.id, one.successor.id) for one in vacated if one.successor}
    concerned = [
        ((seat.person_id, one.left.id), one)
        for one in vacated
        for seat in one.visit.seats
        if seat.person_id and seat.state in ("offered", "accepted") and (one.visit.id, seat.person_id) not in new
    ]
    for (person_id, left), mine in _by_key(concerned).items():
        if by and by.id == person_id:
            continue
        visit, urgent = mine[0].visit, _urgent(mine)
        if len(mine) == 1:
            key = f"{visit.id}:{visit.version}"
            await notify(
                session, person_id, "visits.partner_changed", key, now, urgent=urgent, visit=visit.id, left=left
            )
        else:
            await notify(
                session, person_id, "visits.partner_left_several", _key(mine[0]), now, left=left, number=len(mine)
            )


async def _tell_who_lost(session: AsyncSession, vacated: list[Vacated], now: datetime) -> None:
    lost = [((one.left.id, one.kind), one) for one in vacated if one.kind not in BY_THEMSELVES]
    for (person_id, kind), mine in _by_key(lost).items():
        ids = [one.visit.id for one in mine]
        await notify(
            session, person_id, "visits.seat_lost", _key(mine[0]), now, urgent=_urgent(mine), why=kind, visits=ids
        )


async def _tell_supervisors(session: AsyncSession, vacated: list[Vacated], by: Person | None, now: datetime) -> None:
    concerned = []
    for one in vacated:
        named = await hats.origin(session, one.visit, one.seat)
        if named.draw:
            told = {*await _who_fills(session, named, one.seat)} - {by.id if by else 0}
            concerned += [((supervisor, named.draw.id, one.left.id), one) for supervisor in sorted(told)]
    for (supervisor, draw_id, left), mine in _by_key(concerned).items():
        vacant = sum(one.successor is None for one in mine)
        if len(mine) == 1:
            visit = mine[0].visit
            kind = "visits.seat_open" if vacant else "visits.seat_refilled"
            key = f"{visit.id}:{visit.version}"
            about = {"visit": visit.id, "seat": mine[0].seat.number, "left": left}
            await notify(session, supervisor, kind, key, now, urgent=_urgent(mine), **about)
        else:
            about = {"draw": draw_id, "left": left, "number": len(mine), "open": vacant}
            await notify(session, supervisor, "visits.left_several", _key(mine[0]), now, urgent=False, **about)


async def _who_fills(session: AsyncSession, named: Visit, seat: Seat) -> list[int]:
    """Who sees to an empty seat: whoever drew, and the supervisors of the organ that sends this department's people."""
    partners = [organ for organ in named.task.organs[1:] if organ.department == seat.department]
    people = [person.id for organ in partners for person in await with_role(session, "supervisor", organ.id)]
    return list(dict.fromkeys([*([named.draw.supervisor_id] if named.draw else []), *people]))


def _urgent(vacated: list[Vacated]) -> bool:
    """Somebody stands at the door."""
    return any(one.visit.state in WORKING for one in vacated)


def _key(first: Vacated) -> str:
    return f"{first.visit.id}:{first.visit.version}:{first.left.id}"


def _by_key(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    found = defaultdict[K, list[V]](list)
    for key, value in pairs:
        found[key].append(value)
    return found
