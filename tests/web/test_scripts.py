"""The scripts of the checking page against the standard library: SHA-256, canonical JSON, remainders."""

import hashlib
import random
from pathlib import Path
from typing import Any

from rules.draw import canonical
from tests.web.browsers import BROWSER

pytestmark = BROWSER
STATIC = Path(__file__).parents[2] / "web" / "static"


async def test_sha_256_is_sha_256(browser: Any) -> None:
    page = await browser.new_page()
    for name in ("sha256.js", "bundle.js", "commitment.js", "replay.js"):
        await page.add_script_tag(path=STATIC / name)
    known = {
        "": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq": (
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        "a" * 1_000_000: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    }
    for words, digest in known.items():
        assert await page.evaluate("words => hashOf(utf8.encode(words))", words) == digest
    for length in range(300):  # with every split between prefix and rest
        split, body = length * 7 % (length + 1), random.Random(length).randbytes(length)
        script = "([head, tail]) => hex(new sha256.Prefix(Uint8Array.from(head)).of(Uint8Array.from(tail)))"
        digest = await page.evaluate(script, [list(body[:split]), list(body[split:])])
        assert digest == hashlib.sha256(body).hexdigest(), (length, split)
    for number in (1, 3, 12_000, 2**26 + 1, 2**31 - 1):
        eight = random.Random(number).randbytes(8)
        script = "([bytes, m]) => modulo(Uint8Array.from([...bytes, ...Array(24).fill(0)]), m)"
        assert await page.evaluate(script, [list(eight), number]) == int.from_bytes(eight, "big") % number


async def test_canonical_json_is_what_python_writes(browser: Any) -> None:
    page = await browser.new_page()
    for name in ("sha256.js", "bundle.js"):
        await page.add_script_tag(path=STATIC / name)
    keys = ["é", "\ufb01", "𠮷", "a\nb", "\x7f", "10", "9", "__proto__", "", "\u2028", '"\\', "\x01\x1f\b\f"]
    right = canonical({key: [key, 2**53 - 1, -(2**80), True, None, {}, []] for key in keys})
    again = """bytes => {
        try { return [...utf8.encode(canonical(parse(Uint8Array.from(bytes), "x")))] }
        catch (error) { return error.code }
    }"""
    assert bytes(await page.evaluate(again, list(right))) == right
    wrong = [
        b"",
        b"[]",
        b"{} ",
        b'{"a": 1}',
        b'{"b":1,"a":1}',
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":-0}',
        b'{"a":01}',
    ]
    wrong += [b'{"a":"\\u0041"}', b'{"a":"\\u000a"}', b'{"a":"\\/"}', b'{"a":1e3}', b'{"a":NaN}', b"\xef\xbb\xbf{}"]
    wrong += [
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        b'{"a":1,}',
        b'{,"a":1}',
        b'{"a":[1,]}',
        b'{"a":1',
        b'{"a":"\n"}',
        b"{}{}",
    ]
    for data in wrong:
        assert await page.evaluate(again, list(data)) == "json", data
