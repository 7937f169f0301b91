"""Items, checklists, plans and staff as the command writes them: they come in again, and nothing is lost.

Long by the lists that are written, each with all that a row may hold.
"""

from __future__ import annotations

import csv
import gzip
import io
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from sqlalchemy import delete, select

from actions.import_report import Report
from actions.imports import KINDS, bring_in
from bot.cli_imports import write_out
from models.changes import Change
from models.database import Database
from models.items import Checklist, Item, Point
from models.people import Person
from models.plans import Plan, PlannedItem, PlannedTask
from rules.refusal import Refusal
from tests.actions.importing import NOW, as_csv, check
from tests.actions.test_exports import STAFF, staff
from tests.actions.test_imports_city import word
from tests.actions.test_imports_plans import settle

ODD = (
    *('"引"号', "“引号”,", "全角（Ａ１）；", "第一行\n第二行", "=1+1", "{=1+1}", "'01", "a,b;c、d", "_x0041_", "+86"),
    *("@某", "2026-01-01", "1e5", "0012", "<b>", "a\tb", "\u3000前后\u3000", "％", '"', "''", "`", "𠮷野家", "é"),
)
odd = st.one_of(st.sampled_from(ODD), word)
some = odd.filter(lambda text: bool(text.strip()))
name = st.one_of(st.sampled_from([one for one in ODD if one.strip()]), word.filter(bool))
code = st.text("ABCＸ宾馆0129._()#=\"'", min_size=1, max_size=6).filter(lambda text: not text.isspace())
percent = st.decimals("0.001", "100", places=3).map(lambda share: f"{share}%")
flag = st.sampled_from(["", "是", "否"])
FORMS = st.sampled_from([".csv", ".csv.gz", ".xlsx"])
SLOW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

POINT = st.tuples(
    name,
    st.sampled_from(["", "数值 2~8 ℃", "选择 有;无*", "抽样", "文字"]),
    odd,
    st.sampled_from(["", "3", "0"]),
    st.sampled_from(["", "不拍", "必拍", "不符合时", "always"]),
    *(flag, flag, flag),
    st.sampled_from(["", "30"]),
    st.lists(word.filter(bool), max_size=4),
)
CHECKLISTS = st.dictionaries(
    name, st.lists(st.lists(POINT, min_size=1, max_size=4), min_size=1, max_size=3), min_size=1, max_size=3
)
EDITION = st.tuples(
    name,
    st.sampled_from(["消防救援", "义乌市市场监督管理局", "市场监管"]),
    st.sampled_from(["重点", "一般检查事项"]),
    *(odd, odd, odd, odd, odd, odd, odd, odd, odd),
    percent,
    st.integers(1, 400),
    st.one_of(st.none(), st.integers(0, 500)),
    st.integers(0, 5),
)
ITEMS = st.dictionaries(code, st.lists(EDITION, min_size=1, max_size=3), min_size=1, max_size=4)
TASK = st.tuples(
    st.sampled_from([("XF-01", ""), ("XF-01;SP-03", "市场监管")]),
    st.decimals("0.001", "20", places=3).map(str),
    st.integers(0, 300),
    st.integers(0, 64),
    st.sampled_from([("定向", "宾馆\n旅店"), ("定向", '"大"型；综合体'), ("", ""), ("不定向", "学校,医院")]),
    st.sampled_from(["", "2", "9"]),
)
PLANS = st.lists(
    st.tuples(name, st.sampled_from([2027, 2028]), st.dictionaries(name, TASK, min_size=1, max_size=3)),
    min_size=1,
    max_size=3,
    unique_by=lambda plan: (" ".join(plan[0].split()), plan[1]),
)


def _tidy(words: Any) -> Any:
    return " ".join(words.split())


async def brought(database: Database, kind: str, data: bytes) -> Report:
    async with database.write() as session:
        report = await bring_in(session, [KINDS[kind]], data, "表", NOW, None)
    check(report)
    return report


async def written(database: Database, kind: str, form: str) -> bytes:
    """The file that `export` writes."""
    with TemporaryDirectory() as folder:
        file = Path(folder, f"表{form}")
        async with database.read() as session:
            await write_out(session, KINDS[kind], file)
        return file.read_bytes()  # noqa: ASYNC240 (nobody waits)


async def emptied(database: Database, *tables: Any) -> None:
    async with database.write() as session:
        for table in tables:
            await session.execute(delete(table))


async def checklists(database: Database) -> list[Any]:
    async with database.read() as session:
        found = await session.scalars(select(Checklist).order_by(Checklist.name, Checklist.version))
        names = [c.key for c in Point.__table__.columns if c.key not in ("id", "checklist_id")]
        return [
            (one.name, one.version, one.materials, [[getattr(point, name) for name in names] for point in one.points])
            for one in found
        ]


async def items(database: Database) -> list[Any]:
    async with database.read() as session:
        found = await session.scalars(select(Item).order_by(Item.code, Item.version))
        names = [c.key for c in Item.__table__.columns if c.key not in ("id", "checklist_id")]
        return [
            ([getattr(one, name) for name in names], one.checklist and (one.checklist.name, one.checklist.version))
            for one in found
        ]


async def plans(database: Database) -> list[Any]:
    async with database.read() as session:
        names = [c.key for c in PlannedTask.__table__.columns if c.key not in ("id", "plan_id")]
        return [
            (
                *(plan.number, plan.name, plan.year, plan.organ_id, plan.state),
                [
                    [[getattr(one, name) for name in names], [(part.item_id, part.organ_id) for part in one.items]]
                    for one in plan.tasks
                ],
            )
            for plan in await session.scalars(select(Plan).order_by(Plan.number, Plan.edition))
        ]


def checklist_lines(lists: dict[str, Any]) -> list[list[Any]]:
    """Whole histories: `name@1` is the first version of a list; of versions that are the same only one is made."""
    lines: list[list[Any]] = []
    seen = set()
    for called, versions in lists.items():
        if _tidy(called) in seen:
            continue
        seen.add(_tidy(called))
        told = [one for place, one in enumerate(versions) if not place or one != versions[place - 1]]
        for version, points in enumerate(told[:1] if called.isascii() else told, 1):
            last = version == len(told) or called.isascii()
            for no, (text, answer, method, sample, photo, stop, optional, key, days, materials) in enumerate(points, 1):
                row = [called if last else f"{called}@{version}", no, text, answer, method, sample, photo, stop]
                lines.append(
                    [*row, optional, key, "1=no" if no > 1 and not points[0][1] else "", days, ";".join(materials)]
                )
    return lines


@SLOW
@given(CHECKLISTS, FORMS)
async def test_checklists_lose_nothing(database: Database, lists: dict[str, Any], form: str) -> None:
    await emptied(database, Point, Checklist)
    lines = checklist_lines(lists)
    head = [column.name for column in KINDS["checklists"].columns]
    first = await brought(database, "checklists", as_csv(head, *lines))
    assert first.refused == []
    stored = await checklists(database)
    file = await written(database, "checklists", form)
    again = await brought(database, "checklists", file)
    assert (again.unchanged, again.refused) == (again.rows, [])
    assert await checklists(database) == stored
    await emptied(database, Point, Checklist)
    assert (await brought(database, "checklists", file)).refused == []
    assert await checklists(database) == stored


async def test_a_blank_before_the_version_belongs_to_no_name(database: Database) -> None:
    lines = [["餐饮\u3000@1", 1, "甲"], ["餐饮", 1, "乙"]]
    await brought(database, "checklists", as_csv(["检查表", "序号", "检查要点"], *lines))
    assert [one[:2] for one in await checklists(database)] == [("餐饮", 1), ("餐饮", 2)]


async def test_a_checklist_with_many_materials_is_written_out_in_cells_that_can_be_read(database: Database) -> None:
    lines = [["餐饮", no, f"要点{no}", ";".join(f"材料{no}之{place}" for place in range(40))] for no in range(1, 4)]
    await brought(database, "checklists", as_csv(["检查表", "序号", "检查要点", "需备材料"], *lines))
    stored = await checklists(database)
    assert len(stored[0][2]) == 120
    file = await written(database, "checklists", ".csv")
    await emptied(database, Point, Checklist)
    assert (await brought(database, "checklists", file)).refused == []
    assert await checklists(database) == stored


@SLOW
@given(ITEMS, FORMS)
async def test_items_lose_nothing(database: Database, listed: dict[str, Any], form: str) -> None:
    await emptied(database, Item, Point, Checklist)
    await brought(database, "checklists", as_csv(["检查表", "序号", "检查要点"], ["表@1", 1, "甲"], ["表", 1, "乙"]))
    head = [column.name for column in KINDS["items"].columns]
    lines = []
    for key, versions in listed.items():
        starts = date(2025, 1, 1)
        for called, organ, kind, *words, ceiling, after, ends, checklist in versions:
            starts += timedelta(days=after)
            category, basis, subjects, label, content, method, often, specialty, change = words
            ratio = ceiling if kind.startswith("一般") else ""
            until = starts + timedelta(days=ends) if ends is not None else ""
            used = ["", "", "表", "表@1", "表@2", "表"][checklist]
            line = [key, called, organ, kind, category, basis, subjects, label, content, method, ratio, often]
            lines.append([*line, specialty, used, basis, starts, until, change])
    first = await brought(database, "items", as_csv(head, *lines))
    assert first.refused == []
    stored = await items(database)
    file = await written(database, "items", form)
    again = await brought(database, "items", file)
    assert (again.unchanged, again.refused) == (again.rows, [])
    assert await items(database) == stored
    await emptied(database, Item)
    assert (await brought(database, "items", file)).refused == []
    assert await items(database) == stored


async def test_an_item_that_is_put_back_on_the_list_keeps_the_time_in_which_it_was_not_on_it(
    database: Database,
) -> None:
    head = ["事项编码", "抽查事项", "抽查主体", "事项类别", "生效日期", "失效日期"]
    rows = [["A", "宾馆", "消防救援", "重点", "2026-01-01", "2026-03-31"]]
    rows += [["A", "宾馆", "消防救援", "重点", "2026-07-01", "2026-12-31"]]
    await brought(database, "items", as_csv(head, *rows))
    async with database.read() as session:
        spans = [
            (one.valid_from, one.valid_until) for one in await session.scalars(select(Item).order_by(Item.version))
        ]
    assert spans == [(date(2026, 1, 1), date(2026, 3, 31)), (date(2026, 7, 1), date(2026, 12, 31))]


async def test_an_item_of_which_only_the_department_is_known_comes_back_unchanged(database: Database) -> None:
    async with database.write() as session:
        session.add(
            Item(code="A", name="宾馆", department="消防救援", kind="key", valid_from=date(2026, 1, 1), actor="")
        )
    report = await brought(database, "items", await written(database, "items", ".csv"))
    assert (report.unchanged, report.refused) == (1, [])


async def test_a_code_that_looks_like_several_is_refused(database: Database) -> None:
    head = ["事项编码", "抽查事项", "抽查主体", "事项类别"]
    rows = [["A、B", "宾馆", "消防救援", "重点"], ["无", "宾馆", "消防救援", "重点"]]
    report = await brought(database, "items", as_csv(head, *rows))
    assert [(one.row, one.reason) for one in report.refused] == [(2, "is_list"), (3, "empty")]


@SLOW
@given(PLANS, FORMS)
async def test_plans_lose_nothing(database: Database, made: list[Any], form: str) -> None:
    """Plans of two departments that are called alike, of two years, with joint tasks."""
    await emptied(database, PlannedItem, PlannedTask, Plan, Item, Change, Person)
    await settle(database)
    head = [column.name for column in KINDS["plans"].columns]
    for place, (called, year, tasks) in enumerate(made):
        leads = [("义乌市消防救援大队", "XF-01")] + ([("义乌市市场监督管理局", "SP-03")] if place == 0 else [])
        for lead, own in leads:
            lines = []
            for task, ((listed, others), ratio, after, days, (kind, scope), seats) in tasks.items():
                starts = date(year, 1, 1) + timedelta(days=after)
                ends = starts + timedelta(days=days)
                codes, partners = (listed, others) if own == "XF-01" else (own, "")
                line = [called, task, lead, codes, ratio, starts, ends, kind, partners, scope, "义乌市", seats, "", ""]
                if _tidy(task) not in {_tidy(one[1]) for one in lines}:
                    lines.append(line)
            report = await brought(database, "plans", as_csv(head, *lines))
            assert (report.added, report.refused) == (len(lines), [])
    stored = await plans(database)
    file = await written(database, "plans", form)
    again = await brought(database, "plans", file)
    assert (again.unchanged, again.refused) == (again.rows, [])
    assert await plans(database) == stored
    await emptied(database, PlannedItem, PlannedTask, Plan)
    assert (await brought(database, "plans", file)).refused == []
    assert await plans(database) == stored


@SLOW
@given(STAFF, FORMS, st.lists(name, min_size=8, max_size=8))
async def test_staff_lose_nothing(database: Database, rows: list[Any], form: str, names: list[str]) -> None:
    await emptied(database, PlannedItem, PlannedTask, Plan, Change, Person)
    head = [column.name for column in KINDS["inspectors"].columns]
    lines = [
        [number, called, organ, area, ";".join(roles), held, until or "", ";".join(special), phone, status, *away]
        for (number, _, organ, area, roles, held, until, special, phone, status, away), called in zip(
            rows, names, strict=False
        )
    ]
    assert (await brought(database, "inspectors", as_csv(head, *lines))).refused == []
    stored = await staff(database)
    file = await written(database, "inspectors", form)
    again = await brought(database, "inspectors", file)
    assert (again.unchanged, again.refused) == (len(rows), [])
    await emptied(database, Change, Person)
    assert (await brought(database, "inspectors", file)).refused == []
    assert await staff(database) == stored


async def test_more_rows_than_a_sheet_holds_are_refused_and_no_half_file_is_left(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    head = ["检查表", "序号", "检查要点"]
    await brought(database, "checklists", as_csv(head, *(["表", number, "看"] for number in range(1, 4))))
    monkeypatch.setattr("bot.cli_imports.MOST_ROWS", 3)
    async with database.read() as session:
        with pytest.raises(Refusal, match="too_many_rows"):
            await write_out(session, KINDS["checklists"], tmp_path / "表.xlsx")
        assert not (tmp_path / "表.xlsx").exists()
        assert await write_out(session, KINDS["checklists"], tmp_path / "表.csv") == 3


async def test_the_file_says_what_it_is_in_its_name(database: Database) -> None:
    head = ["检查表", "序号", "检查要点"]
    await brought(database, "checklists", as_csv(head, ["表", 1, "{=1+1}"], ["", 2, "=1+1"]))
    plain = list(csv.reader(io.StringIO((await written(database, "checklists", ".csv")).decode("utf-8-sig"))))
    packed = gzip.decompress(await written(database, "checklists", ".csv.gz")).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(packed))) == plain
    book = CalamineWorkbook.from_filelike(io.BytesIO(await written(database, "checklists", ".xlsx")))
    assert book.get_sheet_by_index(0).to_python() == plain
    assert [row[2] for row in plain] == ["检查要点", "{=1+1}", "=1+1"]
