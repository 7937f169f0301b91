"""`/leads`: the liaison's desk: what is new, due, one's own, the department's, waits for others; search, leave."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

from actions import desks, lead_lists
from actions.calendars import official
from actions.lead_lists import FOLDERS, PAGE
from handlers import lead_tables
from handlers.buttons import MOST, button, leaf
from handlers.turn import NOTHING, Button, Rows, Turn
from handlers.wording import brief
from locales import Words
from models.leads import Lead
from models.people import Person
from rules.leads import READ
from rules.refusal import Refusal

MOST_MONTHS = 120
LEAVE_DAYS = (1, 3, 5, 10)  # working days, offered as buttons


async def listed(turn: Turn, _: Any = None) -> None:
    """`/leads`: what is to do now, and the other folders with their numbers."""
    await _folder(turn, "todo", 0)


async def folder(turn: Turn, _: Any = None) -> None:
    """One folder, a page of it."""
    place, page = turn.args[0], turn.args[1] if len(turn.args) > 1 else 0
    if place >= len(FOLDERS):
        raise Refusal("gone")
    await _folder(turn, FOLDERS[place], page)


async def _folder(turn: Turn, name: str, page: int) -> None:
    words, person = turn.words, turn.person
    if (turn.chat.awaiting or {}).get("what") != "visit":  # what is typed at a visit stays the visit's
        turn.wait_for("lead.search")
    desktop = await lead_lists.desktop(turn.session, person, turn.today)
    found = desktop[name]
    lines = [words(f"leads.folder.{name}", len(found))]
    away = await desks.desk_of(turn.session, person, turn.today)
    if away:
        lines.append(words("desk.handed", name=away.deputy.name, day=away.until))
    instead = await desks.stands_in_for(turn.session, person, turn.today)
    if instead:
        lines.append(words("desk.stand_in", names=words("and").join(one.name for one in instead)))
    if not found:
        lines.append(words("leads.none"))
    shown, more = leaf(words, found, "lead_folder", FOLDERS.index(name), page=page, size=PAGE)
    rows: Rows = [[line(words, one, person, turn.today)] for _, one in shown] + more
    others = [
        button(words, "lead_folder", place, label=f"button.folder.{one}", n=len(desktop[one]))
        for place, one in enumerate(FOLDERS)
        if one != name and desktop[one]
    ]
    rows += [others[start : start + 3] for start in range(0, len(others), 3)]
    if set(READ) & set(person.roles):
        rows.append(
            [button(words, "lead_new"), button(words, "lead_month", 0), button(words, "desk_back" if away else "desk")]
        )
    rows.append([button(words, "me")])
    await turn.show("leads", Markup("\n").join(lines), rows)


def line(words: Words, lead: Lead, person: Person, today: date) -> Button:
    """A lead as a button: where it stands, about whom, how long there is."""
    left = official().between(today, lead.office_by or lead.due)
    late = left < 0 or lead.office_by is not None
    mark = words("leads.late") if late else words("leads.soon") if left <= lead_lists.SOON else NOTHING
    state = words("lead.state.question") if lead.question else words(f"lead.state.{lead.state}")
    return button(words, "lead", lead.id, label="button.lead_line", mark=mark, state=state, name=lead.subject.name,
                  number=lead.id)  # fmt: skip


async def searched(turn: Turn) -> None:
    """Words typed while the list is open: a search through all that one may read."""
    words = turn.words
    found = await lead_lists.search(turn.session, turn.person, turn.text[:60])
    turn.wait_for("lead.search")
    rows: Rows = [[line(words, one, turn.person, turn.today)] for one in found]
    rows.append([button(words, "leads", label="button.back")])
    await turn.show("leads", words("leads.found", len(found), text=brief(turn.text, 60)), rows)


async def desk(turn: Turn, _: Any = None) -> None:
    """`休假交接`: to whom?"""
    words = turn.words
    people = await desks.colleagues(turn.session, turn.person)
    if not people:
        raise Refusal("leads.alone")
    buttons = [button(words, "desk_to", one.id, label="button.name", name=one.name) for one in people[:MOST]]
    rows: Rows = [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
    await turn.show("leads", words("desk.whom"), [*rows, [button(words, "leads", label="button.back")]])


async def desk_to(turn: Turn, _: Any = None) -> None:
    """A colleague was chosen: until when?"""
    words, deputy = turn.words, await _colleague(turn)
    days = [(official().add(turn.today, n - 1), n) for n in LEAVE_DAYS]
    buttons = [button(words, "desk_until", deputy.id, (day - turn.today).days, label="button.day", day=day)
               for day, _ in days]  # fmt: skip
    rows = [buttons[:2], buttons[2:], [button(words, "desk", label="button.back")]]
    turn.wait_for("desk.until", deputy=deputy.id)
    await turn.show("leads", words("desk.until", name=deputy.name), rows)


async def desk_until(turn: Turn, _: Any = None) -> None:
    """The day was chosen."""
    await _hand_over(turn, await _colleague(turn), turn.args[1])


async def desk_typed(turn: Turn, deputy: int) -> None:
    """A number of days was typed."""
    if not (turn.text.isascii() and turn.text.isdecimal() and 1 <= int(turn.text[:9]) <= desks.LONGEST_LEAVE):
        raise Refusal("desks.until", most=desks.LONGEST_LEAVE)
    turn.args = [deputy]
    await _hand_over(turn, await _colleague(turn), int(turn.text[:9]) - 1)


async def _hand_over(turn: Turn, deputy: Person, days: int) -> None:
    await desks.hand_over(turn.session, turn.person, deputy, turn.today + timedelta(days=days), turn.now)
    turn.wait_no_more()
    await listed(turn)


async def _colleague(turn: Turn) -> Person:
    deputy = await turn.session.get(Person, turn.args[0])
    if deputy is None or deputy.organ_id != turn.person.organ_id:
        raise Refusal("gone")
    return deputy


async def desk_back(turn: Turn, _: Any = None) -> None:
    """`我回来了`: the desk is one's own again."""
    await desks.take_back(turn.session, turn.person, turn.now)
    await turn.session.flush()
    await listed(turn)


async def month(turn: Turn, _: Any = None) -> None:
    """`月报`: the list of a month as XLSX: this one, or so many months ago."""
    back = turn.args[0]
    if back > MOST_MONTHS:
        raise Refusal("gone")
    first, _end = lead_tables.month_of(turn.today, back)
    caption = turn.words("leads.month", month=f"{first:%Y-%m}")
    earlier = [[button(turn.words, "lead_month", back + 1, label="button.earlier_month")]]
    turn.send_paper("leads", back, caption, earlier, turn.person.id)
