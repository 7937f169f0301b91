"""The visit's one living card: from being drawn to being public."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from markupsafe import Markup
from sqlalchemy import select

from actions import methods, visits
from actions.calendars import official
from actions.evidence import metres_of
from actions.work import at_work
from handlers import checklists, corrections, findings, itinerary, oversight, papers
from handlers.buttons import button, turning
from handlers.turn import NOTHING, Rows, Turn
from locales import Words
from models.people import Person
from models.visit_at_hand import visit_at_hand
from models.visits import Seat, Visit
from rules.methods import method
from rules.refusal import Refusal
from rules.subjects import mask_name, mask_phone
from rules.visits import NO_VISIT, NOT_STARTED, OPEN, WORKING

LIST = 8  # visits on one page


async def load(turn: Turn) -> Visit:
    """The visit that a button speaks of, for those whom it concerns: its inspectors and their supervisors."""
    return await find(turn, turn.args[0])


async def find(turn: Turn, visit_id: int) -> Visit:
    """A visit, locked for this turn. Refused to whom it does not concern."""
    visit = await visit_at_hand(turn.session, visit_id)
    if visit is None:
        raise Refusal("gone")
    if visit.merged_into:  # a button from before two visits became one
        return await find(turn, visit.merged_into)
    if not (_seat(visit, turn.person) or _supervises(turn.person, visit)):
        raise Refusal("seats.not_yours")
    return visit


def _seat(visit: Visit, person: Person) -> Seat | None:
    return next((seat for seat in visit.seats if seat.person_id == person.id), None)


def _supervises(person: Person, visit: Visit) -> bool:
    return "supervisor" in person.roles and person.organ_id in {organ.id for organ in visit.organs}


async def card(turn: Turn, visit: Visit, head: Markup = NOTHING) -> None:
    """Show the visit as it is now to whoever asks; `head` is a line that goes before."""
    seat = _seat(visit, turn.person)
    if seat and at_work(visit, seat):
        await checklists.show(turn, visit, head or (turn.words("resume") if visit.answers else NOTHING))
        return
    words = turn.words
    if seat and visit.state in OPEN:
        turn.wait_for("visit", visit=visit.id)  # the words that stand for the taps
    lines = [head] if head else []
    lines.append(describe(words, visit, turn.person, turn))
    await turn.show(f"visit:{visit.id}", Markup("\n").join(lines), _buttons(words, visit, seat, turn.person))


def describe(words: Words, visit: Visit, viewer: Person, turn: Any) -> Markup:
    """The card's text: what, where, who with, until when, and why (drawn by lot)."""
    subject = visit.subject
    partners = _partners(words, visit, viewer)
    lines = [
        words("visit.title", name=subject.name, state=words(f"visit.state.{visit.state}")),
        words("visit.where", address=subject.address or subject.area.name),
        words("visit.what", items=words("comma").join(_items(words, visit))),
    ]
    if subject.contact or subject.phone:
        contact = mask_name(subject.contact) if subject.contact else ""
        phone = mask_phone(subject.phone) if subject.phone else ""
        lines.append(words("visit.contact", contact=contact, phone=phone))
    if partners:
        on_it = any(seat.person_id == viewer.id for seat in visit.seats)
        lines.append(words("visit.partners" if on_it else "visit.inspectors", names=partners))
    lines.append(due(words, visit, turn))
    if visit.draws:
        lines.append(words("visit.drawn", number=words("and").join(str(draw.sequence) for draw in visit.draws)))
    if visit.origin == "targeted":
        lines.append(words("visit.recheck" if visit.only_points else "visit.targeted", n=len(visit.points)))
    if visit.guests:
        lines.append(words("visit.one_for_all", organs=words("and").join(organ.name for organ in visit.organs)))
    lines += findings.how(words, visit)
    if visit.state == "returned":
        lines.append(words("visit.returned_because", reason=visit.returned_because))
    if visit.state == "drawn" and visit.release_on:
        lines.append(words("visit.release_on", day=visit.release_on))
    if visit.state == "dropped":
        lines.append(words("visit.closed_because", reason=visit.closed_because))
    if visit.state == "published":
        lines.append(words("visit.result", result=words(f"result.{visit.result}")))
    return Markup("\n").join(lines)


def _partners(words: Words, visit: Visit, viewer: Person) -> Markup:
    """Who else goes; by department where several do."""
    names: dict[str, list[str]] = {}
    for seat in visit.seats:
        if seat.person and seat.person_id != viewer.id:
            names.setdefault(seat.department, []).append(seat.person.name)
    if len(visit.departments) < 2:
        return words("and").join(name for several in names.values() for name in several)
    groups = [words("visit.group", department=one, names=words("and").join(names[one])) for one in names]
    return words("dot").join(groups)


def _items(words: Words, visit: Visit) -> list[Markup]:
    asked = set(visit.points.values())
    return [
        words("visit.item", sum(point in asked for point in part.checklist.points), name=part.item.name)
        for part in visit.parts
    ]


def due(words: Words, visit: Visit, turn: Any) -> Markup:
    """Until when, and how many working days that leaves."""
    left = official().between(turn.today, visit.due)
    if visit.state not in OPEN:
        return words("visit.was_due", due=visit.due)
    if left < 0:
        return words("visit.overdue", -left, due=visit.due)
    return words("visit.due", left, due=visit.due) if left else words("visit.due_today")


def _buttons(words: Words, visit: Visit, seat: Seat | None, person: Person) -> Rows:
    order = corrections.visit_row(words, visit)
    if seat is None or visit.state in NO_VISIT:
        return [*order, *oversight.visit_rows(words, visit, person)] or [[button(words, "visits_back")]]
    ids, version = (visit.id,), visit.version
    code = button(words, "code", *ids)
    if visit.state in NOT_STARTED:
        rows = [[button(words, "start", *ids, version=version), code]]
        if seat.state == "offered":
            rows[0].insert(0, button(words, "accept", *ids, version=version))
        rows.append([(str(words("button.map")), map_link(visit))])
        rows[1] += [
            button(words, "recuse", *ids, version=version),
            button(words, "leave", *ids, version=version),
        ]
        rows.append([button(words, "phones", *ids), button(words, "expert", *ids), button(words, "method", *ids)])
        rows.append([button(words, "letter", *ids), button(words, "visits_back")])
        return rows
    if visit.state in WORKING:
        rows = [[button(words, "here", *ids, version=version), code]]
        rows.append([button(words, "phones", *ids), button(words, "object", *ids)])
        return [*rows, [button(words, "visits_back")]]
    rows = [*papers.rows(words, visit, seat.person), [button(words, "hand_over", *ids)]] if seat.person else []
    return [*order, *rows, [button(words, "visits_back")]]


def map_link(visit: Visit) -> str:
    """A link that opens the place in the phone's map."""
    subject = visit.subject
    if subject.latitude is not None and subject.longitude is not None:
        name = quote(subject.name)
        return f"https://uri.amap.com/marker?position={subject.longitude},{subject.latitude}&name={name}"
    return f"https://uri.amap.com/search?keyword={quote(subject.address or subject.name)}"


async def start(turn: Turn, visit: Visit) -> None:
    """`开始检查`: on the way; the visit begins when they are there."""
    seat = visits.seat_of(visit, turn.person)
    if at_work(visit, seat) or not method(visit.method).presence:
        await here(turn, visit)
        return
    words = turn.words
    turn.wait_for("visit", visit=visit.id)
    rows = [
        [button(words, "here", visit.id, version=visit.version), button(words, "code", visit.id)],
        [button(words, "object", visit.id), button(words, "visit", visit.id, label="button.back_to")],
    ]
    text = words("visit.arrive", name=visit.subject.name, address=visit.subject.address or visit.subject.area.name)
    await turn.show(f"visit:{visit.id}", text, rows)


async def here(turn: Turn, visit: Visit) -> None:
    """`我已到场`: the checklist opens."""
    again = at_work(visit, visits.seat_of(visit, turn.person))
    if method(visit.method).presence:
        await visits.arrive(turn.session, visit, turn.person, turn.now)
    else:
        await methods.begin(turn.session, visit, turn.person, turn.now)
    await checklists.show(turn, visit, turn.words("resume") if again and visit.answers else NOTHING)


async def position_sent(turn: Turn, visit: Visit) -> None:
    """A position says that somebody is there, and how far from the subject; a forwarded one says nothing."""
    assert turn.file
    if visit.state not in OPEN or (turn.update.message and turn.update.message.forward_origin):
        return
    seat = visits.seat_of(visit, turn.person)
    await visits.arrive(turn.session, visit, turn.person, turn.now)
    if seat.arrived_metres is None:
        seat.arrived_metres = metres_of(visit, turn.file.latitude, turn.file.longitude)


async def code(turn: Turn, visit: Visit) -> None:
    """`亮码`: the QR that the subject scans to see who is at the door (行政行为码)."""
    link = f"{turn.house.public_url}/visits/{visit.token}"
    turn.send_qr(link, turn.words("visit.code", name=visit.subject.name, link=link))


async def code_of_current(turn: Turn) -> None:
    """`/code`: the code of the visit that one is at."""
    query = (
        select(Visit)
        .join(Seat, Seat.visit_id == Visit.id)
        .where(Seat.person_id == turn.person.id, Visit.state.in_(OPEN))
        .order_by(Visit.started_at.is_(None), Visit.started_at.desc(), Visit.due, Visit.position)
    )
    visit = await turn.session.scalar(query.limit(1))
    if visit is None:
        turn.say(turn.words("visits.none"), [[button(turn.words, "me")]])
    else:
        await code(turn, visit)


async def listed(turn: Turn, _: Any = None) -> None:
    """`/tasks`: what I have to do, the most pressing first."""
    await _listed(turn, 0)


async def page(turn: Turn, _: Any = None) -> None:
    """The list from another page on."""
    await _listed(turn, turn.args[0])


async def _listed(turn: Turn, page: int) -> None:
    words, person = turn.words, turn.person
    query = (
        select(Visit)
        .join(Seat, Seat.visit_id == Visit.id)
        .where(Seat.person_id == person.id, Visit.state.in_(OPEN))
        .order_by(Visit.state.in_(NOT_STARTED), Visit.due, Visit.position)
    )
    mine = itinerary.ordered(list(await turn.session.scalars(query)))
    if not mine:
        await turn.show("visits", words("visits.none"), [[button(words, "me")]])
        return
    offered = [visit for visit in mine if (seat := _seat(visit, person)) and seat.state == "offered"]
    lines = [words("visits.title", len(mine))]
    pages = -(-len(mine) // LIST)
    begin = min(page, pages - 1) * LIST
    shown, left = mine[begin : begin + LIST], len(mine) - begin - LIST
    lines += itinerary.lines(words, shown, lambda visit: due(words, visit, turn), map_link, begin + 1)
    if left > 0:
        lines.append(words("visits.more", left))
    rows = [
        [button(words, "visit", visit.id, label="button.numbered", number=number, name=visit.subject.name)]
        for number, visit in enumerate(shown, begin + 1)
    ]
    rows += [row] if (row := turning(words, "visits_page", page=begin // LIST, pages=pages)) else []
    if any(visit.state in NOT_STARTED for visit in mine):
        accept = [button(words, "accept_all")] if offered else []
        rows.insert(0, [*accept, button(words, "leave_all")])
    rows.append([button(words, "me")])
    await turn.show("visits", Markup("\n").join(lines), rows)


def drawn(words: Words, mine: list[Visit], person: Person, turn: Any) -> tuple[Markup, Rows]:
    """What an inspector is told after a draw: all their visits in one message."""
    first = mine[0]
    areas: dict[str, int] = {}
    partners: dict[str, int] = {}
    for visit in mine:
        areas[visit.subject.area.name] = areas.get(visit.subject.area.name, 0) + 1
        for seat in visit.seats:
            if seat.person and seat.person_id != person.id:
                partners[seat.person.name] = partners.get(seat.person.name, 0) + 1
    comma = words("comma")
    lines = [
        words("drawn.title", len(mine)),
        words("drawn.task", task=first.task.name, number=first.draw.sequence if first.draw else ""),
        words(
            "drawn.where",
            areas=comma.join(words("drawn.count", number, name=name) for name, number in areas.items()),
            due=due(words, first, turn),
        ),
    ]
    if partners:
        names = comma.join(words("drawn.count", number, name=name) for name, number in partners.items())
        lines.append(words("drawn.partners", names=names))
    return Markup("\n").join(lines), [[button(words, "accept_all"), button(words, "one_by_one")]]
