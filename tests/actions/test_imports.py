import gzip
import io

import pytest
from sqlalchemy import select
from xlsxwriter import Workbook

from models.database import Database
from models.journal import JournalEntry
from models.people import Area
from models.subjects import Subject, SubjectLabel
from rules.refusal import Refusal
from tests.actions.importing import FULL, LATER, NOW, SHOP, as_csv, everything, subjects, subjects_file, uscc


async def test_a_subject_with_all_its_columns(database: Database) -> None:
    report = await subjects(database, FULL, SHOP)
    assert report.added == 1
    assert await everything(database) == {
        SHOP[0]: {
            "code": SHOP[0],
            "name": "甲店",
            "kind": "individual",
            "area_code": "330782",
            "address": "佛堂镇1号",
            "latitude": 29.3,
            "longitude": 120.07,
            "industry": "零售",
            "credit_class": "B",
            "flags": ("投诉多",),
            "status": "active",
            "contact": "陈明",
            "phone": "13812342071",
            "updated_at": NOW,
            "labels": ["药品", "食品"],
        }
    }


async def test_a_column_that_is_absent_leaves_what_is_stored_and_an_empty_cell_empties_it(database: Database) -> None:
    await subjects(database, FULL, SHOP)
    stored = (await everything(database))[SHOP[0]]

    report = await subjects(database, ["名称", "编码"], ["甲店", SHOP[0]], now=LATER)
    assert (report.unchanged, report.changed) == (1, 0)
    assert (await everything(database))[SHOP[0]] == stored

    empty = ["" if place > 1 else cell for place, cell in enumerate(SHOP)]
    report = await subjects(database, FULL, empty, now=LATER)
    assert report.changed == 1
    emptied = {"address": "", "latitude": None, "longitude": None, "industry": "", "credit_class": "", "flags": ()}
    emptied |= {"contact": "", "phone": "", "labels": [], "updated_at": LATER}
    assert (await everything(database))[SHOP[0]] == stored | emptied


async def test_only_what_changed_is_touched_and_each_import_is_journalled_once(database: Database) -> None:
    head = ["code", "name", "labels", "status"]
    await subjects(database, head, [uscc(1), "甲", "a", ""], [uscc(2), "乙", "b", ""], [uscc(3), "丙", "", ""])
    report = await subjects(
        database,
        head,
        [uscc(1), "甲", "a", ""],
        [uscc(2), "乙", "b;c", ""],
        [uscc(3), "丙", "", "注销"],
        [uscc(4), "丁", "d", ""],
        now=LATER,
    )
    assert report.counts == {"rows": 4, "added": 1, "changed": 2, "ended": 1, "unchanged": 1, "refused": 0}
    stored = await everything(database)
    assert [stored[uscc(n)]["updated_at"] for n in (1, 2, 3, 4)] == [NOW, LATER, LATER, LATER]
    assert [stored[uscc(n)]["labels"] for n in (1, 2, 3, 4)] == [["a"], ["b", "c"], [], ["d"]]
    assert stored[uscc(3)]["status"] == "cancelled"
    async with database.read() as session:
        entries = list(await session.scalars(select(JournalEntry).order_by(JournalEntry.id)))
    assert [(entry.verb, entry.noun, entry.at) for entry in entries] == [
        ("import", "subjects", NOW),
        ("import", "subjects", LATER),
    ]
    assert entries[1].after["file"] == "名录.csv"
    assert len(entries[1].after["sha256"]) == 64
    assert entries[1].after["changed"] == 2


async def test_labels_of_a_department_stay(database: Database) -> None:
    await subjects(database, ["code", "name", "labels"], [uscc(1), "甲", "a"])
    async with database.write() as session:
        subject = (await session.scalars(select(Subject))).one()
        session.add(SubjectLabel(subject_id=subject.id, department="消防救援", label="高层"))
    await subjects(database, ["code", "name", "labels"], [uscc(1), "甲", "b"])
    assert (await everything(database))[uscc(1)]["labels"] == ["b", "高层"]


async def test_duplicates_in_one_file(database: Database) -> None:
    head = ["code", "name"]
    fill = [[uscc(n), f"第{n}"] for n in range(10, 2500)]  # more than one batch
    report = await subjects(
        database, head, [uscc(1), "甲"], [uscc(1), "甲"], [uscc(1), "乙"], *fill, [uscc(1), "甲"], [uscc(1), "丙"]
    )
    assert (report.added, report.unchanged, report.changed) == (2491, 2, 0)
    assert [(r.row, r.column, r.reason, r.gaps["first"]) for r in report.refused] == [
        (4, "code", "duplicate", 2),
        (2496, "code", "duplicate", 2),
    ]
    assert (await everything(database))[uscc(1)]["name"] == "甲"


BAD = 31**5 * 10 + 7  # its code has a letter
DAMAGES = [
    ({"统一社会信用代码": ""}, "统一社会信用代码", "empty"),
    ({"统一社会信用代码": uscc(BAD)[:-1]}, "统一社会信用代码", "code_length"),
    ({"统一社会信用代码": uscc(BAD).lower()}, "统一社会信用代码", "lower_case"),
    ({"统一社会信用代码": uscc(BAD).replace("9", "９", 1)}, "统一社会信用代码", "full_width"),
    ({"统一社会信用代码": "9.13307E+17"}, "统一社会信用代码", "as_number"),
    ({"统一社会信用代码": uscc(BAD)[:-1] + ("0" if uscc(BAD)[-1] != "0" else "1")}, "统一社会信用代码", "check_digit"),
    ({"统一社会信用代码": uscc(BAD)[:10] + "O" + uscc(BAD)[11:]}, "统一社会信用代码", "code_characters"),
    ({"企业名称": " "}, "企业名称", "empty"),
    ({"企业名称": "甲\ufffd店"}, "企业名称", "unreadable"),
    ({"企业名称": "甲\x00店"}, "企业名称", "unreadable"),
    ({"企业名称": "长" * 201}, "企业名称", "too_long"),
    ({"区域": "杭州市"}, "区域", "unknown_area"),
    ({"统一社会信用代码": uscc(BAD, "110105"), "区域": "", "地址": "北京市"}, "地址", "unknown_area"),
    ({"坐标": "29.3"}, "坐标", "position"),
    ({"坐标": "29.3,29.3"}, "坐标", "position"),
    ({"信用等级": "E"}, "信用等级", "unknown_class"),
    ({"状态": "未知"}, "状态", "unknown_status"),
    ({"电话": "请问老板"}, "电话", "phone"),
    ({"统一社会信用代码": "11010519491231002X", "类型": "自然人"}, "统一社会信用代码", "identity_number"),
    ({"统一社会信用代码": "电梯", "类型": "设备"}, "统一社会信用代码", "own_code"),
]


async def test_each_damage_is_found_with_row_and_column(database: Database) -> None:
    lines, expected = [], []
    for number, (damage, column, reason) in enumerate(DAMAGES):
        lines.append([uscc(100 + number), *SHOP[1:]])
        lines.append([damage.get(title, cell) for title, cell in zip(FULL, [uscc(BAD), *SHOP[1:]], strict=True)])
        expected.append((2 * number + 3, column, reason))
    lines.append([*SHOP, "多一格"])
    report = await subjects(database, FULL, *lines)
    assert [(r.row, r.column, r.reason) for r in report.refused] == [*expected, (len(lines) + 1, "", "too_many_cells")]
    assert report.added == len(DAMAGES)
    assert uscc(BAD) not in await everything(database)


async def test_where_subjects_lie(database: Database) -> None:
    report = await subjects(
        database,
        ["编码", "名称", "地址"],
        [uscc(1, "330782"), "甲", "浙江省金华市东阳市横店镇"],
        [uscc(2, "330702"), "乙", "芝英镇工业区"],
        [uscc(3, "330784"), "丙", "江南街道1号"],
        [uscc(4, "330700"), "丁", "金华经济技术开发区金衢路"],
        [uscc(5, "330727"), "戊", "N/A"],
    )
    assert {code: one["area_code"] for code, one in (await everything(database)).items()} == {
        uscc(1, "330782"): "330783",
        uscc(2, "330702"): "330784",
        uscc(3, "330784"): "330784",
        uscc(4, "330700"): "330771",
        uscc(5, "330727"): "330727",
    }
    assert [(note.code, note.gaps) for note in report.notes] == [("area_differs", {"n": 2})]
    async with database.read() as session:
        areas = {area.name: area for area in await session.scalars(select(Area))}
    assert len(areas) == 11
    for area in areas.values():
        assert all(area.name in areas[name].neighbours for name in area.neighbours)


async def test_a_new_subject_of_nowhere_is_refused_when_there_is_no_address(database: Database) -> None:
    report = await subjects(database, ["编码", "名称"], [uscc(1, "110105"), "甲"])
    assert [(r.column, r.reason) for r in report.refused] == [("编码", "unknown_area")]


async def test_what_has_no_unified_code(database: Database) -> None:
    await subjects(
        database,
        ["编码", "名称", "类型", "区域"],
        ["EL-0001", "1号电梯", "设备", "义乌"],
        ["P0001", "陈明", "自然人", "义乌"],
    )
    assert {one["name"]: one["kind"] for one in (await everything(database)).values()} == {
        "1号电梯": "equipment",
        "陈明": "person",
    }


async def test_a_workbook(database: Database) -> None:
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "义乌市检查对象名录")
        sheet.write_row(1, 0, FULL)
        sheet.write_row(2, 0, SHOP)
        sheet.write_row(4, 0, [uscc(2), "乙店", "", "", "", "", "", "", "", "", "", "", 13812342071])
        sheet.write_row(5, 0, [913307820716295002, "丙店"])
    report = await subjects_file(database, file.getvalue())
    assert report.added == 2
    assert [(r.row, r.column, r.reason) for r in report.refused] == [(6, "统一社会信用代码", "as_number")]
    stored = await everything(database)
    assert stored[uscc(2)]["phone"] == "13812342071"
    assert stored[SHOP[0]]["labels"] == ["药品", "食品"]


@pytest.mark.parametrize("data", [b"", b"code,name\n", b"code,name\n\n,\n"])
async def test_a_file_without_rows_is_refused(database: Database, data: bytes) -> None:
    with pytest.raises(Refusal, match=r"imports\.empty"):
        await subjects_file(database, data)


async def test_a_file_that_breaks_off_changes_nothing(database: Database) -> None:
    lines = as_csv(["code", "name"], *[[uscc(n), f"第{n}店"] for n in range(20_000)])
    with pytest.raises(Refusal, match=r"imports\.unreadable"):
        await subjects_file(database, gzip.compress(lines)[:-100])
    assert await everything(database) == {}
