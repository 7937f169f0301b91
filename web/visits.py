"""What a subject sees who scans the visit code (行政行为码): whether those at the door are who they say."""

from __future__ import annotations

import re

from aiohttp import web

from actions import register
from web.site import SITE, render

TOKEN = re.compile(r"[A-Za-z0-9_-]{8,64}")
RIGHTS = ("certificate", "two", "recusal", "speak", "record", "secrets", "complain")


async def visit(request: web.Request) -> web.Response:
    """Genuine or not; nothing else can be learned from a code."""
    site, token = request.app[SITE], request.match_info["token"]
    found = None
    if TOKEN.fullmatch(token):
        async with site.database.read() as session:
            found = await register.visit_code(session, token)
    if found is None:
        response = render(request, "no_visit.html", status=404)
    else:
        day = (found.started_at or site.now()).astimezone(site.zone).date()
        response = render(request, "visit.html", visit=found, day=day, rights=RIGHTS)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
