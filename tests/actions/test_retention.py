"""What may be forgotten is, after its period and at night; what an open matter needs is not, and the journal never."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import func, select

from bot.evidence import Evidence as Store
from bot.settings import Settings
from jobs.ticks import forget
from models.announcements import Announcement
from models.appeals import Appeal
from models.corrections import Correction
from models.database import Database
from models.journal import JournalEntry
from models.leads import Lead, LeadFile
from models.mail import Inbox, Outbox
from models.people import Person
from models.visits import Evidence, Visit
from rules.retention import LEAST, Periods
from tests.conversations.conftest import MONDAY
from tests.e2e.town import released_town, visit_of

NIGHT = (MONDAY + timedelta(days=4 * 365)).replace(hour=3)
DAYS = Periods(messages=90, notices=365, drafts=180, evidence=LEAST)


@dataclass
class Town:
    database: Database
    store: Store
    visit: int
    ids: dict[str, int]

    async def add(self, *rows: object) -> None:
        async with self.database.write() as session:
            session.add_all(rows)

    async def photo(self, data: bytes, at: datetime = MONDAY, visit: int | None = None) -> str:
        digest = await self.store.keep(data)
        number = visit or self.visit
        await self.add(
            Evidence(
                visit_id=number, sha256=digest, size=len(data), media="image/jpeg", telegram_file="f", at=at,
                person_id=self.ids["张伟"],
            )
        )  # fmt: skip
        return digest

    async def over(self, state: str = "published", number: int | None = None) -> None:
        async with self.database.write() as session:
            (await session.get_one(Visit, number or self.visit)).state = state

    async def forgets(self, periods: Periods = DAYS, at: datetime = NIGHT) -> None:
        await forget(self.database, at, periods, self.store.erase)

    async def count(self, table: type, *where: object) -> int:
        async with self.database.read() as session:
            return await session.scalar(select(func.count()).select_from(table).where(*where)) or 0  # type: ignore[arg-type]

    async def has(self, digest: str) -> bool:
        try:
            await self.store.read(digest)
        except FileNotFoundError:
            return False
        return True


@pytest.fixture
async def town(database: Database, tmp_path: Path) -> Town:
    async with database.write() as session:
        ids = await released_town(session, MONDAY)
        await session.flush()
        visit = await visit_of(session)
    return Town(database, Store((tmp_path / "evidence").as_uri()), visit.id, ids)


def message(number: int, done: datetime | None, replies: list[dict[str, object]] | None = None) -> Inbox:
    return Inbox(
        update_id=number, chat_id=1002, body={"update_id": number}, received_at=MONDAY, retry_at=MONDAY, done_at=done,
        replies=replies,
    )  # fmt: skip


async def test_messages_go_once_they_are_handled_answered_and_old(town: Town) -> None:
    await town.add(
        message(1, NIGHT - timedelta(days=91)),
        message(2, NIGHT - timedelta(days=89)),
        message(3, None),
        message(4, NIGHT - timedelta(days=91), [{"do": "say"}]),
        *(message(100 + number, NIGHT - timedelta(days=200)) for number in range(600)),
    )
    await town.forgets()
    async with town.database.read() as session:
        assert set(await session.scalars(select(Inbox.update_id))) == {2, 3, 4}


async def test_of_notices_the_words_go_and_the_fact_stays(town: Town) -> None:
    old, new = NIGHT - timedelta(days=366), NIGHT - timedelta(days=364)
    for number, ended in enumerate((old, new, None)):
        await town.add(
            Outbox(
                dedupe_key=f"x{number}", person_id=town.ids["张伟"], kind="x", params={}, created_at=old, due_at=old,
                ended_at=ended, outcome="sent" if ended else "", text="话", buttons=[{"rows": []}],
            )
        )  # fmt: skip
    await town.forgets()
    async with town.database.read() as session:
        kept = {one.dedupe_key: one for one in await session.scalars(select(Outbox).where(Outbox.kind == "x"))}
    assert [kept[f"x{number}"].text for number in range(3)] == [None, "话", "话"]
    assert (kept["x0"].buttons, kept["x0"].outcome, kept["x0"].ended_at) == (None, "sent", old)


async def test_drafts_go_and_what_was_sent_stays(town: Town) -> None:
    for state, days in (("draft", 181), ("draft", 179), ("sent", 181)):
        made = NIGHT - timedelta(days=days)
        await town.add(
            Announcement(author_id=town.ids["赵主管"], text="x", area_code="330782", state=state, made_at=made)
        )
    await town.forgets()
    assert await town.count(Announcement, Announcement.state == "draft") == 1
    assert await town.count(Announcement) == 2


async def test_evidence_goes_with_its_bytes_after_its_period_and_the_journal_says_so(town: Town) -> None:
    digest = await town.photo(b"old")
    await town.over()
    entries = await town.count(JournalEntry)
    await town.forgets(at=MONDAY.replace(hour=3) + timedelta(days=LEAST - 1))
    assert await town.has(digest)
    await town.forgets(at=NIGHT.replace(hour=12))  # not by day
    assert await town.has(digest)
    await town.forgets()
    assert not await town.has(digest)
    assert await town.count(Evidence) == 0
    assert await town.count(JournalEntry) == entries + 1
    async with town.database.read() as session:
        told = (await session.scalars(select(JournalEntry).where(JournalEntry.verb == "erase"))).one()
    assert told.before["sha256"] == digest


async def test_bytes_that_a_crash_left_behind_go_the_next_night(town: Town) -> None:
    digest = await town.photo(b"left")
    await town.over()
    await town.forgets()
    await town.store.keep(b"left")  # as if the power had gone before it was removed
    await town.forgets(at=NIGHT + timedelta(days=1))
    assert not await town.has(digest)


async def test_evidence_of_a_period_of_zero_is_kept_for_ever(town: Town) -> None:
    digest = await town.photo(b"old")
    await town.over()
    await town.forgets(Periods())
    assert await town.has(digest)


@pytest.mark.parametrize("state", ["started", "submitted", "returned", "withheld"])
async def test_evidence_of_a_visit_that_is_not_over_stays(town: Town, state: str) -> None:
    digest = await town.photo(b"old")
    await town.over(state)
    await town.forgets()
    assert await town.has(digest)


async def test_evidence_of_a_visit_that_was_touched_lately_stays(town: Town) -> None:
    digest = await town.photo(b"old")
    await town.over()
    lately = NIGHT - timedelta(days=30)
    await town.add(JournalEntry(at=lately, verb="amend", noun="visit", noun_id=town.visit, before={}, after={}))
    await town.forgets()
    assert await town.has(digest)


def lead(town: Town, state: str) -> Lead:
    organ = town.ids["义乌市市场监督管理局"]
    return Lead(
        origin="visit", visit_id=town.visit, subject_id=1, sender_id=town.ids["张伟"], source_organ_id=organ,
        organ_id=organ, text="x", state=state, sent_at=MONDAY, due=MONDAY.date(), resolved_at=MONDAY,
    )  # fmt: skip


@pytest.mark.parametrize("what", ["lead", "correction", "appeal"])
async def test_evidence_of_an_open_matter_stays_until_it_is_closed(town: Town, what: str) -> None:
    digest = await town.photo(b"old")
    await town.over()
    matter: Lead | Correction | Appeal
    if what == "lead":
        matter, closed = lead(town, "accepted"), "resolved"
    elif what == "correction":
        matter = Correction(visit_id=town.visit, due=MONDAY.date(), state="reported", ordered_at=MONDAY, report="")
        closed = "closed"
    else:
        matter = Appeal(visit_id=town.visit, name="陈老板", text="x", made_at=MONDAY, answer_by=MONDAY.date())
        closed = "kept"
    await town.add(matter)
    await town.forgets()
    assert await town.has(digest)
    async with town.database.write() as session:
        (await session.get_one(type(matter), matter.id)).state = closed
    await town.forgets(at=NIGHT + timedelta(days=1))
    assert not await town.has(digest)


async def test_bytes_that_a_lead_or_another_visit_names_as_well_stay(town: Town) -> None:
    async with town.database.read() as session:
        other = (await visit_of(session, 1)).id
    shared, sent = await town.photo(b"shared"), await town.photo(b"sent")
    await town.photo(b"shared", visit=other)
    closed = lead(town, "resolved")
    await town.add(closed)
    await town.add(
        LeadFile(
            lead_id=closed.id, sha256=sent, media="image/jpeg", telegram_file="f", kind="photo", at=MONDAY,
            person_id=town.ids["张伟"],
        )
    )  # fmt: skip
    await town.over()
    await town.forgets()
    assert await town.has(shared)
    assert await town.has(sent)
    assert await town.count(Evidence) == 1


def test_evidence_is_not_kept_for_less_than_three_years() -> None:
    assert Settings(keep_evidence_days=LEAST).periods.evidence == LEAST
    for days in (30, LEAST - 1):  # the words that name the days: tests/e2e/test_cli.py
        with pytest.raises(ValidationError, match=r"cli\.setting\.keep_evidence_days"):
            Settings(keep_evidence_days=days)


async def test_nobody_is_forgotten(town: Town) -> None:
    people = await town.count(Person)
    await town.forgets(Periods(1, 1, 1, LEAST))
    assert await town.count(Person) == people
