"""Keeps what everybody sees alike for a moment, and spares whoever has it already a second copy (ETag)."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256

from aiohttp import web
from multidict import CIMultiDict

from web.site import SITE, language_of

MOST_BYTES = 32 * 1024 * 1024  # of all that is kept
LARGEST = 1024 * 1024  # of one answer that is kept
LONGEST_ADDRESS = 500  # characters
OVERHEAD = 2_000  # bytes that an entry takes beside its body

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was given, its headers included, and until when it may be given again."""

    body: bytes
    headers: CIMultiDict[str]
    etag: str
    until: float  # of the monotonic clock, in seconds


class Shelf:
    """Answers by address and language for `seconds`, the least recently asked leaves first; 0 keeps nothing."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._bytes = 0

    def take(self, key: Key) -> Kept | None:
        """What is kept under a key and still good."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.until <= time.monotonic():
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return kept

    def put(self, key: Key, body: bytes, headers: CIMultiDict[str], etag: str) -> None:
        """Keep an answer, if it is not too large."""
        if not self.seconds or len(body) > LARGEST or len(key[0]) > LONGEST_ADDRESS:
            return
        self._drop(key)
        self._kept[key] = Kept(body, headers, etag, time.monotonic() + self.seconds)
        self._bytes += len(body) + OVERHEAD
        while self._bytes > MOST_BYTES:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Key) -> None:
        if kept := self._kept.pop(key, None):
            self._bytes -= len(kept.body) + OVERHEAD


SHELF = web.AppKey("shelf", Shelf)


@web.middleware
async def shelved(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer from the shelf, or put there what was made; what says `no-store` or sets a cookie is left alone."""
    if request.method not in ("GET", "HEAD"):
        return await handler(request)
    shelf = request.app[SHELF]
    key = (request.path_qs, language_of(request))
    if kept := shelf.take(key):
        return _answer(request, kept.body, kept.headers, kept.etag)
    response = await handler(request)
    if not isinstance(response, web.Response) or response.status != 200 or response.cookies:
        return response
    if response.headers.get("Cache-Control", "no-store") == "no-store" or not isinstance(response.body, bytes):
        return response
    etag = f'"{sha256(response.body).hexdigest()[:32]}"'
    headers = CIMultiDict(response.headers)
    headers["ETag"] = etag
    headers.update(request.app[SITE].headers)
    shelf.put(key, response.body, headers, etag)
    return _answer(request, response.body, headers, etag)


def _answer(request: web.Request, body: bytes, headers: CIMultiDict[str], etag: str) -> web.Response:
    asked = request.headers.get("If-None-Match", "")
    if asked and (asked.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in asked.split(","))):
        small = {name: headers[name] for name in ("ETag", "Cache-Control", "Vary") if name in headers}
        return web.Response(status=304, headers=small)
    return web.Response(body=body, headers=headers)
