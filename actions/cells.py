"""What the cells of any imported table mean, and what is wrong with them: words, lists, days, numbers, places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any

from actions.spreadsheets import day
from rules import people

LONGEST = {"name": 200, "address": 400, "staff_no": 32, "certificate": 64, "phone": 60}
LONGEST_OTHER = 200
MOST_TAGS = 50
MOST_WHOLE = 1_000_000_000
THIRD = Decimal("0.001")
CHINA = ((3.0, 54.0), (73.0, 136.0))  # degrees of latitude and of longitude: no number can be both
_EMPTY = frozenset({"N/A", "n/a", "#N/A", "NULL", "null", "None", "-", "--", "—", "——", "/", "无"})
_ODD = re.compile("[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060\ufeff\ufffd\ud800-\udfff]")
_UNSEEN = re.compile("[\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_LIST = re.compile("[;；,，\n]")  # a comma would break a tag in two later (models/base.py)
_NUMBER = re.compile(r"[-+]?[0-9]+(?:[.][0-9]+)?")
_POSITION = re.compile(rf"[(（]?\s*({_NUMBER.pattern})\s*[,，;；\s]\s*({_NUMBER.pattern})\s*[)）]?")
_PHONE = re.compile(r"(?=(?:\D*[0-9]){5})[-+0-9()（） /、,，;；转*#]+")

_COUNT = re.compile(r"[0-9]{1,12}(?:[.][0-9]{1,9})?")
_YES = frozenset({"是", "有", "可", "√", "✓", "y", "yes", "1", "true", "对", "休", "off"})
_NO = frozenset({"", "否", "×", "x", "n", "no", "0", "false", "不", "班", "work"})

Values = dict[str, Any]


class Fault(Exception):
    """What is wrong with a row: in which column, a key under `imports.reason.`, and what the cell says.

    `gaps` are further gaps of the reason's words.
    """

    def __init__(self, column: str, reason: str, value: str = "", **gaps: Any) -> None:
        super().__init__(column, reason, value)
        self.column, self.reason, self.value, self.gaps = column, reason, value, gaps


def tidy(column: str, cell: str, longest: int = 0) -> str:
    """A cell without blanks around it and with single blanks in it; words for "nothing" become nothing.

    `longest` is in characters, by default what suits the column. Fault `unreadable` for a damaged character,
    `too_long`.
    """
    if _ODD.search(cell):
        cell = _UNSEEN.sub("", cell)
    text = " ".join(cell.split())
    if _ODD.search(text):
        raise Fault(column, "unreadable", _ODD.sub("\ufffd", text))
    if len(text) > (longest or LONGEST.get(column, LONGEST_OTHER)):
        raise Fault(column, "too_long", text)
    return "" if text in _EMPTY else text


def are_clean(lines: Iterable[Iterable[str]]) -> bool:
    """Whether no cell of these lines has an odd character or more than one blank in a row: then `plain` will do."""
    text = "|".join(map("|".join, lines))
    return text.isprintable() and "  " not in text and "\ufffd" not in text


def plain(column: str, cells: Iterable[str]) -> list[str]:
    """As `tidy`, for a whole column of lines that are clean."""
    texts = list(map(str.strip, cells))
    longest = max(texts, key=len, default="")
    if len(longest) > LONGEST.get(column, LONGEST_OTHER):
        raise Fault(column, "too_long", longest)
    return texts if _EMPTY.isdisjoint(texts) else ["" if text in _EMPTY else text for text in texts]


def phones(column: str, texts: list[str]) -> list[str]:
    """As `phone`, for a whole column."""
    together = "".join(texts)
    if not (together.isascii() and together.isdigit()) or len(min(filter(None, texts), key=len)) < 5:
        for text in texts:
            phone(column, text)
    return texts


def words(column: str, cell: str) -> Iterator[str]:
    """The words of a list, separated by `;` or a comma of either width or a line break."""
    parts = _LIST.split(cell)
    if len(parts) > MOST_TAGS:
        raise Fault(column, "too_long", cell)
    return filter(None, (tidy(column, part) for part in parts))


def is_list(cell: str) -> bool:
    """Whether a cell is a list, also one with the comma of enumerations (、)."""
    return bool(_LIST.search(cell)) or "、" in cell


def tags(column: str, cell: str) -> tuple[str, ...]:
    """The words of a list, sorted, each once."""
    return tuple(sorted(set(words(column, cell))))


def known(meaning: str | None, column: str, reason: str, text: str) -> str:
    """The meaning that a table of `rules` has found for a word. Fault with this reason if it has found none."""
    if meaning is None:
        raise Fault(column, reason, text)
    return meaning


def phone(column: str, text: str) -> str:
    """A phone number, or several, as written; may be empty. Fault `phone`."""
    if text and not (len(text) >= 5 and text.isascii() and text.isdigit()) and not _PHONE.fullmatch(text):
        raise Fault(column, "phone", text)
    return text


def position(column: str, text: str) -> tuple[float | None, float | None]:
    """Latitude and longitude in degrees, in whichever order they are given; none if empty. Fault `position`."""
    if not text:
        return None, None
    match = _POSITION.fullmatch(text)
    if match:
        latitude, longitude = sorted((float(match[1]), float(match[2])))
        if CHINA[0][0] <= latitude <= CHINA[0][1] and CHINA[1][0] <= longitude <= CHINA[1][1]:
            return latitude, longitude
    raise Fault(column, "position", text)


def date_of(column: str, text: str) -> date | None:
    """The day that a cell means in any of the forms of `spreadsheets.day`; None if empty. Fault `date`."""
    if not text:
        return None
    try:
        return day(text)
    except (ValueError, OverflowError) as error:
        raise Fault(column, "date", text) from error


def until(column: str, text: str) -> date | None:
    """The last day of something, which may be without end (长期). Fault `date`."""
    return people.NO_END if text in ("长期", "永久", "长期有效") else date_of(column, text)


def number(column: str, text: str) -> Decimal | None:
    """A number that is not negative, with or without a per cent sign (5, 5%, 5％); None if empty. Fault `number`.

    A spreadsheet keeps 5 % as 0.05 and shows 5%: what comes from its cells is 0.05, and stays so.
    """
    if not text:
        return None
    bare = text.replace("％", "%").removesuffix("%").strip()
    if not _COUNT.fullmatch(bare):
        raise Fault(column, "number", text)
    return Decimal(bare)


def share(column: str, text: str) -> Decimal | None:
    """A number of percent as it is stored: what is behind the third decimal is cut off, never rounded up."""
    value = number(column, text)
    return None if value is None else value.quantize(THIRD, ROUND_DOWN)


def whole(column: str, text: str) -> int | None:
    """A whole number, 0 or more; None if empty. Fault `whole`."""
    value = number(column, text)
    if value is not None and (value != int(value) or value > MOST_WHOLE):
        raise Fault(column, "whole", text)
    return None if value is None else int(value)


def yes(column: str, text: str) -> bool:
    """Whether a cell says yes: 是, √, 1, yes, true; an empty one says no. Fault `yes_or_no`."""
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise Fault(column, "yes_or_no", text)
