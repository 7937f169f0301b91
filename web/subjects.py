"""A subject with all that was published about it, in one place (R3.1.1a)."""

from __future__ import annotations

from aiohttp import web

from actions import extracts, register, register_clock
from web import query
from web.site import SITE, render


async def subject(request: web.Request) -> web.Response:
    """The page of a subject; not found if there is none that the public may see."""
    site, code = request.app[SITE], query.code(request)
    async with site.database.read() as session:
        history = await register.history(session, code)
        if history is None:
            raise web.HTTPNotFound
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
