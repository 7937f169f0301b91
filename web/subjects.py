"""A subject with all that was published about it, in one place (R3.1.1a)."""

from __future__ import annotations

from aiohttp import web

from actions import extracts, register, register_clock
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
    site, code = request.app[SITE], history.subject.code
    async with site.database.read() as session:
        owed = await register_clock.owed(session, code, site.now())
        lists = await extracts.lists_of(session, code)
        changes = await register_clock.changes(session, code)
    listed = {one.task_number for one in owed}
    waiting = [one for one in history.waiting if one.task_number not in listed]
    return render(
        request,
        "subject.html",
        q="",
        history=history,
        subject=history.subject,
        owed=owed,
        changes=changes,
        waiting=waiting,
        lists=lists,
    )
