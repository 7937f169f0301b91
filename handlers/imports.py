"""Directories sent as files by an administrator: taken in at once, with an account of every row (R3.1.3b)."""

from __future__ import annotations

from markupsafe import Markup

from actions.importing import Report
from actions.imports import KINDS, bring_in
from handlers import fallback
from handlers.turn import Turn
from locales import Words

SHOWN = 8  # refused rows named in the chat


async def explain(turn: Turn) -> None:
    """`/import`: which files are taken."""
    turn.needs("administrator")
    turn.say(turn.words("imports.how"))


async def document(turn: Turn) -> None:
    """A file: a directory if an administrator sends it out of the blue, else evidence for what is under way."""
    person = turn.chat.person
    if turn.file is None or person is None or "administrator" not in person.roles or turn.chat.awaiting:
        await fallback.heard(turn)
        return
    report = await bring_in(turn.session, KINDS.values(), turn.file.data, turn.file.name, turn.now, person)
    turn.say(describe(turn.words, report))


def describe(words: Words, report: Report, shown: int = SHOWN) -> Markup:
    """The account: counts, notes, then what was refused and why."""
    lines = [words(f"imports.{report.kind}"), words("imports.report", **report.counts)]
    if report.ended:
        lines.append(words("imports.ended", report.ended))
    for note in report.notes:
        gaps = dict(note.gaps)
        count = gaps.pop("n", None)
        lines.append(words(f"imports.note.{note.code}", count, **gaps))
    if report.refused:
        lines.append(words("imports.refused"))
    for one in report.refused[:shown]:
        reason = words(f"imports.reason.{one.reason}", **one.gaps)
        key = "imports.refused_cell" if one.column else "imports.refused_row"
        lines.append(words(key, row=one.row, column=one.column, reason=reason))
    if len(report.refused) > shown:
        lines.append(words("imports.more", len(report.refused) - shown))
    return Markup("\n").join(lines)
