"""Tables in every form that people send them in, and what is refused; long by the forms."""

import gzip
import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xlsxwriter import Workbook

from actions.headers import Column, Row
from actions.spreadsheets import day, reading
from rules.refusal import Refusal

COLUMNS = (
    Column("code", ("编码", "统一社会信用代码"), needed=True),
    Column("name", ("名称", "企业名称"), needed=True),
    Column("address", ("地址", "住所（经营场所）")),
)
LINES = [["名称", "编码", "地址"], ["甲店", "0001", "东街1号"], ["乙店", "0002", ""]]


class Found(NamedTuple):
    """What a row is, however it is kept."""

    number: int
    cells: dict[str, str]
    overflows: bool


def found(row: Row) -> Found:
    return Found(row.number, row.cells, row.overflows)


ROWS = [
    Found(2, {"name": "甲店", "code": "0001", "address": "东街1号"}, overflows=False),
    Found(3, {"name": "乙店", "code": "0002", "address": ""}, overflows=False),
]


def text(lines: list[list[str]], delimiter: str = ",", end: str = "\n") -> str:
    return end.join(delimiter.join(line) for line in lines) + end


def rows(source: bytes) -> list[Found]:
    with reading(source, COLUMNS) as table:
        return [found(row) for row in table.rows]


def refusal(source: bytes) -> Refusal:
    began = monotonic()
    with pytest.raises(Refusal) as refused:
        rows(source)
    assert monotonic() - began < 5
    return refused.value


def xlsx(write: Callable[[Workbook], None]) -> bytes:
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        write(book)
    return file.getvalue()


MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    '<manifest:file-entry manifest:full-path="/" manifest:media-type="{}"/></manifest:manifest>'
)
ODS_ROW = '<table:table-row table:number-rows-repeated="{}">{}</table:table-row>'
ODS_CELL = (
    '<table:table-cell table:number-columns-repeated="{}" office:value-type="string">'
    "<text:p>{}</text:p></table:table-cell>"
)


def ods(content: str) -> bytes:
    names = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"' for short in ("office", "table", "text")
    )
    body = (
        f'<office:body><office:spreadsheet><table:table table:name="甲">{content}'
        "</table:table></office:spreadsheet></office:body>"
    )
    mimetype = "application/vnd.oasis.opendocument.spreadsheet"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", mimetype)
        archive.writestr("META-INF/manifest.xml", MANIFEST.format(mimetype))
        archive.writestr("content.xml", f"<office:document-content {names}>{body}</office:document-content>")
    return file.getvalue()


def sheet_of_two_cells(first: str, last: str) -> bytes:
    """A workbook of a kilobyte whose two cells span a rectangle."""
    good = xlsx(lambda book: book.add_worksheet().write(0, 0, 1))
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                cells = "".join(
                    f'<row r="{cell.lstrip("ABCDEFX")}"><c r="{cell}"><v>1</v></c></row>' for cell in (first, last)
                )
                data = (
                    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
                    f"<sheetData>{cells}</sheetData></worksheet>"
                ).encode()
            new.writestr(name, data)
    return file.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_text_in_every_dress(encoding: str, delimiter: str, end: str, pack: Callable[[bytes], bytes]) -> None:
    assert rows(pack(text(LINES, delimiter, end).encode(encoding))) == ROWS


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_an_encoding_shows_late(encoding: str) -> None:
    lines = [["code", "name", "address"], *([["0001", "a", "b"]] * 40_000), ["0002", "乙店", "东街"]]
    assert rows(text(lines).encode(encoding))[-1].cells == {"code": "0002", "name": "乙店", "address": "东街"}


def test_a_damaged_byte_damages_its_row_alone() -> None:
    data = text([*LINES, *([["丙店", "0003", "西街"]] * 50)]).encode().replace("乙".encode(), b"\xff\xfe", 1)
    found = rows(data)
    assert "\ufffd" in found[1].cells["name"]
    assert found[2].cells["name"] == "丙店"
    assert len(found) == 52


def test_title_rows_and_blank_rows_and_remarks_in_the_header() -> None:
    lines = [
        ["某市名录", "", ""],
        [""],
        ["*企业 名称（必填）", "统一社会信用代码\u200b", "住所（经营场所）", "备注", "名称"],
    ]
    data = text([*lines, ["甲店", "0001", "东街", "x", "y"], ["", "", ""], ["乙店", "0002"]])
    with reading(data.encode(), COLUMNS) as table:
        assert table.headers == {
            "name": "*企业 名称（必填）",
            "code": "统一社会信用代码\u200b",
            "address": "住所（经营场所）",
        }
        assert table.ignored == ("备注", "名称")
        assert [found(row) for row in table.rows] == [
            Found(4, {"name": "甲店", "code": "0001", "address": "东街"}, overflows=False),
            Found(6, {"name": "乙店", "code": "0002"}, overflows=False),
        ]


def test_a_row_with_more_cells_than_the_header_is_marked() -> None:
    found = rows(text([*LINES, ["丙店", "0003", "西街", "3号"], ["丁店", "0004", "西街", ""]]).encode())
    assert [row.overflows for row in found] == [False, False, True, False]


def test_a_quoted_line_break_is_one_row_as_a_spreadsheet_counts() -> None:
    found = rows('名称,编码,地址\n甲店,0001,"东街\n1号"\n乙店,0002,""\n'.encode())
    assert [(row.number, row.cells["address"]) for row in found] == [(2, "东街\n1号"), (3, "")]


def test_a_workbook_with_numbers_days_and_other_sheets() -> None:
    def write(book: Workbook) -> None:
        book.add_worksheet("说明").write(0, 0, "请填写第二张表")
        book.add_worksheet("隐藏").write_row(0, 0, ["编码", "名称"])
        book.worksheets()[1].hide()
        sheet = book.add_worksheet("名录")
        sheet.merge_range("A1:C1", "某市名录")
        sheet.write_row(2, 1, ["编码", "名称", "地址"])
        sheet.write_row(3, 1, [1001.0, "甲店", 2.5])
        sheet.write_row(4, 1, [913307820716295002, True])
        sheet.write_datetime(4, 3, datetime(2026, 12, 31), book.add_format({"num_format": "yyyy-mm-dd"}))  # noqa: DTZ001

    assert rows(xlsx(write)) == [
        Found(4, {"code": "1001", "name": "甲店", "address": "2.5"}, overflows=False),
        Found(5, {"code": "9.13307820716295E+17", "name": "TRUE", "address": "2026-12-31"}, overflows=False),
    ]


def test_cells_of_a_workbook_that_hold_control_characters_stay_whole() -> None:
    odd = ["\x1e", "a\x1fb", "x", ""]

    def write(book: Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["编码", "名称", "地址"])
        for number in range(1200):
            text = odd[number % 4] if number < 600 else "东街"
            sheet.write_row(number + 1, 0, [f"{number}", number, text])

    data = xlsx(write)
    told = [(row.number, row.cells) for row in rows(data)]
    assert len(told) == 1200
    assert [cells["code"] for _, cells in told] == [str(number) for number in range(1200)]
    assert [cells["name"] for _, cells in told] == [str(number) for number in range(1200)]
    assert {cells["address"] for _, cells in told} == {*odd, "东街"}
    assert [number for number, _ in told] == list(range(2, 1202))


def test_an_open_document() -> None:
    lines = ["".join(ODS_CELL.format(1, cell) for cell in line) for line in LINES]
    blank = ODS_ROW.format(1048573, '<table:table-cell table:number-columns-repeated="16384"/>')
    data = ods("".join(ODS_ROW.format(1, line) for line in lines) + blank)
    assert rows(data) == ROWS
    assert rows(gzip.compress(data)) == ROWS


def test_leaving_early_leaves_nothing_behind() -> None:
    def write(book: Workbook) -> None:
        sheet = book.add_worksheet()
        for number in range(5000):
            sheet.write_row(number, 0, ["编码", "名称", "地址"])

    with reading(xlsx(write), COLUMNS) as table:
        assert next(table.rows).number == 2


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (b"", "empty"),
        (gzip.compress(b""), "empty"),
        (xlsx(lambda book: book.add_worksheet()), "empty"),
        (b"%PDF-1.7 ...", "unreadable"),
        (b"\x89PNG\r\n\x1a\n", "unreadable"),
        (b"PK\x03\x04 not a zip", "unreadable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "unreadable"),
        (gzip.compress(text(LINES * 5000).encode())[:-20], "unreadable"),
        (b"<html><table><tr><td>x", "web_page"),
        ("今天,天气\n很,好\n".encode(), "no_header"),
        (xlsx(lambda book: book.add_worksheet().write(0, 0, "今天")), "no_header"),
        (b"\n" * 5_000_000, "no_header"),
        (bytes(20_000_000), "unreadable"),
        (b"a" * 20_000_000, "unreadable"),
        (gzip.compress(bytes(100_000_000)), "unreadable"),
        (gzip.compress(b"code,name\n" * 10_000_000), "too_large"),
        (gzip.compress(gzip.compress(b"x" * 1000)), "no_header"),
        (sheet_of_two_cells("A1", "XFD1048576"), "too_large"),
        (sheet_of_two_cells("A1", "FFF100000"), "too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",  # not the file itself
)
def test_what_cannot_be_taken_is_refused_at_once(source: bytes, code: str) -> None:
    assert refusal(source).code == f"imports.{code}"


@pytest.mark.parametrize(("columns", "times"), [(999_999_999, 999_999_999), (16_384, 1_048_576)])
def test_an_open_document_that_claims_too_much(columns: int, times: int) -> None:
    assert refusal(ods(ODS_ROW.format(times, ODS_CELL.format(columns, "x")))).code == "imports.too_large"


def test_a_workbook_that_unpacks_to_200_megabytes() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(200 << 20))
    assert refusal(file.getvalue()).code == "imports.too_large"


def test_what_is_missing_is_named() -> None:
    refused = refusal("名称,地址\n甲店,东街\n".encode())
    assert (refused.code, refused.gaps) == ("imports.column_missing", {"columns": "编码 (code)"})


def test_a_quotation_mark_that_is_never_closed() -> None:
    refused = refusal((text(LINES) + '丙店,"0003,西街\n' + "丁店,0004,西街\n" * 20_000).encode())
    assert (refused.code, refused.gaps) == ("imports.broken_row", {"row": 4})


@given(st.binary(max_size=300))
def test_nothing_else_ever_comes_out(source: bytes) -> None:
    with suppress(Refusal):
        rows(source)


@given(
    st.dates(date(1950, 1, 1), date(2150, 12, 31)),
    st.sampled_from(["{}-{:02}-{:02}", "{}/{}/{}", "{}年{}月{}日"]),
)
def test_days_as_people_write_them(value: date, form: str) -> None:
    assert day(form.format(value.year, value.month, value.day)) == value


def test_days_as_machines_write_them() -> None:
    assert day("20261231") == day("46387") == day("2026-12-31 00:00:00") == date(2026, 12, 31)
    for wrong in ("2026-13-01", "明天", "", "1", "2026-12-31 10:00"):
        with pytest.raises(ValueError):
            day(wrong)


@pytest.mark.city
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("cal_date_1904.xlsx", "no_header"),
        ("cal_empty_sheet.xlsx", "empty"),
        ("cal_header-row.xlsx", "no_header"),
        ("cal_issue_594_dos.ods", "too_large"),
        ("cal_merge_cells.xlsx", "no_header"),
        ("cal_pass_protected.xlsx", "password"),
        ("cal_strict_iso_paths.xlsx", "no_header"),
        ("mt_excel_pasting.csv", "no_header"),
        ("mt_sparse_with_column_errors.csv", "no_header"),
        ("mt_utf8bom.csv", "no_header"),
        ("mt_weird_head_padding.csv", "no_header"),
    ],
)
def test_files_from_the_wild(shared_data: Path, name: str, code: str) -> None:
    assert refusal((shared_data / "spreadsheets" / name).read_bytes()).code == f"imports.{code}"
