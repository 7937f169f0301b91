"""The annual plans (年度抽查计划): what a department will inspect this year, and why a plan changed (R3.2.1c)."""

from __future__ import annotations

from aiohttp import web

from actions import register_lists, register_plans
from web import query
from web.site import SITE, render

PAGE = 30
MOST_EDITIONS = 10_000


async def index(request: web.Request) -> web.Response:
    """All published plans, the newest first, below the id `before` if given."""
    before = query.number(request, "before")
    async with request.app[SITE].database.read() as session:
        found = await register_lists.plans(session, PAGE + 1, before)
    more = found[PAGE - 1].id if len(found) > PAGE else None
    return render(request, "plans.html", plans=found[:PAGE], before=before, more=more)


async def plan(request: web.Request) -> web.Response:
    """One plan in its newest public edition, or in the one that the address names."""
    edition = query.number(request, "edition", most=MOST_EDITIONS)
    async with request.app[SITE].database.read() as session:
        found = await register_plans.plan(session, request.match_info["number"], edition)
    if found is None:
        raise web.HTTPNotFound
    return render(request, "plan.html", found=found, plan=found.plan)
