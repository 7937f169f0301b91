"""What somebody sees who scans a record on paper (检查记录表): genuine or not, and whether it is the newest."""

from __future__ import annotations

from aiohttp import web

from actions import register_records
from web.site import SITE, render
from web.visits import TOKEN


async def record(request: web.Request) -> web.Response:
    """Genuine or not; what stands in a record cannot be learned here."""
    site, token = request.app[SITE], request.match_info["token"]
    found = None
    if TOKEN.fullmatch(token):
        async with site.database.read() as session:
            found = await register_records.record(session, token)
    if found is None:
        response = render(request, "not_genuine.html", status=404, paper="record")
    else:
        digest = [found.hash[start : start + 8] for start in range(0, len(found.hash), 8)]
        response = render(request, "record.html", record=found, digest=digest)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
