"""The checklists that the random inspectors walk through: the published ones where they are at hand, else our own."""

from __future__ import annotations

from pathlib import Path

import yaml

from demo.items import ITEMS
from models.items import Checklist, Point

PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "checklists.yaml"


def checklists() -> list[Checklist]:
    """New rows, of all kinds of answers: some points are made measured, chosen, conditional."""
    made = _published() if PUBLISHED.exists() else _own()
    for number, checklist in enumerate(made):
        _vary(checklist, number)
    return made


def _published() -> list[Checklist]:
    return [
        Checklist(
            name=one["title"],
            materials=one.get("materials_requested", []),
            points=[
                Point(
                    number=number,
                    text=point["point"],
                    method=point.get("method", ""),
                    key=point.get("weight") == "key",
                    optional=bool(point.get("may_be_not_applicable")),
                    stop=bool(point.get("stop_if_fail")),
                    min_sample=point.get("min_sample", 0),
                )
                for number, point in enumerate(one["points"], 1)
            ],
        )
        for one in yaml.safe_load(PUBLISHED.read_text(encoding="utf-8"))["checklists"]
    ]


def _own() -> list[Checklist]:
    return [
        Checklist(
            name=item.name,
            points=[
                Point(number=number, text=point.text, method=point.method, key=point.key, optional=not point.fixed)
                for number, point in enumerate(item.checklist, 1)
            ],
        )
        for item in ITEMS
    ]


def _vary(checklist: Checklist, number: int) -> None:
    """Every kind of answer comes up: the published lists know only yes or no, samples and stops."""
    for point in checklist.points:
        point.photo = "failure" if point.key else "never"
    changes = ("数值 2~8 ℃", "选择 有;无*", "抽样", "文字")
    points = checklist.points
    if len(points) > 3:
        points[1].answer = changes[number % len(changes)]
        points[2].only_if = "1=no"
