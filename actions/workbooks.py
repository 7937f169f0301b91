"""Opens a workbook in a process of its own, because the cells that a small file claims can take all memory.

Run as a program, it reads a workbook from standard input and writes lines of JSON: `{"sheet": name}`, lists
of rows of text, or `{"error": code}` and nothing more. Rows may also come as `+` and a number of bytes, and so many
bytes of text, in which two control characters part rows and cells: that is read in a third of the time. It needs
nothing of the house.
"""

from __future__ import annotations

import gc
import io
import json
import re
import resource
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Generator, Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

MEMORY_FLOOR = 400 << 20  # bytes of address space for the smallest file,
MEMORY_PER_BYTE = 150  # so many more for each byte of a file (a cell of a packed file takes a byte or two),
MEMORY_CEILING = 6 << 30  # and never more than this
SECONDS = 120  # of processor time
UNPACKED_PER_BYTE = 250  # what honest workbooks never reach
UNPACKED_FLOOR = 8 << 20
MOST_CELLS = 50_000_000
LAST_ROW, LAST_COLUMN = 1 << 20, 1 << 14  # of any office program
BATCH = 500
NEXT_ROW, NEXT_CELL = "\x1e", "\x1f"
PIPE = 1 << 20  # bytes that may wait for the reader, so that neither waits for the other
EXACT = 10**15  # integers below it survive a spreadsheet's 15 digits
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # the stream of an Office file with a password
_REPEATS = re.compile(rb"number-(rows|columns)-repeated\s*=\s*[\"']\s*([0-9]+)")

Cell = int | float | str | bool | time | date | datetime | timedelta


class Unreadable(Exception):
    """A workbook that cannot be read; its first argument is the code of the refusal."""


def sheets(workbook: bytes) -> Generator[tuple[str, Iterator[tuple[int, list[str]]]]]:
    """The visible sheets of an XLSX, XLS or ODS, in order: name, and rows with the number a person sees.

    A sheet's rows end where the next begins. Raises `Unreadable`: `password`, `too_large`, `unreadable`.
    """
    with tempfile.TemporaryFile() as file:
        file.write(workbook)
        file.seek(0)
        size = len(workbook)
        del workbook
        command = [sys.executable, "-I", str(Path(__file__)), str(size)]
        child = subprocess.Popen(  # noqa: S603
            command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pipesize=PIPE
        )
    assert child.stdout is not None
    try:
        line = _next(child)
        while line is not None:
            following: list[Any] = []
            yield line["sheet"], _rows(child, following)
            while not following:  # whatever of this sheet nobody wanted
                after = _next(child)
                if not isinstance(after, list):
                    following.append(after)
            line = following[0]
    finally:
        child.kill()
        child.stdout.close()
        child.wait()


def _rows(child: subprocess.Popen[bytes], following: list[Any]) -> Iterator[tuple[int, list[str]]]:
    number = 0
    while isinstance(batch := _next(child), list):
        for number, row in enumerate(batch, number + 1):  # noqa: B020 (counts on)
            yield number, row
    following.append(batch)


def _next(child: subprocess.Popen[bytes]) -> Any:
    """What the child says next, None at its end; one that was stopped by its limits asked for too much."""
    assert child.stdout is not None
    line = child.stdout.readline()
    if not line.endswith(b"\n"):
        if child.wait() != 0:
            raise Unreadable("too_large")
        return None
    if line.startswith(b"+"):
        rows = child.stdout.read(int(line))
        if len(rows) < int(line):
            raise Unreadable("too_large")
        return [row.split(NEXT_CELL) for row in rows.decode().split(NEXT_ROW)]
    said = json.loads(line)
    if isinstance(said, dict) and "error" in said:
        raise Unreadable(said["error"])
    return said


def _text(cell: Cell) -> str:
    """A cell as a person would type it: whole numbers without a point, days without midnight."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT:
        return str(int(cell))
    if isinstance(cell, (float, int)):
        return str(cell).upper()
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    return str(cell)


def _check_size(data: bytes) -> int:
    """How many cells the repeats of an ODS can mean at most.

    Refuses what unpacks to far more than it is, or repeats a cell more often than any program could.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if any(entry.flag_bits & 1 for entry in archive.infolist()):
            raise Unreadable("password")
        if sum(entry.file_size for entry in archive.infolist()) > UNPACKED_FLOOR + UNPACKED_PER_BYTE * len(data):
            raise Unreadable("too_large")
        if "content.xml" not in archive.namelist():
            return 0
        most = {b"rows": 1, b"columns": 1}
        with archive.open("content.xml") as content:
            tail = b""
            while chunk := content.read(1 << 20):
                for direction, times in _REPEATS.findall(tail + chunk):
                    most[direction] = max(most[direction], int(times[:9]))
                tail = chunk[-80:]
    if most[b"rows"] > LAST_ROW or most[b"columns"] > LAST_COLUMN:
        raise Unreadable("too_large")
    return most[b"rows"] * most[b"columns"]


def _tell(said: Any) -> None:
    sys.stdout.buffer.write(json.dumps(said, ensure_ascii=True, separators=(",", ":")).encode() + b"\n")


def _tell_rows(rows: list[list[Cell]]) -> None:
    lines = []
    for row in rows:
        try:
            lines.append(NEXT_CELL.join(row))  # type: ignore[arg-type]
        except TypeError:  # not all are text
            lines.append(NEXT_CELL.join([cell if type(cell) is str else _text(cell) for cell in row]))
    text = NEXT_ROW.join(lines)
    if rows and all(rows) and text.count(NEXT_CELL) + text.count(NEXT_ROW) == sum(map(len, rows)) - 1:
        told = text.encode()
        sys.stdout.buffer.write(b"+%d\n" % len(told) + told)
    else:  # a cell has one of them itself
        _tell([[_text(cell) for cell in row] for row in rows])


def _read(data: bytes) -> None:
    claimed = 0
    if data.startswith(b"PK"):
        claimed = _check_size(data)
    elif _ENCRYPTED in data:
        raise Unreadable("password")
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    except PasswordError:
        raise
    except CalamineError as error:  # empty rows may repeat a million times; cells that say something may not
        raise Unreadable("too_large" if claimed > MOST_CELLS else "unreadable") from error
    with workbook:
        for sheet in workbook.sheets_metadata:
            if sheet.typ != SheetTypeEnum.WorkSheet or sheet.visible != SheetVisibleEnum.Visible:
                continue
            table = workbook.get_sheet_by_name(sheet.name)
            if table.start is None:
                continue
            _tell({"sheet": sheet.name})
            batch = []
            for row in table.iter_rows():  # with the empty rows above the first cell
                batch.append(row)
                if len(batch) == BATCH:
                    _tell_rows(batch)
                    batch = []
            _tell_rows(batch)


def _main() -> None:
    gc.disable()  # rows are no cycles
    size = int(sys.argv[1])
    memory = min(MEMORY_FLOOR + MEMORY_PER_BYTE * size, MEMORY_CEILING)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        _read(sys.stdin.buffer.read())
    except PasswordError:
        _tell({"error": "password"})
    except Unreadable as error:
        _tell({"error": error.args[0]})
    except MemoryError:
        _tell({"error": "too_large"})
    except (CalamineError, zipfile.BadZipFile, ValueError, OSError, EOFError):
        _tell({"error": "unreadable"})


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        _main()
