"""What a row of the directory of subjects says: the columns, and what their cells mean (R3.1.3b-c).

A city has a million rows: what words mean that come again (kinds, areas, industries) is worked out once, and rows in
which nothing is odd are read column by column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any

from actions.cells import Fault, are_clean, known, phone, phones, plain, position, tags, tidy
from actions.headers import Column, Row
from models.base import tag_text
from models.subjects import Tagged
from rules import strata, subjects
from rules.places import Gazetteer

COLUMNS = (
    Column(
        "code",
        (
            "统一社会信用代码",
            "编码",
            "统一社会信用代码/编码",
            "社会信用代码",
            "信用代码",
            "检查对象编码",
            "USCC",
        ),
        True,
    ),
    Column(
        "name",
        (
            "名称",
            "企业名称",
            "单位名称",
            "主体名称",
            "市场主体名称",
            "经营主体名称",
            "检查对象名称",
            "对象名称",
        ),
        True,
    ),
    Column("kind", ("类型", "企业类型", "主体类型", "市场主体类型", "经营主体类型", "对象类型", "检查对象类型")),
    Column("area", ("区域", "所属区域", "行政区划", "所属区县", "区县", "县市区", "县（市、区）", "所在区域")),
    Column(
        "address",
        ("地址", "注册地址", "住所", "经营场所", "住所（经营场所）", "经营地址", "详细地址", "地址住所"),
    ),
    Column("position", ("坐标", "经纬度", "位置坐标")),
    Column("industry", ("行业", "行业类别", "所属行业", "行业门类")),
    Column("labels", ("标签", "分类标签", "对象标签", "分类标注", "label")),
    Column("department_labels", ("部门标签", "部门分类标签")),
    Column("credit_class", ("信用等级", "信用风险等级", "信用风险分类", "信用分类", "风险等级")),
    Column("flags", ("重点标记", "重点对象", "重点检查对象", "重点标识", "flag")),
    Column("status", ("状态", "登记状态", "经营状态", "企业状态", "主体状态")),
    Column("contact", ("联系人", "联系人姓名")),
    Column("phone", ("电话", "联系电话", "手机", "手机号", "手机号码")),
)

_CLASSES = {f"{letter}{suffix}": letter for letter in strata.CLASSES for suffix in ("", "级", "类")}
KEEP: Any = object()  # what a row says nothing about stays as it is
PLAIN = ("address", "contact", "phone", "position")  # columns in which hardly anything comes again
MOST_WORDS = 10_000  # of a column that are remembered

Meaning = Callable[[str], Any]
Said = tuple[str, tuple[Any, ...], Tagged | None]  # code, values in the order of the fields, labels if any


class _Memo(dict[str, Any]):
    """What cells mean, worked out once for each that comes again."""

    def __init__(self, meaning: Meaning) -> None:
        self.meaning = meaning

    def __missing__(self, cell: str) -> Any:
        """Work it out; a column in which nothing comes again does not fill the memory."""
        if len(self) >= MOST_WORDS:
            self.clear()
        value = self[cell] = self.meaning(cell)
        return value


class Reader:
    """Reads rows of a file with these headers; counts what the report remarks on.

    `fields` are the columns of the table about which rows say something, in the order of their values.
    """

    def __init__(self, gazetteer: Gazetteer, headers: dict[str, str]) -> None:
        self.gazetteer = gazetteer
        self.counts = {"area_differs": 0, "kind_by_code": 0}
        self.labelled = [column for column in ("labels", "department_labels") if column in headers]
        self._kinds = _Memo(_kind_named)
        self._areas = _Memo(self._area_named)
        meanings: dict[str, Meaning] = {
            "address": lambda cell: tidy("address", cell),
            "industry": _Memo(lambda cell: tidy("industry", cell)).__getitem__,
            "credit_class": _Memo(_grade).__getitem__,
            "flags": _Memo(_flags).__getitem__,
            "status": _Memo(_status).__getitem__,
            "contact": lambda cell: tidy("contact", cell),
            "phone": lambda cell: phone("phone", tidy("phone", cell)),
        }
        self._cells = [(column, meaning) for column, meaning in meanings.items() if column in headers]
        self._placed = "position" in headers
        self.fields = ["name", "kind", "area_code", *(column for column, _ in self._cells)]
        self.fields += ["latitude", "longitude"] if self._placed else []

    def read_all(self, rows: Sequence[Row]) -> list[Said | Fault]:
        """What each row says, or what is wrong with it."""
        doubtful = set(range(len(rows)))
        quickly: list[Said] = []
        if rows and are_clean(row.line for row in rows):
            columns = rows[0].columns
            whole = max(columns.values())
            fit = [place for place, row in enumerate(rows) if len(row.line) > whole and row.columns is columns]
            lines = [rows[place].line for place in fit]
            try:
                good = self._without_doubt(columns, lines)
                quickly = self._in_columns(columns, [lines[place] for place in good])
                doubtful -= {fit[place] for place in good}
            except Fault:  # its row is found below
                quickly = []
        if not doubtful:
            return list(quickly)
        rest = iter(quickly)
        return [self._or_fault(row) if place in doubtful else next(rest) for place, row in enumerate(rows)]

    def _or_fault(self, row: Row) -> Said | Fault:
        try:
            return self.read(row.cells)
        except Fault as fault:
            return fault

    @staticmethod
    def _without_doubt(columns: dict[str, int], lines: list[Sequence[str]]) -> list[int]:
        """The places of the lines that have a name and a unified code with nothing wrong about it."""
        codes = list(map(str.strip, map(itemgetter(columns["code"]), lines)))
        names = plain("name", map(itemgetter(columns["name"]), lines))
        pairs = zip(subjects.are_codes(codes), names, strict=True)
        return [place for place, (fits, name) in enumerate(pairs) if fits and name]

    def _in_columns(self, columns: dict[str, int], lines: list[Sequence[str]]) -> list[Said]:
        """As `read`, for clean and whole lines with good codes and names. Fault if anything is wrong with any."""
        if not lines:
            return []
        cells = {name: list(map(itemgetter(place), lines)) for name, place in columns.items()}
        codes = list(map(str.strip, cells["code"]))
        names = plain("name", cells["name"])
        words = list(map(self._kinds.__getitem__, cells["kind"])) if "kind" in cells else []
        kinds = list(map(subjects.kind_of_code, codes))
        areas = list(map(self._areas.__getitem__, cells["area"])) if "area" in cells else [""] * len(lines)
        texts: dict[str, list[str]] = {name: plain(name, cells[name]) for name in PLAIN if name in cells}
        differs = 0
        if not all(areas):
            for place, area in enumerate(areas):
                if not area and "address" in texts:
                    areas[place], differing = self._located(texts["address"][place], codes[place])
                    differs += differing
                elif not area:
                    areas[place] = KEEP
        values = [names, kinds, areas]
        for column, meaning in self._cells:
            if column == "phone":
                values.append(phones(column, texts[column]))
            else:
                values.append(texts[column] if column in texts else list(map(meaning, cells[column])))
        if self._placed:
            places = [position("position", text) for text in texts["position"]]
            values += ([one[part] for one in places] for part in (0, 1))
        labels: Any = repeat(None)
        if self.labelled:
            told = [cells[column] for column in self.labelled]
            labels = [_labels(dict(zip(self.labelled, one, strict=True))) for one in zip(*told, strict=True)]
        loose = {pair for pair in set(words) if pair[0] and not pair[1]}
        self.counts["kind_by_code"] += sum(map(loose.__contains__, words)) if loose else 0
        self.counts["area_differs"] += differs
        return list(zip(codes, zip(*values, strict=True), labels, strict=False))

    def read(self, cells: dict[str, str]) -> Said:
        """The code of a row, its values in the order of `fields`, and its labels, if any. Fault if wrong."""
        code = tidy("code", cells.get("code", "")).lstrip("'`‘’")
        name = tidy("name", cells.get("name", ""))
        if not name:
            raise Fault("name", "empty")
        values = [name, self._kind(code, cells.get("kind", "")), self._area(code, cells)]
        for column, meaning in self._cells:
            cell = cells.get(column)
            values.append(KEEP if cell is None else meaning(cell))
        if self._placed:
            cell = cells.get("position")
            values += (KEEP, KEEP) if cell is None else position("position", tidy("position", cell))
        return code, tuple(values), _labels(cells) if self.labelled else None

    def _kind(self, code: str, cell: str) -> str:
        word, kind = self._kinds[cell]
        fault = subjects.code_fault(code)
        if fault:
            if kind not in subjects.OWN_CODES:
                raise Fault("code", fault, code)
            if own_fault := subjects.own_code_fault(code):
                raise Fault("code", own_fault, code)
            return str(kind)
        if word and not kind:
            self.counts["kind_by_code"] += 1
        return subjects.kind_of_code(code)  # the licence decides; the word is often missing or loose

    def _area_named(self, cell: str) -> str:
        text = tidy("area", cell)
        return text and known(self.gazetteer.find(text), "area", "unknown_area", text)

    def _area(self, code: str, cells: dict[str, str]) -> Any:
        """The area that the row says in words or by its address."""
        named = self._areas[cells.get("area", "")]
        if named or "address" not in cells:
            return named or KEEP
        area, differs = self._located(tidy("address", cells["address"]), code)
        self.counts["area_differs"] += differs
        return area

    def _located(self, address: str, code: str) -> tuple[str, bool]:
        located = self.gazetteer.locate(address, code)
        if located is None:
            raise Fault("address", "unknown_area", address)
        return located.code, located.differs


def _kind_named(cell: str) -> tuple[str, str | None]:
    text = tidy("kind", cell)
    return text, subjects.kind_of_word(text) if text else None


def _grade(cell: str) -> str:
    text = tidy("credit_class", cell)
    return text and known(_CLASSES.get(text), "credit_class", "unknown_class", text)


def _status(cell: str) -> Any:
    text = tidy("status", cell)
    return known(subjects.status_of_word(text), "status", "unknown_status", text) if text else KEEP


def _flags(cell: str) -> str:
    return tag_text(map(strata.flag_of_word, tags("flags", cell)))


def _labels(cells: dict[str, str]) -> Tagged:
    """The labels that all departments share, and those of single departments (消防救援:高层)."""
    found = {("", word) for word in tags("labels", cells.get("labels", ""))}
    for word in tags("department_labels", cells.get("department_labels", "")):
        department, _, label = (part.strip() for part in word.replace("：", ":").partition(":"))
        if not department or not label:
            raise Fault("department_labels", "department_label", word)
        found.add((department, label))
    return frozenset(found)
