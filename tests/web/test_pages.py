"""The register as people read it: pages fetched over HTTP, words compared with the official ones."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from locales import LANGUAGES, Words
from models.database import Database
from models.publication import Publication
from models.subjects import Subject
from models.visits import Visit
from rules.results import RESULTS
from tests.web.city import DONE, EARLY, GENUINE, NOODLES, NOW, PERSON, SEALED, TRADER, ZONE, Client, read, serve

OFFICIAL = [
    "未发现问题",
    "未按规定公示应当公示的信息",
    "公示信息隐瞒真实情况、弄虚作假",
    "通过登记的住所（经营场所）无法联系",
    "发现问题已责令改正",
    "不配合检查情节严重",
    "未发现开展本次抽查涉及的经营活动",
    "发现问题待后续处理",
    "已关闭停业或正在组织清算",
    "注销",
    "被吊销",
    "被撤销",
    "迁出",
]
COLUMNS = [
    "抽查计划编号",
    "抽查计划名称",
    "抽查任务编号",
    "抽查任务名称",
    "抽查类型",
    "抽查机关",
    "抽查完成日期",
    "抽查结果",
]


def test_every_result_has_its_official_words() -> None:
    t = Words("zh_CN", ZONE)
    assert [t(f"result.{code}") for code in RESULTS] == OFFICIAL
    assert all(Words(language, ZONE).has(f"result.{code}") for code in RESULTS for language in LANGUAGES)


async def test_home_shows_the_columns_of_the_national_register(client: Client) -> None:
    page = await read(client, "/")
    for column in [
        "抽查计划编号",
        "抽查计划名称",
        "抽查任务编号",
        "抽查任务名称",
        "抽查类型",
        "抽查机关",
        "抽查完成日期",
        "抽查结果",
    ]:
        assert column in page
    assert "临时任务" in page
    assert "不定向抽查" in page
    assert "2026年12月7日" in page
    assert "<strong>随查" in page
    assert page.count("义乌市稠城老街面馆") == 1  # the latest version only
    assert "发现问题已责令改正" in page
    assert "已更正（第 2 版）" in page
    assert re.findall(r"<dd>(?:<a[^>]*>)?(\d+)", page) == ["3", "2", "1", "5"]  # corrections are not new results


async def test_home_pages_have_stable_addresses(client: Client, database: Database) -> None:
    async with database.write() as session:
        for version in range(3, 5):
            session.add(
                Publication(
                    visit_id=1,
                    version=version,
                    result="clean",
                    checked_on=date(2026, 12, 7),
                    published_at=NOW,
                    approved_by=3,
                )
            )
    page = await read(client, "/results?before=3")
    assert "回到最新" in page
    assert "义乌市稠城老街面馆" not in page
    assert page.count("欧**") + page.count("欧阳**") == 2


async def test_many_results_come_page_by_page(client: Client, database: Database) -> None:
    async with database.write() as session:
        for subject in await session.scalars(select(Subject)):
            session.add(
                Visit(
                    id=100 + subject.id,
                    task_id=2,
                    subject_id=subject.id,
                    origin="targeted",
                    public_id="",
                    position=subject.id,
                    state="published",
                    token=f"visit-token-{subject.id}",
                    due=date(2026, 12, 18),
                    result="clean",
                )
            )
        await session.flush()
        for subject in range(1, 6):
            for version in range(1, 8):
                session.add(
                    Publication(
                        visit_id=100 + subject,
                        version=version,
                        result="clean",
                        checked_on=date(2026, 12, 7),
                        published_at=NOW - timedelta(days=40),
                        approved_by=3,
                    )
                )
    page = await read(client, "/")
    assert page.count('<tr role="row">') == 1 + 8
    assert "定向抽查" in page
    first = await (await client.get("/api/v1/results?limit=5")).json()
    second = await (await client.get(first["next"])).json()
    ids = [result["id"] for result in first["results"] + second["results"]]
    assert len(ids) == 8
    assert ids == sorted(ids, reverse=True)
    assert second["next"] is None


async def test_search_by_part_of_a_name_or_a_code(client: Client) -> None:
    assert "义乌市稠城老街面馆" in await read(client, "/?q=老街")
    assert "义乌市稠城老街面馆" in await read(client, "/?q=义乌 面馆")
    assert "没有找到" in await read(client, "/?q=义乌 面包")
    assert "义乌市稠城老街面馆" in await read(client, "/?q=92330782ma2e")
    assert "1 条公示的抽查结果" in await read(client, f"/?q={NOODLES}")
    assert "暂无公示的抽查结果" in await read(client, f"/?q={TRADER}")
    assert "没有找到" in await read(client, "/?q=不存在的店")
    assert "没有找到" in await read(client, "/?q=%25")  # a wildcard is a character like any other
    assert "没有找到" in await read(client, "/?q=_")


async def test_names_are_escaped(client: Client) -> None:
    raw = await (await client.get(f"/subjects/{TRADER}")).text()
    assert "诚信&lt;贸易&gt;有限公司" in raw
    assert "诚信<贸易>" not in raw
    raw = await (await client.get("/?q=<script>alert(1)</script>")).text()
    assert "<script" not in raw
    raw = await (await client.get("/draws/1")).text()
    assert "春江水暖 &lt;b&gt;7&lt;/b&gt;" in raw


async def test_a_subject_with_its_results(client: Client) -> None:
    page = await read(client, f"/subjects/{NOODLES}")
    for words in ("义乌市稠城老街面馆", NOODLES, "个体工商户", "稠城街道工人西路12号", "发现问题已责令改正"):
        assert words in page
    assert page.count("未发现问题") == 1  # superseded: only where the change is told
    assert "未发现问题 → 发现问题已责令改正" in page
    assert "结果尚未公示" not in page


async def test_a_drawn_subject_is_no_news_before_opening_or_result(client: Client, database: Database) -> None:
    page = await read(client, f"/subjects/{SEALED}")
    assert "还没有公示的抽查结果" in page
    assert "抽中" not in page
    assert SEALED not in await read(client, "/draws/2")
    async with database.write() as session:
        await session.execute(text("UPDATE visits SET draw_id = 1 WHERE id = 3"))
    assert "已被抽中，结果尚未公示" in await read(client, f"/subjects/{SEALED}")


async def test_natural_persons_are_masked_and_not_found_by_name(client: Client) -> None:
    assert "没有找到" in await read(client, "/?q=欧阳机密")
    assert "没有找到" in await read(client, "/?q=机密")
    assert "没有找到" in await read(client, "/?q=ZJ-00")
    assert "欧阳**" in await read(client, f"/?q={PERSON}")
    page = await read(client, f"/subjects/{PERSON}")
    assert "欧阳**" in page
    assert "未发现问题" in page


async def test_languages_by_address_cookie_and_browser(client: Client, database: Database) -> None:
    assert "Latest results" in await read(client, "/", **{"Accept-Language": "fr, en-GB;q=0.8, zh;q=0.1"})
    assert "最新公示结果" in await read(client, "/", **{"Accept-Language": "zh-Hant-TW,zh;q=0.9,en;q=0.8"})
    assert "最新公示结果" in await read(client, "/", **{"Accept-Language": "fr;q=x,,;q=,*"})
    response = await client.get("/?lang=en")
    assert response.cookies["lang"].value == "en"
    assert response.cookies["lang"]["httponly"]
    page = await read(client, "/draws")  # remembered
    assert "Drawn, sealed" in page
    assert '<html lang="en">' in page
    assert "最新公示结果" in await read(client, "/?lang=zh-CN")
    assert "最新公示结果" in await read(client, "/")
    english = await serve(database, language="en", public_url="https://example.org")
    response = await english.get("/?lang=zh_CN")
    assert response.cookies["lang"]["secure"]
    assert response.headers["Strict-Transport-Security"]
    await english.close()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_in_every_language(client: Client, language: str) -> None:
    for address in (
        "/",
        "/?q=义乌",
        f"/subjects/{NOODLES}",
        "/draws",
        "/draws/check",
        *(f"/draws/{n}" for n in (1, 2, 3, 5, 6)),
    ):
        page = await read(client, f"{address}{'&' if '?' in address else '?'}lang={language}")
        assert ("Results" in page) == (language == "en")
    for token, status in ((GENUINE, 200), (DONE, 200), (EARLY, 404), ("unknown-token", 404)):
        await read(client, f"/visits/{token}?lang={language}", status)


async def test_visit_code(client: Client) -> None:
    page = await read(client, f"/visits/{GENUINE}")
    for words in (
        "检查属实",
        "浙ZJ0012345",
        "有效期至2028年3月1日",
        "浙ZJ0054321",
        "已于2026年1月31日过期",
        "餐饮服务食品安全",
    ):
        assert words in page
    assert "《食品安全法》第一百一十条" in page
    assert "有权申请回避" in page
    assert "发现问题" not in page  # not published yet
    page = await read(client, f"/visits/{DONE}")
    assert "检查结果已公示" in page
    assert "发现问题已责令改正" in page


@pytest.mark.parametrize(
    "token", ["unknown-token-0000", "x", "%00", "%27%20OR%201=1", "genuine-visit-token-1%0A", "9" * 3000]
)
async def test_a_code_that_is_not_ours_is_not_genuine(client: Client, token: str) -> None:
    page = await read(client, f"/visits/{token}", 404)
    assert "不是有效的行政行为码" in page


async def test_a_code_of_a_visit_that_nobody_was_told_of_tells_nothing(client: Client) -> None:
    page = await read(client, f"/visits/{EARLY}", 404)
    assert "不是有效的行政行为码" in page
    assert "食品厂" not in page
    response = await client.get(f"/visits/{EARLY}")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Robots-Tag"] == "noindex"


async def test_month_begins_at_midnight_here(client: Client, database: Database) -> None:
    async with database.write() as session:
        await session.execute(
            Publication.__table__.update().values(published_at=NOW.replace(day=1, hour=0) - timedelta(hours=7))
        )
    assert re.findall(r"<dd>(\d+)", await read(client, "/"))[0] == "3"  # 01:00 in Shanghai, still November in UTC
    async with database.write() as session:
        await session.execute(
            Publication.__table__.update().values(published_at=NOW.replace(day=1, hour=0) - timedelta(hours=9))
        )
    assert re.findall(r"<dd>(\d+)", await read(client, "/"))[0] == "0"


async def test_search_goes_on_page_by_page(client: Client, database: Database) -> None:
    async with database.write() as session:
        session.add_all(
            Subject(
                id=1000 + n, code=f"9133078200000{n:05}", name=f"同名商行{n:03}", area_code="330782", updated_at=NOW
            )
            for n in range(45)
        )
    page = await read(client, "/?q=同名")
    assert page.count("同名商行") == 20
    assert "page=2" in page
    assert (await read(client, "/?q=同名&page=3")).count("同名商行") == 5
