"""Reads the words under a photo: which point they name, and what they say of it."""

from __future__ import annotations

from actions import checklists
from models.visits import Visit
from rules import spoken, typed


def captioned(visit: Visit, number: int, text: str) -> tuple[int, str, typed.Answers | None]:
    """The point a photo belongs to, its words, and the answer that they give, if they do.

    "3 灭火器过期" names point 3, whatever point was asked about; so photos that were queued may come in any order.
    """
    entered = typed.answers(text) if text else None
    if entered and len(entered.numbers) == 1 and entered.numbers[0] in visit.points:
        return entered.numbers[0], text, entered
    named = spoken.caption(text) if text else None
    if named and named[0] in visit.points:
        return named[0], named[1], None
    return number, text, None


def note(visit: Visit, number: int, text: str, *, captioned: bool) -> str:
    """What is noted of a failed point; empty if that stands there already, or the photo shows what conforms.

    A caption comes after words that were typed, not in their place.
    """
    point = checklists.point_of(visit, number)
    said = checklists.answer_to(visit, point)
    if not captioned:
        return text
    if said and text in said.note:
        return ""
    if point.photo == "always" and (said is None or said.value != "no"):
        return ""
    return f"{said.note}；{text}" if said and said.note and said.value == "no" else text
