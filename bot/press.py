"""Prints what replies and notices promise: puts the row into words, and makes the PDF or the picture in a thread."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

import documents
from actions import extracts, lead_lists, letters, proofs, records, statistics
from documents import digest, extract, notice, proof, record
from documents.statistics import workbook
from handlers import lead_tables
from handlers.turn import House
from locales import Words
from models.credit import Extract
from models.database import Database
from models.documents import Notice, Record
from models.people import Person
from models.visits import Visit
from rules.statistics import Period

NOT_IN_A_NAME = re.compile(r"[^\w.（）()-]+")


@dataclass(frozen=True)
class Printed:
    """A PDF or workbook and the name under which it is sent."""

    name: str
    data: bytes


class Press:
    """Knows the kinds of paper: `record`, `notice`, `extract` by the row's id, `proof` by visit and person, `leads`."""

    def __init__(self, database: Database, house: House, now: Callable[[], datetime]) -> None:
        self.database = database
        self.house = house
        self.now = now

    async def print(self, paper: dict[str, Any]) -> Printed:
        """The PDF of a paper, or a workbook; raises if what it is of is not there.

        An order has `kind`, `id`, `language` and, for a proof, `person`; for statistics `order`, what they are of.
        """
        words = Words(paper["language"], self.house.zone)
        if paper["kind"] == "leads":
            return await self._leads(paper, words)
        if paper["kind"] == "statistics":
            return await self._statistics(paper["order"], words)
        async with self.database.read() as session:
            subject, data = await getattr(self, f"_{paper['kind']}")(session, paper, words)
        pdf = await asyncio.to_thread(documents.render, paper["kind"], data, paper["language"])
        name = NOT_IN_A_NAME.sub("_", f"{data['title']}-{subject}")[:80]
        return Printed(f"{name}.pdf", pdf)

    async def draw(self, order: dict[str, Any]) -> bytes:
        """The PNG of a picture: of a digest, whose facts are in the order."""
        words = Words(order["language"], self.house.zone)
        data = digest.sheet(order["data"], words)
        return await asyncio.to_thread(documents.picture, order["kind"], data, order["language"])

    async def _statistics(self, order: dict[str, Any], words: Words) -> Printed:
        period = Period(date.fromisoformat(order["first"]), date.fromisoformat(order["last"]))
        scope = statistics.Scope(period, order["department"], order["area"], order["item"])
        async with self.database.read() as session:
            facts = await statistics.everything(session, scope, order["own"], self.now())
        title = f"{self.house.authority} {order['department']} {order['first']} {order['last']}"
        facts["title"] = str(words("statistics.workbook", of=" ".join(title.split())).unescape())
        made = await asyncio.to_thread(workbook, facts, words)
        return Printed(f"{NOT_IN_A_NAME.sub('_', facts['title'])[:80]}.xlsx", made)

    async def _record(self, session: AsyncSession, paper: dict[str, Any], words: Words) -> tuple[str, dict[str, Any]]:
        row = await session.get_one(Record, paper["id"])
        newest = (await records.records_of(session, row.visit_id))[-1].version
        address = f"{self.house.public_url}/records/{row.token}"
        version = record.Version(row.version, newest, row.hash, address)
        return row.content["subject"]["name"], record.sheet(row.content, version, words)

    async def _notice(self, session: AsyncSession, paper: dict[str, Any], words: Words) -> tuple[str, dict[str, Any]]:
        row = await session.get_one(Notice, paper["id"])
        address = f"{self.house.public_url}/visits/{row.visit.token}"
        return row.visit.subject.name, notice.sheet(letters.facts(row, self.house.zone), address, words)

    async def _leads(self, paper: dict[str, Any], words: Words) -> Printed:
        """The list of a month's leads, `id` months ago, that `person` may read: a workbook."""
        first, end = lead_tables.month_of(self.now().astimezone(self.house.zone).date(), paper["id"])
        span = [datetime.combine(day, time(), self.house.zone) for day in (first, end)]
        async with self.database.read() as session:
            person = await session.get_one(Person, paper["person"])
            found = await lead_lists.of_month(session, person, span[0], span[1])
            title = str(words("leads.month", month=f"{first:%Y-%m}").unescape())
            return Printed(f"{title}.xlsx", await asyncio.to_thread(lead_tables.table, words, found, title))

    async def _proof(self, session: AsyncSession, paper: dict[str, Any], words: Words) -> tuple[str, dict[str, Any]]:
        visit = await session.get_one(Visit, paper["id"])
        person = await session.get_one(Person, paper["person"])
        facts = await proofs.gather(session, visit, person, self.now())
        return visit.subject.name, proof.sheet(facts, self.house.public_url, words)

    async def _extract(self, session: AsyncSession, paper: dict[str, Any], words: Words) -> tuple[str, dict[str, Any]]:
        row = await session.get_one(Extract, paper["id"])
        address = self.house.public_url
        number = extracts.number_of(row, self.house.zone)
        given = extract.Given(self.house.authority, number, row.made_at, f"{address}/extracts/{row.token}", address)
        return row.content["subject"]["name"], extract.sheet(row.content, given, words)
