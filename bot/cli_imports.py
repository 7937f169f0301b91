"""`import KIND FILE` and `export KIND FILE`: tables in and out, in the same form; `-` is standard input or output."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.ext.asyncio import AsyncSession
from xlsxwriter import Workbook

from actions.import_report import Report
from actions.importing import Kind
from actions.imports import KINDS, bring_in
from actions.labels import Filter, label_many
from bot.cli_base import Json, err, in_transaction, look, words_of
from bot.settings import Settings
from handlers.imports import AS_TEXT, describe, reason, returned
from rules.refusal import Refusal

MOST_ROWS = 1 << 20  # of a sheet, with its header

imports_app = typer.Typer(no_args_is_help=True)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, allow_dash=True)]
DryRun = Annotated[bool, typer.Option("--dry-run")]
Whole = Annotated[bool, typer.Option("--whole")]
Ends = Annotated[int, typer.Option("--ends")]
Refused = Annotated[Path | None, typer.Option("--refused", dir_okay=False)]
Out = Annotated[Path, typer.Argument(dir_okay=False, writable=True, allow_dash=True)]


def _import_command(kind: Kind) -> Callable[..., None]:
    def command(file: File, dry_run: DryRun = False, refused: Refused = None, as_json: Json = False) -> None:
        _import(file, kind, dry_run, False, 0, refused, as_json)

    def whole_command(
        file: File,
        dry_run: DryRun = False,
        whole: Whole = False,
        ends: Ends = 0,
        refused: Refused = None,
        as_json: Json = False,
    ) -> None:
        _import(file, kind, dry_run, whole, ends, refused, as_json)

    return whole_command if kind.whole else command


def _export_command(kind: Kind) -> Callable[..., None]:
    def command(file: Out = Path("-"), as_json: Json = False) -> None:
        _export(file, kind, as_json)

    return command


def add_commands(exports_app: typer.Typer) -> None:
    """A command for each kind of table."""
    for kind in KINDS.values():
        imports_app.command(kind.name)(_import_command(kind))
        if kind.export:
            exports_app.command(kind.name)(_export_command(kind))


def _import(file: Path, kind: Kind, dry_run: bool, whole: bool, ends: int, refused: Path | None, as_json: bool) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,}"), TimeElapsedColumn())
    with (
        _opened(file) as source,
        Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as progress,
    ):
        bar = progress.add_task(file.name, total=None)

        def advance(rows: int) -> None:
            progress.update(bar, completed=rows)

        async def work(session: AsyncSession, now: datetime) -> Report:
            return await bring_in(
                session, [kind], source, file.name, now, None, advance, whole=whole, ends=ends, dry=dry_run
            )

        report = in_transaction(work, as_json, keep=not dry_run)
    words = words_of(Settings())
    if refused and report.refused:
        refused.write_bytes(returned(words, report))
    if as_json:
        rows = [{"row": one.row, "column": one.column, "reason": str(reason(words, one))} for one in report.refused]
        told = report.counts | ({"missing": report.missing} if whole else {}) | {"refused": rows}
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        typer.echo(describe(words, report, shown=50).unescape())


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    if str(file) != "-":
        with file.open("rb") as source:
            yield source
        return
    with tempfile.TemporaryFile() as kept:  # a file is read more than once
        while piece := sys.stdin.buffer.read(1 << 20):
            kept.write(piece)
        yield kept


def _export(file: Path, kind: Kind, as_json: bool) -> None:
    rows = look(lambda session: write_out(session, kind, file), as_json)
    if as_json and str(file) != "-":
        typer.echo(json.dumps({"rows": rows}))


async def write_out(session: AsyncSession, kind: Kind, file: Path) -> int:
    """Write a table into a file, with its header, in the form in which it can be brought in; how many rows."""
    assert kind.export
    rows = 0
    with _written(file) as write:
        write([column.synonyms[0] for column in kind.columns])
        async for row in kind.export(session):
            write([row.get(column.name, "") for column in kind.columns])
            rows += 1
    return rows


@contextmanager
def _written(file: Path) -> Iterator[Callable[[list[str]], object]]:
    """A table that is being written, row by row, in the form that the file's name says."""
    if file.suffix == ".xlsx":
        try:
            with _sheet(file) as write:
                yield write
        except Refusal:  # half a table would be taken for a whole one
            file.unlink()
            raise
        return
    if str(file) == "-":
        yield csv.writer(sys.stdout).writerow
        return
    with file.open("wb") as binary:
        packed = gzip.GzipFile(fileobj=binary, mode="wb") if file.suffix == ".gz" else None
        with io.TextIOWrapper(packed or binary, encoding="utf-8-sig", newline="") as text:
            yield csv.writer(text).writerow


@contextmanager
def _sheet(file: Path) -> Iterator[Callable[[list[str]], object]]:
    with Workbook(file, AS_TEXT | {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        places = count()

        def write(row: list[str]) -> None:
            place = next(places)
            if place == MOST_ROWS:
                raise Refusal("exports.too_many_rows", most=f"{MOST_ROWS - 1:,}")
            for column, cell in enumerate(row):  # whatever it looks like: also {=1+1} is text
                sheet.write_string(place, column, cell)

        yield write


def label(
    word: str,
    department: str = "",
    area: str = "",
    kind: str = "",
    industry: str = "",
    name: str = "",
    take: Annotated[bool, typer.Option("--take")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Label all active subjects that a filter fits (分类标注)."""
    which = Filter(area, kind, industry, name)
    labelled = in_transaction(
        lambda session, now: label_many(session, department, word, which, None, now, take=take),
        as_json,
        keep=not dry_run,
    )
    text = words_of(Settings())("labels.taken" if take else "labels.given", labelled, label=word).unescape()
    typer.echo(json.dumps({"changed": labelled}) if as_json else text)
