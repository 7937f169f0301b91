"""The signed ends of the journal's days: whoever keeps one can tell later whether the past was changed."""

from __future__ import annotations

import json

from aiohttp import web

from actions import chain
from web.site import SITE


async def roots(request: web.Request) -> web.Response:
    """`/journal.json`: numbers, hashes and signatures; nothing of what was done by whom."""
    async with request.app[SITE].database.read() as session:
        found = [one.public for one in await chain.roots(session)]
    return web.json_response({"roots": found}, dumps=lambda body: json.dumps(body, indent=1))
