"""Role by action by whose thing it is: each cell of the routing table, for people whom the thing concerns and others.

The table of expectations is by `load`, because that is where a thing is refused to strangers; who may change it is said
where it differs. Of things that are not in the tables strangers are refused all the same.
`AUTHORISATION=print` prints the matrix. Long by the table.
"""

from __future__ import annotations

import inspect
import os
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select
from telegram import Update

from actions import letters
from handlers import BUTTONS, COMMANDS
from handlers.buttons import Numbers, Tap
from handlers.fallback import AWAITED
from handlers.turn import House, Turn
from models.database import Database
from models.draws import Draw
from models.journal import JournalEntry
from models.leads import Lead
from models.mail import Outbox
from models.people import Chat, Organ, Person
from models.plans import Task
from models.visits import JointOffer, Visit
from rules.refusal import Refusal
from tests.conversations.conftest import MONDAY, ZONE
from tests.conversations.joint import EXITS, FOOD, SALE, drawn, settle_two_departments

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
HOUSE = House(ZONE, "zh_CN", "http://localhost", "bot", "金华市")

# Who is who. `seated` holds a seat on the visit, `colleague` is an inspector of the same organ who does not;
# `supervisor` leads the task, `partner` supervises another organ, `afar` one in another town; `liaison` belongs to the
# organ that got the lead, `other` to a third one; `nobody` is a chat without a person; `left` has left, `suspended` is:
# both have all roles.
SHUT_OUT = ("nobody", "left", "suspended")
PEOPLE = ("seated", "colleague", "supervisor", "partner", "afar", "liaison", "other", "admin", *SHUT_OUT)
EVERYBODY = {*PEOPLE} - {*SHUT_OUT}
LEAD = {"seated", "colleague", "supervisor", "admin", "partner", "liaison"}  # the two departments
HERE = EVERYBODY - {"afar"}  # of the subject's area

SEEN_BY: dict[str, set[str]] = {  # by load: to whom the thing is shown; all others are refused
    "people.me": EVERYBODY | {*SHUT_OUT},  # no thing: what is shown is one's own
    "visits.load": {"seated", "supervisor"},
    "replacing.load": {"supervisor"},
    "review.load": {"supervisor"},
    "letters.load": {"seated", "supervisor"},
    "draws.load": {"supervisor"},
    "draws.as_witness": {"liaison", "other"},
    "seats.open_seat": {"supervisor"},
    "plans.supervisor": {"supervisor", "partner", "afar"},
    "plans.seen": {"supervisor"},
    "plans.load": {"supervisor"},
    "offers.load": {"supervisor", "partner"},
    "leads.load": LEAD,
    "lead_drafts.free": EVERYBODY,
    "deadlines.organ": {"supervisor", "admin"},
    "deadlines.load": {"supervisor", "admin"},
    "credit.load": HERE,
    "suspensions.load": {"supervisor", "admin"},
}
CHANGED_BY: dict[str, set[str]] = {  # by verb, where fewer may change the thing than see it
    "object_yes": {"supervisor"},
    "object_no": {"supervisor"},
    "letter_yes": {"supervisor"},
    "letter_no": {"supervisor"},
    "letter_given": {"seated"},
    "lead_accept": {"partner", "liaison"},
}
CHANGES_AT_A_VISIT = {"seated"}  # all but the above: a supervisor looks on


@dataclass
class World:
    """Made by the actions: a visit that is released, a lead from it, a sealed draw, an offer, a notice, a task."""

    app: Any
    clock: Any
    ids: dict[str, int] = field(default_factory=dict)
    things: dict[str, list[int]] = field(default_factory=dict)
    people: dict[str, int | None] = field(default_factory=dict)


@pytest.fixture
async def world(database: Database) -> World:
    made = World(SimpleNamespace(database=database), lambda: MONDAY)
    async with database.write() as session:
        made.ids = await settle_two_departments(session, MONDAY)
        town = Organ(name="东阳市市场监督管理局", department="市场监管", area_code="330783")
        session.add(town)
        await session.flush()
        for name, organ, roles, status in (
            ("远主管", town.id, ("supervisor",), "active"),
            ("已离职", made.ids["义乌市市场监督管理局"], ("supervisor", "inspector", "administrator"), "left"),
            ("已停职", made.ids["义乌市市场监督管理局"], ("supervisor", "inspector", "administrator"), "suspended"),
        ):
            person = Person(staff_no=name, name=name, organ_id=organ, area_code="330783", roles=roles, status=status)
            session.add(person)
            await session.flush()
            made.ids[name] = person.id
            session.add(Chat(id=5000 + person.id, person_id=person.id, language="zh_CN", bound_at=MONDAY))
        session.add(Chat(id=5999, language="zh_CN"))
    draw = await drawn(made, "赵主管", FOOD, ratio="20", release=True)  # type: ignore[arg-type]
    await drawn(made, "赵主管", SALE)  # type: ignore[arg-type]
    await drawn(made, "林主管", EXITS)  # type: ignore[arg-type]
    async with database.write() as session:
        await _things(session, made, draw)
    return made


async def _things(session: Any, made: World, draw: int) -> None:
    visit = (await session.scalars(select(Visit).where(Visit.draw_id == draw))).one()
    seated = next(seat.person for seat in visit.seats if seat.person)
    on_it = {seat.person_id for seat in visit.seats}
    made.people = {
        "seated": seated.id,
        "colleague": next(made.ids[name] for name in ("张伟", "李娜", "王强") if made.ids[name] not in on_it),
        "supervisor": made.ids["赵主管"],
        "partner": made.ids["林主管"],
        "afar": made.ids["远主管"],
        "liaison": made.ids["陈消防"],
        "other": made.ids["周环保"],
        "admin": made.ids["管理员小周"],
        "nobody": None,
        "left": made.ids["已离职"],
        "suspended": made.ids["已停职"],
    }
    notice = await letters.ask(session, visit, date(2026, 12, 2), seated, MONDAY, urgent=False)
    second = visit.seats[1]
    second.person_id, second.person, second.state = None, None, "open"
    lead = Lead(
        origin="visit",
        visit_id=visit.id,
        subject_id=visit.subject_id,
        sender_id=seated.id,
        source_organ_id=seated.organ_id,
        organ_id=made.ids["义乌市消防救援大队"],
        text="疏散通道堵塞",
        state="sent",
        sent_at=MONDAY,
        due=MONDAY.date() + timedelta(days=5),
    )
    session.add(lead)
    await session.flush()
    offer = (await session.scalars(select(JointOffer).order_by(JointOffer.id))).first()
    task = (await session.scalars(select(Task).order_by(Task.id))).first()
    held = await session.get_one(Draw, draw)
    made.things = {
        "visits.load": [visit.id],
        "replacing.load": [visit.id],
        "review.load": [visit.id],
        "letters.load": [notice.id],
        "draws.load": [held.id],
        "draws.as_witness": [held.id],
        "seats.open_seat": [visit.id, second.number],
        "plans.supervisor": [1],
        "plans.seen": [task.id],
        "plans.load": [task.id],
        "offers.load": [offer.id],
        "leads.load": [lead.id],
        "lead_drafts.free": [visit.subject_id],
        "deadlines.organ": [made.ids["义乌市市场监督管理局"]],
        "deadlines.load": [made.ids["义乌市市场监督管理局"], 2],
        "credit.load": [visit.subject_id],
        "suspensions.load": [seated.id],
        "people.me": [0],
    }


def name_of(tap: Tap) -> str:
    return f"{tap.load.__module__.removeprefix('handlers.')}.{tap.load.__name__}"


async def turn_of(session: Any, world: World, who: str, data: str = "", text: str = "") -> Turn:
    """A turn of somebody who taps a button, or types a text."""
    person = world.people[who]
    query = select(Chat).where(Chat.person_id == person) if person else select(Chat).where(Chat.id == 5999)
    chat = (await session.scalars(query)).one()
    sender = {"id": chat.id, "is_bot": False, "first_name": who}
    message = {"message_id": 7, "date": 1, "chat": {"id": chat.id, "type": "private"}, "text": text or "card"}
    tap = {"id": "1", "from": sender, "chat_instance": "1", "data": data, "message": message}
    body: dict[str, Any] = {"update_id": 1}
    body |= {"callback_query": tap} if data else {"message": {**message, "from": sender}}

    async def keep(data: bytes) -> str:
        raise AssertionError("no file came")

    return Turn(session, Update.de_json(body, None), chat, HOUSE, MONDAY, keep)


async def marks(session: Any) -> tuple[int, ...]:
    """How much stands in the journal and in the outbox."""
    await session.flush()
    return tuple([await session.scalar(select(func.count()).select_from(one)) for one in (JournalEntry, Outbox)])


async def tapped(session: Any, world: World, who: str, tap: Tap) -> str:
    """What a tap does: refused, shown, changed."""
    turn = await turn_of(session, world, who, f"{tap.verb}:0")
    before = await marks(session)
    try:
        turn.args = Numbers([*world.things.get(name_of(tap), [1]), 1, 1, 1])
        thing = await tap.load(turn)
    except Refusal:
        return "refused"
    try:
        await tap.act(turn, thing)
    except Refusal:
        return "shown"  # the thing is, and why this does not go
    return "changed" if await marks(session) != before else "shown"


def may_change(verb: str, load: str) -> set[str]:
    if verb in CHANGED_BY:
        return CHANGED_BY[verb]
    return CHANGES_AT_A_VISIT if load == "visits.load" else SEEN_BY[load]


async def test_no_button_is_for_strangers_or_for_who_is_shut_out(world: World) -> None:
    """Also of the things that are not made here, and of those that are yet to be thought of."""
    let_in = []
    for verb, tap in BUTTONS.items():
        for who in SHUT_OUT:
            async with world.app.database.write() as session:
                did = await tapped(session, world, who, tap)
                await session.rollback()
            if did != "refused" and name_of(tap) != "people.me":
                let_in.append(f"{verb}: {who} {did}")
    assert let_in == []
    assert CHANGED_BY.keys() <= BUTTONS.keys()


async def test_who_sees_and_who_changes_by_every_button(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    wrong, lines, cells = [], [], 0
    for verb, tap in BUTTONS.items():
        load = name_of(tap)
        if load not in SEEN_BY:
            continue
        row = []
        for who in PEOPLE:
            async with world.app.database.write() as session:
                did = await tapped(session, world, who, tap)
                await session.rollback()
            seen = who in SEEN_BY[load]
            if (did != "refused") != seen or (did == "changed" and who not in may_change(verb, load)):
                wrong.append(f"{verb}: {who} {did}")
            row.append({"refused": "·", "shown": "○", "changed": "●"}[did])
            cells += 1
        lines.append(f"{verb:20}" + "".join(f"{mark:^11}" for mark in row))
    if os.environ.get("AUTHORISATION"):
        with capsys.disabled():
            print("\n" + f"{'':20}" + "".join(f"{who:^11}" for who in PEOPLE))
            print("\n".join(lines), f"\n{cells} cells; · refused, ○ sees it, ● changes it")
    assert wrong == []
    assert any("●" in line for line in lines)


WORDS = {  # what is awaited: of which thing, and who may say it
    "draw.per_week": ("draws.load", "supervisor"),
    "draw.void": ("draws.load", "supervisor"),
    "draw.witness": ("draws.as_witness", "liaison", "other"),
    "lead.answer": ("leads.load", "seated", "supervisor"),
    "lead.ask": ("leads.load", "partner", "liaison"),
    "lead.longer": ("leads.load", "partner", "liaison"),
    "lead.outcome": ("leads.load", "partner", "liaison"),
    "lead.return": ("leads.load", "partner", "liaison"),
    "lead.withdraw": ("leads.load", "seated", "supervisor"),
    "letter.refuse": ("letters.load", "supervisor"),
    "record.amend": ("visits.load", "seated", "supervisor"),
    "review.return": ("review.load", "supervisor"),
    "task.decline": ("plans.seen", "supervisor"),
    "task.factors": ("plans.load", "supervisor"),
    "visit.drop": ("replacing.load", "supervisor"),
    "visit.object": ("visits.load", "seated", "supervisor"),
    "visit.object_no": ("visits.load", "supervisor"),
}


async def test_who_may_say_what_was_once_awaited(world: World) -> None:
    """A role may be lost, or a thing become another's, between the question and the answer."""
    wrong = []
    for what, (load, *who_may) in WORDS.items():
        names = [name for name in inspect.signature(AWAITED[what]).parameters if name != "turn"]
        ids = [*world.things[load], world.people["seated"] if what == "visit.object" else 0, 0, 0]
        for who in PEOPLE:
            async with world.app.database.write() as session:
                turn = await turn_of(session, world, who, text="因为别的原因")
                before = await marks(session)
                try:
                    await AWAITED[what](turn, **dict(zip(names, ids, strict=False)))
                    changed = await marks(session) != before
                except Refusal:
                    changed = False
                await session.rollback()
            if changed and who not in who_may:
                wrong.append(f"{what}: {who}")
    assert wrong == []


STRANGERS = {"start", "lang", "help", "cancel"}
ROLE_OF = {  # commands that ask for a role
    "draws": {"supervisor", "partner", "afar"},
    "review": {"supervisor", "partner", "afar"},
    "invite": {"admin"},
    "import": {"admin"},
    "suspend": {"supervisor", "admin"},  # of another organ nobody but an administrator
}


async def test_commands_are_for_those_whose_role_it_is(world: World) -> None:
    found = {}
    for name in COMMANDS:
        refused = set()
        for who in PEOPLE:
            async with world.app.database.write() as session:
                turn = await turn_of(session, world, who, text=f"/{name} 330700021")
                try:
                    await COMMANDS[name](turn)
                except Refusal:
                    refused.add(who)
                await session.rollback()
        found[name] = refused
    for name, refused in found.items():
        if name in ROLE_OF:
            assert refused == {*PEOPLE} - ROLE_OF[name], name
        elif name not in STRANGERS:
            assert refused >= {*SHUT_OUT}, name
