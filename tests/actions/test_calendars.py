"""Years that are announced, years that are not, and what moves when they are."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from actions import calendars, deadlines
from actions.import_report import Report
from actions.imports import KINDS, bring_in
from actions.reminders import open_dues
from locales import LANGUAGES, Words
from models.calendars import HolidayYear
from models.database import Database
from models.journal import JournalEntry
from models.mail import Outbox
from models.people import Person
from models.visits import Seat
from rules.refusal import Refusal
from tests.actions.importing import as_csv, check
from tests.conversations.conftest import ZONE
from tests.e2e.town import released_town, visit_of

DECEMBER = datetime(2026, 12, 30, 9, tzinfo=ZONE)
SPRING = [date(2027, 2, 5) + timedelta(days=number) for number in range(8)]  # a made-up announcement of 2027


def of_2027() -> list[tuple[date, bool]]:
    """New Year, Spring Festival with two make-up days, National Day."""
    off = [date(2027, 1, 1), date(2027, 1, 2), date(2027, 1, 3), *SPRING]
    off += [date(2027, 10, 1) + timedelta(days=number) for number in range(7)]
    return [(day, True) for day in off] + [(date(2027, 1, 30), False), (date(2027, 10, 9), False)]


def as_json(days: list[tuple[date, bool]], year: int = 2027) -> bytes:
    listed = [{"name": "某节", "date": day.isoformat(), "isOffDay": off} for day, off in days]
    return json.dumps({"year": year, "papers": [], "days": listed}, ensure_ascii=False, indent=2).encode()


async def announce(database: Database, data: bytes, now: datetime = DECEMBER) -> Report:
    async with database.write() as session:
        report = await bring_in(session, [KINDS["holidays"]], data, "2027.json", now, None)
    check(report)
    return report


@pytest.fixture(autouse=True)
def fresh_calendar() -> Any:
    yield
    calendars.forget()


@pytest.fixture
async def town(database: Database) -> dict[str, int]:
    async with database.write() as session:
        return await released_town(session, DECEMBER, subjects=5)


async def notices(database: Database) -> list[Outbox]:
    async with database.read() as session:
        return list(await session.scalars(select(Outbox).where(Outbox.kind == "deadlines.moved")))


async def test_a_year_is_provisional_until_it_is_imported(database: Database) -> None:
    assert calendars.official().provisional(date(2027, 1, 4))
    report = await announce(database, as_json(of_2027()))
    assert (report.added, report.counts["refused"]) == (20, 0)
    calendar = calendars.official()
    assert not calendar.provisional(date(2027, 1, 4))
    assert (calendar.works(date(2027, 1, 1)), calendar.works(date(2027, 1, 30))) == (False, True)
    again = await announce(database, as_json(of_2027()))
    assert (again.added, again.changed, again.unchanged) == (0, 0, 20)
    async with database.read() as session:
        assert [one.year for one in await session.scalars(select(HolidayYear))] == [2027]


async def test_another_process_counts_by_it_from_its_next_look(database: Database) -> None:
    await announce(database, as_json(of_2027()))
    calendars.forget()
    assert calendars.official().provisional(date(2027, 1, 4))
    async with database.read() as session:
        await calendars.refresh(session)
    assert not calendars.official().provisional(date(2027, 1, 4))


async def test_the_same_as_a_table_and_a_correction_replaces_the_year(database: Database) -> None:
    lines = [[day.isoformat(), "休" if off else "班"] for day, off in of_2027()]
    report = await announce(database, as_csv(["日期", "休息"], *lines))
    assert report.added == 20
    without = [(day, off) for day, off in of_2027() if day != date(2027, 10, 7)]
    assert (await announce(database, as_json(without))).unchanged == 19
    assert calendars.official().works(date(2027, 10, 7))


async def test_what_is_no_announcement_is_refused_with_a_reason(database: Database) -> None:
    with pytest.raises(Refusal) as refusal:
        await announce(database, as_json([]))
    assert refusal.value.code == "holidays.not_announced"
    lines = [["2027-01-01", "休"], ["2027-02-31", "休"], ["2027-02-05", "也许"], ["2027-02-04", "班"], ["", "休"]]
    report = await announce(database, as_csv(["日期", "休息"], *lines))
    reasons = {one.row: one.reason for one in report.refused}
    assert reasons == {2: "year_not_whole", 3: "date", 4: "yes_or_no", 5: "works_anyway", 6: "empty"}
    assert calendars.official().provisional(date(2027, 1, 4))


async def test_open_deadlines_move_with_the_year_and_people_hear_of_it_once(
    database: Database, town: dict[str, int]
) -> None:
    async with database.read() as session:
        seats = list(await session.scalars(select(Seat)))
        assert {seat.answer_by for seat in seats} == {date(2027, 1, 1)}  # as if New Year's Day were a working day
    await announce(database, as_json(of_2027()))
    async with database.read() as session:
        seats = list(await session.scalars(select(Seat)))
        assert {seat.answer_by for seat in seats} == {date(2027, 1, 4)}
        moves = list(await session.scalars(select(JournalEntry).where(JournalEntry.verb == "move")))
    assert [(one.noun, one.before, one.after) for one in moves] == [
        ("seat", {"due": "2027-01-01"}, {"due": "2027-01-04"})
    ]
    told = await notices(database)
    assert sorted(one.person_id for one in told) == sorted({seat.person_id for seat in seats})
    await announce(database, as_json(of_2027()))
    assert len(await notices(database)) == len(told)


async def test_a_counted_deadline_moves_too(database: Database, town: dict[str, int]) -> None:
    async with database.write() as session:
        visit = await visit_of(session)
        visit.state, visit.submitted_at = "submitted", DECEMBER + timedelta(days=7)
    async with database.read() as session:
        before = await open_dues(session, DECEMBER, ["publication"])
    await announce(database, as_json(of_2027()))
    async with database.read() as session:
        after = await open_dues(session, DECEMBER, ["publication"])
    assert [one.due for one in before] == [date(2027, 2, 3)]
    assert [one.due for one in after] == [date(2027, 2, 2)]  # a make-up day on 30 January
    assert len(await notices(database)) == 1


async def test_an_authority_asks_for_less_time_than_the_law_allows(database: Database, town: dict[str, int]) -> None:
    async with database.write() as session:
        visit = await visit_of(session)
        visit.state, visit.submitted_at = "submitted", datetime(2026, 11, 2, 9, tzinfo=ZONE)
        organ, by = visit.task.organ, await session.get_one(Person, town["赵主管"])
        assert await deadlines.decide(session, organ, "publication", 10, by, DECEMBER) == 1
        assert [one.due for one in await open_dues(session, DECEMBER, ["publication"])] == [date(2026, 11, 16)]
        assert calendars.deadline("publication", date(2026, 11, 2), organ.id + 1) == date(2026, 11, 30)
    for kind, days in (("publication", 21), ("visit", 5), ("nothing", 5)):
        async with database.write() as session:
            with pytest.raises(Refusal) as refusal:
                await deadlines.decide(session, organ, kind, days, by, DECEMBER)
            for language in LANGUAGES:
                Words(language, ZONE)(f"refusal.{refusal.value.code}", **refusal.value.gaps)
    async with database.write() as session:
        liaison = await session.get_one(Person, town["陈消防"])
        with pytest.raises(Refusal):
            await deadlines.decide(session, organ, "review", 5, liaison, DECEMBER)
        await deadlines.decide(session, organ, "publication", 20, by, DECEMBER)
        assert calendars.length("publication", organ.id) == 20


async def test_the_packaged_calendar_agrees_with_the_announcements(shared_data: Path) -> None:
    """Every year that both know (2007 to 2026): the same working days."""
    calendar = calendars.packaged()
    for path in sorted((shared_data / "holiday-cn").glob("20*.json")):
        for one in json.loads(path.read_text())["days"]:
            day = date.fromisoformat(one["date"])
            if day.year in calendar.years:
                assert calendar.works(day) != one["isOffDay"], day


async def test_the_announcements_of_all_years_are_taken(database: Database, shared_data: Path) -> None:
    for year in (2024, 2025, 2026):
        report = await announce(database, (shared_data / "holiday-cn" / f"{year}.json").read_bytes())
        assert (report.added, report.changed, report.counts["refused"]) == (0, 0, 0)
    with pytest.raises(Refusal):
        await announce(database, (shared_data / "holiday-cn" / "2027.json").read_bytes())
