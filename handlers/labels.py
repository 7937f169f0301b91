"""`/label`: a department's label for many subjects at once: said or chosen, shown, confirmed, undone (R3.1.3b)."""

from __future__ import annotations

from typing import Any

from actions import labels
from actions.labels import Filter
from handlers.buttons import button
from handlers.turn import Turn
from models.journal import JournalEntry
from models.people import Person
from rules.labelling import asked
from rules.refusal import Refusal
from rules.subjects import KINDS

SHOWN = 5  # names on the card
OFFERED = 6  # kinds to choose from
A_ROW = 2


async def labeller(turn: Turn) -> Person:
    """Supervisors and administrators, each for their department."""
    if not {"supervisor", "administrator"} & set(turn.person.roles):
        raise Refusal("people.needs_role", role=turn.words("role.supervisor"))
    return turn.person


async def start(turn: Turn, _: Any = None) -> None:
    """`/label`, with or without the label and the filter."""
    person = await labeller(turn)
    words = turn.text.partition(" ")[2] if turn.query is None else ""
    if words.strip():
        await _ask(turn, *asked(words))
        return
    turn.wait_for("label.words")
    text = turn.words("labels.ask", department=person.organ.department)
    await turn.show("label", text, [[button(turn.words, "me", label="button.back")]])


async def typed(turn: Turn, label: str = "", which: dict[str, str] | None = None) -> None:
    """A label with its filter, or `确认` or `取消` to the one that is shown."""
    await labeller(turn)
    if which and turn.text == str(turn.words("button.label_yes")):
        await give(turn, turn.person)
    elif turn.text == str(turn.words("button.label_no")):
        await give_up(turn, turn.person)
    else:
        await _ask(turn, *asked(turn.text))


async def choose(turn: Turn, _: Any) -> None:
    """A kind of subject was chosen for the label that was typed."""
    kinds = list(KINDS.values())
    label = str((turn.chat.awaiting or {}).get("label", ""))
    if not label or turn.args[0] >= len(kinds):
        raise Refusal("gone")
    await _ask(turn, label, {"kind": kinds[turn.args[0]]})


async def _ask(turn: Turn, label: str, which: dict[str, str]) -> None:
    """How many that are and what they are called, before anything is changed."""
    words, person = turn.words, turn.person
    if not which:
        turn.wait_for("label.words", label=label)
        kind_names = [words(f"web.kind.{kind}") for kind in KINDS]
        kinds = [button(words, "label_kind", n, name=name) for n, name in enumerate(kind_names[:OFFERED])]
        rows = [kinds[place : place + A_ROW] for place in range(0, len(kinds), A_ROW)]
        rows.append([button(words, "label_no")])
        await turn.show("label", words("labels.which", label=label, area=person.organ.area.name), rows)
        return
    fits = await labels.within(turn.session, Filter(**which), person)
    department = person.organ.department
    label, count, names = await labels.fitting(turn.session, department, label, fits, SHOWN)
    if not count:
        turn.wait_for("label.words")
        await turn.show("label", words("labels.nobody", label=label), [[button(words, "me", label="button.back")]])
        return
    turn.wait_for("label.words", label=label, which=which)
    text = words("labels.would", count, label=label, department=department, area=fits.area, names="、".join(names))
    await turn.show("label", text, [[button(words, "label_yes", count), button(words, "label_no")]])


async def give(turn: Turn, person: Person) -> None:
    """`确认`: those that were shown get the label. Shown anew if they are not as many any more."""
    waits = turn.chat.awaiting or {}
    if waits.get("what") != "label.words" or not waits.get("which"):
        raise Refusal("gone")
    fits = await labels.within(turn.session, Filter(**waits["which"]), person)
    department, label = person.organ.department, waits["label"]
    if turn.query and (await labels.fitting(turn.session, department, label, fits, 0))[1] != turn.args[0]:
        turn.toast(turn.words("stale"))
        await _ask(turn, label, waits["which"])
        return
    count = await labels.label_many(turn.session, department, label, fits, person, turn.now, take=False)
    turn.wait_no_more()
    await turn.session.flush()
    entry = await labels.newest(turn.session, person)
    rows = [[button(turn.words, "label_undo", entry.id)]] if entry and count else []
    await turn.show("label", turn.words("labels.given", count, label=label), rows)


async def load(turn: Turn) -> JournalEntry:
    """What a person labelled at once."""
    person = await labeller(turn)
    entry = await turn.session.get(JournalEntry, turn.args[0])
    if entry is None or (entry.verb, entry.noun, entry.person_id) != ("label", "subjects", person.id):
        raise Refusal("gone")
    return entry


async def undo(turn: Turn, entry: JournalEntry) -> None:
    """`撤销`: just those lose it again."""
    count = await labels.undo(turn.session, entry, turn.person, turn.now)
    await turn.show("label", turn.words("labels.taken", count, label=entry.after["label"]))


async def give_up(turn: Turn, _: Any) -> None:
    """`取消`: nothing is changed."""
    turn.wait_no_more()
    await turn.show("label", turn.words("labels.not_given"))
