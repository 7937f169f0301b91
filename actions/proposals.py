"""Keeps a result from the public, corrects or withdraws it: one proposes, another one decides (R3.2.3a)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.journal import record
from actions.notify import notify
from actions.publication import correct, drop, may_review
from models.people import Organ, Person, office_of, with_role
from models.publication import Proposal, newest, proposal_of
from models.visits import Visit
from rules.publication import WITHDRAW, WITHDRAWN, WITHHOLD, check_proposal
from rules.refusal import Refusal
from rules.visits import check_move

LONGEST = 500


async def propose(
    session: AsyncSession,
    visit: Visit,
    kind: str,
    reason: str,
    by: Person,
    now: datetime,
    *,
    ground: str = "",
    result: str = "",
) -> Proposal:
    """Ask that a result be withheld, corrected or withdrawn; whoever may decide hears. It replaces an open proposal.

    By a supervisor of the organ who was not at the visit. Refused where nobody else could decide.
    """
    may_review(visit, by)
    told = await newest(session, visit.id)
    check_proposal(kind, visit.state, ground, result, told.result if told else visit.result)
    if not (reason := reason.strip()[:LONGEST]):
        raise Refusal("reason_needed")
    asked = await deciders(session, visit, by)
    if not asked:
        raise Refusal("publication.nobody_decides")
    await drop(session, visit, now)
    made = Proposal(visit_id=visit.id, kind=kind, ground=ground, result=result, reason=reason)
    made.asked_by, made.asked_at = by.id, now
    session.add(made)
    await session.flush()
    await session.refresh(made, ["visit", "asker", "decider"])
    after = {"ground": ground, "result": result}
    record(session, now, by, f"propose_{kind}", "visit", visit.id, after=after, why=reason)
    for person in asked:
        await notify(session, person.id, "publication.asked", str(made.id), now, proposal=made.id)
    return made


async def deciders(session: AsyncSession, visit: Visit, asker: Person) -> list[Person]:
    """Who may decide on what somebody proposes: never who proposed it, nor who was at the visit.

    The other supervisors of the organ; else the joint conference office of its area; else the supervisors of the same
    department in the area above.
    """
    there = {seat.person_id for seat in visit.seats} | {asker.id}
    organ = visit.task.organ
    above = select(Organ).where(Organ.department == organ.department, Organ.area_code == organ.area.parent)
    for people in (
        await with_role(session, "supervisor", organ.id),
        await office_of(session, organ.area_code),
        [person for one in await session.scalars(above) for person in await with_role(session, "supervisor", one.id)],
    ):
        if found := [one for one in people if one.id not in there]:
            return found
    return []


async def may_decide(session: AsyncSession, proposal: Proposal, by: Person) -> bool:
    """Whether somebody is among those who decide."""
    return by.id in {one.id for one in await deciders(session, proposal.visit, proposal.asker)}


async def approve(session: AsyncSession, proposal: Proposal, by: Person, now: datetime) -> None:
    """Agree: from this moment the result is withheld, or the public reads a new version with its reason."""
    await _decide(session, proposal, by, "approved", "", now)
    visit = proposal.visit
    told = await newest(session, visit.id)
    check_proposal(proposal.kind, visit.state, proposal.ground, proposal.result, told.result if told else visit.result)
    if proposal.kind == WITHHOLD:
        await _withhold(session, proposal, by, now)
    else:
        result = WITHDRAWN if proposal.kind == WITHDRAW else proposal.result
        await correct(session, visit, result, proposal.reason, by, now)
    await _tell(session, proposal, now)


async def _withhold(session: AsyncSession, proposal: Proposal, by: Person, now: datetime) -> None:
    visit = proposal.visit
    guests = list(await session.scalars(select(Visit).where(Visit.merged_into == visit.id)))  # 综合查一次, R1.4
    for one in (visit, *guests):
        if one.state != "withheld":
            check_move(one.state, "withheld")
        one.state = "withheld"
        one.result, one.started_at, one.submitted_at = visit.result, visit.started_at, visit.submitted_at
        one.version += 1
        record(session, now, by, "withhold", "visit", one.id, after={"ground": proposal.ground}, why=proposal.reason)
    await session.flush()


async def refuse(session: AsyncSession, proposal: Proposal, answer: str, by: Person, now: datetime) -> None:
    """Do not agree, and say why: the result takes its course."""
    if not answer.strip():
        raise Refusal("reason_needed")
    await _decide(session, proposal, by, "refused", answer.strip()[:LONGEST], now)
    record(session, now, by, f"refuse_{proposal.kind}", "visit", proposal.visit_id, why=proposal.answer)
    await _tell(session, proposal, now)


async def _decide(
    session: AsyncSession, proposal: Proposal, by: Person, state: str, answer: str, now: datetime
) -> None:
    if proposal.state != "asked":
        raise Refusal("visits.not_now")
    if not await may_decide(session, proposal, by):
        raise Refusal("publication.not_yours")
    proposal.state, proposal.answer, proposal.decided_by, proposal.decided_at = state, answer, by.id, now
    proposal.decider = by
    proposal.version += 1


async def _tell(session: AsyncSession, proposal: Proposal, now: datetime) -> None:
    """Who proposed it hears, and of what was agreed the inspectors too."""
    seats = proposal.visit.seats if proposal.state == "approved" else []
    for person_id in {proposal.asked_by, *(seat.person_id for seat in seats if seat.person_id)}:
        await notify(session, person_id, "publication.decided", str(proposal.id), now, proposal=proposal.id)


async def stands(session: AsyncSession, visit: Visit) -> Proposal | None:
    """The agreed withholding of a result that is withheld now."""
    return await proposal_of(session, visit.id, "approved") if visit.state == "withheld" else None
