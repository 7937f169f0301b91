"""The home page: search, this month in figures, and the latest published results (R1.2, R4.4)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from aiohttp import web

from actions import register, register_results
from actions.register_results import Day, Wanted
from web import query
from web.site import SITE, Site, render

PAGE = 20
MOST_PAGES = 50
HEIGHT, STEP = 120.0, 10  # of the chart, in its own units: the tallest bar, the width of a day


class Bar(NamedTuple):
    """A day in the chart: where its two parts begin, from the top, and how tall they are."""

    day: date
    figures: Day
    x: int
    clean_y: float
    clean: float
    other_y: float
    other: float


class Chart(NamedTuple):
    """A month as bars; `most` is the largest day."""

    bars: list[Bar]
    most: int
    width: int


def chart(first: date, days: list[Day]) -> Chart:
    """The bars of a month that begins on `first`: problems stand on what was clean."""
    most = max((day.clean + day.other for day in days), default=0)
    scale = HEIGHT / most if most else 0
    bars = []
    for place, day in enumerate(days):
        clean, other = day.clean * scale, day.other * scale
        top = HEIGHT - clean
        bars.append(Bar(first + timedelta(days=place), day, place * STEP, top, clean, top - other, other))
    return Chart(bars, most, len(days) * STEP)


def month(site: Site) -> list[datetime]:
    """The midnights of this month here, from the first to that of the next month."""
    first = site.today.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    days = [first + timedelta(days=number) for number in range((following - first).days + 1)]
    return [datetime(day.year, day.month, day.day, tzinfo=site.zone) for day in days]


async def home(request: web.Request) -> web.Response:
    """Search if there are words to search for; else the month and the latest results."""
    if words := query.words(request):
        return await search(request, words)
    site = request.app[SITE]
    midnights = month(site)
    async with site.database.read() as session:
        numbers = await register_results.numbers(session, midnights[0])
        days = await register_results.by_day(session, midnights)
        results = await register_results.found_results(session, Wanted(), PAGE + 1)
    more = results[PAGE - 1].id if len(results) > PAGE else None
    drawn = chart(midnights[0].date(), days)
    return render(request, "home.html", q="", numbers=numbers, chart=drawn, results=results[:PAGE], more=more)


async def search(request: web.Request, words: str) -> web.Response:
    """Subjects by part of a name or a code."""
    page = query.number(request, "page", 1, MOST_PAGES) or 1
    async with request.app[SITE].database.read() as session:
        found = await register.find_subjects(session, words, PAGE + 1, (page - 1) * PAGE)
    more = len(found) > PAGE and page < MOST_PAGES
    cut = len(found) > PAGE and page == MOST_PAGES
    return render(request, "search.html", q=words, found=found[:PAGE], page=page, more=more, cut=cut)
