"""Brings in a table from a file: what is good is kept, what is not is named by row and column.

How a kind of table is added is told in `actions/importing.py`.
"""

from __future__ import annotations

import gc
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from actions import journal
from actions.cells import Fault
from actions.headers import Row, Table
from actions.import_checklists import CHECKLISTS
from actions.import_complaints import COMPLAINTS
from actions.import_holidays import HOLIDAYS
from actions.import_inspectors import INSPECTORS
from actions.import_items import ITEMS
from actions.import_plans import PLANS
from actions.import_report import Note, Report
from actions.import_routes import ROUTES
from actions.import_subjects import SUBJECTS
from actions.import_warnings import WARNINGS
from actions.importing import Kind
from actions.spreadsheets import Source, reading
from models.changes import Import
from models.people import Person
from rules.refusal import Refusal

BATCH = 2000  # rows a statement; also how long the bot is deaf, some 50 ms
LONGEST_JSON = 4 << 20  # bytes

KINDS = {
    kind.name: kind for kind in (SUBJECTS, INSPECTORS, ITEMS, CHECKLISTS, PLANS, WARNINGS, HOLIDAYS, COMPLAINTS, ROUTES)
}


async def bring_in(
    session: AsyncSession,
    kinds: Iterable[Kind],
    source: Source,
    name: str,
    now: datetime,
    by: Person | None,
    progress: Callable[[int], None] | None = None,
    *,
    whole: bool = False,
    ends: int = 0,
    dry: bool = False,
    job: Import | None = None,
) -> Report:
    """Bring in a file called `name`, of the one of these kinds that its header fits best.

    `progress` hears how many rows are done. Repeatable, and journalled once. A file that cannot be read is refused
    (`spreadsheets.reading`), perhaps in its middle: then the caller must not commit, nor after a `dry` run.

    `job` is the row of an import that was asked for before. A `whole` directory ends what it does not name, if `ends`
    is how many that are (R3.1.3a): refused with `imports.ends` (gap `missing`) if it is not, with `imports.not_whole`
    for a kind that cannot be whole.
    """
    digest = _sha256(source)
    brought = job or Import(at=now, name=name, by_id=by and by.id)
    brought.sha256 = digest
    session.add(brought)
    await session.flush()
    report = Report(import_id=brought.id)
    with _rare_collections(), _opened(source, tuple(kinds)) as (kind, table):
        report.kind, report.titles, report.headers = kind.name, table.titles, table.headers
        if table.ignored:
            report.notes.append(Note("ignored", {"columns": "、".join(table.ignored[:30])}))
        intake = kind.intake(session, now, by, report)
        await intake.open()
        try:
            while batch := list(islice(table.rows, BATCH)):
                report.rows += len(batch)
                await intake.take([row for row in batch if not _overflows(row, report)])
                if progress:
                    progress(report.rows)
        finally:
            await intake.settled()
    if not report.rows:
        raise Refusal("imports.empty")
    await intake.finish()
    if whole and not kind.whole:
        raise Refusal("imports.not_whole")
    if whole:
        report.missing = await intake.missing()
    if report.missing and not dry:
        if ends != report.missing:
            raise Refusal("imports.ends", missing=report.missing)
        await intake.end_missing()
        report.ended += report.missing
    brought.kind, brought.counts = report.kind, report.counts
    report.refused.sort(key=lambda refused: refused.row)
    after = {"file": name, "sha256": digest} | report.counts
    journal.record(session, now, by, "import", kind.noun, 0, after=after)
    return report


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Rows are no cycles: looking for some after each few hundred of them takes a sixth of the time."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@contextmanager
def _opened(source: Source, kinds: tuple[Kind, ...]) -> Iterator[tuple[Kind, Table]]:
    """The file as a table, and of which kind it is; a JSON document only where a kind reads it."""
    for kind in kinds:
        if kind.json and (rows := _json_rows(source, kind)):
            titles = tuple(dict.fromkeys(title for row in rows for title in row))
            lines = (
                Row(number, tuple(row.values()), {title: place for place, title in enumerate(row)})
                for number, row in enumerate(rows, 1)
            )
            yield kind, Table({title: title for title in titles}, (), lines, 0, titles)
            return
    with reading(source, *(kind.columns for kind in kinds)) as table:
        yield kinds[table.kind], table


def _json_rows(source: Source, kind: Kind) -> list[dict[str, str]]:
    """What a kind reads in a JSON document; nothing if it is none, or none of this kind."""
    assert kind.json
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    file.seek(0)
    data = file.read(LONGEST_JSON + 1)
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")) or len(data) > LONGEST_JSON:
        return []
    try:
        document: Any = json.loads(data)
        return list(kind.json(document))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []


def _overflows(row: Row, report: Report) -> bool:
    if row.overflows:
        report.refuse(row, Fault("", "too_many_cells"))
    return row.overflows


def _sha256(source: Source) -> str:
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    source.seek(0)
    return hashlib.file_digest(source, "sha256").hexdigest()  # type: ignore[arg-type]
