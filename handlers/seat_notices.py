"""What people are told when seats are left or a subject drops out: several things at one moment are one message."""

from __future__ import annotations

from markupsafe import Markup
from sqlalchemy import select

from actions import objections, replacements
from handlers import visits
from handlers.buttons import button
from handlers.telling import Message, Telling
from handlers.turn import Rows
from models.draws import Draw
from models.visits import Seat, Visit
from rules.visits import OPEN

LISTED = 8


async def refilled(tell: Telling) -> Message | None:
    """Several seats that others left are mine now."""
    query = (
        select(Visit)
        .join(Seat, Seat.visit_id == Visit.id)
        .where(Visit.id.in_(tell.params["visits"]), Seat.person_id == tell.person.id, Visit.state.in_(OPEN))
        .order_by(Visit.due, Visit.position)
    )
    mine = list(await tell.session.scalars(query))
    if not mine:
        return None
    text, rows = visits.drawn(tell.words, mine, tell.person, tell)
    return Message(tell.words("lines").join([tell.words("visit.you_replace"), text]), rows, "visits")


async def partner_left(tell: Telling) -> Message:
    """Somebody left several visits on which I am."""
    text = tell.words("visits.partner_left", tell.params["number"], name=(await tell.who("left")).name)
    return Message(text, [[button(tell.words, "tasks")]])


async def left_several(tell: Telling) -> Message:
    """For the supervisor: somebody left several visits of a draw; how many wait for an appointment."""
    words, vacant = tell.words, tell.params["open"]
    name = (await tell.who("left")).name
    text = words("seat.left_several", tell.params["number"], name=name, filled=tell.params["number"] - vacant,
                 open=vacant)  # fmt: skip
    draw = await tell.session.get_one(Draw, tell.params["draw"])
    if draw.task.organ_id != tell.person.organ_id:  # who only takes part has the task, and appoints at its visits
        return Message(text, [[button(words, "task", draw.task_id, label="button.see_task")]])
    rows: Rows = [[button(words, "draw", tell.params["draw"])]]
    if vacant:
        rows.insert(0, [button(words, "appoint", tell.params["draw"], label="button.appoint", n=vacant)])
    return Message(text, rows)


async def lost(tell: Telling) -> Message:
    """Somebody was taken off visits: the certificate ran out, they are away, or the subject asked for it."""
    names = list(await tell.session.scalars(select(Visit).where(Visit.id.in_(tell.params["visits"]))))
    listed = tell.words("comma").join(one.subject.name for one in names[:LISTED])
    text = tell.words(f"seat.lost.{tell.params['why']}", len(names), names=listed)
    return Message(text, [[button(tell.words, "tasks")]])


async def off(tell: Telling) -> Message:
    """A visit is off, because the subject dropped out."""
    visit = await tell.visit()
    text = tell.words("visit.off", subject=visit.subject.name, reason=visit.closed_because)
    return Message(text, [[button(tell.words, "tasks")]], f"visit:{visit.id}")


async def recusal_asked(tell: Telling) -> Message | None:
    """For the supervisor: the subject wants an inspector to stay away, and somebody waits at the door."""
    visit, whom = await tell.visit(), await tell.who("whom")
    if await objections.pending(tell.session, visit, whom.id) is None:
        return None
    words = tell.words
    about = {"name": whom.name, "asker": (await tell.who("asker")).name, "reason": tell.params["reason"]}
    rows = [[button(words, "object_yes", visit.id, whom.id), button(words, "object_no", visit.id, whom.id)],
            [button(words, "visit", visit.id)]]  # fmt: skip
    return Message(words("object.request", subject=visit.subject.name, **about), rows)


async def recusal_rejected(tell: Telling) -> Message:
    """For the inspectors: the one whom the subject does not want stays."""
    visit, whom = await tell.visit(), await tell.who("whom")
    text = tell.words("object.stays", subject=visit.subject.name, name=whom.name, reason=tell.params["reason"])
    return Message(text, [[button(tell.words, "visit", visit.id, label="button.open_visit")]])


async def doubtful(tell: Telling) -> Message | None:
    """For the supervisor: subjects that closed or came under investigation, before their visits."""
    found = await replacements.doubtful(tell.session, tell.person.id)
    if not found:
        return None
    words = tell.words
    lines = [words("doubtful.title", len(found))]
    for one in found[:LISTED]:
        why = words(f"doubtful.{one.subject.status}")
        lines.append(words("doubtful.line", name=one.subject.name, why=why))
    if len(found) > LISTED:
        lines.append(words("visits.more", len(found) - LISTED))
    rows = [
        [button(words, "visit", one.id, label="button.numbered", number=number, name=one.subject.name)]
        for number, one in enumerate(found[:LISTED], 1)
    ]
    return Message(Markup("\n").join(lines), rows)
