"""Who approves a plan, and who is reminded of it towards 31 March (R3.2.1a, R3.2.1c)."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import delete, select

from actions import annual, drafts, plans
from actions.reminders import open_dues, remind
from models.database import Database
from models.items import Item
from models.mail import Outbox
from models.people import Organ, Person
from models.plans import Plan
from models.reminders import Reminder
from rules.refusal import Refusal
from tests.actions.importing import inspectors
from tests.actions.test_imports_items import EXITS, FOOD, LIST, brought
from tests.actions.test_imports_plans import PEOPLE, PLAN, STAFF
from tests.conversations.conftest import ZONE

FIRE, MARKET = "义乌市消防救援大队", "义乌市市场监督管理局"


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 9, tzinfo=ZONE)


async def settle(database: Database) -> None:
    await inspectors(database, STAFF, *PEOPLE, now=at(1, 5))
    await brought(database, "items", LIST, [*FOOD[:6], "", *FOOD[7:]], EXITS, now=at(1, 5))


async def draft(database: Database, items: str = "XF-01", partners: str = "") -> None:
    row = ["2026年消防计划", "消防", FIRE, items, "5", "2026-04-01", "2026-06-30", "", partners, "", "义乌市", "", ""]
    assert (await brought(database, "plans", PLAN, row, now=at(1, 6))).added == 1


async def act(database: Database, staff_no: str, now: datetime, verb: Callable[..., Any], *more: Any) -> None:
    """Somebody does something with the only plan."""
    async with database.write() as session:
        (plan,) = await session.scalars(select(Plan))
        by = (await session.scalars(select(Person).where(Person.staff_no == staff_no))).one()
        await verb(session, plan, *more, by, now)


async def dues(database: Database, now: datetime) -> set[tuple[str, str, str]]:
    """What is due: kind, name, and the staff number of who must act."""
    async with database.read() as session:
        staff = dict((await session.execute(select(Person.id, Person.staff_no))).tuples().all())
        found = await open_dues(session, now, ["plan", "plan_public", "filing"])
        assert {one.due for one in found} <= {date(2026, 3, 31)}
        return {(one.kind, one.name, staff[one.person_id]) for one in found}


async def test_what_is_missing_towards_the_end_of_march(database: Database) -> None:
    await settle(database)
    both = {("plan", FIRE, "2"), ("plan", FIRE, "3"), ("plan", MARKET, "1")}
    assert await dues(database, at(2, 16)) == both
    await draft(database)
    assert await dues(database, at(3, 2)) == both, "a draft is not submitted"
    await act(database, "2", at(3, 3), annual.submit)
    assert await dues(database, at(3, 4)) == {("plan", MARKET, "1")}
    await act(database, "3", at(3, 5), annual.reject, "再议")
    assert await dues(database, at(3, 6)) == both
    await act(database, "2", at(3, 9), annual.submit)
    await act(database, "3", at(3, 10), annual.approve)
    name = "2026年消防计划"
    waits = {(kind, name, who) for kind in ("plan_public", "filing") for who in "23"}
    assert await dues(database, at(3, 11)) == waits | {("plan", MARKET, "1")}
    await act(database, "2", at(3, 12), annual.publish)
    assert await dues(database, at(3, 13)) == {("filing", name, who) for who in "23"} | {("plan", MARKET, "1")}
    await act(database, "2", at(3, 16), annual.file, "义乌市人民政府")
    assert await dues(database, at(4, 30)) == {("plan", MARKET, "1")}
    assert await dues(database, at(5, 6)) == set(), "from May on nobody is reminded of a plan that is not here"


async def test_the_ladder_reminds_the_supervisors_and_then_the_office(database: Database) -> None:
    await settle(database)
    async with database.write() as session:  # the market bureau has nothing to inspect
        await session.execute(delete(Item).where(Item.department == "市场监管"))
    told: dict[str, set[tuple[str, str]]] = {}
    for month, day in ((2, 2), (2, 24), (3, 26), (3, 30), (3, 31), (4, 1), (4, 3), (4, 8), (4, 9)):
        async with database.write() as session:
            await remind(session, at(month, day))
        async with database.write() as session:
            staff = dict((await session.execute(select(Person.id, Person.staff_no))).tuples().all())
            new = list(await session.scalars(select(Reminder)))
            told[f"{month}-{day}"] = {(one.step, staff[one.person_id]) for one in new}
            await session.execute(delete(Reminder).where(Reminder.step != "half"))
            assert all(one.kind == "reminders" for one in await session.scalars(select(Outbox)))
    fire = {"2", "3"}
    assert told["2-2"] == set()
    assert {step for step, _ in told["2-24"]} == {"half"}
    for day, step in (("3-26", "before_3"), ("3-30", "before_1"), ("3-31", "day")):
        assert {(one, who) for one, who in told[day] if one != "half"} == {(step, who) for who in fire}, day
    assert {(one, who) for one, who in told["4-1"] if one != "half"} == {("late_1", who) for who in fire}
    assert ("late_3", "2") in told["4-3"]
    assert ("late_5", "4") in told["4-8"], "the joint conference office hears at last"


async def test_only_whose_turn_it_is_approves_and_never_who_entered(database: Database) -> None:
    """R3.2.1a."""
    await settle(database)
    await draft(database, "XF-01;SP-03", "市场监管")
    await act(database, "2", at(2, 2), annual.submit)
    for staff_no, code in (("2", "plans.own"), ("1", "plans.not_your_turn"), ("4", "plans.not_your_turn")):
        with pytest.raises(Refusal, match=code):
            await act(database, staff_no, at(2, 3), annual.approve)
    for staff_no in ("3", "1", "4"):
        await act(database, staff_no, at(2, 4), annual.approve)
    with pytest.raises(Refusal, match="not_now"):
        await act(database, "3", at(2, 5), annual.approve)
    with pytest.raises(Refusal, match="not_yours"):
        await act(database, "1", at(2, 5), annual.publish)
    with pytest.raises(Refusal, match="not_a_draft"):
        await act(database, "2", at(2, 5), drafts.discard)
    await act(database, "2", at(2, 6), annual.publish)
    async with database.read() as session:
        (plan,) = await session.scalars(select(Plan))
        assert [(one.stage, one.person.staff_no) for one in plan.decisions] == [
            *(("lead", "3"), ("market", "1"), ("office", "4"))
        ]


async def test_a_stage_without_anybody_is_a_reason_too(database: Database) -> None:
    await settle(database)
    await draft(database, "XF-01;SP-03", "市场监管")
    async with database.write() as session:
        for person in await session.scalars(select(Person).where(Person.staff_no.in_(("1", "3", "4")))):
            person.status = "left"
    async with database.read() as session:
        (plan,) = await session.scalars(select(Plan))
        by = (await session.scalars(select(Person).where(Person.staff_no == "2"))).one()
        found = await annual.faults(session, plan, by)
        assert [one.code for one in found] == ["nobody_lead", "nobody_market", "nobody_office"]
        with pytest.raises(Refusal, match="breaks_rules"):
            await annual.submit(session, plan, by, at(2, 2))


async def test_a_task_is_made_once_within_its_window_with_the_items_of_the_day(database: Database) -> None:
    """R3.1.2d, R3.2.1b."""
    await settle(database)
    await brought(database, "checklists", ["检查表", "序号", "检查要点"], ["消防", 1, "通道畅通"], now=at(1, 5))
    await draft(database)
    await act(database, "2", at(2, 2), annual.submit)
    await act(database, "3", at(2, 3), annual.approve)

    async def make(now: datetime, staff_no: str = "2") -> Any:
        async with database.write() as session:
            (plan,) = await session.scalars(select(Plan))
            by = (await session.scalars(select(Person).where(Person.staff_no == staff_no))).one()
            return await plans.task_from_plan(session, plan.tasks[0], by, now)

    with pytest.raises(Refusal, match="not_published"):
        await make(at(4, 1))
    await act(database, "2", at(2, 4), annual.publish)
    with pytest.raises(Refusal, match="not_yours"):
        await make(at(4, 1), "1")
    with pytest.raises(Refusal, match="item_not_usable"):
        await make(at(4, 1))  # no checklist yet
    await brought(database, "items", LIST, [*EXITS[:6], "消防", "2026-02-10", "补检查表"], now=at(2, 10))
    with pytest.raises(Refusal, match="window_over"):
        await make(at(7, 1))
    task = await make(at(4, 20))
    assert (task.starts, task.ends, task.items[0].item.version) == (date(2026, 4, 20), date(2026, 6, 30), 2)
    assert not task.temporary
    with pytest.raises(Refusal, match="task_made"):
        await make(at(4, 21))
    async with database.read() as session:
        assert await session.scalar(select(Organ.name).where(Organ.id == task.organ_id)) == FIRE
