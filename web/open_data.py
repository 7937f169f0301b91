"""The register for programs: JSON page by page, and one CSV file of everything (R1.2)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from aiohttp import web

from actions import register, register_results
from actions.register_results import Wanted
from locales import Words
from models.database import Database
from web import query, subjects
from web.draw_files import stream
from web.site import LANGUAGE, SITE, as_language

LIMIT, MOST = 50, 200
PIECE = 500  # rows of the CSV that are read at once
BOM = "\N{BYTE ORDER MARK}"  # without it spreadsheets take UTF-8 for something else
FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # a spreadsheet would compute a cell that begins so
COLUMNS = (
    *("subject_name", "subject_code", "plan_number", "plan_name", "task_number", "task_name", "type"),
    *("organ", "checked_on", "result", "published_on", "version"),
)

dumps = partial(json.dumps, ensure_ascii=False)


def _words(request: web.Request) -> Words:
    site = request.app[SITE]
    return site.words[as_language(request.query.get(LANGUAGE, "")) or site.language]


def _kind(result: register.Result) -> str:
    return "directed" if result.directed else "undirected"


def _json(result: register.Result, t: Words) -> dict[str, Any]:
    return {
        "id": result.id,
        "version": result.version,
        "corrected": result.version > 1,
        "plan_number": None,  # a task without a plan is a temporary one
        "plan_name": None,
        "task_number": result.task_number,
        "task_name": result.task_name,
        "type": _kind(result),
        "type_text": t(f"web.type.{_kind(result)}"),
        "organ": result.organ,
        "checked_on": result.checked_on.isoformat(),
        "result": result.result,
        "result_text": t(f"result.{result.result}"),
        "published_at": result.published_at.isoformat(),
        "subject": {"code": result.code or None, "name": result.name},
    }


def _answer(value: Any) -> web.Response:
    return web.json_response(value, dumps=dumps, headers={"Cache-Control": "no-cache"})


async def results(request: web.Request) -> web.Response:
    """Published results, newest first; `next` is the address of what follows, or null."""
    limit = query.number(request, "limit", LIMIT, MOST) or LIMIT
    before = query.number(request, "before")
    async with request.app[SITE].database.read() as session:
        found = await register_results.found_results(session, Wanted(), limit + 1, before)
    following = None
    if len(found) > limit:
        following = str(request.rel_url.update_query({"limit": limit, "before": found[limit - 1].id}))
    t = _words(request)
    return _answer({"results": [_json(result, t) for result in found[:limit]], "next": following})


async def subject(request: web.Request) -> web.Response:
    """A subject and its published results."""
    t = _words(request)
    found = await subjects.find(request)
    about = found.subject
    return _answer(
        {
            "code": about.code,
            "name": about.name,
            "kind": about.kind,
            "status": about.status,
            "area": about.area,
            "address": about.address,
            "results": [_json(result, t) for result in found.results],
            "waiting": [waiting._asdict() for waiting in found.waiting],
        }
    )


async def results_csv(request: web.Request) -> web.StreamResponse:
    """All published results, oldest first, as a file that a spreadsheet opens as it is."""
    headers = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": 'attachment; filename="results.csv"',
        "Cache-Control": "no-cache",
    }
    return await stream(request, _csv(request.app[SITE].database, _words(request)), headers)


async def _csv(database: Database, t: Words) -> AsyncIterator[bytes]:
    yield (BOM + _lines([[str(t(f"web.column.{name}")) for name in COLUMNS]])).encode()
    last = 0
    while True:
        async with database.read() as session:
            found = await register_results.found_results(session, Wanted(), PIECE, after=last)
        if not found:
            return
        yield _lines([_row(result, t) for result in found]).encode()
        last = found[-1].id


def _row(result: register.Result, t: Words) -> list[str]:
    return [
        result.name,
        result.code,
        "",
        str(t("web.temporary")),
        result.task_number,
        result.task_name,
        str(t(f"web.type.{_kind(result)}")),
        result.organ,
        result.checked_on.isoformat(),
        str(t(f"result.{result.result}")),
        result.published_at.astimezone(t.zone).date().isoformat(),
        str(result.version),
    ]


def _lines(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
