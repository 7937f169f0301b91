"""The tasks (抽查任务): what is checked, by whom, how many, and how far it is (R1.2)."""

from __future__ import annotations

from aiohttp import web

from actions import register_results, register_tasks
from actions.register_results import Wanted
from web import query
from web.site import SITE, render

PAGE = 30
LATEST = 20


async def index(request: web.Request) -> web.Response:
    """All tasks for which a draw was committed, the newest first, below the id `before` if given."""
    before = query.number(request, "before")
    async with request.app[SITE].database.read() as session:
        found = await register_tasks.tasks(session, PAGE + 1, before)
    more = found[PAGE - 1].id if len(found) > PAGE else None
    return render(request, "tasks.html", tasks=found[:PAGE], before=before, more=more)


async def task(request: web.Request) -> web.Response:
    """One task: its items, its draws, how far it is, and its latest results."""
    async with request.app[SITE].database.read() as session:
        found = await register_tasks.task(session, request.match_info["number"])
        if found is None:
            raise web.HTTPNotFound
        results = await register_results.found_results(session, Wanted(task=found.task.number), LATEST)
    return render(request, "task.html", found=found, task=found.task, results=results)
