"""Objections to results (异议): somebody who did neither the visit nor its approval reads, decides and replies."""

from __future__ import annotations

from markupsafe import Markup
from sqlalchemy import select

from actions import appeals
from handlers.buttons import button, leaf
from handlers.telling import Message, Telling
from handlers.turn import Rows, Turn
from handlers.wording import brief
from locales import Words
from models.appeals import Appeal
from rules.refusal import Refusal
from rules.results import RESULTS

LISTED = 6
LONGEST = 1000
FIRST = 6  # results before "others"


async def listed(turn: Turn, _: object = None) -> None:
    """Which objections wait for this person, the longest first."""
    words = turn.words
    waiting = await appeals.waiting_for(turn.session, turn.person)
    reviews = "supervisor" in turn.person.roles
    if not waiting:
        await turn.show("appeals", words("appeal.none"), [[button(words, "review" if reviews else "me")]])
        return
    shown, more = leaf(words, waiting, "appeals", page=turn.args[0] if turn.args else 0, size=LISTED)
    rows: Rows = [
        [button(words, "appeal", one.id, label="button.numbered", number=number, name=one.visit.subject.name)]
        for number, one in shown
    ]
    rows += more
    rows.append([button(words, "review", label="button.back") if reviews else button(words, "me")])
    await turn.show("appeals", words("appeal.title", len(waiting)), rows)


async def load(turn: Turn) -> Appeal:
    """The objection that a button speaks of, locked; nobody else than those who may decide sees it."""
    return await _find(turn, turn.args[0])


async def _find(turn: Turn, number: int) -> Appeal:
    appeal = await turn.session.scalar(select(Appeal).where(Appeal.id == number).with_for_update(of=Appeal))
    if appeal is None:
        raise Refusal("gone")
    if appeal.decided_by != turn.person.id and not await appeals.may_decide(turn.session, appeal, turn.person):
        raise Refusal("appeals.not_yours")
    return appeal


async def show(turn: Turn, appeal: Appeal) -> None:
    """The card: what is objected to, and what can be decided."""
    words = turn.words
    await turn.show(f"appeal:{appeal.id}", describe(words, appeal), _rows(words, appeal))


def _rows(words: Words, appeal: Appeal) -> Rows:
    if appeal.state != "open":
        page = button(words, "appeals")
        return [[page]]
    ids, v = (appeal.id,), appeal.version
    return [[button(words, "appeal_keep", *ids, version=v), button(words, "appeal_change", *ids, version=v)]]


def describe(words: Words, appeal: Appeal) -> Markup:
    """What somebody must know to decide, and afterwards what was decided."""
    visit = appeal.visit
    lines = [
        words(f"appeal.card.{appeal.state}", name=visit.subject.name),
        words("appeal.task", task=visit.task.name),
        words("appeal.says", name=appeal.name, text=brief(appeal.text, 600)),
    ]
    if appeal.state == "open":
        lines.append(words("appeal.result", result=words(f"result.{visit.result}"), day=appeal.answer_by))
    else:
        lines.append(words("appeal.reply", result=words(f"result.{visit.result}"), text=brief(appeal.reply, 300)))
    return Markup("\n").join(lines)


async def keep(turn: Turn, appeal: Appeal) -> None:
    """`维持结果`: with which reply?"""
    _ask_reply(turn, appeal, "")
    rows = [[button(turn.words, "appeal", appeal.id, label="button.back")]]
    await turn.show(f"appeal:{appeal.id}", turn.words("appeal.why_keep", name=appeal.visit.subject.name), rows)


async def change(turn: Turn, appeal: Appeal) -> None:
    """`更正结果`: to which of the official list? The likeliest first."""
    words = turn.words
    others = [one for one in RESULTS if one != appeal.visit.result]
    shown = others if len(turn.args) > 1 else others[:FIRST]
    rows: Rows = [
        [button(words, "appeal_result", appeal.id, RESULTS.index(one), version=appeal.version, label=f"result.{one}")]
        for one in shown
    ]
    if len(shown) < len(others):
        rows.append([button(words, "appeal_change", appeal.id, 1, version=appeal.version, label="button.more_results")])
    rows.append([button(words, "appeal", appeal.id, label="button.back")])
    await turn.show(f"appeal:{appeal.id}", words("appeal.which", name=appeal.visit.subject.name), rows)


async def to_result(turn: Turn, appeal: Appeal) -> None:
    """A result was chosen: with which reply?"""
    if turn.args[1] >= len(RESULTS) or RESULTS[turn.args[1]] == appeal.visit.result:
        raise Refusal("gone")
    result = RESULTS[turn.args[1]]
    _ask_reply(turn, appeal, result)
    words = turn.words
    rows = [[button(words, "appeal_change", appeal.id, version=appeal.version, label="button.back")]]
    await turn.show(f"appeal:{appeal.id}", words("appeal.why_change", result=words(f"result.{result}")), rows)


def _ask_reply(turn: Turn, appeal: Appeal, result: str) -> None:
    turn.wait_for("appeal.reply", appeal=appeal.id, result=result)


async def replied(turn: Turn, appeal: int, result: str) -> None:
    """The reply was typed: it is decided, and the subject reads it behind the visit code."""
    held = await _find(turn, appeal)
    await appeals.decide(turn.session, held, result, turn.said(LONGEST), turn.person, turn.now)
    turn.wait_no_more()
    await show(turn, held)


async def told_new(tell: Telling) -> Message | None:
    """Somebody may decide, as long as nobody did."""
    appeal = await tell.session.get_one(Appeal, tell.params["appeal"])
    if appeal.state != "open" or not await appeals.may_decide(tell.session, appeal, tell.person):
        return None
    return Message(describe(tell.words, appeal), _rows(tell.words, appeal), f"appeal:{appeal.id}")


async def told_decided(tell: Telling) -> Message:
    """Who did the visit, and who approved it, hear what became of it."""
    appeal = await tell.session.get_one(Appeal, tell.params["appeal"])
    return Message(describe(tell.words, appeal), [])
