"""Makes a visit that no draw names: because of a lead, or to check a correction again (针对性检查, R1.1)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import hats, pools
from actions.calendars import deadline
from actions.journal import record
from actions.lead_story import write
from actions.notify import notify
from actions.plans import added
from actions.seats import offer
from actions.tasks import usable_items
from models.base import has_tag
from models.corrections import Cause, Correction
from models.items import Item
from models.leads import Lead
from models.people import Organ, Person, at_work
from models.plans import Task, TaskItem
from models.subjects import Subject
from models.visits import Part, Seat, Visit
from rules.leads import RECEIVE
from rules.lots import lot
from rules.people import certificate_valid
from rules.refusal import Refusal
from rules.seats import AT_LEAST

OPEN_CAUSE = ("drawn", "released", "accepted", "started", "submitted", "returned")


@dataclass(frozen=True)
class Team:
    """Who goes; `seed` and `candidates` (staff numbers) where a lot chose them, else they were appointed."""

    people: Sequence[Person]
    seed: str = ""
    candidates: Sequence[str] = ()


async def for_lead(
    session: AsyncSession, lead: Lead, item: Item, people: Sequence[Person], by: Person, now: datetime
) -> Visit:
    """Visit the subject of a lead that one's department has accepted, with one of its items.

    `people` are appointed (直接委派, R3.2.2b); if there are none, two are drawn by lot.
    """
    if by.organ_id != lead.organ_id or not (set(RECEIVE) & set(by.roles) or by.id == lead.handler_id):
        raise Refusal("leads.not_yours")
    if lead.state != "accepted":
        raise Refusal("leads.not_now")
    if all(one.id != item.id for one in await usable_items(session, lead.organ.department, now.date())):
        raise Refusal("targeted.item")
    if await visit_for(session, lead_id=lead.id):
        raise Refusal("targeted.already")
    team = Team(people) if people else await drawn(session, lead.organ, lead.subject, [], now)
    visit = await _made(session, lead.organ, lead.subject, [item], team, Cause(lead_id=lead.id), None, by, now)
    write(session, lead, "visit", by, now, text=item.name, due=visit.due)
    return visit


async def again(
    session: AsyncSession, correction: Correction, people: Sequence[Person], by: Person, now: datetime
) -> Visit:
    """Check a correction again: only the points that did not conform, by the same inspectors or two others by lot."""
    before = correction.visit
    failed = [one.point_id for one in before.answers if one.value == "no"]
    parts = [part for part in before.parts if {point.id for point in part.checklist.points} & set(failed)]
    organ, subject = before.task.organ, before.subject
    items = [part.item for part in parts or before.parts]
    gone = [seat.person for seat in before.seats if seat.person]
    team = Team(people) if people else await drawn(session, organ, subject, gone, now)
    cause = Cause(correction_id=correction.id)
    return await _made(session, organ, subject, items, team, cause, failed if parts else None, by, now)


async def drawn(session: AsyncSession, organ: Organ, subject: Subject, but: Sequence[Person], now: datetime) -> Team:
    """Two of a department's inspectors by a lot that can be drawn again: seed and candidates are kept (R3.2.2a)."""
    found = {one.staff_no: one for one in await candidates(session, organ, subject, now) if one not in but}
    seed = secrets.token_hex(32)
    names = lot(seed, found)[:AT_LEAST]
    if len(names) < AT_LEAST:
        raise Refusal("targeted.too_few", organ=organ.name)
    return Team([found[name] for name in names], seed, sorted(found))


async def candidates(session: AsyncSession, organ: Organ, subject: Subject, now: datetime) -> list[Person]:
    """The inspectors who may go: there, certified until the visit is due, not recused; the least busy first."""
    due = deadline("targeted", now.date(), organ.id)
    here = at_work(now.date())
    query = select(Person).where(Person.organ_id == organ.id, here, has_tag(Person.roles, "inspector"))
    recused = await hats.recused_at(session, subject.id)
    load = await pools.load(session)
    people = [
        one
        for one in await session.scalars(query)
        if one.id not in recused and certificate_valid(one.certificate, one.certificate_until, due)
    ]
    return sorted(people, key=lambda one: (load[one.id], one.staff_no))


async def visit_for(session: AsyncSession, *, lead_id: int) -> Visit | None:
    """The visit that a lead has caused and that is not over, if there is one."""
    query = (
        select(Visit)
        .join(Cause, Cause.visit_id == Visit.id)
        .where(Cause.lead_id == lead_id, Visit.state.in_(OPEN_CAUSE))
    )
    found: Visit | None = await session.scalar(query.limit(1))
    return found


async def _made(
    session: AsyncSession,
    organ: Organ,
    subject: Subject,
    items: Sequence[Item],
    team: Team,
    cause: Cause,
    only: list[int] | None,
    by: Person,
    now: datetime,
) -> Visit:
    """A task of its own, the visit, its seats, its cause, and a word to everybody who goes."""
    fit = {one.id for one in await candidates(session, organ, subject, now)}
    people = list({one.id: one for one in team.people}.values())
    if len(people) < AT_LEAST:
        raise Refusal("targeted.two")
    for one in people:
        if one.id not in fit:
            raise Refusal("targeted.unfit", name=one.name)
    due = deadline("targeted", now.date(), organ.id)
    task = await added(
        session,
        Task(
            name=items[0].name,
            organ_id=organ.id,
            items=[TaskItem(position=n, item_id=one.id, organ_id=organ.id) for n, one in enumerate(items)],
            area_code=subject.area_code,
            ratio=Decimal(100),
            starts=now.date(),
            ends=due,
            targeted=True,
        ),
        by,
        now,
    )
    visit = Visit(
        task_id=task.id,
        subject_id=subject.id,
        origin="targeted",
        public_id="",
        position=0,
        state="released",
        token=secrets.token_urlsafe(24),
        due=due,
        release_on=now.date(),
        only_points=only,
        parts=[Part(position=n, item_id=one.id, checklist_id=one.checklist_id) for n, one in enumerate(items)],
        seats=[
            Seat(
                number=n,
                slot=n,
                department=organ.department,
                qualified=False,
                person_id=one.id,
                mode="own" if team.seed else "appointed",
                state="held",
            )
            for n, one in enumerate(people)
        ],
    )
    session.add(visit)
    await session.flush()
    await session.refresh(visit)
    for seat in visit.seats:
        offer(visit, seat, now.date())
        await notify(session, seat.person_id or 0, "visits.targeted", str(visit.id), now, visit=visit.id)
    cause.visit_id, cause.made_by, cause.seed, cause.candidates = visit.id, by.id, team.seed, list(team.candidates)
    session.add(cause)
    after = {"lead": cause.lead_id, "correction": cause.correction_id, "people": [one.staff_no for one in people]}
    record(session, now, by, "target", "visit", visit.id, after=after | ({"seed": team.seed} if team.seed else {}))
    await session.flush()
    return visit
