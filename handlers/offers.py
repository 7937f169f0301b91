"""Two organs talk about making one visit of two (综合查一次, R1.4): what overlaps, who asks, who answers."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from sqlalchemy import select

from actions import merging, offers
from handlers.buttons import button, leaf
from handlers.telling import Message, Render, Telling
from handlers.turn import NOTHING, Rows, Turn
from locales import Words
from models.people import Person
from models.visits import JointOffer
from rules.refusal import Refusal

LISTED = 8


def overlaps(words: Words, standing: list[JointOffer], organ_id: int) -> Markup:
    """How many subjects overlap with the tasks of which organ, a line each."""
    counts: dict[str, int] = {}
    for one in standing:
        name = offers.other_side(one, organ_id).task.organ.name
        counts[name] = counts.get(name, 0) + 1
    return Markup("\n").join(words("offers.overlap", number, organ=name) for name, number in counts.items())


async def listed(turn: Turn, _: Any = None) -> None:
    """`重合对象`: the offers that still stand, those that wait for an answer first."""
    person, words = turn.needs("supervisor"), turn.words
    standing = await offers.standing(turn.session, person.organ_id)
    text = overlaps(words, standing, person.organ_id) if standing else words("offers.none")
    shown, more = leaf(words, standing, "offers", page=turn.args[0] if turn.args else 0, size=LISTED)
    rows: Rows = [
        [button(words, "offer", one.id, label="button.numbered", number=number, name=one.host.subject.name)]
        for number, one in shown
    ]
    rows += more
    rows.append([button(words, "me")])
    await turn.show("offers", text, rows)


async def load(turn: Turn) -> JointOffer:
    """An offer, locked, for the supervisors of the two organs that lead: what was drawn may be sealed."""
    person = turn.needs("supervisor")
    offer = await turn.session.scalar(
        select(JointOffer).where(JointOffer.id == turn.args[0]).with_for_update(of=JointOffer)
    )
    if offer is None or not offers.concerns(offer, person):
        raise Refusal("gone")
    return offer


def describe(words: Words, offer: JointOffer, organ_id: int, head: Markup = NOTHING) -> Markup:
    """The subject, the two tasks with their ends, and what became of the offer."""
    lines = [head] if head else []
    lines.append(words("offer.title", name=offer.host.subject.name))
    for one in offers.sides(offer):
        key = "offer.ours" if one.task.organ_id == organ_id else "offer.theirs"
        lines.append(words(key, organ=one.task.organ.name, task=one.task.name, due=one.due))
    lines.append(words(f"offer.state.{offer.state}", due=min(one.due for one in offers.sides(offer))))
    return Markup("\n").join(lines)


def choices(words: Words, offer: JointOffer, person: Person, asked_by: Person | None) -> Rows:
    """What somebody can do about an offer that still stands."""
    try:
        offers.check_stands(offer, person)
    except Refusal:
        return []
    ids, v = (offer.id,), offer.version
    decline = button(words, "offer_decline", *ids, version=v)
    if offer.state == "offered":
        return [[button(words, "offer_ask", *ids, version=v), decline]]
    if asked_by and asked_by.organ_id != person.organ_id:
        return [[button(words, "offer_agree", *ids, version=v), decline]]
    return []


async def show(turn: Turn, offer: JointOffer) -> None:
    """The card of an offer; one that has gone by says why."""
    words, person = turn.words, turn.person
    head = NOTHING
    if offer.state in ("offered", "asked"):
        try:
            offers.check_stands(offer, person)
        except Refusal as over:
            head = words(f"refusal.{over.code}", **over.gaps)
    asked_by = await turn.session.get(Person, offer.asked_by) if offer.asked_by else None
    rows = choices(words, offer, person, asked_by)
    if offer.state == "agreed" and offer.host.state != "drawn":
        rows.append([button(words, "visit", offer.host_id, label="button.open_visit")])
    rows.append([button(words, "offers", label="button.back")])
    await turn.show(f"offer:{offer.id}", describe(words, offer, person.organ_id, head), rows)


async def ask(turn: Turn, offer: JointOffer) -> None:
    """`合并检查`: the other organ is asked."""
    await offers.ask(turn.session, offer, turn.person, turn.now)
    await show(turn, offer)


async def agree(turn: Turn, offer: JointOffer) -> None:
    """`同意合并`: one visit from now on."""
    await merging.agree(turn.session, offer, turn.person, turn.now)
    await show(turn, offer)


async def decline(turn: Turn, offer: JointOffer) -> None:
    """`各查各的`."""
    await offers.decline(turn.session, offer, turn.person, turn.now)
    await show(turn, offer)


async def told_of_new(tell: Telling) -> Message | None:
    """What overlaps with whose tasks, as it is now."""
    standing = await offers.standing(tell.session, tell.person.organ_id)
    if not standing:
        return None
    text = overlaps(tell.words, standing, tell.person.organ_id)
    return Message(text, [[button(tell.words, "offers")]], "offers")


def told(key: str) -> Render:
    """A line about an offer over its card, and what can be done about it."""

    async def worded(tell: Telling) -> Message | None:
        offer = await tell.session.get_one(JointOffer, tell.params["offer"])
        asked_by = await tell.session.get(Person, offer.asked_by) if offer.asked_by else None
        rows = choices(tell.words, offer, tell.person, asked_by)
        if key == "offer.please_merge" and not rows:
            return None
        other = offers.other_side(offer, tell.person.organ_id).task.organ
        head = tell.words(key, organ=other.name)
        rows.append([button(tell.words, "offer", offer.id, label="button.see_offer")])
        return Message(describe(tell.words, offer, tell.person.organ_id, head), rows, f"offer:{offer.id}")

    return worded
