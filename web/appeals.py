"""Takes objections to results from the page behind a visit code (异议)."""

from __future__ import annotations

from aiohttp import web

from actions import appeals, register
from rules.appeals import LONGEST, LONGEST_NAME
from rules.refusal import Refusal
from web import visits
from web.site import SITE

STATUS = {"appeals.not_now": 409, "appeals.open": 409, "appeals.enough": 409, "appeals.too_often": 429}


async def make(request: web.Request) -> web.Response:
    """Object once; what is wrong is said above the form, which keeps what was typed."""
    site, token = request.app[SITE], request.match_info["token"]
    if not visits.TOKEN.fullmatch(token):
        raise web.HTTPBadRequest
    form = await visits.posted(request)
    name, text = form.get("who", ""), form.get("text", "").replace("\r\n", "\n")
    now = site.now().astimezone(site.zone)
    try:
        if not visits.allowed(request, token):
            raise Refusal("appeals.too_often")
        async with site.database.write() as session:
            found = await register.visit_code(session, token)
            if found is None or now.date() > visits.until(site, found):
                raise Refusal("appeals.not_now")
            await appeals.make(session, token, name, text, now)
    except Refusal as refusal:
        typed = {"who": name[:LONGEST_NAME], "text": text[:LONGEST]}
        return await visits.page(request, refusal, typed, STATUS.get(refusal.code, 400))
    raise web.HTTPSeeOther(f"/visits/{token}#object")
