"""Reads what people type instead of tapping: "3 不符合 许可证过期", "1-20 符合", "D 3倍", "下周三"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from rules.plans import months
from rules.refusal import Refusal
from rules.strata import CLASSES, KEY, KEY_FLAGS, flag_of_word

VALUES = {
    "符合": "yes",
    "合格": "yes",
    "是": "yes",
    "yes": "yes",
    "ok": "yes",
    "不符合": "no",
    "不合格": "no",
    "否": "no",
    "no": "no",
    "不适用": "na",
    "na": "na",
    "n/a": "na",
}
_VALUE = "|".join(sorted(map(re.escape, VALUES), key=len, reverse=True))
_NUMBERS = r"\d+(?:\s*[-~－—至到]\s*\d+)?(?:[\s,，、]+\d+(?:\s*[-~－—至到]\s*\d+)?)*"
_ALL = re.compile(
    rf"(?:全部|余下|其余|余下全部|其余全部|all|rest)\s*(?P<value>{_VALUE})"
    rf"(?:\s*[,，]?\s*(?:除了?|但|except|but)\s*(?P<but>{_NUMBERS}))?\s*[。.]?",
    re.IGNORECASE,
)
_SOME = re.compile(
    rf"第?\s*(?P<numbers>{_NUMBERS})\s*[项条]?\s*[:：]?\s*(?P<value>{_VALUE})(?![a-z])(?P<note>.*)",
    re.IGNORECASE | re.DOTALL,
)
_RANGE = re.compile(r"(\d+)(?:\s*[-~－—至到]\s*(\d+))?")
_READING = re.compile(r"第?\s*(?P<number>\d{1,3})(?:\s*[项条]\s*[:：]?|\s*[:：]|\s)\s*(?P<reading>\S.*)", re.DOTALL)
_FACTOR = re.compile(
    r"([^\W\d]+?)\s*(?:类|class)?\s*[:：=×x*]?\s*(\d{1,6}(?:\.\d{1,4})?)\s*(?:倍|times|x)?", re.IGNORECASE
)
_PERCENT = re.compile(r"(?:比例|ratio)?\s*[:：]?\s*(\d{1,3}(?:\.\d{1,3})?)\s*[%％]", re.IGNORECASE)
_DAY = r"(?:(?P<year{0}>20\d\d)\s*[年./-]\s*)?(?P<month{0}>\d{{1,2}})\s*[月./-]\s*(?P<day{0}>\d{{1,2}})\s*[日号]?"
_DAYS = re.compile(rf"{_DAY.format(1)}\s*(?:[-~－—至到]|to)\s*{_DAY.format(2)}")
_MONTHS = re.compile(r"(?P<first>\d{1,2})\s*月?\s*(?:(?:[-~－—至到]|to)\s*(?P<last>\d{1,2})\s*)?月?份?")
_DAY_AT_END = re.compile(
    r"(?P<words>.*?)[\s，,]*(?P<whole>(?P<year>(?:19|20)\d\d)\s*[-./年]\s*(?P<month>\d{1,2})\s*[-./月]\s*(?P<day>\d{1,2})\s*日?)",
    re.DOTALL,
)
_DATE = re.compile(_DAY.format(""))
_WEEKDAY = re.compile(r"(下)?\s*(?:周|星期|礼拜)\s*([一二三四五六日天])")
_NEAR = {"今天": 0, "today": 0, "明天": 1, "tomorrow": 1, "后天": 2, "大后天": 3}
_COUNT_OF_DAYS = re.compile(r"(\d{1,3})\s*(?:天|日|days?)", re.IGNORECASE)
_TO = re.compile(r"\s*(?:[~－—至到]|\bto\b|\s-\s)\s*|\s+", re.IGNORECASE)
_OPEN_END = re.compile(r"(?:from\s+)(?P<english>.+)|(?P<chinese>.+?)\s*(?:起|开始|onwards?)", re.IGNORECASE)
_BETWEEN = re.compile(r"[,，;；、\n]+")
KEY_WORDS = ("重点", "重点对象", "key", "k")
LONGEST_GUESS = 300  # days of a leave said without years: a longer one is a slip
LONGEST = 200  # points; a longer range is a slip of the thumb


@dataclass(frozen=True)
class Answers:
    """Points by number and what they are; no numbers: all that are open, but for `but`."""

    numbers: tuple[int, ...]
    value: str
    note: str = ""
    but: tuple[int, ...] = ()


def answers(text: str) -> Answers | None:
    """The answers that a text gives, or None if it gives none."""
    text = text.strip()
    if match := _ALL.fullmatch(text):
        return Answers((), VALUES[match["value"].lower()], but=_numbers(match["but"] or ""))
    match = _SOME.fullmatch(text)
    if match is None:
        return None
    numbers = _numbers(match["numbers"])
    return Answers(numbers, VALUES[match["value"].lower()], match["note"].strip(" ，,。：:")) if numbers else None


def reading(text: str) -> tuple[int, str] | None:
    """The number of a point and what was measured, chosen or sampled there: "5 36.5", "第7项：有"."""
    match = _READING.fullmatch(text.strip())
    return (int(match["number"]), match["reading"].strip()) if match else None


def factors(text: str) -> dict[str, Decimal]:
    """The factors that a text gives to strata, by their names in `rules.strata`: "D 3倍，食品药品 6".

    A word that names no stratum stays what it is, so that the table can refuse it. Empty if the text gives none.
    """
    found: dict[str, Decimal] = {}
    for part in filter(None, map(str.strip, _BETWEEN.split(text))):
        match = _FACTOR.fullmatch(part)
        if match is None:
            return {}
        found[_stratum(match[1])] = Decimal(match[2])
    return found


def _stratum(word: str) -> str:
    if word.upper() in CLASSES:
        return word.upper()
    if word.lower() in KEY_WORDS:
        return KEY
    return word.lower() if word.lower() in KEY_FLAGS else flag_of_word(word)


def percent(text: str) -> Decimal | None:
    """The share that a text names, with its sign: "7.5%"."""
    match = _PERCENT.fullmatch(text.strip())
    return Decimal(match[1]) if match else None


def window(text: str, year: int) -> tuple[date, date] | None:
    """The first and last day that a text names: "3月1日至6月30日", or whole months of a year, "3-6月"; None if none.

    The last may lie before the first; whoever asks refuses it.
    """
    text = text.strip()
    try:
        if match := _DAYS.fullmatch(text):
            first, last = (
                date(int(match[f"year{n}"] or year), int(match[f"month{n}"]), int(match[f"day{n}"])) for n in (1, 2)
            )
            return first, last
        if (match := _MONTHS.fullmatch(text)) and (match["last"] or "月" in text):
            return months(year, int(match["first"]), int(match["last"] or match["first"]))
    except ValueError:
        return None
    return None


def day(text: str, today: date) -> date | None:
    """The day that a text names: "12月3日", "2026-12-03", "后天", "周三" (the next one), "下周三" (next week's).

    Without a year it is the next such day from today on. None if it names none.
    """
    text = text.strip().lower()
    if text in _NEAR:
        return today + timedelta(days=_NEAR[text])
    if match := _WEEKDAY.fullmatch(text):
        weekday = "一二三四五六日".index(match[2].replace("天", "日"))
        ahead = weekday - today.weekday()
        return today + timedelta(days=ahead + 7 if match[1] else ahead % 7)
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    named = match["year"]
    for year in (int(named),) if named else range(today.year, today.year + 5):  # 29 February may take a while
        try:
            found = date(year, int(match["month"]), int(match["day"]))
        except ValueError:
            continue
        if named or found >= today:
            return found
    return None


def leave(text: str, today: date) -> tuple[date, date | None] | None:
    """The first and last day of a leave: "12月1日至12月10日", "3天" and "12月10日" (from today), "12月1日起" (no end).

    Without a year it is the next such day, or a leave that lasts already. None if the text names none, or the last
    day is before the first.
    """
    text = text.strip(" 。.")
    if match := _COUNT_OF_DAYS.fullmatch(text):
        return (today, today + timedelta(days=int(match[1]) - 1)) if int(match[1]) else None
    if match := _OPEN_END.fullmatch(text):
        begins = day(match["english"] or match["chinese"], today)
        return (begins, None) if begins else None
    if match := _DAYS.fullmatch(text):
        parts = ["-".join(filter(None, match.group(f"year{n}", f"month{n}", f"day{n}"))) for n in (1, 2)]
    else:
        parts = [part for part in _TO.split(text) if part]
    if len(parts) == 1:
        first, last = today, day(parts[0], today)
    elif len(parts) == 2 and (found := day(parts[0], today)):
        begun = found - timedelta(days=366)  # said without its year, on a day after it
        ends = day(parts[1], today)
        recent = day(parts[0], begun) if ends and found > ends else None
        first = recent if recent and ends and (ends - recent).days < LONGEST_GUESS else found
        last = day(parts[1], first)
    else:
        return None
    if last is None or last < first:
        return None
    guessed = re.search(r"20\d\d", text) is None
    return None if guessed and (last - first).days > LONGEST_GUESS else (first, last)


def _numbers(text: str) -> tuple[int, ...]:
    found: list[int] = []
    for first, last in _RANGE.findall(text):
        if int(last or first) - int(first) > LONGEST:
            return ()
        found += range(int(first), int(last or first) + 1)
    return tuple(dict.fromkeys(found))


def with_day(text: str, today: date) -> tuple[str, date]:
    """The words of a text and the day at its end: "义市监处罚〔2026〕12号 2026-11-20"; without a day it is today.

    Refused for a day that is in no calendar.
    """
    match = _DAY_AT_END.fullmatch(text.strip())
    if match is None:
        return text.strip(), today
    try:
        return match["words"].strip(" ，,"), date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        raise Refusal("typed.no_such_day", day=match["whole"]) from None
