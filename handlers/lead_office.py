"""What the joint conference office decides in the chat, a better address, and leads that become several or one."""

from __future__ import annotations

from typing import Any

from actions import lead_office, leads
from actions.routing import destinations
from handlers import leads as card
from handlers.buttons import button
from handlers.turn import Rows, Turn
from models.leads import Lead
from rules.refusal import Refusal

FIRST = 6


async def _departments(turn: Turn, lead: Lead, verb: str, again: str, key: str, *, own: str = "") -> None:
    """A department for a lead: buttons that go on with `verb`, and `again` for the whole list.

    The one that has it is left out, or with `own` it stands where it belongs ("in order") or "last".
    """
    but = () if own == "in order" else (lead.organ.department,)
    organs, proposed = await destinations(turn.session, lead.subject, lead.text, but=but)
    organs += [lead.organ] if own == "last" else []
    if not organs:
        raise Refusal("leads.nowhere")
    shown = organs if len(turn.args) > 1 else organs[:FIRST]
    words = turn.words
    buttons = [
        button(words, verb, lead.id, organ.id, label="button.recommended" if place < proposed else "button.department",
               department=organ.department)
        for place, organ in enumerate(shown)
    ]  # fmt: skip
    ways: Rows = [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
    if len(shown) < len(organs):
        ways.append([button(words, again, lead.id, 1, label="button.other_departments")])
    await card.ask(turn, lead, key, "", ways)


async def resend(turn: Turn, lead: Lead) -> None:
    """`重新移送`: a returned lead: to whom instead, or, now that more is known, to the same again?"""
    await _departments(turn, lead, "resend_to", "resend", "lead.where", own="last")


async def resend_to(turn: Turn, lead: Lead) -> None:
    """A better address was chosen."""
    organ = await card.organ_at(turn, turn.args[1])
    await leads.send_again(turn.session, lead, organ, turn.person, turn.now)
    await card.show(turn, lead)


async def assign(turn: Turn, lead: Lead) -> None:
    """`指定部门`: which one has to act?"""
    await _departments(turn, lead, "lead_assign_to", "lead_assign", "lead.assign_whom", own="in order")


async def assign_to(turn: Turn, lead: Lead) -> None:
    """The office has named the department: one sentence why."""
    organ = await card.organ_at(turn, turn.args[1])
    turn.wait_for("lead.assign", lead=lead.id, organ=organ.id)
    await card.ask(turn, lead, "lead.assign_why", organ=organ.name)


async def assigned(turn: Turn, lead: int, organ: int) -> None:
    """The sentence was typed: it goes there."""
    held, to = await card.find(turn, lead), await card.organ_at(turn, organ)
    await lead_office.assign(turn.session, held, to, card.words_of(turn), turn.person, turn.now)
    turn.wait_no_more()
    await card.show(turn, held, turn.words("lead.assigned", organ=to.name, day=held.due))


async def prolong(turn: Turn, lead: Lead) -> None:
    """`限期办理`: whoever is late gets a last day."""
    await lead_office.prolong(turn.session, lead, turn.person, turn.now)
    await card.show(turn, lead, turn.words("lead.prolonged", organ=lead.organ.name, day=lead.due))


async def ask_dismiss(turn: Turn, lead: Lead) -> None:
    """`不再办理`: why?"""
    await card.ask(turn, lead, "lead.dismiss_why", "lead.dismiss")


async def dismiss(turn: Turn, lead: int) -> None:
    """The reason was typed."""
    held = await card.find(turn, lead)
    await lead_office.dismiss(turn.session, held, card.words_of(turn), turn.person, turn.now)
    turn.wait_no_more()
    await card.show(turn, held)


async def split(turn: Turn, lead: Lead) -> None:
    """`拆分`: which other department has a part in it?"""
    await _departments(turn, lead, "lead_split_to", "lead_split", "lead.split_whom")


async def split_to(turn: Turn, lead: Lead) -> None:
    """The department was chosen: which part is theirs?"""
    organ = await card.organ_at(turn, turn.args[1])
    turn.wait_for("lead.split", lead=lead.id, organ=organ.id)
    await card.ask(turn, lead, "lead.split_what", organ=organ.name)


async def parted(turn: Turn, lead: int, organ: int) -> None:
    """The sentence was typed: a lead of its own goes there."""
    held, to = await card.find(turn, lead), await card.organ_at(turn, organ)
    part = await lead_office.split(turn.session, held, to, card.words_of(turn), turn.person, turn.now)
    turn.wait_no_more()
    await card.show(turn, held, turn.words("lead.parted", organ=to.name, number=part.id))


async def join(turn: Turn, lead: Lead) -> None:
    """`并入`: it goes on as part of the other one."""
    other: Any = await card.find(turn, turn.args[1])
    await lead_office.join(turn.session, lead, other, turn.person, turn.now)
    await card.show(turn, lead, turn.words("lead.joined_now", number=other.id))
