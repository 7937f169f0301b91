"""The clean-record extract on the web (小微企业信用宝, R3.3.2d): a subject gets its own, a bank checks one."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from aiohttp import web

import documents
from actions import extracts, register
from documents import extract
from models.credit import Extract
from web import query
from web.safety import sender
from web.site import SITE, language_of, render
from web.visits import OWN, POSTS, TOKEN, until

LONGEST = 200  # characters of what a bank types


async def of_subject(request: web.Request) -> web.Response:
    """The extract of a subject, as PDF: from the button on its page."""
    site, code = request.app[SITE], query.code(request)
    _pays(request, f"extract {code}")
    async with site.database.write() as session:
        found = await extracts.of_code(session, code, site.now().astimezone(site.zone))
    if found is None:
        raise web.HTTPNotFound
    return await _paper(request, found)


async def of_visit(request: web.Request) -> web.Response:
    """The same from the page of the visit code, as long as that is good."""
    site, token = request.app[SITE], request.match_info["token"]
    if not TOKEN.fullmatch(token):
        raise web.HTTPNotFound
    _pays(request, f"extract {token}")
    now = site.now().astimezone(site.zone)
    async with site.database.write() as session:
        visit = await register.visit_code(session, token)
        if visit is None or site.today > until(site, visit):
            raise web.HTTPNotFound
        found = await extracts.of_visit(session, token, now)
    if found is None:
        raise web.HTTPNotFound
    return await _paper(request, found)


def _pays(request: web.Request, what: str) -> None:
    """Only from a page of ours, and not too often."""
    if request.headers.get("Sec-Fetch-Site", "none") not in OWN:
        raise web.HTTPBadRequest
    now = request.app[SITE].now().timestamp()
    if not all(request.app[POSTS].allows(poster, now) for poster in (what, f"from {sender(request)}")):
        raise web.HTTPTooManyRequests


async def _paper(request: web.Request, found: Extract) -> web.Response:
    site, language = request.app[SITE], language_of(request)
    given = extract.Given(
        site.authority,
        extracts.number_of(found, site.zone),
        found.made_at,
        f"{site.public_url}/extracts/{found.token}",
        site.public_url,
    )
    data = extract.sheet(found.content, given, site.words[language])
    pdf = await asyncio.to_thread(documents.render, "extract", data, language)
    name = quote(f"{data['title']}-{found.content['subject']['name']}.pdf")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}", "Cache-Control": "no-store"}
    return web.Response(body=pdf, content_type="application/pdf", headers=headers)


async def check(request: web.Request) -> web.Response:
    """Genuine or not; and whether it is of the subject that stands on the paper, for who types that. Nothing else."""
    site, token = request.app[SITE], request.match_info["token"]
    who = query.clean(request.query.get("who", ""))
    if len(who) > LONGEST:
        raise web.HTTPBadRequest
    found = None
    if TOKEN.fullmatch(token):
        async with site.database.read() as session:
            found = await extracts.check(session, token, who)
    if found is None:
        response = render(request, "not_genuine.html", status=404, paper="extract")
    else:
        day = found.made_at.astimezone(site.zone).date()
        response = render(request, "extract.html", verdict=found, day=day, token=token, who=who)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
