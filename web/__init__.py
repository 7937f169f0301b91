"""The public register: what anybody may see, look up and check, without an account (R1.2, R3.2.3a)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from aiohttp import web

from models.database import Database
from web import audit, draw_files, draws, health, open_data, records, results, safety, subjects, visits
from web.limits import Limiter
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
) -> web.Application:
    """The pages over a database; `public_url` has no slash at the end, `bot_username` may be empty."""
    app = web.Application(middlewares=[safety.kind_errors])
    app[SITE] = Site(database, zone, now, authority, public_url, bot_username, language)
    app[visits.POSTS] = Limiter(most=20, seconds=600)
    app[audit.DESK] = audit.Desk(app[SITE])
    app.on_cleanup.append(audit.close)
    app.on_response_prepare.append(safety.add_headers)
    app.add_routes(
        [
            web.get("/", results.home),
            web.get("/subjects/{code}", subjects.subject),
            web.get("/draws", draws.index),
            web.get("/draws/audit", audit.page),
            web.get("/draws/audit.json", audit.as_json),
            web.get("/draws/check", draws.how_to_check),
            web.get("/draws/draw.py", draw_files.checker),
            web.get(f"/draws/{NUMBER}", draws.draw),
            web.get(f"/draws/{NUMBER}/{{file}}", draw_files.file),
            web.get("/visits/{token}", visits.visit),
            web.get("/records/{token}", records.record),
            web.post("/visits/{token}", visits.confirm),
            web.get("/data/results.csv", open_data.results_csv),
            web.get("/api/v1/results", open_data.results),
            web.get("/api/v1/subjects/{code}", open_data.subject),
            web.get(f"{STATIC}/{{hash}}/{{name}}", health.asset),
            web.get("/healthz", health.alive),
            web.get("/readyz", health.ready),
            web.get("/robots.txt", health.robots),
        ]
    )
    return app
