"""`/leave`: until when somebody is on leave, said by themselves, a supervisor or an administrator (R3.1.3a)."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from markupsafe import Markup

from actions import people, seats
from handlers.buttons import button
from handlers.telling import Message, Telling
from handlers.turn import Turn
from locales import Words
from models.people import Person
from rules import typed
from rules.refusal import Refusal

SHOWN = 20  # colleagues on leave
_BACK = re.compile(r"(?:我)?(?:已)?(?:返岗|销假|回来了?|取消|回岗|back|cancel|end)", re.IGNORECASE)
_STAFF_NO = re.compile(r"[0-9A-Za-z_-]*[0-9][0-9A-Za-z_-]*")


async def start(turn: Turn, _: Any = None) -> None:
    """`/leave`, alone, with days, or with a staff number and days."""
    said = turn.text.partition(" ")[2].strip() if turn.query is None else ""
    await _heard(turn, turn.person, said)


async def said(turn: Turn, whom: int, first: str = "", last: str = "") -> None:
    """The days were typed; or `确认`, `取消` to those that are shown."""
    person = await _whose(turn, whom)
    if first and turn.text == str(turn.words("button.ok")):
        await _take(turn, person, first, last)
    elif turn.text == str(turn.words("button.cancel")):
        await give_up(turn, turn.person)
    else:
        await _heard(turn, person, turn.text)


async def _heard(turn: Turn, person: Person, said: str) -> None:
    if said and not _BACK.fullmatch(said) and typed.leave(said, turn.today) is None:
        staff_no, _, said = said.partition(" ")
        if not _STAFF_NO.fullmatch(staff_no):
            raise Refusal("people.leave_days")
        person = await people.colleague(turn.session, staff_no, turn.person)
        said = said.strip()
    if not said:
        await _show(turn, person)
    elif _BACK.fullmatch(said):
        await _end(turn, person)
    elif days := typed.leave(said, turn.today):
        await _ask(turn, person, *days)
    else:
        raise Refusal("people.leave_days")


async def _show(turn: Turn, person: Person, done: Markup | None = None, *, asks: bool = True) -> None:
    """How it is; and the question, whose answer is heard, unless what was to be said is said."""
    words = turn.words
    lines = [done] if done else []
    lines.append(words("leave.is", name=person.name, how=how(words, person, turn.today)))
    if asks:
        turn.wait_for("people.leave", whom=person.id)
        lines.append(words("leave.ask"))
        if {"supervisor", "administrator"} & set(turn.person.roles):
            lines += await _others(turn)
    else:
        turn.wait_no_more()
    rows = [[button(words, "away_end", person.id)]] if person.leaves(turn.today) else []
    await turn.show("away", words("lines").join(lines), [*rows, [button(words, "me", label="button.back")]])


async def _others(turn: Turn) -> list[Markup]:
    words, found = turn.words, await people.on_leave(turn.session, turn.person.organ_id, turn.today)
    lines = [words("leave.for_others")]
    if found:
        told = [words("leave.other", name=one.name, how=how(words, one, turn.today)) for one in found[:SHOWN]]
        lines.append(words("leave.others", len(found), names=words("lines").join(told)))
    return lines


async def _ask(turn: Turn, person: Person, first: date, last: date | None) -> None:
    words = turn.words
    if last and last < turn.today:
        raise Refusal("people.leave_over")
    count = len(await seats.not_started(turn.session, person))
    turn.wait_for("people.leave", whom=person.id, first=first.isoformat(), last=last.isoformat() if last else "")
    lines = [words("leave.would", name=person.name, days=_days(words, first, last))]
    if count:
        lines.append(words("leave.gives_back", count, day=max(first, turn.today)))
    rows = [[button(words, "away_yes", person.id, label="button.ok"), button(words, "away_no", label="button.cancel")]]
    await turn.show("away", words("lines").join(lines), rows)


async def confirm(turn: Turn, _: Any) -> None:
    """`确认`: the days that are shown."""
    waits = turn.chat.awaiting or {}
    if waits.get("what") != "people.leave" or not waits.get("first") or waits.get("whom") != turn.args[0]:
        raise Refusal("gone")
    await _take(turn, await _whose(turn, turn.args[0]), waits["first"], waits["last"])


async def _take(turn: Turn, person: Person, first: str, last: str) -> None:
    until = date.fromisoformat(last) if last else None
    await people.take_leave(turn.session, person, date.fromisoformat(first), until, turn.person, turn.now)
    await _show(turn, person, turn.words("leave.taken"), asks=False)


async def end(turn: Turn, _: Any) -> None:
    """`已返岗`: back before the day, or it does not come about."""
    await _end(turn, await _whose(turn, turn.args[0]))


async def _end(turn: Turn, person: Person) -> None:
    await people.come_back(turn.session, person, turn.person, turn.now)
    await _show(turn, person, turn.words("leave.ended"), asks=False)


async def give_up(turn: Turn, _: Any) -> None:
    """`取消`: nothing is changed."""
    await _show(turn, turn.person, asks=False)


async def _whose(turn: Turn, person_id: int) -> Person:
    person = await turn.session.get(Person, person_id)
    if person is None:
        raise Refusal("gone")
    return await people.colleague(turn.session, person.staff_no, turn.person)


def how(words: Words, person: Person, today: date) -> Markup:
    """At work, on leave until, on leave from."""
    first, last = person.leave_from, person.leave_until
    if person.status == "leave":
        return words("leave.without_end")
    if not person.leaves(today):
        return words("leave.none")
    if first and first > today:
        return words("leave.will", days=_days(words, first, last))
    return words("leave.now", day=last) if last else words("leave.without_end")


def _days(words: Words, first: date, last: date | None) -> Markup:
    if last is None:
        return words("leave.from", first=words.full_day(first))
    return words("leave.from_until", first=words.full_day(first), last=words.full_day(last))


async def told(tell: Telling) -> Message | None:
    """For the person and their supervisors: how it is now."""
    who = await tell.session.get_one(Person, tell.params["who"])
    key = "leave.told_you" if who.id == tell.person.id else "leave.told"
    return Message(tell.words(key, name=who.name, how=how(tell.words, who, tell.today)), [])
