"""Taking a seat or giving it back, and filling one by hand."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from actions import seats, visits
from handlers import oversight
from handlers import visits as visit_cards
from handlers.buttons import button
from handlers.turn import Rows, Turn, whole
from models.people import Person
from models.visits import Seat, Visit
from rules.refusal import Refusal

OFFERED = 30  # people to choose from
REASONS = 3  # of a recusal: 利害关系, 亲属关系, 其他; of a leave: 病假, 出差, 其他
OTHER = 2  # is typed


async def accept(turn: Turn, visit: Visit) -> None:
    """`接受`."""
    await seats.accept(turn.session, visit, visits.seat_of(visit, turn.person), turn.person, turn.now)
    await visit_cards.card(turn, visit)


async def accept_all(turn: Turn, _: Any) -> None:
    """`全部接受`: every seat that is offered to me."""
    person = turn.person
    query = (
        select(Visit)
        .join(Seat, Seat.visit_id == Visit.id)
        .where(Seat.person_id == person.id, Seat.state == "offered")
        .with_for_update(of=Visit)
    )
    mine = list(await turn.session.scalars(query))
    for visit in mine:
        await seats.accept(turn.session, visit, visits.seat_of(visit, person), person, turn.now)
    if mine:
        turn.toast(turn.words("visits.accepted", len(mine)))
    await turn.session.flush()
    await visit_cards.listed(turn)


async def recuse(turn: Turn, visit: Visit) -> None:
    """`申请回避`: why must you not go there?"""
    await _ask_why(turn, visit, "recusal")


async def leave(turn: Turn, visit: Visit) -> None:
    """`请假`: why can you not go?"""
    await _ask_why(turn, visit, "leave")


async def _ask_why(turn: Turn, visit: Visit, kind: str) -> None:
    visits.seat_of(visit, turn.person)
    words = turn.words
    turn.wait_for(kind, visit=visit.id)
    rows = [
        [
            button(words, "because", visit.id, number, version=visit.version, label=f"because.{kind}.{number}")
            for number in range(REASONS)
        ],
        [button(words, "visit", visit.id, label="button.back")],
    ]
    await turn.show(f"visit:{visit.id}", words(f"seat.{kind}", name=visit.subject.name), rows)


async def because(turn: Turn, visit: Visit) -> None:
    """A reason that was tapped."""
    kind = (turn.chat.awaiting or {}).get("what", "")
    if kind not in ("recusal", "leave") or turn.args[1] >= REASONS:
        raise Refusal("gone")
    if turn.args[1] == OTHER:  # still waited for
        turn.toast(turn.words("seat.write_why"))
        return
    await gave_reason(turn, visit, kind, str(turn.words(f"because.{kind}.{turn.args[1]}")))


async def gave_reason(turn: Turn, visit: Visit, kind: str, reason: str) -> None:
    """The seat is given back; whoever is next by rule takes it."""
    successor = await seats.leave(
        turn.session, visit, visits.seat_of(visit, turn.person), kind, whole(reason), turn.person, turn.now
    )
    turn.wait_no_more()
    words = turn.words
    text = words("seat.left", name=visit.subject.name, successor=successor.name) if successor else None
    rows = [[button(words, "visits_back")]]
    await turn.show(f"visit:{visit.id}", text or words("seat.left_open", name=visit.subject.name), rows)


async def leave_all(turn: Turn, _: Any) -> None:
    """`全部请假`: why can you not go to any of them?"""
    words = turn.words
    mine = await seats.not_started(turn.session, turn.person)
    if not mine:
        raise Refusal("seats.none_to_leave")
    turn.wait_for("seats.leave_all")
    rows = [
        [button(words, "leave_all_why", number, label=f"because.leave.{number}") for number in range(2)],
        [button(words, "visits_back", label="button.back")],
    ]
    await turn.show("visits", words("seat.leave_all", len(mine)), rows)


async def why_leave_all(turn: Turn, _: Any) -> None:
    """A reason for all that was tapped."""
    if turn.args[0] not in (0, 1):
        raise Refusal("gone")
    await _confirm_all(turn, str(turn.words(f"because.leave.{turn.args[0]}")))


async def gave_reason_for_all(turn: Turn) -> None:
    """A reason for all that was typed."""
    await _confirm_all(turn, turn.said())


async def _confirm_all(turn: Turn, reason: str) -> None:
    mine = await seats.not_started(turn.session, turn.person)
    turn.wait_for("seats.leave_all", text=reason)
    words = turn.words
    rows = [[button(words, "leave_all_yes", label="button.ok"), button(words, "visits_back", label="button.cancel")]]
    await turn.show("visits", words("seat.leave_all_confirm", len(mine), reason=reason), rows)


async def left_all(turn: Turn, _: Any) -> None:
    """`确认`: every seat that has not begun is given back, each is refilled."""
    awaiting = turn.chat.awaiting or {}
    if awaiting.get("what") != "seats.leave_all" or not awaiting.get("text"):
        raise Refusal("gone")
    vacated = await seats.leave_all(turn.session, turn.person, awaiting["text"], turn.now)
    turn.wait_no_more()
    words = turn.words
    vacant = sum(one.successor is None for one in vacated)
    text = words("seat.left_all", len(vacated), filled=len(vacated) - vacant, open=vacant)
    await turn.show("visits", text, [[button(words, "visits_back")]])


async def open_seat(turn: Turn) -> tuple[Visit, Seat]:
    """The open seat that a button of a supervisor speaks of: of the lead, or of the seat's own department."""
    turn.needs("supervisor")
    visit = await visit_cards.find(turn, turn.args[0])
    seat = next((one for one in visit.seats if one.number == turn.args[1]), None)
    if seat is None or not oversight.may_fill(visit, seat, turn.person):
        raise Refusal("gone")
    return visit, seat


async def show_open(turn: Turn, thing: tuple[Visit, Seat]) -> None:
    """`指派`: who could take this seat, the nearest and least busy first."""
    visit, seat = thing
    words = turn.words
    if seat.state != "open":
        text = words("seat.filled", name=seat.person.name if seat.person else "")
        await turn.show(f"seat:{seat.id}", text, await _onward(turn, visit))
        return
    people = await seats.candidates(turn.session, visit, seat, OFFERED, turn.today)
    rows = [
        [
            button(
                words,
                "appoint_one",
                visit.id,
                seat.number,
                one.id,
                version=seat.version,
                label="button.person",
                name=one.name,
                organ=one.organ.name,
            )
        ]
        for one in people
    ]
    rows.append([button(words, "visit", visit.id, label="button.back")])
    key = "seat.appoint" if people else "seat.nobody"
    await turn.show(f"seat:{seat.id}", words(key, name=visit.subject.name, department=seat.department), rows)


async def appoint(turn: Turn, thing: tuple[Visit, Seat]) -> None:
    """Somebody is appointed; it is on the record as an appointment (R3.2.2b)."""
    visit, seat = thing
    person = await turn.session.get(Person, turn.args[2])
    if person is None:
        raise Refusal("gone")
    await seats.appoint(turn.session, visit, seat, person, turn.person, turn.now)
    await turn.session.flush()
    text = turn.words("seat.appointed", name=person.name, subject=visit.subject.name)
    await turn.show(f"seat:{seat.id}", text, await _onward(turn, visit))


async def _onward(turn: Turn, visit: Visit) -> Rows:
    """From a seat that is filled: to the next one of the draw that is empty, and to the visit."""
    rows: Rows = []
    if visit.draw and visit.task.organ_id == turn.person.organ_id:
        vacant = len(await seats.open_seats(turn.session, visit.draw))
        rows += [[button(turn.words, "appoint", visit.draw.id, n=vacant)]] if vacant else []
    return [*rows, [button(turn.words, "visit", visit.id, label="button.open_visit")]]
