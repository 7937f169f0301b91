"""The words on paper: plain text out of the catalogue, dates and moments with their year, codes as QR and as groups."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import qrcode

Block = dict[str, Any]  # of a sheet: `kind` is facts, listing, words, numbered or hand; see style.typ
Cell = str | dict[str, Any]  # text, or text with strong, red, small or mono
HALF = 36  # what half a line holds, in half-width characters


class Catalogue(Protocol):
    """The words of a language, as `locales.Words` gives them."""

    zone: ZoneInfo

    def __call__(self, key: str, /, n: int | None = None, **gaps: Any) -> Any:
        """The words for a key."""

    def has(self, key: str) -> bool:
        """Whether there are words for a key."""

    def full_day(self, day: date) -> str:
        """A date with its year."""

    def short_day(self, day: date) -> str:
        """A date without its year."""

    def month(self, day: date) -> str:
        """A month with its year."""


class Plain:
    """A catalogue for paper: what it gives is text, never markup."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def __call__(self, key: str, /, n: int | None = None, **gaps: Any) -> str:
        """The words for a key, with the gaps filled as they are."""
        return str(self._catalogue(key, n, **gaps).unescape())

    def has(self, key: str) -> bool:
        """Whether there are words for a key."""
        return self._catalogue.has(key)

    def code(self, noun: str, code: str) -> str:
        """The words for a code of ours (`NOUN.CODE`), or the code itself where there are none."""
        key = f"{noun}.{code}"
        return self(key) if code and self._catalogue.has(key) else code

    def day(self, day: date | str | None) -> str:
        """A date with its year, given as such or in ISO form; empty for none."""
        if not day:
            return ""
        return self._catalogue.full_day(date.fromisoformat(day) if isinstance(day, str) else day)

    def short(self, day: str) -> str:
        """A date in ISO form as month and day alone: 12月8日."""
        return self._catalogue.short_day(date.fromisoformat(day))

    def month(self, day: str) -> str:
        """The month of a date in ISO form, with its year."""
        return self._catalogue.month(date.fromisoformat(day))

    def moment(self, at: datetime | str | None) -> str:
        """A moment to the minute, in the zone of the people: 2026年12月8日 10:21; empty for none."""
        if not at:
            return ""
        local = (datetime.fromisoformat(at) if isinstance(at, str) else at).astimezone(self._catalogue.zone)
        return f"{self._catalogue.full_day(local.date())} {local:%H:%M}"

    def second(self, at: datetime | str) -> str:
        """A moment to the second, for a record of what happened when: 2026-12-08 10:21:07."""
        local = (datetime.fromisoformat(at) if isinstance(at, str) else at).astimezone(self._catalogue.zone)
        return f"{local:%Y-%m-%d %H:%M:%S}"

    @property
    def page(self) -> list[str]:
        """What stands before, between and after the page's number and the number of pages."""
        return self("paper.page", number="\n", total="\n").split("\n")


def groups(digest: str) -> str:
    """A hash in groups of eight characters, so that two can be compared by eye."""
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))


def qr_svg(content: str) -> str:
    """A QR code as a small SVG of black squares."""
    code = qrcode.QRCode(border=0, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(content)
    rows = code.get_matrix()
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, black in enumerate(row) if black)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {len(rows)} {len(rows)}" shape-rendering="crispEdges">'
        f'<path d="{path}"/></svg>'
    )


def pairs(facts: list[tuple[str, Cell]], wide: frozenset[str] = frozenset()) -> list[list[tuple[str, Cell]]]:
    """Label and content, two to a row; empty ones are left out, a wide or a long one has a row of its own."""
    rows: list[list[tuple[str, Cell]]] = []
    room = False  # beside the last one
    for fact in facts:
        text = fact[1] if isinstance(fact[1], str) else str(fact[1]["text"])
        if not text:
            continue
        short = fact[0] not in wide and _width(text) <= HALF and "\n" not in text
        if room and short:
            rows[-1].append(fact)
        else:
            rows.append([fact])
        room = short and not room
    return rows


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
