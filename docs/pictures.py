"""Makes the pictures of the documents from the running product, so that they never age (python docs/pictures.py).

Needs what the tests need: Chromium, and fonts for Chinese and emoji (fonts-noto-cjk, fonts-noto-color-emoji).
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, Locator, Page, async_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from locales import Words  # noqa: E402 (found only now, when this file is run by itself)

FOLDER = Path(__file__).parent / "pictures"
LANGUAGES = {"zh_CN": "zh-CN", "en": "en"}
ZONE = "Asia/Shanghai"
PORT = 8460
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@asynccontextmanager
async def demo(language: str) -> AsyncIterator[tuple[str, str]]:
    """The made-up city in a language: the addresses of its phones and of its register."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"DATA_DIR": folder, "PORT": str(PORT), "LANGUAGE": language, "BOT_TOKEN": ""}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "demo", cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout
        addresses: list[str] = []
        while len(addresses) < 2:
            line = (await process.stdout.readline()).decode()
            assert line, "the demo does not start"
            addresses += re.findall(r"http://\S+", line)
        try:
            yield addresses[0], addresses[1]
        finally:
            process.send_signal(signal.SIGTERM)
            await process.communicate()


async def press(phone: Locator, label: str) -> None:
    """Press the newest button that is called so, and give the answer time to come."""
    await phone.locator(".keyboard button", has_text=label).last.click()
    await phone.page.wait_for_timeout(2500)


async def take_phones(page: Page, words: Words, language: str) -> None:
    """What each role finds on its phone, and the next point of a visit."""
    inspector, supervisor, liaison = (page.locator(".phone").nth(place) for place in range(3))
    await supervisor.screenshot(path=FOLDER / f"supervisor-review.{language}.png")
    await liaison.screenshot(path=FOLDER / f"liaison-lead.{language}.png")
    await inspector.screenshot(path=FOLDER / f"inspector-drawn.{language}.png")
    await press(inspector, str(words("button.resume", name="").unescape()).strip())
    await inspector.screenshot(path=FOLDER / f"inspector-point.{language}.png")


async def take(browser: Browser, language: str) -> None:
    """The pictures in one language."""
    async with demo(language) as (phones, register):
        wide = await browser.new_page(
            locale=LANGUAGES[language], timezone_id=ZONE, viewport={"width": 1280, "height": 860}
        )
        await wide.goto(phones)
        if language == "en":
            await wide.click("#language")
        for place in range(3):  # everybody has been greeted and has something to press
            await wide.wait_for_selector(f".phone >> nth={place} >> .keyboard button", timeout=60_000)
        await wide.wait_for_timeout(8000)  # the first notices come
        await wide.screenshot(path=FOLDER / f"phones.{language}.png")
        await take_phones(wide, Words(language, ZoneInfo(ZONE)), language)
        narrow = await browser.new_page(
            locale=LANGUAGES[language], viewport={"width": 390, "height": 780}, device_scale_factor=2
        )
        await narrow.goto(register)
        await narrow.screenshot(path=FOLDER / f"register.{language}.png")


async def main() -> None:
    """All pictures in all languages."""
    FOLDER.mkdir(exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        for language in LANGUAGES:
            await take(browser, language)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
