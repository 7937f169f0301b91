import io
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import qrcode
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup

from simulator import Phone, Telegram

CHROMIUM = "/usr/bin/chromium"
SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
browser_test = pytest.mark.skipif(not shutil.which(CHROMIUM), reason="Chromium is missing")


@pytest.fixture
async def phones(telegram: Telegram, phone: Phone) -> list[Phone]:
    people = [phone, telegram.phone("李主任", 1002), telegram.phone("陈联络", 1003)]
    telegram.show(
        *people,
        titles=["执法人员", "主管", "联络员"],
        links=[("公示", "http://127.0.0.1:1/")],
        heading="演示",
    )
    return people


async def test_only_its_own_pages_may_act(telegram: Telegram, phones: list[Phone]) -> None:
    say = f"{telegram.url}/phones/1001/say"
    async with aiohttp.ClientSession() as session:
        for headers in (
            {},
            {"Origin": "https://example.org"},
            {"Origin": telegram.url, "Host": "example.org"},
        ):
            async with session.post(say, json={"text": "x"}, headers=headers) as answer:
                assert answer.status == 403, headers
        async with session.get(telegram.url, headers={"Host": "example.org"}) as answer:
            assert answer.status == 403
        async with session.get(f"{telegram.url}/phones/events", headers={"Sec-Fetch-Site": "cross-site"}) as answer:
            assert answer.status == 403
        async with session.post(say, json={"text": "好"}, headers={"Origin": telegram.url}) as answer:
            assert answer.status == 200
        async with session.post(
            f"{telegram.url}/phones/9/say", json={"text": "好"}, headers={"Origin": telegram.url}
        ) as answer:
            assert answer.status == 404
        for path in ("/phones/static/..%2Fpage.py", "/phones/static/none.js", "/phones/media/none"):
            async with session.get(telegram.url + path) as answer:
                assert answer.status == 404
        async with session.get(telegram.url) as answer:
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert [message.text for message in phones[0].messages] == ["/start", "好"]


@pytest.fixture
async def page(telegram: Telegram, phones: list[Phone]) -> AsyncIterator[object]:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        it = await browser.new_page(viewport={"width": 1280, "height": 800})
        problems: list[str] = []
        it.on("pageerror", lambda error: problems.append(str(error)))
        await it.goto(telegram.url)
        await it.wait_for_selector("article")
        yield it
        await browser.close()
        assert problems == []


def keys(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=label) for label in labels]])


@browser_test
@pytest.mark.browser
async def test_a_person_uses_the_page(telegram: Telegram, bot: Bot, phones: list[Phone], page: object) -> None:
    first = page.locator(".phone").nth(0)
    await bot.send_message(
        1001,
        "<b>六户</b> &lt;img src=x&gt;",
        parse_mode="HTML",
        reply_markup=keys("接受"),
    )
    await first.locator("article b", has_text="六户").wait_for()
    assert await first.locator(".text img").count() == 0
    await first.get_by_role("button", name="接受").click()
    update = (await bot.get_updates(offset=-1, timeout=5))[0]
    await update.callback_query.edit_message_text("已接受", reply_markup=keys("开始检查"))
    await update.callback_query.answer("好的")
    await first.locator(".toast.shown", has_text="好的").wait_for()
    await first.get_by_text("已接受").wait_for()
    assert await first.get_by_role("button", name="接受", exact=True).count() == 0
    await first.locator("textarea").fill("<i>全部符合</i>")
    await first.locator("textarea").press("Enter")
    await first.locator("article.mine", has_text="<i>全部符合</i>").wait_for()
    box = await first.get_by_role("button", name="开始检查").bounding_box()
    assert box["height"] >= 40


@browser_test
@pytest.mark.browser
async def test_files_places_commands_and_codes(
    telegram: Telegram, bot: Bot, phones: list[Phone], page: object, tmp_path: Path
) -> None:
    await bot.set_my_commands([BotCommand("tasks", "我的任务")])
    first, second = page.locator(".phone").nth(0), page.locator(".phone").nth(1)
    png = io.BytesIO()
    qrcode.make("https://t.me/suicha_bot?start=QR1").save(png)
    (tmp_path / "码.png").write_bytes(png.getvalue())
    await bot.send_photo(1001, png.getvalue(), caption="码")
    await first.locator(".picture").wait_for()
    await second.locator(".scan").click()
    await page.locator("#dialog .grid button").first.click()
    await second.locator("article.mine", has_text="QR1").wait_for()
    await first.locator(".commands").click()
    await first.get_by_role("button", name="我的任务").click()
    await first.locator("article.mine", has_text="/tasks").wait_for()
    async with page.expect_file_chooser() as chooser:
        await first.locator(".attach").click()
        await first.locator(".tiles button").nth(0).click()
    await (await chooser.value).set_files(tmp_path / "码.png")
    await page.locator("#dialog input").fill("照片说明")
    await page.locator("#dialog .strong").click()
    await first.locator("article.mine.photo", has_text="照片说明").wait_for()
    await first.locator(".attach").click()
    await first.locator(".tiles button").nth(2).click()
    await page.locator("#dialog .strong").click()
    await first.locator("article.mine.location").wait_for()
    kinds = [next(k for k in ("text", "photo", "location") if k in u["message"]) for u in telegram.pending]
    assert kinds == ["text", "text", "text", "photo", "location"]
    await first.locator(".picture").first.click()
    await page.locator("#viewer img").wait_for()


@browser_test
@pytest.mark.browser
async def test_a_small_screen_shows_one_phone(telegram: Telegram, phones: list[Phone], page: object) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.get_by_role("tab", name="主管").click()
    await page.locator("[role=tab][aria-selected=true]", has_text="主管").wait_for()
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    small = await page.evaluate(
        "[...document.querySelectorAll('button, a')].filter((b) => b.offsetWidth && !b.closest('.text')"
        " && b.getBoundingClientRect().height < 40).map((b) => b.outerHTML)"
    )
    assert small == []
    await page.locator("#language").click()
    assert await page.locator("textarea").first.get_attribute("placeholder") == "Message"
