"""How a visit is checked, who assists, and who is not there: what is chosen once and seldom (R3.3.1b, R3.1.3e)."""

from __future__ import annotations

from markupsafe import Markup

from actions import methods
from handlers import findings
from handlers import results as page
from handlers import visits as visit_cards
from handlers.buttons import button
from handlers.turn import NOTHING, Rows, Turn, whole
from models.visits import Visit
from rules import methods as rules
from rules.refusal import Refusal

OFFERED = 8  # experts to choose from


async def choose(turn: Turn, visit: Visit) -> None:
    """`方式`: one of the methods."""
    words = turn.words
    buttons = [
        button(words, "method_is", visit.id, number, version=visit.version, label=f"method.{name}")
        for number, name in enumerate(rules.METHODS)
    ]
    rows: Rows = [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
    rows.append([button(words, "expert", visit.id), button(words, "visit", visit.id, label="button.back")])
    text = words("method.choose", name=visit.subject.name, method=words(f"method.{visit.method}"))
    await turn.show(page.about(visit), text, rows)


async def chosen(turn: Turn, visit: Visit) -> None:
    """A method was tapped."""
    names = list(rules.METHODS)
    if turn.args[1] >= len(names):
        raise Refusal("gone")
    await choose_named(turn, visit, names[turn.args[1]], "")


async def choose_named(turn: Turn, visit: Visit, name: str, note: str) -> None:
    """A method, perhaps with its note; what it needs is asked for."""
    note = whole(note, methods.LONGEST) if note else visit.method_note if name == visit.method else ""
    await methods.choose(turn.session, visit, name, note, turn.person, turn.now)
    needed = rules.method(name)
    if needed.note and not note:
        turn.wait_for("visit", visit=visit.id, step="method", method=name)
        rows = [[button(turn.words, "visit", visit.id, label="button.back")]]
        await turn.show(page.about(visit), turn.words(f"method.ask_{needed.note}"), rows)
        return
    await visit_cards.card(turn, visit, _noted(turn, visit))


def _noted(turn: Turn, visit: Visit) -> Markup:
    needed, words = rules.method(visit.method).evidence, turn.words
    name = words(f"method.{visit.method}")
    return words(f"method.noted_{needed}" if needed else "method.noted", method=name)


async def got_note(turn: Turn, visit: Visit, name: str) -> None:
    """The body, the source or the number was typed."""
    await choose_named(turn, visit, name, turn.text)


async def experts(turn: Turn, visit: Visit, head: Markup = NOTHING) -> None:
    """`请专家协助`: somebody of the directory, or a name that is typed; they never fill a seat (R3.1.3e)."""
    words = turn.words
    people = await methods.experts(turn.session, visit)
    turn.wait_for("visit", visit=visit.id, step="expert")
    lines = [head, words("experts.ask", name=visit.subject.name)] if head else [
        words("experts.ask", name=visit.subject.name)
    ]  # fmt: skip
    rows: Rows = [
        [button(words, "expert_is", visit.id, one.id, label="button.person", name=one.name, organ=one.organ.name)]
        for one in people[:OFFERED]
    ]
    rows += [[button(words, "expert_off", visit.id, one.id, name=one.name)] for one in visit.helpers]
    rows.append([button(words, "visit", visit.id, label="button.back")])
    await turn.show(page.about(visit), Markup("\n").join([*lines, *findings.how(words, visit)]), rows)


async def expert_is(turn: Turn, visit: Visit) -> None:
    """An expert of the directory was tapped."""
    person = await methods.person(turn.session, turn.args[1])
    await methods.invite(turn.session, visit, person, turn.person, turn.now)
    await turn.session.flush()
    await experts(turn, visit, turn.words("experts.invited", name=person.name))


async def expert_named(turn: Turn, visit: Visit, name: str) -> None:
    """An expert's name was typed."""
    await methods.invite(turn.session, visit, name, turn.person, turn.now)
    await turn.session.flush()
    await experts(turn, visit, turn.words("experts.invited", name=name))


async def expert_off(turn: Turn, visit: Visit) -> None:
    """`去掉`: they do not assist after all."""
    await methods.dismiss(turn.session, visit, turn.args[1], turn.person, turn.now)
    await turn.session.flush()
    await experts(turn, visit)


async def alone(turn: Turn, visit: Visit) -> None:
    """`同伴没到，说明原因`."""
    turn.wait_for("visit", visit=visit.id, step="alone")
    rows = [[button(turn.words, "to_result", visit.id, label="button.back")]]
    await turn.show(page.about(visit), turn.words("presence.ask", name=visit.subject.name), rows)


async def why_alone(turn: Turn, visit: Visit, why: str) -> None:
    """The reason was typed."""
    await methods.say_why_alone(turn.session, visit, whole(why, methods.LONGEST), turn.person, turn.now)
    await visit_cards.card(turn, visit, turn.words("presence.noted"))


async def phones(turn: Turn, visit: Visit) -> None:
    """`同行电话`: a tap on a number copies it."""
    words = turn.words
    lines = [words("phones.title", name=visit.subject.name)]
    lines += [
        words("phones.line", name=seat.person.name, organ=seat.person.organ.name, phone=seat.person.phone or "—")
        for seat in visit.seats
        if seat.person and seat.person_id != turn.person.id
    ]
    rows = [[button(words, "visit", visit.id, label="button.back")]]
    await turn.show(page.about(visit), Markup("\n").join(lines), rows)
