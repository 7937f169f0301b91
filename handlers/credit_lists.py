"""What a supervisor decides about credit: who enters or leaves a list, whose credit is repaired (信用修复, R3.3.2c)."""

from __future__ import annotations

from datetime import date
from typing import Any

from markupsafe import Markup
from sqlalchemy import select

from actions import credit_lists
from actions.credit_class import may_see
from handlers import credit
from handlers.buttons import button, leaf
from handlers.telling import Message, Telling
from handlers.turn import Rows, Turn
from handlers.wording import brief
from locales import Words
from models.credit import CreditProposal, ListEntry, Punishment
from models.visits import Visit
from rules import credit as rules
from rules.refusal import Refusal

SHOWN = 8  # proposals of a list
ASKED = "asked"  # a ground that says no more than the words do


async def waiting(turn: Turn, _: Any = None) -> None:
    """`待决定`: what waits for a supervisor, the most pressing first."""
    words, person = turn.words, turn.needs("supervisor")
    found = await credit_lists.waiting(turn.session, person.organ_id)
    lines = [words("credit.to_decide", len(found)) if found else words("credit.nothing_to_decide")]
    rows: Rows = []
    shown, more = leaf(words, found, "credit_waiting", page=turn.args[0] if turn.args else 0, size=SHOWN)
    for _, one in shown:
        due = credit.until(words, one.decide_by, turn.today)
        lines.append(words("credit.to_decide_line", what=title(words, one), name=one.subject.name, due=due))
        rows.append([button(words, "credit_proposal", one.id, label="button.item", name=one.subject.name)])
    rows += more
    rows.append([button(words, "credit_all", label="button.back")])
    await turn.show("credit", Markup("\n").join(lines), rows)


async def load(turn: Turn) -> CreditProposal:
    """The proposal that a button speaks of."""
    return await find(turn, turn.args[0])


async def find(turn: Turn, proposal_id: int) -> CreditProposal:
    """A proposal, locked for this turn. Refused to who neither decides nor asked."""
    query = select(CreditProposal).where(CreditProposal.id == proposal_id).with_for_update(of=CreditProposal)
    held = await turn.session.scalar(query)
    if held is None:
        raise Refusal("gone")
    if turn.person.id != held.asked_by and turn.person.organ_id != held.organ_id:
        raise Refusal("credit.not_yours")
    return held


async def show(turn: Turn, held: CreditProposal) -> None:
    """What is proposed and why, until when, and what can be done."""
    text = await describe(turn.words, held, turn)
    await turn.show(f"credit_proposal:{held.id}", text, await _rows(turn, held))


def title(words: Words, held: CreditProposal) -> Markup:
    """What is proposed, in a few words."""
    return words(f"credit.proposal.{held.kind}", list=words(f"credit.list.{held.list}") if held.list else "")


async def describe(words: Words, held: CreditProposal, tell: Any) -> Markup:
    """A proposal as a card: to a turn or a telling."""
    lines = [words("credit.proposal", what=title(words, held), name=held.subject.name)]
    if held.ground != ASKED:
        lines.append(words("credit.because", ground=await _ground(words, held, tell)))
    if held.asker:
        lines.append(words("credit.asked_by", name=held.asker.name, words=brief(held.words)))
    if held.state == "asked":
        lines.append(words("credit.decide", due=credit.until(words, held.decide_by, tell.today)))
    else:
        who = held.decider.name if held.decider else ""
        lines.append(words(f"credit.{held.state}", name=who, reason=held.reason, at=held.decided_at))
    return Markup("\n").join(lines)


async def _ground(words: Words, held: CreditProposal, tell: Any) -> Markup:
    if held.kind == rules.REPAIR and held.punishment:
        one = held.punishment
        return words("credit.ground_repair", kind=words(f"credit.punishment.{one.kind}"), document=one.document,
                     ends=words.full_day(one.ends))  # fmt: skip
    visit = await tell.session.get(Visit, held.visit_id) if held.visit_id else None
    reason = credit.ground(words, held.ground)
    if visit is None:
        return reason
    names = words("comma").join(seat.person.name for seat in visit.seats if seat.person)
    return words("credit.ground_visit", ground=reason, names=names, task=visit.task.name)


async def _rows(tell: Turn | Telling, held: CreditProposal) -> Rows:
    """The answers, for who may give one: not who asked for it or found it."""
    words, v = tell.words, held.version
    see = button(words, "credit", held.subject_id, label="button.credit")
    try:
        await credit_lists.may_decide(tell.session, held, tell.person)
    except Refusal:
        return [[see]]
    decide = [button(words, "credit_yes", held.id, version=v), button(words, "credit_no", held.id, version=v)]
    return [decide, [see]] if held.state == "asked" else [[see]]


async def approve(turn: Turn, held: CreditProposal) -> None:
    """`同意`."""
    await credit_lists.approve(turn.session, held, turn.person, turn.now)
    await show(turn, held)


async def ask_why(turn: Turn, held: CreditProposal) -> None:
    """`不同意`: why?"""
    await credit_lists.may_decide(turn.session, held, turn.person)
    turn.wait_for("credit.refuse", proposal=held.id)
    back = [[button(turn.words, "credit_proposal", held.id, label="button.back")]]
    text = turn.words("credit.why_not", what=title(turn.words, held), name=held.subject.name)
    await turn.show(f"credit_proposal:{held.id}", text, back)


async def refuse(turn: Turn, proposal: int) -> None:
    """The reason was typed."""
    held = await find(turn, proposal)
    await credit_lists.refuse(turn.session, held, turn.said(), turn.person, turn.now)
    turn.wait_no_more()
    await show(turn, held)


async def entry(turn: Turn) -> ListEntry:
    """The entry of a list that a button speaks of, for those who may see the subject's credit."""
    return await _entry(turn, turn.args[0])


async def _entry(turn: Turn, entry_id: int) -> ListEntry:
    held = await turn.session.get(ListEntry, entry_id)
    if held is None:
        raise Refusal("gone")
    await may_see(turn.session, held.subject, turn.person)
    return held


async def ask_leave(turn: Turn, held: ListEntry) -> None:
    """`申请移出`: why may it leave the list?"""
    if held.left_on:
        raise Refusal("credit.left_already")
    turn.wait_for("credit.leave", entry=held.id)
    words = turn.words
    back = [[button(words, "credit", held.subject_id, label="button.back")]]
    text = words("credit.why_leave", name=held.subject.name, list=words(f"credit.list.{held.list}"))
    await turn.show(f"credit:{held.subject_id}", text, back)


async def leave(turn: Turn, entry: int) -> None:
    """The reason was typed: the supervisors are asked."""
    held = await _entry(turn, entry)
    made = await credit_lists.ask_leave(turn.session, held, turn.said(), turn.person, turn.now)
    turn.wait_no_more()
    await show(turn, made)


async def punishment(turn: Turn) -> Punishment:
    """The punishment that a button speaks of, for those who may see the subject's credit."""
    return await _punishment(turn, turn.args[0])


async def _punishment(turn: Turn, punishment_id: int) -> Punishment:
    held = await turn.session.get(Punishment, punishment_id)
    if held is None:
        raise Refusal("gone")
    await may_see(turn.session, held.subject, turn.person)
    return held


async def ask_repair(turn: Turn, held: Punishment) -> None:
    """`信用修复`: what did the subject do about it?"""
    _not_before(held, turn.today)
    turn.wait_for("credit.repair", punishment=held.id)
    words = turn.words
    back = [[button(words, "credit_punished", held.subject_id, label="button.back")]]
    text = words("credit.why_repair", name=held.subject.name, document=held.document)
    await turn.show(f"credit:{held.subject_id}", text, back)


def _not_before(held: Punishment, today: date) -> None:
    first = rules.repair_from(held.kind, held.starts)
    if today < first:
        raise Refusal("credit.repair_too_early", day=first)


async def repair(turn: Turn, punishment: int) -> None:
    """The reason was typed: the supervisors of the organ that punished are asked."""
    held = await _punishment(turn, punishment)
    made = await credit_lists.ask_repair(turn.session, held, turn.said(), turn.person, turn.now)
    turn.wait_no_more()
    await show(turn, made)


async def told_proposed(tell: Telling) -> Message | None:
    """Those who decide are asked, as long as nobody has decided."""
    held = await tell.session.get_one(CreditProposal, tell.params["proposal"])
    return await told_decided(tell) if held.state == "asked" else None


async def told_decided(tell: Telling) -> Message:
    """Who proposed it hears what was decided."""
    held = await tell.session.get_one(CreditProposal, tell.params["proposal"])
    text = await describe(tell.words, held, tell)
    return Message(text, await _rows(tell, held), f"credit_proposal:{held.id}")
