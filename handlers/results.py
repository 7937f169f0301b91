"""The end of a visit: what was found, the result, what follows, and the signatures."""

from __future__ import annotations

from markupsafe import Markup

from actions import findings as found
from actions import results as judged
from actions import visits
from actions.work import absent, may_work
from handlers import evidence, findings, papers
from handlers.buttons import button
from handlers.turn import NOTHING, Rows, Turn
from handlers.wording import brief
from models.visits import Visit
from rules import results
from rules.methods import method

LISTED = 6  # failed points named on the page


def about(visit: Visit) -> str:
    """The name of the visit's card."""
    return f"visit:{visit.id}"


async def show(turn: Turn, visit: Visit, head: Markup = NOTHING) -> None:
    """The page before the signature: what was found, the result, and what follows."""
    words = turn.words
    may_work(visit, turn.person)
    turn.wait_for("visit", visit=visit.id)
    values = [answer.value for answer in visit.standing.values()]
    lines = [head] if head else []
    if visit.state == "returned":
        lines.append(words("visit.returned_because", reason=visit.returned_because))
    counts = {value: values.count(value) for value in ("yes", "no", "na")}
    lines.append(words("result.counts", name=visit.subject.name, **counts))
    failed = [(number, answer.note) for number, answer in visit.standing.items() if answer.value == "no"]
    lines += [words("result.failed", number=number, note=brief(note)) for number, note in failed[:LISTED]]
    lines += evidence.progress(words, visit)
    lines += findings.by_item(words, visit)
    follow_up = bool(found.all_results(visit) & {results.CORRECTION, results.PENDING})
    if follow_up and (day := found.correct_by(visit, turn.today)):
        lines.append(words("result.correct_by", day=day))
    lines += findings.of_subject(words, visit) + findings.how(words, visit)
    signed = [seat.person.name for seat in visit.seats if seat.signed_at and seat.person]
    if signed:
        lines.append(words("result.signed", names=words("and").join(signed)))
    wrong = await judged.problems(turn.session, visit, turn.today)
    others, photos = evidence.problems(words, visit, wrong)
    lines += [*(_problem(turn, visit, code) for code in others), *photos]
    rows = _rows(turn, visit, ready=not wrong, signed=bool(signed), follow_up=bool(failed) or follow_up)
    await turn.show(about(visit), Markup("\n").join(lines), rows)


def _rows(turn: Turn, visit: Visit, *, ready: bool, signed: bool, follow_up: bool) -> Rows:
    words, v = turn.words, visit.version
    rows: Rows = []
    if ready:
        rows.append([button(words, "confirm" if signed else "sign", visit.id, version=v)])
    if method(visit.method).presence:
        scan, page = button(words, "subject_scan", visit.id), button(words, "subject_page", visit.id)
        rows.append([scan, page, button(words, "subject_refused", visit.id)])
    rows.append([button(words, "change_result", visit.id, version=v), button(words, "change_points", visit.id, 1)])
    if follow_up:
        change = button(words, "change_date", visit.id, version=v)
        rows.append([change, button(words, "hand_over", visit.id)])
    rest = [button(words, "statement", visit.id), button(words, "method", visit.id)]
    rows.append([button(words, "disposal", visit.id), *rest])
    if absent(visit):
        rows.append([button(words, "alone", visit.id)])
    rows.append([button(words, "save", visit.id)])
    return rows


def _problem(turn: Turn, visit: Visit, code: str) -> Markup:
    code, _, place = code.partition("@")
    name, _, number = code.partition(":")
    words = turn.words(f"problem.{name}", number=number)
    return turn.words("problem.of_item", item=visit.parts[int(place)].item.name, problem=words) if place else words


async def waiting(turn: Turn, visit: Visit, head: Markup = NOTHING) -> None:
    """Signed; who else must sign."""
    words = turn.words
    names = [seat.person.name for seat in visit.seats if seat.person and not seat.signed_at]
    lines = [head] if head else []
    lines.append(words("visit.waiting", name=visit.subject.name, names=words("and").join(names)))
    rows = [[button(words, "hand_over", visit.id), button(words, "visits_back")]]
    await turn.show(about(visit), Markup("\n").join(lines), rows)


async def sign(turn: Turn, visit: Visit) -> None:
    """`签名提交`, and for the partner `确认签名`."""
    done = await visits.sign(turn.session, visit, turn.person, turn.now)
    turn.wait_for("visit", visit=visit.id)  # what was queued without a signal may still come
    if not done:
        await waiting(turn, visit)
        return
    words = turn.words
    rows = papers.rows(words, visit, turn.person)
    rows.append([button(words, "hand_over", visit.id), button(words, "visits_back")])
    await turn.show(about(visit), words("visit.submitted", name=visit.subject.name), rows)
