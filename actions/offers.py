"""Finds visits of two organs to one subject in the same weeks, and lets the organs talk about it (综合查一次, R1.4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from actions.journal import record
from actions.notify import notify
from models.database import insert_new
from models.draws import Draw
from models.mail import Outbox
from models.people import Area, Organ, Person, with_role
from models.plans import Task
from models.visits import JointOffer, Visit
from rules.refusal import Refusal
from rules.visits import NOT_STARTED


async def look(session: AsyncSession, draw: Draw, now: datetime) -> int:
    """Offer to make one visit of two, for each subject of a draw that another organ's draw sends somebody to as well.

    The visit of the earlier draw is the host. Only the supervisors of the two leading organs hear of it, each in one
    notice, because what was drawn may still be sealed. How many offers are new.
    """
    visit, other, task, its_task = Visit, aliased(Visit), Task, aliased(Task)
    organ, its_organ, area, its_area = Organ, aliased(Organ), Area, aliased(Area)
    its_draw = aliased(Draw)
    query = (
        select(visit.id, other.id, its_draw.sequence, organ.id, its_organ.id)
        .join(other, (other.subject_id == visit.subject_id) & (other.task_id != visit.task_id))
        .join(task, task.id == visit.task_id)
        .join(its_task, its_task.id == other.task_id)
        .join(organ, organ.id == task.organ_id)
        .join(its_organ, its_organ.id == its_task.organ_id)
        .join(area, area.code == organ.area_code)
        .join(its_area, its_area.code == its_organ.area_code)
        .join(its_draw, its_draw.id == other.draw_id)
        .where(visit.draw_id == draw.id, visit.state.in_(NOT_STARTED), other.state.in_(NOT_STARTED))
        .where(organ.id != its_organ.id, task.starts <= its_task.ends, its_task.starts <= task.ends)
        .where(or_(area.code == its_area.code, area.parent == its_area.code, its_area.parent == area.code))
        .order_by(visit.position)
    )
    rows: list[dict[str, Any]] = []
    organs = set()
    for mine, its, sequence, organ_id, its_organ_id in (await session.execute(query)).tuples():
        host, guest = (mine, its) if draw.sequence < sequence else (its, mine)
        rows.append({"host_id": host, "guest_id": guest, "state": "offered", "version": 1, "made_at": now})
        organs |= {organ_id, its_organ_id}
    new = await insert_new(session, JointOffer, rows, "host_id", "guest_id") if rows else 0
    if new:
        key = f"{draw.id}:{max(row['host_id'] for row in rows)}:{new}"
        for organ_id in sorted(organs):
            for person in await with_role(session, "supervisor", organ_id):
                if not await _about_to_hear(session, person.id):
                    await notify(session, person.id, "offers.new", key, now)
    return new


async def _about_to_hear(session: AsyncSession, person_id: int) -> bool:
    """Whether a notice of offers is on its way, which will speak of all that stand when it is told."""
    query = select(Outbox.id).where(Outbox.kind == "offers.new", Outbox.person_id == person_id)
    return await session.scalar(query.where(Outbox.ended_at.is_(None)).limit(1)) is not None


async def standing(session: AsyncSession, organ_id: int) -> list[JointOffer]:
    """The offers that still stand and concern an organ, those that wait for an answer first."""
    host, guest, task, its_task = aliased(Visit), aliased(Visit), aliased(Task), aliased(Task)
    query = (
        select(JointOffer)
        .join(host, host.id == JointOffer.host_id)
        .join(guest, guest.id == JointOffer.guest_id)
        .join(task, task.id == host.task_id)
        .join(its_task, its_task.id == guest.task_id)
        .where(JointOffer.state.in_(("offered", "asked")))
        .where(host.state.in_(NOT_STARTED), guest.state.in_(NOT_STARTED))
        .where(or_(task.organ_id == organ_id, its_task.organ_id == organ_id))
        .order_by(JointOffer.state, JointOffer.id)
    )
    return list(await session.scalars(query))


async def ask(session: AsyncSession, offer: JointOffer, by: Person, now: datetime) -> None:
    """Ask the other organ whether the two visits become one (合并检查). Refused if the offer stands no more."""
    check_stands(offer, by)
    if offer.state != "offered":
        raise Refusal("offers.asked_already")
    offer.state, offer.asked_by = "asked", by.id
    offer.version += 1
    record(session, now, by, "ask", "joint_offer", offer.id)
    for person in await with_role(session, "supervisor", other_side(offer, by.organ_id).task.organ_id):
        await notify(session, person.id, "offers.asked", key_of(offer), now, offer=offer.id)


async def decline(session: AsyncSession, offer: JointOffer, by: Person, now: datetime) -> None:
    """Two visits stay two (各查各的); whoever asked is told."""
    check_stands(offer, by)
    asked_by = offer.asked_by
    offer.state, offer.answered_by = "declined", by.id
    offer.version += 1
    record(session, now, by, "decline", "joint_offer", offer.id)
    if asked_by and asked_by != by.id:
        await notify(session, asked_by, "offers.declined", key_of(offer), now, offer=offer.id)


def key_of(offer: JointOffer) -> str:
    """What makes a notice about the present state of an offer unique; a draw that is void may free its number."""
    return f"{offer.id}:{offer.version}:{offer.made_at:%Y%m%d%H%M%S}"


def sides(offer: JointOffer) -> tuple[Visit, Visit]:
    """The two visits, the host first."""
    return offer.host, offer.guest


def other_side(offer: JointOffer, organ_id: int) -> Visit:
    """The visit of the other organ."""
    return offer.guest if offer.host.task.organ_id == organ_id else offer.host


def concerns(offer: JointOffer, person: Person) -> bool:
    """Whether somebody supervises one of the two organs that lead; nobody else may know what was drawn."""
    return "supervisor" in person.roles and person.organ_id in {one.task.organ_id for one in sides(offer)}


def check_stands(offer: JointOffer, by: Person) -> None:
    """Refused where an offer is not somebody's, was answered, or one of the visits began, dropped out or merged."""
    if not concerns(offer, by):
        raise Refusal("gone")
    if offer.state == "agreed" or any(one.state == "merged" for one in sides(offer)):
        raise Refusal("offers.merged", name=offer.host.subject.name)
    if offer.state == "declined":
        raise Refusal("offers.declined", name=offer.host.subject.name)
    if any(one.state == "dropped" for one in sides(offer)):
        raise Refusal("offers.dropped", name=offer.host.subject.name)
    if any(one.state not in NOT_STARTED for one in sides(offer)):
        raise Refusal("offers.started", name=offer.host.subject.name)
