"""The lists of credit on a real database: who enters, who leaves, who decides, whom a department hears of."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from actions import (
    credit_class,
    credit_lists,
    credit_news,
    credit_records,
    reminders,
)
from models.credit import CreditProposal, ListEntry
from models.database import Database
from models.mail import Outbox
from models.people import Organ, Person
from models.reminders import Reminder
from rules import credit as rules
from rules.refusal import Refusal
from tests.actions.test_credit import TODAY, Place, a_place, event
from tests.conversations.conftest import MONDAY


async def entered(place: Place, ground: str = "unreachable") -> ListEntry:
    organ = await credit_class.keeper(place.session, place.shop)
    assert organ
    made = await credit_lists._propose(
        place.session, place.shop, organ, rules.ENTER, None, MONDAY, list_=rules.ABNORMAL, ground=ground
    )
    assert made
    await credit_lists.approve(place.session, made, place.people["赵主管"], MONDAY)
    (entry,) = await place.all(ListEntry)
    return entry


async def test_three_years_on_the_abnormal_list_propose_the_next_list_once(database: Database) -> None:
    async with a_place(database) as place:
        entry = await entered(place)
        assert (place.shop.credit_class, place.shop.flags) == ("C", ("abnormal",))
        later = MONDAY.replace(year=2029)
        for day in (later - timedelta(days=1), later, later + timedelta(days=1)):
            await credit_lists.propose_serious(place.session, day)
        asked = [one for one in await place.all(CreditProposal) if one.state == "asked"]
        assert [(one.list, one.ground, one.entry_id) for one in asked] == [("serious", "too_long", entry.id)]
        await credit_lists.refuse(place.session, asked[0], "正在办理注销", place.people["钱主管"], later)
        await credit_lists.propose_serious(place.session, later + timedelta(days=2))
        assert len([one for one in await place.all(CreditProposal) if one.state == "asked"]) == 0


async def test_who_proposes_does_not_decide_and_nobody_from_elsewhere_does(database: Database) -> None:
    async with a_place(database) as place:
        entry = await entered(place)
        asker = place.people["赵主管"]
        made = await credit_lists.ask_leave(place.session, entry, "已变更住所", asker, MONDAY)
        for name, code in (("赵主管", "credit.own"), ("张伟", "credit.not_yours_to_decide"),
                           ("陈消防", "credit.not_yours_to_decide")):  # fmt: skip
            with pytest.raises(Refusal) as refused:
                await credit_lists.approve(place.session, made, place.people[name], MONDAY)
            assert refused.value.code == code
        with pytest.raises(Refusal, match=r"credit.asked_already"):
            await credit_lists.ask_leave(place.session, entry, "再提一次", place.people["张伟"], MONDAY)
        await credit_lists.approve(place.session, made, place.people["钱主管"], MONDAY)
        assert (entry.left_on, place.shop.credit_class, place.shop.flags) == (TODAY, "B", ())
        with pytest.raises(Refusal, match=r"credit.decided_already"):
            await credit_lists.refuse(place.session, made, "晚了", place.people["钱主管"], MONDAY)
        told = [one for one in await place.all(Outbox) if one.kind == "credit.decided"]
        assert [one.person_id for one in told] == [asker.id]


async def test_who_may_decide_is_reminded_until_somebody_has(database: Database) -> None:
    async with a_place(database) as place:
        entry = await entered(place)
        asker, other = place.people["赵主管"], place.people["钱主管"]
        made = await credit_lists.ask_leave(place.session, entry, "已变更住所", asker, MONDAY)
        assert made.decide_by == date(2026, 12, 7)  # five working days
        heard = []
        for number in range(9):
            heard.append(await reminders.remind(place.session, MONDAY + timedelta(days=number)))
            await place.session.flush()
        assert heard == [0, 0, 1, 0, 1, 0, 0, 1, 1]  # 2, 4 and 7 December, and the day after
        assert {one.person_id for one in await place.all(Reminder)} == {other.id}
        await credit_lists.approve(place.session, made, other, MONDAY)
        assert await reminders.open_dues(place.session, MONDAY, ["list_leave"]) == []


async def test_a_grave_punishment_proposes_the_list_of_serious_violations(database: Database) -> None:
    async with a_place(database) as place:
        await credit_records.punish(
            place.session, place.shop, "suspension", "义环 7 号", TODAY, place.people["周环保"], MONDAY
        )
        (asked,) = await place.all(CreditProposal)
        keeper = await credit_class.keeper(place.session, place.shop)
        assert (asked.list, asked.ground, asked.organ) == ("serious", "grave", keeper)
        await credit_lists.approve(place.session, asked, place.people["赵主管"], MONDAY)
        assert (place.shop.credit_class, place.shop.flags) == ("D", ("serious",))


async def test_a_department_hears_of_what_it_subscribed_to_in_its_area(database: Database) -> None:
    async with a_place(database) as place:
        fire, by = place.people["陈消防"].organ, place.people["陈消防"]
        far = Organ(name="东阳市消防救援大队", department="消防救援", area_code="330783")
        city = Organ(name="金华市消防救援支队", department="消防救援", area_code="330700")
        place.session.add_all([far, city])
        await place.session.flush()
        assert await credit_news.news(place.session, fire, TODAY) == {}
        with pytest.raises(Refusal, match=r"credit.who_subscribes"):
            await credit_news.subscribe(place.session, "cases", place.people["张伟"], MONDAY, wanted=True)
        for topic in ("cases", "lists", "punishments", "results"):
            await credit_news.subscribe(place.session, topic, by, MONDAY, wanted=True)
        for other in (far, city):
            liaison = Person(staff_no=f"x{other.id}", name="x", organ_id=other.id, area_code=other.area_code,
                             roles=("liaison",))  # fmt: skip
            place.session.add(liaison)
            await place.session.flush()
            await credit_news.subscribe(place.session, "cases", liaison, MONDAY, wanted=True)
        await event(place, "result.clean", 1)
        await event(place, "outcome.case", 2)
        await entered(place)
        await credit_records.punish(place.session, place.shop, "admonition", "1", TODAY, place.people["赵主管"], MONDAY)
        assert await credit_news.news(place.session, fire, TODAY) == {"cases": 1, "lists": 1}
        assert await credit_news.news(place.session, city, TODAY) == {"cases": 1}
        assert await credit_news.news(place.session, far, TODAY) == {}
        assert await credit_news.news(place.session, fire, TODAY + timedelta(days=1)) == {"cases": 1, "lists": 1}
        assert await credit_news.news(place.session, fire, TODAY + timedelta(days=2)) == {}
        await credit_news.subscribe(place.session, "cases", by, MONDAY, wanted=False)
        assert await credit_news.news(place.session, fire, TODAY) == {"lists": 1}
