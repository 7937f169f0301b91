"""Brings in the staff (执法检查人员名录库, R3.1.3d); an organ that is new is made.

Its department follows from its name (`rules.people.department_of`), its area from its name or the row.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import ClassVar, cast

from sqlalchemy import Table, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.areas import ensure_areas, gazetteer
from actions.cells import Fault, Values, date_of, known, phone, tags, tidy, until, words
from actions.headers import Column
from actions.import_report import Note
from actions.importing import Keyed, Kind
from models.base import has_tag
from models.people import Organ, Person
from rules import people
from rules.people import department_of

_PEOPLE = cast(Table, Person.__table__)
_ORGANS = cast(Table, Organ.__table__)

COLUMNS = (
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
    Column(
        "leave_from", ("休假开始", "请假开始", "休假自", "请假自", "休假开始日期", "请假开始日期", "休假起", "请假起")
    ),
    Column(
        "leave_until", ("休假至", "请假至", "休假结束", "请假结束", "休假结束日期", "请假结束日期", "休假止", "请假止")
    ),
)


class Inspectors(Keyed):
    """The directory of inspectors, and the organs in which they work."""

    table = _PEOPLE
    key = "staff_no"
    noun = "person"
    gone = "left"
    defaults: ClassVar[Values] = {
        "certificate": "",
        "certificate_until": None,
        "specialties": (),
        "phone": "",
        "status": "active",
        "leave_from": None,
        "leave_until": None,
    }

    async def open(self) -> None:
        """The areas must be there; organs are looked up when the first row wants one."""
        await super().open()
        await ensure_areas(self.session)
        self.gazetteer = await gazetteer(self.session)
        self.organs: dict[str, int] = {}
        self.founded: list[str] = []

    def read(self, cells: dict[str, str]) -> tuple[str, Values]:
        """The staff number and what the row says about the person. Fault if wrong."""
        lists = ("roles", "specialties")
        text = {column: tidy(column, cell) for column, cell in cells.items() if column not in lists}
        for column in ("staff_no", "name", "organ", "area"):
            if not text.get(column):
                raise Fault(column, "empty")
        area = known(self.gazetteer.find(text["area"]), "area", "unknown_area", text["area"])
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
            values["certificate_until"] = until("certificate_until", text["certificate_until"])
        if "specialties" in cells:
            values["specialties"] = tags("specialties", cells["specialties"])
        if "phone" in text:
            values["phone"] = phone("phone", text["phone"])
        if text.get("status"):
            values["status"] = known(people.status_of_word(text["status"]), "status", "unknown_status", text["status"])
        if "leave_from" in text or "leave_until" in text:
            values |= _leave(text)
            if values.get("status") == "leave" and (values["leave_from"] or values["leave_until"]):
                values["status"] = "active"  # 请假 with its days ends by itself
        return text["staff_no"], values

    async def change(self, rows: list[Values], before: list[Values]) -> None:
        """Where a file only says 请假, days that are known and not over yet stand; others are forgotten."""
        pairs = [(self._settled(row), old) for row, old in zip(rows, before, strict=True)]
        if different := [(row, old) for row, old in pairs if row != old]:
            await super().change([row for row, _ in different], [old for _, old in different])

    def _settled(self, row: Values) -> Values:
        if row["status"] != "leave" or not (row["leave_from"] or row["leave_until"]):
            return row
        if row["leave_until"] and row["leave_until"] < self.now.date():
            return row | {"leave_from": None, "leave_until": None}
        return row | {"status": "active"}

    async def prepare(self, values: Values) -> None:
        """Put the organ's id for its name; make the organ if it is new."""
        name = values.pop("organ")
        if not self.organs:
            found = await self.connection.execute(select(_ORGANS.c.name, _ORGANS.c.id))
            self.organs = {organ.name: organ.id for organ in found}
        if name not in self.organs:
            area = self.gazetteer.of_organ(name, values["area_code"])
            organ = {"name": name, "department": department_of(name), "area_code": area}
            made = await self.connection.execute(insert(_ORGANS).values(organ).returning(_ORGANS.c.id))
            self.organs[name] = made.scalar_one()
            self.founded.append(name)
        values["organ_id"] = self.organs[name]

    async def finish(self) -> None:
        """Organs that were made, and how many active inspectors have no certificate to be drawn with."""
        if self.founded:
            self.report.notes.append(Note("organs", {"n": len(self.founded), "organs": "、".join(self.founded[:20])}))
        without = or_(Person.certificate == "", Person.certificate_until.is_(None))
        active = (Person.status == "active", has_tag(Person.roles, "inspector"))
        uncertified = await self.connection.scalar(select(func.count(Person.id)).where(without, *active))
        if uncertified:
            self.report.notes.append(Note("uncertified", {"n": uncertified}))


def _leave(text: dict[str, str]) -> Values:
    """The days of a leave. One column alone says both: the first day is not known, or the last."""
    first, last = (date_of(column, text.get(column, "")) for column in ("leave_from", "leave_until"))
    if first and last and last < first:
        raise Fault("leave_until", "leave_order", text["leave_until"])
    return {"leave_from": first, "leave_until": last}


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


async def export(session: AsyncSession) -> AsyncIterator[dict[str, str]]:
    """All staff, in the order of their numbers."""
    for one in await session.scalars(select(Person).order_by(Person.staff_no)):
        until = one.certificate_until
        yield {
            "staff_no": one.staff_no,
            "name": one.name,
            "organ": one.organ.name,
            "area": one.area.name,
            "roles": ";".join(people.ROLES[role] for role in one.roles),
            "certificate": one.certificate,
            "certificate_until": "" if until is None else "长期" if until == people.NO_END else until.isoformat(),
            "specialties": ";".join(one.specialties),
            "phone": one.phone,
            "status": people.STATUSES[one.status],
            "leave_from": _day(one.leave_from),
            "leave_until": _day(one.leave_until),
        }


INSPECTORS = Kind("inspectors", "people", COLUMNS, Inspectors, export=export, whole=True)
