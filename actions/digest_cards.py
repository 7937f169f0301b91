"""What stands in the picture of a digest, as plain facts by role: progress, figures, load, ranking, what is due."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from actions.digest_sections import Asked, overdue
from actions.statistics import Line, Scope, by, overview
from models.leads import Lead
from models.people import Area, Person
from models.plans import Task
from models.subjects import Subject
from models.visits import Seat, Visit
from rules.digests import DAILY, before, period
from rules.leads import OPEN as LEADS_OPEN
from rules.leads import RECEIVED
from rules.statistics import NOT_HANDED_IN, Period, Share
from rules.visits import NO_VISIT, OPEN

Block = dict[str, Any]  # `kind` is progress, tiles, rates, bars or due; see documents/digest.py
BUSIEST, DUE = 3, 3
FIRST, LAST = 2, 2  # of a ranking


async def supervisor(asked: Asked, kind: str) -> list[Block]:
    """Of the person's organ: progress against plan, work under way, problems, publication in time, load."""
    days = period(kind, asked.today)
    scope = Scope(days, organ_id=asked.person.organ_id)
    figures = await overview(asked.session, scope, asked.now)
    progress = await _progress(asked)
    open_visits = await _open_visits(asked)
    if not (open_visits or (figures["joint"].total if kind != DAILY else 0)):
        return []
    late = len(await overdue(asked))
    if kind == DAILY:
        waiting = len(await asked.visits(Visit.state == "submitted"))
        tiles = [_tile("open", open_visits), _tile("overdue", late, bad=True), _tile("to_review", waiting)]
    else:
        tiles = [_tile("made", figures["joint"].total), _tile("found", figures["problem"].met)]
        tiles.append(_tile("overdue", late, bad=True))
    tiles.append(_tile("open_leads", await _open_leads(asked)))
    past = before(kind, days)
    earlier = await overview(asked.session, replace(scope, period=past), asked.now) if past else {}
    rates = [_rate(key, figures[key], earlier.get(key)) for key in ("problem", "publication")]
    return [progress, {"kind": "tiles", "tiles": tiles}, {"kind": "rates", "rates": rates}, *await _load(asked)]


async def liaison(asked: Asked, kind: str) -> list[Block]:
    """Of the person's organ: leads that came in, what is due next, how many were answered."""
    mine = (Lead.organ_id == asked.person.organ_id, Lead.state.in_(RECEIVED), Lead.office_by.is_(None))
    query = select(Lead.id, Lead.state, Lead.due, Subject.name).join(Subject, Subject.id == Lead.subject_id)
    leads = (await asked.session.execute(query.where(*mine).order_by(Lead.due, Lead.id))).tuples().all()
    days = period(kind, asked.today)
    figures = await overview(asked.session, Scope(days, organ_id=asked.person.organ_id), asked.now)
    if not (leads or (figures["feedback"].total if kind != DAILY else 0)):
        return []
    tiles = [
        _tile("leads_new", sum(state == "sent" for _, state, *_ in leads)),
        _tile("leads_working", sum(state == "accepted" for _, state, *_ in leads)),
        _tile("leads_overdue", sum(day < asked.today for _, _, day, _ in leads), bad=True),
        _tile("leads_answered", figures["feedback"].met),
    ]
    due = [{"name": name, "state": state, "day": str(day), "late": day < asked.today} for _, state, day, name in leads]
    return [
        {"kind": "tiles", "tiles": tiles},
        *([{"kind": "due", "due": due[:DUE], "more": max(0, len(due) - DUE)}] if due else []),
    ]


async def office(asked: Asked, kind: str) -> list[Block]:
    """Of an area and all below it: coverage, joint share, publication in time, repeats, who is ahead and who behind."""
    days = period(kind, asked.today)
    scope = Scope(days, area=asked.person.organ.area_code)
    figures = await overview(asked.session, scope, asked.now)
    if not figures["check"].total:
        return []
    year = Period(asked.today.replace(month=1, day=1), asked.today)
    past = before(kind, days)
    earlier = await overview(asked.session, replace(scope, period=past), asked.now) if past else {}
    rates = [_rate(key, figures[key], earlier.get(key)) for key in ("check", "publication", "joint")]
    rates.append(_rate("coverage", await coverage(asked, year), None))
    again = await repeats(asked, year)
    return [
        {"kind": "rates", "rates": rates},
        {
            "kind": "tiles",
            "tiles": [_tile("repeats", again), _tile("found", figures["problem"].met)],
        },
        _ranking("areas", await by(asked.session, "check", "area", scope, asked.now)),
        _ranking("departments", await by(asked.session, "publication", "department", scope, asked.now)),
    ]


CARDS = {"office": office, "supervisor": supervisor, "liaison": liaison}


async def coverage(asked: Asked, year: Period) -> Share:
    """Of the active subjects of the office's area, those that were visited in a period (R1.1)."""
    area = asked.person.organ.area_code
    where = Subject.area_code.in_(select(Area.code).where((Area.code == area) | (Area.parent == area)))
    total = select(func.count()).select_from(Subject).where(where, Subject.status == "active")
    visited = select(func.count(Visit.subject_id.distinct())).join(Subject, Subject.id == Visit.subject_id)
    visited = visited.where(where, Subject.status == "active", *_made(asked, year))
    return Share(await asked.session.scalar(visited) or 0, await asked.session.scalar(total) or 0)


async def repeats(asked: Asked, year: Period) -> int:
    """How many subjects of the office's area were visited twice or more in a period; a joint visit is one (R3.2.2d)."""
    area = asked.person.organ.area_code
    several = (
        select(Visit.subject_id)
        .join(Subject, Subject.id == Visit.subject_id)
        .where(Subject.area_code.in_(select(Area.code).where((Area.code == area) | (Area.parent == area))))
        .where(*_made(asked, year), Visit.merged_into.is_(None))
        .group_by(Visit.subject_id)
        .having(func.count() > 1)
        .subquery()
    )
    return await asked.session.scalar(select(func.count()).select_from(several)) or 0


def _made(asked: Asked, days: Period) -> tuple[Any, ...]:
    left = (*NOT_HANDED_IN, *NO_VISIT)
    start, end = asked.midnight(days.first), asked.midnight(days.last).replace(hour=23, minute=59, second=59)
    return Visit.state.not_in(left), Visit.submitted_at.between(start, end)


async def _progress(asked: Asked) -> Block:
    """This year's visits of the organ: how many there are, how many are made, how many should be by now."""
    year = Scope(Period.of_year(asked.today.year), organ_id=asked.person.organ_id)
    share = (await overview(asked.session, year, asked.now))["check"]
    due = await asked.visits(Visit.state.not_in(NO_VISIT), Visit.due < asked.today, Visit.due >= year.period.first)
    return {"kind": "progress", "done": share.met, "total": share.total, "expected": len(due)}


async def _open_visits(asked: Asked) -> int:
    return len(await asked.visits(Visit.state.in_(OPEN)))


async def _open_leads(asked: Asked) -> int:
    query = select(func.count()).select_from(Lead)
    mine = query.where(Lead.source_organ_id == asked.person.organ_id, Lead.state.in_(LEADS_OPEN))
    return await asked.session.scalar(mine) or 0


async def _load(asked: Asked) -> list[Block]:
    """The inspectors with the most visits to make on tasks of the organ, and how many others there are."""
    query = (
        select(Person.name, func.count())
        .join(Seat, Seat.person_id == Person.id)
        .join(Visit, Visit.id == Seat.visit_id)
        .join(Task, Task.id == Visit.task_id)
        .where(Visit.state.in_(OPEN), Seat.state.in_(("offered", "accepted")), Task.organ_id == asked.person.organ_id)
        .group_by(Person.id, Person.name)
        .order_by(func.count().desc(), Person.id)
    )
    loads = (await asked.session.execute(query)).tuples().all()
    most = loads[0][1] if loads else 1
    rows = [{"name": name, "value": n, "part": n / most} for name, n in loads[:BUSIEST]]
    return [{"kind": "bars", "key": "load", "rows": rows, "more": max(0, len(loads) - BUSIEST)}] if rows else []


def _ranking(key: str, lines: list[Line]) -> Block:
    """The first and the last by a figure, with their rank: whoever is behind should see it too."""
    ranked = [(place, one) for place, one in enumerate(lines, 1) if one.share.total]
    shown = ranked if len(ranked) <= FIRST + LAST else [*ranked[:FIRST], *ranked[-LAST:]]
    rows = [
        {"rank": place, "name": one.name, "percent": str(one.share.percent), "part": one.share.met / one.share.total}
        for place, one in shown
    ]
    return {"kind": "bars", "key": key, "rows": rows, "more": len(ranked) - len(shown)}


def _tile(key: str, n: int, *, bad: bool = False) -> dict[str, Any]:
    return {"key": key, "n": n, "bad": bad and n > 0}


def _rate(key: str, share: Share, earlier: Share | None) -> dict[str, Any]:
    """A share in percent, and by how many points it changed."""
    change: Decimal | None = None
    if earlier and share.percent is not None and earlier.percent is not None:
        change = share.percent - earlier.percent
    percent = None if share.percent is None else str(share.percent)
    return {"key": key, "percent": percent, "met": share.met, "total": share.total,
            "change": None if change is None else str(change)}  # fmt: skip
