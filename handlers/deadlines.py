"""`/deadlines`: how long everybody has, and what an authority decides for itself: seen, confirmed (R3.2.3a)."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from markupsafe import Markup

from actions import calendars, deadlines
from actions.deadlines import may_decide
from actions.people import organs_named
from handlers.buttons import button
from handlers.turn import Turn
from locales import Words
from models.people import Organ
from rules.deadlines import TABLE, check_override, most_days
from rules.refusal import Refusal

KINDS = [kind for kind, one in TABLE.items() if one.days is not None]  # an authority can decide on these
READERS = ("supervisor", "office", "administrator")
A_ROW = 2
NEAR = (-5, -2, -1, 1, 2, 5)  # days more or less that can be pressed; any other number is typed
FOUND = 8  # authorities to choose from
_DAYS = re.compile(r"(?P<kind>.*?)[\s:：]*(?P<days>\d{1,4})\s*(?:个?工作日|天|日|(?:working )?days?)?", re.IGNORECASE)

Choice = tuple[Organ, str]


async def start(turn: Turn) -> None:
    """`/deadlines`: of one's own authority; `/deadlines 审核 2` goes straight to the question."""
    organ = await _organ(turn, turn.person.organ_id)
    said = turn.text.partition(" ")[2].strip()
    await (_heard(turn, organ, said) if said else show(turn, organ))


async def organ(turn: Turn) -> Organ:
    """The authority that a button speaks of."""
    return await _organ(turn, turn.args[0])


async def load(turn: Turn) -> Choice:
    """The authority and the kind that a button speaks of."""
    found = await _organ(turn, turn.args[0])
    if turn.args[1] >= len(KINDS):
        raise Refusal("gone")
    return found, KINDS[turn.args[1]]


async def _organ(turn: Turn, number: int) -> Organ:
    """One's own, for an administrator any; as the database says at this moment."""
    if not set(READERS) & set(turn.person.roles):
        raise Refusal("people.needs_role", role=turn.words("role.supervisor"))
    found = await turn.session.get(Organ, number)
    if found is None or not may_decide(turn.person, found):
        raise Refusal("gone")
    await calendars.refresh(turn.session)
    return found


def days_now(_: Turn, thing: Choice) -> int:
    """What a button of a change goes by: if somebody else has changed it meanwhile, it is shown anew."""
    return calendars.length(thing[1], thing[0].id) or 0


async def show(turn: Turn, organ: Organ, greeting: Markup | None = None) -> None:
    """All kinds, as the authority has them and as everybody does."""
    words = turn.words
    lines = [greeting] if greeting else []
    lines.append(words("deadlines.title", organ=organ.name))
    for kind, one in TABLE.items():
        what, days = words(f"deadline.{kind}"), calendars.length(kind, organ.id)
        if one.month_day:
            day = words.short_day(date(turn.today.year, *one.month_day))
            lines.append(words("deadlines.day", what=what, day=day))
        elif days is None:
            lines.append(words("deadlines.each", what=what))
        elif days == one.days:
            lines.append(words("deadlines.usual", what=what, span=span(words, days)))
        else:
            usual = span(words, one.days or 0)
            lines.append(words("deadlines.own", what=what, span=span(words, days), usual=usual))
    lines.append(words("deadlines.ask"))
    pressed = [
        button(words, "deadline", organ.id, number, what=words(f"deadline.{kind}"), n=calendars.length(kind, organ.id))
        for number, kind in enumerate(KINDS)
    ]
    rows = [pressed[place : place + A_ROW] for place in range(0, len(pressed), A_ROW)]
    others = [button(words, "deadline_organ")] if "administrator" in turn.person.roles else []
    rows.append([*others, button(words, "me", label="button.back")])
    turn.wait_for("deadline.words", organ=organ.id)
    await turn.show("deadlines", words("lines").join(lines), rows)


async def show_again(turn: Turn, thing: Choice) -> None:
    """All kinds, instead of what was pressed too late."""
    await show(turn, thing[0])


async def ask_days(turn: Turn, thing: Choice) -> None:
    """How long one kind has now, and what it may have."""
    organ, kind = thing
    words, now, usual = turn.words, days_now(turn, thing), TABLE[kind].days or 0
    what = words(f"deadline.{kind}")
    is_now, always = span(words, now), span(words, usual)
    lines = [words("deadlines.one", what=what, organ=organ.name, now=is_now, usual=always)]
    lines.append(words("deadlines.law" if TABLE[kind].law else "deadlines.free", most=most_days(kind)))
    near = {usual, *(now + more for more in NEAR)} - {now}
    number = KINDS.index(kind)
    offered = [
        button(words, "deadline_is", organ.id, number, days, version=now, n=days)
        for days in sorted(days for days in near if 0 <= days <= most_days(kind))
    ]
    turn.wait_for("deadline.words", organ=organ.id, kind=kind)
    rows = [offered[:4], offered[4:], [button(words, "deadlines", organ.id, label="button.back")]]
    await turn.show("deadlines", words("lines").join(lines), [row for row in rows if row])


async def choose(turn: Turn, thing: Choice) -> None:
    """So many days were pressed."""
    await _confirm(turn, thing, turn.args[2])


async def _confirm(turn: Turn, thing: Choice, days: int) -> None:
    """What would change, before anything does."""
    organ, kind = thing
    check_override(kind, days)
    words, now, number = turn.words, days_now(turn, thing), KINDS.index(kind)
    what = words(f"deadline.{kind}")
    if days == now:
        await show(turn, organ, words("deadlines.same", what=what, span=span(words, days)))
        return
    turn.wait_for("deadline.words", organ=organ.id, kind=kind, days=days, was=now)
    rows = [
        [
            button(words, "deadline_yes", organ.id, number, days, version=now, label="button.ok"),
            button(words, "deadlines", organ.id, label="button.cancel"),
        ]
    ]
    was, then = span(words, now), span(words, days)
    await turn.show("deadlines", words("deadlines.would", what=what, organ=organ.name, now=was, span=then), rows)


async def decide(turn: Turn, thing: Choice) -> None:
    """`确认`: from now on, and for what is open."""
    await _decide(turn, thing, turn.args[2])


async def _decide(turn: Turn, thing: Choice, days: int) -> None:
    organ, kind = thing
    moved = await deadlines.decide(turn.session, organ, kind, days, turn.person, turn.now)
    done = turn.words("deadlines.decided", what=turn.words(f"deadline.{kind}"), span=span(turn.words, days))
    if moved:
        done = turn.words("lines").join([done, turn.words("deadlines.recounted", moved)])
    await show(turn, organ, done)


async def ask_organ(turn: Turn, _: Any) -> None:
    """`其他单位`: an administrator looks after all."""
    mine = await _organ(turn, turn.person.organ_id)
    turn.wait_for("deadline.words", organ=mine.id)
    rows = [[button(turn.words, "deadlines", mine.id, label="button.back")]]
    await turn.show("deadlines", turn.words("deadlines.which_organ"), rows)


async def said(turn: Turn, organ: int, kind: str = "", days: int = -1, was: int = -1) -> None:
    """Days, a kind with its days, or a name were typed; or `确认`, `取消` to what is shown."""
    found = await _organ(turn, organ)
    digits = _DAYS.fullmatch(turn.text)
    if turn.text == str(turn.words("button.cancel")):
        await show(turn, found)
    elif days >= 0 and turn.text == str(turn.words("button.ok")):
        thing = found, kind
        await (_decide if days_now(turn, thing) == was else _confirm)(turn, thing, days)
    elif kind and digits and not digits["kind"]:
        await _confirm(turn, (found, kind), int(digits["days"]))
    else:
        await _heard(turn, found, turn.text)


async def _heard(turn: Turn, organ: Organ, text: str) -> None:
    digits = _DAYS.fullmatch(text)
    if kind := _kind(turn, digits["kind"] if digits else text):
        await (_confirm(turn, (organ, kind), int(digits["days"])) if digits else ask_days(turn, (organ, kind)))
        return
    found = await organs_named(turn.session, text, FOUND) if "administrator" in turn.person.roles and text else []
    if not found:
        raise Refusal("deadlines.which")
    if len(found) == 1:
        await show(turn, found[0])
        return
    rows = [[button(turn.words, "deadlines", one.id, label="button.deadlines_of", name=one.name)] for one in found]
    await turn.show("deadlines", turn.words("deadlines.which_organ"), rows)


def span(words: Words, days: int) -> Markup:
    """So many working days, or the same day."""
    return words("deadlines.span", days) if days else words("deadlines.same_day")


def _kind(turn: Turn, text: str) -> str:
    """The kind that somebody names, by its words or its code; nothing if none has that name."""
    names = {str(turn.words(f"deadline.{kind}")).casefold(): kind for kind in KINDS}
    text = text.strip().casefold()
    return text if text in KINDS else names.get(text, "")
