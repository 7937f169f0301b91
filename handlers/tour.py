"""The first-time tour: what somebody's roles do here, a page at a time, for whoever has just been bound (R4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from handlers.buttons import button
from handlers.turn import Rows, Turn

PAGES = {"inspector": 4, "supervisor": 4, "liaison": 3, "deputy": 1, "office": 2, "administrator": 2, "expert": 1}


def pages(roles: Sequence[str]) -> list[str]:
    """The keys of the pages for these roles, in order; the first is for everybody."""
    own = [f"tour.{role}.{number}" for role in PAGES if role in roles for number in range(1, PAGES[role] + 1)]
    return ["tour.all", *own]


async def show(turn: Turn, _: Any = None) -> None:
    """A page, by its number from 1; the last one offers what to do next."""
    words, roles = turn.words, turn.person.roles
    keys = pages(roles)
    number = max(1, min(turn.args[0] if turn.args else 1, len(keys)))
    lines = [words("tour.page", number=number, total=len(keys)), words(keys[number - 1])]
    rows: Rows = [[]]
    if number > 1:
        rows[0].append(button(words, "tour", number - 1, label="button.tour_back"))
    if number < len(keys):
        rows[0].append(button(words, "tour", number + 1, label="button.tour_next"))
    else:
        lines.append(words("tour.end"))
        if "inspector" in roles:
            rows.append([button(words, "train")])
    rows.append([button(words, "me")])
    await turn.show("tour", Markup("\n").join(lines), rows)
