"""A draw's visits as its supervisor sees them, and the change of a subject that dropped out for the next reserve."""

from __future__ import annotations

from sqlalchemy import func, select

from actions import replacements
from handlers import visits as visit_cards
from handlers.buttons import button, turning
from handlers.turn import Rows, Turn
from models.draws import Draw
from models.visits import Visit
from rules.refusal import Refusal

LISTED = 8


async def listed(turn: Turn, draw: Draw) -> None:
    """`检查对象`: the visits of a draw in their order, page by page, each with where it stands."""
    words, session = turn.words, turn.session
    page = turn.args[1] if len(turn.args) > 1 else 0
    total = await session.scalar(select(func.count()).where(Visit.draw_id == draw.id)) or 0
    pages = max(1, -(-total // LISTED))
    page = min(page, pages - 1)
    query = select(Visit).where(Visit.draw_id == draw.id).order_by(Visit.position, Visit.id)
    found = list(await session.scalars(query.limit(LISTED).offset(page * LISTED)))
    rows: Rows = [
        [
            button(
                words,
                "visit",
                one.id,
                label="button.draw_visit",
                number=one.position + 1,
                name=one.subject.name,
                state=words(f"visit.state.{one.state}"),
            )
        ]
        for one in found
    ]
    rows.append(turning(words, "draw_visits", draw.id, page=page, pages=pages))
    rows.append([button(words, "draw", draw.id, label="button.back")])
    text = words("draw.visits", number=draw.sequence, total=total, page=page + 1, pages=pages)
    await turn.show(f"draw:{draw.id}", text, [row for row in rows if row])


async def load(turn: Turn) -> Visit:
    """A visit, for supervisors of the organ that holds the draw."""
    visit = await visit_cards.find(turn, turn.args[0])
    if turn.needs("supervisor").organ_id != visit.task.organ_id:
        raise Refusal("gone")
    return visit


async def ask_why(turn: Turn, visit: Visit) -> None:
    """`换备选`: why does nobody go there?"""
    turn.wait_for("visit.drop", visit=visit.id)
    rows = [[button(turn.words, "visit", visit.id, label="button.back")]]
    await turn.show(f"visit:{visit.id}", turn.words("visit.why_drop", name=visit.subject.name), rows)


async def drop(turn: Turn, visit: int) -> None:
    """The reason was typed: the visit is off, and the next reserve of its stratum comes."""
    turn.args = [visit]
    held = await load(turn)
    came = await replacements.drop(turn.session, held, turn.said(), turn.person, turn.now)
    turn.wait_no_more()
    words = turn.words
    head = words("visit.dropped_none", name=held.subject.name)
    rows: Rows = []
    if came:
        await turn.session.refresh(came)
        names = words("and").join([seat.person.name for seat in came.seats if seat.person]) or words("visit.nobody")
        head = words("visit.dropped", name=held.subject.name, new=came.subject.name, names=names)
        rows.append([button(words, "visit", came.id, label="button.visit_new")])
    if held.draw_id:
        rows.append([button(words, "draw_visits", held.draw_id, 0)])
    await turn.show(f"visit:{held.id}", head, rows)
