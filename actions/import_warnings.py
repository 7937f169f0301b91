"""Brings in what monitoring systems warn of (风险预警, R3.3.2a): each lowers credit, grave ones make a key subject."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.cells import Fault, date_of, known, tidy
from actions.credit_class import happened
from actions.headers import Column, Row
from actions.importing import Intake, Kind
from models.credit import RiskWarning
from models.subjects import Subject
from rules.credit import level_of_word

COLUMNS = (
    Column("code", ("统一社会信用代码", "编码", "统一社会信用代码/编码", "社会信用代码", "信用代码", "USCC"), True),
    Column("source", ("来源", "预警来源", "数据来源", "来源系统", "预警系统", "推送单位"), True),
    Column("level", ("等级", "预警等级", "预警级别", "级别", "风险级别", "风险程度"), True),
    Column("date", ("日期", "预警日期", "发布日期", "发现日期", "预警时间", "推送时间"), True),
    Column("text", ("内容", "预警内容", "预警事项", "说明", "描述", "风险描述")),
)


class Warned(NamedTuple):
    """What a row says."""

    code: str
    source: str
    level: str
    on: date
    text: str


class Warnings(Intake):
    """A row is a warning; the same one of the same day comes in once, with another level it is changed."""

    async def take(self, rows: list[Row]) -> None:
        """Keep what is new, count it for credit, and weigh the subject anew."""
        good = []
        for row in rows:
            try:
                good.append((row, self._read(row.cells)))
            except Fault as fault:
                self.report.refuse(row, fault)
        codes = {one.code for _, one in good}
        query = select(Subject).where(Subject.code.in_(codes)).order_by(Subject.id)
        subjects = {one.code: one for one in await self.session.scalars(query)}
        held = select(RiskWarning).where(RiskWarning.subject_id.in_({one.id for one in subjects.values()}))
        present = {self._key(one): one for one in await self.session.scalars(held)}
        for row, one in good:
            if one.code not in subjects:
                self.report.refuse(row, Fault("code", "unknown_subject", one.code))
                continue
            await self._keep(subjects[one.code], one, present)

    def _read(self, cells: dict[str, str]) -> Warned:
        text = {name: tidy(name, cells.get(name, "")) for name in ("code", "source", "level", "date", "text")}
        for name in ("code", "source", "level", "date"):
            if not text[name]:
                raise Fault(name, "empty")
        on = date_of("date", text["date"])
        assert on
        if on > self.now.date():
            raise Fault("date", "day_to_come", text["date"])
        level = known(level_of_word(text["level"]), "level", "unknown_level", text["level"])
        return Warned(text["code"].lstrip("'`‘’").upper(), text["source"], level, on, text["text"])

    @staticmethod
    def _key(one: RiskWarning) -> tuple[int, str, date, str]:
        return one.subject_id, one.source, one.on, one.text

    async def _keep(
        self, subject: Subject, one: Warned, present: dict[tuple[int, str, date, str], RiskWarning]
    ) -> None:
        key = (subject.id, one.source, one.on, one.text)
        known_one = present.get(key)
        if known_one and known_one.level == one.level:
            self.report.count("unchanged")
            return
        if known_one:
            known_one.level = one.level
            self.report.count("changed", subject.name)
        else:
            known_one = present[key] = RiskWarning(
                subject_id=subject.id,
                source=one.source,
                level=one.level,
                on=one.on,
                text=one.text,
                made_on=self.now.date(),
            )
            self.session.add(known_one)
            await self.session.flush()
            self.report.count("added", subject.name)
        source = ("warning", known_one.id)
        await happened(self.session, subject, f"warning.{one.level}", source, one.on, None, self.by, self.now)


async def exported(session: AsyncSession) -> AsyncIterator[dict[str, str]]:
    """All warnings as rows of text by column, as they can be brought in again."""
    query = (
        select(Subject.code, RiskWarning.source, RiskWarning.level, RiskWarning.on, RiskWarning.text)
        .join(Subject, Subject.id == RiskWarning.subject_id)
        .order_by(RiskWarning.id)
    )
    async for code, source, level, on, text in await session.stream(query):
        yield {"code": code, "source": source, "level": level, "date": on.isoformat(), "text": text}


WARNINGS = Kind("warnings", "warnings", COLUMNS, Warnings, export=exported)
