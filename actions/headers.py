"""Finds the header of a table among its first lines, whatever its columns are called, and reads the rows below it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rules.refusal import Refusal

Numbered = tuple[int, list[str]]
MOST_COLUMNS = 512
REASONS = ("未导入原因", "Why not imported")  # the column that is added to rows that are sent back: no column of ours
_HEADER_NOISE = re.compile(r"[\s_*：:\"'“”‘’`\-/、.\u200b\ufeff]")
_REMARK = re.compile(r"[(（\[【].*?[)）\]】]")
_REASONS = frozenset(re.sub(r"\s", "", title).lower() for title in REASONS)


class Column(NamedTuple):
    """A column that an import knows: its name here, how files call it, and whether it must be there."""

    name: str
    synonyms: tuple[str, ...]
    needed: bool = False


class Row(NamedTuple):
    """A row: its number as a person sees it, all its cells, where each column is, whether there are too many."""

    number: int
    line: Sequence[str]
    columns: dict[str, int]
    overflows: bool = False

    @property
    def cells(self) -> dict[str, str]:
        """The cells by column. One that a short line does not have is absent; an empty one is the empty text."""
        there = len(self.line)
        return {name: self.line[place] for name, place in self.columns.items() if place < there}


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


class Header(NamedTuple):
    """A header as it was found: what its titles mean, of which kind of table it is, whether all needed are there."""

    place: int  # among the rows looked at
    columns: dict[str, int]
    titles: list[str]
    kind: int = 0
    complete: bool = False

    @property
    def fits(self) -> tuple[bool, int]:
        """How well: complete before incomplete, then by the number of columns."""
        return self.complete, len(self.columns)


def _plain(title: str) -> str:
    return _HEADER_NOISE.sub("", unicodedata.normalize("NFKC", title)).lower()


def find_header(rows: Sequence[Numbered], kinds: Sequence[Sequence[Column]]) -> Header:
    """The header that fits best: of a kind the first row that has all needed columns, else the one that has most."""
    best = Header(0, {}, [])
    for kind, columns in enumerate(kinds):
        meanings = {_plain(title): column.name for column in columns for title in (column.name, *column.synonyms)}
        for place, (_, titles) in enumerate(rows):
            header = Header(place, _named(titles, meanings), titles, kind)
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


def _missing(header: Header, columns: Iterable[Column]) -> list[Column]:
    return [column for column in columns if column.needed and column.name not in header.columns]


def table_of(header: Header, kinds: Sequence[Sequence[Column]], rows: Iterator[Numbered], width: int) -> Table:
    """The table below a header. Refused: `imports.no_header`, `imports.column_missing`."""
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
    for number, cells in rows:
        if cells and (cells[0].strip() or any(map(str.strip, cells))):
            yield Row(number, cells, columns, len(cells) > width and any(map(str.strip, cells[width:])))
