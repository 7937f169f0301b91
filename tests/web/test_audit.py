"""The audit that everybody sees: of opened draws alone, made once, in words that say what is odd."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from actions.audit_results import Audit, Coverage, Group, Load, Pooled, Stratum
from models.database import Database
from models.draws import Draw
from models.tables import Base
from models.visits import Visit
from rules.fairness import Verdict
from tests.actions.test_audit import town_with_draws
from tests.web.city import NOW, Client, read, serve
from web import audit as audits

CALM, ALARM = "没有发现偏差", "公平的抽取不会这样"
ODD, USUAL, FAIR = Verdict(90.0, 2, 1e-19), Verdict(11.0, 2, 0.004), Verdict(1.4, 2, 0.496)


class Audits:
    """Counts how often an audit is made; it can be held up, be made to fail, or give a prepared answer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made, self.go, self.answer, self.fails = 0, asyncio.Event(), None, False
        self._real: Any = audits.audit
        self.go.set()
        monkeypatch.setattr(audits, "audit", self)

    async def __call__(self, *wanted: Any) -> Any:
        self.made += 1
        await self.go.wait()
        if self.fails:
            raise RuntimeError("disk")
        return self.answer or await self._real(*wanted)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Audits:
    return Audits(monkeypatch)


@pytest.fixture
async def town(database: Database) -> AsyncIterator[Client]:
    """A town with one opened draw, a void one and two sealed ones."""
    async with database.write() as session:
        await town_with_draws(session)
    client = await serve(database)
    yield client
    await client.close()


async def open_all(database: Database) -> None:
    async with database.write() as session:
        await session.execute(update(Draw).where(Draw.state == "sealed").values(state="opened", opened_at=NOW))


async def both(client: Client) -> tuple[str, Any]:
    """The page and the JSON."""
    return await read(client, "/draws/audit"), await (await client.get("/draws/audit.json")).json()


async def test_a_sealed_draw_changes_nothing(town: Client, database: Database) -> None:
    with_sealed = await both(town)
    async with database.write() as session:
        sealed = select(Draw.id).where(Draw.state == "sealed")
        visits = select(Visit.id).where(Visit.draw_id.in_(sealed))
        for table in Base.metadata.sorted_tables:
            if table.name != "visits" and "visit_id" in table.columns:
                await session.execute(delete(table).where(table.columns.visit_id.in_(visits)))
        await session.execute(delete(Visit).where(Visit.draw_id.in_(sealed)))
        await session.execute(update(Draw).where(Draw.state == "sealed").values(state="void"))
    other = await serve(database)
    assert await both(other) == with_sealed
    await other.close()


async def test_an_opened_draw_counts(town: Client, database: Database) -> None:
    page, facts = await both(town)
    assert (facts["draws"], facts["alarms"]) == (1, [])
    assert CALM in page
    await open_all(database)
    page, facts = await both(town)
    assert (facts["draws"], facts["made_at"]) == (3, NOW.isoformat())
    assert facts["missing"] == facts["overdue"] == []
    assert {one["draw"] for one in facts["strata"]} == {1, 3, 4}
    assert f"{sum(one['observed'] for one in facts['strata'])}" in page
    kinds = facts["seats"]["市场监管"]
    for number in kinds.values():
        assert f"{100 * number / sum(kinds.values()):.1f}% <small>{number}</small>" in page


@pytest.mark.parametrize("language", ["zh_CN", "en"])
async def test_nobody_is_named(town: Client, database: Database, language: str) -> None:
    await open_all(database)
    told = await read(town, f"/draws/audit?lang={language}") + await (await town.get("/draws/audit.json")).text()
    assert "市场监管" in told
    assert not [
        secret for secret in ("张伟", "李娜", "王强", "3307000", "号店", "MA2T", "~", "credit") if secret in told
    ]


async def test_it_is_made_once(town: Client, database: Database, counted: Audits) -> None:
    await asyncio.gather(*(read(town, "/draws/audit") for _ in range(5)))
    await both(town)
    assert counted.made == 1
    async with database.write() as session:  # what is sealed is no reason to make it anew, or people could tell
        await session.execute(update(Draw).where(Draw.sequence == 3).values(state="void", version=9))
    await both(town)
    assert counted.made == 1
    await open_all(database)
    await both(town)
    assert counted.made == 2


async def test_it_is_made_anew_every_day(database: Database, counted: Audits) -> None:
    now = [NOW]
    client = await serve(database, now=lambda: now[0])
    for days, made in ((0, 1), (0, 1), (1, 2)):
        now[0] += timedelta(days=days)
        await both(client)
        assert counted.made == made
    await client.close()


async def test_who_comes_early_waits_and_the_last_one_serves(
    town: Client, database: Database, counted: Audits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audits, "PATIENCE", 0.05)
    counted.go.clear()
    response = await town.get("/draws/audit")
    assert (response.status, response.headers["Retry-After"]) == (503, "10")
    assert '<meta http-equiv="refresh" content="10">' in await response.text()
    response = await town.get("/draws/audit.json")
    assert (response.status, await response.json()) == (503, {"error": "Service Unavailable"})
    monkeypatch.setattr(audits, "PATIENCE", 30)
    counted.go.set()
    assert (await both(town))[1]["draws"] == 1
    monkeypatch.setattr(audits, "PATIENCE", 0.05)
    counted.go.clear()
    await open_all(database)
    assert (await both(town))[1]["draws"] == 1
    assert counted.made == 2


async def test_what_failed_is_tried_again(town: Client, counted: Audits) -> None:
    counted.fails = True
    await read(town, "/draws/audit", 500)
    counted.fails = False
    assert CALM in await read(town, "/draws/audit")


async def test_the_house_closes_while_one_is_made(
    database: Database, counted: Audits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audits, "PATIENCE", 0.05)
    counted.go.clear()
    client = await serve(database)
    await read(client, "/draws/audit", 503)
    await client.close()
    assert not [task for task in asyncio.all_tasks() if "Desk._make" in repr(task)]


async def test_no_opened_draw_yet(database: Database) -> None:
    client = await serve(database)
    assert "还没有公开的抽取" in await read(client, "/draws/audit")
    assert "No draw has been opened yet" in await read(client, "/draws/audit?lang=en")
    await client.close()


async def test_missing_and_late_numbers_stand_above_all(client: Client) -> None:
    page = await read(client, "/draws/audit")
    assert page.index("缺少的编号") < page.index("到期仍未公开的抽取") < page.index(ALARM)
    assert '<a href="/draws/4">4</a>' in page
    assert '<a href="/draws/5">5</a>' in page
    assert "次随机检查，不在任何抽取结果里" in page
    facts = await (await client.get("/draws/audit.json")).json()
    assert (facts["missing"], facts["overdue"], facts["alarms"]) == ([[4, 4]], [5], ["unlisted"])


def prepared() -> Audit:
    """An audit in which everything happens."""
    groups = [Group("东阳市", 4000, 300, 200.4), Group("义乌<市>", 4000, 100, 199.6)]
    history = [Group("again", 90, 3, 4.0), Group("new", 7910, 397, 396.0)]
    kinds = [Group("enterprise", 4000, 200, 200.0), Group("", 4000, 200, 200.0)]
    return Audit(
        draws=12,
        unlisted=7,
        strata=[
            Stratum(8, "S1", 4000, 200, 200, groups, ODD),
            Stratum(9, "S2", 3900, 200, 200, groups, FAIR),
            Stratum(9, "S3", 10, 10, 10, groups, Verdict(0.0, 0, 1.0)),
        ],
        pooled={"area": Pooled(groups, ODD), "kind": Pooled(kinds, FAIR), "history": Pooled(history, USUAL)},
        visits_per_subject={1: 390, 2: 10},
        loads=[Load("市场监管", 12, 800, 0.081, 41, 66.5, 90)],
        repeat_pairs={"appointed": 2, "own": 1},
        seats={"市场监管": {"own": 700, "neighbour": 60, "open": 10, "appointed": 20, "refilled": 10}},
        coverage=[Coverage("餐饮服务", "东阳市", 120, 1000), Coverage("餐饮服务", "义乌<市>", 60, 1000)],
    )


async def test_the_words_say_what_is_odd(database: Database, counted: Audits) -> None:
    counted.answer = prepared()
    client = await serve(database)
    page = await read(client, "/draws/audit")
    for words in (
        *(ALARM, "有的区域抽得太多或者太少", "第 8 号抽取的 S1 层", "有 7 次随机检查，不在任何抽取结果里"),
        *('class="pill overdue">警报', "1,000,000 次里也不到 1 次", 'class="pill bad">少见', "约 250 次里有 1 次"),
        *("100 次里约有 50 次", "卡方 1.40，自由度 2", "其他组织", "以前抽中过", "2 个层分别检验", "200 / 4,000 户"),
        *("390", "97.5%", "12 名检查人员，800 个席位", "66.5", "0.08", "87.5% <small>700</small>"),
        *("3 次", "直接委派 2，本区抽签 1", "9.0% · 180 / 2,000 户", "12.0%", "300", "200.4"),
    ):
        assert words in page, words
    assert CALM not in page
    assert "第 9 号抽取 S3 层" not in page  # nothing to compare there
    raw = await (await client.get("/draws/audit?lang=en")).text()
    assert "义乌<市>" not in raw
    for words in (
        "No honest draw looks like this",
        "In stratum S1 of draw no. 8",
        "Not even 1 in 1,000,000",
        "2 times",
    ):
        assert words in raw, words
    await client.close()
