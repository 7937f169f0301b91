"""A whole demo city with personal data planted wherever there is a place for it: none of it is on any page."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from sqlalchemy import select, text, update

from demo.city import build
from models.appeals import Appeal
from models.base import Base
from models.database import Database
from models.publication import Publication
from models.subjects import Subject
from tests.web.city import ZONE, Client, serve

NOW = datetime(2026, 12, 8, 10, 21, tzinfo=ZONE)
PLANTED = {  # table: columns that the public never reads
    "people": ("name", "staff_no", "phone"),
    "subjects": ("contact", "phone", "credit_class"),
    "answers": ("note", "reading"),
    "visits": ("statement", "returned_because", "alone_because", "closed_because"),
    "leads": ("text", "reason", "outcome_text"),
    "seat_refusals": ("reason",),
    "evidence": ("telegram_file", "name"),
    "journal": ("why",),
    "appeals": ("name", "text", "reply"),
}
MOST_OF_A_KIND = 25  # addresses of one shape, as /subjects/{code}; a city has hundreds of the same
LINK = re.compile(r'(?:href|src)="(/[^"#]*)')


async def plant(database: Database) -> None:
    """Every private text says where it is from."""
    async with database.write() as session:
        for table, columns in PLANTED.items():
            there = Base.metadata.tables[table].columns
            for column in columns:
                key = next(iter(Base.metadata.tables[table].primary_key.columns)).name
                assert column in there, (table, column)
                value = f"'密{table}{column}' || CAST({key} AS VARCHAR)"
                await session.execute(text(f'UPDATE {table} SET "{column}" = {value}'))


def shape(address: str) -> str:
    return re.sub(r"[0-9A-Z]{6,}|[0-9]+|[A-Za-z0-9_-]{20,}", "*", address.partition("?")[0])


async def crawl(client: Client, starts: list[str]) -> dict[str, str]:
    known, seen, kinds = list(starts), dict[str, str](), dict[str, int]()
    while known:
        address = known.pop(0)
        kind = shape(address)
        if address in seen or kinds.get(kind, 0) >= MOST_OF_A_KIND or address.startswith("/draws/draw.py"):
            continue
        kinds[kind] = kinds.get(kind, 0) + 1
        response = await client.get(address)
        assert response.status in (200, 400, 404, 410), address
        body = await response.read()
        seen[address] = body.decode("utf-8", errors="replace")
        if response.content_type == "text/html":
            known += [urljoin(address, link.replace("&amp;", "&")) for link in LINK.findall(seen[address])]
        elif response.content_type == "application/json" and address.startswith("/api/"):
            known += re.findall(r'"next":"([^"]+)"', seen[address])
    return seen


async def test_nothing_that_was_planted_in_a_city_is_ever_shown(database: Database) -> None:
    async with database.write() as session:
        await build(session, NOW, "金华市市场监督管理局", None, bound="zh_CN")
    async with database.write() as session:
        visit = await session.scalar(select(Publication.visit_id).limit(1))
        session.add(Appeal(visit_id=visit, name="x", text="x", made_at=NOW, answer_by=NOW.date(), reply="x"))
        await session.execute(update(Subject).where(Subject.id % 5 == 0).values(kind="person", name="欧阳密名"))
    await plant(database)
    client = await serve(database, now=lambda: NOW)
    document: Any = await (await client.get("/api/v1/openapi.json")).json()
    starts = ["/", *(path for path in document["paths"] if "{" not in path)]
    starts += ["/api/v1/subjects?q=公司", "/api/v1/statistics?year=2026", "/?q=欧阳", "/journal.json", "/ratings"]
    starts += [f"/feeds/{name}.atom" for name in ("results", "draws", "plans")]
    async with database.read() as session:
        codes = list(await session.scalars(select(Subject.code).where(Subject.id % 5 == 0).limit(20)))
    starts += [f"/subjects/{code}" for code in codes] + [f"/api/v1/subjects/{code}" for code in codes]
    seen = await crawl(client, starts)
    await client.close()
    assert len(seen) > 100
    assert "异议处理中" in "".join(seen.values())
    for address, page in seen.items():
        leaks = re.findall(r"密(?:%s)\w{0,30}" % "|".join(PLANTED), page)  # noqa: UP031
        assert not leaks, (address, leaks[:3])
        assert "密名" not in page, address
