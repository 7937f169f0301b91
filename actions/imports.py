"""Brings a directory in from a file: what is good is kept, what is not is named by row and column."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import journal
from actions.areas import ensure_areas, gazetteer
from actions.import_rows import Fault, InspectorReader, SubjectReader, Values
from actions.import_tables import Inspectors, Note, Subjects, Target
from actions.spreadsheets import Row, Source, reading
from models.people import Person
from rules.refusal import Refusal

BATCH = 2000  # rows a statement; also how long the bot is deaf, some 50 ms


class Refused(NamedTuple):
    """A row that was not taken: its number in the file, the column as the file calls it, and why.

    `reason` is a key under `imports.reason.`; its gaps are `value` (what the cell says) and, of a `duplicate`,
    `first` (the row that has the same key). `column` is empty where the whole row is meant.
    """

    row: int
    column: str
    reason: str
    gaps: dict[str, Any]


@dataclass
class Report:
    """What an import did: `added + changed + unchanged + len(refused) == rows`.

    `ended` of those that changed are no longer active. Blank rows do not count.
    """

    rows: int = 0
    added: int = 0
    changed: int = 0
    ended: int = 0
    unchanged: int = 0
    refused: list[Refused] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """All counts by name."""
        names = ("rows", "added", "changed", "ended", "unchanged")
        return {name: getattr(self, name) for name in names} | {"refused": len(self.refused)}


async def import_subjects(
    session: AsyncSession,
    source: Source,
    name: str,
    now: datetime,
    by: Person | None,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Bring in subjects (R3.1.3b-c) from a file called `name`; `progress` hears how many rows are done.

    A column that the file does not have leaves what is stored; an empty cell empties it (but not area, kind
    or status). Of rows with the same code the first counts: the same again is unchanged, anything else is
    refused. Repeatable, and journalled once. A file that cannot be read is refused (`spreadsheets.reading`),
    perhaps in its middle: then the caller must not commit.
    """
    await ensure_areas(session)
    target = Subjects(await session.connection(), now)
    target.reader = SubjectReader(await gazetteer(session))
    return await _bring_in(session, source, name, now, by, progress, target, "subjects")


async def import_inspectors(
    session: AsyncSession,
    source: Source,
    name: str,
    now: datetime,
    by: Person | None,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Bring in the staff (R3.1.3d), as `import_subjects` does; an organ that is new is made.

    Its department follows from its name (`rules.people.department_of`), its area from its name or the row.
    """
    await ensure_areas(session)
    target = Inspectors(await session.connection(), now)
    target.reader = InspectorReader(await gazetteer(session))
    return await _bring_in(session, source, name, now, by, progress, target, "people")


async def _bring_in(
    session: AsyncSession,
    source: Source,
    name: str,
    now: datetime,
    by: Person | None,
    progress: Callable[[int], None] | None,
    target: Target,
    noun: str,
) -> Report:
    report = Report()
    digest = _sha256(source)
    filled = (await target.connection.execute(select(target.table.c.id).limit(1))).first() is not None
    seen: dict[int, int] = {}  # the hash of a key → its first row: half of what the keys themselves would take
    with reading(source, target.reader.columns) as table:
        if table.ignored:
            report.notes.append(Note("ignored", {"columns": "、".join(table.ignored[:30])}))
        columns = frozenset(table.headers)
        while batch := list(islice(table.rows, BATCH)):
            report.rows += len(batch)
            good = list(_good(batch, target, report, table.headers))
            keys = [key for _, key, _ in good if filled or hash(key) in seen]
            present = await target.present(keys, columns) if keys else {}
            for _, _, values in good:
                await target.prepare(values)
            await _merge(good, present, seen, target, report, table.headers)
            if progress:
                progress(report.rows)
    if not report.rows:
        raise Refusal("imports.empty")
    report.notes += await target.notes()
    report.refused.sort(key=lambda refused: refused.row)
    after = {"file": name, "sha256": digest} | report.counts
    journal.record(session, now, by, "import", noun, 0, after=after)
    return report


def _good(
    batch: list[Row], target: Target, report: Report, headers: dict[str, str]
) -> Iterator[tuple[int, str, Values]]:
    """The rows that can be read, each with its number and key; the others go into the report."""
    for row in batch:
        try:
            if row.overflows:
                raise Fault("", "too_many_cells")
            key, values = target.reader.read(row.cells)
        except Fault as fault:
            report.refused.append(_refused(row.number, fault, headers))
        else:
            yield row.number, key, values


async def _merge(
    rows: list[tuple[int, str, Values]],
    present: dict[str, Values],
    seen: dict[int, int],
    target: Target,
    report: Report,
    headers: dict[str, str],
) -> None:
    """Compare rows with what is there, write what is new or different, and count."""
    new: dict[str, Values] = {}
    different: dict[str, Values] = {}
    for number, key, values in rows:
        first = seen.setdefault(hash(key), number)
        old = present.get(key)
        try:
            if old is None:
                new[key] = present[key] = target.complete(key, values)
                report.added += 1
            elif all(old.get(column) == value for column, value in values.items()):
                report.unchanged += 1
            elif first != number:
                raise Fault(target.reader.key, "duplicate", key)
            else:
                different[key] = present[key] = old | values
                report.changed += 1
                report.ended += old["status"] == "active" != present[key]["status"]
        except Fault as fault:
            report.refused.append(_refused(number, fault, headers, first=first))
    if new:
        await target.add(list(new.values()))
    if different:
        await target.change(list(different.values()))


def _refused(number: int, fault: Fault, headers: dict[str, str], **gaps: Any) -> Refused:
    value = fault.value if len(fault.value) <= 40 else fault.value[:39] + "…"
    return Refused(number, headers.get(fault.column, fault.column), fault.reason, {"value": value, **gaps})


def _sha256(source: Source) -> str:
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    source.seek(0)
    return hashlib.file_digest(source, "sha256").hexdigest()  # type: ignore[arg-type]
