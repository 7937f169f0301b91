"""A supervisor keeps a result from the public, corrects or withdraws it; another one agrees or not (R3.2.3a)."""

from __future__ import annotations

from markupsafe import Markup
from sqlalchemy import select

from actions import proposals
from handlers.buttons import button
from handlers.telling import Message, Telling
from handlers.turn import Rows, Turn
from handlers.wording import brief
from locales import Words
from models.publication import Proposal, newest, proposal_of
from models.visits import Visit
from rules.publication import CORRECT, GROUNDS, WITHDRAW, WITHDRAWN, WITHHOLD
from rules.refusal import Refusal
from rules.results import RESULTS


async def rows(turn: Turn, visit: Visit) -> tuple[list[Markup], Rows]:
    """What the review card says of proposals and changes, and what else can be done there."""
    words, ids, v = turn.words, (visit.id,), visit.version
    lines: list[Markup] = []
    buttons: Rows = []
    asked = await proposal_of(turn.session, visit.id, "asked")
    if asked:
        lines.append(words("publication.pending", what=words(f"publication.{asked.kind}"), name=asked.asker.name))
        buttons.append([button(words, "proposal", asked.id)])
    if held := await proposals.stands(turn.session, visit):
        lines += [
            words("publication.withheld", name=held.decider.name if held.decider else "", day=held.decided_at),
            words("publication.on_ground", ground=words(f"ground.{held.ground}"), reason=held.reason),
        ]
    if visit.state in ("submitted", "withheld") and not asked:
        buttons.append([button(words, "withhold", *ids, version=v)])
    if visit.state == "published" and (told := await newest(turn.session, visit.id)):
        if told.version > 1:
            result = words(f"result.{told.result}")
            lines.append(words("publication.changed", version=told.version, result=result, reason=told.reason))
        if not asked:
            change = [button(words, "correct_result", *ids, version=v)]
            if told.result != WITHDRAWN:
                change.append(button(words, "withdraw_result", *ids, version=v))
            buttons.append(change)
    return lines, buttons


async def choose_ground(turn: Turn, visit: Visit) -> None:
    """`暂不公示`: on which legal ground?"""
    words = turn.words
    buttons = [
        button(words, "ground", visit.id, number, version=visit.version, label=f"button.ground.{ground}")
        for number, ground in enumerate(GROUNDS)
    ]
    rows = [buttons[place : place + 2] for place in range(0, len(buttons), 2)]
    rows.append([button(words, "review_one", visit.id, label="button.back")])
    lines = [words("publication.which_ground", name=visit.subject.name)]
    lines += [words("publication.ground_line", ground=words(f"ground.{ground}")) for ground in GROUNDS]
    await turn.show(f"review:{visit.id}", Markup("\n").join(lines), rows)


async def ground(turn: Turn, visit: Visit) -> None:
    """The ground is chosen: why, in a sentence?"""
    if not 0 <= turn.args[1] < len(GROUNDS):
        raise Refusal("gone")
    name = GROUNDS[turn.args[1]]
    turn.wait_for("publication.why", visit=visit.id, kind=WITHHOLD, ground=name, result="")
    await _why(turn, visit, turn.words("publication.why_withhold", ground=turn.words(f"ground.{name}")))


async def withdraw(turn: Turn, visit: Visit) -> None:
    """`撤回`: why?"""
    turn.wait_for("publication.why", visit=visit.id, kind=WITHDRAW, ground="", result="")
    await _why(turn, visit, turn.words("publication.why_withdraw"))


async def choose_result(turn: Turn, visit: Visit) -> None:
    """`更正`: to which result?"""
    words = turn.words
    told = await newest(turn.session, visit.id)
    rows = [
        [button(words, "correct_to", visit.id, number, version=visit.version, label=f"result.{result}")]
        for number, result in enumerate(RESULTS)
        if told and result != told.result
    ]
    rows.append([button(words, "review_one", visit.id, label="button.back")])
    await turn.show(f"review:{visit.id}", words("publication.which_result", name=visit.subject.name), rows)


async def correct(turn: Turn, visit: Visit) -> None:
    """The right result is chosen: why?"""
    if not 0 <= turn.args[1] < len(RESULTS):
        raise Refusal("gone")
    result = RESULTS[turn.args[1]]
    turn.wait_for("publication.why", visit=visit.id, kind=CORRECT, ground="", result=result)
    await _why(turn, visit, turn.words("publication.why_correct", result=turn.words(f"result.{result}")))


async def _why(turn: Turn, visit: Visit, question: Markup) -> None:
    rows = [[button(turn.words, "review_one", visit.id, label="button.back")]]
    head = turn.words("publication.about", name=visit.subject.name)
    await turn.show(f"review:{visit.id}", Markup("\n").join([head, question]), rows)


async def load(turn: Turn) -> Proposal:
    """A proposal, for who made it and those who may decide."""
    return await find(turn, turn.args[0])


async def find(turn: Turn, number: int) -> Proposal:
    """A proposal, locked for this turn. Refused to whom it does not concern."""
    query = select(Proposal).where(Proposal.id == number).with_for_update(of=Proposal)
    held: Proposal | None = await turn.session.scalar(query)
    if held is None:
        raise Refusal("gone")
    person = turn.person
    if person.id not in (held.asked_by, held.decided_by) and not await proposals.may_decide(turn.session, held, person):
        raise Refusal("publication.not_yours")
    return held


async def show(turn: Turn, held: Proposal) -> None:
    """The proposal: what, on which ground, and what became of it."""
    words = turn.words
    rows: Rows = []
    if held.state == "asked" and await proposals.may_decide(turn.session, held, turn.person):
        rows = _decisions(words, held)
    rows.append([button(words, "me")])
    await turn.show(f"proposal:{held.id}", describe(words, held), rows)


def _decisions(words: Words, held: Proposal) -> Rows:
    ids, v = (held.id,), held.version
    return [[button(words, "proposal_yes", *ids, version=v), button(words, "proposal_no", *ids, version=v)]]


def describe(words: Words, held: Proposal) -> Markup:
    """A proposal in at most five lines."""
    visit = held.visit
    state = words(f"proposal.state.{held.state}")
    lines = [
        words("proposal.title", name=visit.subject.name, what=words(f"publication.{held.kind}"), state=state),
        words("proposal.by", name=held.asker.name, organ=visit.task.organ.name, reason=brief(held.reason)),
    ]
    if held.kind == WITHHOLD:
        lines.insert(1, words("proposal.ground", ground=words(f"ground.{held.ground}")))
    if held.kind == CORRECT:
        lines.insert(1, words("proposal.result", result=words(f"result.{held.result}")))
    if held.decider:
        lines.append(words(f"proposal.decided.{held.state}", name=held.decider.name, reason=brief(held.answer)))
    return Markup("\n").join(lines)


async def approve(turn: Turn, held: Proposal) -> None:
    """`同意`."""
    await proposals.approve(turn.session, held, turn.person, turn.now)
    await show(turn, held)


async def ask_why_not(turn: Turn, held: Proposal) -> None:
    """`不同意`: why?"""
    if not await proposals.may_decide(turn.session, held, turn.person):
        raise Refusal("publication.not_yours")
    turn.wait_for("publication.refuse", proposal=held.id)
    rows = [[button(turn.words, "proposal", held.id, label="button.back")]]
    await turn.show(f"proposal:{held.id}", turn.words("proposal.why_not", name=held.visit.subject.name), rows)


async def refuse(turn: Turn, proposal: int) -> None:
    """The reason was typed."""
    held = await find(turn, proposal)
    await proposals.refuse(turn.session, held, turn.said(), turn.person, turn.now)
    turn.wait_no_more()
    await show(turn, held)


async def told_asked(tell: Telling) -> Message | None:
    """Somebody is asked to decide, as long as nobody has."""
    held = await tell.session.get_one(Proposal, tell.params["proposal"])
    if held.state != "asked":
        return None
    return Message(describe(tell.words, held), _decisions(tell.words, held), f"proposal:{held.id}")


async def told_decided(tell: Telling) -> Message:
    """Who proposed, and of what was agreed the inspectors, hear how it went."""
    held = await tell.session.get_one(Proposal, tell.params["proposal"])
    there = any(seat.person_id == tell.person.id for seat in held.visit.seats)
    verb = "visit" if there else "review_one"
    see = button(tell.words, verb, held.visit_id, label="button.see_result")
    return Message(describe(tell.words, held), [[see]], f"proposal:{held.id}")
