"""A file that is the whole directory, changes with their day and source, and refused rows that come back mended."""

from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from actions.headers import REASONS
from actions.import_report import Report
from actions.imports import KINDS, bring_in
from handlers.imports import returned
from locales import LANGUAGES, Words
from models.changes import Import, changes_of
from models.database import Database
from models.people import Person
from models.subjects import Subject
from rules.refusal import Refusal
from tests.actions.importing import LATER, NOW, as_csv, everything, inspectors, subjects, subjects_file, uscc

HEAD = ["code", "name"]
ROWS = [[uscc(number), f"第{number}店"] for number in range(5)]


async def whole(database: Database, kind: str, data: bytes, *, ends: int = 0, dry: bool = False) -> Report:
    async with database.write() as session:
        report = await bring_in(session, [KINDS[kind]], data, "全部.csv", LATER, None, whole=True, ends=ends, dry=dry)
        if dry:
            await session.rollback()
    return report


async def test_what_a_whole_directory_does_not_name_ends_once_its_number_is_confirmed(database: Database) -> None:
    await subjects(database, HEAD, *ROWS)
    file = as_csv(HEAD, *ROWS[:3], [uscc(9), "新店"])
    report = await whole(database, "subjects", file, dry=True)
    assert (report.missing, report.ended, report.added) == (2, 0, 1)
    assert report.shown["missing"] == ["第3店", "第4店"]
    for ends in (0, 1, 3):
        with pytest.raises(Refusal, match=r"imports\.ends") as refused:
            await whole(database, "subjects", file, ends=ends)
        assert refused.value.gaps == {"missing": 2}
    assert {one["status"] for one in (await everything(database)).values()} == {"active"}
    report = await whole(database, "subjects", file, ends=2)
    assert (report.missing, report.ended) == (2, 2)
    stored = await everything(database)
    assert [stored[uscc(number)]["status"] for number in (2, 3, 4, 9)] == ["active", "dropped", "dropped", "active"]
    report = await whole(database, "subjects", file)  # nothing is missing any more
    assert (report.missing, report.unchanged) == (0, 4)
    report = await subjects(database, [*HEAD, "status"], [*ROWS[3], "存续"])  # whoever comes back is told so
    assert (await everything(database))[uscc(3)]["status"] == "active"


async def test_a_staff_list_ends_whom_it_does_not_name(database: Database) -> None:
    head = ["工号", "姓名", "单位", "区域", "角色"]
    rows = [[str(number), f"员{number}", "义乌市市场监督管理局", "义乌市", "执法人员"] for number in range(1, 4)]
    await inspectors(database, head, *rows)
    with pytest.raises(Refusal, match=r"imports\.ends"):
        await whole(database, "inspectors", as_csv(head, *rows[:2]))
    await whole(database, "inspectors", as_csv(head, *rows[:2]), ends=1)
    async with database.read() as session:
        people = {one.staff_no: one for one in await session.scalars(select(Person))}
        changes = await changes_of(session, "person", people["3"].id)
    assert [people[number].status for number in "123"] == ["active", "active", "left"]
    assert [(one.before and one.before.get("status"), one.after["status"]) for one in changes] == [
        ("active", "left"),
        (None, "active"),
    ]
    assert changes[0].at == LATER
    assert changes[0].brought
    assert changes[0].brought.name == "全部.csv"


async def test_kinds_that_only_add_cannot_be_whole(database: Database) -> None:
    file = as_csv(["date", "off"], ["2026-10-01", "是"])
    with pytest.raises(Refusal, match=r"imports\.(not_whole)"):
        await whole(database, "holidays", file)


async def test_every_change_has_its_day_and_its_source(database: Database) -> None:
    head = [*HEAD, "address", "labels", "flags"]
    await subjects(database, head, [*ROWS[0], "义乌市东街1号", "食品", ""], [*ROWS[1], "义乌市西街", "", ""])
    await subjects(
        database, head, [*ROWS[0], "义乌市东街2号", "药品;食品", "投诉多"], [*ROWS[1], "义乌市西街", "", ""], now=LATER
    )
    async with database.read() as session:
        shops = {one.code: one for one in await session.scalars(select(Subject))}
        (change,) = await changes_of(session, "subject", shops[uscc(0)].id)
        assert await changes_of(session, "subject", shops[uscc(1)].id) == []
        first = await session.get(Import, shops[uscc(1)].import_id)
    assert first
    assert (first.at, first.kind, first.name) == (NOW, "subjects", "名录.csv")
    assert change.at == LATER
    assert change.before == {"address": "义乌市东街1号", "labels": "食品", "flags": ""}
    assert change.after["address"] == "义乌市东街2号"
    assert change.after["labels"] == "药品;食品"


async def test_labels_of_departments_come_from_their_own_column(database: Database) -> None:
    head = [*HEAD, "labels", "部门标签"]
    report = await subjects(
        database, head, [*ROWS[0], "食品", "消防救援:高层；市场监管：重点餐饮"], [*ROWS[1], "", "高层"]
    )
    assert [(one.row, one.column, one.reason) for one in report.refused] == [(3, "部门标签", "department_label")]
    assert (await everything(database))[uscc(0)]["labels"] == ["重点餐饮", "食品", "高层"]
    await subjects(database, [*HEAD, "labels"], [*ROWS[0], ""])
    assert (await everything(database))[uscc(0)]["labels"] == ["重点餐饮", "高层"]


async def test_refused_rows_come_back_mended(database: Database) -> None:
    head = ["名录（一）", "编码", "名称", "类型", "电话", "备注"]
    lines = [
        ["1", uscc(1), "甲店", "", "13800000001", "老"],
        ["2", uscc(2).lower().replace("9", "０", 1), "乙店", "", "138", "=1+1"],
        ["3", uscc(3)[:-1], "丙店", "", "", "00012"],
        ["4", uscc(4), "丁店", "", "没有", ""],
    ]
    report = await subjects(database, head, *lines)
    assert (report.added, report.counts["refused"]) == (1, 3)
    for language in LANGUAGES:
        words = Words(language, ZoneInfo("Asia/Shanghai"))
        file = returned(words, report)
        rows = CalamineWorkbook.from_filelike(BytesIO(file)).get_sheet_by_index(0).to_python()
        assert rows[0] == [*head, str(words("imports.why_not"))]
        assert rows[0][-1] in REASONS
        assert [row[:6] for row in rows[1:]] == lines[1:]
        assert all(row[6] for row in rows[1:])
        again = await subjects_file(database, file)  # nothing mended: the same is wrong
        assert [one.reason for one in again.refused] == [one.reason for one in report.refused]
        assert not [note for note in again.notes if "import" in str(note.gaps) or "原因" in str(note.gaps)]
    lines[1][1], lines[1][4], lines[2][1], lines[3][4] = uscc(2), "13800000002", uscc(3), ""
    mended = await subjects(database, rows[0], *[[*line, "…"] for line in lines[1:]])
    assert (mended.added, mended.refused) == (3, [])


async def test_namesakes_and_the_dead_are_pointed_out(database: Database) -> None:
    await subjects(database, HEAD, [uscc(1), "老王面馆"])
    report = await subjects(
        database, [*HEAD, "状态"], [uscc(2), "老王 面馆", ""], [uscc(3), "老李面馆", "注销"], now=LATER
    )
    assert [(note.code, note.gaps["n"]) for note in report.notes] == [("dead", 1), ("same_name", 1)]
    assert report.notes[1].gaps["names"] == "老王 面馆"
