"""What every answer carries against misuse, and the kind page for whatever goes wrong."""

from __future__ import annotations

import logging
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from web.site import SITE, render

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self' data:",
        "script-src 'self'",
        "worker-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",  # the address of a visit code is the code
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "suicha",
}
WORDED = (400, 404, 405, 500)  # any other number is told in the words of 400 or 500
PROGRAMS = ("/api/", "/data/", "/draws/audit.json")  # they are answered in JSON

log = logging.getLogger(__name__)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on every answer, streams included."""
    response.headers.update(HEADERS)
    if request.app[SITE].https:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"


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
