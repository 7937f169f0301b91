"""The buttons to what is on paper about a visit: the record, its correction, the proof of duty done."""

from __future__ import annotations

from actions import records
from handlers.buttons import button
from handlers.turn import Rows
from locales import Words
from models.people import Person
from models.visits import Visit


def rows(words: Words, visit: Visit, person: Person) -> Rows:
    """The buttons to the papers of a visit, on its card and on the review card; none before it is signed."""
    if visit.state not in records.SIGNED:
        return []
    found = [button(words, "record", visit.id)]
    if any(seat.person_id == person.id for seat in visit.seats):
        found.append(button(words, "proof", visit.id))
    return [[*found, button(words, "amend", visit.id)]]
