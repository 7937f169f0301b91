"""`针对性检查`: a lead is looked into on the spot, by two who are drawn by lot or appointed (R1.1)."""

from __future__ import annotations

from actions import targeted
from actions.tasks import usable_items
from handlers import leads as card
from handlers.buttons import MOST, button
from handlers.turn import Rows, Turn
from models.items import Item
from models.leads import Lead
from models.people import Person
from rules.refusal import Refusal


async def choose_item(turn: Turn, lead: Lead) -> None:
    """Which of the department's items is checked?"""
    found = await usable_items(turn.session, lead.organ.department, turn.today)
    if not found:
        raise Refusal("targeted.no_items")
    ways: Rows = [
        [button(turn.words, "target_item", lead.id, one.id, label="button.name", name=one.name)] for one in found[:MOST]
    ]
    await card.ask(turn, lead, "targeted.which_item", "", ways)


async def choose_people(turn: Turn, lead: Lead) -> None:
    """Two by lot, or appointed one after the other?"""
    words, item = turn.words, await _item(turn)
    first = turn.args[2] if len(turn.args) > 2 else 0
    people = await targeted.candidates(turn.session, lead.organ, lead.subject, turn.now)
    buttons = [
        button(
            words,
            "target_two" if first else "target_item",
            *([lead.id, item.id, first, one.id] if first else [lead.id, item.id, one.id]),
            version=lead.version if first else 0,
            label="button.name",
            name=one.name,
        )
        for one in people[:MOST]
        if one.id != first
    ]
    ways: Rows = [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
    if not first:
        ways.insert(0, [button(words, "target_lot", lead.id, item.id, version=lead.version)])
    await card.ask(turn, lead, "targeted.second" if first else "targeted.who", "", ways)


async def by_lot(turn: Turn, lead: Lead) -> None:
    """`抽两人`."""
    await _make(turn, lead, [])


async def two(turn: Turn, lead: Lead) -> None:
    """Both were appointed."""
    people = [await turn.session.get(Person, one) for one in turn.args[2:4]]
    await _make(turn, lead, [one for one in people if one])


async def _make(turn: Turn, lead: Lead, people: list[Person]) -> None:
    visit = await targeted.for_lead(turn.session, lead, await _item(turn), people, turn.person, turn.now)
    names = turn.words("and").join(seat.person.name for seat in visit.seats if seat.person)
    await card.show(turn, lead, turn.words("targeted.made", names=names, day=visit.due))


async def _item(turn: Turn) -> Item:
    item = await turn.session.get(Item, turn.args[1])
    if item is None:
        raise Refusal("gone")
    return item
