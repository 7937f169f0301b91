"""Brings in the holidays and make-up days of a year, once they are announced (国务院办公厅关于节假日安排的通知).

A file replaces what was known of each year that it holds whole; of a year beside it (the make-up day in December for
New Year) it only adds the days that it names.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any

from sqlalchemy import delete, extract, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import calendars
from actions.cells import Fault, date_of, tidy, yes
from actions.deadlines import recount
from actions.headers import Column, Row
from actions.import_report import Note
from actions.importing import Intake, Kind
from models.calendars import Holiday, HolidayYear
from rules.refusal import Refusal
from rules.workdays import whole_year

COLUMNS = (
    Column("date", ("日期",), True),
    Column("off", ("休息", "是否休息", "放假", "是否放假", "isoffday"), True),
    Column("name", ("名称", "节日", "节日名称")),
)


class Holidays(Intake):
    """Days that are not as their weekday says."""

    async def open(self) -> None:
        """What is known so far."""
        await super().open()
        await calendars.refresh(self.session)
        self.known = calendars.official()
        self.days: dict[date, tuple[bool, str]] = {}
        self.rows: dict[date, Row] = {}

    async def take(self, rows: list[Row]) -> None:
        """Read and keep; what a year holds is only known at the end."""
        for row in rows:
            try:
                day, off = self._read(row)
                if day in self.rows:
                    raise Fault("date", "duplicate", str(day), first=self.rows[day].number)
            except Fault as fault:
                self.report.refuse(row, fault)
            else:
                self.days[day], self.rows[day] = (off, tidy("name", row.cells.get("name", ""))), row

    @staticmethod
    def _read(row: Row) -> tuple[date, bool]:
        day = date_of("date", tidy("date", row.cells.get("date", "")))
        if day is None:
            raise Fault("date", "empty")
        text = tidy("off", row.cells.get("off", ""))
        if not text:
            raise Fault("off", "empty")
        off = yes("off", text)
        if not off and day.weekday() < 5:
            raise Fault("off", "works_anyway", str(day))
        return day, off

    async def finish(self) -> None:
        """Write the years that are whole, and count all deadlines anew."""
        years = {day.year for day in self.days}
        whole = {year for year in years if whole_year({day: off for day, (off, _) in self.days.items()}, year)}
        for day, row in self.rows.items():
            if day.year not in whole and day.year not in self.known.years:
                self.report.refuse(row, Fault("date", "year_not_whole", str(day.year)))
                del self.days[day]
        for year in sorted(whole):
            await self.session.execute(delete(Holiday).where(extract("year", Holiday.day) == year))
            await self.session.merge(HolidayYear(year=year, at=self.now))
        named = set(await self.session.scalars(select(Holiday.day)))
        for day, (off, name) in sorted(self.days.items()):
            if day in named:
                await self.session.merge(Holiday(day=day, off=off, name=name))
            else:
                self.session.add(Holiday(day=day, off=off, name=name))
            if day.year not in self.known.years:
                self.report.count("added", str(day))
            else:
                self.report.count("unchanged" if self.known.works(day) != off else "changed", str(day))
        await self.session.flush()
        moved = await recount(self.session, self.now, self.by)
        if moved:
            self.report.notes.append(Note("moved", {"n": moved}))


def of_year(document: Any) -> Iterator[dict[str, str]]:
    """The days of a JSON document as `data/holiday-cn` has it. Refused if the year is not announced yet."""
    if isinstance(document, dict) and "year" in document and document["days"] == []:
        raise Refusal("holidays.not_announced", year=str(document["year"])[:10])
    for one in document["days"]:
        yield {"date": str(one["date"]), "off": "是" if one["isOffDay"] is True else "否", "name": str(one["name"])}


async def export(session: AsyncSession) -> AsyncIterator[dict[str, str]]:
    """The days that were imported, in order."""
    for one in await session.scalars(select(Holiday).order_by(Holiday.day)):
        yield {"date": one.day.isoformat(), "off": "是" if one.off else "否", "name": one.name}


HOLIDAYS = Kind("holidays", "holidays", COLUMNS, Holidays, json=of_year, export=export)
