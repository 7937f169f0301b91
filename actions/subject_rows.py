"""What a row of the directory of subjects says: the columns, and what their cells mean (R3.1.3b-c).

A city has a million rows: what words mean that come again (kinds, areas, industries) is worked out once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actions.cells import Fault, known, phone, position, quick, tags, tidy
from actions.headers import Column
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

_CLASSES = {f"{letter}{suffix}": letter for letter in subjects.CREDIT_CLASSES for suffix in ("", "级", "类")}
KEEP: Any = object()  # what a row says nothing about stays as it is
MOST_WORDS = 10_000  # of a column that are remembered

Meaning = Callable[[str], Any]


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
        self.text: Callable[[str, str], str] = tidy
        self.labelled = [column for column in ("labels", "department_labels") if column in headers]
        self._kinds = _Memo(_kind_named)
        self._areas = _Memo(self._area_named)
        meanings: dict[str, Meaning] = {
            "address": lambda cell: self.text("address", cell),
            "industry": _Memo(lambda cell: tidy("industry", cell)).__getitem__,
            "credit_class": _Memo(_grade).__getitem__,
            "flags": _Memo(_flags).__getitem__,
            "status": _Memo(_status).__getitem__,
            "contact": lambda cell: self.text("contact", cell),
            "phone": lambda cell: phone("phone", self.text("phone", cell)),
        }
        self._cells = [(column, meaning) for column, meaning in meanings.items() if column in headers]
        self._placed = "position" in headers
        self.fields = ["name", "kind", "area_code", *(column for column, _ in self._cells)]
        self.fields += ["latitude", "longitude"] if self._placed else []

    def trust(self, clean: bool) -> None:
        """Whether the next rows have no odd characters, so that their cells need no second look."""
        self.text = quick if clean else tidy

    def read(self, cells: dict[str, str]) -> tuple[str, tuple[Any, ...], Tagged | None]:
        """The code of a row, its values in the order of `fields`, and its labels, if any. Fault if wrong."""
        code = self.text("code", cells.get("code", "")).lstrip("'`‘’")
        name = self.text("name", cells.get("name", ""))
        if not name:
            raise Fault("name", "empty")
        values = [name, self._kind(code, cells.get("kind", "")), self._area(code, cells)]
        for column, meaning in self._cells:
            cell = cells.get(column)
            values.append(KEEP if cell is None else meaning(cell))
        if self._placed:
            cell = cells.get("position")
            values += (KEEP, KEEP) if cell is None else position("position", self.text("position", cell))
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
        address = self.text("address", cells["address"])
        located = self.gazetteer.locate(address, code)
        if located is None:
            raise Fault("address", "unknown_area", address)
        self.counts["area_differs"] += located.differs
        return located.code


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
