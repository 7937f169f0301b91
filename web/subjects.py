"""A subject with all that was published about it, in one place (R3.1.1a)."""

from __future__ import annotations

from aiohttp import web

from actions import extracts, register
from web import query
from web.site import SITE, render

LONGEST_CODE = 64


async def find(request: web.Request) -> register.History:
    """The subject that the address names; not found if there is none that the public may see."""
    code = request.match_info["code"]
    if len(code) > LONGEST_CODE or query.clean(code) != code:
        raise web.HTTPNotFound
    async with request.app[SITE].database.read() as session:
        found = await register.history(session, code)
    if found is None:
        raise web.HTTPNotFound
    return found


async def subject(request: web.Request) -> web.Response:
    """The page of a subject."""
    history = await find(request)
    async with request.app[SITE].database.read() as session:
        lists = await extracts.lists_of(session, history.subject.code)
    return render(request, "subject.html", q="", history=history, subject=history.subject, lists=lists)
