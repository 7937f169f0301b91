"""Whatever else people send: nobody is left without an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from actions.notify import tell_supervisors_of_unreachable
from handlers import (
    absence,
    announcements,
    annual,
    appeals,
    corrections,
    credit_lists,
    credit_records,
    deadlines,
    drafting,
    draws,
    entries,
    imports,
    labels,
    lead_drafts,
    lead_lists,
    lead_office,
    lead_talk,
    leads,
    letters,
    objections,
    people,
    planned,
    plans,
    publication,
    records,
    replacing,
    review,
    seats,
    stages,
    steps,
    subjects,
    suspensions,
    tasks,
    training,
)
from handlers import visits as visit_cards
from handlers.turn import Turn
from handlers.wording import apology
from rules.refusal import Refusal


async def heard(turn: Turn) -> None:
    """Free text, a photo or a file: for whatever this chat waits for, else for nothing we know."""
    awaiting = dict(turn.chat.awaiting or {})
    what = awaiting.pop("what", "")
    if what == "visit":
        visit = await visit_cards.find(turn, awaiting["visit"])
        _again(turn, visit.id)
        if not await steps.heard(turn, visit, awaiting):
            await entries.heard(turn, visit, awaiting.get("point", 0))
    elif what in ("recusal", "leave"):
        visit = await visit_cards.find(turn, awaiting["visit"])
        await seats.gave_reason(turn, visit, what, turn.text)
    elif what in AWAITED and (turn.text or (turn.file and what in WITH_FILES)):
        awaiting = {name: value for name, value in awaiting.items() if name not in ("text", "files")}
        await AWAITED[what](turn, **awaiting)
    elif turn.file and turn.file.codes and turn.chat.person:
        await subjects.scanned(turn)
    else:
        turn.say(turn.words("not_understood.file" if turn.file else "not_understood"))
        await people.where_you_are(turn)


def _again(turn: Turn, visit_id: int) -> None:
    async def show_again(fresh: Turn) -> None:
        await visit_cards.card(fresh, await visit_cards.find(fresh, visit_id))

    turn.show_again = show_again


AWAITED: dict[str, Callable[..., Awaitable[None]]] = {
    "announcement.text": announcements.written,
    "appeal.reply": appeals.replied,
    "credit.broken": credit_records.broken,
    "credit.leave": credit_lists.leave,
    "credit.promise": credit_records.promised,
    "credit.punish": credit_records.punish,
    "credit.refuse": credit_lists.refuse,
    "credit.repair": credit_lists.repair,
    "deadline.words": deadlines.said,
    "draw.per_week": stages.typed,
    "draw.void": draws.void,
    "draw.witness": draws.witnessed,
    "desk.until": lead_lists.desk_typed,
    "fix.case": corrections.case,
    "fix.report": corrections.reported,
    "label.words": labels.typed,
    "lead.answer": lead_talk.answered,
    "lead.ask": lead_talk.asked,
    "lead.assign": lead_office.assigned,
    "lead.dismiss": lead_office.dismiss,
    "lead.free": lead_drafts.free_said,
    "lead.longer": lead_talk.longer,
    "lead.note": lead_talk.noted,
    "import.confirm": imports.typed,
    "lead.outcome": leads.resolved,
    "lead.return": lead_talk.send_back,
    "lead.search": lead_lists.searched,
    "lead.split": lead_office.parted,
    "lead.subject": lead_drafts.searched,
    "lead.text": lead_drafts.said,
    "lead.withdraw": lead_talk.withdraw,
    "letter.refuse": letters.refuse,
    "people.leave": absence.said,
    "people.lift": suspensions.lifted,
    "people.suspend": suspensions.said,
    "plan.change": annual.changed,
    "plan.file": annual.filed_with,
    "plan.name": drafting.typed_name,
    "plan.ratio": drafting.typed_ratio,
    "plan.reject": annual.reject,
    "planned.words": planned.heard,
    "publication.refuse": publication.refuse,
    "publication.why": review.proposed,
    "record.amend": records.amended,
    "review.return": review.send_back,
    "seats.leave_all": seats.gave_reason_for_all,
    "subject.search": subjects.searched,
    "task.decline": tasks.decline,
    "task.factors": tasks.typed_factors,
    "task.ratio": plans.typed_ratio,
    "training": training.heard,
    "visit.drop": replacing.drop,
    "visit.object": objections.said,
    "visit.object_no": objections.reject,
}


WITH_FILES = {
    "fix.report",
    "lead.answer",
    "lead.free",
    "lead.note",
    "lead.outcome",
    "training",
}  # a photo or document is an answer by itself


async def document(turn: Turn) -> None:
    """A file: a table if an administrator sends it out of the blue, else evidence for what is under way."""
    person, file, waits = turn.chat.person, turn.file, (turn.chat.awaiting or {}).get("what")
    free = waits in (None, "import.confirm", "lead.search", "subject.search")  # an open list waits for no file
    if file and person and "administrator" in person.roles and free and file.kind != "photo":
        await imports.received(turn, file)
    else:
        await heard(turn)


async def recorded(turn: Turn) -> None:
    """A recording or a position: at a visit it is evidence, else it means nothing."""
    await (heard(turn) if turn.file else odd(turn))


async def odd(turn: Turn) -> None:
    """Stickers, voice and the like: said what works instead, and where one is."""
    turn.say(turn.words("not_understood.kind"))
    if turn.chat.person:
        await people.where_you_are(turn)


async def edited(turn: Turn) -> None:
    """An edited message: what was said first counts. A live position that moves is nobody's doing, and not answered."""
    if not (turn.update.edited_message and turn.update.edited_message.location):
        turn.say(turn.words("edited"))


async def in_group(turn: Turn) -> None:
    """Groups hear nothing of anybody's work; a command there gets one sentence.

    An update that nothing could be read from ends here too; a person who sent it gets an apology.
    """
    if turn.update.effective_chat is None and turn.chat.id > 0:
        apology(turn)
    elif turn.text.startswith("/"):
        turn.say(turn.words("only_private"))


async def membership(turn: Turn) -> None:
    """Somebody blocked or unblocked us, or added us to a group."""
    change = turn.update.my_chat_member
    if change and change.new_chat_member.status in ("kicked", "left") and turn.update.effective_chat:
        turn.chat.unreachable_at = turn.now
        if turn.chat.person_id:
            await tell_supervisors_of_unreachable(turn.session, turn.chat.person_id, turn.now)


async def old_button(turn: Turn) -> None:
    """A button that no present program knows."""
    raise Refusal("gone")
