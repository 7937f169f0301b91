"""The item list changes with the laws, and what was drawn keeps the version that it used (R3.1.2d)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from actions import items
from actions.tasks import usable_items
from models.database import Database
from models.items import Item
from models.journal import JournalEntry
from rules.refusal import Refusal
from tests.actions.importing import NOW
from tests.rules.test_items import point

TODAY = NOW.date()
VALUES: dict[str, Any] = {
    "name": "餐饮服务食品安全检查",
    "department": "市场监管",
    "kind": "general",
    "ratio_ceiling": Decimal(20),
    "basis": "食品安全法第一百一十条",
}


async def test_a_change_is_a_new_version_with_its_day(database: Database) -> None:
    async with database.write() as session:
        assert await items.revise(session, "SP-03", VALUES, date(2026, 1, 1), "", None, NOW) == "added"
        assert await items.revise(session, "SP-03", VALUES, TODAY, "", None, NOW) == "unchanged"
        lower = {"ratio_ceiling": Decimal(10)}
        first_of_march = date(2027, 3, 1)
        done = await items.revise(session, "SP-03", lower, first_of_march, "新办法第三条", None, NOW)
        assert done == "changed"
    async with database.read() as session:
        new, old = await items.versions_of(session, "SP-03")
        assert (old.version, old.valid_until, old.ratio_ceiling) == (1, date(2027, 2, 28), 20)
        assert (new.version, new.valid_from, new.ratio_ceiling, new.basis) == (2, first_of_march, 10, VALUES["basis"])
        assert [(one.field, one.before, one.after) for one in items.compare(old, new)] == [("ratio_ceiling", 20, 10)]
        assert [one.version for one in await items.list_on(session, TODAY)] == [1]
        assert [one.version for one in await items.list_on(session, first_of_march)] == [2]
        verbs = [(one.verb, one.why) for one in await session.scalars(select(JournalEntry).order_by(JournalEntry.id))]
    assert verbs == [("add", ""), ("change", "新办法第三条")]


async def test_a_version_never_begins_before_the_present_one(database: Database) -> None:
    async with database.write() as session:
        await items.revise(session, "SP-03", VALUES, TODAY, "", None, NOW)
        with pytest.raises(Refusal, match="earlier_than_last"):
            await items.revise(session, "SP-03", {"name": "别名"}, TODAY - timedelta(days=1), "", None, NOW)


async def test_an_item_ends_and_comes_back(database: Database) -> None:
    async with database.write() as session:
        await items.revise(session, "SP-03", VALUES, date(2026, 1, 1), "", None, NOW)
        assert await items.revise(session, "SP-03", {}, TODAY, "取消", None, NOW, ends=TODAY) == "changed"
        later = TODAY + timedelta(days=30)
        assert await items.list_on(session, later) == []
        assert await items.revise(session, "SP-03", {}, later, "恢复", None, NOW) == "changed"
        (back,) = await items.list_on(session, later)
        assert (back.version, back.valid_until) == (2, None)
        assert (await items.versions_of(session, "SP-03"))[1].valid_until == TODAY


async def test_a_new_checklist_gives_its_items_a_new_version(database: Database) -> None:
    """The old version keeps the old checklist, so that a visit goes on as it began."""
    async with database.write() as session:
        first = [point("许可证有效"), point("没有老鼠")]
        assert await items.revise_checklist(session, "餐饮", first, ["许可证"], TODAY, None, NOW) == "added"
        held = await items.checklist_of(session, "餐饮")
        assert held
        for code in ("SP-03", "SP-04"):
            values = VALUES | {"checklist_id": held.id}
            await items.revise(session, code, values, date(2026, 1, 1), "", None, NOW)
        await items.revise(session, "SP-05", VALUES, date(2026, 1, 1), "", None, NOW)
        assert await items.revise_checklist(session, "餐饮", first, None, TODAY, None, NOW) == "unchanged"
        second = [point("许可证有效", stop=True), point("没有老鼠"), point("留样")]
        begins = TODAY + timedelta(days=10)
        assert await items.revise_checklist(session, "餐饮", second, None, begins, None, NOW) == "changed"
    async with database.read() as session:
        before = {one.code: one for one in await usable_items(session, "市场监管", TODAY)}
        after = {one.code: one for one in await usable_items(session, "市场监管", begins)}
        assert before.keys() == after.keys() == {"SP-03", "SP-04"}
        assert [len(one.checklist.points) for one in before.values() if one.checklist] == [2, 2]
        assert [len(one.checklist.points) for one in after.values() if one.checklist] == [3, 3]
        assert after["SP-03"].checklist
        assert after["SP-03"].checklist.materials == ["许可证"]
        changes = items.compare(before["SP-03"], after["SP-03"])
        assert [(one.field, one.after, one.point) for one in changes] == [("stop", True, 1), ("text", "留样", 3)]
        assert len(list(await session.scalars(select(Item).where(Item.code == "SP-05")))) == 1
