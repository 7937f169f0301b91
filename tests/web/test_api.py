"""The register for programs: every answer as its declaration says, bounded, and the same facts as the pages."""

import csv
import io
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from locales import LANGUAGES, Words
from models.database import Database
from models.plans import Plan, PlannedTask
from tests.web.city import NOODLES, NOW, TRADER, ZONE, Client, build, read
from web.endpoints import ENDPOINTS

ATOM = "{http://www.w3.org/2005/Atom}"
EXAMPLES = 60 if os.environ.get("ALL_TESTS") else 4  # requests of each kind that are made up for each address


async def asked(client: Client, address: str, status: int = 200) -> Any:
    response = await client.get(address)
    assert response.status == status, (address, await response.text())
    assert response.content_type == "application/json"
    return await response.json()


async def plan(database: Database) -> None:
    """The first task stands in an annual plan."""
    async with database.write() as session:
        session.add(
            Plan(
                id=1,
                number="33078220261001",
                year=2026,
                name="2026年度抽查计划",
                organ_id=1,
                state="published",
                drafted_at=NOW,
                published_at=NOW,
                tasks=[
                    PlannedTask(
                        id=1,
                        number=1,
                        name="餐饮",
                        area_code="330782",
                        ratio=Decimal(5),
                        starts=date(2026, 3, 1),
                        ends=date(2026, 12, 18),
                    )
                ],
            )
        )
        await session.flush()
        await session.execute(text("UPDATE tasks SET planned_id = 1 WHERE id = 1"))


async def test_a_result_has_the_columns_of_the_national_register(client: Client) -> None:
    results = await asked(client, "/api/v1/results?limit=1")
    assert results["results"] == [
        {
            "id": 4,
            "version": 2,
            "corrected": True,
            "plan_number": None,
            "plan_name": None,
            "task_number": "330782202612011001",
            "task_name": "2026年餐饮服务食品安全抽查",
            "type": "undirected",
            "type_text": "不定向抽查",
            "organ": "义乌市市场监督管理局",
            "checked_on": "2026-12-07",
            "result": "correction",
            "result_text": "发现问题已责令改正",
            "objection": False,
            "published_at": "2026-12-08T02:21:00Z",
            "subject": {"code": NOODLES, "name": "义乌市稠城老街面馆"},
        }
    ]
    assert await asked(client, "/api/v1/results/4") == results["results"][0]
    assert (await asked(client, "/api/v1/results/3", 404)) == {"error": "Not Found"}  # a version that was corrected
    english = await asked(client, "/api/v1/results/4?lang=en")
    assert english["result_text"] == "Problems found, correction ordered"


async def test_following_next_gives_everything_once(client: Client) -> None:
    for name, whole in (("results", 3), ("tasks", 2), ("draws", 5), ("items", 1), ("plans", 0)):
        found, address = [], f"/api/v1/{name}?limit=1"
        while address:
            page = await asked(client, address)
            found += page[name]
            address = page["next"]
        assert len(found) == whole, name
        assert [json.dumps(one, sort_keys=True) for one in found] == list(
            dict.fromkeys(json.dumps(one, sort_keys=True) for one in found)
        )
    assert (await asked(client, "/api/v1/draws"))["missing"] == [[4, 4]]


async def test_subjects_are_searched_and_shown_as_on_the_pages(client: Client) -> None:
    found = await asked(client, "/api/v1/subjects?q=义乌市&limit=2")
    assert len(found["subjects"]) == 2
    rest = await asked(client, found["next"])
    assert rest["next"] is None
    assert {one["code"] for one in found["subjects"] + rest["subjects"]} >= {NOODLES, TRADER}
    assert (await asked(client, "/api/v1/subjects?q=欧阳"))["subjects"] == []
    subject = await asked(client, f"/api/v1/subjects/{TRADER}?lang=en")
    assert subject["name"] == "义乌市诚信<贸易>有限公司"
    assert subject["results"] == []
    assert subject["waiting"][0]["draw"] == 1


async def test_what_is_wrong_is_named(client: Client) -> None:
    for address, parameter, chinese, english in (
        ("/api/v1/results?limit=201", "limit", "不能大于 200", "must be 200 or less"),
        ("/api/v1/results?limit=0", "limit", "要填 1 以上的整数", "must be a whole number from 1 on"),
        ("/api/v1/results?cursor=-1", "cursor", "要填 1 以上的整数", "must be a whole number from 1 on"),
        ("/api/v1/results?limits=5", "limits", "没有这个参数", "there is no such parameter"),
        ("/api/v1/results?since=2026-02-30", "since", "没有这一天", "there is no such day"),
        ("/api/v1/results?q=" + "长" * 61, "q", "太长，最多 60 个字", "too long: 60 characters at most"),
        ("/api/v1/subjects?limit=5", "q", "缺这个参数", "this parameter is needed"),
        ("/data/results.csv?until=x", "until", "日期要写成 2026-12-08 这样", "must be a day such as 2026-12-08"),
        ("/api/v1/draws/x?", "number", "要填 1 以上的整数", "must be a whole number from 1 on"),
    ):
        for language, reason in (("zh-CN", chinese), ("en", english)):
            refused = await asked(client, f"{address}&lang={language}", 400)
            assert refused["error"] == "Bad Request"
            assert refused["parameters"] == [{"parameter": parameter, "reason": reason}]


async def test_a_task_of_a_plan_says_which(client: Client, database: Database) -> None:
    await plan(database)
    (found,) = (await asked(client, "/api/v1/plans"))["plans"]
    assert (found["number"], found["tasks"], found["filed_with"]) == ("33078220261001", 1, "")
    result = await asked(client, "/api/v1/results/4")
    assert (result["plan_number"], result["plan_name"]) == ("33078220261001", "2026年度抽查计划")
    assert "2026年度抽查计划" in await read(client, "/results")
    assert "临时任务" not in await read(client, "/results")


async def test_downloads_tell_what_the_pages_tell(client: Client) -> None:
    address = "?area=330782&result=correction"
    rows = list(csv.reader(io.StringIO((await (await client.get(f"/data/results.csv{address}")).read()).decode())))
    (line,) = (await (await client.get(f"/data/results.jsonl{address}")).text()).splitlines()
    assert json.loads(line) == (await asked(client, f"/api/v1/results{address}"))["results"][0]
    assert [row[0] for row in rows[1:]] == ["义乌市稠城老街面馆"]
    body = await (await client.get(f"/data/national.xlsx{address}")).read()
    titles, only = CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python()
    assert titles[2:] == [
        *("抽查计划编号", "抽查计划名称", "抽查任务编号", "抽查任务名称", "抽查类型", "抽查机关"),
        *("抽查完成日期", "抽查结果"),
    ]
    assert only[:2] == [NOODLES, "义乌市稠城老街面馆"]
    assert only[-2:] == ["2026-12-07", "发现问题已责令改正"]


async def test_more_rows_than_a_workbook_holds_are_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.downloads.MOST_ROWS", 2)
    (wrong,) = (await asked(client, "/data/national.xlsx", 400))["parameters"]
    assert wrong == {"parameter": "since", "reason": "请缩短时间范围：一次最多 2 行"}
    assert (await client.get("/data/national.xlsx?result=pending")).status == 200


@pytest.mark.parametrize("name", ["results", "draws", "plans"])
async def test_feeds_are_atom(client: Client, database: Database, name: str) -> None:
    await plan(database)
    response = await client.get(f"/feeds/{name}.atom")
    assert response.content_type == "application/atom+xml"
    feed = ElementTree.fromstring(await response.read())
    assert feed.tag == f"{ATOM}feed"
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == {"results": 3, "draws": 5, "plans": 1}[name]
    assert len({one.findtext(f"{ATOM}id") for one in entries}) == len(entries)
    for one in (feed, *entries):
        assert one.findtext(f"{ATOM}title")
        assert datetime.fromisoformat(one.findtext(f"{ATOM}updated") or "") <= NOW.astimezone(UTC)
    assert (await client.get("/feeds/none.atom")).status == 404


async def test_the_dictionary_explains_every_field(client: Client) -> None:
    document = await asked(client, "/api/v1/openapi.json")
    page = await read(client, "/data")
    for name, schema in document["components"]["schemas"].items():
        for field, about in schema["properties"].items():
            assert about["description"]
            assert name in ("Error", "Wrong") or about["description"] in page, field
    for one in ENDPOINTS:
        assert one.path in page
        assert one.path in document["paths"]
    assert all(Words(language, ZONE)("data.title") for language in LANGUAGES)


@pytest.fixture
async def served(database: Database) -> AsyncIterator[Client]:
    from tests.web.city import serve

    async with database.write() as session:
        await build(session)
    await plan(database)
    client = await serve(database)
    yield client
    await client.close()


async def test_made_up_requests_get_the_answers_that_are_declared(served: Client) -> None:
    import asyncio

    await asyncio.to_thread(_attack, str(served.make_url("/")).rstrip("/"))


def _attack(address: str) -> None:
    """Requests that fit the document and some that do not: no fault of ours, every answer as declared."""
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings

    schema = schemathesis.openapi.from_url(f"{address}/api/v1/openapi.json")
    schema.config.base_url = address
    for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
        for operation in schema.get_all_operations():
            try:
                cases = operation.ok().as_strategy(generation_mode=mode)
            except schemathesis.errors.Unsatisfiable:
                continue

            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                database=None,
                phases=[Phase.explicit, Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=cases)
            def check(case: Any) -> None:
                case.call_and_validate()

            check()
