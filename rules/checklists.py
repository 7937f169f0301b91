"""How a point of a checklist is answered: yes or no, measured, chosen, sampled or in words; and when it need not be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from rules.refusal import Refusal

WORDS = {
    "": "yes_no",
    "是否": "yes_no",
    "yes/no": "yes_no",
    "数值": "number",
    "number": "number",
    "选择": "choice",
    "choice": "choice",
    "抽样": "sample",
    "sample": "sample",
    "文字": "text",
    "text": "text",
}
_NUMBER = r"[-−]?\d+(?:\.\d+)?"
_LIMITS = re.compile(
    rf"(?:(?P<low>{_NUMBER})\s*[~～至]\s*(?P<high>{_NUMBER})|[≤<=]+\s*(?P<most>{_NUMBER})|[≥>=]+\s*(?P<least>{_NUMBER}))?"
    r"\s*(?P<unit>\S.*)?"
)
_MEASURED = re.compile(rf"({_NUMBER})\s*(\D*)")
_SAMPLED = re.compile(
    r"(?P<all>全部|all)?\s*(?P<sampled>\d{1,4})(?:\s*[/／]\s*(?P<failed>\d{1,4}))?\s*(?P<all_too>全部|all)?", re.I
)
_CONDITION = re.compile(r"(?P<number>\d{1,3})\s*=\s*(?P<value>.+)")
FAILS = "*"  # behind a choice that does not conform
LONGEST_READING = 200  # characters


@dataclass(frozen=True)
class Kind:
    """How a point is answered. `low` and `high` are the limits within which a number conforms, both included."""

    name: str
    low: Decimal | None = None
    high: Decimal | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()
    failing: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Entry:
    """What was entered: whether it conforms (yes or no), and what was read, chosen or sampled."""

    value: str
    reading: str


def kind(answer: str) -> Kind:
    """What a checklist says in its column 作答方式: `数值 2~8 ℃`, `选择 有;无*`, `抽样`, `文字`, or nothing.

    Refused (`checklists.kind`) if it says something else.
    """
    word, _, rest = answer.strip().partition(" ")
    name = WORDS.get(word.lower())
    if name == "number" and (match := _LIMITS.fullmatch(rest.strip())):
        low, high = match["low"] or match["least"], match["high"] or match["most"]
        unit = (match["unit"] or "").strip()
        return Kind(name, _decimal(low) if low else None, _decimal(high) if high else None, unit)
    if name == "choice":
        listed = [one.strip() for one in re.split("[;；]", rest) if one.strip()]
        choices = tuple(one.removesuffix(FAILS) for one in listed)
        failing = frozenset(one.removesuffix(FAILS) for one in listed if one.endswith(FAILS))
        if len(set(choices)) == len(choices) >= 2 and failing < set(choices):
            return Kind(name, choices=choices, failing=failing)
    elif name and name != "number" and not rest.strip():
        return Kind(name)
    raise Refusal("checklists.kind", answer=answer)


def read(how: Kind, text: str, min_sample: int = 0) -> Entry:
    """What somebody typed as the answer to a point. Refused with what is expected instead.

    A sample is `5` (five looked at, all conform) or `5/1` (one of them does not); fewer than `min_sample` only with
    `全部`: there were no more.
    """
    text = text.strip()[:LONGEST_READING]
    if how.name == "number":
        return _measured(how, text)
    if how.name == "choice":
        for choice in how.choices:
            if text == choice:
                return Entry("no" if choice in how.failing else "yes", choice)
        raise Refusal("checklists.choice", choices="、".join(how.choices))
    if how.name == "sample" or (how.name == "yes_no" and min_sample):
        return _sampled(text, min_sample)
    if how.name == "text" and text:
        return Entry("yes", text)
    raise Refusal("checklists.yes_or_no")


def unasked(how: Kind, min_sample: int = 0) -> Entry | None:
    """What `余下全部符合` says of a point; None where nobody can say it without having measured or chosen."""
    if how.name == "choice":
        fine = [choice for choice in how.choices if choice not in how.failing]
        return Entry("yes", fine[0]) if len(fine) == 1 else None
    if how.name == "number":
        return None
    sampled = how.name == "sample" or min_sample > 0
    return Entry("yes", f"{max(1, min_sample)}/0" if sampled and how.name != "text" else "")


def applies(only_if: str, answers: Mapping[int, tuple[str, str]]) -> bool:
    """Whether a point is asked: without a condition always; with `3=no` or `3=有` if point 3 was answered so.

    `answers` are value and reading by the number of the point within the checklist.
    """
    if not only_if.strip():
        return True
    match = _CONDITION.fullmatch(only_if.strip())
    if match is None:
        raise Refusal("checklists.condition", condition=only_if)
    return match["value"].strip() in answers.get(int(match["number"]), ())


def _measured(how: Kind, text: str) -> Entry:
    match = _MEASURED.fullmatch(text)
    unit = match[2].strip() if match else ""
    if match is None or (unit and unit != how.unit):
        raise Refusal("checklists.number", unit=how.unit)
    value = _decimal(match[1])
    outside = (how.low is not None and value < how.low) or (how.high is not None and value > how.high)
    return Entry("no" if outside else "yes", f"{value:f} {how.unit}".strip())


def _sampled(text: str, min_sample: int) -> Entry:
    match = _SAMPLED.fullmatch(text)
    if match is None or int(match["failed"] or 0) > int(match["sampled"]):
        raise Refusal("checklists.sample", least=max(1, min_sample))
    sampled, failed = int(match["sampled"]), int(match["failed"] or 0)
    every = bool(match["all"] or match["all_too"])
    if sampled < max(1, min_sample) and not (every and sampled):
        raise Refusal("checklists.sample_small", least=max(1, min_sample))
    return Entry("no" if failed else "yes", f"{sampled}/{failed}" + ("*" if every else ""))


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace("−", "-"))
