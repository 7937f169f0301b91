"""A subject objects to its published result; somebody who neither entered nor approved it decides (R1.2, R3.2.3a)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import publication
from actions.calendars import deadline
from actions.journal import record
from actions.notify import notify
from models.appeals import Appeal
from models.people import Person, office_of, with_role
from models.plans import Task
from models.publication import Publication
from models.visits import Visit
from rules.appeals import MOST, check_move, check_words
from rules.refusal import Refusal
from rules.results import RESULTS


class Told(NamedTuple):
    """An objection as who holds the visit code reads it."""

    made_at: datetime
    answer_by: date
    state: str
    text: str
    reply: str
    result: str


class Counts(NamedTuple):
    """Objections of a time: made, still open, result kept, result changed."""

    made: int
    open: int
    kept: int
    changed: int


async def of_code(session: AsyncSession, token: str) -> list[Told]:
    """The objections to the result of the visit behind a code, the newest first."""
    told = (Appeal.made_at, Appeal.answer_by, Appeal.state, Appeal.text, Appeal.reply, Appeal.result)
    query = select(*told).join(Visit, Appeal.visit_id == Visit.id).where(Visit.token == token)
    return [Told._make(row) for row in await session.execute(query.order_by(Appeal.id.desc()))]


def may_make(told: list[Told]) -> bool:
    """Whether one more may be made after these."""
    return len(told) < MOST and all(one.state != "open" for one in told)


async def make(session: AsyncSession, token: str, name: str, text: str, now: datetime) -> Appeal:
    """Object to the published result of the visit behind a code; those who may decide are told at once.

    Refused before the result is public, while one is open, and after so many.
    """
    visit = await session.scalar(select(Visit).where(Visit.token == token).with_for_update(of=Visit))
    if visit is None or visit.state != "published":
        raise Refusal("appeals.not_now")
    made = await of_code(session, token)
    if any(one.state == "open" for one in made):
        raise Refusal("appeals.open")
    if len(made) >= MOST:
        raise Refusal("appeals.enough", most=MOST)
    name, text = " ".join(name.split()), text.strip()
    check_words(text, name)
    answer_by = deadline("appeal", now.date(), visit.task.organ_id)
    appeal = Appeal(visit_id=visit.id, name=name, text=text, made_at=now, answer_by=answer_by, visit=visit)
    session.add(appeal)
    await session.flush()
    record(session, now, None, "object", "appeal", appeal.id, after={"visit": visit.id})
    for person in await deciders(session, visit):
        await notify(session, person.id, "appeals.new", str(appeal.id), now, appeal=appeal.id)
    return appeal


async def deciders(session: AsyncSession, visit: Visit) -> list[Person]:
    """Who may decide: the organ's supervisors who did not enter or approve it, else the joint conference office.

    Where neither is there, the organ's administrators: somebody always hears of it.
    """
    involved, organ = await _involved(session, visit), visit.task.organ_id

    def free(people: list[Person]) -> list[Person]:
        return [one for one in people if one.id not in involved]

    return (
        free(await with_role(session, "supervisor", organ))
        or free(await office_of(session, visit.task.area_code))
        or free(await with_role(session, "administrator", organ))
    )


async def _involved(session: AsyncSession, visit: Visit) -> set[int]:
    approved = select(Publication.approved_by).where(Publication.visit_id == visit.id)
    return {seat.person_id for seat in visit.seats if seat.person_id} | set(await session.scalars(approved))


async def may_decide(session: AsyncSession, appeal: Appeal, by: Person) -> bool:
    """Whether somebody is among those who decide about it."""
    return any(one.id == by.id for one in await deciders(session, appeal.visit))


async def waiting_for(session: AsyncSession, by: Person) -> list[Appeal]:
    """The open objections about which somebody may decide, the longest waiting first."""
    if not {"supervisor", "office", "administrator"} & set(by.roles):
        return []
    query = select(Appeal).where(Appeal.state == "open").order_by(Appeal.answer_by, Appeal.id)
    return [one for one in await session.scalars(query) if await may_decide(session, one, by)]


async def decide(session: AsyncSession, appeal: Appeal, result: str, reply: str, by: Person, now: datetime) -> None:
    """Keep the result (`result` empty) or change it to another of the official list, with a reply to the subject.

    A changed result is published at once as a new version; the inspectors and whoever approved hear of either.
    """
    if not await may_decide(session, appeal, by):
        raise Refusal("appeals.not_yours")
    check_move(appeal.state, "changed" if result else "kept")
    if result and (result not in RESULTS or result == appeal.visit.result):
        raise Refusal("gone")
    if not reply.strip():
        raise Refusal("reason_needed")
    hear = await _involved(session, appeal.visit)
    appeal.state, appeal.result, appeal.reply = ("changed" if result else "kept"), result, reply.strip()
    appeal.decided_by, appeal.decider, appeal.decided_at = by.id, by, now
    appeal.version += 1
    record(session, now, by, "decide", "appeal", appeal.id, after={"state": appeal.state}, why=appeal.reply)
    if result:
        await publication.correct(session, appeal.visit, result, "", by, now)  # the reply is for the subject alone
    for person in sorted(hear):
        await notify(session, person, "appeals.decided", str(appeal.id), now, appeal=appeal.id)


async def counts(
    session: AsyncSession, since: datetime, until: datetime, organs: Iterable[int] | None = None
) -> Counts:
    """Objections made from a moment until before another, of some organs or of all: for digests and statistics."""
    states = [func.count(case((Appeal.state == state, 1))) for state in ("open", "kept", "changed")]
    query = select(func.count(), *states).where(Appeal.made_at >= since, Appeal.made_at < until)
    if organs is not None:
        query = query.join(Visit, Appeal.visit_id == Visit.id).join(Task, Visit.task_id == Task.id)
        query = query.where(Task.organ_id.in_(tuple(organs)))
    return Counts._make((await session.execute(query)).one())
