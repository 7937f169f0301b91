"""Gives out slips for ratings without seeing them, and takes ratings without knowing from whom (评价)."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from actions import ratings, register
from rules.ratings import REASONS, SCORES
from rules.refusal import Refusal
from web import visits
from web.site import SITE, render

LARGEST = 4096  # bytes of a request for a slip
LONGEST = 700  # characters of a slip


async def slip(request: web.Request) -> web.Response:
    """Sign a blinded slip for the visit behind a code: `{"key": 1, "blinded": "hex"}` gives `{"signature": "hex"}`."""
    site, token = request.app[SITE], request.match_info["token"]
    if request.headers.get("Sec-Fetch-Site", "none") not in visits.OWN or not visits.TOKEN.fullmatch(token):
        raise web.HTTPBadRequest
    if request.content_type != "application/json" or not 0 < (request.content_length or 0) <= LARGEST:
        raise web.HTTPBadRequest
    try:
        key, blinded = _asked(await request.json())
    except (ValueError, LookupError, RecursionError):  # no JSON, or in no alphabet that there is
        raise web.HTTPBadRequest from None
    try:
        if not visits.allowed(request, token):
            raise Refusal("ratings.too_often")
        async with site.database.write() as session:
            found = await register.visit_code(session, token)
            if found is None or site.today > visits.until(site, found):
                raise Refusal("ratings.not_now")
            signed = await ratings.sign(session, token, key, blinded)
    except Refusal as refusal:
        status = 429 if refusal.code == "ratings.too_often" else 409
        return web.json_response({"error": visits.worded(request, refusal)}, status=status, headers=visits.PRIVATE)
    return web.json_response({"signature": f"{signed:x}"}, headers=visits.PRIVATE)


def _asked(given: Any) -> tuple[int, int]:
    try:
        key, blinded = given["key"], given["blinded"]
        if type(key) is not int or not 0 < key < 2**31 or not isinstance(blinded, str):
            raise web.HTTPBadRequest
        return key, int(blinded, 16)
    except (KeyError, TypeError, ValueError):
        raise web.HTTPBadRequest from None


async def form(request: web.Request) -> web.Response:
    """The form for a rating, and the keys that everybody may compare."""
    return await _page(request)


async def rate(request: web.Request) -> web.Response:
    """Take a rating; of who sent it nothing is kept."""
    site = request.app[SITE]
    given = await visits.posted(request)
    slip = "".join(given.get("slip", "").split())[:LONGEST]
    reasons = [one for one in REASONS if given.get(one)]
    try:
        if not visits.allowed(request, slip[:64]):
            raise Refusal("ratings.too_often")
        async with site.database.write() as session:
            score = given.get("score", "")
            await ratings.rate(session, slip, int(score) if score in map(str, SCORES) else 0, reasons)
    except Refusal as refusal:
        status = 429 if refusal.code == "ratings.too_often" else 400
        return await _page(request, visits.worded(request, refusal), {"slip": slip, **given}, status)
    response = render(request, "rated.html")
    response.headers["Cache-Control"] = "no-store"
    return response


async def _page(
    request: web.Request, said: str = "", typed: dict[str, str] | None = None, status: int = 200
) -> web.Response:
    async with request.app[SITE].database.read() as session:
        keys = await ratings.keys(session)
    choices = {"scores": SCORES, "reasons": REASONS, "keys": keys}
    response = render(request, "ratings.html", status=status, said=said, typed=typed or {}, **choices)
    if typed is not None:
        response.headers["Cache-Control"] = "no-store"
    return response
