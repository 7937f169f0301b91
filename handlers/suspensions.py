"""`/suspend`: somebody of the staff may do nothing here from now on, until it is lifted; both with a reason."""

from __future__ import annotations

from typing import Any

from actions import suspensions
from handlers.buttons import button
from handlers.turn import Turn, whole
from models.people import Person
from rules.refusal import Refusal

ROLES = ("supervisor", "administrator")


def _by(turn: Turn) -> Person:
    if not set(ROLES) & set(turn.person.roles):
        raise Refusal("people.needs_role", role=turn.words("role.supervisor"))
    return turn.person


async def start(turn: Turn) -> None:
    """`/suspend` shows who is; with a staff number it asks why; with a reason whether that is meant."""
    by = _by(turn)
    staff_no, _, why = turn.text.partition(" ")[2].strip().partition(" ")
    if not staff_no:
        await _listed(turn, by)
        return
    person = await suspensions.member(turn.session, by, staff_no=staff_no)
    if why.strip() and person.status != "suspended":
        await _confirm(turn, person, why.strip())
    else:
        await show(turn, person)


async def _listed(turn: Turn, by: Person) -> None:
    words, found = turn.words, await suspensions.suspended(turn.session, by)
    rows = [[button(words, "suspended", one.id, name=one.name)] for one in found[:20]]
    rows.append([button(words, "me")])
    text = words("suspend.listed", len(found)) if found else words("suspend.nobody")
    await turn.show("suspend", words("lines").join([text, words("suspend.how")]), rows)


async def load(turn: Turn) -> Person:
    """Of whom a button speaks."""
    return await suspensions.member(turn.session, _by(turn), person_id=turn.args[0])


async def show(turn: Turn, person: Person) -> None:
    """How it is, and the other way."""
    suspended = person.status == "suspended"
    lift, ask = button(turn.words, "suspend_lift", person.id), button(turn.words, "suspend_ask", person.id)
    text = turn.words("suspend.is" if suspended else "suspend.is_not", name=person.name, organ=person.organ.name)
    await turn.show("suspend", text, [[lift if suspended else ask]])


async def ask(turn: Turn, person: Person) -> None:
    """`停职`: why?"""
    turn.wait_for("people.suspend", whom=person.id)
    await turn.show("suspend", turn.words("suspend.why", name=person.name), [_back(turn)])


async def said(turn: Turn, whom: int, why: str = "") -> None:
    """The reason was typed; once more in other words where one is shown already."""
    await _confirm(turn, await suspensions.member(turn.session, _by(turn), person_id=whom), turn.text)


async def _confirm(turn: Turn, person: Person, why: str) -> None:
    words, why = turn.words, whole(why)
    turn.wait_for("people.suspend", whom=person.id, why=why)
    rows = [[button(words, "suspend_yes", person.id)], _back(turn)]
    await turn.show("suspend", words("suspend.sure", name=person.name, organ=person.organ.name, why=why), rows)


async def confirm(turn: Turn, person: Person) -> None:
    """`确认停职`, for the reason that is shown."""
    waits = turn.chat.awaiting or {}
    if waits.get("what") != "people.suspend" or waits.get("whom") != person.id or not waits.get("why"):
        raise Refusal("gone")
    await suspensions.suspend(turn.session, person, waits["why"], turn.person, turn.now)
    turn.wait_no_more()
    await show(turn, person)


async def ask_lift(turn: Turn, person: Person) -> None:
    """`恢复`: why?"""
    turn.wait_for("people.lift", whom=person.id)
    await turn.show("suspend", turn.words("suspend.why_lift", name=person.name), [_back(turn)])


async def lifted(turn: Turn, whom: int) -> None:
    """The reason to lift it was typed."""
    person = await suspensions.member(turn.session, _by(turn), person_id=whom)
    await suspensions.lift(turn.session, person, turn.said(), turn.person, turn.now)
    turn.wait_no_more()
    await show(turn, person)


async def give_up(turn: Turn, _: Any) -> None:
    """`返回`: nothing is changed."""
    turn.wait_no_more()
    await _listed(turn, _by(turn))


def _back(turn: Turn) -> list[tuple[str, str]]:
    return [button(turn.words, "suspend_no", label="button.back")]
