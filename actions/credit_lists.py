"""Proposes who enters and leaves the lists and whose credit is repaired, and lets a supervisor decide (R3.3.2c)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.calendars import deadline
from actions.credit_class import annul, keeper, listed_on, may_see, weigh
from actions.journal import record
from actions.notify import notify
from models.credit import CreditProposal, ListEntry, Punishment
from models.people import Organ, Person, with_role
from models.subjects import Subject
from models.visits import Seat, Visit
from rules import credit as rules
from rules.refusal import Refusal
from rules.results import UNREACHABLE, WITHOUT_CHECKING

LONGEST = 500  # characters of a reason


async def after_result(session: AsyncSession, visit: Visit, now: datetime) -> None:
    """Propose what a published result asks for: to enter the abnormal list, or to leave it because they were met."""
    await _drop_mistaken(session, visit, now)
    subject, organ = visit.subject, await keeper(session, visit.subject) or visit.task.organ
    entry = await standing(session, subject, rules.ABNORMAL)
    if visit.result in rules.GROUNDS and entry is None:
        await _propose(
            session, subject, organ, rules.ENTER, None, now,
            list_=rules.GROUNDS[visit.result], ground=visit.result, visit=visit,
        )  # fmt: skip
    elif entry and entry.ground == UNREACHABLE and visit.result not in WITHOUT_CHECKING:
        await _propose(
            session, subject, entry.organ, rules.LEAVE, None, now,
            list_=rules.ABNORMAL, ground="met", visit=visit, entry=entry,
        )  # fmt: skip


async def _drop_mistaken(session: AsyncSession, visit: Visit, now: datetime) -> None:
    """What was proposed because of another result of this visit has no ground any more: the result was corrected."""
    query = select(CreditProposal).where(
        CreditProposal.visit_id == visit.id,
        CreditProposal.state == "asked",
        CreditProposal.kind == rules.ENTER,
        CreditProposal.ground != visit.result,
    )
    for held in await session.scalars(query):
        held.state, held.version, held.decided_at = "void", held.version + 1, now
        record(session, now, None, "drop", "credit_proposal", held.id, after={"result": visit.result})
    await session.flush()


async def standing(session: AsyncSession, subject: Subject, list_: str) -> ListEntry | None:
    """The entry of a subject on a list, if it stands there."""
    query = select(ListEntry).where(ListEntry.subject_id == subject.id, ListEntry.left_on.is_(None))
    entry: ListEntry | None = await session.scalar(query.where(ListEntry.list == list_))
    return entry


async def ask_leave(session: AsyncSession, entry: ListEntry, words: str, by: Person, now: datetime) -> CreditProposal:
    """Somebody proposes that a subject leaves a list, in words; the supervisors of the deciding organ are asked."""
    await may_see(session, entry.subject, by)
    if entry.left_on:
        raise Refusal("credit.left_already")
    made = await _propose(
        session, entry.subject, entry.organ, rules.LEAVE, by, now,
        list_=entry.list, ground="asked", words=words, entry=entry,
    )  # fmt: skip
    if made is None:
        raise Refusal("credit.asked_already")
    return made


async def ask_repair(
    session: AsyncSession, punishment: Punishment, words: str, by: Person, now: datetime
) -> CreditProposal:
    """The subject asked for its credit to be repaired (信用修复); the organ that punished decides.

    Refused before the day from which that is allowed, and once the punishment has ended.
    """
    await may_see(session, punishment.subject, by)
    today, first = now.date(), rules.repair_from(punishment.kind, punishment.starts)
    if punishment.repaired_on or punishment.ends <= today:
        raise Refusal("credit.ended_already")
    if today < first:
        raise Refusal("credit.repair_too_early", day=first)
    made = await _propose(
        session, punishment.subject, punishment.organ, rules.REPAIR, by, now,
        ground=punishment.kind, words=words, punishment=punishment,
    )  # fmt: skip
    if made is None:
        raise Refusal("credit.asked_already")
    return made


async def after_punishment(session: AsyncSession, punishment: Punishment, now: datetime) -> None:
    """A grave punishment proposes the list of serious violations."""
    subject = punishment.subject
    organ = await keeper(session, subject) or punishment.organ
    if punishment.kind in rules.GRAVE_PUNISHMENTS and not await standing(session, subject, rules.SERIOUS):
        await _propose(
            session, subject, organ, rules.ENTER, None, now,
            list_=rules.SERIOUS, ground=rules.GRAVE, punishment=punishment,
        )  # fmt: skip


async def propose_serious(session: AsyncSession, now: datetime) -> None:
    """Whoever has stood on the abnormal list for three years is proposed for the list of serious violations, once."""
    latest = rules.months_after(now.date(), -12 * rules.YEARS_TO_SERIOUS)
    asked = exists().where(CreditProposal.entry_id == ListEntry.id, CreditProposal.kind == rules.ENTER)
    query = select(ListEntry).where(
        ListEntry.list == rules.ABNORMAL, ListEntry.left_on.is_(None), ListEntry.entered_on <= latest, ~asked
    )
    for entry in await session.scalars(query.order_by(ListEntry.id)):
        await _propose(
            session, entry.subject, entry.organ, rules.ENTER, None, now,
            list_=rules.SERIOUS, ground=rules.TOO_LONG, entry=entry,
        )  # fmt: skip


async def _propose(
    session: AsyncSession,
    subject: Subject,
    organ: Organ,
    kind: str,
    by: Person | None,
    now: datetime,
    *,
    list_: str = "",
    ground: str,
    words: str = "",
    visit: Visit | None = None,
    entry: ListEntry | None = None,
    punishment: Punishment | None = None,
) -> CreditProposal | None:
    """A proposal, told to those who decide; None if the same waits already."""
    same = select(CreditProposal).where(
        CreditProposal.subject_id == subject.id,
        CreditProposal.kind == kind,
        CreditProposal.list == list_,
        CreditProposal.state == "asked",
    )
    if kind == rules.REPAIR and punishment:
        same = same.where(CreditProposal.punishment_id == punishment.id)
    if await session.scalar(same.limit(1)):
        return None
    made = CreditProposal(
        subject_id=subject.id,
        organ_id=organ.id,
        kind=kind,
        list=list_,
        ground=ground,
        words=words[:LONGEST],
        visit_id=visit.id if visit else None,
        entry_id=entry.id if entry else None,
        punishment_id=punishment.id if punishment else None,
        asked_by=by.id if by else None,
        asked_at=now,
        decide_by=deadline(rules.DEADLINES[kind], now.date(), organ.id),
        state="asked",
        version=1,
    )
    session.add(made)
    await session.flush()
    await session.refresh(made)
    after = {"kind": kind, "list": list_, "ground": ground, "decide_by": made.decide_by.isoformat()}
    record(session, now, by, "propose", "credit_proposal", made.id, after=after, why=words)
    for person in await _deciders(session, made):
        await notify(session, person.id, "credit.proposed", str(made.id), now, proposal=made.id)
    return made


async def _deciders(session: AsyncSession, proposal: CreditProposal) -> list[Person]:
    barred = await _barred(session, proposal)
    return [one for one in await with_role(session, "supervisor", proposal.organ_id) if one.id not in barred]


async def _barred(session: AsyncSession, proposal: CreditProposal) -> set[int | None]:
    """Who asked, and who found it, does not decide (who enters is never who approves)."""
    found = select(Seat.person_id).where(Seat.visit_id == proposal.visit_id)
    return {proposal.asked_by, *await session.scalars(found)}


async def may_decide(session: AsyncSession, proposal: CreditProposal, by: Person) -> None:
    """Refused unless a supervisor of the organ decides, who neither asked for it nor found it."""
    if "supervisor" not in by.roles or by.organ_id != proposal.organ_id:
        raise Refusal("credit.not_yours_to_decide", organ=proposal.organ.name)
    if by.id in await _barred(session, proposal):
        raise Refusal("credit.own")


async def approve(session: AsyncSession, proposal: CreditProposal, by: Person, now: datetime) -> None:
    """Agree: the subject enters or leaves the list, or its punishment ends, today; its credit is weighed anew."""
    await _decide(session, proposal, "approved", by, now)
    subject, today = proposal.subject, now.date()
    if proposal.kind == rules.ENTER:
        if proposal.list in await listed_on(session, subject):
            raise Refusal("credit.listed_already")
        entry = ListEntry(
            subject_id=subject.id,
            list=proposal.list,
            ground=proposal.ground,
            organ_id=proposal.organ_id,
            entered_on=today,
        )
        session.add(entry)
        why = f"list.{proposal.list}"
    elif proposal.kind == rules.LEAVE:
        assert proposal.entry
        proposal.entry.left_on = today
        why = "list.left"
    else:
        assert proposal.punishment
        proposal.punishment.repaired_on = today
        await annul(session, subject, ("punishment", proposal.punishment.id), by, now)
        why = "repaired"
    after = {"list": proposal.list, "ground": proposal.ground}
    record(session, now, by, proposal.kind, "subject", subject.id, after=after, why=proposal.words)
    await weigh(session, subject, why, by, now)
    await _tell_asker(session, proposal, now)


async def refuse(session: AsyncSession, proposal: CreditProposal, reason: str, by: Person, now: datetime) -> None:
    """Do not agree, with a reason."""
    await _decide(session, proposal, "refused", by, now)
    proposal.reason = reason[:LONGEST]
    record(session, now, by, "refuse", "credit_proposal", proposal.id, why=proposal.reason)
    await _tell_asker(session, proposal, now)


async def _decide(session: AsyncSession, proposal: CreditProposal, state: str, by: Person, now: datetime) -> None:
    await may_decide(session, proposal, by)
    if proposal.state != "asked":
        raise Refusal("credit.decided_already")
    proposal.state, proposal.decided_by, proposal.decided_at = state, by.id, now
    proposal.decider = by
    proposal.version += 1


async def _tell_asker(session: AsyncSession, proposal: CreditProposal, now: datetime) -> None:
    if proposal.asked_by:
        await notify(session, proposal.asked_by, "credit.decided", str(proposal.id), now, proposal=proposal.id)


async def waiting(session: AsyncSession, organ_id: int) -> Sequence[CreditProposal]:
    """What an organ's supervisors still have to decide, the most pressing first."""
    query = select(CreditProposal).where(CreditProposal.organ_id == organ_id, CreditProposal.state == "asked")
    return (await session.scalars(query.order_by(CreditProposal.decide_by, CreditProposal.id))).all()
