"""What an outsider does: fetches the published bundle and the record of a draw, and recomputes who came next."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import aiohttp

from rules import draw, record
from tests.conversations.conftest import Town

ENTRY = re.compile(
    r'<li value="(\d+)"><strong>(.*?)</strong>\s*<code class="exact">(.*?)</code>\s*<code[^>]*>(\w+)<', re.S
)


async def rechecked(town: Town, sequence: int = 1) -> list[tuple[str, dict[str, Any]]]:
    """What happened after an opened draw, as the public page shows them: what it calls each, and its content.

    Everything is taken from the public pages; the bundle is verified and the record replayed.
    """
    address, files = f"{town.app.address}/draws/{sequence}", {}
    async with aiohttp.ClientSession() as web:
        page = await (await web.get(address)).text()
        names = ["commitment.json", "certificate.json", "pool.tsv", "inspectors.tsv", "recusals.tsv"]
        for name in names + ["excluded.tsv"] * ("excluded.tsv" in page):
            files[name] = await (await web.get(f"{address}/{name}")).read()
    draw.verify(files)
    found = [(int(number), title, json.loads(html.unescape(exact)), digest) for number, title, exact, digest in
             ENTRY.findall(page)]  # fmt: skip
    record.check(files, [(number, content, digest) for number, _, content, digest in found])
    after = [one for one in found if one[2]["kind"] != "witnessed"]
    return [(re.sub(r"^\d+\. ", "", title), content) for _, title, content, _ in after]
