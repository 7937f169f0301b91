"""Tables sent as files by an administrator: shown first what would change, taken in after a yes (R3.1.3b)."""

from __future__ import annotations

import io

from markupsafe import Markup
from sqlalchemy import select
from xlsxwriter import Workbook

from actions.import_report import Refused, Report
from actions.imports import KINDS
from handlers.buttons import button
from handlers.turn import Rows, Sent, Turn
from locales import Words
from models.changes import Import
from rules.refusal import Refusal

AS_TEXT = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
LONGEST_NAME = 120
SHOWN = 8  # refused rows named in the chat


async def explain(turn: Turn) -> None:
    """`/import`: which files are taken."""
    turn.needs("administrator")
    turn.say(turn.words("imports.how"), [[button(turn.words, "me")]])


async def received(turn: Turn, file: Sent) -> None:
    """A table is only kept here; `bot.clerk` looks through it and shows on the card what would change."""
    person = turn.needs("administrator")
    job = Import(at=turn.now, name=file.name[:LONGEST_NAME], state="checking", by_id=person.id, chat_id=turn.chat.id)
    job.stored = await turn.keep(file.data)
    turn.session.add(job)
    await turn.session.flush()
    turn.wait_for("import.confirm", job=job.id)
    await turn.show(f"import:{job.id}", turn.words("imports.checking", name=job.name, rows=0))


async def load(turn: Turn) -> Import:
    """The file that a button speaks of, for who sent it."""
    return await _find(turn, turn.args[0])


async def _find(turn: Turn, number: int) -> Import:
    person = turn.needs("administrator")
    job = await turn.session.scalar(select(Import).where(Import.id == number).with_for_update(of=Import))
    if job is None or job.by_id != person.id or job.chat_id != turn.chat.id:
        raise Refusal("gone")
    return job


async def show(turn: Turn, job: Import) -> None:
    """Where a file is now."""
    await turn.show(f"import:{job.id}", *card(turn.words, job))


async def confirm(turn: Turn, job: Import) -> None:
    """`确认`: what was shown is done, what is wrong stays out."""
    await _move(turn, job, "doing")


async def as_whole(turn: Turn, job: Import) -> None:
    """`这是完整名录`: count what the file does not name; it ends only after the next `确认`."""
    if not KINDS[job.kind].whole:
        raise Refusal("imports.not_whole")
    job.ends = 0
    await _move(turn, job, "checking")


async def give_up(turn: Turn, job: Import) -> None:
    """`取消`: nothing is changed."""
    await _move(turn, job, "cancelled")


async def typed(turn: Turn, job: int) -> None:
    """`确认` or `取消` in words."""
    answer, found = turn.text.strip(), await _find(turn, job)
    ways = {str(turn.words("button.import_yes")): confirm, str(turn.words("button.import_no")): give_up}
    if found.state == "ready" and answer in ways:
        await ways[answer](turn, found)
    else:
        if found.state not in ("ready", "checking"):
            turn.wait_no_more()
            turn.say(turn.words("not_understood"))
        await show(turn, found)


async def _move(turn: Turn, job: Import, state: str) -> None:
    if job.state != "ready":
        turn.toast(turn.words("stale"))
    else:
        job.state, job.version = state, job.version + 1
        if state != "checking":
            turn.wait_no_more()
    await show(turn, job)


def card(words: Words, job: Import, report: Report | None = None) -> tuple[Markup, Rows]:
    """What would change or has changed, and what can be done about it."""
    if job.state in ("checking", "doing"):
        return words(f"imports.{job.state}", name=job.name, rows=0), []
    lines = [words("imports.file", name=job.name)]
    if report:
        lines.append(describe(words, report))
    elif job.counts:
        lines.append(words("imports.report", **job.counts))
    if job.state != "ready":
        lines.append(words(f"imports.state.{job.state}"))
        return Markup("\n").join(lines), []
    counts, rows = job.counts, []
    if counts["added"] + counts["changed"] or job.ends:
        label = "button.import_end" if job.ends else "button.import_yes"
        rows.append([button(words, "import_yes", job.id, version=job.version, label=label, number=job.ends or 0)])
    else:
        lines.append(words("imports.nothing_new"))
    if KINDS[job.kind].whole and job.ends is None:
        rows.append([button(words, "import_whole", job.id, version=job.version)])
    rows.append([button(words, "import_no", job.id, version=job.version)])
    return Markup("\n").join(lines), rows


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
