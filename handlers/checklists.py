"""The guided checklist on one card: a tap a point, words and a photo for what does not conform, then signatures."""

from __future__ import annotations

from markupsafe import Markup

from actions import checklists, recognition, visits
from actions.evidence import photographed
from actions.findings import all_results
from actions.work import department_of, own_points
from handlers import leads, results
from handlers.buttons import button
from handlers.turn import NOTHING, Rows, Turn
from handlers.wording import brief
from locales import Words
from models.items import Point
from models.visits import Visit
from rules import checklists as rules
from rules.refusal import Refusal
from rules.results import TERMINAL

ACROSS, SHORT = 3, 6  # choices in a row, and characters of those that fit beside each other on a phone


async def show(turn: Turn, visit: Visit, head: Markup = NOTHING) -> None:
    """The checklist where it stands: a point that lacks words or a photo, the next open one, or the result."""
    seat = visits.seat_of(visit, turn.person)
    if seat.signed_at:
        await results.waiting(turn, visit, head)
        return
    own = own_points(visit, turn.person)
    pending = [number for number in visits.unfinished(visit) if visit.points[number].id in own]
    asked = [number for number in pending if number == _asked_for(turn, visit)]
    number = next(iter(asked + checklists.open_points(visit, turn.person) + pending), None)
    if number is None or all_results(visit) <= TERMINAL:
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
    how = rules.kind(point.answer)
    measured = {"reading": number} if how.name != "yes_no" or point.min_sample else {}
    always = {"photo": number} if point.photo == "always" else {}
    turn.wait_for("visit", visit=visit.id, shown=number, **measured, **always)
    answer = checklists.answer_to(visit, point)
    version = answer.version if answer else 0
    lines = [head] if head else []
    title = "point.title_key" if point.key else "point.title"
    item = next(part.item for part in visit.parts if point in part.checklist.points)
    several = len({part.item.department for part in visit.parts}) > 1
    name = words("point.item_of", item=item.name, department=item.department) if several else item.name
    lines.append(words(title, number=number, total=len(visit.points), item=name))
    lines.append(words("point.text", text=point.text))
    if point.method:
        lines.append(words("point.method", method=point.method))
    if measured:
        lines.append(_expected(words, how, point))
    if answer:
        value = Markup(" ").join([words(f"answer.{answer.value}"), words("point.text", text=answer.reading)])
        if answer.person_id == turn.person.id:
            lines.append(words("point.answered", value=value, note=brief(answer.note)))
        else:
            lines.append(words("point.answered_by", value=value, note=brief(answer.note), name=answer.person.name))
    if point.photo == "always" and point.id not in photographed(visit):
        lines.append(words("point.photo"))
    ids = (visit.id, number)
    rows: Rows = [[]]
    if point.id not in own_points(visit, turn.person):  # another department's: to read, not to answer
        turn.wait_for("visit", visit=visit.id, shown=number)
        part = next(part for part in visit.parts if point in part.checklist.points)
        lines.append(words("point.of_others", department=department_of(visit, part)))
        row = [button(words, "previous", *ids)] if number > 1 else []
        rows = [[*row, button(words, "to_result", visit.id), button(words, "save", visit.id)]]
        await turn.show(results.about(visit), Markup("\n").join(lines), rows)
        return
    across = ACROSS if max(map(len, how.choices), default=0) <= SHORT else 1
    if how.name == "choice":
        choices = [
            button(words, "choice", *ids, place, version=version, label="button.choice", choice=choice)
            for place, choice in enumerate(how.choices)
        ]
        rows = [choices[start : start + across] for start in range(0, len(choices), across)]
    elif how.name != "number":
        rows[0] = [button(words, "yes", *ids, version=version), button(words, "no", *ids, version=version)]
    if point.optional and len(rows[-1]) < across:
        rows[-1].append(button(words, "na", *ids, version=version))
    elif point.optional:
        rows.append([button(words, "na", *ids, version=version)])
    if found := await recognition.earlier(turn.session, visit, point, turn.now):
        lines.append(words("point.earlier", department=found.department, day=found.day))
        rows.insert(0, [button(words, "rely", *ids, version=version)])
    moves = [button(words, "previous", *ids)] if number > 1 else []
    if checklists.open_points(visit, turn.person):
        moves.append(button(words, "rest", visit.id))
    else:
        moves.append(button(words, "to_result", visit.id))
    rows.append([*moves, button(words, "save", visit.id)])
    if any(part.checklist.materials for part in visit.parts):
        rows.append([button(words, "materials", visit.id)])
    rows += leads.offer(turn, visit)
    if not visit.answers:  # at the door
        rows.append([button(words, "object", visit.id)])
    await turn.show(results.about(visit), Markup("\n").join(lines), [row for row in rows if row])


def _expected(words: Words, how: rules.Kind, point: Point) -> Markup:
    """What is to be typed for a point that is not answered by yes or no alone."""
    if how.name == "number":
        limits = "both" if how.low is not None and how.high is not None else "low" if how.low is not None else "high"
        limits = limits if how.low is not None or how.high is not None else "none"
        return words(f"expected.number.{limits}", low=how.low, high=how.high, unit=how.unit)
    if how.name in ("choice", "text"):
        return words(f"expected.{how.name}")
    return words("expected.sample", least=max(1, point.min_sample))


async def _ask_for_finding(turn: Turn, visit: Visit, number: int, head: Markup) -> None:
    words, point = turn.words, checklists.point_of(visit, number)
    turn.wait_for("visit", visit=visit.id, point=number)
    answer = checklists.answer_to(visit, point)
    wants_photo = point.photo in ("failure", "always") and point.id not in photographed(visit)
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


async def choice(turn: Turn, visit: Visit) -> None:
    """One of the choices of a point."""
    choices = rules.kind(checklists.point_of(visit, turn.args[1]).answer).choices
    if turn.args[2] >= len(choices):
        raise Refusal("gone")
    await read(turn, visit, turn.args[1], choices[turn.args[2]])
    await show(turn, visit)


async def rely(turn: Turn, visit: Visit) -> None:
    """`采信`: what another department found holds here too (互认, R1.4)."""
    point = checklists.point_of(visit, turn.args[1])
    found = await recognition.earlier(turn.session, visit, point, turn.now)
    if found is None:
        raise Refusal("gone")
    note = str(turn.words("point.relied", department=found.department, day=found.day))
    await checklists.answer(
        turn.session, visit, [turn.args[1]], "yes", turn.person, turn.now, note, found.answer.reading, found.answer
    )
    await show(turn, visit)


async def read(turn: Turn, visit: Visit, number: int, text: str) -> None:
    """What was measured, chosen or sampled; what does not conform is asked about."""
    value = await checklists.enter(turn.session, visit, number, text, turn.person, turn.now)
    if value == "no":
        turn.wait_for("visit", visit=visit.id, point=number)


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
    marks = {number: words(f"mark.{answer.value}") for number, answer in visit.standing.items()}
    numbers = [
        button(
            words,
            "point",
            visit.id,
            number,
            label="button.point",
            number=number,
            mark=marks.get(number, ""),
        )
        for number in list(visit.asked)[:95]
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
    turn.wait_for("visit", visit=visit.id)  # what was queued without a signal may still come
    words = turn.words
    done, total = len(visit.standing), len(visit.asked)
    rows = [
        [
            button(words, "here", visit.id, version=visit.version, label="button.go_on"),
            button(words, "visits_back"),
        ],
        [button(words, "object", visit.id)],
    ]
    await turn.show(results.about(visit), words("visit.saved", name=visit.subject.name, done=done, total=total), rows)
