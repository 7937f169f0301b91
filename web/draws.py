"""The draws, number by number: what was committed, what came of it, and how anybody checks it (R1.2)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from actions import beacons, register_draws
from actions.calendars import deadline, official
from rules import draw as rules
from web import hat_answers, query, replay
from web.site import SITE, Site, render

PAGE = 50
MOST_PAGES = 1000


@dataclass(frozen=True)
class Shown:
    """A draw and what follows: what was committed to, until when it stays sealed, whether that is over."""

    draw: register_draws.PublicDraw
    committed: dict[str, Any]
    opens: date
    provisional: bool
    overdue: bool

    @property
    def state(self) -> str:
        """The state, or `overdue` where the public waits longer than it should (docs/draw.md)."""
        return "overdue" if self.overdue else self.draw.state


class Owed(NamedTuple):
    """What the authority owes the public an explanation for: runs of missing numbers, draws that should be open."""

    missing: list[tuple[int, int]]
    overdue: list[int]


async def owed(session: AsyncSession, today: date) -> Owed:
    """What is missing or late today; all of it follows from what is public."""
    unopened = await register_draws.unopened(session)
    overdue = [number for number, ends in unopened if today > opening(ends)]
    return Owed(await register_draws.gaps(session), overdue)


def opening(ends: date) -> date:
    """The day by which the draw of a task is open: that on which its last result is due (R3.2.3a)."""
    return deadline("publication", ends)


def shown(draw: register_draws.PublicDraw, today: date) -> Shown:
    """A draw as it stands today."""
    opens = opening(draw.ends)
    overdue = draw.state in ("committed", "sealed") and today > opens
    committed = json.loads(draw.commitment)
    return Shown(draw, committed, opens, official().provisional(opens), overdue)


def files_of(one: Shown) -> list[str]:
    """The names of the files that anybody may fetch now."""
    files = ["commitment.json"]
    if one.draw.drawn_at:
        files.append("sealed.json")
    if one.draw.state == "opened":
        files += ["certificate.json", *rules.TABLES] + ["excluded.tsv"] * ("excluded" in one.committed)
    return files


async def seal_of(site: Site, draw: register_draws.PublicDraw) -> bytes | None:
    """`sealed.json` of a draw, None before it was drawn; what is in it never changes."""
    if draw.drawn_at is None:
        return None
    if draw.sequence not in site.seals:
        async with site.database.read() as session:
            certificate = await register_draws.certificate(session, draw.id)
        if certificate is None:
            return None
        site.seals[draw.sequence] = sealed(draw.commitment, certificate)
    return site.seals[draw.sequence]


def sealed(commitment: bytes, certificate: bytes) -> bytes:
    """As `rules.bundles.sealed`, also of a certificate that no checker would take: its page must be there to say so."""
    outcome, entropy = sha256(certificate).hexdigest(), json.loads(certificate)["entropy"]
    told = {"commitment": sha256(commitment).hexdigest(), "entropy": entropy, "outcome": outcome}
    return rules.canonical(told)


async def find(request: web.Request) -> register_draws.PublicDraw:
    """The draw that the address names; not found if that number is a gap."""
    number = int(request.match_info["number"])
    async with request.app[SITE].database.read() as session:
        found = await register_draws.draws_between(session, number, number)
    if number not in found:
        raise web.HTTPNotFound
    return found[number]


async def index(request: web.Request) -> web.Response:
    """All numbers from the last down, also those that are missing; below `before` if given."""
    site = request.app[SITE]
    before = query.number(request, "before")
    async with site.database.read() as session:
        last = await register_draws.last_sequence(session)
        top = min(last, before - 1) if before else last
        bottom = max(1, top - PAGE + 1)
        found = await register_draws.draws_between(session, bottom, top)
        late = await owed(session, site.today)
    draws = {number: shown(draw, site.today) for number, draw in found.items()}
    lines = [(number, draws.get(number)) for number in range(top, bottom - 1, -1)]
    more = bottom if bottom > 1 else None
    return render(request, "draws.html", lines=lines, owed=late, more=more, before=before)


async def draw(request: web.Request) -> web.Response:
    """One draw: what was fixed before, what is public now, and the files to check it with."""
    site = request.app[SITE]
    try:
        line = await find(request)
    except web.HTTPNotFound:
        return await _absent(request)
    page = query.number(request, "page", 1, MOST_PAGES) or 1
    number = line.sequence
    async with site.database.read() as session:
        previous = (await register_draws.draws_between(session, number - 1, number - 1)).get(number - 1)
        witnesses = await register_draws.witnesses(session, line.id)
        record = await register_draws.record(session, line.id)
        drawn = await register_draws.drawn_subjects(session, line.id, PAGE + 1, (page - 1) * PAGE)
        sizes = await register_draws.sizes(session, line.id)
    seal, one = await seal_of(site, line), shown(line, site.today)
    typed = query.words(request, "code")
    return render(
        request,
        "draw.html",
        shown=one,
        line=line,
        digest=sha256(line.commitment).hexdigest(),
        chained=_chained(line, previous),
        witnesses=witnesses,
        round_at=_round_at(line),
        record=[(*entry, rules.canonical(entry[1]).decode()) for entry in record],
        seal=json.loads(seal) if seal else None,
        files=files_of(one),
        bytes=sizes,
        replay=replay,
        typed=typed,
        answer=await hat_answers.ask(site, line, typed) if typed and line.state == "opened" else None,
        drawn=drawn[:PAGE],
        page=page,
        more=len(drawn) > PAGE and page < MOST_PAGES,
    )


async def _absent(request: web.Request) -> web.Response:
    """A number without a draw: one that is missing, which is an alarm, or one that comes later."""
    number = int(request.match_info["number"])
    async with request.app[SITE].database.read() as session:
        last = await register_draws.last_sequence(session)
        following = (await register_draws.draws_between(session, number + 1, number + 1)).get(number + 1)
    if number > last:
        return render(request, "undrawn.html", status=404, number=number, last=last)
    told = json.loads(following.commitment)["previous"] if following else None
    return render(request, "missing.html", status=404, number=number, told=told)


async def how_to_check(request: web.Request) -> web.Response:
    """In plain words: how anybody checks a draw."""
    return render(request, "check.html")


def _chained(line: register_draws.PublicDraw, previous: register_draws.PublicDraw | None) -> bool:
    told = json.loads(line.commitment)
    if previous is None:
        return bool(line.sequence == 1 and told["previous"] == rules.FIRST)
    in_order = json.loads(previous.commitment)["committed_at"] <= told["committed_at"]
    return bool(in_order and told["previous"] == sha256(previous.commitment).hexdigest())


def _round_at(line: register_draws.PublicDraw) -> datetime | None:
    entropy = json.loads(line.commitment)["entropy"]
    return beacons.time_of(entropy["round"]) if entropy["kind"] == "drand" else None
