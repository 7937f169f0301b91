"""The home page: search, a few figures, and the latest published results (R3.2.3a)."""

from __future__ import annotations

from aiohttp import web

from actions import register
from web import query
from web.site import SITE, render

PAGE = 20
MOST_PAGES = 50


async def home(request: web.Request) -> web.Response:
    """Search if there are words to search for; else the latest results, below the id `before` if given."""
    if words := query.words(request):
        return await search(request, words)
    site = request.app[SITE]
    before = query.number(request, "before")
    start_of_month = site.now().astimezone(site.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    async with site.database.read() as session:
        numbers = await register.numbers(session, start_of_month)
        results = await register.latest_results(session, PAGE + 1, before)
    more = results[PAGE - 1].id if len(results) > PAGE else None
    return render(request, "home.html", q="", numbers=numbers, results=results[:PAGE], before=before, more=more)


async def search(request: web.Request, words: str) -> web.Response:
    """Subjects by part of a name or a code."""
    page = query.number(request, "page", 1, MOST_PAGES) or 1
    async with request.app[SITE].database.read() as session:
        found = await register.find_subjects(session, words, PAGE + 1, (page - 1) * PAGE)
    more = len(found) > PAGE and page < MOST_PAGES
    cut = len(found) > PAGE and page == MOST_PAGES
    return render(request, "search.html", q=words, found=found[:PAGE], page=page, more=more, cut=cut)
