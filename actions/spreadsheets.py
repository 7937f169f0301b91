"""Reads tables as departments send them: CSV in any Chinese encoding, XLSX, XLS, ODS, packed or not."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import date, timedelta
from itertools import chain, islice
from typing import BinaryIO

from actions import workbooks
from actions.headers import MOST_COLUMNS, Column, Numbered, Table, find_header, table_of
from rules.refusal import Refusal

Source = bytes | BinaryIO  # a file in memory, or one that can be read again from its beginning

LONGEST_LINE = 1 << 20  # characters
MOST_UNPACKED = 4 << 30  # bytes of text
MOST_WORKBOOK = 256 << 20  # bytes of a workbook, which is read whole
PACKED_RATIO = 200  # honest text packs to a fifth or a tenth
HEADER_WITHIN = 60  # lines at the top of a file among which its header must be
PIECE = 1 << 18
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ELSEWHERE = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"Rar!", b"7z\xbc\xaf", b"GIF8", b"BM")
_WEB_PAGE = re.compile(rb"\s*<(!doctype html|html|table|\?xml)", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]00?:00(?::00)?(?:\.0+)?)?")
_SHORT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SERIAL = re.compile(r"[1-9]\d{4}")
_SERIAL_ZERO = date(1899, 12, 30)


def day(words: str) -> date:
    """The day that a cell means: 2026-12-31, 2026/12/31, 2026年12月31日, 20261231, or a serial number.

    Serial numbers count from 1900, as text does not tell of another epoch. ValueError if it means none.
    """
    match = _DAY.fullmatch(words) or _SHORT_DAY.fullmatch(words)
    if match:
        return date(int(match[1]), int(match[2]), int(match[3]))
    if _SERIAL.fullmatch(words):
        return _SERIAL_ZERO + timedelta(days=int(words))
    raise ValueError(words)


@contextmanager
def reading(source: Source, *kinds: Sequence[Column]) -> Generator[Table]:
    """Open a table by what it is, not by how it is called, and find its header among its first rows.

    Of several `kinds` of table it is the one whose header fits best.

    Refused with `imports.` `empty`, `password`, `too_large`, `web_page`, `unreadable`, `no_header`, or
    `column_missing` (gap `columns`: the names of those that are needed); while they are read, the rows may
    still refuse with `broken_row` (gap `row`), `too_large` or `unreadable`.
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    file.seek(0)
    try:
        start = _start(file)
        if start.startswith((b"PK\x03\x04", _OLE)):
            with _sheet(_whole(file), kinds) as table:
                yield table
        elif start.startswith(_ELSEWHERE):
            raise Refusal("imports.unreadable")
        elif _WEB_PAGE.match(start):
            raise Refusal("imports.web_page")
        elif not start:
            raise Refusal("imports.empty")
        else:
            yield _text_table(file, kinds)
    except workbooks.Unreadable as error:
        raise Refusal(f"imports.{error.args[0]}") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Refusal("imports.unreadable") from error


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """The bytes of a file from its beginning, unpacked if it is packed, within the limits."""
    file.seek(0)
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    unpacked = gzip.GzipFile(fileobj=file) if packed else file
    total = 0
    while piece := unpacked.read(PIECE):
        total += len(piece)
        if total > MOST_UNPACKED or (packed and total > 4 * PIECE + PACKED_RATIO * file.tell()):
            raise Refusal("imports.too_large")
        yield piece


def _start(file: BinaryIO) -> bytes:
    return next(_pieces(file), b"")


def _whole(file: BinaryIO) -> bytes:
    parts, size = [], 0
    for piece in _pieces(file):
        size += len(piece)
        if size > MOST_WORKBOOK:
            raise Refusal("imports.too_large")
        parts.append(piece)
    return b"".join(parts)


# Text


def _encoding(file: BinaryIO) -> str:
    """The encoding in which the whole file can be read; if there is none, the one that gets furthest."""
    start = _start(file)
    if start.startswith(BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in start[:1000]:  # UTF-16 without its mark: the commas and digits have a zero on one side
        return "utf-16-le" if start[1:1000:2].count(0) > start[0:1000:2].count(0) else "utf-16-be"
    reached = {"utf-8": _readable(file, "utf-8")}
    if reached["utf-8"] < float("inf"):
        reached["gb18030"] = _readable(file, "gb18030")
    return max(reached, key=lambda encoding: reached[encoding])


def _readable(file: BinaryIO, encoding: str) -> float:
    """How many bytes can be read in an encoding before the first error; infinity if there is none."""
    decoder = getincrementaldecoder(encoding)()
    done = 0
    for piece in _pieces(file):
        try:
            decoder.decode(piece)
        except UnicodeDecodeError as error:
            return done + error.start
        done += len(piece)
    with suppress(UnicodeDecodeError):
        decoder.decode(b"", final=True)
        return float("inf")
    return done


def _lines(file: BinaryIO, encoding: str) -> Iterator[str]:
    """The lines of a text, none longer than a table's could be; what cannot be read becomes U+FFFD."""
    decoder = getincrementaldecoder(encoding)(errors="replace")
    rest = ""
    for piece in chain(_pieces(file), (b"",)):
        text = rest + decoder.decode(piece, final=not piece)
        held = "\r" if piece and text.endswith("\r") else ""  # its LF may follow
        *lines, rest = text.removesuffix(held).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if len(rest) > LONGEST_LINE:
            raise Refusal("imports.unreadable")
        rest += held
        yield from lines
    if rest:
        yield rest


def _records(lines: Iterable[str], delimiter: str) -> Iterator[Numbered]:
    reader = csv.reader((line + "\n" for line in lines), delimiter=delimiter)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            yield number, cells
    except csv.Error as error:  # a quotation mark that is never closed
        raise Refusal("imports.broken_row", row=number + 1) from error


def _text_table(file: BinaryIO, kinds: Sequence[Sequence[Column]]) -> Table:
    encoding = _encoding(file)
    top = list(islice(_lines(file, encoding), HEADER_WITHIN))
    tries = []
    for delimiter in ",\t;|":
        with suppress(Refusal):
            tries.append((find_header(list(_records(top, delimiter)), kinds), delimiter))
    if not tries:
        raise Refusal("imports.no_header")
    header, delimiter = max(tries, key=lambda found: found[0].fits)
    rows = islice(_records(_lines(file, encoding), delimiter), header.place + 1, None)
    return table_of(header, kinds, rows, width=len(header.titles))


# Workbooks


@contextmanager
def _sheet(workbook: bytes, kinds: Sequence[Sequence[Column]]) -> Generator[Table]:
    """The first sheet that has all needed columns; else the complaint about the one that comes closest."""
    with closing(workbooks.sheets(workbook)) as sheets:
        best = None
        for _, rows in sheets:
            top = list(islice(rows, HEADER_WITHIN))
            header = find_header(top, kinds)
            if header.complete:
                rest = chain(top[header.place + 1 :], rows)
                yield table_of(header, kinds, rest, width=MOST_COLUMNS)
                return
            if best is None or header.fits > best.fits:
                best = header
        if best is None:
            raise Refusal("imports.empty")
        table_of(best, kinds, iter(()), width=0)
