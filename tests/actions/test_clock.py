"""Somebody turns the clock back, to commit to words or rounds that exist already: every way is barred, or shows."""

from __future__ import annotations

import hmac
import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from actions import draws, plans, seats
from actions.journal import record
from locales import LANGUAGES, Words
from models.database import Database
from models.draws import Draw, DrawEntry
from models.items import Item
from models.journal import JournalEntry
from models.people import Area, Person
from rules.bundles import hexhash
from rules.draw import canonical
from rules.refusal import Refusal
from tests.conversations.conftest import MONDAY, settle_town

AUTHORITY = "金华市市场监督管理局"
WORDS = ("春江水暖鸭先知", "7")
SECOND = timedelta(seconds=1)


class Office:
    """A town's supervisor and two witnesses, who hold draws at any time they like."""

    def __init__(self, session: Any) -> None:
        self.session = session

    async def settle(self) -> None:
        ids = await settle_town(self.session, MONDAY)
        names = ("赵主管", "陈消防", "周环保")
        self.by, *self.witnesses = [await self.session.get_one(Person, ids[name]) for name in names]

    async def commit(self, now: datetime, **how: Any) -> Draw:
        item = (await self.session.scalars(select(Item))).one()
        area = await self.session.get_one(Area, "330782")
        wish = plans.NewTask(item.id, area.code, Decimal(20), MONDAY.date(), MONDAY.date() + timedelta(weeks=4))
        task = await plans.create_task(self.session, wish, self.by, MONDAY)
        await self.session.flush()
        witnesses = [] if how.get("beacon") else self.witnesses
        draw = await draws.commit(self.session, task, witnesses, AUTHORITY, self.by, now, **how)
        await self.session.flush()
        return draw

    async def contribute(self, draw: Draw, now: datetime) -> None:
        for witness, words in zip(self.witnesses, WORDS, strict=True):
            await draws.contribute(self.session, draw, witness, words, now)
        await self.session.flush()


async def refused(work: Any) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        await work
    for language in LANGUAGES:
        said = Words(language, ZoneInfo("Asia/Shanghai"))(f"refusal.{refusal.value.code}", **refusal.value.gaps)
        assert len(said) <= 200, "more than Telegram shows over the screen"
    return refusal.value


@pytest.mark.parametrize("beacon", [False, True])
async def test_nothing_is_drawn_for_a_task_whose_time_is_over(database: Database, beacon: bool) -> None:
    async with database.read() as session:
        office = Office(session)
        await office.settle()
        last_day = MONDAY + timedelta(weeks=4)
        assert (await refused(office.commit(last_day + timedelta(days=1), beacon=beacon))).code == "draws.window_over"
        assert not list(await session.scalars(select(Draw)))
        assert await office.commit(last_day, beacon=beacon)


@pytest.mark.parametrize("beacon", [False, True])
async def test_no_commitment_is_dated_before_its_predecessor(database: Database, beacon: bool) -> None:
    """Not even by a second, because the chain would be broken for every checker."""
    async with database.write() as session:
        office = Office(session)
        await office.settle()
        first = await office.commit(MONDAY + timedelta(hours=1))
        refusal = await refused(office.commit(MONDAY + timedelta(hours=1) - SECOND, beacon=beacon))
        assert refusal.code == "draws.clock_back"
        assert refusal.gaps == {"now": "2026-11-30 09:59:59", "last": "2026-11-30 10:00:00"}
        second = await office.commit(MONDAY + timedelta(hours=1), beacon=beacon)
        assert json.loads(second.commitment)["previous"] == hexhash(first.commitment)


@pytest.mark.parametrize("beacon", [False, True])
async def test_no_commitment_is_dated_before_what_was_done(database: Database, beacon: bool) -> None:
    """The newest entry of the journal counts, whatever it is about and whatever was written after it."""
    async with database.write() as session:
        office = Office(session)
        await office.settle()
        record(session, MONDAY + timedelta(days=2), office.by, "invite", "person", office.by.id)
        await session.flush()
        record(session, MONDAY, office.by, "invite", "person", office.by.id)
        refusal = await refused(office.commit(MONDAY + timedelta(days=1), beacon=beacon))
        assert (refusal.code, refusal.gaps["last"]) == ("draws.clock_back", "2026-12-02 09:00:00")
        assert await office.commit(MONDAY + timedelta(days=2) - SECOND, beacon=beacon), "processes differ a little"


async def test_no_words_come_before_the_commitment(database: Database) -> None:
    async with database.write() as session:
        office = Office(session)
        await office.settle()
        draw = await office.commit(MONDAY)
        for early in (SECOND, timedelta(days=1)):
            refusal = await refused(draws.contribute(session, draw, office.witnesses[0], "早已知道", MONDAY - early))
            assert refusal.code == "draws.clock_back"
        assert draw.witnesses[0].contribution is None
        await office.contribute(draw, MONDAY)
        assert draws.entropy_of(draw)


async def test_words_leave_a_mark_when_they_come_in(database: Database) -> None:
    """Their order and their wording are proven later; until then the marks tell nothing."""
    async with database.write() as session:
        office = Office(session)
        await office.settle()
        draw = await office.commit(MONDAY)
        await office.contribute(draw, MONDAY + timedelta(minutes=5))
        record_then = list(await session.scalars(select(DrawEntry).order_by(DrawEntry.number)))
        journal = list(await session.scalars(select(JournalEntry).where(JournalEntry.verb == "contribute")))
        assert len(record_then) == len(journal) == 2
        told = canonical([one.content for one in record_then] + [one.after for one in journal]).decode()
        assert WORDS[0] not in told
        assert hexhash(WORDS[1].encode()) not in told, "one word is soon guessed from its plain hash"
        await draws.run(session, draw, office.by, MONDAY + timedelta(minutes=9))
        await session.flush()
        await seats.release(session, draw, office.by, MONDAY + timedelta(days=1))
        await draws.open_(session, draw, office.by, MONDAY + timedelta(days=60))
    async with database.read() as session:
        draw = (await session.scalars(select(Draw))).one()
        lines = list(await session.scalars(select(DrawEntry).order_by(DrawEntry.number)))
    certificate = json.loads(draw.certificate or b"")
    secret, before = bytes.fromhex(certificate["secret"]), hexhash(draw.commitment)
    for one, line in zip(certificate["entropy"]["contributions"], lines, strict=False):
        mark = hmac.digest(secret, one["text"].encode(), "sha256").hex()
        assert line.content == {
            "at": "2026-11-30T01:05:00Z", "kind": "witnessed", "witness": one["witness"], "words": mark,
        }  # fmt: skip
        assert line.hash == (before := hexhash(before.encode() + canonical(line.content)))
    assert [line.content["kind"] for line in lines] == ["witnessed", "witnessed", "opened"]
    assert [line.hash for line in lines[:2]] == [line.hash for line in record_then]
