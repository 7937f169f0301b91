"""Results by filter, tasks with their progress, and this month in figures; what is kept, and who is asked to wait."""

import re
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from models.database import Database
from models.publication import Publication
from tests.web.city import IDENTITY, NOODLES, Client, read, serve
from web.home import HEIGHT, Day, chart
from web.limits import REMEMBERED, Purse
from web.shelf import Shelf


def names(page: str) -> list[str]:
    return re.findall(r'class="subject_name">(?:<a [^>]*>)?([^<]+)', page)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ["义乌市稠城老街面馆", "欧阳**", "欧阳**"]),
        ("q=老街", ["义乌市稠城老街面馆"]),
        (f"q={NOODLES}", ["义乌市稠城老街面馆"]),
        ("q=欧阳", []),  # a natural person is not found by the name (R3.1.3c)
        ("area=330700", ["义乌市稠城老街面馆", "欧阳**", "欧阳**"]),  # and what lies in it
        ("area=330702", []),
        ("item=AMR-1&result=pending", ["欧阳**"]),
        ("item=none", []),
        ("task=330782202612011001&result=correction", ["义乌市稠城老街面馆"]),
        ("since=2026-12-07&until=2026-12-07&result=clean", ["欧阳**"]),
        ("since=2026-12-08", []),
    ],
)
async def test_results_are_found_by_what_is_asked(client: Client, asked: str, found: list[str]) -> None:
    assert names(await read(client, f"/results?{asked}")) == found
    assert IDENTITY not in await read(client, f"/results?{asked}")


async def test_a_page_of_filtered_results_leads_to_the_next_with_the_same_filter(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.results.PAGE", 1)
    page = await read(client, "/results?area=330782&q=")
    more = re.search(r'rel="next" href="([^"]+)"', page)
    assert more
    assert "area=330782" in more[1]
    assert names(await read(client, more[1])) == ["欧阳**"]


async def test_a_task_shows_items_draws_and_progress(client: Client) -> None:
    page = await read(client, "/tasks")
    assert page.count("2026年餐饮服务食品安全抽查") == 1
    page = await read(client, "/tasks/330782202612011001")
    for words in ("餐饮服务食品安全", "重点事项", "7.5%", "第 1 号", "第 2 号", "封存", "已公示 3 户，共抽中 5 户"):
        assert words in page
    assert "尚在封存" not in page  # names of a sealed draw
    await read(client, "/tasks/1", 404)


def test_bars_stand_on_each_other_and_fill_the_chart() -> None:
    drawn = chart(date(2026, 12, 1), [Day(3, 1), Day(0, 0), Day(0, 2)])
    assert drawn.most == 4
    first, second, third = drawn.bars
    assert first.other_y == 0
    assert first.clean_y + first.clean == HEIGHT
    assert first.other_y + first.other == first.clean_y
    assert second.clean == second.other == 0
    assert third.other == HEIGHT / 2
    assert chart(date(2026, 12, 1), [Day(0, 0)]).most == 0


async def test_the_month_is_drawn_and_told_in_figures(client: Client) -> None:
    page = await read(client, "/")
    assert page.count("<rect class=") == 2  # one day, clean and other
    assert re.findall(r"<td>(\d+)</td>", page) == ["1", "2"]


async def test_whoever_has_a_page_is_not_sent_it_again(client: Client) -> None:
    for address in ("/", "/api/v1/results", f"/subjects/{NOODLES}"):
        first = await client.get(address)
        etag = first.headers["ETag"]
        again = await client.get(address, headers={"If-None-Match": f'"x", W/{etag}'})
        assert again.status == 304
        assert await again.read() == b""
        assert again.headers["ETag"] == etag
        assert (await client.get(address, headers={"If-None-Match": '"x"'})).status == 200
    assert "ETag" not in (await client.get("/visits/genuine-visit-token-1")).headers


async def test_a_kept_page_serves_for_a_while_in_each_language(client: Client, database: Database) -> None:
    quick = await serve(database, fresh=1000)
    languages: dict[str, Any] = {language: {"Accept-Language": language} for language in ("zh", "en")}
    before = {language: await read(quick, "/", **asked) for language, asked in languages.items()}
    assert before["zh"] != before["en"]
    async with database.write() as session:
        await session.execute(update(Publication).values(result="moved"))
    for language, page in before.items():
        assert await read(quick, "/", **languages[language]) == page
        assert await read(client, "/", **languages[language]) != page
    assert (await quick.head("/")).status == 200
    headers = (await quick.get("/")).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" in (await quick.get("/?lang=en")).headers  # what sets a cookie is not kept
    assert "Set-Cookie" in (await quick.get("/?lang=en")).headers
    await quick.close()


def test_the_shelf_never_grows_beyond_its_bounds() -> None:
    shelf = Shelf(1000)
    for number in range(200):
        shelf.put((f"/{number}", "en"), b"x" * 900_000, None, "")  # type: ignore[arg-type]
    assert shelf.take(("/0", "en")) is None
    assert shelf.take(("/199", "en"))
    shelf.put(("/large", "en"), b"x" * 2_000_000, None, "")  # type: ignore[arg-type]
    shelf.put(("/" + "9" * 501, "en"), b"x", None, "")  # type: ignore[arg-type]
    assert shelf.take(("/large", "en")) is None
    assert shelf.take(("/" + "9" * 501, "en")) is None


async def test_whoever_asks_too_often_is_asked_to_wait(client: Client, database: Database) -> None:
    slow = await serve(database, a_minute=10)
    statuses = [(await slow.get("/draws")).status for _ in range(21)]
    assert statuses == [200] * 20 + [429]
    response = await slow.get("/draws", headers={"X-Forwarded-For": "203.0.113.9"})  # nobody's word is taken for it
    assert response.status == 429
    assert int(response.headers["Retry-After"])
    assert "请稍等再来" in await response.text()
    assert await (await slow.get("/api/v1/results")).json() == {"error": "Too Many Requests"}
    assert (await slow.get("/healthz")).status == 200
    await slow.close()
    behind = await serve(database, a_minute=10, proxies=1)
    for number in range(30):  # each behind our proxy has a purse of their own, whatever they claim
        forwarded = {"X-Forwarded-For": f"198.51.100.1, 203.0.113.{number}"}
        assert (await behind.get("/draws", headers=forwarded)).status == 200
    await behind.close()


def test_a_purse_fills_again_and_forgets() -> None:
    purse = Purse(60)
    assert all(purse.pays("a", 1, 0) for _ in range(120))
    assert not purse.pays("a", 1, 0)
    assert purse.pays("a", 1, 1)
    assert not purse.pays("a", 1, 1)
    assert purse.pays("b", 20, 1)
    for number in range(REMEMBERED):
        purse.pays(str(number), 1, 2)
    assert len(purse._left) == REMEMBERED
