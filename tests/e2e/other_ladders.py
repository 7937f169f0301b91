"""What else has a deadline in the two-year run: leads, corrections, objections, proposals on credit, the annual plan.

Things come and go by the actions of the product or, where only the deadline matters, by their rows; what must be told
of them is worked out from plain columns.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from actions import appeals, credit_lists, lead_office, leads
from models.appeals import Appeal
from models.corrections import Correction
from models.credit import CreditProposal
from models.leads import Lead
from models.people import Organ, Person
from models.plans import Plan
from models.publication import Publication
from models.subjects import Subject
from models.visits import Seat, Visit
from tests.conversations.conftest import ZONE

KINDS = (
    "lead_accept", "lead_resolve", "lead_return", "lead_office", "correction", "appeal", "abnormal", "list_leave",
    "repair", "plan", "plan_public", "filing",
)  # fmt: skip
PROPOSED = {"enter": ("abnormal", 10), "leave": ("list_leave", 5), "repair": ("repair", 15)}
SUPERVISORS = ("赵主管", "管理员小周")
RECEIVER, OFFICE, SENDER = "陈消防", "周环保", "张伟"
HAS_IT = {"sent": ("lead_accept", RECEIVER, 5), "accepted": ("lead_resolve", RECEIVER, 15)}
RETURNED = ("lead_return", SENDER, 2)
MOVES = {"sent": 0.14, "accepted": 0.05, "returned": 0.15}  # the chance that somebody does something about a lead
# What becomes of the supervisors' plan: late in one year, filed late in the next. No clock strikes at those noons.
PLANS = {
    date(2026, 4, 8): "submitted", date(2026, 4, 14): "filed",
    date(2027, 3, 29): "submitted", date(2027, 3, 31): "approved", date(2027, 4, 9): "published",
    date(2027, 4, 13): "filed",
}  # fmt: skip

Row = tuple[str, int, int, date, date, bool]  # kind, thing, person, since, due, whether supervisors stand behind it
After = Callable[[date, int], date]


async def act(session: Any, chance: random.Random, ids: dict[str, int], after: After, now: datetime) -> None:
    """At noon of a working day: something new now and then, and what is open takes its chance."""
    people = {one.name: one for one in await session.scalars(select(Person))}
    await _leads(session, chance, people, now)
    await _corrections(session, chance, now)
    await _appeals(session, chance, people["管理员小周"], now)
    await _proposals(session, chance, people["赵主管"], after, now)
    if now.date() in PLANS:
        await _plan(session, PLANS[now.date()], ids["义乌市市场监督管理局"], now)


async def some(session: Any, chance: random.Random, share: float, kind: Any, state: str) -> list[int]:
    """The numbers of those in a state that take their chance; only these need to be read."""
    there = select(kind.id).where(kind.state == state).order_by(kind.id)
    return [number for number in await session.scalars(there) if chance.random() < share]


async def _leads(session: Any, chance: random.Random, people: dict[str, Person], now: datetime) -> None:
    there = select(Lead.id, Lead.state, Lead.office_by).order_by(Lead.id)
    for number, state, office_by in (await session.execute(there)).tuples().all():
        lot = chance.random()
        at_office = office_by is not None and state not in ("resolved", "closed")
        if lot >= (0.15 if at_office else MOVES.get(state, 0)):
            continue
        lead = await session.get_one(Lead, number)
        if at_office:
            await lead_office.dismiss(session, lead, "不属于涉企检查", people[OFFICE], now)
        elif state == "sent" and lot < 0.09:
            await leads.accept(session, lead, people[RECEIVER], now)
        elif state == "sent":
            await leads.send_back(session, lead, "不归我们管", None, people[RECEIVER], now)
        elif state == "accepted":
            await leads.resolve(session, lead, "other", "已经处理好了", people[RECEIVER], now)
        elif state == "returned":
            fire = await session.get_one(Organ, people[RECEIVER].organ_id)
            await leads.send_again(session, lead, fire, people[SENDER], now)
    if chance.random() < 0.12:
        subjects = list(await session.scalars(select(Subject).order_by(Subject.id).limit(20)))
        fire = await session.get_one(Organ, people[RECEIVER].organ_id)
        new = leads.NewLead(chance.choice(subjects), "安全出口被货物堵住了")
        await leads.send(session, new, fire, people[SENDER], now)


async def _corrections(session: Any, chance: random.Random, now: datetime) -> None:
    for number in await some(session, chance, 0.06, Correction, "ordered"):
        one = await session.get_one(Correction, number)
        one.state, one.ended_at = "closed", now
    if chance.random() < 0.1:
        free = select(Visit.id).where(Visit.state == "submitted", Visit.id.not_in(select(Correction.visit_id)))
        visit = await session.scalar(free.order_by(Visit.id).limit(1))
        if visit:
            due = now.date() + timedelta(days=chance.randint(3, 20))
            session.add(Correction(visit_id=visit, due=due, ordered_at=now))


async def _appeals(session: Any, chance: random.Random, decides: Person, now: datetime) -> None:
    for number in await some(session, chance, 0.04, Appeal, "open"):
        one = await session.get_one(Appeal, number)
        await appeals.decide(session, one, "", "经复核，原结果成立。", decides, now)
    if chance.random() < 0.06:
        untouched = select(Visit.token).where(Visit.state == "published", Visit.id.not_in(select(Appeal.visit_id)))
        token = await session.scalar(untouched.order_by(Visit.id).limit(1))
        if token:
            await appeals.make(session, token, "店主", "当天的冷柜是刚送来的新设备", now)


async def _proposals(session: Any, chance: random.Random, decides: Person, after: After, now: datetime) -> None:
    for number in await some(session, chance, 0.07, CreditProposal, "asked"):
        one = await session.get_one(CreditProposal, number)
        await credit_lists.refuse(session, one, "材料不齐", decides, now)
    if chance.random() < 0.1:
        kind = chance.choice(list(PROPOSED))
        subject = await session.scalar(select(Subject.id).order_by(Subject.id).limit(1))
        until = after(now.date(), PROPOSED[kind][1])
        made = {"subject_id": subject, "organ_id": decides.organ_id, "kind": kind, "list": "abnormal"}
        session.add(CreditProposal(**made, ground="asked", asked_at=now, decide_by=until, state="asked"))


async def _plan(session: Any, step: str, organ: int, now: datetime) -> None:
    plan = await session.scalar(select(Plan).where(Plan.year == now.year))
    if plan is None:
        number = f"330782{now.year}1001"
        plan = Plan(number=number, name=f"{now.year} 年计划", year=now.year, organ_id=organ, drafted_at=now)
        session.add(plan)
    plan.state = "published" if step == "filed" else step
    if step == "filed":
        plan.filed_at, plan.filed_with = now, "义乌市人民政府"


async def rows(session: Any, ids: dict[str, int], working: list[date], today: date) -> list[Row]:
    """What is open, from plain columns: by when whom it waits for."""

    def before(day: date, count: int) -> date:
        return working[max(place for place, one in enumerate(working) if one <= day) - count]

    both = [ids[name] for name in SUPERVISORS]
    found: list[Row] = []
    columns = (Lead.id, Lead.state, Lead.due, Lead.office_by)
    for number, state, due, office_by in (await session.execute(select(*columns))).tuples():
        if state in ("sent", "accepted", "returned"):
            kind, who, length = HAS_IT.get(state, RETURNED)
            if office_by:
                kind, who, length, due = "lead_office", OFFICE, 3, office_by
            found.append((kind, number, ids[who], before(due, length), due, who == SENDER))
    waits = select(Correction.id, Correction.visit_id, Correction.ordered_at, Correction.due, Seat.person_id)
    waits = waits.join(Seat, Seat.visit_id == Correction.visit_id).where(Correction.state == "ordered")
    for _, visit, at, due, person in (await session.execute(waits)).tuples():
        found.append(("correction", visit, person, at.astimezone(ZONE).date(), due, True))
    approved = set((await session.execute(select(Publication.visit_id, Publication.approved_by))).tuples())
    open_ = select(Appeal.id, Appeal.visit_id, Appeal.answer_by).where(Appeal.state == "open")
    for number, visit, due in (await session.execute(open_)).tuples():
        free = [person for person in both if (visit, person) not in approved]
        found += [("appeal", number, person, before(due, 20), due, True) for person in free]
    asked = select(CreditProposal.id, CreditProposal.kind, CreditProposal.asked_at, CreditProposal.decide_by)
    for number, kind, at, due in (await session.execute(asked.where(CreditProposal.state == "asked"))).tuples():
        since = at.astimezone(ZONE).date()
        found += [(PROPOSED[kind][0], number, person, since, due, True) for person in both]
    return found + await _plans(session, ids["义乌市市场监督管理局"], both, today)


async def _plans(session: Any, organ: int, both: list[int], today: date) -> list[Row]:
    first, last = date(today.year, 1, 1), date(today.year, 3, 31)
    plan = (await session.execute(select(Plan.id, Plan.state, Plan.filed_at).where(Plan.year == today.year))).first()
    waits = []
    if plan is None:
        waits = [("plan", organ)] if today < date(today.year, 5, 1) else []
    else:
        waits += [("plan_public", plan.id)] if plan.state == "approved" else []
        waits += [("filing", plan.id)] if plan.state in ("approved", "published") and plan.filed_at is None else []
    return [(kind, thing, person, first, last, True) for kind, thing in waits for person in both]
