"""What machines ask: are you alive, is the database there, may I index this, and the small files."""

from __future__ import annotations

import asyncio
import logging
from mimetypes import guess_type

from aiohttp import web

from actions import register
from web.site import A_YEAR, SITE

PATIENCE = 3  # seconds that the database has to answer
ROBOTS = "User-agent: *\nDisallow: /visits/\nDisallow: /api/\nDisallow: /data/\n"
NO_STORE = {"Cache-Control": "no-store"}

log = logging.getLogger(__name__)


async def alive(request: web.Request) -> web.Response:
    """The process answers."""
    return web.json_response({"status": "ok"}, headers=NO_STORE)


async def ready(request: web.Request) -> web.Response:
    """The database answers too."""
    try:
        async with asyncio.timeout(PATIENCE), request.app[SITE].database.read() as session:
            await register.answers(session)
    except Exception:
        log.exception("the database does not answer")
        return web.json_response({"status": "no database"}, status=503, headers=NO_STORE)
    return web.json_response({"status": "ok"}, headers=NO_STORE)


async def robots(request: web.Request) -> web.Response:
    """Visit codes are for who was given them; data has its own addresses."""
    return web.Response(text=ROBOTS, headers={"Cache-Control": "public, max-age=86400"})


async def asset(request: web.Request) -> web.Response:
    """A small file under the hash of its content."""
    site, name = request.app[SITE], request.match_info["name"]
    if site.hashes.get(name) != request.match_info["hash"]:
        raise web.HTTPNotFound
    headers = {"Cache-Control": f"public, max-age={A_YEAR}, immutable"}
    kind = guess_type(name)[0] or "application/octet-stream"
    return web.Response(body=site.assets[name], content_type=kind, charset="utf-8", headers=headers)
