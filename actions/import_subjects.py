"""Brings in the directory of subjects (检查对象名录库, R3.1.3b-c)."""

from __future__ import annotations

from typing import ClassVar, cast

from sqlalchemy import Table, delete, insert, select

from actions.areas import ensure_areas, gazetteer
from actions.cells import Fault, Values, known, phone, position, tags, tidy
from actions.credit_class import weigh_due
from actions.importing import Keyed, Kind, Note
from actions.spreadsheets import Column
from models import subject_search
from models.subjects import Subject, SubjectLabel
from rules import strata, subjects

_SUBJECTS = cast(Table, Subject.__table__)
_LABELS = cast(Table, SubjectLabel.__table__)
_CLASSES = {f"{letter}{suffix}": letter for letter in subjects.CREDIT_CLASSES for suffix in ("", "级", "类")}

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
    Column("credit_class", ("信用等级", "信用风险等级", "信用风险分类", "信用分类", "风险等级")),
    Column("flags", ("重点标记", "重点对象", "重点检查对象", "重点标识", "flag")),
    Column("status", ("状态", "登记状态", "经营状态", "企业状态", "主体状态")),
    Column("contact", ("联系人", "联系人姓名")),
    Column("phone", ("电话", "联系电话", "手机", "手机号", "手机号码")),
)


class Subjects(Keyed):
    """The directory of subjects, with the labels that all departments share (R3.1.3c).

    An empty cell empties what is stored, but not area, kind or status.
    """

    table = _SUBJECTS
    key = "code"
    defaults: ClassVar[Values] = {
        "address": "",
        "latitude": None,
        "longitude": None,
        "industry": "",
        "credit_class": "",
        "flags": (),
        "status": "active",
        "contact": "",
        "phone": "",
    }

    async def open(self) -> None:
        """The areas must be there; nothing is remarked on yet."""
        await super().open()
        await subject_search.lock(self.session)
        await ensure_areas(self.session)
        self.gazetteer = await gazetteer(self.session)
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
            values["status"] = known(
                subjects.status_of_word(text["status"]), "status", "unknown_status", text["status"]
            )
        if "credit_class" in text:
            grade = text["credit_class"]
            values["credit_class"] = grade and known(
                _CLASSES.get(grade), "credit_class", "unknown_class", text["credit_class"]
            )
        if "phone" in text:
            values["phone"] = phone("phone", text["phone"])
        if "position" in text:
            values["latitude"], values["longitude"] = position("position", text["position"])
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
            return known(self.gazetteer.find(text["area"]), "area", "unknown_area", text["area"])
        if "address" not in text:
            return None
        located = self.gazetteer.locate(text["address"], code)
        if located is None:
            raise Fault("address", "unknown_area", text["address"])
        self.area_differs += located.differs
        return located.code

    def complete(self, key: str, values: Values) -> Values:
        """A new subject lies where its row says, else where its code says; Fault if neither does."""
        if "area_code" not in values:
            located = self.gazetteer.of_code(key)
            if located is None:
                raise Fault("code", "unknown_area", key)
            values = values | {"area_code": located}
        return super().complete(key, values) | {"updated_at": self.now}

    async def present(self, keys: list[str]) -> dict[str, Values]:
        """With the shared labels, if the file has labels."""
        rows = await super().present(keys)
        if "labels" in self.report.headers:
            by_id = {row["id"]: row for row in rows.values()}
            for row in by_id.values():
                row["labels"] = ()
            query = select(_LABELS.c.subject_id, _LABELS.c.label).where(
                _LABELS.c.subject_id.in_(by_id), _LABELS.c.department == ""
            )
            for subject, label in await self.connection.execute(query.order_by(_LABELS.c.label)):
                by_id[subject]["labels"] += (label,)
            for row in by_id.values():
                row["labels"] = tuple(sorted(row["labels"]))
        return rows

    async def add(self, rows: list[Values]) -> None:
        """Insert subjects, then their labels."""
        labels = {row["code"]: row.pop("labels") for row in rows if "labels" in row}
        await super().add(rows)
        labelled = [code for code, words in labels.items() if words]
        if labelled:
            query = select(_SUBJECTS.c.id, _SUBJECTS.c.code).where(_SUBJECTS.c.code.in_(labelled))
            ids = await self.connection.execute(query)
            await self._label({subject: labels[code] for subject, code in ids})

    async def change(self, rows: list[Values], before: list[Values]) -> None:
        """Write subjects and replace their shared labels."""
        for row in rows:
            row["updated_at"] = self.now
        await super().change(rows, before)
        old = {row["id"]: row["name"] for row in before}
        await subject_search.renamed(self.session, [(row["id"], old[row["id"]], row["name"]) for row in rows])
        labels = {row["id"]: row["labels"] for row in rows if "labels" in row}
        if labels:
            shared = _LABELS.c.department == ""
            await self.connection.execute(delete(_LABELS).where(_LABELS.c.subject_id.in_(labels), shared))
            await self._label(labels)

    async def _label(self, labels: dict[int, tuple[str, ...]]) -> None:
        rows = [
            {"subject_id": subject, "department": "", "label": word}
            for subject, words in labels.items()
            for word in words
        ]
        if rows:
            await self.connection.execute(insert(_LABELS), rows)

    async def finish(self) -> None:
        """Where address and code differ, and kinds that only the code could tell; credit is weighed anew."""
        counts = {"area_differs": self.area_differs, "kind_by_code": self.kind_unknown}
        self.report.notes += [Note(code, {"n": count}) for code, count in counts.items() if count]
        while await weigh_due(self.session, self.now):  # what the file wrote over (R3.3.2c)
            pass


SUBJECTS = Kind("subjects", "subjects", COLUMNS, Subjects)
