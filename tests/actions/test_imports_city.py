import csv
import gzip
import io
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from xlsxwriter import Workbook

from actions.cells import Fault
from actions.headers import Row
from actions.imports import KINDS, bring_in
from actions.subject_rows import Reader
from models.database import Database
from models.subjects import Subject, SubjectLabel
from rules.places import Gazetteer, Place
from rules.subjects import ALPHABET
from tests.actions.importing import (
    LATER,
    NOW,
    as_csv,
    check,
    everything,
    subjects,
    subjects_file,
    uscc,
)

# U+FFFD stands for a damaged character and is refused; the dashes and the slash alone mean "nothing"
letters = st.characters(codec="gb18030", exclude_categories=["C", "Z"], exclude_characters=",;，；-—/\ufffd")
word = st.text(letters, max_size=8).filter(lambda text: text not in ("NULL", "null", "None", "无"))
ROWS = st.lists(
    st.tuples(
        st.integers(0, 31**9 - 1),
        st.sampled_from(["91", "92", "93", "12", "51"]),
        word.filter(bool),
        st.sampled_from(["330702", "330771", "330782", "330784"]),
        word,
        st.one_of(st.just(""), st.tuples(st.floats(3, 54), st.floats(73, 136)).map(lambda p: f"{p[0]!r},{p[1]!r}")),
        st.lists(word.filter(bool), max_size=3),
        st.sampled_from(["", "A", "B", "C", "D"]),
        st.lists(word.filter(bool), max_size=2),
        st.sampled_from(["active", "revoked", "cancelled", "moved"]),
        st.sampled_from(["", "13812342071", "0579-82312345 转 8001"]),
    ),
    min_size=1,
    max_size=20,
    unique_by=lambda row: row[0],
)


GAZETTEER = Gazetteer(
    [
        Place("330700", "金华市"),
        Place("330703", "金东区", "330700", ("江东镇", "赤松镇")),
        Place("330782", "义乌市", "330700", ("江东街道", "佛堂镇")),
        Place("330784", "永康市", "330700", ("江南街道", "东城街道")),
    ]
)
COLUMNS = ["code", "name", "kind", "area", "address", "position", "labels", "credit_class", "flags", "status", "phone"]
ODD_CELLS = {  # by column: what is good, what is empty, what is wrong or odd
    "code": ["", "91330782MA28ABCD1X", "'", " ", "NO-1", "9.13E+17"],
    "name": ["甲店", "", " 乙 店 ", "无", "丙  店", "丁\u200b店", "长" * 300],
    "kind": ["", "有限责任公司", "设备", "不知道"],
    "area": ["义乌市", "330784", "", "杭州市"],
    "address": ["义乌市稠城街道1号", "", "某处", "金东区赤松镇"],
    "position": ["", "29.3,120.07", "北"],
    "labels": ["", "网红", "a;b"],
    "credit_class": ["", "A", "B级", "E"],
    "flags": ["", "投诉"],
    "status": ["存续", "", "注销", "飞了"],
    "phone": ["", "13812342071", "0579-82312345", "123", "无"],
}


@given(
    st.lists(
        st.tuples(
            st.integers(0, 31**9 - 1),
            st.fixed_dictionaries({name: st.integers(0, 20) for name in COLUMNS}),
            st.sampled_from([len(COLUMNS)] * 9 + [4, 1]),
        ),
        max_size=12,
    ),
    st.booleans(),
)
def test_rows_that_are_read_by_column_say_what_each_says_by_itself(rows: list[Any], mostly_good: bool) -> None:
    places = {name: place for place, name in enumerate(COLUMNS)}
    lines = []
    for number, (one, odd, length) in enumerate(rows):
        cells = []
        for name in COLUMNS:
            choices = ODD_CELLS[name][:1] if mostly_good and number % 4 else ODD_CELLS[name]
            cells.append(choices[odd[name]] if odd[name] < len(choices) else choices[0])
        cells[0] = cells[0] or uscc(one)
        lines.append(Row(number, cells[:length], places))
    together, alone = (Reader(GAZETTEER, dict.fromkeys(COLUMNS, "")) for _ in range(2))
    assert list(map(_said, together.read_all(lines))) == [_said(alone._or_fault(line)) for line in lines]
    assert together.counts == alone.counts


def _said(said: Any) -> Any:
    return (said.column, said.reason, said.value) if isinstance(said, Fault) else said


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.sampled_from(["utf-8", "gb18030", "utf-16", "xlsx"]))
async def test_an_export_comes_back_the_same(database: Database, rows: list[Any], form: str) -> None:
    """Import, write out what is stored as the documented columns, import again: nothing changes."""
    async with database.write() as session:  # each example begins with an empty directory
        await session.execute(delete(SubjectLabel))
        await session.execute(delete(Subject))
    head = ["code", "name", "area", "address", "position", "labels", "credit_class", "flags", "status", "phone"]
    lines = [
        [uscc(n, kind=kind), name, area, address, position, ";".join(labels), grade, ";".join(flags), status, phone]
        for n, kind, name, area, address, position, labels, grade, flags, status, phone in rows
    ]
    first = await subjects(database, head, *lines)
    assert first.refused == []
    stored = await everything(database)
    out = []
    for code, one in stored.items():
        place = "" if one["latitude"] is None else f"{one['latitude']!r},{one['longitude']!r}"
        labels, flags = ";".join(one["labels"]), ";".join(one["flags"])
        line = [code, one["name"], one["area_code"], one["address"], place, labels, one["credit_class"], flags]
        out.append([*line, one["status"], one["phone"]])
    if form == "xlsx":
        file = io.BytesIO()
        with Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
            sheet = book.add_worksheet()
            for number, line in enumerate([head, *out]):
                sheet.write_row(number, 0, line)
        data = file.getvalue()
    else:
        data = as_csv(head, *out).decode().encode(form)
    second = await subjects_file(database, data, LATER)
    assert (second.unchanged, second.refused) == (len(stored), [])
    assert await everything(database) == stored


@pytest.mark.city
@pytest.mark.parametrize("name", ["jinhua_300_gbk_crlf.csv", "jinhua_300_utf16le_tab.txt"])
async def test_the_same_three_hundred_in_two_encodings(database: Database, shared_data: Path, name: str) -> None:
    data = (shared_data / "spreadsheets" / name).read_bytes()
    assert (await subjects_file(database, data)).counts["added"] == 300
    other = (shared_data / "spreadsheets" / "jinhua_300_gbk_crlf.csv").read_bytes()
    assert (await subjects_file(database, other)).counts["unchanged"] == 300


@pytest.mark.city
async def test_a_real_city(database: Database, shared_data: Path) -> None:
    with (shared_data / "jinhua_registrations.csv.gz").open("rb") as file:
        async with database.write() as session:
            first = await bring_in(session, [KINDS["subjects"]], file, "jinhua_registrations.csv.gz", NOW, None)
        async with database.write() as session:
            second = await bring_in(session, [KINDS["subjects"]], file, "jinhua_registrations.csv.gz", LATER, None)
    check(first)
    assert first.counts == {"rows": 29502, "added": 29499, "changed": 0, "ended": 0, "unchanged": 0, "refused": 3}
    assert second.counts == {"rows": 29502, "added": 0, "changed": 0, "ended": 0, "unchanged": 29499, "refused": 3}
    assert [(r.row, r.reason) for r in first.refused] == [
        (1956, "unknown_area"),
        (10536, "unknown_area"),
        (18541, "lower_case"),
    ]


MEASURE = r"""
import asyncio, re, sys
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from sqlalchemy import create_engine
from actions.imports import KINDS, bring_in
from models.database import Database
from models.tables import Base

async def main(folder, source):
    engine = create_engine(f"sqlite:///{folder}/measured.db")
    Base.metadata.create_all(engine)
    engine.dispose()
    database = Database(f"sqlite:///{folder}/measured.db")
    began = monotonic()
    async with database.write() as session:
        await bring_in(session, [KINDS["subjects"]], Path(source).read_bytes(), "x", datetime.now(UTC), None)
    peak = re.search("VmHWM:\s*([0-9]+)", Path("/proc/self/status").read_text())[1]  # getrusage counts the parent
    print(monotonic() - began, int(peak) / 1024)
    await database.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.city
def test_a_real_city_takes_less_than_15_seconds_and_300_megabytes(tmp_path: Path, shared_data: Path) -> None:
    command = [sys.executable, "-c", MEASURE, str(tmp_path), str(shared_data / "jinhua_registrations.csv.gz")]
    home = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=True)
    seconds, megabytes = map(float, done.stdout.split())
    assert seconds < 15
    assert megabytes < 300


@pytest.mark.city
async def test_a_real_list_with_every_twentieth_row_damaged(database: Database, shared_data: Path) -> None:
    dice = random.Random(7)
    with gzip.open(shared_data / "jinhua_registrations.csv.gz", "rt", encoding="utf-8") as file:
        lines = [line[:10] for line in csv.reader(file)][:4001]
    place = {title: number for number, title in enumerate(lines[0])}
    code, name = place["统一社会信用代码"], place["企业名称"]
    damages = [
        (code, lambda text: ""),
        (code, str.lower),
        (code, lambda text: text[:-1]),
        (code, lambda text: text + "0"),
        (code, lambda text: text[:8] + "O" + text[9:]),
        (code, lambda text: text[:17] + ALPHABET[(ALPHABET.index(text[17]) + 1) % 31]),
        (code, lambda text: text[:16] + text[17] + text[16] if text[16] != text[17] else text[:17]),
        (code, lambda text: "9.13308E+17"),
        (code, lambda text: text.replace("3", "３", 1)),
        (name, lambda text: ""),
        (name, lambda text: text + "\ufffd"),
        (name, lambda text: text * 200),
    ]
    expected = {}
    for number in range(1, len(lines)):
        if dice.random() < 0.05 and lines[number][code].isupper():
            column, damage = dice.choice(damages)
            lines[number][column] = damage(lines[number][column])
            expected[number + 1] = lines[0][column]
    whole = (
        await subjects(database, lines[0], *[line for n, line in enumerate(lines) if n and n + 1 not in expected])
    ).refused
    report = await subjects(database, *lines)
    found = {refused.row: refused.column for refused in report.refused}
    assert {row: column for row, column in found.items() if row in expected} == expected
    assert len(found) == len(expected) + len(whole)
    assert report.changed == report.added == 0
