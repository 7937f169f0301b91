"""A lead's card: where it stands, and what each side and the office can do with it (R3.3.3a)."""

from __future__ import annotations

from datetime import date
from typing import Any

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import desks, lead_talk, leads
from actions.calendars import official
from actions.evidence import Kept
from handlers import evidence
from handlers.buttons import MOST, button
from handlers.turn import NOTHING, Rows, Turn
from handlers.wording import brief
from locales import Words
from models.leads import Lead
from models.people import Organ, Person
from models.visits import Visit
from rules.leads import MOST_RETURNS, OUTCOMES, RECEIVED
from rules.refusal import Refusal

LONGEST = 1000


async def load(turn: Turn) -> Lead:
    """The lead that a button speaks of; nobody outside the two departments and the office sees it."""
    return await find(turn, turn.args[0])


async def find(turn: Turn, lead_id: int) -> Lead:
    """A lead, locked for this turn. Refused to whom it does not concern."""
    lead: Lead | None = await turn.session.scalar(select(Lead).where(Lead.id == lead_id).with_for_update(of=Lead))
    if lead is None or not await desks.may_see(turn.session, lead, turn.person):
        raise Refusal("gone")
    return lead


async def organ_at(turn: Turn, organ_id: int) -> Organ:
    """A department that a button names."""
    organ = await turn.session.get(Organ, organ_id)
    if organ is None:
        raise Refusal("gone")
    return organ


async def show(turn: Turn, lead: Lead, head: Markup = NOTHING) -> None:
    """The lead's card for whoever asks."""
    text = describe(turn.words, lead, turn.person, turn.today, head)
    await turn.show(f"lead:{lead.id}", text, await rows(turn.session, turn.words, lead, turn.person, turn.today))


async def rows(session: AsyncSession, words: Words, lead: Lead, person: Person, today: date) -> Rows:
    """What somebody can do with a lead now, the likeliest first."""
    ids, v = (lead.id,), lead.version
    found: Rows = []
    if lead.office_by and await desks.acts_for_office(session, lead, person):
        found.append([button(words, "lead_assign", *ids)])
        found[-1] += [button(words, "lead_prolong", *ids, version=v)] if lead.state in RECEIVED else []
        found[-1].append(button(words, "lead_dismiss", *ids))
    if lead.extend_to and any(one.id == person.id for one in await lead_talk.approvers(session, lead)):
        found.append([button(words, "lead_extend", *ids, version=v), button(words, "lead_extend_no", *ids, version=v)])
    receives = await desks.acts_for_receiver(session, lead, person, today)
    sends = await desks.acts_for_sender(session, lead, person, today)
    back = [] if lead.assigned else [button(words, "lead_return", *ids, version=v)]
    if receives and lead.state == "sent":
        found.append([button(words, "lead_accept", *ids, version=v), *back, button(words, "lead_ask", *ids)])
    elif receives and lead.state == "accepted":
        more = [] if lead.extended or lead.extend_to or lead.office_by else [button(words, "lead_longer", *ids)]
        found.append([button(words, "outcome", *ids, version=v), button(words, "lead_give", *ids), *more])
        found.append([button(words, "lead_ask", *ids), *back])
    if sends and lead.question:
        found.append([button(words, "lead_answer", *ids)])
    if sends and lead.state == "returned":
        again = lead.returns < MOST_RETURNS
        if again and lead.better:
            found.append([button(words, "resend_to", *ids, lead.better.id, label="button.to_better",
                                 department=lead.better.department)])  # fmt: skip
        found.append([button(words, "resend", *ids)] if again else [])
        found[-1].append(button(words, "lead_withdraw", *ids))
    last = [button(words, "lead_photos", *ids, label="button.lead_photos", n=len(lead.files))] if lead.files else []
    found.append([*last, button(words, "lead_story", *ids), button(words, "lead_more", *ids)])
    found.append([button(words, "leads")])
    return [row for row in found if row]


def describe(words: Words, lead: Lead, person: Person, today: date, head: Markup = NOTHING) -> Markup:
    """What it is about, who has it, and until when, as somebody sees it."""
    names: dict[str, Any] = {
        "number": lead.id,
        "sender": lead.sender.name,
        "organ": lead.source_organ.name,
        "to": lead.organ.name,
    }
    address = lead.subject.address or lead.subject.area.name
    lines = [head] if head else []
    new = lead.state == "sent" and person.organ_id == lead.organ_id
    lines.append(words("lead.title.new" if new else f"lead.title.{lead.state}", **names))
    lines.append(words("lead.about", name=lead.subject.name, address=address, text=brief(lead.text)))
    if lead.source or lead.origin not in ("visit", "free"):
        origin = words(f"lead.origin.{lead.origin}")
        lines.append(words("lead.from", origin=origin, source=lead.source, reference=lead.reference or ""))
    facts = [words("lead.photos", len(lead.files))] if lead.files else []
    facts += _clock(words, lead, today)
    if facts:
        lines.append(words("evidence.dot").join(facts))
    if lead.state == "returned":
        better = words("lead.better", organ=lead.better.name) if lead.better else ""
        lines.append(words("lead.returned_because", reason=brief(lead.reason), better=better))
    elif lead.state == "resolved":
        lines.append(words("lead.outcome", outcome=words(f"outcome.{lead.outcome}"), text=brief(lead.outcome_text)))
    elif lead.state == "closed":
        lines.append(words("lead.closed_because", reason=brief(lead.reason)))
    if lead.question:
        lines.append(words("lead.question", text=brief(lead.question)))
    if lead.extend_to:
        lines.append(words("lead.extension", day=lead.extend_to, why=brief(lead.extend_why)))
    return Markup("\n").join(lines)


def _clock(words: Words, lead: Lead, today: date) -> list[Markup]:
    """Until when whoever has it must act, and what is left of it."""
    if lead.state in ("resolved", "closed"):
        return []
    if lead.office_by:
        return [words("lead.office_by", official().between(today, lead.office_by), day=lead.office_by)]
    if lead.state == "joined":
        return [words("lead.joined", number=lead.joined_to)]
    left = official().between(today, lead.due)
    if left < 0:
        return [words("lead.late", -left)]
    name, when = lead.handler.name if lead.handler else "", "today" if lead.due == today else "due"
    return [words(f"lead.{when}.{lead.state}", left, day=lead.due, name=name)]


async def accept(turn: Turn, lead: Lead) -> None:
    """`签收`."""
    await leads.accept(turn.session, lead, turn.person, turn.now)
    await show(turn, lead, turn.words("lead.accepted_until", day=lead.due))


async def give(turn: Turn, lead: Lead) -> None:
    """`转办`: to which colleague?"""
    words = turn.words
    people = [one for one in await desks.colleagues(turn.session, turn.person) if one.id != lead.handler_id]
    if not people:
        raise Refusal("leads.alone")
    buttons = [
        button(words, "lead_give_to", lead.id, one.id, version=lead.version, label="button.name", name=one.name)
        for one in people[:MOST]
    ]
    ways = [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
    await ask(turn, lead, "lead.give", "", ways)


async def give_to(turn: Turn, lead: Lead) -> None:
    """A colleague was chosen."""
    to = await turn.session.get(Person, turn.args[1])
    if to is None:
        raise Refusal("gone")
    await leads.reassign(turn.session, lead, to, turn.person, turn.now)
    await show(turn, lead, turn.words("lead.given", name=to.name))


async def choose_outcome(turn: Turn, lead: Lead) -> None:
    """`登记结果`: what became of it?"""
    buttons = [
        button(turn.words, "outcome_is", lead.id, number, version=lead.version, label=f"outcome.{outcome}")
        for number, outcome in enumerate(OUTCOMES)
    ]
    await ask(turn, lead, "lead.which_outcome", "", [buttons[:2], buttons[2:4], buttons[4:]])


async def outcome(turn: Turn, lead: Lead) -> None:
    """An outcome was chosen: now the words that go with it, perhaps with the document."""
    if turn.args[1] >= len(OUTCOMES):
        raise Refusal("gone")
    chosen = OUTCOMES[turn.args[1]]
    turn.wait_for("lead.outcome", lead=lead.id, outcome=chosen)
    await ask(turn, lead, f"lead.words.{chosen}")


async def resolved(turn: Turn, lead: int, outcome: str) -> None:
    """The words were typed: the lead is done, the sender is told. A document alone is kept, and words asked for."""
    held = await find(turn, lead)
    if turn.file:
        await keep(turn, held)
        if not turn.text:
            await ask(turn, held, f"lead.words.{outcome}", head=turn.words("lead.file_kept"))
            return
    await leads.resolve(turn.session, held, outcome, words_of(turn), turn.person, turn.now)
    turn.wait_no_more()
    await show(turn, held)


async def keep(turn: Turn, lead: Lead) -> bool:
    """Take in the file of this turn. Refused if it can be no evidence."""
    assert turn.file
    if turn.file.refused:
        raise Refusal(turn.file.refused)
    kept = await kept_file(turn)
    return await lead_talk.attach(turn.session, lead, kept, turn.text[:200], turn.person, turn.now)


async def kept_file(turn: Turn) -> Kept:
    """The file of this turn, its bytes stored."""
    file = turn.file
    assert file
    if file.refused:
        raise Refusal(file.refused)
    digest = await turn.keep(file.data)
    return Kept(digest, len(file.data), file.media, file.telegram_file, file.kind, file.name[:200])


def words_of(turn: Turn) -> str:
    """What was typed. Refused if it is nothing or too long."""
    if not turn.text or len(turn.text) > LONGEST:
        raise Refusal("leads.words_length", most=LONGEST)
    return turn.text


async def ask(turn: Turn, lead: Lead, key: str, what: str = "", ways: Rows | None = None, **gaps: Any) -> None:
    """A question on the lead's card; `what` is what its typed answer is for."""
    if what:
        turn.wait_for(what, lead=lead.id)
    head = gaps.pop("head", NOTHING)
    text = turn.words(key, **gaps)
    back = [button(turn.words, "lead", lead.id, label="button.back")]
    await turn.show(f"lead:{lead.id}", Markup("\n").join([head, text]) if head else text, [*(ways or []), back])


async def photos(turn: Turn, lead: Lead) -> None:
    """What came with it, as it was sent, ten at a time."""
    start = turn.args[1] if len(turn.args) > 1 else 0
    for one in lead.files[start : start + evidence.ORIGINALS]:
        turn.replies.append(evidence.original(one))
    if (left := len(lead.files) - start - evidence.ORIGINALS) > 0:
        following = button(turn.words, "lead_photos", lead.id, start + evidence.ORIGINALS, n=left)
        turn.say(turn.words("evidence.more", left), [[following]])


def offer(turn: Turn, visit: Visit) -> Rows:
    """`移送线索` on the checklist, where a failed point has just got its words or photo: it is that point's."""
    fresh = {one.point_id for one in visit.evidence if one.at == turn.now and one.point_id}
    for number, answer in visit.standing.items():
        if answer.value == "no" and answer.note and (answer.at == turn.now or answer.point_id in fresh):
            return [[button(turn.words, "hand_over", visit.id, number)]]
    return []
