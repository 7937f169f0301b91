"""What raises and lowers a subject's credit, how long it counts, and what follows from it (R1.3, R3.2.2e, R3.3.2c).

An event has points that count for some months. A subject's class is that of the directory, moved by the points that
count today; who stands on a list, or under joint punishment, is held down whatever the points say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from rules import results
from rules.leads import CASE, CORRECTED, PROSECUTION
from rules.strata import CLASSES, UNRATED

YEAR = 12  # months


class Effect(NamedTuple):
    """What an event is worth, and for how many months it counts."""

    points: int
    months: int


EFFECTS = {
    f"result.{results.CLEAN}": Effect(2, YEAR),
    f"result.{results.NOT_DISCLOSED}": Effect(-8, YEAR),
    f"result.{results.FALSE_DISCLOSURE}": Effect(-20, 3 * YEAR),
    f"result.{results.UNREACHABLE}": Effect(-10, YEAR),
    f"result.{results.CORRECTION}": Effect(-6, YEAR),
    f"result.{results.PENDING}": Effect(-8, YEAR),
    f"result.{results.OBSTRUCTED}": Effect(-25, 3 * YEAR),
    f"outcome.{CASE}": Effect(-15, 3 * YEAR),
    f"outcome.{CORRECTED}": Effect(-6, YEAR),
    f"outcome.{PROSECUTION}": Effect(-40, 5 * YEAR),
    "complaint": Effect(-3, YEAR),
    "warning.low": Effect(0, YEAR),  # kept and shown, no more
    "warning.medium": Effect(-3, YEAR),
    "warning.high": Effect(-10, YEAR),
    "commitment.made": Effect(3, YEAR),
    "commitment.broken": Effect(-20, 3 * YEAR),
    "punishment.admonition": Effect(-5, YEAR),
    "punishment.fine": Effect(-15, 3 * YEAR),
    "punishment.suspension": Effect(-30, 3 * YEAR),
    "punishment.revocation": Effect(-40, 5 * YEAR),
}
START = {"A": 92, "B": 78, "C": 60, "D": 40}  # points of a class that the directory gives
LEAST = {"A": 85, "B": 70, "C": 50}  # points that a class needs; below is D
MOST_GAIN = 10  # by good conduct in all: it cannot buy off a grave violation

ABNORMAL, SERIOUS = "abnormal", "serious"  # 经营异常名录, 严重违法失信名单
LISTS = (ABNORMAL, SERIOUS)
KEEPER = "市场监管"  # the department that decides on both
AT_BEST = {ABNORMAL: "C", SERIOUS: "D"}  # the class of who stands on a list
PUNISHED = "D"  # and of who is under joint punishment

GROUNDS = {  # results that lead to the abnormal-operation list (经营异常名录管理暂行办法, art. 4)
    results.NOT_DISCLOSED: ABNORMAL,
    results.FALSE_DISCLOSURE: ABNORMAL,
    results.UNREACHABLE: ABNORMAL,
}
TOO_LONG, GRAVE = "too_long", "grave"  # grounds of the list of serious violations
YEARS_TO_SERIOUS = 3  # on the abnormal list
ENTER, LEAVE, REPAIR = "enter", "leave", "repair"  # what is proposed: 列入, 移出, 信用修复
DEADLINES = {ENTER: "abnormal", LEAVE: "list_leave", REPAIR: "repair"}  # the kinds of `rules.deadlines.TABLE`


class Term(NamedTuple):
    """How many months a punishment decision has effect, and after how many of them repair may be asked for.

    `joint`: it puts the subject on the joint-punishment list (联合惩戒).
    """

    months: int
    repair_after: int
    joint: bool


PUNISHMENTS = {  # 警告、通报批评; 罚款、没收; 停业、限制经营; 吊销 (市场监督管理信用修复管理办法)
    "admonition": Term(3, 0, joint=False),
    "fine": Term(36, 6, joint=True),
    "suspension": Term(36, 12, joint=True),
    "revocation": Term(36, 12, joint=True),
}
GRAVE_PUNISHMENTS = ("suspension", "revocation")  # propose the list of serious violations

COMMITMENTS = ("approval", "disclosure", "conduct", "repair")  # 审批替代型, 主动公示型, 行业自律型, 信用修复型
LEVELS = ("low", "medium", "high")  # of a risk warning
_LEVEL_WORDS = {
    "low": "低 低风险 蓝 蓝色 蓝色预警 四级 IV级 提示 关注",
    "medium": "中 中风险 黄 黄色 黄色预警 三级 二级 III级 II级 橙 橙色 橙色预警 较高 较高风险 一般 一般风险",
    "high": "高 高风险 红 红色 红色预警 一级 I级 重大 重大风险 严重",
}
_LEVELS = {word: level for level, words in _LEVEL_WORDS.items() for word in (level, *words.split())}

MANY_COMPLAINTS = 3  # within a year: a key subject (R3.2.2e)
MANY_WARNINGS = 3  # of medium level within a year
COUNTED = YEAR  # months that complaints and warnings count towards being a key subject
KEY_RISK, KEY_COMPLAINTS = "risk", "complaints"

TOPICS = ("results", "cases", "lists", "punishments", "warnings", "commitments")  # what a department can subscribe to


@dataclass(frozen=True)
class Happened:
    """An event as the rules see it: what, when, its points, and the first day on which it no longer counts."""

    code: str
    on: date
    points: int
    until: date


@dataclass(frozen=True)
class Reason:
    """Why somebody is a key subject: the flag, the cause, how many or on which day, and until when (None: open)."""

    flag: str
    cause: str
    number: int
    until: date | None


def months_after(day: date, months: int) -> date:
    """The same day so many months later; the last of the month where that has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has a 28th")


def happened(code: str, on: date) -> Happened | None:
    """The event of a code on a day; None where it has no effect on credit."""
    effect = EFFECTS.get(code)
    return Happened(code, on, effect.points, months_after(on, effect.months)) if effect else None


def counting(events: Iterable[Happened], since: date | None, today: date) -> list[Happened]:
    """The events that count today; those before `since` are in the directory's class already."""
    return [one for one in events if one.on <= today < one.until and (since is None or one.on >= since)]


def score(base: str, events: Iterable[Happened], today: date, since: date | None = None) -> int:
    """The points of a subject, 0 to 100: those of its class in the directory, and those of the events that count."""
    points = [one.points for one in counting(events, since, today)]
    gain = min(sum(one for one in points if one > 0), MOST_GAIN)
    loss = sum(one for one in points if one < 0)
    return max(0, min(100, START[base if base in START else UNRATED] + gain + loss))


def grade(points: int, listed: Collection[str], *, punished: bool) -> str:
    """The class of so many points; lists and joint punishment hold it down (R3.3.2c)."""
    earned = next((name for name, least in LEAST.items() if points >= least), CLASSES[-1])
    held = [AT_BEST[one] for one in listed] + [PUNISHED] * punished
    return max([earned, *held], key=CLASSES.index)


def next_review(days: Iterable[date], today: date) -> date | None:
    """The next day on which something ceases to count; None: nothing will by itself."""
    return min((day for day in days if day > today), default=None)


def key_reasons(
    listed: Collection[str], complaints: Sequence[date], warnings: Sequence[tuple[str, date]], today: date
) -> list[Reason]:
    """Why a subject is a key subject today by rule (重点检查对象, R3.2.2e, R3.3.2a), in the order of the lists.

    `warnings` are levels and days. One warning of high level is enough, or `MANY_WARNINGS` of medium level.
    """
    found = [Reason(one, f"list.{one}", 0, None) for one in LISTS if one in listed]
    recent = sorted(day for day in complaints if _recent(day, today))
    if len(recent) >= MANY_COMPLAINTS:
        until = months_after(recent[-MANY_COMPLAINTS], COUNTED)
        found.append(Reason(KEY_COMPLAINTS, "complaints", len(recent), until))
    high = sorted(day for level, day in warnings if level == "high" and _recent(day, today))
    medium = sorted(day for level, day in warnings if level == "medium" and _recent(day, today))
    if high:
        found.append(Reason(KEY_RISK, "warning.high", len(high), months_after(high[-1], COUNTED)))
    elif len(medium) >= MANY_WARNINGS:
        until = months_after(medium[-MANY_WARNINGS], COUNTED)
        found.append(Reason(KEY_RISK, "warning.medium", len(medium), until))
    return found


def _recent(day: date, today: date) -> bool:
    return day <= today < months_after(day, COUNTED)


def level_of_word(word: str) -> str | None:
    """The level that a word of a warning list means (高风险, 红色, high); None if unknown."""
    return _LEVELS.get(word, _LEVELS.get(word.lower()))


def repair_from(kind: str, starts: date) -> date:
    """The first day on which the repair (信用修复) of a punishment may be asked for."""
    return months_after(starts, PUNISHMENTS[kind].repair_after)


def too_long(entered: date, today: date) -> bool:
    """Whether somebody has stood on the abnormal list for so long that the list of serious violations is next."""
    return today >= months_after(entered, YEARS_TO_SERIOUS * 12)
