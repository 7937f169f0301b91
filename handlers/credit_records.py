"""Entering what a department knows of a subject: what it promised (信用承诺), how it was punished (R1.3, R3.3.2c)."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from actions import credit_records
from actions.credit_class import may_see
from handlers import credit
from handlers.buttons import button, leaf
from handlers.turn import Rows, Turn
from handlers.wording import brief
from models.credit import Commitment
from models.subjects import Subject
from rules import credit as rules
from rules.refusal import Refusal
from rules.typed import with_day

SHOWN = 4


async def promises(turn: Turn, subject: Subject, head: Markup | None = None) -> None:
    """`信用承诺`: what a subject promised, and whether it kept its word."""
    words = turn.words
    found = await credit_records.commitments_of(turn.session, subject)
    page = turn.args[1] if len(turn.args) > 1 else 0
    shown, more = leaf(words, found, "credit_promises", subject.id, page=page, size=SHOWN)
    lines = [head] if head else []
    lines.append(
        words("credit.promises", name=subject.name) if found else words("credit.no_promises", name=subject.name)
    )
    rows: Rows = [[button(words, "credit_promise", subject.id)]]
    for number, one in shown:
        key = "credit.promise_broken" if one.broken_on else "credit.promise_line"
        told: dict[str, Any] = {"day": one.made_on, "words": brief(one.words, 80)}
        if one.broken_on:
            told |= {"broken": one.broken_on, "reason": brief(one.broken_because, 80)}
        lines.append(words(key, number=number, kind=words(f"credit.commitment.{one.kind}"), **told))
        if not one.broken_on:
            rows.append([button(words, "credit_broken", one.id, version=one.version, number=number)])
    rows += more
    rows.append([button(words, "credit", subject.id, label="button.back")])
    await turn.show(f"credit:{subject.id}", Markup("\n").join(lines), rows)


async def choose_promise(turn: Turn, subject: Subject) -> None:
    """`登记承诺`: of which kind?"""
    words = turn.words
    buttons = [
        button(words, "credit_promise_is", subject.id, number, label=f"credit.commitment.{kind}")
        for number, kind in enumerate(rules.COMMITMENTS)
    ]
    rows = [buttons[:2], buttons[2:], [button(words, "credit_promises", subject.id, label="button.back")]]
    await turn.show(f"credit:{subject.id}", words("credit.which_promise", name=subject.name), rows)


async def ask_promise(turn: Turn, subject: Subject) -> None:
    """The kind was chosen: what is promised?"""
    kind = _one_of(rules.COMMITMENTS, turn.args[1])
    turn.wait_for("credit.promise", subject=subject.id, kind=kind)
    words = turn.words
    back = [[button(words, "credit_promise", subject.id, label="button.back")]]
    text = words("credit.say_promise", name=subject.name, kind=words(f"credit.commitment.{kind}"))
    await turn.show(f"credit:{subject.id}", text, back)


async def promised(turn: Turn, subject: int, kind: str) -> None:
    """The promise was typed."""
    held = await credit.find(turn, subject)
    await credit_records.commit(turn.session, held, kind, turn.text, turn.person, turn.now)
    turn.wait_no_more()
    await promises(turn, held, turn.words("credit.promised"))


async def load_promise(turn: Turn) -> Commitment:
    """The promise that a button speaks of, for those who may see the subject's credit."""
    return await _promise(turn, turn.args[0])


async def _promise(turn: Turn, commitment_id: int) -> Commitment:
    held = await turn.session.get(Commitment, commitment_id)
    if held is None:
        raise Refusal("gone")
    await may_see(turn.session, held.subject, turn.person)
    return held


async def show_promise(turn: Turn, held: Commitment) -> None:
    """The promises among which one stands."""
    await promises(turn, held.subject)


async def ask_broken(turn: Turn, held: Commitment) -> None:
    """`未履行`: in what?"""
    turn.wait_for("credit.broken", commitment=held.id)
    words = turn.words
    back = [[button(words, "credit_promises", held.subject_id, label="button.back")]]
    text = words("credit.say_broken", name=held.subject.name, words=brief(held.words))
    await turn.show(f"credit:{held.subject_id}", text, back)


async def broken(turn: Turn, commitment: int) -> None:
    """The reason was typed: it counts."""
    held = await _promise(turn, commitment)
    await credit_records.break_commitment(turn.session, held, turn.text, turn.person, turn.now)
    turn.wait_no_more()
    await promises(turn, held.subject, turn.words("credit.noted"))


async def punished(turn: Turn, subject: Subject, head: Markup | None = None) -> None:
    """`处罚惩戒`: the decisions against a subject, from when until when, and what repair was granted."""
    words = turn.words
    found = await credit_records.punishments_of(turn.session, subject)
    page = turn.args[1] if len(turn.args) > 1 else 0
    shown, more = leaf(words, found, "credit_punished", subject.id, page=page, size=SHOWN)
    lines = [head] if head else []
    lines.append(words("credit.punished" if found else "credit.not_punished", name=subject.name))
    rows: Rows = []
    if {"supervisor", "liaison"} & set(turn.person.roles):
        rows.append([button(words, "credit_punish", subject.id)])
    for number, one in shown:
        kind = words(f"credit.punishment.{one.kind}")
        key = "repaired" if one.repaired_on else "ended" if one.ends <= turn.today else "in_force"
        day = words.full_day(one.repaired_on or one.ends)
        lines.append(words(f"credit.punished_{key}", number=number, kind=kind, document=one.document, day=day,
                           start=words.full_day(one.starts)))  # fmt: skip
        if key == "in_force" and rules.PUNISHMENTS[one.kind].repair_after:
            rows.append([button(words, "credit_repair", one.id, number=number)])
    rows += more
    rows.append([button(words, "credit", subject.id, label="button.back")])
    await turn.show(f"credit:{subject.id}", Markup("\n").join(lines), rows)


async def choose_punishment(turn: Turn, subject: Subject) -> None:
    """`登记处罚`: of which kind?"""
    words = turn.words
    rows = [
        [button(words, "credit_punish_is", subject.id, number, label=f"credit.punishment.{kind}")]
        for number, kind in enumerate(rules.PUNISHMENTS)
    ]
    rows.append([button(words, "credit_punished", subject.id, label="button.back")])
    await turn.show(f"credit:{subject.id}", words("credit.which_punishment", name=subject.name), rows)


async def ask_document(turn: Turn, subject: Subject) -> None:
    """The kind was chosen: which decision, of which day?"""
    kind = _one_of(tuple(rules.PUNISHMENTS), turn.args[1])
    turn.wait_for("credit.punish", subject=subject.id, kind=kind)
    words = turn.words
    back = [[button(words, "credit_punish", subject.id, label="button.back")]]
    text = words(
        "credit.say_document", name=subject.name, kind=words(f"credit.punishment.{kind}"), today=f"{turn.today}"
    )
    await turn.show(f"credit:{subject.id}", text, back)


async def punish(turn: Turn, subject: int, kind: str) -> None:
    """Number and day of the decision were typed."""
    held = await credit.find(turn, subject)
    document, day = with_day(turn.text, turn.today)
    made = await credit_records.punish(turn.session, held, kind, document, day, turn.person, turn.now)
    turn.wait_no_more()
    head = turn.words("credit.punishment_kept" if made.joint else "credit.noted", ends=turn.words.full_day(made.ends))
    await punished(turn, held, head)


def _one_of(names: tuple[str, ...], number: int) -> str:
    if number >= len(names):
        raise Refusal("gone")
    return names[number]
