"""Everybody can read it: valid HTML, no barrier that axe finds (WCAG 2.2 AA), with the keyboard, without JavaScript."""

import json
import re
import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

import axe_playwright_python
import html5lib
import pytest

from models.database import Database
from tests.web.browsers import BROWSER
from tests.web.city import DONE, GENUINE, NOODLES, SEALED, Client
from tests.web.test_api import plan
from tests.web.test_voice import SAID, objects, second_supervisor

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
PAGES = (
    *(
        "/",
        "/?q=义乌",
        "/?q=不存在",
        "/results",
        "/results?area=330782&result=clean",
        "/tasks",
        "/statistics",
        "/data",
        "/ratings",
    ),
    *("/tasks/330782202612011001", f"/subjects/{NOODLES}", f"/subjects/{SEALED}", "/plans", "/items"),
    *("/draws", "/draws/check", "/draws/audit", "/draws/1", "/draws/2", "/nowhere"),
    *(f"/visits/{token}" for token in (DONE, GENUINE, "unknown-token-0000")),
    "/records/unknown-token-0000",
)


def at(client: Client, path: str) -> str:
    return str(client.make_url("/")).rstrip("/") + path


@pytest.fixture
async def told(client: Client, database: Database) -> Client:
    """The small city with an open objection."""
    await second_supervisor(database)
    await plan(database)
    assert (await objects(client))[0] == 303
    return client


@pytest.mark.parametrize("language", ["zh_CN", "en"])
async def test_every_page_is_valid_html(told: Client, language: str) -> None:
    for path in PAGES:
        page = await (await told.get(f"{path}{'&' if '?' in path else '?'}lang={language}")).text()
        parser = html5lib.HTMLParser(strict=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parser.parse(page)
        assert not parser.errors, (path, parser.errors[:3])
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids)), (path, "an id stands twice")
        for kind, name in re.findall(r'\s(for|aria-labelledby|aria-describedby)="([^"]+)"', page):
            assert set(name.split()) <= set(ids), (path, kind, name)
        headings = [int(level) for level in re.findall(r"<h([1-6])", page)]
        assert headings[0] == 1, path
        assert all(after <= before + 1 for before, after in pairwise(headings)), (path, headings)


@pytest.mark.browser
@BROWSER[1]
@pytest.mark.parametrize(
    ("viewport", "scheme", "language"),
    [(PHONE, "light", "zh-CN"), (DESK, "dark", "en")],
    ids=["390-light-zh", "1280-dark-en"],
)
async def test_axe_finds_no_barrier(
    told: Client, browser: Any, viewport: dict[str, int], scheme: str, language: str
) -> None:
    context = await browser.new_context(viewport=viewport, color_scheme=scheme, locale=language, bypass_csp=True)
    page = await context.new_page()
    for path in PAGES:
        await page.goto(at(told, path))
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is too wide"
        await page.add_script_tag(path=str(AXE))
        options = json.dumps({"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]})
        found = await page.evaluate(f"axe.run(document, {options})")  # of what passes one place is told
        wrong = [(one["id"], [node["html"][:120] for node in one["nodes"]][:2]) for one in found["violations"]]
        assert not wrong, (path, wrong)
        assert found["passes"], path


async def focus(page: Any, selector: str, most: int = 60) -> None:
    """Press Tab until something has the focus."""
    for _ in range(most):
        if await page.locator(f"{selector}:focus").count():
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {selector}")


@pytest.mark.browser
@BROWSER[1]
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["390", "1280"])
async def test_search_results_visit_code_and_objection_with_the_keyboard_and_no_javascript(
    client: Client, database: Database, browser: Any, viewport: dict[str, int]
) -> None:
    await second_supervisor(database)
    page = await browser.new_page(viewport=viewport, locale="zh-CN", java_script_enabled=False)
    await page.goto(at(client, "/"))
    await focus(page, "#q")
    await page.keyboard.type("老街")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/?q=*")
    await focus(page, "a.cover")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/subjects/{NOODLES}")
    await page.goto(at(client, "/results"))
    await focus(page, "summary")
    await page.keyboard.press("Enter")
    await focus(page, "#result")
    for _ in range(5):  # the fifth of the official list
        await page.keyboard.press("ArrowDown")
    await focus(page, ".filters button")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**result=correction**")
    assert await page.locator("td.subject_name").count() == 1
    await page.goto(at(client, f"/visits/{DONE}"))
    await focus(page, "#who")
    await page.keyboard.type(SAID["who"])
    await page.keyboard.press("Tab")
    await page.keyboard.type(SAID["text"])
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/visits/{DONE}#object")
    assert SAID["text"] in await page.locator("main").inner_text()
    assert "领券要用 JavaScript" in await page.locator("main").inner_text()


@pytest.mark.browser
@BROWSER[1]
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["390", "1280"])
async def test_a_slip_is_taken_and_used_with_the_keyboard(
    client: Client, browser: Any, viewport: dict[str, int]
) -> None:
    page = await browser.new_page(viewport=viewport, locale="zh-CN")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    await page.goto(at(client, f"/visits/{DONE}"))
    await focus(page, "#slip button")
    await page.keyboard.press("Enter")
    await page.locator("#slip .got").wait_for()
    slip = await page.locator("#slip textarea").input_value()
    assert re.fullmatch(r"\d+\.[0-9a-f]{32}\.[0-9a-f]{500,512}", slip)
    await focus(page, "#slip a.button")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/ratings")
    assert await page.locator("#slip-code").input_value() == slip
    await focus(page, "[name=score]")
    await page.keyboard.press("Space")
    await focus(page, "form.form button")
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="收到了").wait_for()
    assert not complaints
    await page.goto(at(client, f"/visits/{DONE}"))
    assert "已经领走" in await page.locator("main").inner_text()


@pytest.mark.browser
@BROWSER[1]
async def test_every_page_reads_the_same_without_javascript(told: Client, browser: Any) -> None:
    both = [
        await browser.new_page(viewport=PHONE, locale="zh-CN", java_script_enabled=scripts) for scripts in (True, False)
    ]
    for path in PAGES:
        texts = []
        for page in both:
            while (await page.goto(at(told, path))).status == 503:  # an audit in the making asks to come back
                await page.wait_for_timeout(1000)
            texts.append(await page.locator("main h1, main h2, main dl, main table").all_inner_texts())
        assert texts[0], path
        assert texts[0] == texts[1], path
