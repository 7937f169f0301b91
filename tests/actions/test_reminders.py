"""The ladder on real rows: each step once, whatever the clock, the deadline and the processes do; nothing when done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from actions import calendars, seats
from actions.reminders import remind
from models.database import Database
from models.leads import Lead
from models.mail import Lease, Outbox, hold
from models.people import Organ, Person
from models.plans import Plan
from models.reminders import Reminder
from models.visits import Visit
from tests.conversations.conftest import ZONE
from tests.e2e.town import released_town, visit_of

MONDAY = datetime(2026, 3, 2, 9, tzinfo=ZONE)  # the window ends on Monday, 30 March


class Town:
    """A town with one visit whose inspectors are told, and the days that pass over it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def settle(self) -> Town:
        async with self.database.write() as session:
            self.ids = await released_town(session, MONDAY, subjects=5)
            visit = await visit_of(session)
            plan = {"number": "33078220261001", "name": "年度计划", "year": 2026, "organ_id": visit.task.organ_id}
            session.add(Plan(**plan, state="submitted", drafted_at=MONDAY))  # nothing is due but the visit
            self.visit_id, self.pair = visit.id, {seat.person_id for seat in visit.seats}
        return self

    async def change(self, **values: Any) -> None:
        async with self.database.write() as session:
            visit = await session.get_one(Visit, self.visit_id)
            for name, value in values.items():
                setattr(visit, name, value)

    async def accepts(self) -> None:
        async with self.database.write() as session:
            visit = await session.get_one(Visit, self.visit_id)
            for seat in visit.seats:
                await seats.accept(session, visit, seat, await session.get_one(Person, seat.person_id), MONDAY)

    async def day(self, day: date, hour: int = 9) -> set[tuple[str, str, int]]:
        """What people are reminded of on a day, as kind, step and person; asked twice, told once."""
        now = datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)
        before = await self.told()
        for _ in range(2):
            async with self.database.write() as session:
                await remind(session, now)
        return {(kind, step, who) for kind, step, who, _ in await self.told() - before}

    async def told(self) -> set[tuple[str, str, int, date]]:
        async with self.database.read() as session:
            rows = list(await session.scalars(select(Reminder)))
        keys = [(one.kind, one.step, one.person_id, one.due) for one in rows]
        assert len(set(keys)) == len(keys)
        return set(keys)

    async def days(self, first: date, last: date) -> dict[date, set[tuple[str, str, int]]]:
        found = {}
        while first <= last:
            if told := await self.day(first):
                found[first] = told
            first += timedelta(days=1)
        return found

    async def messages(self) -> list[Outbox]:
        async with self.database.read() as session:
            query = select(Outbox).where(Outbox.kind == "reminders").order_by(Outbox.id)
            return list(await session.scalars(query))


@pytest.fixture
async def town(database: Database) -> AsyncIterator[Town]:
    yield await Town(database).settle()
    calendars.forget()


def march(day: int) -> date:
    return date(2026, 3, day)


async def test_an_accepted_visit_climbs_the_whole_ladder(town: Town) -> None:
    await town.accepts()
    found = await town.days(march(2), date(2026, 4, 9))
    both = {
        step: {("visit", step, who) for who in town.pair} for step in ("half", "before_3", "before_1", "day", "late_1")
    }
    assert found == {
        march(17): both["half"],
        march(25): both["before_3"],
        march(27): both["before_1"],
        march(30): both["day"],
        march(31): both["late_1"],
        date(2026, 4, 2): {("visit", "late_3", town.ids["赵主管"])},
        date(2026, 4, 7): {("visit", "late_5", town.ids["赵主管"])},  # no office here: the supervisor once more
    }


async def test_the_office_hears_of_what_is_five_days_late(town: Town) -> None:
    await town.accepts()
    async with town.database.write() as session:
        person = await session.get_one(Person, town.ids["陈消防"])
        person.roles = ("office",)
    await town.day(date(2026, 4, 6))
    assert ("visit", "late_5", town.ids["陈消防"]) in await town.day(date(2026, 4, 7))


@pytest.mark.parametrize("offices", [("330782", "330700"), ("330700",)])
async def test_the_nearest_office_alone_hears_of_a_lead_that_it_must_decide(
    town: Town, offices: tuple[str, ...]
) -> None:  # R3.3.3a
    async with town.database.write() as session:
        visit = await visit_of(session)
        sent = {"sender_id": min(town.pair), "source_organ_id": visit.task.organ_id, "organ_id": visit.task.organ_id}
        when = {"sent_at": MONDAY, "due": march(9), "office_by": march(12), "subject_id": visit.subject_id}
        session.add(Lead(origin="free", text="占道经营", state="sent", **sent, **when))
        for area in offices:
            organ = Organ(name=f"{area}联席会议办公室", department="联席会议", area_code=area)
            session.add(organ)
            await session.flush()
            session.add(Person(staff_no=area, name=area, organ_id=organ.id, area_code=area, roles=("office",)))
    await town.change(state="dropped")  # nothing is due but the lead
    told = [row for day in range(3, 13) for row in await town.day(march(day))]
    async with town.database.read() as session:
        heard = await session.scalars(select(Person.staff_no).where(Person.id.in_({who for _, _, who in told})))
        assert set(heard) == {offices[0]}
    assert {kind for kind, _, _ in told} == {"lead_office"}


async def test_seat_and_visit_of_one_morning_are_one_message(town: Town) -> None:
    await town.change(due=march(5))
    found = await town.day(march(4))
    assert found == {("seat", "day", who) for who in town.pair}
    found = await town.day(march(5))
    assert found == {(kind, step, who) for kind, step in (("seat", "late_1"), ("visit", "day")) for who in town.pair}
    messages = [one for one in await town.messages() if one.created_at.astimezone(ZONE).date() == march(5)]
    assert sorted(one.person_id for one in messages) == sorted(town.pair)


async def test_what_is_done_is_not_reminded_of(town: Town) -> None:
    await town.accepts()
    await town.day(march(25))
    await town.change(state="submitted", submitted_at=MONDAY.replace(day=26))
    assert {kind for kind, _, _ in await town.day(march(27))} == {"review"}
    await town.change(state="published")
    assert await town.days(march(28), date(2026, 4, 12)) == {}


async def test_a_deadline_that_moves_has_a_ladder_of_its_own(town: Town) -> None:
    await town.accepts()
    both = {("visit", "before_3", who) for who in town.pair}
    await town.days(march(2), march(24))
    assert await town.day(march(25)) == both
    await town.change(due=date(2026, 4, 10))
    assert await town.days(march(26), date(2026, 4, 6)) == {}
    assert await town.day(date(2026, 4, 7)) == both


async def test_after_a_long_silence_only_the_newest_step_is_told(town: Town) -> None:
    await town.accepts()
    assert await town.day(march(28)) == set()  # a Saturday
    assert await town.day(march(30)) == {("visit", "day", who) for who in town.pair}
    found = await town.day(date(2026, 4, 20))
    assert {step for _, step, _ in found} == {"late_1", "late_3", "late_5"}
    assert await town.day(date(2026, 4, 21)) == set()


async def test_a_clock_that_was_turned_back_says_nothing_twice_and_leaves_nothing_out(town: Town) -> None:
    await town.accepts()
    ahead = await town.day(date(2026, 3, 31))
    assert {step for _, step, _ in ahead} == {"late_1"}
    found = await town.days(march(16), date(2026, 4, 1))
    assert list(found) == [march(17), march(25), march(27), march(30)]


async def test_nothing_on_a_day_off_and_on_a_make_up_day_as_on_any(town: Town) -> None:
    await town.accepts()
    await town.change(due=date(2026, 10, 12), release_on=date(2026, 9, 18))
    assert await town.days(date(2026, 10, 1), date(2026, 10, 7)) == {}  # National Day
    assert await town.day(date(2026, 10, 10)) == {("visit", "before_1", who) for who in town.pair}  # a Saturday


async def held(database: Database, name: str, owner: str, now: datetime) -> bool:
    """Whether somebody takes or keeps a lease."""
    async with database.write() as session:
        return await hold(session, name, owner, now)


async def test_whoever_finds_a_lease_from_the_future_takes_it(database: Database) -> None:
    """The clock was turned back after its holder died: nobody waits until it is that late again."""
    assert await held(database, "clock", "first", MONDAY)
    assert not await held(database, "clock", "second", MONDAY + timedelta(seconds=1))
    async with database.write() as session:
        await session.execute(update(Lease).values(until=MONDAY.replace(year=2100)))
    assert await held(database, "clock", "second", MONDAY)


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
@pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(minutes=-5)])
async def test_of_two_machines_with_different_clocks_one_keeps_the_lease(database: Database, ahead: timedelta) -> None:
    """On PostgreSQL leases are told by the server's time, on which all agree."""
    for _ in range(3):
        assert await held(database, "clock", "first", MONDAY)
        assert not await held(database, "clock", "second", MONDAY + ahead)
