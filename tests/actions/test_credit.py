"""The class of credit on a real database: what counts for it, for how long, and who sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import (
    credit,
    credit_class,
    credit_lists,
    credit_records,
    extracts,
    leads,
    proposals,
    publication,
)
from models.credit import CreditClass, CreditEvent, CreditProposal, KeyReason, RiskWarning
from models.database import Database
from models.journal import JournalEntry
from models.people import Organ, Person
from models.subjects import Subject
from models.visits import Visit
from rules import credit as rules
from rules import strata
from rules.refusal import Refusal
from tests.conversations.conftest import MONDAY, settle_town
from tests.web import city

TODAY = MONDAY.date()


@dataclass
class Place:
    """A town with one more supervisor, and a shop."""

    session: AsyncSession
    people: dict[str, Person]
    shop: Subject

    async def all(self, table: type) -> list:
        return list(await self.session.scalars(select(table).order_by(table.id)))


@asynccontextmanager
async def a_place(database: Database) -> AsyncIterator[Place]:
    async with database.write() as session:
        ids = await settle_town(session, MONDAY, subjects=2)
        more = Person(
            staff_no="330700011", name="钱主管", organ_id=ids["义乌市市场监督管理局"], area_code="330782",
            roles=("supervisor",),
        )  # fmt: skip
        session.add(more)
        await session.flush()
        people = {one.name: one for one in await session.scalars(select(Person))}
        shop = (await session.scalars(select(Subject).order_by(Subject.id))).first()
        assert shop
        shop.credit_class = "B"
        yield Place(session, people, shop)


async def event(place: Place, code: str, number: int, on: date = TODAY, now: datetime = MONDAY) -> None:
    await credit_class.happened(place.session, place.shop, code, ("visit", number), on, None, None, now)


async def test_the_same_event_counts_once_and_a_corrected_one_not_at_all(database: Database) -> None:
    async with a_place(database) as place:
        for _ in range(3):
            await event(place, "result.unreachable", 1)
        assert place.shop.credit_class == "C"
        (present,) = await place.all(CreditClass)
        assert (present.base, present.grade, present.points) == ("B", "C", 68)
        await event(place, "result.closed", 1)  # the result was corrected to one that holds nothing against it
        assert place.shop.credit_class == "B"
        assert [one.annulled_on for one in await place.all(CreditEvent)] == [TODAY]
        assert [one.grade for one in await place.all(CreditClass)] == ["C", "B"]
        await event(place, "result.unreachable", 1)
        assert place.shop.credit_class == "C"


async def test_an_event_ceases_to_count_on_its_day_and_the_history_stays(database: Database) -> None:
    async with a_place(database) as place:
        await event(place, "outcome.case", 1)
        assert place.shop.credit_class == "C"
        last = MONDAY.replace(year=2029, day=29)
        assert await credit_class.weigh_due(place.session, last) == 0
        assert await credit_class.weigh_due(place.session, last + timedelta(days=1)) == 1
        assert place.shop.credit_class == "B"
        assert await credit_class.weigh_due(place.session, last + timedelta(days=1)) == 0
        rows = await place.all(CreditClass)
        assert [(one.grade, one.why, one.ended_at is None) for one in rows] == [
            ("C", "outcome.case", False),
            ("B", "review", True),
        ]
        moves = select(JournalEntry).where(JournalEntry.verb == "credit_class").order_by(JournalEntry.id)
        told = [(one.before, one.after, one.why) for one in await place.session.scalars(moves)]
        assert told == [({"class": "B"}, {"class": "C"}, "outcome.case"), ({"class": "C"}, {"class": "B"}, "review")]


@pytest.mark.parametrize(("imported", "then", "base"), [("B", "C", "B"), ("A", "A", "A"), ("C", "C", "B")])
async def test_a_directory_that_is_imported_again(database: Database, imported: str, then: str, base: str) -> None:
    """The class that the directory always gave is no news; another one is, and holds what was before."""
    async with a_place(database) as place:
        await event(place, "outcome.case", 1, on=TODAY - timedelta(days=9))
        place.shop.credit_class, place.shop.flags = imported, ()
        await place.session.flush()
        await credit_class.weigh_due(place.session, MONDAY + timedelta(days=1))
        assert place.shop.credit_class == then
        (present,) = [one for one in await place.all(CreditClass) if one.ended_at is None]
        assert (present.base, present.grade) == (base, then)


async def test_a_key_flag_by_rule_survives_an_import_and_ends_with_its_reason(database: Database) -> None:
    async with a_place(database) as place:
        place.shop.flags = ("food_drug",)
        place.session.add(RiskWarning(subject_id=place.shop.id, source="省平台", level="high", on=TODAY, made_on=TODAY))
        await event(place, "warning.high", 1)
        assert place.shop.flags == ("food_drug", "risk")
        assert strata.stratum(place.shop.credit_class, place.shop.flags) == "K"  # R3.3.2a
        place.shop.flags = ("food_drug",)  # the directory knows nothing of it
        await place.session.flush()
        await credit_class.weigh_due(place.session, MONDAY)
        assert place.shop.flags == ("food_drug", "risk")
        (reason,) = await place.all(KeyReason)
        assert (reason.cause, reason.number, reason.was_there) == ("warning.high", 1, False)
        await credit_class.weigh_due(place.session, MONDAY.replace(year=2027))
        assert place.shop.flags == ("food_drug",)
        assert (await place.all(KeyReason))[0].ended_at is not None


async def test_a_flag_that_the_directory_gave_stays_when_the_reason_ends(database: Database) -> None:
    async with a_place(database) as place:
        place.shop.flags = ("complaints",)
        for number in range(rules.MANY_COMPLAINTS):
            await credit_class.happened(
                place.session, place.shop, "complaint", ("complaint", number), TODAY, None, None, MONDAY
            )
        assert [one.was_there for one in await place.all(KeyReason)] == [True]
        await credit_class.weigh_due(place.session, MONDAY.replace(year=2028))
        assert place.shop.flags == ("complaints",)


async def test_a_punishment_holds_the_class_down_until_it_ends_or_is_repaired(database: Database) -> None:
    async with a_place(database) as place:
        liaison, supervisor = place.people["陈消防"], place.people["赵主管"]
        with pytest.raises(Refusal, match=r"credit.who_punishes"):
            await credit_records.punish(place.session, place.shop, "fine", "1 号", TODAY, place.people["张伟"], MONDAY)
        tomorrow = TODAY + timedelta(days=1)
        with pytest.raises(Refusal, match=r"credit.not_yet"):
            await credit_records.punish(place.session, place.shop, "fine", "1 号", tomorrow, liaison, MONDAY)
        fine = await credit_records.punish(place.session, place.shop, "fine", " 义消 1 号 ", TODAY, supervisor, MONDAY)
        assert (fine.document, fine.ends, place.shop.credit_class) == ("义消 1 号", date(2029, 11, 30), "D")
        with pytest.raises(Refusal, match=r"credit.document_known"):
            await credit_records.punish(place.session, place.shop, "fine", "义消 1 号", TODAY, supervisor, MONDAY)
        fire = place.people["陈消防"].organ
        assert [one.id for one in await credit_records.joint_list(place.session, fire, TODAY)] == [fine.id]
        assert await credit_records.joint_list(place.session, fire, fine.ends) == []
        with pytest.raises(Refusal) as refused:
            await credit_lists.ask_repair(place.session, fine, "已缴清", liaison, MONDAY)
        assert (refused.value.code, refused.value.gaps) == ("credit.repair_too_early", {"day": date(2027, 5, 30)})
        later = MONDAY.replace(year=2027, month=6)
        made = await credit_lists.ask_repair(place.session, fine, "已缴清", liaison, later)
        await credit_lists.approve(place.session, made, supervisor, later)
        assert (place.shop.credit_class, fine.repaired_on) == ("B", later.date())
        assert await credit_records.joint_list(place.session, fire, later.date()) == []
        await credit_class.weigh_due(place.session, MONDAY.replace(year=2030))
        assert place.shop.credit_class == "B"


async def test_a_promise_raises_and_a_broken_one_lowers_more(database: Database) -> None:
    async with a_place(database) as place:
        by = place.people["张伟"]
        made = await credit_records.commit(place.session, place.shop, "conduct", "三个月内换完灭火器", by, MONDAY)
        (present,) = await place.all(CreditClass)
        assert present.points == 81
        await credit_records.break_commitment(place.session, made, "到期未换", by, MONDAY)
        assert place.shop.credit_class == "C"
        with pytest.raises(Refusal, match=r"credit.broken_already"):
            await credit_records.break_commitment(place.session, made, "又一次", by, MONDAY)


async def resolved(place: Place, outcome: str, origin: str = "free") -> None:
    """A lead to the fire brigade, taken and resolved there."""
    by, liaison = place.people["张伟"], place.people["陈消防"]
    new = leads.NewLead(place.shop, f"通道堵塞 {outcome}", origin, source="12345", reference=outcome)
    lead = await leads.send(place.session, new, liaison.organ, by, MONDAY)
    await leads.accept(place.session, lead, liaison, MONDAY)
    await leads.resolve(place.session, lead, outcome, "义消 2026 第 1 号，移送公安局", liaison, MONDAY)


async def test_outcomes_of_leads_count_but_for_those_without_a_case(database: Database) -> None:
    async with a_place(database) as place:
        for outcome in ("no_case", "other", "case"):
            await resolved(place, outcome)
        assert [one.code for one in await place.all(CreditEvent)] == ["outcome.case"]


async def test_complaints_make_a_key_subject_unless_there_is_nothing_in_them(database: Database) -> None:
    async with a_place(database) as place:
        for outcome in ("other", "corrected", "no_case"):
            await resolved(place, outcome, "complaint")
        assert place.shop.flags == ()
        await resolved(place, "case", "complaint")
        assert place.shop.flags == ("complaints",)  # R3.2.2e
        told = [(one.code, one.annulled_on) for one in await place.all(CreditEvent) if one.code == "complaint"]
        assert told == [("complaint", None)] * 2 + [("complaint", TODAY)] + [("complaint", None)]


async def test_only_who_supervises_the_area_sees_a_class(database: Database) -> None:
    async with a_place(database) as place:
        expert = Person(staff_no="e", name="e", organ_id=place.people["张伟"].organ_id, area_code="330782",
                        roles=("expert",))  # fmt: skip
        organ = Organ(name="东阳市市场监督管理局", department="市场监管", area_code="330783")
        place.session.add_all([expert, organ])
        await place.session.flush()
        far = Person(staff_no="f", name="f", organ_id=organ.id, area_code="330783", roles=("supervisor",))
        place.session.add(far)
        await place.session.flush()
        for one in (expert, far):
            await place.session.refresh(one)
            with pytest.raises(Refusal, match=r"credit.not_yours"):
                await credit_class.may_see(place.session, place.shop, one)
        await credit_class.may_see(place.session, place.shop, place.people["陈消防"])


async def test_a_corrected_or_withdrawn_result_counts_as_it_is_now(database: Database) -> None:
    async with database.write() as session:
        await city.build(session)
        await session.flush()
        session.expunge_all()
        boss = await session.get_one(Person, 3)
        other = Person(id=99, staff_no="o", name="o", organ_id=1, area_code="330782", roles=("supervisor",))
        session.add(other)
        await session.flush()
        await session.refresh(other)
        visit = await session.get_one(Visit, 1)
        place = Place(session, {}, visit.subject)
        visit.subject.credit_class, visit.result = "B", "unreachable"
        await credit.published(session, visit, boss, city.NOW)
        assert (visit.subject.credit_class, [one.state for one in await place.all(CreditProposal)]) == ("C", ["asked"])

        await publication.correct(session, visit, "correction", "查实", boss, city.NOW)  # an objection was upheld
        assert visit.subject.credit_class == "B"
        assert [one.state for one in await place.all(CreditProposal)] == ["void"]
        live = [one.code for one in await place.all(CreditEvent) if one.annulled_on is None]
        assert live == ["result.correction"]
        made = await extracts.make(session, visit.subject, None, city.NOW)
        assert [one["result"] for one in made.content["results"]] == ["correction"]

        asked = await proposals.propose(session, visit, "withdraw", "查错了对象", boss, city.NOW)
        await proposals.approve(session, asked, other, city.NOW)
        assert all(one.annulled_on for one in await place.all(CreditEvent))
        made = await extracts.make(session, visit.subject, None, city.NOW)
        assert (made.content["checks"], made.content["results"]) == (0, [])
