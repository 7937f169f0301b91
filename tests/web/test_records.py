"""The page behind the code on a record: genuine, older or not genuine, and nothing of what stands in the record."""

from datetime import timedelta

import pytest

from models.database import Database
from models.documents import Record
from tests.web.city import NOW, PRIVATE, Client, read

OLD, NEW = "old-record-token-1", "new-record-token-2"
FIRST, SECOND = "7f3a00c2" * 8, "beefcafe" * 8


@pytest.fixture
async def records(client: Client, database: Database) -> Client:
    async with database.write() as session:
        for version, token, digest in ((1, OLD, FIRST), (2, NEW, SECOND)):
            session.add(
                Record(
                    visit_id=2,
                    version=version,
                    content={"subject": {"name": "机密联系人"}, "points": [{"note": "机密笔记"}]},
                    hash=digest,
                    token=token,
                    reason="机密退回" if version == 2 else "",
                    made_by=1,
                    made_at=NOW + timedelta(hours=version),
                )
            )
    return client


async def test_the_newest_version_is_genuine(records: Client) -> None:
    response = await records.get(f"/records/{NEW}")
    page = await response.text()
    assert response.status == 200
    assert (response.headers["Cache-Control"], response.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    for wanted in (
        "记录属实",
        "第 2 版，最新第 2 版",
        "330782202612011001",
        "义乌市市场监督管理局",
        "2026年12月8日 12:21",
    ):
        assert wanted in page
    assert " ".join(["beefcafe"] * 8) in page
    assert "<script" not in page
    assert [word for word in (*PRIVATE, "诚信", "餐饮服务食品安全抽查") if word in page] == []


async def test_an_older_version_says_that_there_is_a_newer_one(records: Client) -> None:
    page = await read(records, f"/records/{OLD}")
    assert "已有新版" in page
    assert "第 1 版，最新第 2 版" in page
    assert NEW not in page
    english = await read(records, f"/records/{OLD}?lang=en")
    assert "Genuine, but there is a newer version" in english


@pytest.mark.parametrize("token", ["forged-record-token", "x", "%00%00%00%00%00%00%00%00", "a" * 200, FIRST[:60], "1"])
async def test_anything_else_is_not_genuine(records: Client, token: str) -> None:
    response = await records.get(f"/records/{token}")
    assert response.status == 404
    assert "查无此记录" in await response.text()
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert response.headers["Cache-Control"] == "no-store"
