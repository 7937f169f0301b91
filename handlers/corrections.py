"""A correction's card (责令改正): what is to be corrected, what was reported, who looks again or takes it further."""

from __future__ import annotations

from markupsafe import Markup
from sqlalchemy import select

from actions import corrections
from actions.calendars import official
from handlers import leads
from handlers.buttons import button
from handlers.telling import Message, Telling
from handlers.turn import NOTHING, Rows, Turn
from handlers.wording import brief
from locales import Words
from models.corrections import Correction
from models.visits import Visit
from rules.corrections import WAITING
from rules.refusal import Refusal

LISTED = 5  # points named on the card


async def load(turn: Turn) -> Correction:
    """The correction that a button speaks of, by its own number."""
    return await _checked(turn, Correction.id == turn.args[0])


async def of_visit(turn: Turn) -> Correction:
    """The correction of the visit that a button speaks of."""
    return await _checked(turn, Correction.visit_id == turn.args[0])


async def find(turn: Turn, correction: int) -> Correction:
    """A correction, locked for this turn. Refused to whom it does not concern."""
    return await _checked(turn, Correction.id == correction)


async def _checked(turn: Turn, which: object) -> Correction:
    query = select(Correction).where(which).with_for_update(of=Correction)  # type: ignore[arg-type]
    held: Correction | None = await turn.session.scalar(query)
    if held is None:
        raise Refusal("gone")
    corrections.may_follow(held, turn.person)
    return held


async def show(turn: Turn, held: Correction, head: Markup = NOTHING) -> None:
    """The card as it is now."""
    text = Markup("\n").join([*([head] if head else []), describe(turn.words, held, turn)])
    await turn.show(f"correction:{held.id}", text, rows(turn.words, held))


def rows(words: Words, held: Correction) -> Rows:
    """What can be done now, the likeliest first."""
    ids, v = (held.id,), held.version
    found: Rows = []
    if held.state in WAITING:
        found.append([button(words, "fix_again", *ids)])
        if held.state != "failed":
            found[-1].insert(0, button(words, "fix_report", *ids))
        found.append([button(words, "fix_case", *ids, version=v)])
    if held.lead_id:
        found.append([button(words, "lead", held.lead_id, label="button.see_lead")])
    if held.files:
        found.append([button(words, "fix_files", *ids, label="button.lead_photos", n=len(held.files))])
    found.append([button(words, "visit", held.visit_id, label="button.open_visit")])
    return found


def describe(words: Words, held: Correction, turn: Turn | Telling) -> Markup:
    """What is to be corrected, until when, and what was said of it."""
    visit = held.visit
    lines = [words("fix.title", name=visit.subject.name, state=words(f"fix.state.{held.state}"))]
    failed = [one for one in visit.standing.values() if one.value == "no"]
    lines += [words("fix.point", text=brief(one.note or one.point.text, 80)) for one in failed[:LISTED]]
    if held.state in WAITING:
        left = official().between(turn.today, held.due)
        key = "fix.today" if held.due == turn.today else "fix.due" if left >= 0 else "fix.late"
        lines.append(words(key, abs(left), day=held.due))
    if held.report and held.reporter:
        lines.append(words("fix.reported", name=held.reporter.name, text=brief(held.report, 200)))
    return Markup("\n").join(lines)


async def ask_report(turn: Turn, held: Correction) -> None:
    """`登记改正`: a photo of what it is like now, and words."""
    turn.wait_for("fix.report", correction=held.id)
    await _ask(turn, held, "fix.report_what")


async def reported(turn: Turn, correction: int) -> None:
    """A photo or words came."""
    held = await find(turn, correction)
    kept = await leads.kept_file(turn) if turn.file else None
    await corrections.report(
        turn.session, held, turn.said(leads.LONGEST) if turn.text else "", kept, turn.person, turn.now
    )
    turn.wait_for("fix.report", correction=held.id)  # another photo may follow
    await show(turn, held, turn.words("fix.report_kept"))


async def ask_again(turn: Turn, held: Correction) -> None:
    """`安排复查`: the same inspectors, or others?"""
    words, ids, v = turn.words, (held.id,), held.version
    names = words("and").join(seat.person.name for seat in held.visit.seats if seat.person)
    ways: Rows = [[button(words, "fix_same", *ids, version=v), button(words, "fix_others", *ids, version=v)]]
    await _ask(turn, held, "fix.who", ways, names=names)


async def same(turn: Turn, held: Correction) -> None:
    """`原班复查`."""
    await _again(turn, held, same=True)


async def others(turn: Turn, held: Correction) -> None:
    """`另抽两人`."""
    await _again(turn, held, same=False)


async def _again(turn: Turn, held: Correction, *, same: bool) -> None:
    visit = await corrections.recheck(turn.session, held, same, turn.person, turn.now)
    names = turn.words("and").join(seat.person.name for seat in visit.seats if seat.person)
    turn.wait_no_more()
    await show(turn, held, turn.words("fix.sent", names=names, day=visit.due))


async def ask_case(turn: Turn, held: Correction) -> None:
    """`转立案`: in a sentence, why."""
    turn.wait_for("fix.case", correction=held.id)
    await _ask(turn, held, "fix.case_why")


async def case(turn: Turn, correction: int) -> None:
    """The sentence was typed: one's own department gets it as a lead."""
    held = await find(turn, correction)
    await corrections.escalate(turn.session, held, leads.words_of(turn), turn.person, turn.now)
    turn.wait_no_more()
    await show(turn, held, turn.words("fix.case_sent", number=held.lead_id))


async def files(turn: Turn, held: Correction) -> None:
    """What was sent as evidence of it."""
    for one in held.files:
        kind = "photo" if one["kind"] == "photo" and one["media"] == "image/jpeg" and not one["name"] else "document"
        turn.replies.append({"do": kind, "file": one["telegram_file"], "text": ""})


async def _ask(turn: Turn, held: Correction, key: str, ways: Rows | None = None, **gaps: object) -> None:
    back = [button(turn.words, "fix", held.id, label="button.back")]
    text = turn.words(key, None, **gaps)
    await turn.show(f"correction:{held.id}", text, [*(ways or []), back])


async def told_settled(tell: Telling) -> Message | None:
    """The recheck's result stands."""
    held = await tell.session.get_one(Correction, tell.params["correction"])
    head = tell.words(f"fix.told.{held.state}") if tell.words.has(f"fix.told.{held.state}") else NOTHING
    text = Markup("\n").join([*([head] if head else []), describe(tell.words, held, tell)])
    return Message(text, rows(tell.words, held), f"correction:{held.id}")


async def told_targeted(tell: Telling) -> Message | None:
    """Somebody goes to look because of a lead, or again; no lot of a campaign sent them."""
    visit = await tell.visit()
    if all(seat.person_id != tell.person.id for seat in visit.seats):
        return None
    key = "targeted.told_again" if visit.only_points else "targeted.told"
    text = tell.words(key, name=visit.subject.name, day=visit.due, n=len(visit.points), item=visit.task.name)
    return Message(text, [[button(tell.words, "visit", visit.id, label="button.open_visit")]], f"visit:{visit.id}")


def visit_row(words: Words, visit: Visit) -> Rows:
    """`整改` on the card of a visit at which a correction was ordered."""
    signed = visit.state in ("submitted", "published")
    return [[button(words, "correction", visit.id)]] if visit.correct_by and signed else []
