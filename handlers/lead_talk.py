"""What is said about a lead: return, question, answer, note, extension, and its story (R3.3.3a)."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from actions import desks, lead_story, lead_talk, leads
from actions.calendars import length
from actions.lead_office import twins
from actions.routing import destinations
from handlers import leads as card
from handlers.buttons import button
from handlers.deadlines import span
from handlers.turn import NOTHING, Rows, Turn
from handlers.wording import brief
from locales import Words
from models.leads import Lead, LeadMove
from models.people import Organ
from rules.leads import OPEN, RECEIVED

STEPS = 12  # of a story on the card; the printed one has all


async def ask_return(turn: Turn, lead: Lead) -> None:
    """`退回`: why, and who should have it?"""
    organs, _ = await destinations(turn.session, lead.subject, lead.text, but=(lead.organ.department,))
    buttons = [
        button(turn.words, "lead_better", lead.id, one.id, label="button.department", department=one.department)
        for one in organs[:6]
    ]
    ways: Rows = [buttons[start : start + 3] for start in range(0, len(buttons), 3)]
    await card.ask(turn, lead, "lead.why_return", "lead.return", ways)


async def better(turn: Turn, lead: Lead) -> None:
    """A better address was chosen: now the reason."""
    organ = await card.organ_at(turn, turn.args[1])
    turn.wait_for("lead.return", lead=lead.id, organ=organ.id)
    await card.ask(turn, lead, "lead.why_return_to", organ=organ.name)


async def send_back(turn: Turn, lead: int, organ: int = 0) -> None:
    """The reason was typed; a department that it names is the better address."""
    held, reason = await card.find(turn, lead), card.words_of(turn)
    to = await card.organ_at(turn, organ) if organ else await _named(turn, held, reason)
    await leads.send_back(turn.session, held, reason, to, turn.person, turn.now)
    turn.wait_no_more()
    await card.show(turn, held)


async def _named(turn: Turn, lead: Lead, reason: str) -> Organ | None:
    organs, _ = await destinations(turn.session, lead.subject, but=(lead.organ.department,))
    named = [one for one in organs if one.department in reason or one.name in reason]
    return named[0] if len(named) == 1 else None


async def ask_back(turn: Turn, lead: Lead) -> None:
    """`补充询问`: what does one need to know?"""
    await card.ask(turn, lead, "lead.ask_what", "lead.ask", name=lead.sender.name)


async def asked(turn: Turn, lead: int) -> None:
    """The question was typed."""
    held = await card.find(turn, lead)
    await lead_talk.ask(turn.session, held, card.words_of(turn), turn.person, turn.now)
    turn.wait_no_more()
    await card.show(turn, held, turn.words("lead.asked", name=held.sender.name))


async def ask_answer(turn: Turn, lead: Lead) -> None:
    """`回答`: the answer, perhaps with a photo."""
    await card.ask(turn, lead, "lead.answer_what", "lead.answer", text=lead.question)


async def answered(turn: Turn, lead: int) -> None:
    """The answer was typed, or came with a photo."""
    held = await card.find(turn, lead)
    if turn.file:
        await card.keep(turn, held)
        if not turn.text:
            await card.ask(turn, held, "lead.answer_what", text=held.question, head=turn.words("lead.file_kept"))
            return
    await lead_talk.answer(turn.session, held, card.words_of(turn), turn.person, turn.now)
    turn.wait_no_more()
    await card.show(turn, held, turn.words("lead.answered"))


async def ask_note(turn: Turn, lead: Lead) -> None:
    """`补充说明`: words, a photo or a document."""
    await card.ask(turn, lead, "lead.note_what", "lead.note")


async def noted(turn: Turn, lead: int) -> None:
    """The note was typed, or a file came."""
    held = await card.find(turn, lead)
    if turn.file:
        await card.keep(turn, held)
    else:
        await lead_talk.note(turn.session, held, card.words_of(turn), turn.person, turn.now)
    turn.wait_no_more()
    await card.show(turn, held, turn.words("lead.noted"))


async def ask_longer(turn: Turn, lead: Lead) -> None:
    """`申请延期`: why?"""
    more = span(turn.words, length("lead_extend", lead.organ_id) or 0)
    await card.ask(turn, lead, "lead.longer_why", "lead.longer", day=lead.due, span=more)


async def longer(turn: Turn, lead: int) -> None:
    """The reason was typed: whoever handed it over is asked."""
    held = await card.find(turn, lead)
    await lead_talk.ask_extension(turn.session, held, card.words_of(turn), turn.person, turn.now)
    turn.wait_no_more()
    names = turn.words("and").join(one.name for one in await lead_talk.approvers(turn.session, held))
    await card.show(turn, held, turn.words("lead.longer_asked", names=names))


async def extend(turn: Turn, lead: Lead) -> None:
    """`同意延期`."""
    await lead_talk.extend(turn.session, lead, turn.person, turn.now)
    await card.show(turn, lead, turn.words("lead.longer_yes", day=lead.due))


async def extend_no(turn: Turn, lead: Lead) -> None:
    """`不同意`."""
    await lead_talk.refuse_extension(turn.session, lead, turn.person, turn.now)
    await card.show(turn, lead, turn.words("lead.longer_no", day=lead.due))


async def ask_withdraw(turn: Turn, lead: Lead) -> None:
    """`撤回`: why?"""
    await card.ask(turn, lead, "lead.withdraw_why", "lead.withdraw")


async def withdraw(turn: Turn, lead: int) -> None:
    """The reason was typed."""
    held = await card.find(turn, lead)
    await leads.withdraw(turn.session, held, card.words_of(turn), turn.person, turn.now)
    turn.wait_no_more()
    await card.show(turn, held)


async def more(turn: Turn, lead: Lead) -> None:
    """`更多`: what is needed less often."""
    words, session, person = turn.words, turn.session, turn.person
    receives = await desks.acts_for_receiver(session, lead, person, turn.today)
    sends = await desks.acts_for_sender(session, lead, person, turn.today)
    ways: Rows = []
    if lead.state in OPEN:
        ways.append([button(words, "lead_note", lead.id)])
        if lead.state != "joined" and (receives or sends):
            ways[-1].append(button(words, "lead_split", lead.id))
    if receives and lead.state == "accepted":
        ways.append([button(words, "target", lead.id)])
    if receives and lead.state in RECEIVED:
        for one in (await twins(session, lead))[:3]:
            label = "button.lead_join"
            ways.append([button(words, "lead_join", lead.id, one.id, version=lead.version, label=label, number=one.id)])
    if sends and lead.state in ("sent", "returned"):
        ways.append([button(words, "lead_withdraw", lead.id)])
    text = card.describe(words, lead, person, turn.today)
    await turn.show(f"lead:{lead.id}", text, [*ways, [button(words, "lead", lead.id, label="button.back")]])


async def story(turn: Turn, lead: Lead) -> None:
    """`经过`: who did what, when."""
    steps = await lead_story.story(turn.session, lead)
    lines = [turn.words("lead.story", number=lead.id, name=lead.subject.name)]
    if len(steps) > STEPS:
        lines.append(turn.words("lead.story_earlier", len(steps) - STEPS))
    lines += [told(turn.words, one) for one in steps[-STEPS:]]
    back = [button(turn.words, "lead", lead.id, label="button.back")]
    await turn.show(f"lead:{lead.id}", Markup("\n").join(lines), [back])


def told(words: Words, step: LeadMove, most: int = 60) -> Markup:
    """One step of a story: when, who, what."""
    who = words("lead.who", organ=step.person.organ.name, name=step.person.name) if step.person else words("lead.clock")
    gaps: dict[str, Any] = {
        "organ": step.organ.name if step.organ else "",
        "to": step.to_person.name if step.to_person else "",
        "number": step.to_lead_id or "",
        "day": step.due or "",
    }
    what = words(f"lead.step.{step.verb}", **gaps)
    text = words("lead.step_words", text=brief(step.text, most)) if step.text else NOTHING
    return words("lead.step", at=step.at, who=who, what=what + text)
