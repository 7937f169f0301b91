"""Training mode: a made-up visit to practise on, with the cards and buttons of a real one (R4.2).

Nothing of it is kept: all there is of it stands in what the chat waits for, and is forgotten with it.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import asdict
from typing import Any

from markupsafe import Markup

from actions import visits
from actions.calendars import official
from handlers import people
from handlers.buttons import button
from handlers.turn import NOTHING, Rows, Turn
from handlers.wording import brief
from locales import Words
from rules import typed
from rules.refusal import Refusal
from rules.spoken import said
from rules.training import LAST, POINTS, WORKING_DAYS, Practice
from rules.typed import Answers

STEPS = {"accept": "accepted", "start": "arriving", "here": "there"}  # what a tap, or its word, leads to


async def begin(turn: Turn, _: Any = None) -> None:
    """`/train`, `练一次`: a made-up visit is offered. Refused while this chat hears what is said at a real one."""
    real = await visits.under_way(turn.session, turn.person)
    if real and (turn.chat.awaiting or {}).get("what") == "visit":
        turn.show_again = people.where_you_are
        raise Refusal("training.busy", name=real.subject.name)
    await _show(turn, Practice())


def step(name: str) -> Any:
    """What `接受`, `开始检查` or `我已到场` does."""

    async def act(turn: Turn, _: Any) -> None:
        practice = _practice(turn)
        practice.step = STEPS[name]
        await _show(turn, practice)

    return act


def answered(value: str) -> Any:
    """What `✅ 符合` or `❌ 不符合` does."""

    async def act(turn: Turn, _: Any) -> None:
        practice = _practice(turn)
        practice.answer(turn.args[0], value)
        await _show(turn, practice)

    return act


async def rest(turn: Turn, _: Any) -> None:
    """`余下全部符合`."""
    practice = _practice(turn)
    practice.answer_all(Answers((), "yes"))
    await _show(turn, practice)


async def again(turn: Turn, _: Any) -> None:
    """`改答案`, `◀ 上一项`: a point is asked again."""
    practice = _practice(turn)
    practice.forget(turn.args[0])
    await _show(turn, practice)


async def sign(turn: Turn, _: Any) -> None:
    """`签名提交`: the end, and what a real visit would go on with."""
    practice = _practice(turn)
    if practice.open or practice.lacking or practice.step != "there":
        await _show(turn, practice)
        return
    turn.wait_no_more()
    words = turn.words
    rows = [[button(words, "train", label="button.train_again"), button(words, "tasks")], [button(words, "me")]]
    await turn.show("training", words("training.done"), rows)


async def stop(turn: Turn, _: Any) -> None:
    """`不练了`."""
    if (turn.chat.awaiting or {}).get("what") == "training":
        turn.wait_no_more()
    await turn.show("training", turn.words("training.stopped"), [[button(turn.words, "me")]])


async def heard(turn: Turn, **_: Any) -> None:
    """Words, a photo or a position instead of a tap."""
    practice = _practice(turn)
    spoken = said(turn.text) if turn.text and not turn.file else None
    if spoken and spoken.step == "sign":
        await sign(turn, None)
        return
    if spoken and spoken.step in STEPS:
        practice.step = STEPS[spoken.step]
        await _show(turn, practice)
    elif turn.file and turn.file.kind == "position":
        practice.step = "there"
        await _show(turn, practice)
    elif practice.step != "there":
        await _show(turn, practice, turn.words("visit.arrive_first"))
    else:
        await _show(turn, practice, _enter(turn, practice))


def _enter(turn: Turn, practice: Practice) -> Markup:
    """What was typed or sent at the checklist; what is to be said about it."""
    words, text, lacking = turn.words, turn.text, practice.lacking
    if turn.file and not lacking:
        return words("training.no_photo")
    if turn.file or (lacking and not typed.answers(text)):
        practice.tell(lacking, text, photo=turn.file is not None)
        return words("finding.noted")
    if entered := typed.answers(text):
        practice.answer_all(entered)
    elif measured := typed.reading(text):
        practice.read(*measured)
    elif practice.open:
        practice.read(practice.open, text)
    else:
        return words("point.not_understood")
    return NOTHING


def _practice(turn: Turn) -> Practice:
    """How far the practice is. Refused where the chat has gone on to something else."""
    kept = dict(turn.chat.awaiting or {})
    if kept.pop("what", "") != "training":
        raise Refusal("training.over")
    return Practice(**deepcopy(kept))  # what the chat waits for is compared with what it waited for


async def _show(turn: Turn, practice: Practice, head: Markup = NOTHING) -> None:
    """The card where the practice stands; what is typed or sent is for it from now on."""
    words = turn.words
    turn.wait_for("training", **asdict(practice))
    if practice.step != "there":
        hint, lines, rows = _before(turn, practice)
    elif practice.lacking:
        hint, lines, rows = _finding(words, practice)
    elif practice.open:
        hint, lines, rows = _point(words, practice.open)
    else:
        hint, lines, rows = _result(words, practice)
    lines = [words("training.title"), *([head] if head else []), *lines]
    lines.append(words("training.hint", hint=words(f"training.hint.{hint}")))
    await turn.show("training", Markup("\n").join(lines), [*rows, [button(words, "train_stop")]])


Part = tuple[str, list[Markup], Rows]  # the key of the hint, the lines, the buttons


def _before(turn: Turn, practice: Practice) -> Part:
    words, name, address = turn.words, turn.words("training.subject"), turn.words("training.address")
    if practice.step == "arriving":
        return (
            "arriving",
            [words("visit.arrive", name=name, address=address)],
            [[button(words, "train_here", label="button.here")]],
        )
    accepted = practice.step == "accepted"
    lines = [
        words("visit.title", name=name, state=words(f"visit.state.{'accepted' if accepted else 'released'}")),
        words("visit.where", address=address),
        words("visit.what", items=words("visit.item", LAST, name=words("training.item"))),
        words("visit.partners", names=words("training.partner")),
        words("visit.due", WORKING_DAYS, due=official().add(turn.today, WORKING_DAYS)),
    ]
    start = button(words, "train_start", label="button.start")
    return (
        practice.step,
        lines,
        [[start] if accepted else [button(words, "train_accept", label="button.accept"), start]],
    )


def _point(words: Words, number: int) -> Part:
    how = POINTS[number - 1]
    lines = [words("point.title", number=number, total=LAST, item=words("training.item"))]
    lines.append(words(f"training.point.{number}"))
    rows: Rows = []
    if how.name == "number":
        lines.append(words("expected.number.high", high=how.high, unit=how.unit))
    else:
        rows.append(
            [
                button(words, "train_yes", number, label="button.yes"),
                button(words, "train_no", number, label="button.no"),
            ]
        )
    back = [button(words, "train_previous", number - 1, label="button.previous")] if number > 1 else []
    return f"point.{number}", lines, [*rows, [*back, button(words, "train_rest", label="button.rest")]]


def _finding(words: Words, practice: Practice) -> Part:
    number = practice.lacking
    note = practice.notes.get(str(number))
    ask = "finding.words" if str(number) in practice.photos else "finding.photo" if note else "finding.both"
    lines = [words(ask, number=number), words(f"training.point.{number}")]
    return "finding", lines, [[button(words, "train_change_answer", number, label="button.change_answer")]]


def _result(words: Words, practice: Practice) -> Part:
    values = list(practice.values.values())
    counts = {value: values.count(value) for value in ("yes", "no", "na")}
    lines = [words("result.counts", name=words("training.subject"), **counts)]
    lines += [words("result.failed", number=one, note=brief(practice.notes[str(one)])) for one in practice.failed]
    return (
        "result",
        lines,
        [
            [button(words, "train_sign", label="button.sign")],
            [button(words, "train_previous", LAST, label="button.previous")],
        ],
    )
