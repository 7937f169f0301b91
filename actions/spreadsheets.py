"""Reads tables as departments send them: CSV in any Chinese encoding, XLSX, XLS, ODS, packed or not."""

from __future__ import annotations

import csv
import gzip
import io
import re
import unicodedata
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, islice
from operator import itemgetter
from typing import BinaryIO, NamedTuple

from actions import workbooks
from rules.refusal import Refusal

Source = bytes | BinaryIO  # a file in memory, or one that can be read again from its beginning
Numbered = tuple[int, list[str]]

LONGEST_LINE = 1 << 20  # characters
MOST_COLUMNS = 512
MOST_UNPACKED = 4 << 30  # bytes of text
MOST_WORKBOOK = 256 << 20  # bytes of a workbook, which is read whole
PACKED_RATIO = 200  # honest text packs to a fifth or a tenth
REASONS = ("未导入原因", "Why not imported")  # the column that is added to rows that are sent back: no column of ours
HEADER_WITHIN = 60  # lines at the top of a file among which its header must be
PIECE = 1 << 18
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ELSEWHERE = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"Rar!", b"7z\xbc\xaf", b"GIF8", b"BM")
_WEB_PAGE = re.compile(rb"\s*<(!doctype html|html|table|\?xml)", re.IGNORECASE)
_HEADER_NOISE = re.compile(r"[\s_*：:\"'“”‘’`\-/、.\u200b\ufeff]")
_REMARK = re.compile(r"[(（\[【].*?[)）\]】]")
_REASONS = frozenset(re.sub(r"\s", "", title).lower() for title in REASONS)
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]00?:00(?::00)?(?:\.0+)?)?")
_SHORT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SERIAL = re.compile(r"[1-9]\d{4}")
_SERIAL_ZERO = date(1899, 12, 30)


class Column(NamedTuple):
    """A column that an import knows: its name here, how files call it, and whether it must be there."""

    name: str
    synonyms: tuple[str, ...]
    needed: bool = False


class Row(NamedTuple):
    """A row: its number as a person sees it, its cells by column, whether it has more cells than the header.

    A cell that a row does not have (short lines of a CSV) is absent; an empty one is the empty text. `line` is all
    that the row has, also in columns that nobody knows.
    """

    number: int
    cells: dict[str, str]
    overflows: bool
    line: Sequence[str] = ()


@dataclass(frozen=True)
class Table:
    """A table with its header: what it is, what its columns are called there, what is ignored, and its rows.

    `kind` is the place among the kinds that were asked for; `titles` is the header as it stands.
    """

    headers: dict[str, str]
    ignored: tuple[str, ...]
    rows: Iterator[Row]
    kind: int = 0
    titles: tuple[str, ...] = ()


class _Header(NamedTuple):
    place: int  # among the rows looked at
    columns: dict[str, int]
    titles: list[str]
    kind: int = 0
    complete: bool = False

    @property
    def fits(self) -> tuple[bool, int]:
        """How well: complete before incomplete, then by the number of columns."""
        return self.complete, len(self.columns)


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
            tries.append((_find_header(list(_records(top, delimiter)), kinds), delimiter))
    if not tries:
        raise Refusal("imports.no_header")
    header, delimiter = max(tries, key=lambda found: found[0].fits)
    rows = islice(_records(_lines(file, encoding), delimiter), header.place + 1, None)
    return _table(header, kinds, rows, width=len(header.titles))


# Workbooks


@contextmanager
def _sheet(workbook: bytes, kinds: Sequence[Sequence[Column]]) -> Generator[Table]:
    """The first sheet that has all needed columns; else the complaint about the one that comes closest."""
    with closing(workbooks.sheets(workbook)) as sheets:
        best = None
        for _, rows in sheets:
            top = list(islice(rows, HEADER_WITHIN))
            header = _find_header(top, kinds)
            if header.complete:
                rest = chain(top[header.place + 1 :], rows)
                yield _table(header, kinds, rest, width=MOST_COLUMNS)
                return
            if best is None or header.fits > best.fits:
                best = header
        if best is None:
            raise Refusal("imports.empty")
        _table(best, kinds, iter(()), width=0)


# Headers


def _plain(title: str) -> str:
    return _HEADER_NOISE.sub("", unicodedata.normalize("NFKC", title)).lower()


def _find_header(rows: Sequence[Numbered], kinds: Sequence[Sequence[Column]]) -> _Header:
    """The header that fits best: of a kind the first row that has all needed columns, else the one that has most."""
    best = _Header(0, {}, [])
    for kind, columns in enumerate(kinds):
        meanings = {_plain(title): column.name for column in columns for title in (column.name, *column.synonyms)}
        for place, (_, titles) in enumerate(rows):
            header = _Header(place, _named(titles, meanings), titles, kind)
            header = header._replace(complete=bool(header.columns) and not _missing(header, columns))
            if header.fits > best.fits:
                best = header
            if header.complete:
                break
    return best


def _named(titles: Sequence[str], meanings: dict[str, str]) -> dict[str, int]:
    """The place of each column that is known."""
    found: dict[str, int] = {}
    for index, title in enumerate(titles[:MOST_COLUMNS]):
        if not title or len(title) > 100:
            continue
        name = meanings.get(_plain(title)) or meanings.get(_plain(_REMARK.sub("", title)))
        if name:
            found.setdefault(name, index)
    return found


def _missing(header: _Header, columns: Iterable[Column]) -> list[Column]:
    return [column for column in columns if column.needed and column.name not in header.columns]


def _table(header: _Header, kinds: Sequence[Sequence[Column]], rows: Iterator[Numbered], width: int) -> Table:
    if not header.columns:
        raise Refusal("imports.no_header")
    missing = _missing(header, kinds[header.kind])
    if missing:
        raise Refusal(
            "imports.column_missing",
            columns="、".join(f"{column.synonyms[0]} ({column.name})" for column in missing),
        )
    used = set(header.columns.values())
    titles = tuple(title.strip() for title in header.titles)
    ignored = tuple(title[:40] for place, title in enumerate(titles) if place not in used and title)
    headers = {name: titles[place] for name, place in header.columns.items()}
    cells = _cells(header.columns, rows, width)
    return Table(
        headers, tuple(title for title in ignored if _plain(title) not in _REASONS), cells, header.kind, titles
    )


def _cells(columns: dict[str, int], rows: Iterator[Numbered], width: int) -> Iterator[Row]:
    """The rows that are not blank; `width` is how many cells a row may have."""
    names, places = tuple(columns), tuple(columns.values())
    enough = max(places) + 1
    pick = itemgetter(*places) if len(places) > 1 else lambda cells: (cells[places[0]],)
    for number, cells in rows:
        if not cells or not (cells[0].strip() or any(map(str.strip, cells))):
            continue
        if len(cells) >= enough:
            row = dict(zip(names, pick(cells)))  # noqa: B905 (as many as there are places)
        else:
            row = {name: cells[place] for name, place in columns.items() if place < len(cells)}
        yield Row(number, row, len(cells) > width and any(map(str.strip, cells[width:])), cells)
