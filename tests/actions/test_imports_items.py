"""The item list and its checklists as files: in, again, changed, and out as they came in (R3.1.2a, R3.1.2d)."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import func, select

from actions import items
from actions.import_report import Report
from actions.imports import KINDS, bring_in
from models.database import Database
from models.items import Checklist, Item
from tests.actions.importing import LATER, NOW, as_csv, check

POINTS = ["检查表", "序号", "检查要点", "作答方式", "方法", "最少抽样", "拍照", "停止", "可不适用", "重点项"]
CATERING = [
    ["餐饮服务", 1, "食品经营许可证有效", "", "看原件", "", "必拍", "是", "否", "是"],
    ["", 2, "冷藏温度", "数值 0~8 ℃", "看温度计", "3", "", "", "是", ""],
    ["", 3, "食品安全员在岗", "选择 在岗;不在岗*", "", "", "不拍", "", "", ""],
]
LIST = ["事项编码", "抽查事项", "抽查主体", "事项类别", "比例上限", "抽查依据", "检查表", "生效日期", "调整说明"]
FOOD = [
    "SP-03",
    "餐饮服务食品安全检查",
    "义乌市市场监督管理局",
    "一般",
    "20%",
    "食品安全法",
    "餐饮服务",
    "2026-01-01",
    "",
]
EXITS = ["XF-01", "消防安全检查", "消防救援", "重点检查事项", "", "消防法", "", "2026-01-01", ""]


async def brought(database: Database, kind: str, *lines: list[Any], now: Any = NOW) -> Report:
    async with database.write() as session:
        report = await bring_in(session, [KINDS[kind]], as_csv(*lines), "清单.csv", now, None)
    check(report)
    return report


async def out(database: Database, kind: str) -> list[list[str]]:
    """A list as it is exported: header and rows."""
    export = KINDS[kind].export
    assert export
    async with database.read() as session:
        rows = [row async for row in export(session)]
    titles = [column.synonyms[0] for column in KINDS[kind].columns]
    return [titles, *(list(row.values()) for row in rows)]


async def test_a_list_comes_in_and_a_changed_row_is_a_new_version(database: Database) -> None:
    assert (await brought(database, "checklists", POINTS, *CATERING)).added == 3
    report = await brought(database, "items", LIST, FOOD, EXITS)
    assert (report.added, report.refused) == (2, [])
    again = await brought(database, "items", LIST, FOOD, EXITS, now=LATER)
    assert (again.unchanged, again.changed) == (2, 0)
    async with database.read() as session:
        (food,) = await items.versions_of(session, "SP-03")
        assert (food.department, food.actor, food.kind) == ("市场监管", "义乌市市场监督管理局", "general")
        assert (food.ratio_ceiling, food.valid_from) == (20, date(2026, 1, 1))
        assert food.checklist
        first, second, third = food.checklist.points
        assert (first.photo, first.stop, first.optional, first.key) == ("always", True, False, True)
        assert (second.answer, second.min_sample, second.photo) == ("数值 0~8 ℃", 3, "failure")
        assert (third.photo, third.answer) == ("never", "选择 在岗;不在岗*")
    changed = [*FOOD[:4], "10", *FOOD[5:7], "2027-03-01", "新办法第三条"]
    assert (await brought(database, "items", LIST, changed, EXITS, now=LATER)).changed == 1
    async with database.read() as session:
        new, old = await items.versions_of(session, "SP-03")
        assert (old.valid_until, new.valid_from, new.ratio_ceiling) == (date(2027, 2, 28), date(2027, 3, 1), 10)
        assert (new.change, new.checklist_id) == ("新办法第三条", old.checklist_id)
    assert (await brought(database, "items", LIST, FOOD, changed, now=LATER)).unchanged == 2, "a history is known"
    back = [*FOOD[:7], "", "改回"]
    assert (await brought(database, "items", LIST, back, now=LATER)).refused[0].reason == "earlier_than_last"


async def test_a_changed_checklist_is_a_new_version_for_its_items(database: Database) -> None:
    await brought(database, "checklists", POINTS, *CATERING)
    await brought(database, "items", LIST, FOOD)
    report = await brought(database, "checklists", POINTS, *CATERING, ["", 4, "留样"], now=LATER)
    assert (report.changed, report.shown["changed"]) == (4, ["餐饮服务"])
    assert (await brought(database, "checklists", POINTS, *CATERING, ["", 4, "留样"], now=LATER)).unchanged == 4
    async with database.read() as session:
        new, old = await items.versions_of(session, "SP-03")
        assert [len(one.checklist.points) for one in (old, new) if one.checklist] == [3, 4]
        assert new.valid_from == LATER.date()


async def test_what_goes_out_comes_in_again_without_a_change_also_into_an_empty_house(database: Database) -> None:
    await brought(database, "checklists", POINTS, *CATERING)
    await brought(database, "items", LIST, FOOD, EXITS)
    await brought(database, "checklists", POINTS, *CATERING, ["", 4, "留样"], now=LATER)
    changed = [*EXITS[:5], "消防法（2026年修订）", "", "2027-01-01", "修法"]
    await brought(database, "items", LIST, changed, now=LATER)
    lists, points = await out(database, "items"), await out(database, "checklists")
    assert len(lists) == 1 + 4
    assert len(points) == 1 + 3 + 4
    assert (await brought(database, "checklists", *points, now=LATER)).unchanged == 7
    assert (await brought(database, "items", *lists, now=LATER)).unchanged == 4
    async with database.write() as session:
        for table in (Item, Checklist):
            for row in await session.scalars(select(table)):
                for point in getattr(row, "points", []):
                    await session.delete(point)
                await session.delete(row)
            await session.flush()
    assert not (await brought(database, "checklists", *points, now=LATER)).refused
    assert not (await brought(database, "items", *lists, now=LATER)).refused
    assert (await out(database, "items"), await out(database, "checklists")) == (lists, points)


async def test_damages_are_found_with_row_and_column(database: Database) -> None:
    await brought(database, "checklists", POINTS, *CATERING)
    damages: list[tuple[int, Any, str, str]] = [
        (1, "", "抽查事项", "empty"),
        (2, "某某中心", "抽查主体", "unknown_department"),
        (3, "", "事项类别", "empty"),
        (3, "其他", "事项类别", "unknown_item_kind"),
        (4, "", "比例上限", "ceiling_needed"),
        (4, "120", "比例上限", "ratio"),
        (4, "约三成", "比例上限", "number"),
        (6, "没有的表", "检查表", "unknown_checklist"),
        (7, "2026-02-30", "生效日期", "date"),
    ]
    lines = []
    for number, (place, cell, _, _) in enumerate(damages):
        line = [f"SP-{number}", *FOOD[1:]]
        line[place] = cell
        lines.append(line)
    lines.append([*EXITS[:4], "30", *EXITS[5:]])
    report = await brought(database, "items", LIST, *lines, FOOD)
    expected = [(row, column, reason) for row, (_, _, column, reason) in enumerate(damages, 2)]
    expected.append((len(damages) + 2, "比例上限", "ceiling_of_key"))
    assert [(one.row, one.column, one.reason) for one in report.refused] == expected
    assert report.added == 1


async def test_a_list_with_a_bad_point_is_refused_whole(database: Database) -> None:
    good = [["好表", 1, "一"], ["好表", 2, "二"]]
    bad = [["坏表", 1, "一"], ["坏表", 2, "二", "打分"], ["坏表", 3, "三"]]
    gap = [["缺号", 1, "一"], ["缺号", 3, "三"]]
    report = await brought(database, "checklists", POINTS, *good, *bad, *gap)
    assert [(one.row, one.reason) for one in report.refused] == [
        *((4, "rest_refused"), (5, "kind"), (6, "rest_refused"), (7, "rest_refused"), (8, "not_in_order"))
    ]
    async with database.read() as session:
        assert list(await session.scalars(select(Checklist.name))) == ["好表"]


async def test_published_items_and_checklists_come_in(database: Database, shared_data: Path) -> None:
    """Lists of several provinces: 86 items, 27 checklists with 214 points."""
    items_, lists = (
        yaml.safe_load((shared_data / f"{name}.yaml").read_text(encoding="utf-8"))[name]
        for name in ("items", "checklists")
    )
    rows: list[list[Any]] = [
        [one["title"], p["no"], p["point"], "", p.get("method", ""), p.get("min_sample", ""), "",
         "是" if p.get("stop_if_fail") else "", "是" if p.get("may_be_not_applicable") else "",
         "是" if p.get("weight") == "key" else ""]
        for one in lists for p in one["points"]
    ]  # fmt: skip
    report = await brought(database, "checklists", POINTS, *rows)
    assert (report.added, report.refused) == (214, [])
    used = {code: one["title"] for one in lists for code in one["item_ids"]}
    rows = []
    for one in items_:
        ceiling = one["ratio"].get("max_pct", 5) if one["ratio"] else 5
        kind = ("一般", ceiling) if one["kind"] != "key" else ("重点", "")
        lead = one["lead_dept"]
        rows.append(
            [one["id"], one["item"], lead, *kind, "；".join(one["basis"]), used.get(one["id"], ""), "2026-01-01", ""]
        )
    report = await brought(database, "items", LIST, *rows)
    assert (report.added, report.refused) == (86, [])
    async with database.read() as session:
        attached = await session.scalar(select(func.count()).where(Item.checklist_id.is_not(None)))
        assert attached == len(used.keys() & {one["id"] for one in items_})
        food = (await session.scalars(select(Item).where(Item.code == "AMR-CATERING"))).one()
        assert food.ratio_ceiling == Decimal(5)
