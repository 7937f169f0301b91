"""Weighs a subject: what happened, the class that follows, and why it is a key subject (R1.3, R3.2.2e, R3.3.2a)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ColumnElement, Text, literal, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from actions.journal import record
from models.credit import CreditClass, CreditEvent, KeyReason, ListEntry, Punishment, RiskWarning
from models.people import Area, Organ, Person
from models.subjects import Subject
from models.visits import Seat, Visit
from rules import credit as rules
from rules.credit import Happened
from rules.refusal import Refusal

BATCH = 200  # subjects that one tick of the clock looks at


async def may_see(session: AsyncSession, subject: Subject, by: Person) -> None:
    """Refused unless somebody's organ is of the subject's area or of its city, or they have a seat on a visit there.

    A class is for those who supervise alone, never for the public or for experts.
    """
    if set(by.roles) - {"expert"}:
        if by.organ.area_code in (subject.area_code, subject.area.parent):
            return
        seats = select(Seat.id).join(Visit, Visit.id == Seat.visit_id).where(Seat.person_id == by.id)
        if await session.scalar(seats.where(Visit.subject_id == subject.id).limit(1)):
            return
    raise Refusal("credit.not_yours")


async def keeper(session: AsyncSession, subject: Subject) -> Organ | None:
    """Which organ decides on the lists: market supervision of the subject's area, else of its city."""
    area = subject.area
    query = select(Organ).where(Organ.department == rules.KEEPER, Organ.area_code.in_((area.code, area.parent)))
    organs = sorted(await session.scalars(query), key=lambda organ: (organ.area_code != area.code, organ.id))
    return organs[0] if organs else None


async def happened(
    session: AsyncSession,
    subject: Subject,
    code: str,
    source: tuple[str, int],
    on: date,
    organ: Organ | None,
    by: Person | None,
    now: datetime,
) -> None:
    """Write down an event of `rules.credit.EFFECTS` and weigh the subject anew; what has no effect changes nothing.

    `source` is the noun and the id that it came of. The same code of the same source counts once; another code of it
    takes the earlier one back (a result that was corrected).
    """
    noun, noun_id = source
    query = select(CreditEvent).where(CreditEvent.noun == noun, CreditEvent.noun_id == noun_id)
    known = {one.code: one for one in await session.scalars(query)}
    for other, one in known.items():
        if other != code and one.annulled_on is None:
            one.annulled_on = now.date()
    found = rules.happened(code, on)
    if found and code in known:
        known[code].annulled_on = None
    elif found:
        session.add(
            CreditEvent(
                subject_id=subject.id,
                code=code,
                noun=noun,
                noun_id=noun_id,
                organ_id=organ.id if organ else None,
                on=on,
                until=found.until,
                points=found.points,
                made_on=now.date(),
            )
        )
        after = {"code": code, "points": found.points, noun: noun_id}
        record(session, now, by, "credit_event", "subject", subject.id, after=after)
    if found or known:
        await weigh(session, subject, code, by, now)


async def annul(session: AsyncSession, subject: Subject, source: tuple[str, int], by: Person, now: datetime) -> None:
    """Take back the events of a source; they stay in the history."""
    query = select(CreditEvent).where(CreditEvent.noun == source[0], CreditEvent.noun_id == source[1])
    for event in await session.scalars(query.where(CreditEvent.annulled_on.is_(None))):
        event.annulled_on = now.date()
        record(session, now, by, "annul_credit_event", "subject", subject.id, before={"code": event.code})


async def weigh(session: AsyncSession, subject: Subject, why: str, by: Person | None, now: datetime) -> None:
    """Work out the class and the reasons for being a key subject; what changed is written down, with the cause `why`.

    A class that the directory gave meanwhile is the new base, and holds what happened before.
    """
    await session.flush()
    await session.refresh(subject, ["credit_class", "flags"], with_for_update={"of": Subject})
    today = now.date()
    present = await session.scalar(
        select(CreditClass).where(CreditClass.subject_id == subject.id, CreditClass.ended_at.is_(None))
    )
    base, since = (present.base, present.since) if present else (subject.credit_class, None)
    if present and subject.credit_class not in (present.grade, present.base):
        base, since = subject.credit_class, today
    counting = rules.counting(await _events(session, subject), since, today)
    listed = await listed_on(session, subject)
    ends = await _joint_until(session, subject, today)
    reasons = await _key_reasons(session, subject, listed, today)
    points = rules.score(base, counting, today)
    held = counting or listed or ends
    grade = rules.grade(points, listed, punished=bool(ends)) if held else base
    days = [*(one.until for one in counting), *ends, *(one.until for one in reasons if one.until)]
    if present is None or present.grade != grade:
        if present:
            present.ended_at = now
            await session.flush()
        present = CreditClass(subject_id=subject.id, grade=grade, why=why, began_at=now)
        session.add(present)
    present.points, present.base, present.since = points, base, since
    present.review_on = rules.next_review(days, today)
    if subject.credit_class != grade:
        before, subject.credit_class = {"class": subject.credit_class}, grade
        record(session, now, by, "credit_class", "subject", subject.id, before=before, after={"class": grade}, why=why)
    await _write_reasons(session, subject, reasons, by, now)
    await session.flush()


async def _events(session: AsyncSession, subject: Subject) -> list[Happened]:
    query = select(CreditEvent).where(CreditEvent.subject_id == subject.id, CreditEvent.annulled_on.is_(None))
    return [Happened(one.code, one.on, one.points, one.until) for one in await session.scalars(query)]


async def listed_on(session: AsyncSession, subject: Subject) -> list[str]:
    """The lists on which a subject stands."""
    query = select(ListEntry.list).where(ListEntry.subject_id == subject.id, ListEntry.left_on.is_(None))
    return list(await session.scalars(query))


async def _joint_until(session: AsyncSession, subject: Subject, today: date) -> list[date]:
    query = select(Punishment.ends).where(Punishment.subject_id == subject.id, in_force(today), Punishment.joint)
    return list(await session.scalars(query))


def in_force(today: date) -> ColumnElement[bool]:
    """True of a punishment that has effect today: not ended, not repaired."""
    return (Punishment.starts <= today) & (Punishment.ends > today) & Punishment.repaired_on.is_(None)


async def _key_reasons(session: AsyncSession, subject: Subject, listed: list[str], today: date) -> list[rules.Reason]:
    complained = select(CreditEvent.on).where(
        CreditEvent.subject_id == subject.id, CreditEvent.code == "complaint", CreditEvent.annulled_on.is_(None)
    )
    warned = select(RiskWarning.level, RiskWarning.on).where(RiskWarning.subject_id == subject.id)
    warnings = [(level, on) for level, on in (await session.execute(warned)).tuples()]
    return rules.key_reasons(listed, list(await session.scalars(complained)), warnings, today)


async def _write_reasons(
    session: AsyncSession, subject: Subject, reasons: list[rules.Reason], by: Person | None, now: datetime
) -> None:
    query = select(KeyReason).where(KeyReason.subject_id == subject.id, KeyReason.ended_at.is_(None))
    present = {one.flag: one for one in await session.scalars(query)}
    flags = set(subject.flags)
    for flag, row in present.items():
        if flag not in {one.flag for one in reasons}:
            row.ended_at = now
            flags -= set() if row.was_there else {flag}
    for reason in reasons:
        held = present.get(reason.flag)
        if held is None:
            held = KeyReason(
                subject_id=subject.id, flag=reason.flag, began_at=now, was_there=reason.flag in subject.flags
            )
            session.add(held)
        held.cause, held.number = reason.cause, reason.number
        flags.add(reason.flag)
    if flags != set(subject.flags):
        before, subject.flags = {"flags": list(subject.flags)}, tuple(sorted(flags))
        after = {"flags": sorted(flags)}
        record(session, now, by, "key_subject", "subject", subject.id, before=before, after=after)


async def weigh_due(session: AsyncSession, now: datetime, limit: int = BATCH) -> int:
    """Weigh anew where something ceased to count, or where the directory was written over; how many subjects."""
    query = (
        select(Subject)
        .join(CreditClass, (CreditClass.subject_id == Subject.id) & CreditClass.ended_at.is_(None))
        .outerjoin(KeyReason, (KeyReason.subject_id == Subject.id) & KeyReason.ended_at.is_(None))
        .where(
            or_(
                CreditClass.review_on <= now.date(),
                CreditClass.grade != Subject.credit_class,
                ~type_coerce(Subject.flags, Text).contains(literal(",", Text) + KeyReason.flag + ","),
            )
        )
        .order_by(Subject.id)
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    subjects = list((await session.scalars(query)).unique())
    for subject in subjects:
        await weigh(session, subject, "review", None, now)
    return len(subjects)


def of_area(organ: Organ) -> ColumnElement[bool]:
    """True of a subject that lies in an organ's area, or in an area below it."""
    below = select(Area.code).where(or_(Area.code == organ.area_code, Area.parent == organ.area_code))
    return Subject.area_code.in_(below)
