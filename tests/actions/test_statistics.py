"""Every figure of the assessment (R4.1) against a plain SQL count of random campaigns, in all and by dimension.

Long, because each figure is counted here a second time, in another way.
"""

from __future__ import annotations

import os
import random
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from sqlalchemy import bindparam, insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from actions.areas import ensure_areas
from actions.statistics import Scope, by, overview, rows
from models.base import Instant
from models.database import Database
from models.draws import Draw
from models.items import Checklist, Item
from models.leads import Lead
from models.people import Organ, Person
from models.plans import Plan, PlannedItem, PlannedTask, Task, TaskItem
from models.publication import Publication
from models.subjects import Subject
from models.visits import Seat, Visit
from rules.methods import METHODS
from rules.results import CORRECTION, RESULTS
from rules.statistics import DIMENSIONS, FIGURES, Period, Share, first_in_time
from rules.visits import MOVES

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 6, 17, 15, 30, tzinfo=ZONE)
CAMPAIGNS = int(os.environ.get("CAMPAIGNS", "3"))
AREAS = ("330700", "330782", "330783")
DEPARTMENTS = ("市场监管", "消防救援", "生态环境")
DAY = timedelta(days=1)


async def campaign(session: AsyncSession, rng: random.Random) -> None:
    """A campaign in any state, months before and after now, merged and dropped visits and all."""
    await ensure_areas(session)
    number = count(1)

    async def put(table: Any, **values: Any) -> int:
        row = table(**values)
        session.add(row)
        await session.flush()
        return int(row.id)

    def moment(least: int = -200, most: int = 20) -> datetime:
        return NOW + timedelta(days=rng.randint(least, most), hours=rng.randint(-12, 12), minutes=rng.randint(0, 59))

    organs = [
        await put(Organ, name=f"{area}{line}", department=line, area_code=area)
        for area in AREAS
        for line in DEPARTMENTS
    ]
    people = [
        await put(Person, staff_no=f"S{n}", name=f"甲{n}", organ_id=rng.choice(organs), area_code="330782")
        for n in range(6)
    ]
    checklist = await put(Checklist, name="表")
    items = [
        await put(Item, code=f"I{n % 3}", version=1 + n // 3, name=f"事项{n % 3}", department=DEPARTMENTS[n % 3],
                  kind="key", valid_from=date(2025, 1, 1), checklist_id=checklist)
        for n in range(5)
    ]  # fmt: skip
    subjects = [
        await put(Subject, code=f"C{n}", name=f"店{n}", area_code=rng.choice(AREAS), updated_at=NOW) for n in range(12)
    ]
    planned = []
    for n in range(3):
        for edition, state in rng.choice((((1, "published"),), ((1, "draft"),), ((1, "superseded"), (2, "published")))):
            plan = await put(
                Plan, number=f"P{n}", edition=edition, year=2026, name="计划", organ_id=organs[n * 2], state=state,
                drafted_at=NOW,
            )  # fmt: skip
            for place in range(1, 3):
                ends = NOW.date() + timedelta(days=rng.randint(-160, 190))
                planned.append(
                    await put(PlannedTask, plan_id=plan, number=place, name="任务", area_code=rng.choice(AREAS),
                              ratio=Decimal(5), starts=ends, ends=ends)
                )  # fmt: skip
                for position, item in enumerate(rng.sample(items, rng.randint(1, 3))):
                    await put(
                        PlannedItem, planned_id=planned[-1], position=position, item_id=item, organ_id=organs[n * 2]
                    )
    visits: list[Visit] = []
    for _ in range(rng.randint(3, 7)):
        starts = NOW.date() + timedelta(days=rng.randint(-220, 30))
        lead = rng.choice(organs)
        task = await put(
            Task, number=f"T{next(number)}", name="任务", organ_id=lead, area_code=rng.choice(AREAS), ratio=Decimal(5),
            starts=starts, ends=starts + timedelta(days=rng.randint(5, 60)), created_by=people[0], created_at=NOW,
            planned_id=rng.choice([*planned, None]),
        )  # fmt: skip
        for position, item in enumerate(rng.sample(items, rng.randint(1, 3))):
            organ = lead if rng.random() < 0.7 else rng.choice(organs)
            await put(TaskItem, task_id=task, position=position, item_id=item, organ_id=organ)
        for _ in range(rng.randint(0, 2)):
            await put(
                Draw, sequence=next(number), task_id=task, state=rng.choice(("committed", "sealed", "opened", "void")),
                commitment=b"", secret=b"", pool_key=b"", committed_at=NOW, supervisor_id=people[0],
            )  # fmt: skip
        tame = rng.random() < 0.4
        for subject in rng.sample(subjects, rng.randint(0, 9)):
            state = rng.choice(("submitted", "published", "dropped") if tame else ("published", "published", *MOVES))
            handed = moment() if state in ("submitted", "published", "returned") else None
            visit = Visit(
                task_id=task, subject_id=subject, origin="random", public_id="p", position=1, state=state,
                token=f"t{next(number)}", due=starts + timedelta(days=rng.randint(0, 60)), submitted_at=handed,
                result=rng.choice((*RESULTS, "withdrawn", *(CORRECTION,) * 9)) if handed else "",
                method=rng.choice((*METHODS, *("on_site",) * 4)),
            )  # fmt: skip
            session.add(visit)
            await session.flush()
            visits.append(visit)
            for seat in range(rng.randint(1, 3)):
                await put(
                    Seat, visit_id=visit.id, number=seat, slot=seat, department=DEPARTMENTS[0], qualified=True,
                    person_id=rng.choice([*people, None]), mode="own", state="accepted",
                    arrived_at=NOW if rng.random() < 0.9 else None,
                )  # fmt: skip
            for _ in range(rng.choice((0, 1, 2))):
                state = rng.choice(("sent", "accepted", "returned", "closed", *("resolved",) * 4))
                outcome = rng.choice(("case", "case", "no_case", "prosecution", "other")) if state == "resolved" else ""
                await put(
                    Lead, visit_id=rng.choice((*(visit.id,) * 4, None)), subject_id=subject, sender_id=people[0],
                    organ_id=rng.choice(organs), text="见照片", state=state, sent_at=moment(), due=NOW.date(),
                    origin="free", source_organ_id=organs[0],
                    outcome=outcome,
                )  # fmt: skip
    hosts = [one for one in visits if one.state not in ("merged", "dropped")]
    for visit in visits:
        if visit.state == "merged" and not hosts:
            visit.state = "dropped"
        elif visit.state == "merged":
            host = rng.choice(hosts)
            visit.merged_into = host.id
            if host.state == "published":
                visit.state, visit.submitted_at, visit.result = "published", host.submitted_at, host.result
    await session.flush()
    publications = []
    for visit in visits:
        if visit.state == "published":
            assert visit.submitted_at
            for version in range(1, rng.choice((2, 2, 3))):
                at = visit.submitted_at + timedelta(days=rng.randint(0, 45), hours=rng.randint(0, 23))
                checked = visit.submitted_at.astimezone(ZONE).date()
                publications.append(
                    {"visit_id": visit.id, "version": version, "result": visit.result, "checked_on": checked,
                     "published_at": at, "approved_by": people[1]}
                )  # fmt: skip
    if publications:
        await session.execute(insert(Publication), publications)


HOST = "LEFT JOIN visits h ON h.id = v.merged_into"
VISITS = f"""FROM visits v JOIN tasks t ON t.id = v.task_id JOIN subjects s ON s.id = v.subject_id {HOST}
WHERE v.state <> 'dropped' AND s.area_code IN ({{areas}}) AND {{task}}"""
LEFT = "COALESCE(h.state, v.state) IN ('drawn', 'released', 'accepted', 'started', 'returned')"
TASKS = "FROM tasks t WHERE t.area_code IN ({areas}) AND {task} AND t.ends >= :first AND t.ends <= :last"
PLANNED = """FROM planned_tasks t JOIN plans n ON n.id = t.plan_id AND n.state = 'published'
WHERE t.area_code IN ({areas}) AND {task} AND t.ends >= :first AND t.ends <= :last"""
DRAWN = "(SELECT COUNT(*) FROM draws d WHERE d.task_id = t.id AND d.state IN ('sealed', 'opened')) > 0"
DONE = f"""{DRAWN} AND (SELECT COUNT(*) FROM visits v {HOST} WHERE v.task_id = t.id AND v.state <> 'dropped'
AND {LEFT}) = 0"""
HANDED = "AND COALESCE(h.submitted_at, v.submitted_at) >= :start AND COALESCE(h.submitted_at, v.submitted_at) < :end"
WRONG = """v.state = 'published' AND v.result IN ('not_disclosed', 'false_disclosure', 'correction', 'pending',
'unreachable', 'obstructed')"""
PUBLIC = f"""(SELECT COUNT(*) {VISITS} {HANDED} AND (SELECT COUNT(*) FROM publications p JOIN deadlines x
ON x.day = p.checked_on WHERE p.visit_id = v.id AND p.version = 1 AND p.published_at {{sign}} x.stop) > 0)"""
# What each figure counts: the rows that are met, and all rows.
PLAIN = {
    "plan": (
        f"""SELECT COUNT(*) {PLANNED} AND n.number || '/' || CAST(t.number AS VARCHAR) IN (
        SELECT m.number || '/' || CAST(q.number AS VARCHAR) FROM tasks t JOIN planned_tasks q ON q.id = t.planned_id
        JOIN plans m ON m.id = q.plan_id WHERE {DONE})""",
        f"SELECT COUNT(*) {PLANNED}",
    ),
    "task": (f"SELECT COUNT(*) {TASKS} AND {DONE}", f"SELECT COUNT(*) {TASKS} AND {DRAWN}"),
    "check": (
        f"SELECT COUNT(*) {VISITS} AND v.due >= :first AND v.due <= :last AND NOT {LEFT}",
        f"SELECT COUNT(*) {VISITS} AND v.due >= :first AND v.due <= :last",
    ),
    "publication": (
        "SELECT " + PUBLIC.replace("{sign}", "<"),
        "SELECT " + PUBLIC.replace("{sign}", "<") + " + " + PUBLIC.replace("{sign}", ">=")
        + f" + (SELECT COUNT(*) {VISITS} {HANDED} AND COALESCE(h.state, v.state) = 'submitted'"
        " AND COALESCE(h.submitted_at, v.submitted_at) < :too_old)",
    ),
    "problem": (
        f"SELECT COUNT(*) {VISITS} {HANDED} AND {WRONG}",
        f"SELECT COUNT(*) {VISITS} {HANDED} AND v.state = 'published' AND v.result <> 'withdrawn'",
    ),
    "case": (
        f"""SELECT COUNT(*) {VISITS} {HANDED} AND {WRONG} AND COALESCE(v.merged_into, v.id) IN
        (SELECT l.visit_id FROM leads l WHERE l.outcome = 'case' OR l.outcome = 'prosecution')""",
        f"SELECT COUNT(*) {VISITS} {HANDED} AND {WRONG}",
    ),
    "joint": (
        f"""SELECT COUNT(*) {VISITS} {HANDED} AND NOT {LEFT} AND (v.merged_into IS NOT NULL
        OR v.id IN (SELECT g.merged_into FROM visits g WHERE g.merged_into IS NOT NULL AND g.state <> 'dropped')
        OR (SELECT COUNT(*) FROM task_items i WHERE i.task_id = t.id AND i.organ_id <> t.organ_id) > 0)""",
        f"SELECT COUNT(*) {VISITS} {HANDED} AND NOT {LEFT}",
    ),
    "phone": (
        f"""SELECT COUNT(*) {VISITS} {HANDED} AND NOT {LEFT} AND COALESCE(h.method, v.method) = 'on_site' AND
        COALESCE(v.merged_into, v.id) NOT IN (SELECT e.visit_id FROM seats e WHERE e.person_id IS NOT NULL
        AND e.arrived_at IS NULL)""",
        f"SELECT COUNT(*) {VISITS} {HANDED} AND NOT {LEFT} AND COALESCE(h.method, v.method) = 'on_site'",
    ),
    "feedback": (
        "SELECT COUNT(*) {leads} AND l.state = 'resolved'",
        "SELECT COUNT(*) {leads}",
    ),
}  # fmt: skip
LEADS = """FROM leads l JOIN organs o ON o.id = l.organ_id LEFT JOIN visits v ON v.id = l.visit_id
LEFT JOIN tasks t ON t.id = v.task_id WHERE o.area_code IN ({areas}) AND {task}
AND l.state <> 'closed' AND l.sent_at >= :start AND l.sent_at < :end"""


def narrowed(scope: Scope, dimension: str, key: str) -> Scope:
    """The scope of one line of `by`: the same figure over it gives the line's share."""
    if dimension == "month":
        month = next(one for one in scope.period.months if f"{one.first:%Y-%m}" == key)
        return replace(scope, period=month)
    named: dict[str, Any] = {dimension: key}
    return replace(scope, **named)


@cache
def plainly_added(day: date, working_days: int) -> date:
    """The package's own calendar, walked day by day."""
    while working_days:
        day += DAY
        working_days -= chinese_calendar.is_workday(day)
    return day


async def deadlines(session: AsyncSession) -> None:
    """For each day of a year and more, the moment at which it is too late to publish what was handed in on it."""
    await session.execute(text("CREATE TEMPORARY TABLE deadlines (day DATE, stop TIMESTAMP WITH TIME ZONE)"))
    put = text("INSERT INTO deadlines VALUES (:day, :stop)").bindparams(bindparam("stop", type_=Instant()))
    first = date(2025, 6, 1)
    every = [first + n * DAY for n in range(500)]
    stops = [datetime.combine(plainly_added(day, 20) + DAY, time(), ZONE) for day in every]
    sqlite = session.get_bind().dialect.name == "sqlite"
    values = [{"day": str(day) if sqlite else day, "stop": stop} for day, stop in zip(every, stops, strict=True)]
    await session.execute(put, values)


async def plainly(session: AsyncSession, key: str, scope: Scope) -> Share:
    """A figure by the plain SQL above, for the same scope."""
    areas = [scope.area] if scope.area else list(AREAS)
    if scope.area == "330700":
        areas = list(AREAS)
    task = "1 = 1"
    if scope.item:
        task = f"""t.id IN (SELECT i.task_id FROM task_items i JOIN items j ON j.id = i.item_id
        WHERE j.code = '{scope.item}')"""
        if key == "plan":
            task = task.replace("task_id FROM task_items", "planned_id FROM planned_items")
    whose = {"feedback": "l.organ_id", "plan": "n.organ_id"}.get(key, "t.organ_id")
    if scope.department:
        task += f" AND {whose} IN (SELECT id FROM organs WHERE department = '{scope.department}')"
    if scope.organ_id:
        task += f" AND {whose} = {scope.organ_id}"
    too_old = next(
        datetime.combine(day, time(), ZONE)
        for day in (date(2026, 4, 1) + n * DAY for n in range(100))
        if plainly_added(day, 20) >= NOW.date()
    )
    sqlite = session.get_bind().dialect.name == "sqlite"
    bounds: dict[str, Any] = {
        "start": datetime.combine(scope.period.first, time(), ZONE),
        "end": datetime.combine(scope.period.last + DAY, time(), ZONE),
        "first": str(scope.period.first) if sqlite else scope.period.first,
        "last": str(scope.period.last) if sqlite else scope.period.last,
        "too_old": too_old,
    }
    counts = []
    for plain in PLAIN[key]:
        sql = plain.replace("{leads}", LEADS).format(areas=",".join(f"'{one}'" for one in areas), task=task)
        used = {name: value for name, value in bounds.items() if f":{name}" in sql}
        moments = [bindparam(name, type_=Instant()) for name in ("start", "end", "too_old") if name in used]
        counts.append(await session.scalar(text(sql).bindparams(*moments), used))
    return Share(*counts)


YEAR = Scope(Period.of_year(2026))
SCOPES = (
    Scope(Period.of_month(2026, 5)),
    Scope(Period(date(2026, 6, 1), date(2026, 6, 17)), department=DEPARTMENTS[0]),
    Scope(Period.of_year(2026), area="330782"),
    Scope(Period.of_year(2026), area="330700", item="I1"),
    Scope(Period.of_year(2026), organ_id=5),
)


async def test_every_figure_equals_a_plain_count_on_random_campaigns(database: Database) -> None:  # R4.1
    met = set()
    for seed in range(CAMPAIGNS):
        async with database.read() as session:
            await campaign(session, random.Random(seed))
            await deadlines(session)
            for scope in (YEAR, *random.Random(seed).sample(SCOPES, 2)):
                for key, share in (await overview(session, scope, NOW)).items():
                    assert share == await plainly(session, key, scope), (seed, key, scope)
                    met |= {key} if 0 < share.met < share.total else set()
                    listed = await rows(session, key, scope, NOW, limit=1000)
                    assert Share(sum(one.met for one in listed), len({one.id for one in listed})) == share, (seed, key)
            await session.rollback()
    assert met == FIGURES.keys()  # or the campaigns would show nothing


async def test_the_lines_of_every_dimension_are_the_figure_of_their_own_scope(database: Database) -> None:
    async with database.read() as session:
        await campaign(session, random.Random("lines"))
        await deadlines(session)
        for key in FIGURES:
            for dimension in DIMENSIONS:
                lines = await by(session, key, dimension, YEAR, NOW)
                assert lines, (key, dimension)
                for line in lines:
                    if dimension == "area" and line.key == "330700":
                        continue  # as a scope the city has its counties in it, as a line it stands alone
                    assert await plainly(session, key, narrowed(YEAR, dimension, line.key)) == line.share, line
                if dimension != "item":
                    whole = (await overview(session, YEAR, NOW))[key]
                    assert sum(one.share.total for one in lines) == whole.total
        with pytest.raises(KeyError):
            await by(session, "plan", "weather", YEAR, NOW)
        await session.rollback()


async def test_rows_come_page_by_page_and_only_those_that_are_asked_for(database: Database) -> None:
    async with database.read() as session:
        await campaign(session, random.Random("pages"))
        share = (await overview(session, YEAR, NOW))["check"]
        pages, after = [], 0
        while page := await rows(session, "check", YEAR, NOW, limit=3, after=after):
            pages += page
            after = page[-1].id
        assert len(pages) == share.total
        missing = await rows(session, "check", YEAR, NOW, met=False, limit=1000)
        assert len(missing) == share.total - share.met
        assert all(one.task.startswith("T") and one.name.startswith("店") for one in missing)
        assert {one.at for one in pages} <= set(YEAR.period.days)
        await session.rollback()


def test_the_first_day_in_time_is_the_one_before_which_everything_is_late() -> None:
    from actions.calendars import official

    for n in range(0, 400, 7):
        today = date(2025, 11, 1) + n * DAY
        first = first_in_time(official(), today, 20)
        assert official().add(first, 20) >= today
        assert official().add(first - DAY, 20) < today


def test_a_share_of_nothing_has_no_percent_and_halves_go_up() -> None:
    assert Share().percent is None
    assert Share(1, 8).percent == Decimal("12.5")
    assert Share(1, 2000).percent == Decimal("0.1")  # 0.05
    assert Share(2, 3).percent == Decimal("66.7")


def test_a_period_knows_its_months_also_when_they_are_cut() -> None:
    cut = Period(date(2025, 12, 30), date(2026, 2, 3)).months
    assert [(one.first, one.last) for one in cut] == [
        (date(2025, 12, 30), date(2025, 12, 31)),
        (date(2026, 1, 1), date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 3)),
    ]
    assert len(Period.of_year(2026).months) == 12
    assert replace(YEAR, area="330782").period.days[-1] == date(2026, 12, 31)
