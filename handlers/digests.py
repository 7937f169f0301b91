"""The digest: what a supervisor should know now, the most pressing first, with buttons that go there."""

from __future__ import annotations

from datetime import date
from typing import Any

from markupsafe import Markup

from actions.digests import Digest, digest
from handlers.buttons import button
from handlers.turn import Rows, Turn
from locales import Words
from models.people import Organ


async def show(turn: Turn, _: Any = None) -> None:
    """`/digest`: now, on demand."""
    person = turn.needs("supervisor")
    figures = await digest(turn.session, person, turn.today)
    text, rows = describe(turn.words, figures, person.organ, turn.today)
    await turn.show("digest", text, rows)


def describe(words: Words, figures: Digest, organ: Organ, today: date) -> tuple[Markup, Rows]:
    """The digest as text and buttons."""
    percent = 100 * figures.done // figures.total if figures.total else 0
    bar = "▓" * (percent // 10) + "░" * (10 - percent // 10)
    lines = [
        words("digest.title", day=today, organ=organ.name),
        words("digest.progress", bar=bar, done=figures.done, total=figures.total, percent=percent),
        words("digest.open", open=figures.open, leads=figures.open_leads),
    ]
    pressing = [
        words("digest.overdue", figures.overdue) if figures.overdue else None,
        words("digest.review", figures.to_review) if figures.to_review else None,
        words("digest.returned_leads", figures.returned_leads) if figures.returned_leads else None,
        words("digest.open_seats", figures.open_seats) if figures.open_seats else None,
    ]
    first = [line for line in pressing if line]
    if first:
        lines.append(words("digest.first"))
        lines += [words("digest.numbered", mark="①②③④"[number], line=line) for number, line in enumerate(first)]
    else:
        lines.append(words("digest.calm"))
    rows: Rows = [[button(words, "review"), button(words, "draws"), button(words, "leads")]]
    return Markup("\n").join(lines), rows
