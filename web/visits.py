"""Shows whoever scans the visit code (行政行为码) whether those at the door are who they say, and what they found."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from aiohttp import web

from actions import confirmations, register
from locales import Words
from rules.refusal import Refusal
from rules.visits import code_until
from web import voice
from web.limits import Limiter
from web.safety import sender
from web.site import SITE, Site, language_of, render

TOKEN = re.compile(r"[A-Za-z0-9_-]{8,64}")
RIGHTS = ("certificate", "two", "recusal", "speak", "record", "secrets", "complain")
LARGEST = 32 * 1024  # bytes of a form: 2,000 Chinese characters are 18,000 bytes in it
OWN = ("same-origin", "none")  # what a browser says of a form of ours (Sec-Fetch-Site)
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
POSTS = web.AppKey("posts", Limiter)
STATUS = {"subject.already": 409, "subject.changed": 409, "subject.not_now": 409, "subject.too_often": 429}


async def visit(request: web.Request) -> web.Response:
    """Genuine or not; nothing else can be learned from a code."""
    return await page(request)


async def confirm(request: web.Request) -> web.Response:
    """The subject confirms what was found (扫码确认): once, what this page showed, and not from another page.

    It works without JavaScript and cookies; what is wrong is said above the form, which keeps what was typed.
    """
    site, token = request.app[SITE], request.match_info["token"]
    if not TOKEN.fullmatch(token):
        raise web.HTTPBadRequest
    now = site.now().astimezone(site.zone)
    form = await posted(request)
    nonce, name, statement = (str(form.get(field, "")) for field in ("nonce", "name", "statement"))
    try:
        if not allowed(request, token):
            raise Refusal("subject.too_often")
        async with site.database.write() as session:
            found = await register.visit_code(session, token)
            if found is None or now.date() > until(site, found):
                raise Refusal("subject.not_now")
            await confirmations.confirm(session, token, nonce, name, statement.replace("\r\n", "\n"), now)
    except Refusal as refusal:
        typed = {"name": name[:50], "statement": statement[:1000]}
        return await page(request, refusal, typed, STATUS.get(refusal.code, 400))
    raise web.HTTPSeeOther(f"/visits/{token}")


async def posted(request: web.Request) -> dict[str, str]:
    """The fields of a form of ours, without what no database keeps.

    One that is too large, comes from another page or cannot be read is a bad request.
    """
    if request.headers.get("Sec-Fetch-Site", "none") not in OWN:
        raise web.HTTPBadRequest
    if request.content_type != "application/x-www-form-urlencoded" or (request.content_length or 0) > LARGEST:
        raise web.HTTPBadRequest
    try:
        given = await request.post()
    except (UnicodeError, LookupError):  # not in the alphabet that it says, or in none that there is
        raise web.HTTPBadRequest from None
    return {name: value.replace("\0", "") for name, value in given.items() if isinstance(value, str)}


def allowed(request: web.Request, about: str) -> bool:
    """Whether one more may be posted about a thing, and from this address; if so, it is counted."""
    at = request.app[SITE].now().timestamp()
    posters = (f"code {about}", f"from {sender(request)}")
    return all(request.app[POSTS].allows(poster, at) for poster in posters)


async def page(
    request: web.Request, refusal: Refusal | None = None, typed: dict[str, str] | None = None, status: int = 200
) -> web.Response:
    """The page behind a code; after a form was refused, with what was wrong and what was typed."""
    site, token = request.app[SITE], request.match_info["token"]
    now = site.now().astimezone(site.zone)
    found, shown = None, None
    if TOKEN.fullmatch(token):
        async with site.database.read() as session:
            found = await register.visit_code(session, token)
            if found and not found.finished:
                shown = await confirmations.found(session, token, now)
    if found is None:
        response = render(request, "not_genuine.html", status=404, paper="visit")
    elif now.date() > (last := until(site, found)):
        response = render(request, "old_visit.html", status=410, visit=found, until=last)
    else:
        day = (found.started_at or now).astimezone(site.zone).date()
        context: dict[str, Any] = {"visit": found, "day": day, "rights": RIGHTS, "until": last}
        context |= {"found": shown, "token": token, "typed": typed or {}}
        context |= await voice.context(site, token, found)
        said = worded(request, refusal) if refusal else ""
        response = render(request, "visit.html", status=status, said=said, **context)
    response.headers.update(PRIVATE)
    return response


def until(site: Site, found: register.VisitCode) -> date:
    """The last day of a code."""
    submitted = found.submitted_at.astimezone(site.zone).date() if found.submitted_at else None
    return code_until(found.due, submitted)


def worded(request: web.Request, refusal: Refusal) -> str:
    """What a refusal says to the reader."""
    words: Words = request.app[SITE].words[language_of(request)]
    return words(f"refusal.{refusal.code}", **refusal.gaps)
