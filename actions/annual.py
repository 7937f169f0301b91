"""The life of an annual plan: submitted, approved along the chain or sent back, filed, published (R3.2.1a, R3.2.1c)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.journal import record
from actions.notify import notify
from models.people import Area, Organ, Person, office_of, with_role
from models.plans import Plan, PlanDecision, PlannedTask
from rules.plans import (
    DRAFTERS,
    LEAD,
    MARKET,
    MARKET_DEPARTMENT,
    Breach,
    ItemFacts,
    TaskFacts,
    breaches,
    chain,
    check_move,
)
from rules.refusal import Refusal

LONGEST_REASON = 500  # characters
COLUMNS = ("name", "kind", "area_code", "scope", "ratio", "seats", "starts", "ends")  # of a planned task


def check_drafter(plan: Plan, by: Person) -> None:
    """Refused unless somebody may draft, submit, file or publish a plan: its author, its organ, administrators."""
    if by.id != plan.drafted_by and not may_draft(plan.organ_id, by):
        raise Refusal("plans.not_yours")


def may_draft(organ_id: int, by: Person) -> bool:
    """Whether somebody may draft plans for an organ; administrators bring in those of all."""
    return "administrator" in by.roles or (by.organ_id == organ_id and bool(set(DRAFTERS) & set(by.roles)))


async def may_see(session: AsyncSession, plan: Plan, by: Person) -> bool:
    """Whether a plan is somebody's business: they draft it, take part in it, or are in its chain of approval."""
    if by.id == plan.drafted_by or by.organ_id in {organ.id for task in plan.tasks for organ in task.organs}:
        return True
    if by.organ_id == plan.organ_id:
        return True
    stages = chain(plan.joint, plan.organ.department)
    return by.id in {one.id for stage in stages for one in await everybody_of(session, plan, stage)}


async def everybody_of(session: AsyncSession, plan: Plan, stage: str) -> list[Person]:
    """Who acts for a stage of the chain, whoever drafted."""
    if stage == LEAD:
        return await with_role(session, "supervisor", plan.organ_id)
    if stage == MARKET:
        organ = await market_of(session, plan.organ.area_code)
        return await with_role(session, "supervisor", organ.id) if organ else []
    return await office_of(session, plan.organ.area_code)


async def deciders(session: AsyncSession, plan: Plan, stage: str, submitter: int | None = None) -> list[Person]:
    """Who may approve at a stage: never who drafted the plan or submitted it."""
    entered = {plan.drafted_by, submitter if submitter is not None else plan.submitted_by}
    return [one for one in await everybody_of(session, plan, stage) if one.id not in entered]


async def waiting_for(session: AsyncSession, person: Person) -> list[Plan]:
    """The plans that wait for somebody's approval."""
    submitted = await session.scalars(select(Plan).where(Plan.state == "submitted").order_by(Plan.id))
    return [one for one in submitted if person.id in {who.id for who in await deciders(session, one, one.stage)}]


async def market_of(session: AsyncSession, area_code: str) -> Organ | None:
    """The market supervision bureau of an area, or of the area above: the one with the shortest name.

    What an area has besides the bureau are its branches and stations, whose names begin with the bureau's.
    """
    code: str | None = area_code
    while code:
        query = select(Organ).where(Organ.area_code == code, Organ.department == MARKET_DEPARTMENT)
        found = sorted(await session.scalars(query), key=lambda organ: (len(organ.name), organ.id))
        if found:
            return found[0]
        area = await session.get(Area, code)
        code = area.parent if area else None
    return None


def facts(task: PlannedTask) -> TaskFacts:
    """What the rules need of a planned task."""
    return TaskFacts(
        task.number,
        task.name,
        task.kind,
        task.scope,
        task.ratio,
        task.seats,
        task.starts,
        task.ends,
        tuple(
            ItemFacts(
                one.item.name,
                one.item.department,
                one.item.kind == "general",
                one.item.ratio_ceiling,
                one.item.valid_until,
            )
            for one in task.items
        ),
        tuple(organ.department for organ in task.organs[1:]),
    )


async def faults(session: AsyncSession, plan: Plan, by: Person) -> list[Breach]:
    """Everything for which a plan could not be submitted by somebody: rules broken, and stages without anybody."""
    found = breaches(plan.year, plan.organ.department, map(facts, plan.tasks))
    for stage in chain(plan.joint, plan.organ.department):
        if not await deciders(session, plan, stage, by.id):
            found.append(Breach(0, f"nobody_{stage}", {}))
    return found


async def submit(session: AsyncSession, plan: Plan, by: Person, now: datetime) -> None:
    """Hand a draft in for approval. Refused if a rule is broken; `faults` says all of them."""
    check_drafter(plan, by)
    check_move(plan.state, "submitted")
    if await faults(session, plan, by):
        raise Refusal("plans.breaks_rules")
    plan.submitted_by, plan.submitted_at, plan.rejected = by.id, now, ""
    _move(plan, "submitted", chain(plan.joint, plan.organ.department)[0])
    record(session, now, by, "submit", "plan", plan.id, after=told(plan))
    await _ask(session, plan, now)


async def take_back(session: AsyncSession, plan: Plan, by: Person, now: datetime) -> None:
    """Make a submitted plan a draft again, to change it; whoever was asked is asked anew afterwards."""
    check_drafter(plan, by)
    if plan.state != "submitted":
        raise Refusal("plans.not_now")
    record(session, now, by, "take_back", "plan", plan.id, before={"stage": plan.stage})
    _move(plan, "draft")


async def approve(session: AsyncSession, plan: Plan, by: Person, now: datetime) -> None:
    """Approve for the stage whose turn it is; the next stage is asked, or the plan is approved."""
    await _check_decider(session, plan, by)
    stages = chain(plan.joint, plan.organ.department)
    following = stages[stages.index(plan.stage) + 1 :]
    _decide(session, plan, by, now, approved=True)
    if following:
        _move(plan, "submitted", following[0])
        await _ask(session, plan, now)
    else:
        plan.approved_at = now
        _move(plan, "approved")
        await _tell_people(session, _entered(plan), plan, "plans.approved", now)


async def reject(session: AsyncSession, plan: Plan, reason: str, by: Person, now: datetime) -> None:
    """Send a plan back as a draft, with a reason; when it comes again it goes through the whole chain."""
    await _check_decider(session, plan, by)
    _decide(session, plan, by, now, approved=False, reason=reason[:LONGEST_REASON])
    plan.rejected = reason[:LONGEST_REASON]
    _move(plan, "draft")
    await _tell_people(session, _entered(plan), plan, "plans.rejected", now)


async def file(session: AsyncSession, plan: Plan, where: str, by: Person, now: datetime) -> None:
    """Write down that an approved plan was filed (备案) with the government of the level and the department above."""
    check_drafter(plan, by)
    if plan.state not in ("approved", "published"):
        raise Refusal("plans.not_now")
    if plan.filed_at is not None:
        raise Refusal("plans.filed_already")
    plan.filed_at, plan.filed_with = now, where[:LONGEST_REASON]
    plan.version += 1
    record(session, now, by, "file", "plan", plan.id, after={"with": plan.filed_with})


async def publish(session: AsyncSession, plan: Plan, by: Person, now: datetime) -> None:
    """Make an approved plan public; the edition before it is superseded. Departments that take part hear of it."""
    check_drafter(plan, by)
    check_move(plan.state, "published")
    for older in await editions(session, plan.number):
        if older.state == "published":
            _move(older, "superseded")
    plan.published_at = now
    _move(plan, "published")
    record(session, now, by, "publish", "plan", plan.id, after=told(plan))
    partners = {organ.id for task in plan.tasks for organ in task.organs} - {plan.organ_id}
    for organ_id in sorted(partners):
        who = [one.id for one in await with_role(session, "supervisor", organ_id)]
        await _tell_people(session, who, plan, "plans.published", now)


async def editions(session: AsyncSession, number: str) -> list[Plan]:
    """All editions of a plan, the newest first."""
    return list(await session.scalars(select(Plan).where(Plan.number == number).order_by(Plan.edition.desc())))


async def _check_decider(session: AsyncSession, plan: Plan, by: Person) -> None:
    if plan.state != "submitted":
        raise Refusal("plans.not_now")
    if by.id in (plan.drafted_by, plan.submitted_by):
        raise Refusal("plans.own")
    if by.id not in {one.id for one in await deciders(session, plan, plan.stage)}:
        raise Refusal("plans.not_your_turn")


def _decide(session: AsyncSession, plan: Plan, by: Person, now: datetime, *, approved: bool, reason: str = "") -> None:
    plan.decisions.append(
        PlanDecision(stage=plan.stage, approved=approved, reason=reason, person_id=by.id, person=by, at=now)
    )
    verb = "approve" if approved else "reject"
    record(session, now, by, verb, "plan", plan.id, after={"stage": plan.stage}, why=reason)


def _move(plan: Plan, state: str, stage: str = "") -> None:
    plan.state, plan.stage, plan.version = state, stage, plan.version + 1


async def _ask(session: AsyncSession, plan: Plan, now: datetime) -> None:
    who = [one.id for one in await deciders(session, plan, plan.stage)]
    await _tell_people(session, who, plan, "plans.to_decide", now)


def _entered(plan: Plan) -> list[int]:
    return sorted({one for one in (plan.drafted_by, plan.submitted_by) if one is not None})


async def _tell_people(session: AsyncSession, who: Iterable[int], plan: Plan, kind: str, now: datetime) -> None:
    for person_id in who:
        await notify(session, person_id, kind, f"{plan.id}:{plan.version}", now, plan=plan.id)


def told(plan: Plan) -> dict[str, Any]:
    """A plan for the journal: what was approved can be read there."""
    about = {"number": plan.number, "edition": plan.edition, "name": plan.name}
    return {**about, "tasks": [told_task(task) for task in plan.tasks]}


def told_task(task: PlannedTask) -> dict[str, Any]:
    """A planned task for the journal."""
    values = {name: str(getattr(task, name)) for name in COLUMNS}
    return {"task": task.number, **values, "items": [one.item.code for one in task.items]}
