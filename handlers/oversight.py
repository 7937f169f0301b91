"""What a supervisor finds on the cards of draws and visits beside what their inspectors find; no card of its own."""

from __future__ import annotations

from markupsafe import Markup
from sqlalchemy import func, select

from actions import objections
from handlers.buttons import button
from handlers.turn import Rows, Turn
from locales import Words
from models.draws import Draw
from models.people import Person
from models.visits import Seat, Visit
from rules.visits import NO_VISIT, NOT_STARTED, OPEN


def visit_rows(words: Words, visit: Visit, person: Person) -> Rows:
    """For supervisors of a visit: fill a seat, somebody must stay away, the subject dropped out, back to the list."""
    rows: Rows = [
        [button(words, "vacant", visit.id, seat.number, department=seat.department)]
        for seat in visit.seats
        if seat.state == "open" and visit.state in NOT_STARTED and may_fill(visit, seat, person)
    ]
    rows.append([])
    if objections.decidable(visit, person):
        rows[-1].append(button(words, "object", visit.id))
    mine = "supervisor" in person.roles and person.organ_id == visit.task.organ_id
    if mine and visit.draw_id and visit.state in NOT_STARTED:
        rows[-1].append(button(words, "drop", visit.id, version=visit.version))
    if mine and visit.draw_id:
        rows.append([button(words, "draw_visits", visit.draw_id, 0, label="button.draw_visits")])
    return [row for row in rows if row]


def may_fill(visit: Visit, seat: Seat, person: Person) -> bool:
    """Whether somebody may appoint to a seat: a supervisor of the lead, or of the organ that sends this department."""
    if "supervisor" not in person.roles:
        return False
    own = person.organ_id in {organ.id for organ in visit.organs} and person.organ.department == seat.department
    return own or person.organ_id == visit.task.organ_id


def may_object(visit: Visit) -> bool:
    """Whether an inspector can report that the subject wants somebody to stay away: under way, and told of it."""
    return visit.state in OPEN


async def release_rows(turn: Turn, draw: Draw) -> tuple[list[Markup], Rows]:
    """How far a sealed draw is released, and what can be done: the next stage now, or opening it."""
    words, ids, v = turn.words, (draw.id,), draw.version
    visits = select(func.count()).where(Visit.draw_id == draw.id, Visit.state.not_in(NO_VISIT))
    total = await turn.session.scalar(visits) or 0
    waiting = await turn.session.scalar(visits.where(Visit.state == "drawn")) or 0
    if not waiting:
        return [words("draw.released", at=draw.released_at)], [[button(words, "open", *ids, version=v)]]
    day = await turn.session.scalar(
        select(func.min(Visit.release_on)).where(Visit.draw_id == draw.id, Visit.state == "drawn")
    )
    line = words("draw.released_partly", released=total - waiting, total=total, day=day or turn.today)
    return [line], [[button(words, "release_next", *ids, version=v)]]
