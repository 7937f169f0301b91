"""The notice to a subject (检查通知书): a day is chosen, a supervisor agrees, the PDF is handed over."""

from __future__ import annotations

from datetime import date, datetime

from markupsafe import Markup
from sqlalchemy import select

from actions import letters
from actions.visits import seat_of
from handlers.buttons import button
from handlers.telling import Message, Telling
from handlers.turn import NOTHING, Rows, Turn, paper
from locales import Words
from models.documents import Notice
from models.people import Person
from models.visits import Visit
from rules import typed
from rules.refusal import Refusal
from rules.visits import NOT_STARTED

HOW = {
    "送审": False,
    "ask": False,
    "紧急": True,
    "紧急，先发后补": True,
    "urgent": True,
}  # what is typed, whether urgent


async def letter(turn: Turn, visit: Visit) -> None:
    """`检查通知书`: where it stands; the PDF if it may go out, else the days to choose from."""
    seat_of(visit, turn.person)
    held = await letters.letter_of(turn.session, visit.id)
    if held and letters.may_go_out(held):
        send(turn, held)
        await show(turn, held)
    elif visit.state not in NOT_STARTED:
        raise Refusal("letters.started")
    elif held and held.state == "asked":
        await show(turn, held)
    else:
        await choose(turn, visit)


async def choose(turn: Turn, visit: Visit, head: Markup = NOTHING) -> None:
    """On which day? The next working days of the visit's window; `head` is a line that goes before."""
    seat_of(visit, turn.person)
    words = turn.words
    if visit.state not in NOT_STARTED:
        raise Refusal("letters.started")
    possible = letters.days(visit, turn.today)
    if not possible:
        raise Refusal("letters.no_day")
    held = await letters.letter_of(turn.session, visit.id)
    lines = [*([head] if head else []), words("letter.choose", name=visit.subject.name)]
    if held and held.state == "refused":
        lines.insert(0, words("letter.was_refused", reason=held.reason))
    days = [
        button(words, "letter_day", visit.id, int(f"{day:%Y%m%d}"), label="button.day", day=day) for day in possible
    ]
    turn.wait_for("visit", visit=visit.id, step="letter")
    rows = [days[place : place + 2] for place in range(0, len(days), 2)]
    rows.append([button(words, "visit", visit.id, label="button.back")])
    await turn.show(f"visit:{visit.id}", Markup("\n").join(lines), rows)


async def chosen(turn: Turn, visit: Visit) -> None:
    """The day is chosen: ask first, or send at once and have it approved afterwards?"""
    await _how(turn, visit, _day(turn.args[1]))


async def _how(turn: Turn, visit: Visit, day: date) -> None:
    seat_of(visit, turn.person)
    words, ids = turn.words, (visit.id, int(f"{day:%Y%m%d}"))
    turn.wait_for("visit", visit=visit.id, step="letter_how", day=ids[1])
    rows = [
        [button(words, "letter_ask", *ids)],
        [button(words, "letter_urgent", *ids)],
        [button(words, "letter_days", visit.id, label="button.back")],
    ]
    await turn.show(f"visit:{visit.id}", words("letter.how", name=visit.subject.name, day=day), rows)


async def ask(turn: Turn, visit: Visit) -> None:
    """`送审`: the supervisors are asked."""
    await _ask(turn, visit, _day(turn.args[1]), urgent=False)


async def urgent(turn: Turn, visit: Visit) -> None:
    """`紧急，先发后补`: the PDF at once, marked; the supervisors are asked all the same."""
    await _ask(turn, visit, _day(turn.args[1]), urgent=True)


async def _ask(turn: Turn, visit: Visit, day: date, *, urgent: bool) -> None:
    held = await letters.ask(turn.session, visit, day, turn.person, turn.now, urgent=urgent)
    turn.wait_for("visit", visit=visit.id)
    if urgent:
        send(turn, held)
    await show(turn, held)


async def said_day(turn: Turn, visit: Visit, text: str) -> None:
    """A day was typed where one was asked for; one that will not do is asked for again."""
    day = typed.day(text, turn.today)
    if day in letters.days(visit, turn.today, letters.FAR):
        await _how(turn, visit, day)
    else:
        await choose(turn, visit, turn.words("refusal.letters.day" if day else "refusal.letters.day_words"))


async def said_how(turn: Turn, visit: Visit, text: str, day: int) -> None:
    """`送审` or `紧急` was typed after the day; another day instead is that day."""
    if HOW.get(text.strip().lower()) is None:
        await said_day(turn, visit, text)
    else:
        await _ask(turn, visit, _day(day), urgent=HOW[text.strip().lower()])


async def said_all(turn: Turn, visit: Visit, text: str, *, urgent: bool) -> bool:
    """`通知 12月3日`, `通知 后天 紧急`: the day and how at once; whether that names a day."""
    day = typed.day(text, turn.today)
    if day is None and visit.state in NOT_STARTED:
        raise Refusal("letters.day_words")
    if day:
        await _ask(turn, visit, day, urgent=urgent)
    return day is not None


def _day(number: int) -> date:
    try:
        return datetime.strptime(str(number), "%Y%m%d").date()  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        raise Refusal("gone") from None


def send(turn: Turn, held: Notice) -> None:
    """The notice as PDF, to hand over or to forward."""
    turn.send_paper("notice", held.id, _caption(turn.words, held), _rows(turn.words, held))


def _caption(words: Words, held: Notice) -> Markup:
    key = "letter.caption" if held.state == "approved" else "letter.caption_urgent"
    return words(key, name=held.visit.subject.name, day=held.day)


def _rows(words: Words, held: Notice) -> Rows:
    if held.delivered_at:
        return []
    return [[button(words, "letter_given", held.id, version=held.version)]]


async def show(turn: Turn, held: Notice) -> None:
    """Where the notice stands: to the inspectors on the visit's card, to a supervisor on a card of its own."""
    words, visit = turn.words, held.visit
    if any(seat.person_id == turn.person.id for seat in visit.seats):
        rows: Rows = []
        if visit.state in NOT_STARTED:
            rows.append([button(words, "letter_days", visit.id)])
        rows.append([button(words, "visit", visit.id, label="button.back")])
        await turn.show(f"visit:{visit.id}", _state(words, held), rows)
    else:
        await turn.show(f"letter:{held.id}", describe(words, held), _decisions(words, held))


def _state(words: Words, held: Notice) -> Markup:
    name = "delivered" if held.delivered_at else "urgent" if held.urgent and held.state == "asked" else held.state
    return words(f"letter.state.{name}", name=held.visit.subject.name, day=held.day, reason=held.reason)


def describe(words: Words, held: Notice) -> Markup:
    """What a supervisor must know to agree."""
    visit = held.visit
    lines = [
        _state(words, held),
        words("letter.asked_by", name=held.asker.name, task=visit.task.name),
        words("visit.where", address=visit.subject.address or visit.subject.area.name),
        words("visit.what", items=words("comma").join(part.item.name for part in visit.parts)),
    ]
    if held.urgent and held.state == "asked":
        lines.append(words("letter.urgent_note"))
    return Markup("\n").join(lines)


def _decisions(words: Words, held: Notice) -> Rows:
    if held.state != "asked":
        return [[button(words, "me")]]
    ids, v = (held.id,), held.version
    return [[button(words, "letter_yes", *ids, version=v), button(words, "letter_no", *ids, version=v)]]


def _asked(words: Words, held: Notice, person: Person) -> Message:
    """What a supervisor is asked; one who goes there hears that another one must decide."""
    text, rows = describe(words, held), _decisions(words, held)
    try:
        letters.may_decide(held, person)
    except Refusal as own:
        text = Markup("\n").join([text, words(f"refusal.{own.code}")])
        rows = [[button(words, "visit", held.visit_id, label="button.open_visit")]]
    return Message(text, rows, f"letter:{held.id}")


async def load(turn: Turn) -> Notice:
    """The notice that a button speaks of, for those whom it concerns."""
    return await find(turn, turn.args[0])


async def find(turn: Turn, letter_id: int) -> Notice:
    """A notice, locked for this turn. Refused to whom it does not concern."""
    held = await turn.session.scalar(select(Notice).where(Notice.id == letter_id).with_for_update(of=Notice))
    if held is None:
        raise Refusal("gone")
    if not any(seat.person_id == turn.person.id for seat in held.visit.seats):
        letters.may_decide(held, turn.person)
    return held


async def approve(turn: Turn, held: Notice) -> None:
    """`同意发出`."""
    await letters.approve(turn.session, held, turn.person, turn.now)
    await show(turn, held)


async def ask_why(turn: Turn, held: Notice) -> None:
    """`不同意`: why?"""
    letters.may_decide(held, turn.person)
    turn.wait_for("letter.refuse", letter=held.id)
    rows = [[button(turn.words, "letter_show", held.id, label="button.back")]]
    await turn.show(f"letter:{held.id}", turn.words("letter.why", name=held.visit.subject.name), rows)


async def refuse(turn: Turn, letter: int) -> None:
    """The reason was typed."""
    held = await find(turn, letter)
    await letters.refuse(turn.session, held, turn.said(), turn.person, turn.now)
    turn.wait_no_more()
    await show(turn, held)


async def given(turn: Turn, held: Notice) -> None:
    """`已送达`: the subject has it."""
    await letters.deliver(turn.session, held, turn.person, turn.now)
    await show(turn, held)


async def told_asked(tell: Telling) -> Message | None:
    """A supervisor is asked, or reminded, as long as the answer is missing."""
    held = await tell.session.get_one(Notice, tell.params["letter"])
    if held.state != "asked" or (held.visit.state not in NOT_STARTED and not held.urgent):
        return None
    return _asked(tell.words, held, tell.person)


async def told_reminder(tell: Telling) -> Message | None:
    """The next morning: it still waits."""
    asked = await told_asked(tell)
    if asked is None:
        return None
    return Message(Markup("\n").join([tell.words("letter.still_waits"), asked.text]), asked.rows, asked.about)


async def told_approved(tell: Telling) -> Message | None:
    """The inspectors get the PDF."""
    held = await tell.session.get_one(Notice, tell.params["letter"])
    if held.state != "approved":
        return None
    return Message(
        _caption(tell.words, held), _rows(tell.words, held), paper=paper("notice", held.id, tell.words, NOTHING)
    )


async def told_refused(tell: Telling) -> Message | None:
    """The inspectors hear why not."""
    held = await tell.session.get_one(Notice, tell.params["letter"])
    if held.state != "refused":
        return None
    again = held.visit.state in NOT_STARTED
    rows = [[button(tell.words, "letter", held.visit_id)]] if again else []
    return Message(_state(tell.words, held), rows)
