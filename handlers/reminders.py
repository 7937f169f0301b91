"""The reminder: what is due, most pressing first, each with the button that goes there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from markupsafe import Markup

from actions.calendars import official
from actions.reminders import Due, open_dues
from handlers.buttons import button
from handlers.telling import Message, Telling
from handlers.turn import Rows
from locales import Words
from models.people import Person

OPENS = {  # by kind of deadline: the button that opens the thing
    "abnormal": "credit_proposal",
    "appeal": "appeal",
    "correction": "correction",
    "entry": "visit",
    "filing": "plan",
    "lead_accept": "lead",
    "lead_office": "lead",
    "lead_resolve": "lead",
    "lead_return": "lead",
    "list_leave": "credit_proposal",
    "plan": "annual",
    "plan_public": "plan",
    "publication": "visit",
    "repair": "credit_proposal",
    "review": "review_one",
    "seat": "visit",
    "visit": "visit",
    "withheld": "review_one",
}
OF_AN_ORGAN = ("correction", "credit_proposal", "review_one", "visit")  # nobody else opens these, not the office either
MARKS = "①②③④⑤"
ACROSS = 3  # buttons in a row


async def told(tell: Telling) -> Message | None:
    """What of it is still to be done, and by the same day; nothing if all is done."""
    wanted = {(kind, thing, date.fromisoformat(due)) for kind, thing, due, _ in tell.params["steps"]}
    dues = await open_dues(tell.session, tell.now, *_which(wanted))
    found = defaultdict[tuple[str, int, date], list[Due]](list)
    for one in dues:
        if one.key in wanted:
            found[one.key].append(one)
    if not found:
        return None
    several = sorted(found.values(), key=lambda rows: (rows[0].due, rows[0].kind, rows[0].thing))
    return await _message(tell, several)


async def told_moved(tell: Telling) -> Message | None:
    """Which days have moved, and to when; of what is still to be done, and due then."""
    days = [(kind, thing, *map(date.fromisoformat, both)) for kind, thing, *both in tell.params["moves"]]
    moved = {(kind, thing, new): old for kind, thing, old, new in days}
    dues = await open_dues(tell.session, tell.now, *_which(moved))
    mine = [one for one in dues if one.key in moved and one.person_id == tell.person.id]
    if not mine:
        return None
    words = tell.words
    lines = [words("deadlines.moved", len(mine))]
    for number, one in enumerate(sorted(mine, key=lambda one: one.due)[: len(MARKS)]):
        what, mark = words(f"deadline.{one.kind}"), MARKS[number] if len(mine) > 1 else ""
        line = words("deadlines.move", mark=mark, what=what, name=one.name, old=moved[one.key], new=one.due)
        lines.append(line.strip())
    if len(mine) > len(MARKS):
        lines.append(words("reminder.more", len(mine) - len(MARKS)))
    return Message(Markup("\n").join(lines), [])


def _which(keys: Iterable[tuple[str, int, date]]) -> tuple[list[str], set[int]]:
    """The kinds and things to ask for: of a kind also what bears the number of another's, which nobody looks for."""
    return sorted({kind for kind, _, _ in keys}), {thing for _, thing, _ in keys}


async def _message(tell: Telling, several: list[list[Due]]) -> Message:
    words = tell.words
    late = sum(rows[0].due < tell.today for rows in several)
    lines = [words("reminder.title_late", len(several), late=late) if late else words("reminder.title", len(several))]
    buttons = []
    for mark, rows in zip(MARKS, several, strict=False):
        one = rows[0]
        mark = mark if len(several) > 1 else ""
        what = words(f"deadline.{one.kind}")
        line = words("reminder.line", mark=mark, what=what, name=one.name, left=left(words, one.due, tell.today))
        if all(row.person_id != tell.person.id for row in rows):
            people = [await tell.session.get_one(Person, row.person_id) for row in rows]
            line += words("reminder.who", names=words("and").join(person.name for person in people))
        lines.append(line.strip())
        mine = any(row.person_id == tell.person.id for row in rows)
        supervised = one.organ_id == tell.person.organ_id and "supervisor" in tell.person.roles
        if mine or supervised or OPENS[one.kind] not in OF_AN_ORGAN:
            label = f"{mark} " if mark else ""
            buttons.append(button(words, OPENS[one.kind], one.thing, label="button.reminder", mark=label, what=what))
    if len(several) > len(MARKS):
        lines.append(words("reminder.more", len(several) - len(MARKS)))
    rows_of_buttons: Rows = [buttons[place : place + ACROSS] for place in range(0, len(buttons), ACROSS)]
    return Message(Markup("\n").join(lines), rows_of_buttons, "reminders")


def left(words: Words, due: date, today: date) -> Markup:
    """What is left until a day, in working days; marked where the holidays of its year are not announced yet."""
    calendar = official()
    days = calendar.between(today, due)
    if days < 0:
        text = words("reminder.late", -days, due=due)
    elif days:
        text = words("reminder.left", days, due=due)
    else:
        text = words("reminder.today") if due <= today else words("reminder.last_day", due=due)
    return text + words("reminder.provisional") if calendar.provisional(due) and due >= today else text
