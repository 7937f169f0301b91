"""The figures of a year for everybody: what was done of what was planned, by department, area, item, month (R4.1)."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from aiohttp import web
from pydantic import BeforeValidator, Field

from actions import ratings, statistics
from actions.statistics import Scope
from rules.ratings import quarter
from rules.statistics import DIMENSIONS, FIGURES, Period
from web import query
from web.api import PREFIX, Answer, Asked, Call, Endpoint, digits
from web.site import SITE, render

FIRST_YEAR, LAST_YEAR = 2019, 2100


async def page(request: web.Request) -> web.Response:
    """All figures of a year, and each of them by department, area, item or month."""
    site = request.app[SITE]
    today = site.today
    year = query.number(request, "year", today.year, LAST_YEAR) or today.year
    by = request.query.get("by", "area")
    if year < FIRST_YEAR or by not in DIMENSIONS:
        raise web.HTTPBadRequest
    scope, now = Scope(Period.of_year(year)), site.now().astimezone(site.zone)
    async with site.database.read() as session:
        figures = await statistics.overview(session, scope, now)
        lines = {key: await statistics.by(session, key, by, scope, now) for key in FIGURES if figures[key].total}
        opinion = await ratings.opinion(session, quarters(year))
    years = range(today.year, max(FIRST_YEAR, today.year - 5) - 1, -1)
    return render(
        request,
        "statistics.html",
        year=year,
        by=by,
        figures=figures,
        lines=lines,
        opinion=opinion,
        years=years,
        dimensions=DIMENSIONS,
    )


def quarters(year: int) -> list[str]:
    """The quarters of a year."""
    return [quarter(date(year, month, 1)) for month in (1, 4, 7, 10)]


class AskedFigures(Asked):
    """The figures of a year, each of them taken apart by `by`."""

    year: Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR), BeforeValidator(digits)]
    by: Annotated[str, Field(pattern=f"^({'|'.join(DIMENSIONS)})$")] = "area"


class FigureLine(Answer):
    """A figure of one department, area, item or month."""

    key: str
    name: str
    met: int
    total: int
    percent: float | None


class Figure(Answer):
    """A figure of all, and its lines."""

    figure: str
    name: str
    met: int
    total: int
    percent: float | None
    lines: list[FigureLine]


class Figures(Answer):
    """All figures."""

    figures: list[Figure]


async def figures(call: Call, asked: AskedFigures) -> Figures:
    """All figures of a year."""
    scope, now = Scope(Period.of_year(asked.year)), call.site.now().astimezone(call.site.zone)
    made = []
    for key, share in (await statistics.overview(call.session, scope, now)).items():
        found = await statistics.by(call.session, key, asked.by, scope, now)
        lines = [
            FigureLine(
                key=one.key,
                name=one.name,
                met=one.share.met,
                total=one.share.total,
                percent=_number(one.share.percent),
            )
            for one in found
        ]
        name, percent = str(call.words(f"statistics.{key}")), _number(share.percent)
        made.append(Figure(figure=key, name=name, met=share.met, total=share.total, percent=percent, lines=lines))
    return Figures(figures=made)


def _number(percent: object) -> float | None:
    return None if percent is None else float(str(percent))


ENDPOINT = Endpoint("statistics", f"{PREFIX}/statistics", AskedFigures, Figures, figures)
