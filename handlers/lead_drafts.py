"""Handing something over: from a visit or a failed point, or what was seen or told outside (R1.1, R3.3.3a)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from actions import lead_talk, leads
from actions.calendars import length
from actions.evidence import Kept
from actions.leads import NewLead
from actions.routing import destinations, found_at
from handlers import leads as card
from handlers import visits as visit_cards
from handlers.buttons import button
from handlers.deadlines import span
from handlers.turn import Button, Rows, Turn
from handlers.wording import brief
from models.people import Organ
from models.subject_search import find_subjects
from models.subjects import Subject
from models.visits import Visit
from rules.leads import FROM_OUTSIDE, READ
from rules.refusal import Refusal
from rules.visits import WORKING

FIRST = 4  # destinations before "others"
KINDS = ("free", *FROM_OUTSIDE)
FOUND = 6  # subjects on a list
MOST_PHOTOS = leads.MOST_FILES
_PARTS = re.compile(r"\s*[，,；;、|]\s*")


@dataclass
class Draft:
    """What is being handed over: a visit and the number of a point (0: all), or a subject and the kind of origin."""

    subject: Subject
    visit: Visit | None = None
    number: int = 0
    kind: str = "free"

    @property
    def about(self) -> str:
        """The card that it is written on."""
        return f"visit:{self.visit.id}" if self.visit else f"draft:{self.subject.id}"

    @property
    def point_id(self) -> int | None:
        """The failed point that it is about."""
        point = self.visit.points.get(self.number) if self.visit and self.number else None
        return point.id if point else None

    @property
    def what(self) -> str:
        """What typed words are for."""
        return "lead.text" if self.visit else "lead.free"

    @property
    def ids(self) -> dict[str, Any]:
        """What the chat keeps of it."""
        if self.visit:
            return {"visit": self.visit.id, "number": self.number}
        return {"subject": self.subject.id, "kind": KINDS.index(self.kind)}

    def key(self, turn: Turn, step: str, organ: int, label: str = "", **gaps: Any) -> Button:
        """A button for a step: to a department, or off it goes."""
        label = label or f"button.{step}"
        if self.visit:
            return button(turn.words, step, self.visit.id, self.number, organ, label=label, **gaps)
        verb = {"lead_to": "free_to", "lead_send": "free_send"}[step]
        return button(turn.words, verb, self.subject.id, KINDS.index(self.kind), organ, label=label, **gaps)

    def back(self, turn: Turn) -> Button:
        """The button back to where departments are chosen."""
        if self.visit:
            return button(turn.words, "hand_over", self.visit.id, self.number, label="button.back")
        return button(turn.words, "free_about", self.subject.id, KINDS.index(self.kind), label="button.back")


async def hand_over(turn: Turn, visit: Visit) -> None:
    """`移送线索`: to whom? The likeliest first."""
    number = turn.args[1] if len(turn.args) > 1 else 0
    await _choose(turn, Draft(visit.subject, visit, number), everybody=len(turn.args) > 2)


async def _choose(turn: Turn, draft: Draft, *, everybody: bool) -> None:
    words, visit = turn.words, draft.visit
    if visit:
        items = [part.item.code for part in visit.parts]
        text = found_at(visit, draft.point_id)
        organs, proposed = await destinations(turn.session, visit.subject, text, items, visit.departments)
    else:
        own = () if draft.kind != "free" else (turn.person.organ.department,)
        organs, proposed = await destinations(turn.session, draft.subject, "", (), own)
        organs.sort(key=lambda organ: organ.id != turn.person.organ_id)
    if not organs:
        raise Refusal("leads.nowhere")
    shown = organs if everybody else organs[:FIRST]
    buttons = [
        draft.key(
            turn,
            "lead_to",
            organ.id,
            "button.recommended" if place < proposed or (visit and not place) else "button.department",
            department=organ.department,
        )
        for place, organ in enumerate(shown)
    ]
    rows: Rows = [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
    if len(shown) < len(organs):
        verb, ids = ("hand_over", (visit.id, draft.number, 1)) if visit else ("free_about", (draft.subject.id,
                     KINDS.index(draft.kind), 1))  # fmt: skip
        rows.append([button(words, verb, *ids, label="button.other_departments")])
    rows.append([_leave(turn, draft)])
    await turn.show(draft.about, words("lead.where"), rows)


def _leave(turn: Turn, draft: Draft) -> Button:
    if draft.visit is None:
        return button(turn.words, "leads", label="button.no_lead")
    if draft.visit.state in WORKING:
        return button(turn.words, "here", draft.visit.id, version=draft.visit.version, label="button.back")
    return button(turn.words, "visit", draft.visit.id, label="button.back")


async def to(turn: Turn, visit: Visit) -> None:
    """A department was chosen: now one sentence."""
    await _ask(turn, Draft(visit.subject, visit, turn.args[1]))


async def _ask(turn: Turn, draft: Draft) -> None:
    words, organ = turn.words, await card.organ_at(turn, turn.args[2])
    note = ""
    if draft.visit:
        failed = [one for one in draft.visit.answers if one.value == "no" and draft.point_id in (None, one.point_id)]
        note = "；".join(one.note for one in failed if one.note)[: card.LONGEST]
    turn.wait_for(draft.what, organ=organ.id, **draft.ids, **({"text": note} if note else {}))
    key = "lead.say" if draft.kind not in FROM_OUTSIDE else "lead.say_outside"
    text, rows = words(key, organ=organ.name), [[draft.back(turn)]]
    if note:
        text = words("lines").join([text, words("lead.your_note", text=brief(note, 100))])
        rows.insert(0, [draft.key(turn, "lead_send", organ.id, "button.send_note")])
    await turn.show(draft.about, text, rows)


async def said(turn: Turn, visit: int, organ: int, number: int = 0) -> None:
    """The sentence: shown once more before it leaves."""
    held = await visit_cards.find(turn, visit)
    await _confirm(turn, Draft(held.subject, held, number), organ)


async def _confirm(turn: Turn, draft: Draft, organ_id: int) -> None:
    words, organ, before = turn.words, await card.organ_at(turn, organ_id), turn.chat.awaiting or {}
    photos = list(before.get("files", []))
    if turn.file and not draft.visit and len(photos) < MOST_PHOTOS:
        kept = await card.kept_file(turn)
        photos.append([kept.sha256, kept.size, kept.media, kept.telegram_file, kept.kind, kept.name])
    text = turn.text if turn.text or not turn.file else before.get("text", "")
    if not turn.file or turn.text:
        text = card.words_of(turn)
    turn.wait_for(draft.what, organ=organ_id, **draft.ids, text=text, **({"files": photos} if photos else {}))
    n = len(leads.shown(draft.visit, draft.point_id)) if draft.visit else len(photos)
    change = draft.key(turn, "lead_to", organ_id, "button.change")
    if not text:
        await turn.show(draft.about, words("lead.photo_kept", n, organ=organ.name), [[draft.back(turn)]])
        return
    rows = [[draft.key(turn, "lead_send", organ_id), change], [_leave_unsent(turn, draft)]]
    within = span(words, length("lead_accept", organ_id) or 0)
    key = "lead.confirm" if n else "lead.confirm_plain"
    await turn.show(draft.about, words(key, n, organ=organ.name, text=brief(text), span=within), rows)


def _leave_unsent(turn: Turn, draft: Draft) -> Button:
    if draft.visit:
        return button(turn.words, "visit", draft.visit.id, label="button.no_lead")
    return button(turn.words, "leads", label="button.no_lead")


async def send(turn: Turn, visit: Visit) -> None:
    """`发送`."""
    await _send(turn, Draft(visit.subject, visit, turn.args[1]))


async def _send(turn: Turn, draft: Draft) -> None:
    awaiting, words, visit = turn.chat.awaiting or {}, turn.words, draft.visit
    wanted = {"what": draft.what, "organ": turn.args[2], **draft.ids}
    if not awaiting.get("text") or {name: awaiting.get(name) for name in wanted} != wanted:
        raise Refusal("gone")
    organ = await card.organ_at(turn, turn.args[2])
    text, source, reference = awaiting["text"], "", ""
    if draft.kind in FROM_OUTSIDE:
        text, source, reference = _outside(text)
    origin = "visit" if visit else draft.kind
    new = NewLead(draft.subject, text, origin, visit, draft.point_id, source, reference)
    lead = await leads.send(turn.session, new, organ, turn.person, turn.now)
    for kept in awaiting.get("files", []):
        await lead_talk.attach(turn.session, lead, Kept(*kept), "", turn.person, turn.now)
    turn.wait_no_more()
    see = button(words, "lead", lead.id, label="button.see_lead")
    split = button(words, "lead_split", lead.id, label="button.also_to")
    if visit and visit.state in WORKING:
        on = button(words, "here", visit.id, version=visit.version, label="button.go_on")
    else:
        on = button(words, "visits_back") if visit else button(words, "leads")
    await turn.show(draft.about, words("lead.sent", organ=organ.name, day=lead.due), [[on, see], [split]])


def _outside(text: str) -> tuple[str, str, str]:
    """`12345热线，编号 202611300017，夜间油烟扰民`: the words, the source and its number, as far as they are there."""
    parts = _PARTS.split(text, maxsplit=2)
    if len(parts) < 2:
        return text, "", ""
    number = parts[1].removeprefix("编号").removeprefix("No.").strip(" :：")
    if len(parts) == 3 and any(one.isdigit() for one in number) and len(number) <= 40:
        return parts[2], parts[0][:60], number
    return text, parts[0][:60] if len(parts[0]) <= 12 else "", ""


# What was seen or told outside any visit


async def new(turn: Turn, _: Any = None) -> None:
    """`新线索`: seen oneself, or brought in from outside?"""
    if not set(READ) & set(turn.person.roles):
        raise Refusal("leads.staff_only")
    words = turn.words
    buttons = [button(words, "free_kind", place, label=f"lead.origin.{kind}") for place, kind in enumerate(KINDS)]
    await turn.show(
        "leads", words("lead.new"), [buttons[:2], buttons[2:], [button(words, "leads", label="button.back")]]
    )


async def kind(turn: Turn, _: Any = None) -> None:
    """The kind was chosen: about whom?"""
    if turn.args[0] >= len(KINDS):
        raise Refusal("gone")
    turn.wait_for("lead.subject", kind=turn.args[0])
    rows = [[button(turn.words, "lead_new", label="button.back")]]
    await turn.show("leads", turn.words("lead.about_whom"), rows)


async def searched(turn: Turn, kind: int) -> None:
    """A name or code was typed: who is meant?"""
    words = turn.words
    found = await find_subjects(turn.session, turn.text[:60], FOUND + 1)
    rows: Rows = [
        [button(words, "free_about", one.id, kind, label="button.subject", name=one.name, area=one.area.name)]
        for one in found[:FOUND]
    ]
    rows.append([button(words, "lead_new", label="button.back")])
    key = "lead.nobody_found" if not found else "lead.many_found" if len(found) > FOUND else "lead.who_is_meant"
    await turn.show("leads", words(key, text=brief(turn.text, 60)), rows)


async def free(turn: Turn) -> Draft:
    """What a button about a free lead speaks of: a subject and the kind of origin."""
    subject = await turn.session.get(Subject, turn.args[0])
    if subject is None or turn.args[1] >= len(KINDS) or not set(READ) & set(turn.person.roles):
        raise Refusal("gone")
    return Draft(subject, kind=KINDS[turn.args[1]])


async def about(turn: Turn, draft: Draft) -> None:
    """The subject was chosen: to which department?"""
    await _choose(turn, draft, everybody=len(turn.args) > 2)


async def free_to(turn: Turn, draft: Draft) -> None:
    """A department was chosen: one sentence, and photos if there are any."""
    await _ask(turn, draft)


async def free_said(turn: Turn, subject: int, organ: int, kind: int) -> None:
    """The sentence or a photo."""
    held: Organ | None = await turn.session.get(Organ, organ)
    about_whom = await turn.session.get(Subject, subject)
    if held is None or about_whom is None:
        raise Refusal("gone")
    await _confirm(turn, Draft(about_whom, kind=KINDS[kind]), organ)


async def free_send(turn: Turn, draft: Draft) -> None:
    """`发送`."""
    await _send(turn, draft)
