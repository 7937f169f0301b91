"""Brings in what comes from outside (投诉举报、移送、监测预警): each row becomes a lead (R1.1)."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.cells import Fault, known, tidy
from actions.headers import Column, Row
from actions.importing import Intake, Kind
from actions.leads import NewLead, send
from actions.routing import destinations
from models.leads import Lead
from models.people import Organ, Person
from models.subjects import Subject
from rules.leads import FROM_OUTSIDE, READ, kind_of_word, word_of_kind

LONG = 1000  # characters
COLUMNS = (
    Column("code", ("统一社会信用代码", "编码", "统一社会信用代码/编码", "社会信用代码", "信用代码", "USCC"), True),
    Column("source", ("来源", "投诉来源", "来件单位", "来源渠道", "渠道"), True),
    Column("number", ("编号", "工单号", "工单编号", "来件编号", "投诉编号", "文号"), True),
    Column("text", ("内容", "投诉内容", "反映内容", "诉求内容", "情况", "事项内容"), True),
    Column("kind", ("类型", "线索类型", "来件类型")),
    Column("organ", ("承办单位", "承办部门", "转办单位", "移送单位")),
    Column("registrar", ("登记人", "登记人工号", "经办人工号")),
)


class Complaints(Intake):
    """A row is a lead from whoever brings the file in, or from the registrar that it names.

    The same number of the same source comes in once. Where no department is named, the words propose one.
    """

    async def take(self, rows: list[Row]) -> None:
        """Send what is new."""
        for row in rows:
            try:
                self.report.count(*await self._row(row.cells))
            except Fault as fault:
                self.report.refuse(row, fault)

    async def _row(self, cells: dict[str, str]) -> tuple[str, str]:
        names = ("source", "number", "kind", "organ", "registrar")
        said = {name: tidy(name, cells.get(name, "")) for name in names}
        said |= {"code": tidy("code", cells["code"]).upper(), "text": tidy("text", cells["text"], LONG)}
        for name in ("code", "source", "number", "text"):
            if not said[name]:
                raise Fault(name, "empty")
        origin = known(kind_of_word(said["kind"] or "投诉举报"), "kind", "unknown_lead_kind", said["kind"])
        subject = await self.session.scalar(select(Subject).where(Subject.code == said["code"]))
        if subject is None:
            raise Fault("code", "unknown_subject", said["code"])
        by = await self._registrar(said["registrar"])
        held = select(Lead.id).where(
            Lead.origin == origin,
            Lead.source == said["source"],
            Lead.reference == said["number"],
            Lead.source_organ_id == by.organ_id,
        )
        if await self.session.scalar(held):
            return "unchanged", ""
        organ = await self._organ(subject, said["organ"], said["text"], by)
        new = NewLead(subject, said["text"], origin, source=said["source"], reference=said["number"])
        await send(self.session, new, organ, by, self.now)
        return "added", subject.name

    async def _registrar(self, staff_no: str) -> Person:
        if not staff_no and self.by:
            return self.by
        if not staff_no:
            raise Fault("registrar", "registrar_needed")
        found = await self.session.scalar(select(Person).where(Person.staff_no == staff_no))
        if found is None or found.barred or not set(READ) & set(found.roles):
            raise Fault("registrar", "unknown_person", staff_no)
        return found

    async def _organ(self, subject: Subject, name: str, text: str, by: Person) -> Organ:
        organs, proposed = await destinations(self.session, subject, text)
        if not name:
            return organs[0] if proposed else by.organ
        for organ in organs:
            if name in (organ.name, organ.department):
                return organ
        raise Fault("organ", "unknown_organ", name)


async def exported(session: AsyncSession) -> AsyncIterator[dict[str, str]]:
    """All that came from outside under a number, as rows of text by column, as it can be brought in again."""
    query = select(Lead).where(Lead.origin.in_(FROM_OUTSIDE), Lead.reference.is_not(None)).order_by(Lead.id)
    for lead in await session.scalars(query):
        yield {
            "code": lead.subject.code,
            "source": lead.source,
            "number": lead.reference or "",
            "text": lead.text,
            "kind": word_of_kind(lead.origin),
            "organ": lead.organ.name,
            "registrar": lead.sender.staff_no,
        }


COMPLAINTS = Kind("complaints", "leads", COLUMNS, Complaints, export=exported)
