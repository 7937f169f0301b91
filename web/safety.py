"""What every answer carries against misuse, and the kind page for whatever goes wrong."""

from __future__ import annotations

import logging
import time
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from web.limits import Purse
from web.site import SITE, render

WORDED = (400, 404, 405, 429, 500)  # any other number is told in the words of 400 or 500
PROGRAMS = ("/api/", "/data/", "/draws/audit.json")  # they are answered in JSON
FREE = ("/static/", "/healthz", "/readyz", "/telegram")  # not counted
DOWNLOADS, PRICE = "/data/", 20  # a download counts as so many requests
COME_BACK = 30  # seconds
PURSE = web.AppKey("purse", Purse)
PROXIES = web.AppKey("proxies", int)

log = logging.getLogger(__name__)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on every answer, streams included."""
    response.headers.update(request.app[SITE].headers)


def sender(request: web.Request) -> str:
    """Whose request it is: the address that the outermost proxy of ours saw, or that of the connection."""
    if proxies := request.app[PROXIES]:
        passed = [one.strip() for one in request.headers.get("X-Forwarded-For", "").split(",") if one.strip()]
        if len(passed) >= proxies:
            return passed[-proxies][:64]
    return request.remote or ""


@web.middleware
async def paced(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whoever asks too often is asked to come back later."""
    path = request.path
    price = 0 if path.startswith(FREE) else PRICE if path.startswith(DOWNLOADS) else 1
    if request.app[PURSE].pays(sender(request), price, time.monotonic()):
        return await handler(request)
    response = sorry(request, 429)
    response.headers["Retry-After"] = str(COME_BACK)
    return response


@web.middleware
async def kind_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever goes wrong into a page in the reader's language; the details go to the log alone."""
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        if refusal.status < 400:
            raise
        response = sorry(request, refusal.status)
        if "Allow" in refusal.headers:
            response.headers["Allow"] = refusal.headers["Allow"]
        return response
    except Exception:
        resource = request.match_info.route.resource
        # the pattern of the address, not the address: that of a visit is secret
        log.exception("page failed: %s", resource.canonical if resource else "?")
        return sorry(request, 500)


def sorry(request: web.Request, status: int) -> web.Response:
    """An error as a page, or as JSON for programs."""
    if request.path.startswith(PROGRAMS):
        reason = HTTPStatus(status).phrase
        return web.json_response({"error": reason}, status=status, headers={"Cache-Control": "no-store"})
    worded = status if status in WORDED else 400 if status < 500 else 500
    key = f"web.error.{worded}"
    return render(request, "error.html", status=status, title=f"{key}.title", words=f"{key}.words")
