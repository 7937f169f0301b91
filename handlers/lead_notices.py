"""What people hear of leads unasked: what happened, over the lead's card with what they can do now."""

from __future__ import annotations

from typing import Any

from actions import desks
from handlers import leads as card
from handlers.buttons import button
from handlers.telling import Message, Render, Telling
from handlers.turn import NOTHING
from handlers.wording import brief
from models.leads import Desk, Lead, LeadMove
from rules.leads import OPEN


def told(kind: str, states: tuple[str, ...] = OPEN) -> Render:
    """What happened in a line, over the card; not told any more once the lead is out of these states or of sight."""

    async def tell(telling: Telling) -> Message | None:
        session, words, person = telling.session, telling.words, telling.person
        lead = await session.get_one(Lead, telling.params["lead"])
        if lead.state not in states or not await desks.may_see(session, lead, person):
            return None
        step = await session.get(LeadMove, telling.params.get("step", 0))
        head = NOTHING
        key = "lead.told.refer" if step and step.verb == "refer" and kind == "office" else f"lead.told.{kind}"
        if words.has(key):
            gaps: dict[str, Any] = {
                "name": step.person.name if step and step.person else "",
                "organ": step.organ.name if step and step.organ else "",
                "text": brief(step.text, 200) if step else "",
                "day": lead.due,
                "number": lead.id,
                "result": await _result(telling),
            }
            head = words(key, **gaps)
        text = card.describe(words, lead, person, telling.today, head)
        return Message(text, await card.rows(session, words, lead, person, telling.today), f"lead:{lead.id}")

    return tell


async def _result(telling: Telling) -> str:
    """What a visit found that the lead caused."""
    if "visit" not in telling.params:
        return ""
    return str(telling.words(f"result.{(await telling.visit()).result}"))


async def told_gone(telling: Telling) -> Message:
    """It is another department's now: nothing else is said of it."""
    lead = await telling.session.get_one(Lead, telling.params["lead"])
    return Message(telling.words("lead.told.gone", number=lead.id), [[button(telling.words, "leads")]])


async def told_desk(telling: Telling) -> Message | None:
    """A colleague handed over their desk."""
    desk = await telling.session.get_one(Desk, telling.params["desk"])
    if desk.ended_at:
        return None
    text = telling.words("desk.taken", name=desk.person.name, day=desk.until)
    return Message(text, [[button(telling.words, "leads")]])


OVER = (*OPEN, "resolved", "closed")
NOTICES: dict[str, Render] = {
    "desks.taken": told_desk,
    "leads.accepted": told("accepted", OVER),
    "leads.answered": told("answered"),
    "leads.asked": told("asked"),
    "leads.closed": told("closed", OVER),
    "leads.decided": told("decided", OVER),
    "leads.extended": told("extended"),
    "leads.extension": told("extension"),
    "leads.gone": told_gone,
    "leads.joined": told("joined", OVER),
    "leads.new": told("new"),
    "leads.not_extended": told("not_extended"),
    "leads.noted": told("noted"),
    "leads.office": told("office"),
    "leads.overdue": told("overdue"),
    "leads.prolonged": told("prolonged"),
    "leads.resolved": told("resolved", OVER),
    "leads.returned": told("returned"),
    "leads.split": told("split", OVER),
    "leads.unheard": told("unheard"),
    "leads.visited": told("visited"),
    "leads.yours": told("yours"),
}
