"""The digest: what somebody should know now, the most pressing first, with buttons that go there, and a picture."""

from __future__ import annotations

from datetime import date
from typing import Any

from markupsafe import Markup
from sqlalchemy import select

from actions import digests
from actions.digest_sections import Need
from actions.digests import Digest
from handlers import statistics
from handlers.buttons import button
from handlers.telling import Message, Telling
from handlers.turn import Button, Rows, Turn, picture
from locales import Words
from models.people import Person
from models.visits import Visit
from rules.digests import DAILY, HOURS, KINDS, LONGEST, MONTHLY, READERS
from rules.refusal import Refusal

GO = {  # where the button of a section goes, and whether to its most pressing thing
    "late_in_area": ("stats", False),
    "leads_in_area": ("lead", True),
    "late": ("review", False),
    "overdue": ("overdue", False),
    "review": ("review", False),
    "appeals": ("appeals", False),
    "returned_leads": ("lead", True),
    "open_seats": ("appoint", True),
    "letters": ("letter_show", True),
    "agree": ("task", True),
    "leads_overdue": ("lead", True),
    "leads_new": ("leads", False),
    "leads_due": ("lead", True),
    "credit_decide": ("credit_waiting", False),
    "credit": ("credit_all", False),
}
TOLD = 5  # needs that are numbered in the text
BUTTONS, A_ROW = 6, 3
LISTED = 6
TYPED = {"周": 1, "week": 1, "weekly": 1, "月": 2, "month": 2, "monthly": 2, "周报": 1, "月报": 2}


async def command(turn: Turn) -> None:
    """`/digest`, `/digest week`, `/digest 月`: now, on demand; `/digest 9`: from now on at nine."""
    _, _, typed = turn.text.partition(" ")
    typed = typed.strip().lower()
    if typed.isdecimal():
        await digests.choose_hour(turn.session, _reader(turn), int(typed[:3]), turn.now)
        await choose(turn)
        return
    await _show(turn, KINDS[TYPED.get(typed, 0)])


async def show(turn: Turn, _: Any = None) -> None:
    """A kind of digest now, by its number: of the day, the week, the month."""
    number = turn.args[0] if turn.args else 0
    if number >= len(KINDS):
        raise Refusal("gone")
    await _show(turn, KINDS[number])


async def _show(turn: Turn, kind: str) -> None:
    person = _reader(turn)
    found = await digests.digest(turn.session, person, turn.now.astimezone(turn.house.zone), kind)
    others = [
        button(turn.words, "digest", number, label=f"digest.kind.{one}")
        for number, one in enumerate(KINDS)
        if one != kind
    ]
    settings = button(turn.words, "digest_wish")
    if found.empty:
        await turn.show("digest", turn.words("digest.nothing"), [[*others, settings]])
        return
    text, rows = describe(turn.words, found, person, turn.today)
    turn.send_picture("digest", facts(found, person, turn.today), text, [*rows, [*others, settings]])


def _reader(turn: Turn) -> Person:
    """Who speaks, if there is a digest for them; refused otherwise."""
    if not set(READERS) & set(turn.person.roles):
        return turn.needs("supervisor")
    return turn.person


async def told(tell: Telling) -> Message | None:
    """The notice: nothing if there is nothing to say, or if its day is over."""
    if tell.params["day"] != str(tell.today):
        return None
    found = await digests.digest(tell.session, tell.person, tell.now, tell.params["of"])
    if found.empty:
        return None
    text, rows = describe(tell.words, found, tell.person, tell.today)
    figures = [button(tell.words, "stats")] if set(statistics.ROLES) & set(tell.person.roles) else []
    rows.append([*figures, button(tell.words, "digest_wish")])
    return Message(text, rows, "", picture("digest", facts(found, tell.person, tell.today), tell.words))


def facts(found: Digest, person: Person, today: date) -> dict[str, Any]:
    """What the picture is drawn from, as JSON holds it."""
    days = [str(found.period.first), str(found.period.last)]
    organ = person.organ.name
    return {"kind": found.kind, "day": str(today), "days": days, "organ": organ, "blocks": list(found.blocks)}


def describe(words: Words, found: Digest, person: Person, today: date) -> tuple[Markup, Rows]:
    """The text, of at most 900 characters, and the buttons that go straight there."""
    lines = [title(words, found, person, today)]
    needs = [
        (key, need, words(f"digest.need.{key}", need.n, day=need.day, **need.gaps)) for key, need in found.pressing
    ]
    if needs:
        lines.append(words("digest.first"))
        marked = zip("①②③④⑤", needs[:TOLD], strict=False)
        lines += [words("digest.numbered", mark=mark, line=line) for mark, (_, _, line) in marked]
        if len(needs) > TOLD:
            lines.append(words("digest.more", n=len(needs) - TOLD))
    else:
        lines.append(words("digest.calm"))
    lines += [line_of(words, key, need) for key, need in found.news]
    while len(Markup("\n").join(lines)) > LONGEST:
        lines.pop()
    going = [go(words, key, need) for key, need in (*found.pressing, *found.news) if key in GO][:BUTTONS]
    return Markup("\n").join(lines), [going[start : start + A_ROW] for start in range(0, len(going), A_ROW)]


def line_of(words: Words, key: str, need: Need) -> Markup:
    """What a section says."""
    return words(f"digest.need.{key}", need.n, day=need.day, **need.gaps)


def title(words: Words, found: Digest, person: Person, today: date) -> Markup:
    """What it is, of when, and whose."""
    if found.kind == DAILY:
        return words("digest.title", day=today, organ=person.organ.name)
    if found.kind == MONTHLY:
        return words("digest.title_month", month=words.month(found.period.first), organ=person.organ.name)
    return words(
        "digest.title_week",
        first=words.short_day(found.period.first),
        last=words.short_day(found.period.last),
        organ=person.organ.name,
    )


def go(words: Words, key: str, need: Need) -> Button:
    """The button of a section."""
    verb, with_id = GO[key]
    return button(words, verb, *(need.ids[:1] if with_id else ()), label=f"digest.go.{key}", n=need.n)


async def overdue(turn: Turn, _: Any = None) -> None:
    """The visits that should have been made by now, the longest due first."""
    person = turn.needs("supervisor")
    asked = digests.Asked(turn.session, person, turn.now.astimezone(turn.house.zone))
    ids = await digests.overdue(asked)
    if not ids:
        await turn.show("overdue", turn.words("digest.none_overdue"), [[button(turn.words, "digest", 0)]])
        return
    query = select(Visit).where(Visit.id.in_(ids[:LISTED])).order_by(Visit.due, Visit.id)
    lines, rows = [turn.words("digest.overdue_list", len(ids))], []
    for number, visit in enumerate(await turn.session.scalars(query), 1):
        names = turn.words("and").join(seat.person.name for seat in visit.seats if seat.person)
        gaps: dict[str, Any] = {"number": number, "name": visit.subject.name, "names": names or "—", "day": visit.due}
        lines.append(turn.words("digest.overdue_line", **gaps))
        rows.append([button(turn.words, "visit", visit.id, label="button.numbered", **gaps)])
    if len(ids) > LISTED:
        lines.append(turn.words("digest.more", n=len(ids) - LISTED))
    rows.append([button(turn.words, "overdue", label="button.refresh"), button(turn.words, "digest", 0)])
    await turn.show("overdue", Markup("\n").join(lines), rows)


async def choose(turn: Turn, _: Any = None) -> None:
    """Which digests somebody wants, and at what hour."""
    wish = await digests.wish_of(turn.session, _reader(turn))
    kinds = [
        button(turn.words, "digest_switch", number, label=f"digest.{'on' if one in wish.kinds else 'off'}.{one}")
        for number, one in enumerate(KINDS)
    ]
    hours = [
        button(turn.words, "digest_hour", hour, label="digest.at", hour=hour)
        for hour in (wish.hour - 1, wish.hour + 1)
        if hour in HOURS
    ]
    text = turn.words("digest.wish", hour=wish.hour) if wish.kinds else turn.words("digest.no_wish")
    await turn.show("digest_wish", text, [kinds, hours, [button(turn.words, "digest", 0)]])


async def switch(turn: Turn, _: Any = None) -> None:
    """A kind of digest on or off."""
    if turn.args[0] >= len(KINDS):
        raise Refusal("gone")
    await digests.switch(turn.session, _reader(turn), KINDS[turn.args[0]], turn.now)
    await choose(turn)


async def hour(turn: Turn, _: Any = None) -> None:
    """Another hour."""
    await digests.choose_hour(turn.session, _reader(turn), turn.args[0], turn.now)
    await choose(turn)
