"""Handing a lead over, and what the other side does with it (R3.3.3a)."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from sqlalchemy import select

from actions import leads
from actions.calendars import official
from handlers import evidence
from handlers import visits as visit_cards
from handlers.buttons import button
from handlers.turn import NOTHING, Rows, Turn
from locales import Words
from models.leads import Lead
from models.people import Organ
from models.visits import Visit
from rules.leads import OUTCOMES
from rules.refusal import Refusal

LONGEST = 1000
FIRST = 4  # destinations before "others"


async def hand_over(turn: Turn, visit: Visit) -> None:
    """`移送线索`: to whom? The likeliest first."""
    await _choose(turn, visit, f"visit:{visit.id}", "lead_to", (visit.id,), everybody=len(turn.args) > 1)


async def _choose(turn: Turn, visit: Visit, about: str, verb: str, ids: tuple[int, ...], *, everybody: bool) -> None:
    words = turn.words
    organs = await leads.destinations(turn.session, visit)
    if not organs:
        raise Refusal("leads.nowhere")
    shown = organs if everybody else organs[:FIRST]
    buttons = []
    for number, organ in enumerate(shown):
        label = "button.recommended" if number == 0 else "button.department"
        buttons.append(button(words, verb, *ids, organ.id, label=label, department=organ.department))
    rows: Rows = [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
    if len(shown) < len(organs):
        again = "hand_over" if verb == "lead_to" else "resend"
        rows.append([button(words, again, *ids, 1, label="button.other_departments")])
    back = ("visit", ids[0]) if verb == "lead_to" else ("lead", ids[0])
    rows.append([button(words, back[0], back[1], label="button.back")])
    await turn.show(about, words("lead.where"), rows)


async def to(turn: Turn, visit: Visit) -> None:
    """A department was chosen: now one sentence."""
    organ = await _organ(turn, turn.args[1])
    turn.wait_for("lead.text", visit=visit.id, organ=organ.id)
    rows = [[button(turn.words, "hand_over", visit.id, label="button.back")]]
    await turn.show(f"visit:{visit.id}", turn.words("lead.say", organ=organ.name), rows)


async def said(turn: Turn, visit: int, organ: int) -> None:
    """The sentence: shown once more before it leaves."""
    if not turn.text or len(turn.text) > LONGEST:
        raise Refusal("leads.words_length", most=LONGEST)
    held = await visit_cards.find(turn, visit)
    to_organ = await _organ(turn, organ)
    turn.wait_for("lead.text", visit=visit, organ=organ, text=turn.text)
    words = turn.words
    text = words("lead.confirm", organ=to_organ.name, text=turn.text, n=len(held.evidence))
    rows = [
        [
            button(words, "lead_send", visit, organ),
            button(words, "lead_to", visit, organ, label="button.change"),
        ],
        [button(words, "visit", visit, label="button.no_lead")],
    ]
    await turn.show(f"visit:{visit}", text, rows)


async def send(turn: Turn, visit: Visit) -> None:
    """`发送`."""
    awaiting = turn.chat.awaiting or {}
    wanted = {"what": "lead.text", "visit": visit.id, "organ": turn.args[1]}
    if not awaiting.get("text") or {name: awaiting.get(name) for name in wanted} != wanted:
        raise Refusal("gone")
    organ = await _organ(turn, turn.args[1])
    lead = await leads.send(turn.session, visit, organ, awaiting["text"], turn.person, turn.now)
    turn.wait_no_more()
    words = turn.words
    rows = [[button(words, "lead", lead.id, label="button.see_lead"), button(words, "here", visit.id,
             version=visit.version, label="button.go_on")]]  # fmt: skip
    if visit.state not in ("started", "returned"):
        rows = [[button(words, "lead", lead.id, label="button.see_lead"), button(words, "visits_back")]]
    await turn.show(f"visit:{visit.id}", words("lead.sent", organ=organ.name, day=lead.accept_by), rows)


async def load(turn: Turn) -> Lead:
    """The lead that a button speaks of; nobody outside the two departments sees it."""
    lead = await turn.session.scalar(select(Lead).where(Lead.id == turn.args[0]).with_for_update(of=Lead))
    if lead is None or not leads.may_see(lead, turn.person):
        raise Refusal("gone")
    return lead


async def show(turn: Turn, lead: Lead, head: Markup = NOTHING) -> None:
    """The lead's card for either side."""
    words, person = turn.words, turn.person
    receiver = "liaison" in person.roles and person.organ_id == lead.organ_id
    ids, v = (lead.id,), lead.version
    rows: Rows = []
    if receiver and lead.state == "sent":
        rows.append([button(words, "lead_accept", *ids, version=v), button(words, "lead_return", *ids, version=v)])
    elif receiver and lead.state == "accepted":
        rows.append([button(words, "outcome", *ids, version=v), button(words, "lead_return", *ids, version=v)])
    elif lead.state == "returned" and lead.sender_id == person.id:
        rows.append([button(words, "resend", *ids)])
    if lead.visit and lead.visit.evidence:
        rows.append([button(words, "lead_photos", *ids)])
    rows.append([button(words, "leads")])
    lines = [head] if head else []
    await turn.show(f"lead:{lead.id}", Markup("\n").join([*lines, describe(words, lead, turn)]), rows)


def describe(words: Words, lead: Lead, turn: Any) -> Markup:
    """What it is about, and where it stands."""
    photos = len(lead.visit.evidence) if lead.visit else 0
    lines = [
        words(
            f"lead.title.{lead.state}",
            sender=lead.sender.name,
            organ=lead.sender.organ.name,
            to=lead.organ.name,
        ),
        words("lead.about", name=lead.subject.name, address=lead.subject.address, text=lead.text),
    ]
    if photos:
        lines.append(words("lead.photos", photos))
    left = official().between(turn.today, lead.accept_by)
    if lead.state == "sent":
        lines.append(
            words("lead.accept_by", left, day=lead.accept_by) if left >= 0 else words("lead.accept_late", -left)
        )
    elif lead.state == "accepted" and lead.resolve_by:
        name = lead.handler.name if lead.handler else ""
        lines.append(words("lead.resolve_by", day=lead.resolve_by, name=name))
    elif lead.state == "returned":
        lines.append(words("lead.returned_because", reason=lead.reason))
    elif lead.state == "resolved":
        lines.append(words("lead.outcome", outcome=words(f"outcome.{lead.outcome}"), text=lead.outcome_text))
    return Markup("\n").join(lines)


async def accept(turn: Turn, lead: Lead) -> None:
    """`签收`."""
    await leads.accept(turn.session, lead, turn.person, turn.now)
    await show(turn, lead, turn.words("lead.accepted_until", day=lead.resolve_by))


async def ask_return(turn: Turn, lead: Lead) -> None:
    """`退回`: why, and who should have it?"""
    turn.wait_for("lead.return", lead=lead.id)
    rows = [[button(turn.words, "lead", lead.id, label="button.back")]]
    await turn.show(f"lead:{lead.id}", turn.words("lead.why_return"), rows)


async def send_back(turn: Turn, lead: int) -> None:
    """The reason was typed; the lead is the sender's again."""
    if not turn.text:
        raise Refusal("reason_needed")
    turn.args = [lead]
    held = await load(turn)
    await leads.send_back(turn.session, held, turn.text[:LONGEST], turn.person, turn.now)
    turn.wait_no_more()
    await show(turn, held)


async def resend(turn: Turn, lead: Lead) -> None:
    """A returned lead: to whom instead?"""
    if lead.visit is None:
        raise Refusal("gone")
    await _choose(turn, lead.visit, f"lead:{lead.id}", "resend_to", (lead.id,), everybody=len(turn.args) > 1)


async def resend_to(turn: Turn, lead: Lead) -> None:
    """A better address was chosen."""
    await leads.send_again(turn.session, lead, await _organ(turn, turn.args[1]), turn.person, turn.now)
    await show(turn, lead)


async def choose_outcome(turn: Turn, lead: Lead) -> None:
    """`登记结果`: what became of it?"""
    words = turn.words
    buttons = [
        button(words, "outcome_is", lead.id, number, version=lead.version, label=f"outcome.{outcome}")
        for number, outcome in enumerate(OUTCOMES)
    ]
    rows = [buttons[:2], buttons[2:4], buttons[4:], [button(words, "lead", lead.id, label="button.back")]]
    await turn.show(f"lead:{lead.id}", words("lead.which_outcome"), rows)


async def outcome(turn: Turn, lead: Lead) -> None:
    """An outcome was chosen: now the words that go with it."""
    if turn.args[1] >= len(OUTCOMES):
        raise Refusal("gone")
    chosen = OUTCOMES[turn.args[1]]
    turn.wait_for("lead.outcome", lead=lead.id, outcome=chosen)
    rows = [[button(turn.words, "outcome", lead.id, version=lead.version, label="button.back")]]
    await turn.show(f"lead:{lead.id}", turn.words(f"lead.words.{chosen}"), rows)


async def resolved(turn: Turn, lead: int, outcome: str) -> None:
    """The words were typed: the lead is done, the sender is told."""
    if not turn.text or len(turn.text) > LONGEST:
        raise Refusal("leads.words_length", most=LONGEST)
    turn.args = [lead]
    held = await load(turn)
    await leads.resolve(turn.session, held, outcome, turn.text, turn.person, turn.now)
    turn.wait_no_more()
    await show(turn, held)


async def photos(turn: Turn, lead: Lead) -> None:
    """The evidence that came with it."""
    for one in (lead.visit.evidence if lead.visit else [])[:10]:
        turn.replies.append(evidence.original(one))


async def listed(turn: Turn, _: Any = None) -> None:
    """`/leads`: what is mine to do, and what I wait for."""
    words = turn.words
    found = await leads.inbox(turn.session, turn.person)
    if not found:
        await turn.show("leads", words("leads.none"), [[button(words, "me")]])
        return
    rows = [
        [button(words, "lead", one.id, label="button.lead_line", state=words(f"lead.state.{one.state}"),
                name=one.subject.name)]
        for one in found
    ]  # fmt: skip
    await turn.show("leads", words("leads.title", len(found)), rows)


async def _organ(turn: Turn, organ_id: int) -> Organ:
    organ = await turn.session.get(Organ, organ_id)
    if organ is None:
        raise Refusal("gone")
    return organ
