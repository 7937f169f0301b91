"""Reads a row of a directory: which columns there are, what their cells mean, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from actions.spreadsheets import Column, day
from rules import people, strata, subjects
from rules.places import Gazetteer

SUBJECT_COLUMNS = (
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
    Column("credit_class", ("信用等级", "信用风险等级", "信用风险分类", "信用分类", "风险等级")),
    Column("flags", ("重点标记", "重点对象", "重点检查对象", "重点标识", "flag")),
    Column("status", ("状态", "登记状态", "经营状态", "企业状态", "主体状态")),
    Column("contact", ("联系人", "联系人姓名")),
    Column("phone", ("电话", "联系电话", "手机", "手机号", "手机号码")),
)
INSPECTOR_COLUMNS = (
    Column("staff_no", ("工号", "人员编号", "编号", "staffnumber"), True),
    Column("name", ("姓名", "人员姓名", "执法人员姓名"), True),
    Column("organ", ("单位", "单位名称", "所在单位", "所属单位", "执法单位", "工作单位", "部门"), True),
    Column("area", ("区域", "所属区域", "行政区划", "区县", "县市区", "县（市、区）", "工作区域"), True),
    Column("roles", ("角色", "岗位角色", "role"), True),
    Column("certificate", ("执法证号", "执法证件号", "行政执法证号", "执法证编号", "证件号码")),
    Column("certificate_until", ("执法证有效期", "执法证有效期至", "证件有效期", "有效期至", "有效期")),
    Column("specialties", ("专业", "专长", "业务专长", "专业资质", "资质", "specialty")),
    Column("phone", ("电话", "联系电话", "手机", "手机号", "手机号码")),
    Column("status", ("状态", "在岗状态", "人员状态")),
)

LONGEST = {"name": 200, "address": 400, "staff_no": 32, "certificate": 64, "phone": 60}
LONGEST_OTHER = 200
MOST_TAGS = 50
CHINA = ((3.0, 54.0), (73.0, 136.0))  # degrees of latitude and of longitude: no number can be both
_EMPTY = frozenset({"N/A", "n/a", "#N/A", "NULL", "null", "None", "-", "--", "—", "——", "/", "无"})
_ODD = re.compile("[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060\ufeff\ufffd\ud800-\udfff]")
_UNSEEN = re.compile("[\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_LIST = re.compile("[;；,，\n]")  # a comma would break a tag in two later (models/base.py)
_NUMBER = re.compile(r"[-+]?[0-9]+(?:[.][0-9]+)?")
_POSITION = re.compile(rf"[(（]?\s*({_NUMBER.pattern})\s*[,，;；\s]\s*({_NUMBER.pattern})\s*[)）]?")
_PHONE = re.compile(r"(?=(?:\D*[0-9]){5})[-+0-9()（） /、,，;；转*#]+")
_CLASSES = {f"{letter}{suffix}": letter for letter in subjects.CREDIT_CLASSES for suffix in ("", "级", "类")}

Values = dict[str, Any]


class Fault(Exception):
    """What is wrong with a row: in which column, a key under `imports.reason.`, and what the cell says."""

    def __init__(self, column: str, reason: str, value: str = "") -> None:
        super().__init__(column, reason, value)
        self.column, self.reason, self.value = column, reason, value


def tidy(column: str, cell: str) -> str:
    """A cell without blanks around it and with single blanks in it; words for "nothing" become nothing.

    Fault `unreadable` for a damaged character, `too_long`.
    """
    if _ODD.search(cell):
        cell = _UNSEEN.sub("", cell)
    text = " ".join(cell.split())
    if _ODD.search(text):
        raise Fault(column, "unreadable", _ODD.sub("\ufffd", text))
    if len(text) > LONGEST.get(column, LONGEST_OTHER):
        raise Fault(column, "too_long", text)
    return "" if text in _EMPTY else text


def words(column: str, cell: str) -> Iterator[str]:
    """The words of a list, separated by `;` or a comma of either width or a line break."""
    parts = _LIST.split(cell)
    if len(parts) > MOST_TAGS:
        raise Fault(column, "too_long", cell)
    return filter(None, (tidy(column, part) for part in parts))


def tags(column: str, cell: str) -> tuple[str, ...]:
    """The words of a list, sorted, each once."""
    return tuple(sorted(set(words(column, cell))))


class SubjectReader:
    """Reads rows of subjects; counts what the report remarks on."""

    columns = SUBJECT_COLUMNS
    key = "code"

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self.area_differs = 0
        self.kind_unknown = 0

    def read(self, cells: dict[str, str]) -> tuple[str, Values]:
        """The code and what the row says about the subject, by column of its table. Fault if wrong."""
        text = {column: tidy(column, cell) for column, cell in cells.items() if column not in ("labels", "flags")}
        code, name = text["code"].lstrip("'`‘’"), text["name"]
        if not name:
            raise Fault("name", "empty")
        values: Values = {"name": name, "kind": self._kind(code, text.get("kind", ""))}
        for column in ("address", "industry", "contact"):
            if column in text:
                values[column] = text[column]
        area = self._area(code, text)
        if area:
            values["area_code"] = area
        if text.get("status"):
            values["status"] = _known(subjects.status_of_word(text["status"]), "status", "unknown_status", text)
        if "credit_class" in text:
            grade = text["credit_class"]
            values["credit_class"] = grade and _known(_CLASSES.get(grade), "credit_class", "unknown_class", text)
        if "phone" in text:
            values["phone"] = _phone(text["phone"])
        if "position" in text:
            values["latitude"], values["longitude"] = _position(text["position"])
        if "flags" in cells:
            values["flags"] = tuple(sorted(set(map(strata.flag_of_word, tags("flags", cells["flags"])))))
        if "labels" in cells:
            values["labels"] = tags("labels", cells["labels"])
        return code, values

    def _kind(self, code: str, word: str) -> str:
        kind = subjects.kind_of_word(word) if word else None
        own = kind in subjects.OWN_CODES and subjects.code_fault(code) is not None
        fault = subjects.own_code_fault(code) if own else subjects.code_fault(code)
        if fault:
            raise Fault("code", fault, code)
        if own and kind:
            return kind
        if word and not kind:
            self.kind_unknown += 1
        return subjects.kind_of_code(code)  # the licence decides; the word is often missing or loose

    def _area(self, code: str, text: dict[str, str]) -> str | None:
        """The area if the row says one in words or by its address; None leaves it as it is."""
        if text.get("area"):
            return _known(self.gazetteer.find(text["area"]), "area", "unknown_area", text)
        if "address" not in text:
            return None
        located = self.gazetteer.locate(text["address"], code)
        if located is None:
            raise Fault("address", "unknown_area", text["address"])
        self.area_differs += located.differs
        return located.code


class InspectorReader:
    """Reads rows of inspectors; `organ` is the organ's name, the rest are columns of the people's table."""

    columns = INSPECTOR_COLUMNS
    key = "staff_no"

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer

    def read(self, cells: dict[str, str]) -> tuple[str, Values]:
        """The staff number and what the row says about the person. Fault if wrong."""
        lists = ("roles", "specialties")
        text = {column: tidy(column, cell) for column, cell in cells.items() if column not in lists}
        for column in ("staff_no", "name", "organ", "area"):
            if not text.get(column):
                raise Fault(column, "empty")
        area = _known(self.gazetteer.find(text["area"]), "area", "unknown_area", text)
        if people.department_of(text["organ"]) is None:
            raise Fault("organ", "unknown_department", text["organ"])
        values: Values = {"name": text["name"], "organ": text["organ"], "area_code": area}
        roles = {
            (word, people.role_of_word(word)) for word in words("roles", cells.get("roles", "").replace("、", ";"))
        }
        for word, role in roles:
            if role is None:
                raise Fault("roles", "unknown_role", word)
        if not roles:
            raise Fault("roles", "empty")
        values["roles"] = tuple(sorted({role for _, role in roles if role}))
        if "certificate" in text:
            values["certificate"] = text["certificate"]
        if "certificate_until" in text:
            values["certificate_until"] = _until(text["certificate_until"])
        if "specialties" in cells:
            values["specialties"] = tags("specialties", cells["specialties"])
        if "phone" in text:
            values["phone"] = _phone(text["phone"])
        if text.get("status"):
            values["status"] = _known(people.status_of_word(text["status"]), "status", "unknown_status", text)
        return text["staff_no"], values


def _known(meaning: str | None, column: str, reason: str, text: dict[str, str]) -> str:
    if meaning is None:
        raise Fault(column, reason, text[column])
    return meaning


def _phone(text: str) -> str:
    if text and not _PHONE.fullmatch(text):
        raise Fault("phone", "phone", text)
    return text


def _position(text: str) -> tuple[float | None, float | None]:
    """Latitude and longitude in degrees, in whichever order they are given."""
    if not text:
        return None, None
    match = _POSITION.fullmatch(text)
    if match:
        latitude, longitude = sorted((float(match[1]), float(match[2])))
        if CHINA[0][0] <= latitude <= CHINA[0][1] and CHINA[1][0] <= longitude <= CHINA[1][1]:
            return latitude, longitude
    raise Fault("position", "position", text)


def _until(text: str) -> Any:
    if not text:
        return None
    if text in ("长期", "永久", "长期有效"):
        return people.NO_END
    try:
        return day(text)
    except (ValueError, OverflowError) as error:
        raise Fault("certificate_until", "date", text) from error
