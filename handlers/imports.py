"""Directories sent as files by an administrator: taken in at once, with an account of every row (R3.1.3b)."""

from __future__ import annotations

import io

from markupsafe import Markup
from xlsxwriter import Workbook

from actions.importing import Refused, Report
from actions.imports import KINDS, bring_in
from handlers import fallback
from handlers.turn import Turn
from locales import Words

AS_TEXT = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
SHOWN = 8  # refused rows named in the chat


IDLE = "lead.search"  # an open list that words would be searched in waits for no file


async def explain(turn: Turn) -> None:
    """`/import`: which files are taken."""
    turn.needs("administrator")
    turn.say(turn.words("imports.how"))


async def document(turn: Turn) -> None:
    """A file: a directory if an administrator sends it out of the blue, else evidence for what is under way."""
    person = turn.chat.person
    if (
        turn.file is None
        or person is None
        or "administrator" not in person.roles
        or (turn.chat.awaiting or {"what": IDLE})["what"] != IDLE
        or turn.file.kind == "photo"
    ):
        await fallback.heard(turn)
        return
    report = await bring_in(turn.session, KINDS.values(), turn.file.data, turn.file.name, turn.now, person)
    turn.say(describe(turn.words, report))


def describe(words: Words, report: Report, shown: int = SHOWN) -> Markup:
    """The account: counts, the first things of each outcome, notes, then what was refused and why."""
    lines = [words(f"imports.{report.kind}"), words("imports.report", **report.counts)]
    if report.missing:
        lines.append(words("imports.missing", report.missing))
    if report.ended:
        lines.append(words("imports.ended", report.ended))
    for outcome, things in report.shown.items():
        lines.append(words(f"imports.shown.{outcome}", things="、".join(things)))
    for note in report.notes:
        gaps = dict(note.gaps)
        count = gaps.pop("n", None)
        lines.append(words(f"imports.note.{note.code}", count, **gaps))
    if report.refused:
        lines.append(words("imports.refused"))
    for one in report.refused[:shown]:
        key = "imports.refused_cell" if one.column else "imports.refused_row"
        lines.append(words(key, row=one.row, column=one.column, reason=reason(words, one)))
    if len(report.refused) > shown:
        lines.append(words("imports.more", len(report.refused) - shown))
    return Markup("\n").join(lines)


def reason(words: Words, refused: Refused) -> Markup:
    """Why a row was not taken, and what to do."""
    return words(f"imports.reason.{refused.reason}", **refused.gaps)


def returned(words: Words, report: Report) -> bytes:
    """The refused rows as a workbook, under the file's own header, each with all that is wrong: to be mended."""
    lines: dict[int, tuple[tuple[str, ...], list[str]]] = {}
    for one in report.refused:
        what = str(reason(words, one).unescape())
        lines.setdefault(one.row, (one.line, []))[1].append(f"{one.column}：{what}" if one.column else what)
    width = max(len(report.titles), *(len(line) for line, _ in lines.values()), 1)
    file = io.BytesIO()
    with Workbook(file, AS_TEXT | {"in_memory": True}) as book:
        wrong, sheet = book.add_format({"font_color": "red"}), book.add_worksheet()
        sheet.write_row(0, 0, report.titles)
        sheet.write(0, width, str(words("imports.why_not")), wrong)
        for place, (line, reasons) in enumerate(lines.values(), 1):
            sheet.write_row(place, 0, line)
            sheet.write(place, width, "；".join(reasons), wrong)
        sheet.freeze_panes(1, 0)
        sheet.autofit()
    return file.getvalue()
