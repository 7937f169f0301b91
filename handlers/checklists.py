"""The guided checklist on one card: a tap a point, words and a photo for what does not conform, then signatures."""

from __future__ import annotations

from markupsafe import Markup

from actions import checklists, visits
from handlers import results
from handlers.buttons import button
from handlers.turn import NOTHING, Rows, Turn
from handlers.wording import brief
from models.visits import Visit
from rules import typed
from rules.results import TERMINAL


async def show(turn: Turn, visit: Visit, head: Markup = NOTHING) -> None:
    """The checklist where it stands: a point that lacks words or a photo, the next open one, or the result."""
    seat = visits.seat_of(visit, turn.person)
    if seat.signed_at:
        await results.waiting(turn, visit, head)
        return
    pending = visits.unfinished(visit)
    asked = [number for number in pending if number == _asked_for(turn, visit)]
    number = next(iter(asked + checklists.open_points(visit) + pending), None)
    if number is None or visit.result in TERMINAL:
        await results.show(turn, visit, head)
    elif (answer := checklists.answer_to(visit, visit.points[number])) and answer.value == "no" and number in pending:
        await _ask_for_finding(turn, visit, number, head)
    else:
        await _show_point(turn, visit, number, head)


def _asked_for(turn: Turn, visit: Visit) -> int:
    awaiting = turn.chat.awaiting or {}
    mine = awaiting.get("what") == "visit" and awaiting.get("visit") == visit.id
    return int(awaiting.get("point", 0)) if mine else 0


async def _show_point(turn: Turn, visit: Visit, number: int, head: Markup) -> None:
    words, point = turn.words, checklists.point_of(visit, number)
    turn.wait_for("visit", visit=visit.id)
    answer = checklists.answer_to(visit, point)
    version = answer.version if answer else 0
    lines = [head] if head else []
    title = "point.title_key" if point.key else "point.title"
    item = next(part.item.name for part in visit.parts if point in part.checklist.points)
    lines.append(words(title, number=number, total=len(visit.points), item=item))
    lines.append(words("point.text", text=point.text))
    if point.method:
        lines.append(words("point.method", method=point.method))
    if answer:
        value = words(f"answer.{answer.value}")
        if answer.person_id == turn.person.id:
            lines.append(words("point.answered", value=value, note=brief(answer.note)))
        else:
            lines.append(words("point.answered_by", value=value, note=brief(answer.note), name=answer.person.name))
    ids = (visit.id, number)
    rows: Rows = [[button(words, "yes", *ids, version=version), button(words, "no", *ids, version=version)]]
    if point.optional:
        rows[0].append(button(words, "na", *ids, version=version))
    moves = [button(words, "previous", *ids)] if number > 1 else []
    if checklists.open_points(visit):
        moves.append(button(words, "rest", visit.id))
    else:
        moves.append(button(words, "to_result", visit.id))
    rows.append([*moves, button(words, "save", visit.id)])
    await turn.show(results.about(visit), Markup("\n").join(lines), rows)


async def _ask_for_finding(turn: Turn, visit: Visit, number: int, head: Markup) -> None:
    words, point = turn.words, checklists.point_of(visit, number)
    turn.wait_for("visit", visit=visit.id, point=number)
    photographed = any(one.point_id == point.id for one in visit.evidence)
    answer = checklists.answer_to(visit, point)
    wants_photo = point.photo in ("failure", "always") and not photographed
    missing_photo = "finding.photo" if answer and answer.note else "finding.both"
    ask = missing_photo if wants_photo else "finding.words"
    lines = [head] if head else []
    lines += [words(ask, number=number), words("point.text", text=point.text)]
    rows = [
        [
            button(words, "previous", visit.id, number + 1, label="button.change_answer"),
            button(words, "save", visit.id),
        ]
    ]
    await turn.show(results.about(visit), Markup("\n").join(lines), rows)


def answer_version(turn: Turn, visit: Visit) -> int:
    """The version that an answer's button speaks of: that of the answer, 0 where there is none."""
    answer = checklists.answer_to(visit, checklists.point_of(visit, turn.args[1]))
    return answer.version if answer else 0


async def yes(turn: Turn, visit: Visit) -> None:
    """`✅ 符合`."""
    await _answer(turn, visit, "yes")


async def no(turn: Turn, visit: Visit) -> None:
    """`❌ 不符合`: a photo and words are asked for."""
    turn.wait_for("visit", visit=visit.id, point=turn.args[1])
    await _answer(turn, visit, "no")


async def not_applicable(turn: Turn, visit: Visit) -> None:
    """`➖ 不适用`."""
    await _answer(turn, visit, "na")


async def _answer(turn: Turn, visit: Visit, value: str) -> None:
    await checklists.answer(turn.session, visit, [turn.args[1]], value, turn.person, turn.now)
    await show(turn, visit)


async def rest(turn: Turn, visit: Visit) -> None:
    """`余下全部符合`: every point without an answer conforms."""
    await checklists.answer_rest(turn.session, visit, turn.person, turn.now)
    await show(turn, visit)


async def previous(turn: Turn, visit: Visit) -> None:
    """`◀ 上一项`: the point before, to look at or to change."""
    await _show_point(turn, visit, max(1, min(turn.args[1] - 1, len(visit.points))), NOTHING)


async def points(turn: Turn, visit: Visit) -> None:
    """Jump to any point: a page of numbers, each with its answer."""
    words = turn.words
    marks = {answer.point_id: words(f"mark.{answer.value}") for answer in visit.answers}
    numbers = [
        button(
            words,
            "point",
            visit.id,
            number,
            label="button.point",
            number=number,
            mark=marks.get(one.id, ""),
        )
        for number, one in list(visit.points.items())[:95]
    ]
    rows = [numbers[start : start + 5] for start in range(0, len(numbers), 5)]
    await turn.show(results.about(visit), words("points.title"), [*rows, [button(words, "to_result", visit.id)]])


async def point(turn: Turn, visit: Visit) -> None:
    """One point, chosen by its number."""
    await _show_point(turn, visit, turn.args[1], NOTHING)


async def to_result(turn: Turn, visit: Visit) -> None:
    """To the page of results, or to what is still missing before it."""
    await show(turn, visit)


async def save(turn: Turn, visit: Visit) -> None:
    """`保存退出`: everything is kept already; the card says where to go on."""
    turn.wait_no_more()
    words = turn.words
    done, total = len(visit.answers), len(visit.points)
    rows = [
        [
            button(words, "here", visit.id, version=visit.version, label="button.go_on"),
            button(words, "visits_back"),
        ]
    ]
    await turn.show(results.about(visit), words("visit.saved", name=visit.subject.name, done=done, total=total), rows)


async def heard(turn: Turn, visit: Visit, number: int) -> None:
    """Words, a photo or a file sent during a visit; `number` is the point that was asked about, 0 if none."""
    words = turn.words
    head = NOTHING
    if turn.file:
        digest = await turn.keep(turn.file.data)
        await checklists.attach(
            turn.session,
            visit,
            number,
            digest,
            len(turn.file.data),
            turn.file.media,
            turn.file.telegram_file,
            turn.person,
            turn.now,
        )
        receipt = "evidence.received" if number else "evidence.received_for_visit"
        head = words(receipt, digest=f"{digest[:4]}…{digest[-2:]}")
    text = turn.text
    entered = typed.answers(text) if text and not turn.file else None
    if entered:
        await _enter(turn, visit, entered)
    elif text and typed.signs(text) and not turn.file:
        await results.sign(turn, visit)
        return
    elif text and number:
        said = checklists.answer_to(visit, checklists.point_of(visit, number))
        if turn.file and said and said.note:  # a caption comes after words that were typed, not in their place
            text = f"{said.note}；{text}"
        await checklists.describe(turn.session, visit, number, text, turn.person, turn.now)
        head = head or words("finding.noted")
    elif text and not turn.file:
        head = words("point.not_understood")
    await show(turn, visit, head)


async def _enter(turn: Turn, visit: Visit, entered: typed.Answers) -> None:
    person, now = turn.person, turn.now
    if not entered.numbers and entered.value == "yes":
        await checklists.answer_rest(turn.session, visit, person, now, entered.but)
        return
    numbers = entered.numbers
    if not numbers:
        numbers = tuple(number for number in checklists.open_points(visit) if number not in entered.but)
    if entered.value == "no" and len(numbers) == 1:
        turn.wait_for("visit", visit=visit.id, point=numbers[0])
    await checklists.answer(turn.session, visit, numbers, entered.value, person, now, note=entered.note)
