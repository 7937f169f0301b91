"""What people are told unasked: each kind of notice and its words, made when it is first tried."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from markupsafe import Markup
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import subject
from actions.findings import result_of
from actions.publication import may_review
from actions.work import absent
from handlers import (
    absence,
    announcements,
    annual,
    appeals,
    corrections,
    credit_lists,
    digests,
    findings,
    lead_notices,
    letters,
    offers,
    papers,
    publication,
    records,
    reminders,
    review,
    seat_notices,
    tasks,
    visits,
)
from handlers.buttons import button
from handlers.telling import Message, Render, Telling
from handlers.turn import House, Rows
from handlers.wording import brief
from locales import Words
from models.draws import Draw
from models.mail import Outbox
from models.people import Chat, Person
from models.visit_at_hand import visit_at_hand
from models.visits import Seat, Visit
from rules.refusal import Refusal
from rules.visits import OPEN, WORKING


async def render(session: AsyncSession, notice: Outbox, chat: Chat, house: House, now: datetime) -> Message | None:
    """The words of a notice in the person's language; None if it is not true any more."""
    person = await session.get_one(Person, notice.person_id)
    telling = Telling(session, person, Words(chat.language, house.zone), now, notice.params)
    return await NOTICES[notice.kind](telling)


async def fetch(session: AsyncSession, notices: Iterable[Outbox]) -> list[Visit]:
    """The visits that these notices are about, read the short way.

    As long as somebody holds them, who words a notice finds them in the session.
    """
    about = {notice.params["visit"] for notice in notices if "visit" in notice.params}
    found = [await visit_at_hand(session, number, locked=False) for number in sorted(about)]
    return [visit for visit in found if visit]


async def _drawn(tell: Telling) -> Message | None:
    into = select(Visit.merged_into).where(Visit.draw_id == tell.params["draw"], Visit.state == "merged")
    query = (
        select(Visit)
        .join(Seat, Seat.visit_id == Visit.id)
        .where(
            or_(Visit.draw_id == tell.params["draw"], Visit.id.in_(into)),
            Seat.person_id == tell.person.id,
            Visit.state.in_(OPEN),
        )
        .order_by(Visit.position)
    )
    if "visits" in tell.params:  # of this stage
        query = query.where(Visit.id.in_(tell.params["visits"]))
    mine = list(await tell.session.scalars(query))
    if not mine:
        return None
    text, rows = visits.drawn(tell.words, mine, tell.person, tell)
    return Message(text, rows, "visits")


def _about_visit(key: str, states: tuple[str, ...], *, who: str = "") -> Render:
    """A line about a visit over its card, as long as the visit is in one of these states."""

    async def told(tell: Telling) -> Message | None:
        visit = await tell.visit()
        if visit.state not in states:
            return None
        name = (await tell.who(who)).name if who else ""
        head = tell.words(key, name=name, subject=visit.subject.name, reason=visit.returned_because)
        text = Markup("\n").join([head, visits.describe(tell.words, visit, tell.person, tell)])
        verb = "here" if visit.state in WORKING else "visit"
        version = visit.version if verb == "here" else 0
        go = button(tell.words, verb, visit.id, version=version, label="button.open_visit")
        return Message(text, [[go]], f"visit:{visit.id}")

    return told


def _line_about_visit(key: str, verb: str = "", *, who: str = "") -> Render:
    """One line about a visit, and perhaps a button."""

    async def told(tell: Telling) -> Message:
        visit = await tell.visit()
        name = (await tell.who(who)).name if who else ""
        text = tell.words(key, subject=visit.subject.name, name=name, number=visit.draw.sequence if visit.draw else 0)
        rows: Rows = []
        seat = next((one for one in visit.seats if one.number == tell.params.get("seat")), None)
        if verb == "appoint" and seat:
            rows = [[button(tell.words, "vacant", visit.id, seat.number, department=seat.department)]]
        elif verb == "appoint" and visit.draw_id:
            rows = [[button(tell.words, "appoint", visit.draw_id, label="button.appoint", n=1)]]
        elif verb:
            rows = [[button(tell.words, verb, visit.id, label="button.open_visit")]]
        return Message(text, rows)

    return told


async def _sign(tell: Telling) -> Message | None:
    visit = await tell.visit()
    mine = next((seat for seat in visit.seats if seat.person_id == tell.person.id), None)
    if visit.state not in WORKING or mine is None or mine.signed_at:
        return None
    signed = [seat.person.name for seat in visit.seats if seat.signed_at and seat.person]
    if not signed:
        return None
    failed = sum(answer.value == "no" for answer in visit.standing.values())
    text = tell.words(
        "visit.please_sign",
        subject=visit.subject.name,
        names=tell.words("and").join(signed),
        total=len(visit.points),
        failed=failed,
        result=tell.words(f"result.{result_of(visit)}"),
    )
    if mine in absent(visit):
        key = "presence.sign_though_absent" if visit.alone_because else "presence.by_signing"
        text = Markup("\n").join([text, tell.words(key, why=visit.alone_because)])
    confirm = button(tell.words, "confirm", visit.id, version=visit.version)
    look = button(tell.words, "here", visit.id, version=visit.version, label="button.look_first")
    return Message(text, [[confirm, look]], f"visit:{visit.id}")


async def _arrived(tell: Telling) -> Message | None:
    visit = await tell.visit()
    if visit.state not in WORKING or all(seat.person_id != tell.person.id for seat in absent(visit)):
        return None
    text = tell.words("presence.arrived", subject=visit.subject.name, name=(await tell.who()).name)
    here = button(tell.words, "here", visit.id, version=visit.version)
    look = button(tell.words, "visit", visit.id, label="button.open_visit")
    return Message(text, [[here, look]], f"visit:{visit.id}")


async def _confirmed(tell: Telling) -> Message | None:
    """The subject has confirmed on their phone: the card says so at once, and offers the signature."""
    visit = await tell.visit()
    mine = next((seat for seat in visit.seats if seat.person_id == tell.person.id), None)
    if visit.state not in WORKING or mine is None or not subject.stands(visit):
        return None
    lines = [
        tell.words("subject.confirmed", subject=visit.subject.name, name=visit.signing.get("name", "")),
        *findings.by_item(tell.words, visit),
        *([tell.words("subject.statement", words=brief(visit.statement))] if visit.statement else []),
    ]
    look = button(tell.words, "here", visit.id, version=visit.version, label="button.to_result")
    rows: Rows = [[button(tell.words, "sign", visit.id, version=visit.version), look]] if mine.arrived_at else [[look]]
    return Message(Markup("\n").join(lines), rows, f"visit:{visit.id}")


async def _review(tell: Telling) -> Message | None:
    visit = await tell.visit()
    if visit.state != "submitted":
        return None
    text, ids, v = review.describe(tell.words, visit), (visit.id,), visit.version
    try:
        may_review(visit, tell.person)
    except Refusal as own:  # who was there hears that another supervisor must look at it
        line = tell.words(f"refusal.{own.code}")
        return Message(Markup("\n").join([text, line]), papers.rows(tell.words, visit, tell.person))
    rows = [[button(tell.words, "approve", *ids, version=v), button(tell.words, "send_back", *ids, version=v)]]
    if visit.evidence:
        rows.append([button(tell.words, "photos", *ids)])
    rows += papers.rows(tell.words, visit, tell.person)
    return Message(text, rows, f"review:{visit.id}")


async def _witness(tell: Telling) -> Message | None:
    draw = await tell.session.get_one(Draw, tell.params["draw"])
    mine = next((one for one in draw.witnesses if one.person_id == tell.person.id), None)
    if draw.state != "committed" or mine is None or mine.contribution is not None:
        return None
    text = tell.words("witness.ask", number=draw.sequence, task=draw.task.name, organ=draw.task.organ.name)
    return Message(text, [[button(tell.words, "witness", draw.id)]], f"witness:{draw.id}")


async def _ready(tell: Telling) -> Message | None:
    draw = await tell.session.get_one(Draw, tell.params["draw"])
    if draw.state != "committed":
        return None
    rows = [[button(tell.words, "run", draw.id, version=draw.version), button(tell.words, "draw", draw.id,
             label="button.draw_number", number=draw.sequence)]]  # fmt: skip
    text = tell.words("draw.ready_beacon" if draw.beacon_round else "draw.ready", number=draw.sequence)
    return Message(text, rows, f"draw:{draw.id}")


async def _no_beacon(tell: Telling) -> Message | None:
    draw = await tell.session.get_one(Draw, tell.params["draw"])
    if draw.state != "committed" or draw.beacon:
        return None
    rows = [[button(tell.words, "void", draw.id, version=draw.version), button(tell.words, "draw", draw.id,
             label="button.draw_number", number=draw.sequence)]]  # fmt: skip
    return Message(tell.words("draw.no_beacon", number=draw.sequence), rows, f"draw:{draw.id}")


async def _clock_behind(tell: Telling) -> Message:
    draw = await tell.session.get_one(Draw, tell.params["draw"])
    rows = [[button(tell.words, "draw", draw.id, label="button.draw_number", number=draw.sequence)]]
    return Message(tell.words("draw.clock_behind", number=draw.sequence), rows, f"draw:{draw.id}")


def _line(key: str) -> Render:
    async def told(tell: Telling) -> Message:
        return Message(tell.words(key, name=(await tell.who()).name), [])

    return told


NOTICES: dict[str, Render] = {
    "announcement": announcements.told,
    "appeals.decided": appeals.told_decided,
    "appeals.new": appeals.told_new,
    "credit.decided": credit_lists.told_decided,
    "credit.proposed": credit_lists.told_proposed,
    "deadlines.moved": reminders.told_moved,
    **lead_notices.NOTICES,
    "digest": digests.told,
    "corrections.settled": corrections.told_settled,
    "draws.clock_behind": _clock_behind,
    "draws.no_beacon": _no_beacon,
    "draws.ready": _ready,
    "draws.witness": _witness,
    "letters.approved": letters.told_approved,
    "letters.asked": letters.told_asked,
    "letters.refused": letters.told_refused,
    "letters.remind": letters.told_reminder,
    "offers.agreed": offers.told("offer.they_agreed"),
    "offers.asked": offers.told("offer.please_merge"),
    "offers.declined": offers.told("offer.they_declined"),
    "offers.new": offers.told_of_new,
    "people.leave": absence.told,
    "people.lifted": _line("people.lifted"),
    "people.new_device": _line("people.new_device"),
    "people.suspended": _line("people.suspended"),
    "people.unreachable": _line("people.unreachable"),
    "plans.approved": annual.told("plan.they_approved", "approved"),
    "plans.published": annual.told("plan.they_published", "published"),
    "plans.rejected": annual.told("plan.they_rejected", "draft"),
    "plans.to_decide": annual.told_to_decide,
    "publication.asked": publication.told_asked,
    "publication.decided": publication.told_decided,
    "records.amended": records.told_amended,
    "reminders": reminders.told,
    "tasks.agreed": tasks.told("task.they_agreed"),
    "tasks.asked": tasks.told("task.please_join"),
    "tasks.asked_again": tasks.told("task.please_join_again"),
    "tasks.declined": tasks.told("task.they_declined"),
    "tasks.released": tasks.told("task.released"),
    "visits.arrived": _arrived,
    "visits.confirmed": _confirmed,
    "visits.doubtful": seat_notices.doubtful,
    "visits.drawn": _drawn,
    "visits.joined": _about_visit("visit.you_join", OPEN),
    "visits.left_several": seat_notices.left_several,
    "visits.merged": _about_visit("visit.now_joint", OPEN),
    "visits.off": seat_notices.off,
    "visits.partner_left_several": seat_notices.partner_left,
    "visits.partner_changed": _about_visit("visit.partner_changed", OPEN, who="left"),
    "visits.published": _line_about_visit("visit.now_public", "visit"),
    "visits.recusal_asked": seat_notices.recusal_asked,
    "visits.recusal_rejected": seat_notices.recusal_rejected,
    "visits.refilled_several": seat_notices.refilled,
    "visits.refilled": _about_visit("visit.you_replace", OPEN),
    "visits.returned": _about_visit("visit.sent_back", ("returned",)),
    "visits.review": _review,
    "visits.seat_lost": seat_notices.lost,
    "visits.seat_open": _line_about_visit("seat.now_open", "appoint", who="left"),
    "visits.seat_refilled": _line_about_visit("seat.now_refilled", who="left"),
    "visits.sign": _sign,
    "visits.targeted": corrections.told_targeted,
}
