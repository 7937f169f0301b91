"""Are the draws fair? The audit of all opened draws together, for everybody, in words and as JSON (R1.2)."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from aiohttp import web

from actions import register_draws
from actions.audit import KINDS, audit
from actions.audit_results import Audit, Coverage, Stratum
from rules.fairness import ALARM, Verdict
from rules.seats import YEARS_APART
from web.draws import Owed, owed
from web.site import SITE, Site, render

OPENED = ("opened",)  # what is sealed warns nobody, not even in a sum
PATIENCE = 4.0  # seconds that a reader waits for an audit in the making
COME_BACK = 10  # seconds after which a reader may ask again
ODDEST = 5  # strata that the page shows; the JSON has all
SELDOM = 0.01  # a chance below this is worth a word, one below `ALARM` an alarm


@dataclass(frozen=True)
class Made:
    """An audit, and when it was made."""

    found: Audit
    at: datetime

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The audit for programs, the same as `python -m bot draw audit --json` prints."""
        return asdict(self.found) | {"alarms": self.found.alarms}

    @cached_property
    def oddest(self) -> list[Stratum]:
        """The strata that look least like an honest draw, the oddest first."""
        return sorted((one for one in self.found.strata if one.verdict.freedom), key=lambda one: one.verdict.chance)

    @cached_property
    def coverage(self) -> dict[str, list[Coverage]]:
        """By item: how many of each area were visited."""
        items: dict[str, list[Coverage]] = {}
        for one in self.found.coverage:
            items.setdefault(one.item, []).append(one)
        return items


class Desk:
    """Makes the audit anew when the opened draws have changed, and once a day; one at a time, and keeps only the last.

    It may take minutes. Until the new one is ready the last one serves.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._made: Made | None = None
        self._mark: Any = None
        self._task: asyncio.Task[None] | None = None

    async def latest(self) -> Made | None:
        """The audit as of now, or the last one if this takes too long; None if there is none yet."""
        async with self._site.database.read() as session:
            mark = self._site.today, await register_draws.opened_mark(session)
        if self._task is None and mark != self._mark:
            self._task = asyncio.create_task(self._make(mark))
        if task := self._task:
            await asyncio.wait([task], timeout=PATIENCE)
            if task.done():
                task.result()  # what went wrong goes wrong for whoever asked
        return self._made

    async def _make(self, mark: Any) -> None:
        try:
            at = self._site.now()
            async with self._site.database.read() as session:
                self._made = Made(await audit(session, OPENED), at)
            self._mark = mark
        finally:
            self._task = None

    async def close(self) -> None:
        """Leave off whatever is in the making."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


DESK = web.AppKey("desk", Desk)


async def close(app: web.Application) -> None:
    """Close the desk with the house."""
    await app[DESK].close()


async def page(request: web.Request) -> web.Response:
    """The audit in words, alarms first; a page to wait on while there is none yet."""
    made, late = await _look(request)
    if made is None:
        response = render(request, "audit_wait.html", status=503, seconds=COME_BACK)
        response.headers["Retry-After"] = str(COME_BACK)
        return response
    return render(
        request,
        "audit.html",
        made=made,
        found=made.found,
        owed=late,
        odds=odds,
        kinds=KINDS,
        oddest=made.oddest[:ODDEST],
        years=YEARS_APART,
    )


async def as_json(request: web.Request) -> web.Response:
    """The audit for programs, with the numbers that are missing and those that are late."""
    made, late = await _look(request)
    if made is None:
        raise web.HTTPServiceUnavailable
    facts = {"made_at": made.at.isoformat(), **late._asdict(), **made.facts}
    body = json.dumps(facts, ensure_ascii=False)
    return web.json_response(text=body, headers={"Cache-Control": "no-cache"})


async def _look(request: web.Request) -> tuple[Made | None, Owed]:
    site = request.app[SITE]
    made = await request.app[DESK].latest()
    async with site.database.read() as session:
        return made, await owed(session, site.today)


def odds(verdict: Verdict) -> tuple[str, str, str]:
    """How often an honest draw looks at least so odd: the colour, the key of the words, the number in them."""
    if verdict.chance < ALARM:
        return "overdue", "never", f"{1 / ALARM:,.0f}"
    if verdict.chance < SELDOM:
        return "bad", "seldom", f"{1 / verdict.chance:,.0f}"
    return "good", "often" if verdict.freedom else "alone", f"{100 * verdict.chance:.0f}"
