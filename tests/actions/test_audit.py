"""The audit against plain counts of a town, against 200 honest draws, and against draws that somebody bent."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from statistics import median
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from actions import draws, plans, seats
from actions.audit import audit
from models.database import Database
from models.draws import Draw, DrawEntry, DrawFile, draw_files
from models.items import Item
from models.people import Area, Person
from models.plans import Task, TaskItem
from models.subjects import Subject
from models.visits import Seat, Visit
from rules import draw as rules
from rules.bundles import commitment, hexhash, public_inspector_id
from rules.fairness import ALARM
from rules.seats import CAP, RESERVES
from tests.conversations.conftest import MONDAY, settle_town

AREAS = {"330782": "义乌市", "330783": "东阳市", "330726": "浦江县", "330784": "永康市"}
KINDS = ("individual", "enterprise", "person")
AUTHORITY = "金华市市场监督管理局"


def shop(number: int, now: datetime) -> dict[str, Any]:
    """A subject with a code of its own; a quarter in each area."""
    area = list(AREAS)[number % 4]
    return {
        "code": f"92{area}MA2T{number:06}", "name": f"第{number}家店", "kind": KINDS[number % 3], "area_code": area,
        "flags": ("food_drug", "complaints")[: number % 7 % 3], "credit_class": "ABCD"[number // 4 % 4],
        "updated_at": now,
    }  # fmt: skip


async def town_with_draws(session: Any, times: int = 4) -> list[Draw]:
    """Several draws by the real actions; a seat is left and refilled, one is appointed, one draw is void."""
    ids = await settle_town(session, MONDAY)
    await session.execute(insert(Subject), [shop(number, MONDAY) for number in range(120)])
    supervisor, *witnesses = [await session.get_one(Person, ids[name]) for name in ("赵主管", "陈消防", "周环保")]
    item, area = (await session.scalars(select(Item))).one(), await session.get_one(Area, "330700")
    held = []
    for number in range(times):
        now = MONDAY + timedelta(days=number)
        wish = plans.NewTask(item.id, area.code, Decimal(10), now.date(), now.date() + timedelta(weeks=4))
        task = await plans.create_task(session, wish, supervisor, now)
        draw = await draws.commit(session, task, witnesses, AUTHORITY, supervisor, now)
        for witness in witnesses:
            await draws.contribute(session, draw, witness, f"词 {number}", now)
        await session.flush()
        if number == 1:
            await draws.void(session, draw, "试", supervisor, now)
            continue
        await draws.run(session, draw, supervisor, now)
        await session.flush()
        held.append(draw)
    await seats.release(session, held[0], supervisor, MONDAY)
    await session.flush()
    await draws.open_(session, held[0], supervisor, MONDAY)
    await seats.release(session, held[1], supervisor, MONDAY)
    await session.flush()
    seat = next(
        one
        for visit in await draws.visits_of(session, held[1])
        for one in visit.seats
        if one.person_id and one.mode != "appointed"
    )
    visit = await session.get_one(Visit, seat.visit_id)
    assert seat.person
    await seats.leave(session, visit, seat, "leave", "病假", seat.person, MONDAY)
    await session.flush()
    return held


async def test_the_audit_counts_what_is_there(database: Database) -> None:
    async with database.write() as session:
        held = await town_with_draws(session)
        await session.flush()
        vacant = [one for draw in held for one in await seats.open_seats(session, draw)]
        if vacant:
            visit = await session.get_one(Visit, vacant[0].visit_id)
            taken = {one.person_id for one in visit.seats}
            people = await session.scalars(select(Person).where(Person.certificate != "").order_by(Person.id))
            free = [one for one in people if one.id not in taken]
            await seats.appoint(session, visit, vacant[0], free[0], visit.draw.supervisor, MONDAY)
    async with database.read() as session:
        found = await audit(session)
        visits = list(await session.scalars(select(Visit)))
        for draw in held:
            await counts_agree(session, draw, visits, found)
        left = [one.content for one in await session.scalars(select(DrawEntry)) if "left" in one.content]
        opened = await audit(session, states=("opened",))
    assert (found.draws, opened.draws) == (3, 1)
    assert found.unlisted == 0
    assert found.alarms == []
    per_subject = Counter(Counter(one.subject_id for one in visits).values())
    assert found.visits_per_subject == per_subject
    every = [seat for one in visits for seat in one.seats]
    kinds = found.seats["市场监管"]
    assert found.seats.keys() == {"市场监管"}
    assert sum(kinds.values()) == len(every)
    assert kinds["open"] == sum(one.person_id is None for one in every)
    assert kinds["appointed"] == sum(one.mode == "appointed" for one in every) == min(1, len(vacant))
    assert len(left) == 1
    assert kinds["refilled"] == (left[0]["inspector"] != "")
    assert kinds["own"] + kinds["neighbour"] + kinds["refilled"] == sum(
        one.mode in ("own", "neighbour") and one.person_id is not None for one in every
    )
    load = Counter(one.person_id for one in every if one.person_id)
    assert [(one.department, one.inspectors, one.visits) for one in found.loads] == [("市场监管", 3, load.total())]
    assert (found.loads[0].least, found.loads[0].most) == (min(load.values()), max(load.values()))
    assert found.loads[0].median == median(load.values())
    assert found.repeat_pairs == repeated(visits, held)
    kinds_seen = Counter(one.subject.kind for one in visits)
    assert {one.name: one.observed for one in found.pooled["kind"].groups} == kinds_seen
    printed = json.dumps(asdict(found), ensure_ascii=False)
    assert not any(name in printed for name in ("张伟", "李娜", "王强", "330700021", "面馆", "92330782MA2T"))


async def counts_agree(session: Any, draw: Draw, visits: list[Visit], found: Any) -> None:
    """The strata of a draw, counted from its whole files by hand."""
    rows = [line.decode().split("\t") for line in rules.lines((await draw_files(session, draw.id))["pool.tsv"])]
    mine = {one.public_id: one for one in visits if one.draw_id == draw.id}
    strata = {one.name: one for one in found.strata if one.draw == draw.sequence}
    quotas = {one["name"]: one["quota"] for one in json.loads(draw.commitment)["pool"]["strata"]}
    assert strata.keys() == quotas.keys()
    for name, stratum in strata.items():
        lines = [row for row in rows if row[1] == name]
        assert (stratum.size, stratum.quota, stratum.observed) == (len(lines), quotas[name], quotas[name])
        seen = Counter(row[3] for row in lines if row[0] in mine)
        assert {one.name: one.size for one in stratum.groups} == Counter(row[3] for row in lines)
        assert {one.name: one.observed for one in stratum.groups if one.observed} == seen
        if {row[2] for row in lines} == {"1"}:
            for one in stratum.groups:
                assert one.expected == pytest.approx(one.size * quotas[name] / len(lines))


def repeated(visits: list[Visit], held: list[Draw]) -> dict[str, int]:
    """Later seats of the same inspector at the same subject, the plain way."""
    order = {draw.id: draw.sequence for draw in held}
    soon = {
        (later.id, later.mode)
        for visit in visits
        for other in visits
        if other.subject_id == visit.subject_id and order[other.draw_id or 0] < order[visit.draw_id or 0]
        for later in visit.seats
        for earlier in other.seats
        if later.person_id and later.person_id == earlier.person_id
    }
    return Counter(mode for _, mode in soon)


async def test_a_meeting_again_too_soon_is_counted(database: Database) -> None:
    async with database.write() as session:
        held = await town_with_draws(session, times=3)
        second = (await draws.visits_of(session, held[1]))[0]
        taken = {one.subject_id for one in await draws.visits_of(session, held[1])} - {second.subject_id}
        first = next(one for one in await draws.visits_of(session, held[0]) if one.subject_id not in taken)
        await session.execute(
            update(Seat).where(Seat.visit_id.in_((first.id, second.id)), Seat.number == 0)
            .values(person_id=first.seats[1].person_id or 1, mode="own")
        )  # fmt: skip
        await session.execute(update(Visit).where(Visit.id == second.id).values(subject_id=first.subject_id))
    async with database.read() as session:
        found = await audit(session)
        assert found.repeat_pairs == repeated(list(await session.scalars(select(Visit))), held)
        assert found.repeat_pairs["own"] >= 1


SOURCE = {"kind": "witness", "witnesses": ["甲局", "乙局"]}


async def hold_many(session: Any, times: int) -> None:
    """Honest draws of the same small town, with fixed secrets, written as the actions write them."""
    ids = await settle_town(session, MONDAY)
    await session.execute(insert(Subject), [shop(number, MONDAY) for number in range(100)])
    subjects = {
        code: (number, area, flags)
        for number, code, area, flags in await session.execute(
            select(Subject.id, Subject.code, Subject.area_code, Subject.flags).where(Subject.code.contains("MA2T0"))
        )
    }
    item = (await session.scalars(select(Item))).one()
    key, supervisor = b"k" * 32, ids["赵主管"]
    inspectors = sorted(f"{public_inspector_id(key, str(n))}\t市场监管\t义乌市\t0\t".encode() for n in range(3))
    for number in range(1, times + 1):
        secret = sha256(b"%d" % number).digest()
        rows = sorted(
            f"{code}\t{'K' if flags else 'B'}\t{max(1, len(flags))}\t{AREAS[area]}\t".encode()
            for code, (_, area, flags) in subjects.items()
        )
        tables = {"pool.tsv": rows, "inspectors.tsv": inspectors, "recusals.tsv": list[bytes]()}
        slots = [{"organ": "市场监管", "qualified": False}]
        made = commitment(
            tables, {"K": 6, "B": 9}, authority=AUTHORITY, task=str(number), sequence=number,
            previous="0" * 64, secret_hash=hexhash(secret), entropy=SOURCE, committed_at="2026-11-30T01:00:00Z",
            rules={"slots": slots, "cap": CAP, "neighbours": [], "reserves": RESERVES},
        )  # fmt: skip
        words = [{"witness": name, "text": str(number)} for name in SOURCE["witnesses"]]
        certificate = rules.draw(made, tables, secret, {"kind": "witness", "contributions": words})
        task = Task(
            number=f"3307002026113{number:05}", name="抽查", organ_id=ids["义乌市市场监督管理局"],
            items=[TaskItem(position=0, item_id=item.id, organ_id=ids["义乌市市场监督管理局"])],
            area_code="330700", ratio=Decimal(10), starts=MONDAY.date(), ends=MONDAY.date(), created_by=ids["赵主管"],
            created_at=MONDAY,
        )  # fmt: skip
        session.add(task)
        await session.flush()
        draw = Draw(
            sequence=number, task_id=task.id, state="opened", commitment=made, certificate=rules.canonical(certificate),
            secret=secret, pool_key=key, committed_at=datetime(2026, 11, 30, 1, tzinfo=UTC), supervisor_id=supervisor,
        )  # fmt: skip
        session.add(draw)
        await session.flush()
        parts = [rows[:40], rows[40:80], rows[80:]]
        session.add_all(
            DrawFile(draw_id=draw.id, name="pool.tsv", part=part, body=b"\n".join(lines))
            for part, lines in enumerate(parts)
        )
        await session.execute(
            insert(Visit),
            [
                {"task_id": task.id, "subject_id": subjects[one["subject"]][0], "draw_id": draw.id,
                 "position": position, "origin": "random",
                 "public_id": one["subject"], "state": "drawn", "token": f"{number}-{position}", "due": MONDAY.date()}
                for position, one in enumerate(certificate["visits"])
            ],
        )  # fmt: skip
        await session.flush()


async def bend(session: Any, favoured: Callable[[str], bool], every: int = 3) -> None:
    """In every third visit or so go to a favoured subject instead of the drawn one."""
    chooser = random.Random(7)
    found = await session.execute(
        select(Subject.id, Subject.code, Subject.area_code).where(Subject.code.contains("MA2T0"))
    )
    subjects = [(number, code) for number, code, area in found if favoured(area + code)]
    taken = {(task, subject) for task, subject in await session.execute(select(Visit.task_id, Visit.subject_id))}
    for number, task in list(await session.execute(select(Visit.id, Visit.task_id).order_by(Visit.id)))[::every]:
        free = [one for one in subjects if (task, one[0]) not in taken]
        if free:
            subject, code = chooser.choice(free)
            taken.add((task, subject))
            await session.execute(update(Visit).where(Visit.id == number).values(subject_id=subject, public_id=code))


async def test_two_hundred_honest_draws_raise_no_alarm(database: Database) -> None:
    async with database.write() as session:
        await hold_many(session, 200)
    async with database.read() as session:
        found = await audit(session)
    assert found.alarms == []
    assert (found.draws, len(found.strata)) == (200, 400)
    assert min(one.verdict.chance for one in found.pooled.values()) > 0.001
    assert found.pooled["area"].verdict.freedom == 3
    assert sum(one.observed for one in found.pooled["area"].groups) == 200 * 15


@pytest.mark.parametrize(
    ("grouping", "favoured"),
    [
        ("area", lambda text: text.startswith("330783")),
        ("kind", lambda text: int(text[-6:]) % 3 == 1),
    ],
)
async def test_a_favour_is_found(database: Database, grouping: str, favoured: Callable[[str], bool]) -> None:
    async with database.write() as session:
        await hold_many(session, 60)
        await bend(session, favoured)
    async with database.read() as session:
        found = await audit(session)
    assert found.pooled[grouping].verdict.chance < ALARM
    assert {grouping, "unlisted"} <= set(found.alarms)
    best = max(found.pooled[grouping].groups, key=lambda one: one.observed - one.expected)
    assert best.name == {"area": "东阳市", "kind": "enterprise"}[grouping]


async def test_the_same_few_again_and_again_are_found(database: Database) -> None:
    """Eight victims, as many in each area and about as many of each kind: only whether they were drawn before tells."""
    async with database.write() as session:
        await hold_many(session, 8)
        await bend(session, lambda text: int(text[-6:]) < 8, every=2)
    async with database.read() as session:
        found = await audit(session)
    assert found.pooled["history"].verdict.chance < ALARM
    assert found.pooled["area"].verdict.chance > ALARM
