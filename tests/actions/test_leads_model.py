"""Anybody does anything to leads, in any order: none is lost, none is without owner and clock, no stranger reads it."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select

from actions import desks, lead_office, lead_talk, leads
from actions.areas import ensure_areas
from actions.evidence import Kept
from actions.leads import NewLead
from models.database import Database
from models.journal import JournalEntry
from models.leads import Lead, LeadMove
from models.mail import Outbox
from models.people import Chat, Organ, Person
from models.subjects import Subject
from rules.leads import MOVES, OPEN, OUTCOMES, RECEIVED, owner
from rules.refusal import Refusal
from tests.conversations.conftest import MONDAY

ORGANS = ("市场监管", "消防救援", "生态环境", "住建", "卫生健康")
ROLES = (("liaison",), ("deputy",), ("supervisor",), ("inspector",), ("expert",))
OFFICE, STRANGER = "联席办", "外县主管"
WORDS = st.sampled_from(["气瓶堆在通道", "义消立字31号", "移送公安局 5 号", "说不清", "  "])
ACTS = (
    *("accept", "return", "send_again", "reassign", "resolve", "withdraw", "ask", "answer", "note", "attach"),
    *("ask_extension", "extend", "refuse_extension", "assign", "prolong", "dismiss", "split", "join"),
)


async def settle(database: Database) -> tuple[list[int], list[int], list[int]]:
    """Five departments with everybody in them, the office, a stranger, two shops: ids of people, organs, subjects."""
    people: list[int] = []
    organs: list[int] = []
    subjects: list[int] = []

    async def person(session: Any, staff_no: str, name: str, organ: int, roles: tuple[str, ...]) -> None:
        row = Person(staff_no=staff_no, name=name, organ_id=organ, area_code="330782", roles=roles)
        session.add(row)
        await session.flush()
        session.add(Chat(id=1000 + row.id, person_id=row.id))
        people.append(row.id)

    async with database.write() as session:
        await ensure_areas(session)
        for number, name in enumerate(ORGANS):
            organ = Organ(name=f"义乌市{name}局", department=name, area_code="330782")
            session.add(organ)
            await session.flush()
            organs.append(organ.id)
            for place, roles in enumerate(ROLES):
                await person(session, f"{number}{place}", f"{name}{roles[0]}", organ.id, roles)
        city = Organ(name="金华市联席会议办公室", department="联席会议", area_code="330700")
        away = Organ(name="东阳市市场监督管理局", department="市场监管", area_code="330783")
        session.add_all([city, away])
        await session.flush()
        await person(session, "90", OFFICE, city.id, ("office",))
        await person(session, "91", STRANGER, away.id, ("supervisor", "liaison"))
        for number in range(2):
            subject = Subject(
                code=f"S{number}", name=f"第{number}面馆", kind="individual", area_code="330782", updated_at=MONDAY
            )
            session.add(subject)
            await session.flush()
            subjects.append(subject.id)
    return people, organs, subjects


class Leads(RuleBasedStateMachine):
    """The people of five departments, the office and a stranger, on a real SQLite file; the clock moves by days."""

    town: Path  # a database with all of them, copied for each run
    people: list[int]
    organs: list[int]
    subjects: list[int]

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "test.db"
        shutil.copyfile(self.town, path)
        self.loop = asyncio.Runner()
        self.database = Database(f"sqlite:///{path}")
        self.now = MONDAY
        self.between: dict[int, tuple[int, int]] = {}  # lead: source and receiving department, as the test sees it
        self.told = 0

    def teardown(self) -> None:
        self.loop.run(self.database.close())
        self.loop.close()
        self.folder.cleanup()

    @initialize(who=st.integers(0, 3), to=st.integers(1, 4))
    def somebody_sends_the_first(self, who: int, to: int) -> None:
        self.somebody_sends(who, to, 0, "后厨疏散通道堆放气瓶")

    @rule(who=st.integers(0, 26), to=st.integers(0, 4), subject=st.integers(0, 1), text=WORDS)
    def somebody_sends(self, who: int, to: int, subject: int, text: str) -> None:
        async def send() -> None:
            async with self.database.write() as session:
                by, organ, about = await self._of(session, who, to, subject)
                lead = await leads.send(session, NewLead(about, text), organ, by, self.now)
                self.between[lead.id] = (by.organ_id, organ.id)

        self._try(send())

    @rule(act=st.sampled_from(ACTS), who=st.integers(0, 26), number=st.integers(0, 9), to=st.integers(0, 4), text=WORDS)
    def somebody_does(self, act: str, who: int, number: int, to: int, text: str) -> None:
        self._try(self._act(act, self.people[who], number, to, text))

    @rule(act=st.sampled_from(ACTS), who=st.integers(0, 9), number=st.integers(0, 9), to=st.integers(0, 4), text=WORDS)
    def somebody_concerned_does(self, act: str, who: int, number: int, to: int, text: str) -> None:
        async def choose() -> int:
            async with self.database.read() as session:
                lead = await session.get_one(Lead, self._lead(number))
                concerned = [one.id for one in await desks.owners(session, lead, self.now.date())]
                concerned += [one.id for one in await lead_talk.approvers(session, lead)]
                return [*concerned, lead.sender_id, self.people[25]][who % (len(concerned) + 2)]

        self._try(self._act(act, self.loop.run(choose()), number, to, text))

    @rule(days=st.integers(1, 9))
    def days_pass(self, days: int) -> None:
        async def tick() -> None:
            async with self.database.write() as session:
                await lead_office.escalate(session, self.now)

        self.now = datetime.combine(self.now.date() + timedelta(days=days), time(9), self.now.tzinfo)
        self.loop.run(tick())

    @rule(who=st.integers(0, 24), to=st.integers(0, 24), days=st.integers(0, 20))
    def somebody_hands_over_their_desk(self, who: int, to: int, days: int) -> None:
        async def hand_over() -> None:
            async with self.database.write() as session:
                by, deputy = [await session.get_one(Person, self.people[one]) for one in (who, to)]
                await desks.hand_over(session, by, deputy, self.now.date() + timedelta(days=days), self.now)

        self._try(hand_over())

    @rule(who=st.integers(0, 24), status=st.sampled_from(["active", "leave", "left"]), phone=st.booleans())
    def somebody_goes_or_loses_their_phone(self, who: int, status: str, phone: bool) -> None:
        async def change() -> None:
            async with self.database.write() as session:
                person = await session.get_one(Person, self.people[who])
                person.status = "active" if "supervisor" in person.roles else status  # one is always there
                chat = await session.get_one(Chat, 1000 + person.id)
                chat.unreachable_at = None if phone else self.now

        self.loop.run(change())

    def _lead(self, number: int) -> int:
        return sorted(self.between)[number % len(self.between)]

    async def _of(self, session: Any, who: int, to: int, subject: int) -> tuple[Person, Organ, Subject]:
        return (
            await session.get_one(Person, self.people[who]),
            await session.get_one(Organ, self.organs[to]),
            await session.get_one(Subject, self.subjects[subject]),
        )

    async def _act(self, act: str, who: int, number: int, to: int, text: str) -> None:
        async with self.database.write() as session:
            lead = await session.get_one(Lead, self._lead(number))
            by, organ = await session.get_one(Person, who), await session.get_one(Organ, self.organs[to])
            before, now = lead.state, self.now
            took_part = await desks.may_see(session, lead, by)
            match act:
                case "return":
                    await leads.send_back(session, lead, text, organ, by, now)
                case "send_again":
                    await leads.send_again(session, lead, organ, by, now)
                case "reassign":
                    other = await session.get_one(Person, self.people[5 * to + number % 5])
                    await leads.reassign(session, lead, other, by, now)
                case "resolve":
                    await leads.resolve(session, lead, OUTCOMES[to], text, by, now)
                case "accept":
                    await leads.accept(session, lead, by, now)
                case "withdraw":
                    await leads.withdraw(session, lead, text, by, now)
                case "attach":
                    kept = Kept(sha256=f"{number}{to}", size=1, media="image/jpeg", telegram_file="x")
                    await lead_talk.attach(session, lead, kept, text, by, now)
                case "extend" | "refuse_extension":
                    await getattr(lead_talk, act)(session, lead, by, now)
                case "assign":
                    await lead_office.assign(session, lead, organ, text, by, now)
                case "prolong":
                    await lead_office.prolong(session, lead, by, now)
                case "dismiss":
                    await lead_office.dismiss(session, lead, text, by, now)
                case "split":
                    part = await lead_office.split(session, lead, organ, text, by, now)
                    self.between[part.id] = (self.between[lead.id][0], organ.id)
                case "join":
                    twins = [*await lead_office.twins(session, lead), lead]
                    await lead_office.join(session, lead, twins[number % len(twins)], by, now)
                case _:
                    await getattr(lead_talk, act)(session, lead, text, by, now)
            assert took_part, f"a stranger did {act}"
            assert lead.state == before or lead.state in MOVES[before]
            if act in ("accept", "assign", "prolong", "resolve", "send_again"):
                assert lead.office_by is None, "the office is out of it"
            if act in ("assign", "send_again"):
                self.between[lead.id] = (self.between[lead.id][0], organ.id)
                if act == "assign":  # what was joined with it goes there too
                    await session.flush()
                    moved = select(LeadMove.lead_id).where(LeadMove.verb == "assign", LeadMove.at == now)
                    for one in await session.scalars(moved):
                        self.between[one] = (self.between[one][0], (await session.get_one(Lead, one)).organ_id)

    def _try(self, work: Any) -> None:
        """Do it; what is refused changes nothing, whatever was done up to there."""
        leads_before = dict(self.between)
        try:
            self.loop.run(work)
        except Refusal:
            self.between = leads_before

    @invariant()
    def every_lead_is_as_it_should_be(self) -> None:
        async def look() -> None:
            async with self.database.read() as session:
                found = list(await session.scalars(select(Lead).order_by(Lead.id)))
                assert [lead.id for lead in found] == sorted(self.between)  # none is lost
                everybody = list(await session.scalars(select(Person)))
                for lead in found:
                    await self._has_owner_and_clock(session, lead)
                    await self._is_on_record(session, lead)
                    await self._is_read_by_nobody_else(session, lead, everybody)
                await self._told_nobody_else(session, {one.id: one for one in everybody})

        self.loop.run(look())

    async def _has_owner_and_clock(self, session: Any, lead: Lead) -> None:
        owners = await desks.owners(session, lead, self.now.date())
        assert bool(owners) == (lead.state in OPEN), (lead.id, lead.state)
        assert lead.due is not None
        if lead.state == "joined":
            other = await session.get_one(Lead, lead.joined_to)
            assert (other.state in RECEIVED, other.organ_id) == (True, lead.organ_id)
        elif lead.state in OPEN and lead.due < self.now.date():
            assert owner(lead.state, office=lead.office_by is not None) == "office"
        if lead.state == "returned" and lead.returns > 1:
            assert lead.office_by
        assert (lead.outcome != "") == (lead.state == "resolved")

    async def _is_on_record(self, session: Any, lead: Lead) -> None:
        steps = list(await session.scalars(select(LeadMove.verb).where(LeadMove.lead_id == lead.id)))
        assert steps[0] == "send"
        entries = select(func.count()).where(JournalEntry.noun == "lead", JournalEntry.noun_id == lead.id)
        assert await session.scalar(entries) == len(steps)

    def _readers(self, lead_id: int, person: Person) -> bool:
        theirs = person.organ_id in self.between[lead_id] and "expert" not in person.roles
        return person.name == OFFICE or theirs

    async def _is_read_by_nobody_else(self, session: Any, lead: Lead, everybody: list[Person]) -> None:
        assert (lead.source_organ_id, lead.organ_id) == self.between[lead.id]
        for one in everybody:
            may = self._readers(lead.id, one) and one.status != "left"
            assert await desks.may_see(session, lead, one) == may, (lead.id, one.name)

    async def _told_nobody_else(self, session: Any, everybody: dict[int, Person]) -> None:
        told = select(Outbox).where(Outbox.id > self.told, Outbox.kind.startswith("leads.")).order_by(Outbox.id)
        for notice in await session.scalars(told):
            self.told = notice.id
            if notice.kind != "leads.gone":  # this does not tell what it is about
                assert self._readers(notice.params["lead"], everybody[notice.person_id]), notice.kind


async def test_no_order_of_acts_loses_a_lead_or_shows_it_to_strangers(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    Leads.town = tmp_path / "town.db"
    shutil.copyfile(request.getfixturevalue("_empty_sqlite"), Leads.town)
    database = Database(f"sqlite:///{Leads.town}")
    Leads.people, Leads.organs, Leads.subjects = await settle(database)
    await database.close()
    case = Leads.TestCase
    case.settings = settings(
        max_examples=int(os.environ.get("LEADS", "6")),
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(case().runTest)
