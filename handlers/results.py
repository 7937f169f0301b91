"""The end of a visit: what was found, the result, what follows, and the signatures."""

from __future__ import annotations

from markupsafe import Markup

from actions import visits
from handlers import evidence, papers
from handlers.buttons import button
from handlers.turn import NOTHING, Rows, Turn
from handlers.wording import brief
from models.visits import Visit
from rules import results
from rules.refusal import Refusal

CORRECTION_DAYS = (5, 10, 15, 20)  # working days, offered as buttons
LISTED = 6  # failed points named on the page


def about(visit: Visit) -> str:
    """The name of the visit's card."""
    return f"visit:{visit.id}"


async def show(turn: Turn, visit: Visit, head: Markup = NOTHING) -> None:
    """The page before the signature: what was found, the result, and what follows."""
    words = turn.words
    turn.wait_for("visit", visit=visit.id)
    values = [answer.value for answer in visit.standing.values()]
    result = visits.result_of(visit)
    correct_by = visits.correct_by(visit, turn.today)
    lines = [head] if head else []
    if visit.state == "returned":
        lines.append(words("visit.returned_because", reason=visit.returned_because))
    lines.append(
        words(
            "result.counts",
            name=visit.subject.name,
            yes=values.count("yes"),
            no=values.count("no"),
            na=values.count("na"),
        )
    )
    failed = [(number, answer.note) for number, answer in visit.standing.items() if answer.value == "no"]
    lines += [words("result.failed", number=number, note=brief(note)) for number, note in failed[:LISTED]]
    lines += evidence.progress(words, visit)
    lines.append(words("result.result", result=words(f"result.{result}")))
    if correct_by and result in (results.CORRECTION, results.PENDING):
        lines.append(words("result.correct_by", day=correct_by))
    signed = [seat.person.name for seat in visit.seats if seat.signed_at and seat.person]
    if signed:
        lines.append(words("result.signed", names=words("and").join(signed)))
    wrong = await visits.problems(turn.session, visit, turn.today)
    others, photos = evidence.problems(words, visit, wrong)
    lines += [*(_problem(turn, code) for code in others), *photos]
    v = visit.version
    rows: Rows = []
    if not wrong:
        rows.append([button(words, "confirm" if signed else "sign", visit.id, version=v)])
    rows.append([button(words, "change_result", visit.id, version=v), button(words, "change_points", visit.id, 1)])
    if failed or result == results.PENDING:
        change = button(words, "change_date", visit.id, version=v)
        rows.append([change, button(words, "hand_over", visit.id)])
    rows.append([button(words, "save", visit.id)])
    await turn.show(about(visit), Markup("\n").join(lines), rows)


def _problem(turn: Turn, code: str) -> Markup:
    name, _, number = code.partition(":")
    return turn.words(f"problem.{name}", number=number)


async def waiting(turn: Turn, visit: Visit, head: Markup) -> None:
    """Signed; who else must sign."""
    words = turn.words
    names = [seat.person.name for seat in visit.seats if seat.person and not seat.signed_at]
    lines = [head] if head else []
    lines.append(words("visit.waiting", name=visit.subject.name, names=words("and").join(names)))
    rows = [[button(words, "hand_over", visit.id), button(words, "visits_back")]]
    await turn.show(about(visit), Markup("\n").join(lines), rows)


async def change_result(turn: Turn, visit: Visit) -> None:
    """`改`: choose among the official results."""
    words = turn.words
    rows = [
        [button(words, "result", visit.id, number, version=visit.version, label=f"result.{result}")]
        for number, result in enumerate(results.RESULTS)
    ]
    rows.append([button(words, "to_result", visit.id, label="button.back")])
    await turn.show(about(visit), words("result.choose"), rows)


async def result(turn: Turn, visit: Visit) -> None:
    """A result chosen by hand."""
    if turn.args[1] >= len(results.RESULTS):
        raise Refusal("gone")
    await visits.choose_result(turn.session, visit, results.RESULTS[turn.args[1]], turn.person, turn.now)
    await show(turn, visit)


async def change_date(turn: Turn, visit: Visit) -> None:
    """By when it must be corrected."""
    words = turn.words
    days = [
        button(words, "days", visit.id, n, version=visit.version, label="button.days", days=n) for n in CORRECTION_DAYS
    ]
    rows = [days[:2], days[2:], [button(words, "to_result", visit.id, label="button.back")]]
    await turn.show(about(visit), words("result.choose_days"), rows)


async def days(turn: Turn, visit: Visit) -> None:
    """A deadline chosen by hand, in working days from today."""
    if turn.args[1] not in CORRECTION_DAYS:
        raise Refusal("gone")
    await visits.choose_correction(turn.session, visit, turn.args[1], turn.person, turn.now)
    await show(turn, visit)


async def sign(turn: Turn, visit: Visit) -> None:
    """`签名提交`, and for the partner `确认签名`."""
    done = await visits.sign(turn.session, visit, turn.person, turn.now)
    turn.wait_no_more()
    if not done:
        await waiting(turn, visit, NOTHING)
        return
    words = turn.words
    rows = papers.rows(words, visit, turn.person)
    rows.append([button(words, "hand_over", visit.id), button(words, "visits_back")])
    await turn.show(about(visit), words("visit.submitted", name=visit.subject.name), rows)
