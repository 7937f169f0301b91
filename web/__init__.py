"""The public register: what anybody may see, look up and check, without an account (R1.2, R3.2.3a)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from aiohttp import web

from models.database import Database
from web import (
    appeals,
    audit,
    draw_files,
    draws,
    endpoints,
    extracts,
    feeds,
    health,
    home,
    items,
    journal,
    open_data,
    plans,
    ratings,
    records,
    results,
    safety,
    statistics,
    subjects,
    tasks,
    visits,
)
from web.api import PREFIX
from web.limits import Limiter, Purse
from web.shelf import SHELF, Shelf, shelved
from web.site import SITE, STATIC, Site

__all__ = ["application"]

NUMBER = "{number:[1-9][0-9]{0,8}}"


def application(
    database: Database,
    *,
    zone: ZoneInfo,
    now: Callable[[], datetime],
    authority: str,
    public_url: str,
    bot_username: str,
    language: str = "zh_CN",
    fresh: float = 0,
    a_minute: int = 0,
    proxies: int = 0,
) -> web.Application:
    """The pages over a database; `public_url` has no slash at the end, `bot_username` may be empty.

    A page may be `fresh` seconds old; an address may ask `a_minute` times a minute (0: as often as it likes); so many
    `proxies` of ours stand before us, each adding to X-Forwarded-For.
    """
    app = web.Application(middlewares=[safety.kind_errors, safety.paced, shelved])
    app[safety.PURSE], app[safety.PROXIES] = Purse(a_minute), proxies
    app[SHELF] = Shelf(fresh)
    app[SITE] = Site(database, zone, now, authority, public_url, bot_username, language)
    app[visits.POSTS] = Limiter(most=20, seconds=600)
    app[audit.DESK] = audit.Desk(app[SITE])
    app.on_cleanup.append(audit.close)
    app.on_response_prepare.append(safety.add_headers)
    app.add_routes(
        [
            web.get("/", home.home),
            web.get("/subjects/{code}", subjects.subject),
            web.get("/results", results.results),
            web.get("/plans", plans.index),
            web.get("/plans/{number:[0-9]{1,24}}", plans.plan),
            web.get("/items", items.index),
            web.get("/items/{code}", items.item),
            web.get("/tasks", tasks.index),
            web.get("/tasks/{number:[0-9]{1,24}}", tasks.task),
            web.get("/draws", draws.index),
            web.get("/draws/audit", audit.page),
            web.get("/draws/audit.json", audit.as_json),
            web.get("/draws/check", draws.how_to_check),
            web.get("/draws/draw.py", draw_files.checker),
            web.get(f"/draws/{NUMBER}", draws.draw),
            web.get(f"/draws/{NUMBER}/{{file}}", draw_files.file),
            web.get("/journal.json", journal.roots),
            web.get("/visits/{token}", visits.visit),
            web.get("/extracts/{token}", extracts.check),
            web.post("/subjects/{code}/extract", extracts.of_subject),
            web.post("/visits/{token}/extract", extracts.of_visit),
            web.get("/records/{token}", records.record),
            web.post("/visits/{token}", visits.confirm),
            web.post("/visits/{token}/objection", appeals.make),
            web.post("/visits/{token}/slip", ratings.slip),
            web.get("/ratings", ratings.form),
            web.post("/ratings", ratings.rate),
            web.get("/statistics", statistics.page),
            web.get("/data", open_data.page),
            web.get("/feeds/{name}.atom", feeds.feed),
            web.get(f"{PREFIX}/openapi.json", endpoints.openapi),
            *(web.get(one.path, one.respond) for one in endpoints.ENDPOINTS),
            web.get(f"{STATIC}/{{hash}}/{{name}}", health.asset),
            web.get("/healthz", health.alive),
            web.get("/readyz", health.ready),
            web.get("/robots.txt", health.robots),
        ]
    )
    return app
