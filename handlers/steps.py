"""Hears what is typed or sent at a visit: what a step asked for, and the words that stand for its taps."""

from __future__ import annotations

from typing import Any

from actions import checklists as entered
from actions.work import at_work, own_parts
from handlers import checklists, letters, materials, methods, outcomes, people, results, seats, signing
from handlers import visits as visit_cards
from handlers.turn import Turn
from models.visits import Visit
from rules.refusal import Refusal
from rules.spoken import Said, said
from rules.typed import answers
from rules.visits import NOT_STARTED, OPEN


async def heard(turn: Turn, visit: Visit, awaiting: dict[str, Any]) -> bool:
    """Whether what was said is a step of the visit, and done; else it belongs to the checklist."""
    if turn.file and turn.file.kind == "position":
        await visit_cards.position_sent(turn, visit)
    spoken = said(turn.text) if turn.text and not turn.file else None
    if spoken and await _step(turn, visit, spoken, awaiting):
        return True
    step = str(awaiting.get("step") or "")
    if step and not _is_answer(turn, step):
        await _asked(turn, visit, step, awaiting)
        return True
    seat = next((one for one in visit.seats if one.person_id == turn.person.id), None)
    if seat and at_work(visit, seat):
        return False
    if visit.state in OPEN and turn.file:
        raise Refusal("evidence.not_there")
    if visit.state in OPEN:
        turn.say(turn.words("visit.arrive_first" if visit.state in NOT_STARTED else "visit.not_there"))
        await visit_cards.card(turn, visit)
    else:
        turn.wait_no_more()
        turn.say(turn.words("not_understood.file" if turn.file else "not_understood"))
        await people.where_you_are(turn)
    return True


def _is_answer(turn: Turn, step: str) -> bool:
    """Whether points are answered while a step waits for something else; what a subject states may be any words."""
    return step != "statement" and turn.file is None and answers(turn.text) is not None


async def _asked(turn: Turn, visit: Visit, step: str, awaiting: dict[str, Any]) -> None:
    """What a step waits for has come."""
    match step:
        case "page":
            await signing.got_page(turn, visit)
        case "refused":
            await signing.got_why(turn, visit)
        case "witness":
            await signing.got_witness(turn, visit, str(awaiting["why"]))
        case _ if not turn.text:
            raise Refusal("reason_needed")
        case "statement":
            await signing.got_statement(turn, visit, turn.text)
        case "disposal":
            await outcomes.said_disposal(turn, visit, turn.text, int(awaiting["part"]))
        case "method":
            await methods.got_note(turn, visit, str(awaiting["method"]))
        case "expert":
            await methods.expert_named(turn, visit, turn.text)
        case "letter":
            await letters.said_day(turn, visit, turn.text)
        case "letter_how":
            await letters.said_how(turn, visit, turn.text, int(awaiting["day"]))
        case _:  # alone
            await methods.why_alone(turn, visit, turn.text)


async def _step(turn: Turn, visit: Visit, spoken: Said, awaiting: dict[str, Any]) -> bool:
    """Do what was typed instead of tapped; False if it only sounded like that."""
    words = spoken.words
    match spoken.step:
        case "start":
            await visit_cards.start(turn, visit)
        case "here":
            await visit_cards.here(turn, visit)
        case "code":
            await visit_cards.code(turn, visit)
        case "sign":
            await results.sign(turn, visit)
        case "back":
            turn.wait_for("visit", visit=visit.id)
            await visit_cards.card(turn, visit)
        case "previous":
            turn.args = [visit.id, _where(turn, visit, awaiting)]
            await checklists.previous(turn, visit)
        case "save":
            await checklists.save(turn, visit)
        case "result":
            await results.show(turn, visit)
        case "materials":
            await materials.show(turn, visit)
        case "material":
            return await _material(turn, visit, words, spoken.more)
        case "choose":
            return await outcomes.said_result(turn, visit, words, spoken.number)
        case "days":
            await outcomes.correct_within(turn, visit, spoken.number)
        case "disposal":
            own = own_parts(visit, turn.person)
            if not spoken.number and len(own) != 1:
                raise Refusal("results.which_item", text=turn.text)
            place = spoken.number - 1 if spoken.number else visit.parts.index(own[0])
            await outcomes.said_disposal(turn, visit, words, place)
        case "statement":
            await signing.got_statement(turn, visit, words)
        case "scan":
            await signing.scan(turn, visit)
        case "page":
            await signing.ask_page(turn, visit)
        case "refused":
            await signing.refuse(turn, visit, words, spoken.more)
        case "method":
            await methods.choose_named(turn, visit, words, spoken.more)
        case "expert":
            await methods.expert_named(turn, visit, words)
        case "accept" | "leaving" if visit.state not in NOT_STARTED:
            return False  # words about what was found
        case "accept":
            await seats.accept(turn, visit)
        case "leaving":
            await seats.gave_reason(turn, visit, spoken.more, words)
        case "phones":
            await methods.phones(turn, visit)
        case "letter" if words:
            return await letters.said_all(turn, visit, words, urgent=spoken.more == "urgent")
        case "letter":
            await letters.letter(turn, visit)
        case _:  # alone
            await methods.why_alone(turn, visit, words)
    return True


async def _material(turn: Turn, visit: Visit, name: str, state: str) -> bool:
    """`材料 全部`, `材料 营业执照`, `材料 缺 健康证`."""
    wanted = visit.wanted_materials
    names = [one for one in wanted if name in one] if name else wanted
    if not names:
        return False
    await entered.tick_materials(turn.session, visit, dict.fromkeys(names, state), turn.person, turn.now)
    await materials.show(turn, visit)
    return True


def _where(turn: Turn, visit: Visit, awaiting: dict[str, Any]) -> int:
    """The point that is on the screen, as far as the chat knows."""
    open_points = entered.open_points(visit, turn.person)
    return int(awaiting.get("shown") or awaiting.get("point") or (open_points[0] if open_points else len(visit.points)))
