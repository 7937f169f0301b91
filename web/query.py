"""Reads what an address asks for, within bounds; what does not fit is a bad request, never a long query."""

from __future__ import annotations

import unicodedata
from datetime import date

from aiohttp import web

LONGEST_SEARCH = 60
LONGEST_CODE = 64
LARGEST_ID = 2**53 - 1


def number(request: web.Request, name: str, default: int | None = None, most: int = LARGEST_ID) -> int | None:
    """A whole number from 1 to `most` in the address, or the default."""
    given = request.query.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit() and len(given) <= 16 and 1 <= int(given) <= most):
        raise web.HTTPBadRequest
    return int(given)


def words(request: web.Request, name: str = "q") -> str:
    """The words searched for, without what no keyboard types; too many are a bad request."""
    given = clean(request.query.get(name, "")).strip()
    if len(given) > LONGEST_SEARCH:
        raise web.HTTPBadRequest
    return given


def short(request: web.Request, name: str) -> str:
    """A code in the address, or nothing; one that is too long is a bad request."""
    given = clean(request.query.get(name, "")).strip()
    if len(given) > LONGEST_CODE:
        raise web.HTTPBadRequest
    return given


def code(request: web.Request) -> str:
    """The code of a subject that the address names; one that no subject can have is not found."""
    given = request.match_info["code"]
    if len(given) > LONGEST_CODE or clean(given) != given:
        raise web.HTTPNotFound
    return given


def day(request: web.Request, name: str) -> date | None:
    """A day in the address as 2026-12-08, or nothing; one that is no day is a bad request."""
    given = request.query.get(name, "").strip()
    if not given:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise web.HTTPBadRequest from None


def clean(given: str) -> str:
    """Words without control characters and halves of characters, which a database would refuse."""
    return "".join(c for c in given if c.isprintable() or unicodedata.category(c) == "Zs")
