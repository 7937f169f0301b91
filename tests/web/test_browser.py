"""The register in a real browser: on a phone, with the keyboard alone, without JavaScript."""

from typing import Any

import pytest

from locales import Words
from tests.web.browsers import BROWSER
from tests.web.city import DONE, GENUINE, NOODLES, SEALED, TRADER, ZONE, Client

pytestmark = BROWSER
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
PAGES = [
    *("/", "/?q=义乌", f"/subjects/{NOODLES}", f"/subjects/{TRADER}", f"/subjects/{SEALED}", "/nowhere"),
    *(
        "/draws",
        "/draws/check",
        "/draws/audit",
        *(f"/draws/{number}" for number in (*range(1, 7), 99)),
        "/draws/2/pool.tsv",
    ),
    *(f"/visits/{token}" for token in (GENUINE, "unknown-token")),
]


def address(client: Client, path: str) -> str:
    return str(client.make_url("/")).rstrip("/") + path


@pytest.mark.parametrize(("language", "found"), [("zh-CN", "公示的抽查结果"), ("en", "Published results")])
async def test_search_and_open_a_subject_with_the_keyboard_alone(
    client: Client, browser: Any, language: str, found: str
) -> None:
    page = await browser.new_page(viewport=PHONE, locale=language, java_script_enabled=False)
    await page.goto(address(client, "/"))
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.locator("#q:focus").count():
            break
    await page.keyboard.type("老街")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/?q=*")
    link = page.locator("ul.cards a.cover")
    assert await link.inner_text() == "义乌市稠城老街面馆"
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.locator("a.cover:focus").count():
            break
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/subjects/{NOODLES}")
    assert await page.locator("h1").inner_text() == "义乌市稠城老街面馆"
    assert found in await page.locator("main").inner_text()


async def test_skip_link_is_first(client: Client, browser: Any) -> None:
    page = await browser.new_page(viewport=PHONE)
    await page.goto(address(client, "/"))
    await page.keyboard.press("Tab")
    box = await page.locator("a.skip:focus").bounding_box()
    assert box
    assert box["x"] >= 0


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("viewport", [{"width": 320, "height": 700}, PHONE, DESK], ids=["320", "390", "1280"])
async def test_nothing_is_wider_than_the_screen(
    client: Client, browser: Any, viewport: dict[str, int], language: str
) -> None:
    page = await browser.new_page(viewport=viewport)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    for path in PAGES:
        await page.goto(address(client, f"{path}{'&' if '?' in path else '?'}lang={language}"))
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"], (path, width)
    refused = [line for line in complaints if "404" not in line]
    assert not refused, refused  # such as the content security policy


async def test_targets_are_large_enough_for_a_thumb(client: Client, browser: Any) -> None:
    page = await browser.new_page(viewport=PHONE)
    await page.goto(address(client, "/"))
    for target in await page.locator("nav a, button, input").all():
        box = await target.bounding_box()
        assert box
        assert box["height"] >= 44


async def test_cards_on_a_phone_a_table_on_a_desk(client: Client, browser: Any) -> None:
    page = await browser.new_page(viewport=PHONE, locale="zh-CN")
    await page.goto(address(client, "/"))
    assert await page.locator(".register td.organ .name").first.is_visible()
    await page.set_viewport_size(DESK)
    assert not await page.locator(".register td.organ .name").first.is_visible()
    assert await page.get_by_role("columnheader", name="抽查任务编号").is_visible()


async def test_a_slip_that_does_not_come_is_told_in_words_of_ours(client: Client, browser: Any) -> None:
    page = await browser.new_page(locale="zh-CN")
    await page.route("**/slip", lambda route: route.abort())
    await page.goto(str(client.make_url(f"/visits/{DONE}")))
    await page.click("#slip button")
    await page.wait_for_function("!document.querySelector('#slip button').disabled")
    assert await page.inner_text("#slip [role=status]") == str(Words("zh_CN", ZONE)("web.rating.failed"))
