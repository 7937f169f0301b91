"""Orders what somebody has to visit as one drives: by area, then by day, each stop with its map."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import groupby

from markupsafe import Markup

from locales import Words
from models.visits import Visit
from rules.visits import WORKING


def day_of(visit: Visit) -> date:
    """The day that the inspectors chose, else the last one."""
    return visit.planned_on or visit.due


def ordered(visits: list[Visit]) -> list[Visit]:
    """What is under way first, then by area (the earliest day first) and by day; equal ones keep their order."""
    first: dict[str, date] = {}
    for visit in visits:
        code = visit.subject.area_code
        first[code] = min(day_of(visit), first.get(code, day_of(visit)))

    def place(visit: Visit) -> tuple[bool, date, str, date]:
        code = visit.subject.area_code
        return visit.state not in WORKING, first[code], code, day_of(visit)

    return sorted(visits, key=place)


def lines(
    words: Words, visits: list[Visit], due: Callable[[Visit], Markup], map_link: Callable[[Visit], str], first: int = 1
) -> list[Markup]:
    """A heading for each area and day, and a line for each visit, numbered through from `first` on."""
    told: list[Markup] = []
    numbered = list(enumerate(visits, first))
    for (area, day, planned), group in groupby(
        numbered, lambda one: (one[1].subject.area.name, day_of(one[1]), one[1].planned_on is not None)
    ):
        stops = list(group)
        until = words("visits.planned", day=day) if planned else due(stops[0][1])
        told.append(words("visits.group", area=area, day=until))
        told += [
            words("visits.stop", number=number, name=visit.subject.name, map=map_link(visit)) for number, visit in stops
        ]
    return told
