"""What is new, for feed readers: results, draws and plans as Atom (RFC 4287)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote
from xml.etree import ElementTree

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from actions import register_draws, register_lists, register_results
from actions.register_results import Wanted
from locales import Words
from web.api import words
from web.site import SITE, Site

ENTRIES = 50
ATOM = "http://www.w3.org/2005/Atom"
FRESH = "public, max-age=300"


class Entry(NamedTuple):
    """One piece of news: what makes it unique, where it is shown, and since when it holds."""

    name: str
    title: str
    path: str
    at: datetime
    words: str


async def _results(session: AsyncSession, t: Words) -> list[Entry]:
    found = await register_results.found_results(session, Wanted(), ENTRIES)
    return [
        Entry(
            f"results/{one.id}",
            f"{one.name} · {t(f'result.{one.result}')}",
            f"/subjects/{quote(one.code, safe='')}" if one.code else f"/tasks/{one.task_number}",
            one.published_at,
            f"{one.task_name} · {one.organ} · {t.full_day(one.checked_on)}",
        )
        for one in found
    ]


async def _draws(session: AsyncSession, t: Words) -> list[Entry]:
    last = await register_draws.last_sequence(session)
    found = await register_draws.draws_between(session, max(1, last - ENTRIES + 1), last)
    entries = []
    for number, one in sorted(found.items(), reverse=True):
        at = one.opened_at or one.drawn_at or one.committed_at
        title = f"{t('web.draw.number', number=number)} · {t(f'web.state.{one.state}')}"
        entries.append(Entry(f"draws/{number}", title, f"/draws/{number}", at, f"{one.task_name} · {one.organ}"))
    return entries


async def _plans(session: AsyncSession, t: Words) -> list[Entry]:
    found = await register_lists.plans(session, ENTRIES)
    return [
        Entry(f"plans/{one.number}/{one.edition}", one.name, f"/plans/{one.number}", one.published_at, one.organ)
        for one in found
    ]


FEEDS: dict[str, Callable[[AsyncSession, Words], Awaitable[list[Entry]]]] = {
    "results": _results,
    "draws": _draws,
    "plans": _plans,
}


async def feed(request: web.Request) -> web.Response:
    """One of the feeds."""
    name = request.match_info["name"]
    if name not in FEEDS:
        raise web.HTTPNotFound
    site, t = request.app[SITE], words(request)
    async with site.database.read() as session:
        entries = await FEEDS[name](session, t)
    body = _atom(site, t, name, entries)
    return web.Response(body=body, content_type="application/atom+xml", headers={"Cache-Control": FRESH})


def _atom(site: Site, t: Words, name: str, entries: list[Entry]) -> bytes:
    ElementTree.register_namespace("", ATOM)
    root = ElementTree.Element(f"{{{ATOM}}}feed")

    def add(parent: ElementTree.Element, tag: str, text: str = "", **attributes: str) -> ElementTree.Element:
        made = ElementTree.SubElement(parent, f"{{{ATOM}}}{tag}", attributes)
        made.text = "".join(c for c in text if c.isprintable()) or None
        return made

    address = f"{site.public_url}/feeds/{name}.atom"
    add(root, "id", address)
    add(root, "title", f"{t(f'data.feed.{name}')} · {site.authority}")
    add(root, "link", rel="self", href=address)
    add(root, "link", rel="alternate", href=f"{site.public_url}/{name}")
    newest = max((one.at for one in entries), default=None) or datetime(2019, 9, 1, tzinfo=site.zone)
    add(root, "updated", newest.isoformat())
    add(add(root, "author"), "name", site.authority)
    for one in entries:
        entry = add(root, "entry")
        add(entry, "id", f"{site.public_url}/{one.name}")
        add(entry, "title", one.title)
        add(entry, "link", rel="alternate", href=f"{site.public_url}{one.path}")
        add(entry, "updated", one.at.isoformat())
        add(entry, "summary", one.words)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
