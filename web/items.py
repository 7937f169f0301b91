"""The item list (随机抽查事项清单): what may be inspected, by whom, on which basis, what changed (R3.1.2a, R3.1.2d)."""

from __future__ import annotations

from itertools import groupby, pairwise

from aiohttp import web

from actions import items
from rules.items import FIELDS, in_force
from web import query
from web.site import SITE, render

MOST_VERSIONS = 10_000
HIDDEN = ("name", "department", "kind", "ratio_ceiling", "label")  # told in other words, or ours alone


async def index(request: web.Request) -> web.Response:
    """The list as it is in force today, by department."""
    site = request.app[SITE]
    async with site.database.read() as session:
        found = await items.list_on(session, site.today)
    groups = [(name, list(some)) for name, some in groupby(found, key=lambda item: item.department)]
    return render(request, "items.html", groups=groups, count=len(found))


async def item(request: web.Request) -> web.Response:
    """One item: all fields and the checklist, in the version of today or the one asked for; and every change."""
    site = request.app[SITE]
    wanted = query.number(request, "version", most=MOST_VERSIONS)
    async with site.database.read() as session:
        versions = await items.versions_of(session, query.clean(request.match_info["code"]))
        versions = [one for one in versions if one.valid_until is None or one.valid_until >= one.valid_from]
        changes = {new.version: items.compare(old, new) for new, old in pairwise(versions)}
    today = [one for one in versions if in_force(one.valid_from, one.valid_until, site.today)]
    found = next((one for one in (today or versions) if wanted is None), None) or next(
        (one for one in versions if one.version == wanted), None
    )
    if found is None:
        raise web.HTTPNotFound
    return render(
        request,
        "item.html",
        item=found,
        versions=versions,
        changes=changes,
        fields=[name for name in FIELDS if name not in HIDDEN and getattr(found, name)],
        today=site.today,
        current=today[0] if today else None,
    )
