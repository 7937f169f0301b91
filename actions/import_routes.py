"""Brings in what goes to which department (移送去向表, R3.3.3a): by words, or by an item of the list."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.cells import Fault, tidy
from actions.headers import Column, Row
from actions.importing import Intake, Kind
from models.leads import LeadRoute
from rules.people import department_of

COLUMNS = (
    Column("department", ("部门", "移送部门", "去向部门", "去向"), True),
    Column("words", ("关键词", "关键字", "情形", "移送情形"), True),
    Column("item", ("事项编码", "抽查事项编码")),
)
MANY = 2000  # characters of words


class Routes(Intake):
    """A row is a department's words, for all items or for one; the standard words of that department give way."""

    async def take(self, rows: list[Row]) -> None:
        """Add or change routes, by department and item."""
        held = {(one.department, one.item): one for one in await self.session.scalars(select(LeadRoute))}
        for row in rows:
            try:
                name = tidy("department", row.cells["department"])
                department = department_of(name) or name
                item = tidy("item", row.cells.get("item", ""))
                text = tidy("words", row.cells["words"], MANY)
                if not department:
                    raise Fault("department", "empty")
                if not text and not item:
                    raise Fault("words", "empty")
            except Fault as fault:
                self.report.refuse(row, fault)
                continue
            words = [one.strip() for one in text.replace("；", ";").replace("、", ";").split(";") if one.strip()]
            one = held.get((department, item))
            if one is None:
                held[department, item] = one = LeadRoute(department=department, item=item, words=words)
                self.session.add(one)
                self.report.count("added", department)
            elif one.words == words:
                self.report.count("unchanged")
            else:
                one.words = words
                self.report.count("changed", department)


async def exported(session: AsyncSession) -> AsyncIterator[dict[str, str]]:
    """All routes as rows of text by column, as they can be brought in again."""
    for one in await session.scalars(select(LeadRoute).order_by(LeadRoute.id)):
        yield {"department": one.department, "words": ";".join(one.words), "item": one.item}


ROUTES = Kind("routes", "lead routes", COLUMNS, Routes, export=exported)
