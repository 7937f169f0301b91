"""Brings in the item list (随机抽查事项清单, R3.1.2a): a changed row is a new version, dated (R3.1.2d)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import items
from actions.cells import Fault, Values, date_of, is_list, known, share, tidy
from actions.headers import Column, Row
from actions.importing import Faults, Gathered, Kind
from models.items import Checklist, Item
from rules.items import KINDS
from rules.people import department_of
from rules.refusal import Refusal

LONG = 2000  # characters of what is told at length
EVERYBODY = 100  # percent: no ceiling at all
LONG_COLUMNS = ("basis", "content", "requirements", "subjects", "method", "change")
PLAIN_COLUMNS = ("name", "category", "frequency", "specialty", "label")
_EDITION = re.compile(r"(?P<name>.+?) ?@(?P<version>[1-9]\d{0,3})")

COLUMNS = (
    Column("code", ("事项编码", "抽查事项编码", "事项编号"), True),
    Column("name", ("抽查事项", "事项名称", "抽查事项名称", "item"), True),
    Column("organ", ("抽查主体", "检查主体", "实施主体", "抽查部门", "actor"), True),
    Column("kind", ("事项类别", "事项类型", "重点或一般"), True),
    Column("category", ("抽查类别", "检查类别")),
    Column("basis", ("依据", "抽查依据", "检查依据", "法律依据")),
    Column("subjects", ("抽查对象", "检查对象")),
    Column("label", ("对象标签", "抽查对象标签")),
    Column("content", ("内容", "抽查内容", "检查内容")),
    Column("method", ("方式", "抽查方式", "检查方式")),
    Column("ratio_ceiling", ("比例上限", "抽查比例上限", "抽查比例")),
    Column("frequency", ("频次", "抽查频次", "检查频次")),
    Column("specialty", ("资质要求", "专业要求")),
    Column("checklist", ("检查表", "检查表名称")),
    Column("requirements", ("要求", "抽查要求", "检查要求")),
    Column("from", ("生效日期", "启用日期", "validfrom")),
    Column("until", ("失效日期", "停用日期", "validuntil")),
    Column("change", ("调整说明", "调整依据", "变更说明")),
)


def kind_of_word(word: str) -> str | None:
    """Key or general, by code or by word."""
    words = {code: code for code in KINDS} | {name: code for code, name in KINDS.items()}
    return words.get(word.removesuffix("检查事项").removesuffix("事项").removesuffix("检查"))


class Items(Gathered):
    """Items by code; several rows of one code are its versions, in the order of their days."""

    key = "code"

    def read(self, cells: dict[str, str]) -> Values:
        """What a row says of an item, by column of the table. Fault if wrong."""
        values: Values = {"code": tidy("code", cells["code"])}
        values |= {name: tidy(name, cells[name]) for name in PLAIN_COLUMNS if name in cells}
        values |= {name: tidy(name, cells[name], LONG) for name in LONG_COLUMNS if name in cells}
        if is_list(values["code"]):
            raise Fault("code", "is_list", values["code"])  # a plan names several codes in one cell
        if not values.get("name"):
            raise Fault("name", "empty")
        actor = tidy("organ", cells.get("organ", ""))
        department = known(department_of(actor), "organ", "unknown_department" if actor else "empty", actor)
        word = tidy("kind", cells.get("kind", ""))
        kind = known(kind_of_word(word), "kind", "unknown_item_kind" if word else "empty", word)
        text = tidy("ratio_ceiling", cells.get("ratio_ceiling", ""))
        ceiling = share("ratio_ceiling", text)
        if kind == "general" and ceiling is None:
            raise Fault("ratio_ceiling", "ceiling_needed")  # R3.1.2c
        if ceiling is not None and not 0 < ceiling <= EVERYBODY:
            raise Fault("ratio_ceiling", "ratio", text)
        if kind == "key" and ceiling not in (None, EVERYBODY):
            raise Fault("ratio_ceiling", "ceiling_of_key", text)  # R3.1.2b
        ceiling = ceiling if kind == "general" else None
        values |= {"actor": actor, "department": department, "kind": kind, "ratio_ceiling": ceiling}
        if "checklist" in cells:
            values["checklist"] = tidy("checklist", cells["checklist"])
        for column in ("from", "until"):
            values[column] = date_of(column, tidy(column, cells.get(column, "")))
        if values["from"] and values["until"] and values["until"] < values["from"]:
            raise Fault("until", "until_before_from", str(values["until"]))
        return values

    async def write(self, key: str, rows: list[tuple[Row, Values]]) -> str:
        """Put the versions into the list, the earliest first; one that is there already is left alone."""
        outcomes = set()
        for place, values in sorted(enumerate(values for _, values in rows), key=lambda one: self._starts(one[1])):
            try:
                outcomes.add(await self._version(values))
            except Fault as fault:
                raise Faults({place: [fault]}) from fault
        return next(one for one in ("added", "changed", "unchanged") if one in outcomes)

    def _starts(self, values: Values) -> date:
        return values["from"] or self.now.date()

    async def _version(self, values: Values) -> str:
        said = {name: value for name, value in values.items() if name not in ("code", "checklist", "from", "until")}
        change = said.pop("change", "")
        if "checklist" in values:
            said["checklist_id"] = await self._checklist(values["checklist"])
        held_versions = await items.versions_of(self.session, values["code"])
        if held_versions and said["actor"] == held_versions[0].department and not held_versions[0].actor:
            said["actor"] = ""  # as it is written out
        for held in held_versions if values["from"] else held_versions[:1]:
            same = all(getattr(held, name) == value for name, value in said.items())
            begins = values["from"] is None or values["from"] == held.valid_from
            ends = "until" not in self.report.headers or values["until"] == held.valid_until
            if same and begins and ends:
                return "unchanged"
        starts = self._starts(values)
        try:
            return await items.revise(
                self.session, values["code"], said, starts, change, self.by, self.now, values["until"]
            )
        except Refusal as refusal:
            raise Fault("from", "earlier_than_last", str(refusal.gaps["day"])) from refusal

    async def _checklist(self, text: str) -> int | None:
        """The newest version of a checklist, or the one that `name@2` names; none if empty."""
        if not text:
            return None
        query = select(Checklist.id).where(Checklist.name == text).order_by(Checklist.version.desc()).limit(1)
        found: int | None = await self.session.scalar(query)
        if found is None and (match := _EDITION.fullmatch(text)):
            exact = Checklist.version == int(match["version"])
            found = await self.session.scalar(select(Checklist.id).where(Checklist.name == match["name"], exact))
        if found is None:
            raise Fault("checklist", "unknown_checklist", text)
        return found


async def export(session: AsyncSession) -> AsyncIterator[dict[str, str]]:
    """All versions that were, are or will be in force, by code and day."""
    for item in await session.scalars(select(Item).order_by(Item.code, Item.version)):
        if item.valid_until is not None and item.valid_until < item.valid_from:
            continue
        row = {name: str(value or "") for name, value in items.fields_of(item).items()}
        row |= {"code": item.code, "organ": item.actor or item.department, "kind": KINDS[item.kind]}
        row |= {"ratio_ceiling": f"{item.ratio_ceiling.normalize():f}" if item.ratio_ceiling else ""}
        row |= {"checklist": await _called(session, item.checklist), "change": item.change}
        row |= {"from": str(item.valid_from), "until": str(item.valid_until or "")}
        yield {column.name: row[column.name] for column in COLUMNS}


async def _called(session: AsyncSession, checklist: Checklist | None) -> str:
    if checklist is None:
        return ""
    newest = await items.checklist_of(session, checklist.name)
    return checklist.name if newest is checklist else f"{checklist.name}@{checklist.version}"


ITEMS = Kind("items", "items", COLUMNS, Items, export=export)
