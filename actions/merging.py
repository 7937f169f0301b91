"""Makes one visit of two (综合查一次, R1.4): the guest's items and inspectors come to the host's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from actions import draws, offers
from actions.calendars import deadline
from actions.journal import record
from actions.notify import notify
from models.people import Person
from models.visits import JointOffer, Part, Seat, Visit
from rules.refusal import Refusal
from rules.visits import check_move


async def agree(session: AsyncSession, offer: JointOffer, by: Person, now: datetime) -> None:
    """Agree to make one visit of two (同意合并), for the organ that was asked."""
    both = select(Visit).where(Visit.id.in_((offer.host_id, offer.guest_id))).order_by(Visit.id)
    await session.execute(both.with_for_update(of=Visit).execution_options(populate_existing=True))
    offers.check_stands(offer, by)
    asked_by = await session.get(Person, offer.asked_by) if offer.asked_by else None
    if offer.state != "asked" or asked_by is None or asked_by.organ_id == by.organ_id:
        raise Refusal("offers.other_side")
    offer.state, offer.answered_by = "agreed", by.id
    offer.version += 1
    await _merge(session, offer.host, offer.guest, by, now)
    await notify(session, asked_by.id, "offers.agreed", offers.key_of(offer), now, offer=offer.id)


async def _merge(session: AsyncSession, host: Visit, guest: Visit, by: Person, now: datetime) -> None:
    check_move(guest.state, "merged")
    before = {"state": guest.state, "host": host.state}
    released = {host.state, guest.state} != {"drawn"}  # if either is, the joint visit is for all
    await _bring(session, host, guest)
    guest.state, guest.merged_into = "merged", host.id
    guest.version += 1
    await session.execute(update(Visit).where(Visit.merged_into == guest.id).values(merged_into=host.id))
    host.due = min(host.due, guest.due)
    host.release_on = min((day for day in (host.release_on, guest.release_on) if day), default=None)
    host.version += 1
    await session.flush()
    await session.refresh(host, ["parts", "seats", "guests"])
    await session.refresh(guest, ["parts", "seats", "guests"])
    after = {"host": host.id, "seats": len(host.seats), "items": [part.item_id for part in host.parts]}
    record(session, now, by, "merge", "visit", guest.id, before=before, after=after)
    if released:
        await _tell(session, host, now)
    for one, other, role in ((host, guest, "host"), (guest, host, "guest")):
        assert one.draw
        assert other.draw
        what = {"kind": "merged", "role": role, "subject": one.public_id}
        there = {"draw": other.draw.sequence, "as": other.public_id}
        await draws.append(session, one.draw, {**what, **there, "at": draws.utc(now)})


async def _bring(session: AsyncSession, host: Visit, guest: Visit) -> None:
    """Move the guest's parts and seats. Who was drawn for both sits once; their other seat stays with the guest."""
    items = {part.item_id for part in host.parts}
    position = max(part.position for part in host.parts)
    parts: list[Part] = [part for part in guest.parts if part.item_id not in items]
    for part in parts:
        position += 1
        part.visit_id, part.position = host.id, position
    people = {seat.person_id for seat in host.seats if seat.person_id}
    number = max(seat.number for seat in host.seats)
    seats: list[Seat] = list(guest.seats)
    for seat in seats:
        if seat.person_id in people:
            seat.state, seat.answer_by = "held", None
            continue
        number += 1
        seat.visit_id, seat.number, seat.drawn_for = host.id, number, seat.drawn_for or guest.id
        seat.version += 1
    await session.flush()


async def _tell(session: AsyncSession, host: Visit, now: datetime) -> None:
    """Everybody on the joint visit hears of it; who did not know that they would go is offered the seat."""
    key = f"{host.id}:{host.version}"
    for seat in host.seats:
        if seat.person_id is None:
            continue
        if seat.state == "held":
            seat.state, seat.answer_by = "offered", deadline("seat", now.date(), host.task.organ_id)
            seat.version += 1
            await notify(session, seat.person_id, "visits.joined", key, now, visit=host.id)
        else:
            await notify(session, seat.person_id, "visits.merged", key, now, visit=host.id)
    answered = all(seat.state in ("accepted", "open") for seat in host.seats)
    host.state = "accepted" if answered else "released"
