"""What must never be seen is not; what comes from outside is bounded; what goes wrong is told kindly."""

import csv
import io
import logging
import re
from typing import Any
from urllib.parse import urljoin

import pytest
from sqlalchemy import text

from actions import register, register_results
from models.database import Database
from tests.web.city import DONE, EARLY, GENUINE, IDENTITY, NOODLES, PERSON, PRIVATE, SEALED, TRADER, Client, read
from web.downloads import harmless
from web.site import A_YEAR

OUR_SCRIPT = re.compile(r'<script src="/static/[0-9a-f]{16}/[a-z0-9]+\.js" defer></script>')
LINK = re.compile(r'(?:href|src)="(/[^"#]*)')


async def crawl(client: Client) -> dict[str, str]:
    """Every page that can be reached, and those that only who has the address can reach."""
    known = [f"/visits/{token}" for token in (GENUINE, EARLY, DONE, "natural-person-token", "identity-number-token")]
    known += [f"/subjects/{code}" for code in (NOODLES, TRADER, SEALED, PERSON, IDENTITY)]
    known += [f"/api/v1{address}" for address in known[5:]] + ["/api/v1/results", "/data/results.csv", "/robots.txt"]
    known += [f"/api/v1/{name}" for name in ("plans", "items", "tasks", "draws", "draws/2", "openapi.json")]
    known += ["/api/v1/tasks/330782202612011001", "/data", "/data/results.jsonl", "/data/national.xlsx"]
    known += [f"/api/v1/subjects?q={words}" for words in ("义乌", "欧阳", PERSON, IDENTITY)]
    known += [f"/feeds/{name}.atom" for name in ("results", "draws", "plans")]
    known += [f"/?q={words}" for words in ("义乌", PERSON, IDENTITY, "9", "公司")]
    known += [
        f"/draws/{n}/{name}"
        for n in range(1, 7)
        for name in ("sealed.json", "certificate.json", "pool.tsv", "inspectors.tsv")
    ]
    known += ["/", "/results", "/tasks", "/statistics", "/ratings", "/draws", "/draws/check", "/healthz", "/readyz"]
    seen: dict[str, str] = {}
    while known:
        address = known.pop()
        if address in seen or address.startswith("/draws/draw.py"):
            continue
        response = await client.get(address)
        assert response.status in (200, 404), address
        seen[address] = await response.text(errors="replace")
        if response.content_type == "text/html":
            known += [urljoin(address, link.replace("&amp;", "&")) for link in LINK.findall(seen[address])]
    return seen


async def test_nothing_private_is_on_any_page(client: Client) -> None:
    pages = await crawl(client)
    assert len(pages) > 60
    for address, page in pages.items():
        shown = page.replace(f'value="{IDENTITY}"', "").replace(f"“{IDENTITY}”", "")  # a search repeats its own words
        shown = re.sub(r'href="[^"]*lang=[^"]*"', "", shown)
        leaked = [secret for secret in PRIVATE if secret in shown]
        assert not leaked, (address, leaked)
        assert SEALED not in page or "/subjects/" in address or "q=" in address, address


async def test_a_number_of_an_identity_card_opens_nothing(client: Client) -> None:
    await read(client, f"/subjects/{IDENTITY}", 404)
    results = await (await client.get("/api/v1/results")).json()
    assert {"code": None, "name": "欧阳**"} in [result["subject"] for result in results["results"]]


async def test_headers_are_on_every_answer(client: Client) -> None:
    for address in ("/", "/nowhere", "/draws/1/pool.tsv", "/data/results.csv", "/healthz"):
        headers = (await client.get(address)).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Server"] == "suicha"


async def test_pages_carry_no_inline_code_and_nothing_from_elsewhere(client: Client) -> None:
    for address, page in (await crawl(client)).items():
        if "<html" in page:
            bare = OUR_SCRIPT.sub("", page)
            assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|(src|href)=\"(https?:)?//", bare), address


async def test_small_files_may_be_kept_for_ever(client: Client) -> None:
    page = await (await client.get("/")).text()
    address = re.search(r'href="(/static/[0-9a-f]{16}/register\.css)"', page)
    assert address
    response = await client.get(address[1])
    assert response.content_type == "text/css"
    assert str(A_YEAR) in response.headers["Cache-Control"]
    assert "http" not in await response.text()
    assert (await client.get("/static/0000000000000000/register.css")).status == 404
    assert (await client.get(f"{address[1]}x")).status == 404


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/?q=" + "长" * 61, 400),
        ("/?q=%00", 200),
        ("/?q=%ff%fe", 200),
        ("/?q=%ED%A0%80", 200),
        ("/?q=a%00b", 200),
        ("/?q=' OR 1=1 --", 200),
        ("/?q=面馆&page=0", 400),
        ("/?q=面馆&page=51", 400),
        ("/results?before=-1", 400),
        ("/results?before=99999999999999999", 400),
        ("/results?before=１", 400),
        ("/?lang=xx", 200),
        ("/subjects/%00", 404),
        ("/subjects/" + "9" * 200, 404),
        ("/subjects/..%2F..%2Fetc%2Fpasswd", 404),
        ("/draws?before=0", 400),
        ("/results?since=2026-13-01", 400),
        ("/results?since=x", 400),
        ("/results?area=' OR 1=1", 200),
        ("/results?result=" + "9" * 65, 400),
        ("/results?task=%00&q=%ff", 200),
        ("/tasks?before=0", 400),
        ("/tasks/1", 404),
        ("/tasks/" + "9" * 25, 404),
        ("/draws/1?page=99999", 400),
        ("/draws/1?page=1000", 200),
        ("/nowhere", 404),
    ],
)
async def test_what_comes_from_outside_is_bounded(client: Client, address: str, status: int) -> None:
    page = await read(client, address, status)
    assert "Traceback" not in page
    assert "双随机" in page


async def test_only_reading(client: Client) -> None:
    response = await client.post("/draws", data={"x": "1"})
    assert response.status == 405
    assert "GET" in response.headers["Allow"]
    assert "这里只能查看" in await response.text()


async def test_a_fault_of_ours_is_told_kindly(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def breaks(*_: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(register, "visit_code", breaks)
    monkeypatch.setattr(register_results, "found_results", breaks)
    with caplog.at_level(logging.ERROR):
        page = await read(client, f"/visits/{GENUINE}", 500)
    assert "暂时出了点问题" in page
    assert "secret detail" not in page
    assert GENUINE not in caplog.text  # the address is the code
    response = await client.get("/api/v1/results")
    assert response.status == 500
    assert await response.json() == {"error": "Internal Server Error"}


async def test_health(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await client.get("/healthz")).status == 200
    assert (await client.get("/readyz")).status == 200
    assert "Disallow: /visits/" in await read(client, "/robots.txt")

    async def breaks(*_: Any) -> None:
        raise RuntimeError("gone")

    monkeypatch.setattr(register, "answers", breaks)
    assert (await client.get("/readyz")).status == 503
    assert (await client.get("/healthz")).status == 200


async def test_csv_is_for_spreadsheets(client: Client, database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("UPDATE subjects SET name = '=HYPERLINK(\"x\")' WHERE id = 1"))
    response = await client.get("/data/results.csv")
    body = await response.read()
    assert body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    assert rows[0][0] == "检查对象"
    assert rows[0][-3] == "抽查结果"
    assert len(rows) == 1 + 3
    assert rows[-1][:2] == ['\'=HYPERLINK("x")', NOODLES]
    assert rows[-1][-3:] == ["发现问题已责令改正", "2026-12-08", "2"]
    english = await (await client.get("/data/results.csv?lang=en")).text()
    assert "Problems found, correction ordered" in english


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\tx", "\rx", "＝1"])
def test_formulas_are_made_harmless(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    assert harmless("面馆") == "面馆"
