"""Brings in checklists (检查表): the rows of a list are its points; a changed list is a new version (R3.1.2d)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import items
from actions.cells import MOST_TAGS, Fault, Values, known, tidy, whole, words, yes
from actions.headers import Column, Row
from actions.importing import Faults, Gathered, Kind
from models.items import Checklist
from rules import checklists
from rules.items import PHOTOS, POINT_FIELDS
from rules.refusal import Refusal

LONG = 500  # characters of a point
MOST_POINTS = 200
_EDITION = re.compile(r"(?P<name>.+?) ?@(?P<version>[1-9]\d{0,3})")
_PHOTOS = {**{code: code for code in PHOTOS}, **{word: code for code, word in PHOTOS.items()}}
_PHOTOS |= {"": "failure", "onfailure": "failure", "不拍照": "never", "必须": "always", "必须拍": "always"}

COLUMNS = (
    Column("checklist", ("检查表", "检查表名称"), True),
    Column("no", ("序号", "编号"), True),
    Column("text", ("检查要点", "检查内容", "要点", "检查项目"), True),
    Column("answer", ("作答方式", "答案类型")),
    Column("method", ("方法", "检查方法", "检查方式")),
    Column("min_sample", ("最少抽样", "抽样数")),
    Column("photo", ("拍照", "拍照要求")),
    Column("stop", ("停止", "不合格即停止", "不符合即停止")),
    Column("optional", ("可不适用", "合理缺项")),
    Column("key", ("重点项", "是否重点")),
    Column("only_if", ("前提", "前提条件")),
    Column("valid_days", ("互认天数", "结果互认天数")),
    Column("materials", ("需备材料", "材料清单")),
)


class Checklists(Gathered):
    """Checklists by name; `name@1` is an older version, so that a whole history can be brought in."""

    key = "checklist"
    flags: ClassVar[dict[str, bool]] = {"stop": False, "optional": True, "key": False}

    def read(self, cells: dict[str, str]) -> Values:
        """A point, by column of its table, with `no` and `materials`. Fault if wrong."""
        text = {name: tidy(name, cells.get(name, ""), LONG) for name in ("text", "method", "answer", "only_if")}
        if not text["text"]:
            raise Fault("text", "empty")
        values: Values = {**text}
        no = whole("no", tidy("no", cells.get("no", "")))
        if no is None:
            raise Fault("no", "empty")
        for column, check in (("answer", checklists.kind), ("only_if", _condition)):
            try:
                check(text[column])
            except Refusal as refusal:
                raise Fault(column, refusal.code.partition(".")[2], text[column]) from refusal
        photo = tidy("photo", cells.get("photo", ""))
        values["photo"] = known(_PHOTOS.get(photo.replace(" ", "").lower()), "photo", "unknown_photo", photo)
        for column in ("min_sample", "valid_days"):
            values[column] = whole(column, tidy(column, cells.get(column, ""))) or 0
        for column, usual in self.flags.items():
            values[column] = yes(column, tidy(column, cells[column])) if column in cells else usual
        materials = list(words("materials", cells["materials"].replace("、", ";"))) if "materials" in cells else None
        return {**values, "no": no, "materials": materials}

    async def write(self, key: str, rows: list[tuple[Row, Values]]) -> str:
        """A new list, a new version, or nothing; its points are numbered from 1 without a gap."""
        name, version = key, 0
        if match := _EDITION.fullmatch(key):
            name, version = match["name"], int(match["version"])
        self._check_numbers(rows)
        in_order = [values for _, values in sorted(rows, key=lambda row: row[1]["no"])]
        points = [{field: values[field] for field in POINT_FIELDS} for values in in_order]
        said = [values["materials"] for values in in_order if values["materials"] is not None]
        materials = list(dict.fromkeys(word for one in said for word in one)) if said else None
        if version:
            exact = Checklist.version == version
            held = await self.session.scalar(select(Checklist).where(Checklist.name == name, exact))
            newest = await items.checklist_of(self.session, name)
            if held and items.points_of(held) == points:
                return "unchanged"
            if version != (newest.version if newest else 0) + 1:
                raise Fault("checklist", "other_version", key)
        today = self.now.date()
        return await items.revise_checklist(self.session, name, points, materials, today, self.by, self.now)

    @staticmethod
    def _check_numbers(rows: list[tuple[Row, Values]]) -> None:
        faults: dict[int, list[Fault]] = {}
        first: dict[int, int] = {}
        for place, (row, values) in enumerate(rows):
            no = values["no"]
            if no in first:
                faults[place] = [Fault("no", "duplicate", str(no), first=first[no])]
            elif not 1 <= no <= len(rows) or len(rows) > MOST_POINTS:
                faults[place] = [Fault("no", "not_in_order", str(no))]
            first.setdefault(no, row.number)
        if faults:
            raise Faults(faults)


def _condition(text: str) -> None:
    checklists.applies(text, {})


async def export(session: AsyncSession) -> AsyncIterator[dict[str, str]]:
    """All checklists in all versions, point by point; older versions say which they are."""
    found = list(await session.scalars(select(Checklist).order_by(Checklist.name, Checklist.version)))
    newest = {one.name: one.version for one in found}
    for one in found:
        called = one.name if one.version == newest[one.name] else f"{one.name}@{one.version}"
        for point in one.points:
            row = {name: str(getattr(point, name) or "") for name in POINT_FIELDS}
            row |= {name: "是" if getattr(point, name) else "否" for name in Checklists.flags}
            row |= {"checklist": called, "no": str(point.number), "photo": PHOTOS[point.photo]}
            row["materials"] = ";".join(one.materials[MOST_TAGS * (point.number - 1) : MOST_TAGS * point.number])
            yield {column.name: row[column.name] for column in COLUMNS}


CHECKLISTS = Kind("checklists", "checklists", COLUMNS, Checklists, export=export)
