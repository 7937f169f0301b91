"""All published results, by subject, area, item, result and day; every choice is an address (R3.2.3a)."""

from __future__ import annotations

from urllib.parse import urlencode

from aiohttp import web

from actions import register_clock, register_results
from actions.register_results import Wanted
from rules.results import RESULTS
from web import query
from web.site import SITE, render

PAGE = 20


async def results(request: web.Request) -> web.Response:
    """The results that fit, newest first, below the id `before` if given."""
    site = request.app[SITE]
    wanted, before = asked(request), query.number(request, "before")
    async with site.database.read() as session:
        areas, items = await register_results.choices(session)
        late = await register_clock.late(session, site.now())
        found = await register_results.found_results(session, wanted, PAGE + 1, before)
    more = found[PAGE - 1].id if len(found) > PAGE else None
    given = {name: str(value) for name, value in address(wanted).items()}
    return render(
        request,
        "results.html",
        wanted=wanted,
        late=late.most_common(),
        areas=areas,
        items=items,
        choices=RESULTS,
        results=found[:PAGE],
        before=before,
        newest=f"/results?{urlencode(given)}" if given else "/results",
        more=f"/results?{urlencode(given | {'before': str(more)})}" if more else "",
        csv=f"/data/results.csv?{urlencode(given)}" if given else "/data/results.csv",
    )


def asked(request: web.Request) -> Wanted:
    """What the address asks for; what it names and is not there finds nothing."""
    return Wanted(
        words=query.words(request),
        area=query.short(request, "area"),
        item=query.short(request, "item"),
        result=query.short(request, "result"),
        task=query.short(request, "task"),
        since=query.day(request, "since"),
        until=query.day(request, "until"),
    )


def address(wanted: Wanted) -> dict[str, str]:
    """The parameters that ask for it again."""
    names = wanted._asdict() | {"q": wanted.words}
    return {name: str(value) for name, value in names.items() if value and name != "words"}
