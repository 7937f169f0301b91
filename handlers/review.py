"""A supervisor looks at what was entered, and makes it public or sends it back (R3.2.3a)."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from actions import appeals, evidence, proposals, publication, visits
from actions.calendars import deadline, length, official
from actions.findings import result_of
from handlers import corrections, findings, papers
from handlers import publication as cards
from handlers import visits as visit_cards
from handlers.buttons import button, leaf
from handlers.turn import Rows, Turn
from handlers.wording import brief
from locales import Words
from models.visits import Visit

LISTED = 6


async def listed(turn: Turn, _: Any = None) -> None:
    """`/review`: what waits, the longest first."""
    person = turn.needs("supervisor")
    words = turn.words
    every = await visits.waiting_for(turn.session, person.organ_id)
    waiting = [one for one in every if not publication.had_part(one, person)]
    own = [words("review.own", len(every) - len(waiting))] if len(every) > len(waiting) else []
    objected = await appeals.waiting_for(turn.session, person)
    extra = [[button(words, "appeals", label="button.appeals_waiting", n=len(objected))]] if objected else []
    if not waiting:
        await turn.show("reviews", Markup("\n").join([words("review.none"), *own]), [*extra, [button(words, "me")]])
        return
    shown, more = leaf(words, waiting, "review", page=turn.args[0] if turn.args else 0, size=LISTED)
    rows = [
        [button(words, "review_one", one.id, label="button.numbered", number=number, name=one.subject.name)]
        for number, one in shown
    ]
    text = Markup("\n").join([words("review.title", len(waiting)), *own])
    await turn.show("reviews", text, [*rows, *more, *extra, [button(words, "me")]])


async def load(turn: Turn) -> Visit:
    """A visit that this supervisor may review."""
    visit = await visit_cards.find(turn, turn.args[0])
    publication.may_review(visit, turn.person)
    return visit


async def show(turn: Turn, visit: Visit) -> None:
    """The review card; after the decision, what was decided."""
    words = turn.words
    text = describe(words, visit)
    rows: Rows = []
    if visit.state == "submitted":
        ids, v = (visit.id,), visit.version
        rows = [[button(words, "approve", *ids, version=v), button(words, "send_back", *ids, version=v)]]
        if visit.evidence:
            rows.append([button(words, "photos", *ids)])
    elif visit.state == "withheld":
        rows = [[button(words, "approve", visit.id, version=visit.version)]]
    elif visit.state == "published":
        page = f"{turn.house.public_url}/subjects/{visit.subject.code}"
        rows = [[(str(words("button.public_page")), page)], *corrections.visit_row(words, visit)]
    lines, more = await cards.rows(turn, visit)
    rows += [*more, *papers.rows(words, visit, turn.person), [button(words, "review")]]
    await turn.show(f"review:{visit.id}", Markup("\n").join([text, *lines]), rows)


def describe(words: Words, visit: Visit) -> Markup:
    """What a supervisor must know to decide."""
    names = words("and").join(seat.person.name for seat in visit.seats if seat.person)
    failed = {number: answer for number, answer in visit.standing.items() if answer.value == "no"}
    lines = [words("review.card", name=visit.subject.name, names=names, state=words(f"visit.state.{visit.state}"))]
    total = len(visit.asked)
    lines.append(
        words("review.failed", total=total, failed=len(failed)) if failed else words("review.clean", total=total)
    )
    lines += [
        words("review.finding", number=number, text=one.point.text, note=brief(one.note))
        for number, one in list(failed.items())[:LISTED]
    ]
    lines.append(words("review.result", photos=len(visit.evidence), result=words(f"result.{result_of(visit)}")))
    if doubtful := evidence.doubtful(visit.evidence):
        lines.append(words("review.doubtful", len(doubtful)))
    if visit.correct_by:
        lines.append(words("result.correct_by", day=visit.correct_by))
    if len(visit.parts) > 1 or any(part.disposal for part in visit.parts):
        lines += findings.by_item(words, visit)
    lines += findings.of_subject(words, visit) + findings.how(words, visit)
    if visit.state == "submitted" and visit.submitted_at:
        submitted = visit.submitted_at.astimezone(words.zone).date()
        organ = visit.task.organ_id
        day = deadline("publication", submitted, organ)
        line = words("review.public_by", length("publication", organ), day=day)
        lines.append(line + words("reminder.provisional") if official().provisional(day) else line)
    if visit.state == "returned":
        lines.append(words("visit.returned_because", reason=visit.returned_because))
    return Markup("\n").join(lines)


async def approve(turn: Turn, visit: Visit) -> None:
    """`通过并公示`."""
    await publication.approve(turn.session, visit, turn.person, turn.now)
    await show(turn, visit)


async def ask_why(turn: Turn, visit: Visit) -> None:
    """`退回`: what must be mended?"""
    turn.wait_for("review.return", visit=visit.id)
    rows = [[button(turn.words, "review_one", visit.id, label="button.back")]]
    await turn.show(f"review:{visit.id}", turn.words("review.why", name=visit.subject.name), rows)


async def send_back(turn: Turn, visit: int) -> None:
    """The reason was typed; the visit goes back to its inspectors."""
    turn.args = [visit]
    held = await load(turn)
    await publication.send_back(turn.session, held, turn.said(), turn.person, turn.now)
    turn.wait_no_more()
    await show(turn, held)


async def proposed(turn: Turn, visit: int, kind: str, ground: str, result: str) -> None:
    """Why a result is withheld, corrected or withdrawn was typed: somebody else is asked."""
    turn.args = [visit]
    held = await load(turn)
    await proposals.propose(turn.session, held, kind, turn.said(), turn.person, turn.now, ground=ground, result=result)
    turn.wait_no_more()
    await show(turn, held)
