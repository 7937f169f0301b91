"""An announcement in the chat: whom, what, a look at it, how many, yes; then how far it is, and who has read it."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from sqlalchemy import select

from actions import announcements
from actions.announcements import DIMENSIONS
from handlers.buttons import MOST, button
from handlers.telling import Message, Telling
from handlers.turn import Rows, Turn
from locales import Words
from models.announcements import Announcement
from models.people import Area
from rules.announcements import DRAFT, SENT, STOPPED
from rules.refusal import Refusal

NAMED = 30  # of those who have not read it
A_ROW = 3


async def start(turn: Turn, _: Any = None) -> None:
    """`/announce`: the draft that one is writing, or a new one."""
    await show(turn, await announcements.draft_of(turn.session, turn.person, turn.now))


async def load(turn: Turn) -> Announcement:
    """One's own announcement, locked for this turn."""
    query = select(Announcement).where(Announcement.id == turn.args[0], Announcement.author_id == turn.person.id)
    found: Announcement | None = await turn.session.scalar(query.with_for_update(of=Announcement))
    if found is None:
        raise Refusal("gone")
    return found


async def show(turn: Turn, one: Announcement) -> None:
    """The card: of a draft whom it is for and what it says, afterwards how far it is."""
    if one.state == DRAFT:
        await _show_draft(turn, one)
    else:
        await _show_progress(turn, one)


async def _show_draft(turn: Turn, one: Announcement) -> None:
    words = turn.words
    fitting, reached = await announcements.count(turn.session, one)
    lines = [words("announce.to", whom=await _whom(turn, one)), words("announce.count", reached, all=fitting)]
    lines.append(words("announce.says", text=one.text) if one.text else words("announce.no_text"))
    ids = (one.id,)
    rows: Rows = []
    if one.text and reached:
        rows.append([button(words, "announce_send", *ids, version=one.version, n=reached)])
    text = button(words, "announce_text", *ids, label="announce.change_text" if one.text else "announce.write")
    if not one.text:
        rows.append([text])
    rows.append(
        [button(words, "announce_pick", *ids, number, label=f"announce.pick.{name}")
         for number, name in enumerate(DIMENSIONS)]
    )  # fmt: skip
    back = button(words, "me", label="button.back")
    rows.append([text, back] if one.text else [back])
    await turn.show(f"announcement:{one.id}", Markup("\n").join(lines), rows)


async def _whom(turn: Turn, one: Announcement) -> Markup:
    words = turn.words
    area = await turn.session.get_one(Area, one.area_code)
    parts = [area.name, one.department or words("announce.all.department")]
    parts += [one.specialty] if one.specialty else []
    parts.append(words(f"role.{one.role}") if one.role else words("announce.all.role"))
    return Markup(" · ").join(parts)


async def pick(turn: Turn, one: Announcement) -> None:
    """What can be chosen for one side of the audience."""
    dimension = _dimension(turn)
    offered = await announcements.options(turn.session, one, dimension)
    chosen = getattr(one, dimension)
    shown = [
        button(turn.words, "announce_set", one.id, turn.args[1], place, version=one.version, label="announce.option",
               mark="✅ " if value == chosen else "", name=await _name(turn, dimension, value))
        for place, value in enumerate(offered)
    ]  # fmt: skip
    rows: Rows = [shown[start : start + A_ROW] for start in range(0, min(len(shown), MOST), A_ROW)]
    rows.append([button(turn.words, "announce", one.id, label="button.back")])
    text = turn.words("announce.choose", what=turn.words(f"announce.pick.{dimension}"))
    await turn.show(f"announcement:{one.id}", text, rows)


async def _name(turn: Turn, dimension: str, value: str) -> Markup | str:
    if not value:
        return turn.words(f"announce.all.{dimension}")
    if dimension == "role":
        return turn.words(f"role.{value}")
    return (await turn.session.get_one(Area, value)).name if dimension == "area_code" else value


def _dimension(turn: Turn) -> str:
    if turn.args[1] >= len(DIMENSIONS):
        raise Refusal("gone")
    return DIMENSIONS[turn.args[1]]


async def choose(turn: Turn, one: Announcement) -> None:
    """A choice is made."""
    await announcements.choose(turn.session, one, _dimension(turn), turn.args[2])
    await show(turn, one)


async def ask_text(turn: Turn, one: Announcement) -> None:
    """The next text is what the announcement says."""
    if one.state != DRAFT:
        raise Refusal("announcements.not_now")
    turn.wait_for("announcement.text", announcement=one.id)
    turn.say(turn.words("announce.type"))


async def written(turn: Turn, announcement: int) -> None:
    """The text came: show it as people will see it, then the card."""
    one = await turn.session.get(Announcement, announcement)
    if one is None or one.author_id != turn.person.id:
        raise Refusal("gone")
    announcements.write(one, turn.text)
    turn.wait_no_more()
    turn.say(_text(turn.words, one))
    await show(turn, one)


async def send(turn: Turn, one: Announcement) -> None:
    """Confirmed: to everybody who was counted."""
    await announcements.send(turn.session, one, turn.person, turn.now.astimezone(turn.house.zone))
    await show(turn, one)


async def stop(turn: Turn, one: Announcement) -> None:
    """Nobody else is told."""
    spared = await announcements.stop(turn.session, one, turn.person, turn.now)
    turn.toast(turn.words("announce.spared", n=spared) if spared else turn.words("announce.too_late"))
    await show(turn, one)


async def _show_progress(turn: Turn, one: Announcement) -> None:
    words, at = turn.words, await announcements.progress(turn.session, one)
    lines = [
        words("announce.stopped" if one.state == STOPPED else "announce.sent", whom=await _whom(turn, one)),
        words("announce.progress", told=at.told, total=at.total, read=at.read),
        words("announce.says", text=one.text),
    ]
    going = [button(words, "announce", one.id, label="button.refresh")]
    if one.state == SENT and at.waiting:
        going.append(button(words, "announce_stop", one.id, version=one.version))
    if at.read < at.total:
        going.append(button(words, "announce_unread", one.id))
    await turn.show(f"announcement:{one.id}", Markup("\n").join(lines), [going, [button(words, "announce_new")]])


async def unread(turn: Turn, one: Announcement) -> None:
    """Who has not said that they read it."""
    people = await announcements.unread(turn.session, one, NAMED + 1)
    names = turn.words("and").join(person.name for person in people[:NAMED])
    lines = [turn.words("announce.unread", names=names or turn.words("announce.nobody"))]
    if len(people) > NAMED:
        lines.append(turn.words("announce.unread_more", n=NAMED))
    back = button(turn.words, "announce", one.id, label="button.back")
    await turn.show(f"announcement:{one.id}", Markup("\n").join(lines), [[back]])


def _text(words: Words, one: Announcement) -> Markup:
    return words("announce.notice", organ=one.author.organ.name, name=one.author.name, text=one.text)


async def told(tell: Telling) -> Message | None:
    """The notice itself, with the button by which one says that one read it; nothing once it was stopped."""
    one = await tell.session.get_one(Announcement, tell.params["announcement"])
    if one.state != SENT:
        return None
    return Message(_text(tell.words, one), [[button(tell.words, "announce_read", one.id)]])


async def read(turn: Turn, _: Any = None) -> None:
    """Somebody read it: the message says so from now on."""
    first = await announcements.read(turn.session, turn.args[0], turn.person, turn.now)
    one = await turn.session.get_one(Announcement, turn.args[0])
    turn.toast(turn.words("announce.read" if first else "announce.read_already"))
    lines = [_text(turn.words, one), turn.words("announce.read_at", at=turn.now)]
    await turn.show(f"announced:{one.id}", Markup("\n").join(lines), [])
