"""Takes in what is typed or sent at a checklist: answers, readings, notes, and the words under a photo (R3.3.2b)."""

from __future__ import annotations

from markupsafe import Markup

from actions import checklists
from handlers import checklists as cards
from handlers import evidence
from handlers.turn import NOTHING, Turn
from models.items import Point
from models.visits import Visit
from rules import checklists as rules
from rules import spoken, typed


async def heard(turn: Turn, visit: Visit, number: int) -> None:
    """Words, a photo or a file sent during a visit; `number` is the point that was asked about, 0 if none."""
    words = turn.words
    head = NOTHING
    text, entered, subject = turn.text, None, number
    if turn.file:
        subject = evidence.asked(turn, number)
        named, text, entered = _captioned(visit, subject, text)
        if named != subject:
            number = subject = named
        turn.in_place = evidence.continues(turn)
        head = await evidence.receive(turn, visit, subject)
    else:
        entered = typed.answers(text) if text else None
    waiting = int((turn.chat.awaiting or {}).get("reading", 0))
    measured = typed.reading(text) if text and not turn.file else None
    if entered:
        head = await _enter(turn, visit, entered) or head
    elif measured and measured[0] in visit.points and _is_read(visit.points[measured[0]]):
        await cards.read(turn, visit, *measured)
    elif text and turn.file and subject and subject != number:  # of an album, or of a point that conforms
        await evidence.note(turn, visit, subject)
    elif text and number:
        if said := _note(visit, number, text, captioned=turn.file is not None):
            await checklists.describe(turn.session, visit, number, said, turn.person, turn.now)
        head = head or words("finding.noted")
    elif text and waiting and not turn.file:
        await cards.read(turn, visit, waiting, text)
    elif text and not turn.file:
        head = words("point.not_understood")
    album = evidence.album(turn, subject)
    await cards.show(turn, visit, head)
    evidence.remember(turn, album)


def _is_read(point: Point) -> bool:
    return point.min_sample > 0 or rules.kind(point.answer).name != "yes_no"


async def _enter(turn: Turn, visit: Visit, entered: typed.Answers) -> Markup:
    """Enter typed answers; what is to be said about them, if anything."""
    person, now = turn.person, turn.now
    if not entered.numbers and entered.value == "yes":
        await checklists.answer_rest(turn.session, visit, person, now, entered.but)
        return NOTHING
    if entered.value == "yes" and len(entered.numbers) > 1:
        kept = await checklists.answer_range(turn.session, visit, entered.numbers, person, now)
        return turn.words("point.kept", numbers=turn.words("and").join(map(str, kept))) if kept else NOTHING
    numbers = entered.numbers
    if not numbers:
        numbers = tuple(number for number in checklists.open_points(visit, person) if number not in entered.but)
    if entered.value == "no" and len(numbers) == 1:
        turn.wait_for("visit", visit=visit.id, point=numbers[0])
    await checklists.answer(turn.session, visit, numbers, entered.value, person, now, note=entered.note)
    return NOTHING


def _captioned(visit: Visit, number: int, text: str) -> tuple[int, str, typed.Answers | None]:
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


def _note(visit: Visit, number: int, text: str, *, captioned: bool) -> str:
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
