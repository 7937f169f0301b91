"""The subject asks that an inspector stay away (当事人申请回避): reported at the door, decided by a supervisor."""

from __future__ import annotations

from actions import objections
from handlers import visits as visit_cards
from handlers.buttons import button
from handlers.turn import Turn
from models.visits import Seat, Visit
from rules.refusal import Refusal


def _seat(visit: Visit, number: int) -> Seat:
    for seat in visit.seats:
        if seat.number == number and seat.person:
            return seat
    raise Refusal("seats.decided")


def _seat_of(visit: Visit, person_id: int) -> Seat:
    for seat in visit.seats:
        if seat.person_id == person_id:
            return seat
    raise Refusal("seats.decided")


async def whom(turn: Turn, visit: Visit) -> None:
    """`当事人申请回避`: who shall stay away? Supervisors decide about it, inspectors hand it on."""
    words = turn.words
    on_it = any(one.person_id == turn.person.id for one in visit.seats)
    seats = [one for one in visit.seats if one.person] if on_it else objections.decidable(visit, turn.person)
    if not seats:
        raise Refusal("visits.not_now")
    rows = [
        [button(words, "object_to", visit.id, seat.number, label="button.person", name=seat.person.name,
                organ=seat.person.organ.name)]
        for seat in seats if seat.person
    ]  # fmt: skip
    rows.append([button(words, "visit", visit.id, label="button.back")])
    await turn.show(f"visit:{visit.id}", words("object.whom", name=visit.subject.name), rows)


async def ask_why(turn: Turn, visit: Visit) -> None:
    """Somebody was chosen: what does the subject say?"""
    seat = _seat(visit, turn.args[1])
    on_it = any(one.person_id == turn.person.id for one in visit.seats)
    turn.wait_for("visit.object", visit=visit.id, person=seat.person_id)
    words = turn.words
    rows = [[button(words, "visit", visit.id, label="button.back")]]
    name = seat.person.name if seat.person else ""
    await turn.show(f"visit:{visit.id}", words("object.why_ask" if on_it else "object.why", name=name), rows)


async def said(turn: Turn, visit: int, person: int) -> None:
    """The reason was typed: handed on by an inspector of the visit, approved by a supervisor."""
    reason = turn.said()
    held = await visit_cards.find(turn, visit)
    seat = _seat_of(held, person)
    if all(one.person_id != turn.person.id for one in held.seats):
        await _approve(turn, held, seat, reason)
        return
    await objections.ask(turn.session, held, seat, reason, turn.person, turn.now)
    turn.wait_no_more()
    words = turn.words
    rows = [[button(words, "visit", held.id, label="button.back_to")]]
    name = seat.person.name if seat.person else ""
    await turn.show(f"visit:{held.id}", words("object.asked", name=name), rows)


async def approve(turn: Turn, visit: Visit) -> None:
    """`同意`: what an inspector reported is decided; the reason is what was reported."""
    seat = _seat_of(visit, turn.args[1])
    asked = await objections.pending(turn.session, visit, turn.args[1])
    if asked is None:
        raise Refusal("seats.decided")
    await _approve(turn, visit, seat, asked.why)


async def _approve(turn: Turn, visit: Visit, seat: Seat, reason: str) -> None:
    vacated = await objections.approve(turn.session, visit, seat, reason, turn.person, turn.now)
    turn.wait_no_more()
    words, name, new = turn.words, vacated.left.name, vacated.successor
    rows = [[button(words, "visit", visit.id, label="button.open_visit")]]
    if new is None:
        rows.insert(0, [button(words, "vacant", visit.id, seat.number, department=seat.department)])
    text = words("object.approved", name=name, new=new.name) if new else words("object.approved_open", name=name)
    await turn.show(f"visit:{visit.id}", text, rows)


async def ask_reject(turn: Turn, visit: Visit) -> None:
    """`驳回`: why? The inspectors tell the subject."""
    seat = _seat_of(visit, turn.args[1])
    if await objections.pending(turn.session, visit, turn.args[1]) is None:
        raise Refusal("seats.decided")
    turn.wait_for("visit.object_no", visit=visit.id, person=seat.person_id)
    rows = [[button(turn.words, "visit", visit.id, label="button.back")]]
    name = seat.person.name if seat.person else ""
    await turn.show(f"visit:{visit.id}", turn.words("object.why_not", name=name), rows)


async def reject(turn: Turn, visit: int, person: int) -> None:
    """The reason was typed: the inspector stays, and all on the visit are told."""
    reason = turn.said()
    held = await visit_cards.find(turn, visit)
    seat = _seat_of(held, person)
    await objections.reject(turn.session, held, seat, reason, turn.person, turn.now)
    turn.wait_no_more()
    rows = [[button(turn.words, "visit", held.id, label="button.open_visit")]]
    name = seat.person.name if seat.person else ""
    await turn.show(f"visit:{held.id}", turn.words("object.rejected", name=name), rows)
