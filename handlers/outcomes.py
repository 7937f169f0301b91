"""Chooses what follows from a visit: the result of each item, the summary, what is done about it, and until when."""

from __future__ import annotations

from actions import findings
from actions import results as judged
from actions.work import lead_of, own_parts, seat_of
from handlers import results as page
from handlers.buttons import button
from handlers.turn import Rows, Turn, whole
from models.visits import Part, Visit
from rules import results
from rules.refusal import Refusal

CORRECTION_DAYS = (5, 10, 15, 20)  # working days, offered as buttons


async def change_result(turn: Turn, visit: Visit) -> None:
    """`改`: choose among the official results; of several items, first which one."""
    parts = own_parts(visit, turn.person)
    if len(visit.parts) == 1:
        await _choose(turn, visit, visit.parts[0])
        return
    words, v = turn.words, visit.version
    rows: Rows = [
        [
            button(
                words, "item_result", visit.id, visit.parts.index(part), version=v, label="button.item_is",
                name=part.item.name, result=words(f"result.{findings.of_part(visit, part)}"),
            )
        ]
        for part in parts
    ]  # fmt: skip
    if seat_of(visit, turn.person).department == lead_of(visit):
        rows.append([button(words, "summary", visit.id, version=v)])
    rows.append([button(words, "to_result", visit.id, label="button.back")])
    await turn.show(page.about(visit), words("result.which_item"), rows)


async def item_result(turn: Turn, visit: Visit) -> None:
    """An item was chosen: now its result."""
    await _choose(turn, visit, judged.part_at(visit, turn.args[1]))


async def _choose(turn: Turn, visit: Visit, part: Part) -> None:
    words, place = turn.words, visit.parts.index(part)
    rows = [
        [button(words, "result", visit.id, number, place, version=visit.version, label=f"result.{result}")]
        for number, result in enumerate(results.RESULTS)
    ]
    rows.append([button(words, "to_result", visit.id, label="button.back")])
    key = "result.choose_of" if len(visit.parts) > 1 else "result.choose"
    await turn.show(page.about(visit), words(key, name=part.item.name), rows)


async def result(turn: Turn, visit: Visit) -> None:
    """A result chosen by hand."""
    if turn.args[1] >= len(results.RESULTS):
        raise Refusal("gone")
    part = judged.part_at(visit, turn.args[2])
    await judged.choose(turn.session, visit, part, results.RESULTS[turn.args[1]], turn.person, turn.now)
    await page.show(turn, visit)


async def summary(turn: Turn, visit: Visit) -> None:
    """`汇总结果`: which of the items' results stands for the visit; the lead department's inspectors choose."""
    words = turn.words
    rows = [
        [button(words, "summary_is", visit.id, number, version=visit.version, label=f"result.{one}")]
        for number, one in enumerate(results.RESULTS)
        if one in findings.all_results(visit)
    ]
    rows.append([button(words, "change_result", visit.id, version=visit.version, label="button.back")])
    await turn.show(page.about(visit), words("result.choose_summary"), rows)


async def summary_is(turn: Turn, visit: Visit) -> None:
    """The summary was chosen."""
    if turn.args[1] >= len(results.RESULTS):
        raise Refusal("gone")
    await judged.summarise(turn.session, visit, results.RESULTS[turn.args[1]], turn.person, turn.now)
    await page.show(turn, visit)


async def said_result(turn: Turn, visit: Visit, text: str, item: int) -> bool:
    """`结果 2`, `事项2 结果 未发现问题`: whether that names a result; what ends the visit is said of all own items."""
    names = {str(turn.words(f"result.{one}").unescape()): one for one in results.RESULTS}
    if text.isdecimal() and len(text) < 3 and 1 <= int(text) <= len(results.RESULTS):
        chosen = results.RESULTS[int(text) - 1]
    else:
        alike = [name for name in names if text == name] or [name for name in names if text in name]
        if len(alike) != 1:
            return False
        chosen = names[alike[0]]
    own = own_parts(visit, turn.person)
    if item:
        parts = [judged.part_at(visit, item - 1)]
    elif len(own) == 1 or chosen in results.WITHOUT_CHECKING:
        parts = own
    else:
        raise Refusal("results.which_item", text=turn.text)
    for part in parts:
        await judged.choose(turn.session, visit, part, chosen, turn.person, turn.now)
    await page.show(turn, visit)
    return True


async def change_date(turn: Turn, visit: Visit) -> None:
    """By when it must be corrected."""
    words = turn.words
    days = [
        button(words, "days", visit.id, n, version=visit.version, label="button.days", days=n) for n in CORRECTION_DAYS
    ]
    rows = [days[:2], days[2:], [button(words, "to_result", visit.id, label="button.back")]]
    await turn.show(page.about(visit), words("result.choose_days"), rows)


async def days(turn: Turn, visit: Visit) -> None:
    """A deadline chosen by hand, in working days from today."""
    if turn.args[1] not in CORRECTION_DAYS:
        raise Refusal("gone")
    await correct_within(turn, visit, turn.args[1])


async def correct_within(turn: Turn, visit: Visit, days: int) -> None:
    """A deadline in working days from today."""
    await judged.choose_correction(turn.session, visit, days, turn.person, turn.now)
    await page.show(turn, visit)


async def disposal(turn: Turn, visit: Visit) -> None:
    """`处理意见`: one sentence an item, ready ones as buttons; of several items, first which one."""
    words, own = turn.words, own_parts(visit, turn.person)
    back = [button(words, "to_result", visit.id, label="button.back")]
    if len(turn.args) < 2 and len(own) > 1:
        rows = [
            [button(words, "disposal", visit.id, visit.parts.index(part), label="button.numbered",
                    number=visit.parts.index(part) + 1, name=part.item.name)]
            for part in own
        ]  # fmt: skip
        await turn.show(page.about(visit), words("disposal.which_item"), [*rows, back])
        return
    if not own:
        raise Refusal("gone")
    part = judged.part_at(visit, turn.args[1]) if len(turn.args) > 1 else own[0]
    place = visit.parts.index(part)
    turn.wait_for("visit", visit=visit.id, step="disposal", part=place)
    rows = [
        [button(words, "disposal_is", visit.id, place, number, version=visit.version, label=key)]
        for number, key in enumerate(results.ready_disposals(findings.of_part(visit, part)))
    ]
    await turn.show(page.about(visit), words("disposal.ask", name=part.item.name), [*rows, back])


async def disposal_is(turn: Turn, visit: Visit) -> None:
    """A ready sentence was chosen."""
    part = judged.part_at(visit, turn.args[1])
    ready = results.ready_disposals(findings.of_part(visit, part))
    if turn.args[2] >= len(ready):
        raise Refusal("gone")
    await _dispose(turn, visit, part, str(turn.words(ready[turn.args[2]]).unescape()))


async def said_disposal(turn: Turn, visit: Visit, text: str, place: int) -> None:
    """A sentence was typed."""
    await _dispose(turn, visit, judged.part_at(visit, place), text)


async def _dispose(turn: Turn, visit: Visit, part: Part, text: str) -> None:
    await judged.dispose(turn.session, visit, part, whole(text, judged.LONGEST), turn.person, turn.now)
    await page.show(turn, visit)
