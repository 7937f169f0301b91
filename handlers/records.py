"""The papers of a signed visit: the record, its corrections, and the inspectors' proof of duty done."""

from __future__ import annotations

from actions import proofs, records
from handlers import visits as visit_cards
from handlers.buttons import button
from handlers.telling import Message, Telling
from handlers.turn import Turn
from models.documents import Record
from models.people import Person
from models.visits import Visit
from rules.refusal import Refusal

LONGEST = 1000  # characters of a correction


async def record(turn: Turn, visit: Visit) -> None:
    """`检查记录`: the newest version as PDF."""
    found = await records.records_of(turn.session, visit.id)
    if not found:
        raise Refusal("records.none")
    words, newest = turn.words, found[-1]
    caption = words("record.caption", name=visit.subject.name, version=newest.version)
    link = f"{turn.house.public_url}/records/{newest.token}"
    turn.send_paper("record", newest.id, caption, [[(str(words("button.record_page")), link)]])


async def proof(turn: Turn, visit: Visit) -> None:
    """`履职证明`: what this inspector did, and when."""
    proofs.seat_for_proof(visit, turn.person)
    caption = turn.words("proof.caption", name=visit.subject.name)
    turn.send_paper("proof", visit.id, caption, person=turn.person.id)


async def ask_amendment(turn: Turn, visit: Visit) -> None:
    """`更正`: what is wrong, what is right, and why?"""
    if visit.state not in records.SIGNED:
        raise Refusal("records.not_signed")
    turn.wait_for("record.amend", visit=visit.id)
    back = [[button(turn.words, "visit", visit.id, label="button.back")]]
    await turn.show(f"visit:{visit.id}", turn.words("record.amend", name=visit.subject.name), back)


async def amended(turn: Turn, visit: int) -> None:
    """The correction was typed: a new version of the record."""
    held = await visit_cards.find(turn, visit)
    fresh = await records.amend(turn.session, held, turn.said(LONGEST), turn.person, turn.now)
    turn.wait_no_more()
    await visit_cards.card(turn, held, turn.words("record.amended", version=fresh.version))


async def told_amended(tell: Telling) -> Message | None:
    """Who else signed or approved it hears of a correction."""
    visit = await tell.visit()
    found = await tell.session.get_one(Record, tell.params["record"])
    who = await tell.session.get_one(Person, found.made_by)
    text = tell.words(
        "record.was_amended", subject=visit.subject.name, name=who.name, version=found.version, reason=found.reason
    )
    return Message(text, [[button(tell.words, "record", visit.id)]])
