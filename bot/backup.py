"""Writes everything an installation knows into a folder while it runs, and puts it back into an empty one.

One format for both databases, so that what began on one machine can go on in a province's PostgreSQL: each table as
lines of JSON, each file of evidence under its SHA-256, and a manifest that tells whether all of it is there. Nothing
secret of the machine is in it: no token, and not the key that signs the journal.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import shutil
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Date, LargeBinary, Numeric, Table, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.evidence import Evidence, path_of
from models.base import Instant, Tags
from models.database import Database
from models.tables import Base
from rules.refusal import Refusal

FORMAT = 1
AT_ONCE = 1000  # rows
LEFT_OUT = {"leases", "subject_search_state"}  # of this moment and of this machine; the index is made anew
Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class Made:
    """How much a backup holds."""

    rows: int
    files: int
    bytes: int  # of the files
    lost: int = 0  # files that are gone or are no longer what was kept


def tables() -> list[Table]:
    """The tables in the order in which they need each other."""
    return [one for one in Base.metadata.sorted_tables if one.name not in LEFT_OUT]


async def back_up(
    database: Database, evidence: Evidence, folder: Path, revision: str, now: datetime, progress: Progress
) -> Made:
    """Write a backup into a new folder, and look whether it is whole. Refused if the folder is there already.

    The rows are those of one moment. Files are added before the rows that name them, so all that are named are there.
    """
    if await asyncio.to_thread(folder.exists):
        raise Refusal("backup.exists", folder=str(folder))
    draft = folder.with_name(folder.name + ".part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        counts: dict[str, dict[str, Any]] = {}
        digests: set[str] = set()
        async with _one_moment(database) as connection:
            for table in tables():
                counts[table.name] = await _write_table(connection, table, draft, digests, progress)
        files, size = await _write_files(evidence, draft, sorted(digests), progress)
        lost = sorted(digests - {*files})
        manifest = {
            "format": FORMAT,
            "revision": revision,
            "made_at": now.astimezone(UTC).isoformat(timespec="seconds"),
            "tables": counts,
            "files": files,
            "lost": lost,
        }
        (draft / "manifest.json").write_text(json.dumps(manifest, indent=1))
        check(draft)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return Made(sum(one["rows"] for one in counts.values()), len(files), size, len(lost))


@asynccontextmanager
async def _one_moment(database: Database) -> AsyncIterator[AsyncConnection]:
    async with database.engine.connect() as connection:
        if not database.is_sqlite:
            await connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


async def _write_table(
    connection: AsyncConnection, table: Table, folder: Path, digests: set[str], progress: Progress
) -> dict[str, Any]:
    rows, hashed = 0, hashlib.sha256()
    with gzip.open(folder / f"{table.name}.jsonl.gz", "wb", compresslevel=3) as file:
        result = await connection.stream(select(table).order_by(*table.primary_key.columns))
        async for part in result.partitions(AT_ONCE):
            for row in part:
                line = json.dumps([_plain(value) for value in row], ensure_ascii=False).encode() + b"\n"
                hashed.update(line)
                file.write(line)
                if table.name == "evidence":
                    digests |= {one for one in (row.sha256, row.preview) if one}
            rows += len(part)
            progress(table.name, len(part))
    return {"rows": rows, "sha256": hashed.hexdigest(), "columns": [column.name for column in table.columns]}


async def _write_files(
    evidence: Evidence, folder: Path, digests: list[str], progress: Progress
) -> tuple[list[str], int]:
    """Those that are whole; one that is lost must not keep all others from being copied."""
    size, files = 0, []
    for digest in digests:
        try:
            data = await evidence.read(digest)
        except FileNotFoundError:
            continue
        path = folder / "evidence" / path_of(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        size += len(data)
        files.append(digest)
        progress("evidence", 1)
    return files, size


def check(folder: Path) -> dict[str, Any]:
    """The manifest of a backup that is whole: every row and every byte as it was written. Refused otherwise."""
    looked_at = "manifest.json"
    try:
        manifest: dict[str, Any] = json.loads((folder / looked_at).read_text())
        if manifest["format"] != FORMAT:
            raise Refusal("backup.format", format=str(manifest["format"]))
        for name, told in manifest["tables"].items():
            looked_at = f"{name}.jsonl.gz"
            rows, hashed = 0, hashlib.sha256()
            for line in _lines(folder, name):
                rows += 1
                hashed.update(line)
            if (rows, hashed.hexdigest()) != (told["rows"], told["sha256"]):
                raise Refusal("backup.broken", file=looked_at)
        for looked_at in manifest["files"]:
            if hashlib.sha256((folder / "evidence" / path_of(looked_at)).read_bytes()).hexdigest() != looked_at:
                raise Refusal("backup.broken", file=looked_at)
    except FileNotFoundError as error:
        raise Refusal("backup.missing", file=Path(str(error.filename)).name) from error
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refusal("backup.broken", file=looked_at) from error
    return manifest


async def restore(database: Database, evidence: Evidence, folder: Path, revision: str, progress: Progress) -> Made:
    """Put a backup into an empty installation whose database has the form that the backup was made from.

    Everything or nothing. Refused if there is anything in the database, or it was made by another version.
    """
    manifest = check(folder)
    if manifest["revision"] != revision:
        raise Refusal("backup.version", made_by=manifest["revision"], here=revision)
    size = 0
    async with database.write() as session:
        connection = await session.connection()
        for table in tables():
            if await connection.scalar(select(func.count()).select_from(table.select().limit(1).subquery())):
                raise Refusal("backup.not_empty", table=table.name)
        for digest in manifest["files"]:
            data = (folder / "evidence" / path_of(digest)).read_bytes()
            await evidence.keep(data)
            size += len(data)
            progress("evidence", 1)
        for table in tables():
            await _read_table(connection, table, folder, progress)
    rows = sum(one["rows"] for one in manifest["tables"].values())
    return Made(rows, len(manifest["files"]), size)


async def _read_table(connection: AsyncConnection, table: Table, folder: Path, progress: Progress) -> None:
    columns = list(table.columns)
    inward = [one.name for one in columns for key in one.foreign_keys if key.column.table is table]
    keys = [one.name for one in table.primary_key.columns]
    later: list[dict[str, Any]] = []  # what refers to a row of the same table, which may come after it
    for lines in _batches(_lines(folder, table.name)):
        rows = [
            {column.name: _typed(column, value) for column, value in zip(columns, json.loads(line), strict=True)}
            for line in lines
        ]
        for row in rows:
            if any(row[name] is not None for name in inward):
                later.append({name: row[name] for name in (*keys, *inward)})
                row.update(dict.fromkeys(inward))
        await connection.execute(insert(table), rows)
        progress(table.name, len(rows))
    for row in later:
        found = [table.c[name] == row[name] for name in keys]
        await connection.execute(update(table).where(*found).values({name: row[name] for name in inward}))
    if connection.dialect.name == "postgresql" and table.autoincrement_column is not None:
        await _count_on(connection, table, table.autoincrement_column.name)


async def _count_on(connection: AsyncConnection, table: Table, key: str) -> None:
    """Let PostgreSQL's next row have the next number."""
    name = await connection.scalar(select(func.pg_get_serial_sequence(table.name, key)))
    highest = await connection.scalar(select(func.max(table.c[key])))
    if name and highest:
        await connection.execute(select(func.setval(name, highest)))


def _lines(folder: Path, name: str) -> Iterator[bytes]:
    with gzip.open(folder / f"{name}.jsonl.gz", "rb") as file:
        yield from file


def _batches(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    held: list[bytes] = []
    for line in lines:
        held.append(line)
        if len(held) == AT_ONCE:
            yield held
            held = []
    if held:
        yield held


def _plain(value: Any) -> Any:
    """A value as JSON has it; its column says what it was."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return list(value) if isinstance(value, tuple) else value


def _typed(column: Column[Any], value: Any) -> Any:
    """A value again as its column has it."""
    kind = column.type
    if value is None:
        return None
    if isinstance(kind, Instant):
        return datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value)
    if isinstance(kind, Numeric) and kind.asdecimal:
        return Decimal(value)
    return tuple(value) if isinstance(kind, Tags) else value
