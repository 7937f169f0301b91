"""The files of a draw, byte for byte as they were frozen, and the program that checks them (R1.2)."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path

from aiohttp import web

from actions import register_draws
from rules import draw as rules
from web.draws import find, seal_of, shown
from web.site import SITE, render

AFTER_OPENING = ("certificate.json", *rules.TABLES, "excluded.tsv")
FINAL = "public, max-age=86400, immutable"
TYPES = {".json": "application/json", ".tsv": "text/tab-separated-values; charset=utf-8"}

log = logging.getLogger(__name__)


async def file(request: web.Request) -> web.StreamResponse:
    """A file of a draw; one that is still sealed says until when (docs/draw.md, Sealed and opened)."""
    site, name = request.app[SITE], request.match_info["file"]
    draw = await find(request)
    if name == "commitment.json":
        return _whole(name, draw.commitment)
    if name == "sealed.json" and (seal := await seal_of(site, draw)):
        return _whole(name, seal)
    if name not in ("sealed.json", *AFTER_OPENING):
        raise web.HTTPNotFound
    if draw.state != "opened":
        return render(request, "sealed.html", status=404, shown=shown(draw, site.today), file=name)
    if name == "certificate.json":
        async with site.database.read() as session:
            certificate = await register_draws.certificate(session, draw.id)
        return _whole(name, certificate or b"")
    async with site.database.read() as session:
        parts = await register_draws.parts(session, draw.id, name)
    if not parts and name not in rules.TABLES:
        raise web.HTTPNotFound
    size = sum(length for _, length in parts) + max(0, len(parts) - 1)

    async def pieces() -> AsyncIterator[bytes]:
        for place, (number, _) in enumerate(parts):
            async with site.database.read() as session:
                body = await register_draws.part(session, draw.id, name, number)
            yield b"\n" + body if place else body

    return await stream(request, pieces(), {**_headers(name), "Content-Length": str(size)})


async def checker(request: web.Request) -> web.Response:
    """The very program that drew, so that whoever distrusts us can run it at home."""
    headers = {"Cache-Control": "no-cache", "Content-Disposition": 'attachment; filename="draw.py"'}
    return web.Response(body=_source(), content_type="text/x-python", charset="utf-8", headers=headers)


@cache
def _source() -> bytes:
    assert rules.__file__
    return Path(rules.__file__).read_bytes()


async def stream(request: web.Request, pieces: AsyncIterator[bytes], headers: dict[str, str]) -> web.StreamResponse:
    """Send pieces as they come; cut the connection if that fails: half a file must not look whole."""
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    try:
        async for piece in pieces:
            await response.write(piece)
        await response.write_eof()
    except ConnectionError:
        return response  # whoever asked has left
    except Exception:
        log.exception("download failed half-way")
        if request.transport:
            request.transport.abort()
    return response


def _headers(name: str) -> dict[str, str]:
    return {
        "Content-Type": TYPES[Path(name).suffix],
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": FINAL,
    }


def _whole(name: str, body: bytes) -> web.Response:
    return web.Response(body=body, headers=_headers(name))
