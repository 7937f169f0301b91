"""Who are you, and what can you do here: /start, binding, /invite, /lang, /help."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, func, select

from actions import annual, people, visits
from actions.lead_lists import desktop
from handlers import menus
from handlers.absence import how
from handlers.buttons import button
from handlers.turn import Turn
from handlers.wording import refused
from locales import LANGUAGES
from models.people import Person
from models.plans import Task
from models.visits import Seat, Visit
from rules.refusal import Refusal
from rules.visits import OPEN


async def start(turn: Turn) -> None:
    """`/start`: with a token an invitation is opened; without one, where you are and what is next."""
    _, _, token = turn.text.partition(" ")
    if token:
        await _open_invitation(turn, token.strip())
    else:
        turn.wait_no_more()
        menus.hang(turn)
        await where_you_are(turn)


async def _open_invitation(turn: Turn, token: str) -> None:
    invitation = await people.invitation_for(turn.session, token, turn.chat, turn.now)
    if invitation is None:  # told like a refusal, but what was tried stays in the journal
        await refused(turn, Refusal("people.token_unknown"))
        return
    person = invitation.person
    if turn.chat.person_id not in (None, person.id):
        raise Refusal("people.chat_taken", name=turn.chat.person.name if turn.chat.person else "")
    turn.wait_for("bind", invitation=invitation.id)
    words = turn.words
    turn.say(
        words("bind.ask", organ=person.organ.name, name=person.name, staff_no=person.staff_no),
        [[button(words, "bind", invitation.id), button(words, "bind.no", invitation.id)]],
    )


async def bind(turn: Turn, _: Any) -> None:
    """`是我，绑定`: only in the chat that opened the link."""
    await people.bind(turn.session, turn.chat, _opened(turn), turn.now)
    turn.wait_no_more()
    menus.hang(turn)
    await where_you_are(turn, greeting="bind.done")


async def not_me(turn: Turn, _: Any) -> None:
    """`不是我`: nothing is bound; the invitation stays good for the right person."""
    _opened(turn)
    turn.wait_no_more()
    await turn.show("me", turn.words("bind.refused"))


def _opened(turn: Turn) -> int:
    awaiting = turn.chat.awaiting or {}
    if awaiting.get("what") != "bind" or awaiting.get("invitation") != turn.args[0]:
        raise Refusal("people.token_unknown")
    return turn.args[0]


async def me(turn: Turn) -> Any:
    """What a button about the person itself speaks of."""
    return turn.chat


async def where_you_are(turn: Turn, _: Any = None, greeting: str = "") -> None:
    """The start card: who you are, how much waits for you, and the likeliest next step."""
    words = turn.words
    if turn.chat.person is None:
        register = (str(words("button.register")), turn.house.public_url)
        await turn.show("me", words("start.stranger", authority=turn.house.authority), [[register]])
        return
    person = turn.person
    lines = [words(greeting)] if greeting else []
    lines.append(words("start.who", organ=person.organ.name, name=person.name))
    rows = []
    if person.leaves(turn.today):
        lines.append(words("start.leave", how=how(words, person, turn.today)))
        rows.append([button(words, "away")])
    if "inspector" in person.roles:
        offered, all_open = await _visits(turn, person)
        lines.append(words("start.visits", n=all_open) if all_open else words("start.no_visits"))
        if offered:
            lines.append(words("start.offered", n=offered))
        current = await visits.under_way(turn.session, person)
        if current:
            rows.append([button(words, "visit", current.id, label="button.resume", name=current.subject.name)])
        rows.append([button(words, "tasks")])
    if "supervisor" in person.roles:
        reviews = await count_reviews(turn)
        lines.append(words("start.reviews", n=reviews) if reviews else words("start.no_reviews"))
        rows.append([button(words, "review"), button(words, "plans")])
        rows.append([button(words, "draws"), button(words, "digest")])
    if waiting := len(await annual.waiting_for(turn.session, person)):
        lines.append(words("start.plans", waiting))
        rows.append([button(words, "annual", label="button.annual_waiting", n=waiting)])
    leads = len((await desktop(turn.session, person, turn.today))["todo"])
    if leads or {"liaison", "deputy"} & set(person.roles):
        lines.append(words("start.leads", n=leads) if leads else words("start.no_leads"))
        rows.append([button(words, "leads")])
    if "administrator" in person.roles:
        lines.append(words("start.administrator"))
    rows.append([button(words, "tour")])
    await turn.show("me", words("lines").join(lines), rows)


async def _visits(turn: Turn, person: Person) -> tuple[int, int]:
    query = (
        select(Seat.state, func.count())
        .join(Visit, Visit.id == Seat.visit_id)
        .where(Seat.person_id == person.id, Visit.state.in_(OPEN), Seat.state.in_(("offered", "accepted")))
        .group_by(Seat.state)
    )
    counts = dict((await turn.session.execute(query)).tuples().all())
    return counts.get("offered", 0), sum(counts.values())


async def count_reviews(turn: Turn) -> int:
    """How many visits of the person's organ wait for a review by them: not those they were at themselves."""
    own = exists().where(Seat.visit_id == Visit.id, Seat.person_id == turn.person.id)
    query = (
        select(func.count())
        .select_from(Visit)
        .join(Task, Task.id == Visit.task_id)
        .where(Visit.state == "submitted", Task.organ_id == turn.person.organ_id, ~own)
    )
    return await turn.session.scalar(query) or 0


async def invite(turn: Turn) -> None:
    """`/invite STAFF_NUMBER`: a one-time link and its QR code, for administrators."""
    by = turn.needs("administrator")
    _, _, staff_no = turn.text.partition(" ")
    if not staff_no.strip():
        raise Refusal("people.invite_whom")
    token = await people.invite(turn.session, staff_no.strip(), turn.now, by)
    link = f"https://t.me/{turn.house.bot_username}?start={token}"
    turn.send_qr(link, turn.words("invite.here", staff_no=staff_no.strip(), link=link))


async def language(turn: Turn) -> None:
    """`/lang`: choose the language of this chat."""
    rows = [[button(turn.words, "lang", number, label=f"lang.{code}")] for number, code in enumerate(LANGUAGES)]
    turn.say(turn.words("lang.ask"), rows)


async def choose_language(turn: Turn, _: Any) -> None:
    """A tap on a language: from now on everything is said in it."""
    if turn.args[0] >= len(LANGUAGES):
        raise Refusal("gone")
    turn.chat.language = LANGUAGES[turn.args[0]]
    menus.hang(turn)
    await where_you_are(turn)


async def help_(turn: Turn, _: Any = None) -> None:
    """`/help`: what one can do here, by role."""
    words = turn.words
    roles = turn.chat.person.roles if turn.chat.person else ()
    lines = [words("help.all"), *(words(f"help.{role}") for role in roles)]
    rows = [[button(words, "tour")]] if roles else []
    if "inspector" in roles:
        rows[0].append(button(words, "train"))
    rows.append([button(words, "me")])
    await turn.show("me", words("lines").join(lines), rows)


async def cancel(turn: Turn) -> None:
    """`/cancel`: stop waiting for an answer; what was entered stays."""
    turn.wait_no_more()
    await where_you_are(turn, greeting="cancelled")
