"""Files of published results: for spreadsheets, for programs, and for the upload form of the national register."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import Any

import xlsxwriter
from aiohttp import web

from actions import register, register_results
from actions.register_results import Wanted
from locales import Words
from models.database import Database
from web import facts, query
from web.api import Download, Error, Wrong, as_json, words
from web.draw_files import stream
from web.site import SITE

PIECE = 500  # rows that are read at once
IN_MEMORY = 4 * 1024 * 1024  # bytes of a workbook, more goes to a file
MOST_ROWS = 100_000  # of a workbook
BOM = "\N{BYTE ORDER MARK}"  # without it spreadsheets take UTF-8 for something else
FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # a spreadsheet would compute a cell that begins so
COLUMNS = (
    *("subject_name", "subject_code", "plan_number", "plan_name", "task_number", "task_name", "type"),
    *("organ", "checked_on", "result", "published_on", "version"),
)
NATIONAL = (
    *("subject_code", "subject_name", "plan_number", "plan_name", "task_number", "task_name", "type", "organ"),
    *("checked_on", "result"),
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def wanted(asked: facts.AskedResults) -> Wanted:
    """The conditions that an address asks for."""
    texts = {name: query.clean(getattr(asked, name)).strip() for name in ("area", "item", "result", "task")}
    return Wanted(query.clean(asked.q).strip(), since=asked.since, until=asked.until, **texts)


def _type(result: register.Result) -> str:
    return "directed" if result.directed else "undirected"


def result_fact(one: register.Result, t: Words) -> facts.Result:
    """A line of the register for programs."""
    return facts.Result(
        id=one.id,
        version=one.version,
        corrected=one.version > 1,
        plan_number=one.plan_number or None,  # a task without a plan is a temporary one
        plan_name=one.plan_name or None,
        task_number=one.task_number,
        task_name=one.task_name,
        type="directed" if one.directed else "undirected",
        type_text=str(t(f"web.type.{_type(one)}")),
        organ=one.organ,
        checked_on=one.checked_on,
        result=one.result,
        result_text=str(t(f"result.{one.result}")),
        objection=one.objected,
        published_at=one.published_at,
        subject=facts.SubjectName(code=one.code or None, name=one.name),
    )


async def _pieces(database: Database, asked: Wanted) -> AsyncIterator[list[register.Result]]:
    last = 0
    while True:
        async with database.read() as session:
            found = await register_results.found_results(session, asked, PIECE, after=last)
        if not found:
            return
        yield found
        last = found[-1].id


def _headers(media: str, name: str) -> dict[str, str]:
    disposition = f'attachment; filename="{name}"'
    return {"Content-Type": media, "Content-Disposition": disposition, "Cache-Control": "no-cache"}


async def as_csv(request: web.Request, asked: facts.AskedResults) -> web.StreamResponse:
    """Results, oldest first, as a file that a spreadsheet opens as it is."""
    t, conditions = words(request), wanted(asked)

    async def pieces() -> AsyncIterator[bytes]:
        yield (BOM + _lines([[str(t(f"web.column.{name}")) for name in COLUMNS]])).encode()
        async for found in _pieces(request.app[SITE].database, conditions):
            yield _lines([_row(one, t, COLUMNS) for one in found]).encode()

    return await stream(request, pieces(), _headers("text/csv; charset=utf-8", "results.csv"))


async def as_lines(request: web.Request, asked: facts.AskedResults) -> web.StreamResponse:
    """Results, oldest first, a JSON document on each line."""
    t, conditions = words(request), wanted(asked)

    async def pieces() -> AsyncIterator[bytes]:
        async for found in _pieces(request.app[SITE].database, conditions):
            yield "".join(result_fact(one, t).model_dump_json() + "\n" for one in found).encode()

    return await stream(request, pieces(), _headers("application/jsonl", "results.jsonl"))


async def national(request: web.Request, asked: facts.AskedResults) -> web.StreamResponse:
    """Results in the columns of the national register, as a workbook for its upload form; at most `MOST_ROWS`."""
    t = Words("zh_CN", request.app[SITE].zone)  # the form is Chinese
    rows: list[list[str]] = []
    async for found in _pieces(request.app[SITE].database, wanted(asked)):
        rows += [_row(one, t, NATIONAL) for one in found]
        if len(rows) > MOST_ROWS:
            reason = words(request)("data.too_many_rows", most=f"{MOST_ROWS:,}").unescape()
            shorter = Wrong(parameter="since", reason=reason)
            return as_json(Error(error="Bad Request", parameters=[shorter]), status=400)
    titles = [str(t(f"web.column.{name}")) for name in NATIONAL]
    with SpooledTemporaryFile(IN_MEMORY) as file:
        await asyncio.to_thread(_workbook, file, titles, rows)
        file.seek(0)

        async def pieces() -> AsyncIterator[bytes]:
            while piece := file.read(1 << 16):
                yield piece

        return await stream(request, pieces(), _headers(XLSX, "national.xlsx"))


def _workbook(file: Any, titles: list[str], rows: list[list[str]]) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        for place, title in enumerate(titles):
            sheet.set_column(place, place, max(12, 2 * len(title)))
            sheet.write_string(0, place, title, bold)
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows, 1):
            for place, cell in enumerate(row):
                sheet.write_string(number, place, cell)


def _row(one: register.Result, t: Words, columns: tuple[str, ...]) -> list[str]:
    cells = {
        "subject_name": one.name,
        "subject_code": one.code,
        "plan_number": one.plan_number,
        "plan_name": one.plan_name or str(t("web.temporary")),
        "task_number": one.task_number,
        "task_name": one.task_name,
        "type": str(t(f"web.type.{_type(one)}")),
        "organ": one.organ,
        "checked_on": one.checked_on.isoformat(),
        "result": str(t(f"result.{one.result}")),
        "published_on": one.published_at.astimezone(t.zone).date().isoformat(),
        "version": str(one.version),
    }
    return [cells[name] for name in columns]


def _lines(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


DOWNLOADS = (
    Download("results_csv", "/data/results.csv", facts.AskedResults, "text/csv", as_csv),
    Download("results_jsonl", "/data/results.jsonl", facts.AskedResults, "application/jsonl", as_lines),
    Download("national_xlsx", "/data/national.xlsx", facts.AskedResults, XLSX, national),
)
