"""Was I in the hat? Every answer with its proof, in the browser and from the server alone, which agree."""

from fractions import Fraction
from html import unescape
from typing import Any

import pytest

from models.database import Database
from rules.bundles import check_inclusion, inclusion_proof, position, ticket
from rules.draw import merkle_root, verify
from tests.web import test_replay as replay
from tests.web.browsers import BROWSER
from tests.web.bundles import code, example, made, put
from tests.web.city import Client, read
from web.hat import LEVEL, Tree, percent

town = replay.town
OURS = replay.OURS
CERTIFICATE = verify(OURS)
POOL = OURS["pool.tsv"].split(b"\n")


def of(answer: str) -> list[str]:
    """Some codes to which this is the answer."""
    drawn = [visit["subject"] for visit in CERTIFICATE["visits"]]
    spare = [key for one in CERTIFICATE["reserves"] for key in one["ids"]]
    ids = [row.split(b"\t")[0].decode() for row in POOL]
    out = [row.split(b"\t")[0].decode() for row in OURS["excluded.tsv"].split(b"\n")]
    return {
        "drawn": drawn,
        "reserve": spare,
        "missed": [key for key in ids if key not in {*drawn, *spare}],
        "excluded": out,
        "absent": [code(13), code(0)[:17] + "2", "000000000000000000", "~" + "0" * 32, "~" + "f" * 32],
        "form": ["老街面馆", "9133", code(1) + "0", "<script>alert(1)</script>"],
    }[answer]


@pytest.fixture
async def told(town: Client, database: Database) -> Client:
    await put(database, OURS, 1)
    return town


async def by_server(client: Client, typed: str, number: int = 1, language: str = "zh_CN") -> str:
    page = await client.get(f"/draws/{number}", params={"code": typed, "lang": language})
    assert page.status == 200
    words = unescape(await page.text())
    return words[words.index('id="answer"') : words.index('<template id="words">')]


async def test_the_files_that_programs_are_told_of_are_all_that_a_check_needs(told: Client) -> None:
    about = await (await told.get("/api/v1/draws/1")).json()
    files = {address.rpartition("/")[2]: await (await told.get(address)).read() for address in about["files"]}
    assert verify(files) == CERTIFICATE


@pytest.mark.parametrize("answer", ["drawn", "reserve", "missed", "excluded", "absent", "form"])
async def test_the_server_answers_without_javascript(told: Client, answer: str) -> None:
    for asked in of(answer)[:40]:
        for language in ("zh_CN", "en"):
            page = await by_server(told, asked, language=language)
            assert f'data-answer="{answer}"' in page, asked
            assert "✗" not in page
            assert "<script>" not in page
        if answer in ("drawn", "reserve", "missed"):
            row = POOL[position(POOL, asked)].decode()
            _, stratum, weight, *_ = row.split("\t")
            assert " · ".join(filter(None, row.split("\t"))) in page
            assert ticket(bytes.fromhex(CERTIFICATE["seed"]), asked, int(weight)).hex() in page
            assert ("no simple fraction" in page) == (stratum == "B")
            assert ("100%" in page) == (stratum == "C")
        if answer == "excluded":
            assert "<dt>Reason</dt>" in page
        if answer == "absent":
            assert page.count("✓") == (1 if asked[:4] in ("0000", "~fff") else 2)


async def test_a_code_is_read_however_it_is_typed(told: Client) -> None:
    asked = of("missed")[0]
    assert asked.isalnum()
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in asked)
    for typed in (asked.lower(), f"  {asked} ", wide):
        assert 'data-answer="missed"' in await by_server(told, typed)
    assert 'data-answer="missed"' in await by_server(told, next(c for c in of("missed") if c[0] == "~").upper())
    await read(told, f"/draws/1?code={'9' * 61}", 400)


async def test_what_is_not_opened_answers_nothing(client: Client) -> None:
    for number in (2, 3, 5, 6):
        page = await read(client, f"/draws/{number}?code={of('drawn')[0]}")
        assert 'id="replay"' not in page
        assert "data-answer" not in page
    page = await by_server(client, of("drawn")[0])  # an opened draw whose files fit nothing
    assert "✗" in page


async def test_a_changed_line_proves_nothing(told: Client, database: Database) -> None:
    asked = next(key for key in of("missed") if b"\tA\t" in POOL[position(POOL, key)])
    row = POOL[position(POOL, asked)]
    await put(database, OURS | {"pool.tsv": OURS["pool.tsv"].replace(row, row + b"x", 1)}, 1)
    assert "✗" in await by_server(told, asked)


@pytest.mark.parametrize("size", [1, 2, 1023, 1024, 1025, 3000, 4097])
def test_proofs_from_subtrees_are_those_of_the_whole(size: int) -> None:
    rows = [b"%08d\tA\t1\tx\t" % number for number in range(size)]
    tree = Tree()
    for piece, start in enumerate(range(0, size, 700)):
        tree.add(piece, rows[start : start + 700], True)
    tree.close()
    for line in {0, 1, size // 2, size - 1} & set(range(size)):
        first = line >> LEVEL << LEVEL
        path = tree.proof(line, rows[first : first + (1 << LEVEL)])
        assert path == inclusion_proof(rows, line)
        assert check_inclusion(merkle_root(rows), size, line, rows[line], path)
    assert tree.weights == {"A": {1: size}}


def test_a_share_has_the_digits_it_needs() -> None:
    assert [percent(*Fraction(one).as_integer_ratio()) for one in ("1", "1/3", "1/30", "1/3000")] == [
        *("100.0", "33.3", "3.33", "0.0333")
    ]


class TestInTheBrowser:
    """What the page says is what the server says."""

    pytestmark = BROWSER

    @pytest.mark.parametrize("language", ["zh-CN", "en"])
    async def test_it_says_what_the_server_says(self, told: Client, browser: Any, language: str) -> None:
        page = await replay.opened(told, browser, 1, locale=language)
        text = (
            "e => [...e.querySelectorAll('h3, p, dt, dd > strong, dd > span, code, summary')].map(x => x.textContent)"
        )
        bare = await browser.new_page(locale=language)
        for answer in ("drawn", "reserve", "missed", "excluded", "absent", "form"):
            for asked in of(answer)[:4]:
                await page.fill("#code", asked)
                await page.press("#code", "Enter")
                await page.wait_for_selector(f'#answer[aria-busy="false"] [data-answer="{answer}"]', state="attached")
                said = await page.eval_on_selector("#answer", text)
                await bare.goto(replay.address(told, f"/draws/1?code={asked}"))
                assert said == await bare.eval_on_selector("#answer", text), asked
        assert not page.complaints

    async def test_with_the_keyboard_alone_on_a_phone(self, told: Client, browser: Any) -> None:
        page = await replay.opened(told, browser, 1, viewport={"width": 390, "height": 844})
        for _ in range(12):
            await page.keyboard.press("Tab")
            if await page.locator("#code:focus").count():
                break
        await page.keyboard.type(of("drawn")[0])
        await page.keyboard.press("Enter")
        await page.wait_for_selector('#answer [data-answer="drawn"]')
        await page.keyboard.press("Tab")  # the button
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")  # opens the proof
        assert await page.locator("#answer details[open] code").count() > 3
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        box = await page.locator("#ask button").bounding_box()
        assert box
        assert box["height"] >= 44

    async def test_without_javascript(self, told: Client, browser: Any) -> None:
        page = await replay.opened(told, browser, 1, java_script_enabled=False)
        await page.fill("#code", of("excluded")[0])
        await page.press("#code", "Enter")
        await page.wait_for_url("**/draws/1?code=*")
        assert await page.locator('#answer [data-answer="excluded"]').is_visible()
        assert not await page.locator("#replay").is_visible()
        assert await page.locator("noscript").inner_text()

    async def test_asked_before_a_large_draw_is_replayed(self, told: Client, database: Database, browser: Any) -> None:
        await put(database, made(40_000, 300, 100), 1)
        page = await replay.opened(told, browser, 1)
        assert await page.locator("#replay button").is_visible()
        await page.fill("#code", code(20))
        await page.press("#code", "Enter")
        await page.wait_for_selector("#answer [data-answer]", timeout=60_000)
        assert (await replay.verdict(page))[0] == "right"


async def test_the_examples_answer(town: Client, database: Database) -> None:
    if not replay.EXAMPLES.is_dir():
        pytest.skip("the example bundles are not here")
    files = example("example-drand")
    await put(database, files, 7)
    for name, answers in (("pool.tsv", ("drawn", "reserve", "missed")), ("excluded.tsv", ("excluded",))):
        for row in files[name].split(b"\n"):
            page = await by_server(town, row.split(b"\t")[0].decode(), 7)
            assert any(f'data-answer="{one}"' in page for one in answers)
            assert "✗" not in page
