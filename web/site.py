"""What every page needs: the database, the words in the reader's language, templates and small files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from locales import LANGUAGES, Words
from models.database import Database

HERE = Path(__file__).parent
STATIC = "/static"
LANGUAGE = "lang"  # of the parameter and of the cookie
A_YEAR = 365 * 24 * 3600
MAX_ACCEPTED = 500  # characters of Accept-Language that are read
NAVIGATION = (  # every part of the register, and the key of its name
    ("/results", "web.nav.results"),
    ("/plans", "web.nav.plans"),
    ("/items", "web.nav.items"),
    ("/tasks", "web.nav.tasks"),
    ("/draws", "web.nav.draws"),
    ("/statistics", "web.nav.statistics"),
    ("/data", "web.nav.data"),
)
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self' data:",
        "script-src 'self'",
        "worker-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",  # the address of a visit code is the code
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "suicha",
}


def _assets() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((HERE / "static").iterdir())}


@dataclass
class Site:
    """The settings of the register, and what is made of them once at the start."""

    database: Database
    zone: ZoneInfo
    now: Callable[[], datetime]
    authority: str
    public_url: str
    bot_username: str
    language: str
    assets: dict[str, bytes] = field(default_factory=_assets)
    seals: dict[int, bytes] = field(default_factory=dict)  # `sealed.json` by sequence: made once, small, final
    hats: dict[int, Any] = field(default_factory=dict)  # what `web.hat_answers` keeps of opened draws, by sequence
    hat_lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.words = {language: Words(language, self.zone) for language in LANGUAGES}
        self.hashes = {name: sha256(body).hexdigest()[:16] for name, body in self.assets.items()}

    @cached_property
    def templates(self) -> Environment:
        """The pages; every value is escaped, a missing one is an error."""
        loader = FileSystemLoader(HERE / "templates")
        environment = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        environment.globals.update(site=self, asset=self.asset, navigation=NAVIGATION)
        return environment

    @cached_property
    def headers(self) -> dict[str, str]:
        """What every answer carries against misuse."""
        transport = {"Strict-Transport-Security": "max-age=31536000"} if self.https else {}
        return HEADERS | transport

    @property
    def https(self) -> bool:
        """Whether people come over an encrypted connection."""
        return self.public_url.startswith("https:")

    @property
    def today(self) -> date:
        """The day of the people here."""
        return self.now().astimezone(self.zone).date()

    def asset(self, name: str) -> str:
        """The address of a small file; it changes with the content, so that it may be kept for ever."""
        return f"{STATIC}/{self.hashes[name]}/{name}"


SITE = web.AppKey("site", Site)


def as_language(tag: str) -> str | None:
    """The language of ours that a tag such as zh-Hans-CN or en-GB asks for."""
    main = tag.strip().lower().replace("_", "-").split("-")[0]
    return {"zh": "zh_CN", "en": "en"}.get(main)


def _accepted(header: str) -> str | None:
    wishes = []
    for place, wish in enumerate(header[:MAX_ACCEPTED].split(",")):
        tag, _, quality = wish.partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            weight = 0
        if (language := as_language(tag)) and weight > 0:
            wishes.append((-weight, place, language))
    return min(wishes)[2] if wishes else None


def language_of(request: web.Request) -> str:
    """The language of a reader: asked for in the address, remembered, preferred by the browser, or ours."""
    return (
        as_language(request.query.get(LANGUAGE, ""))
        or as_language(request.cookies.get(LANGUAGE, ""))
        or _accepted(request.headers.get("Accept-Language", ""))
        or request.app[SITE].language
    )


def render(request: web.Request, template: str, *, status: int = 200, **context: Any) -> web.Response:
    """A page in the reader's language; a language asked for in the address is remembered."""
    site, language = request.app[SITE], language_of(request)
    t = site.words[language]

    def moment(at: datetime) -> str:
        local = at.astimezone(site.zone)
        return f"{t.full_day(local.date())} {local:%H:%M}"

    def here(lang: str) -> str:
        return str(request.rel_url.update_query({LANGUAGE: lang}))

    page = site.templates.get_template(template).render(
        t=t, moment=moment, here=here, language=language, path=request.path, **context
    )
    response = web.Response(text=page, content_type="text/html", status=status)
    response.headers["Cache-Control"] = "no-cache" if status == 200 else "no-store"
    response.headers["Vary"] = "Accept-Language, Cookie"
    response.headers["Content-Language"] = language.replace("_", "-")
    if as_language(request.query.get(LANGUAGE, "")):
        response.set_cookie(
            LANGUAGE, language, max_age=A_YEAR, httponly=True, samesite="Lax", secure=site.https, path="/"
        )
    return response
