"""Writes down what departments know of a subject: punishments, commitments, warnings (R1.3, R3.3.2a, R3.3.2c)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import credit_lists
from actions.credit_class import happened, in_force, may_see, of_area
from actions.journal import record
from models.credit import Commitment, Punishment
from models.people import Organ, Person
from models.subject_search import find_subjects
from models.subjects import Subject
from rules import credit as rules
from rules.refusal import Refusal

LONGEST = 500  # characters of what is promised, or why it was broken
LONGEST_DOCUMENT = 60
LOOKED_AT, FOUND = 60, 6  # subjects of all areas that a search looks at, and those that it names


async def punish(
    session: AsyncSession, subject: Subject, kind: str, document: str, starts: date, by: Person, now: datetime
) -> Punishment:
    """Enter a decision on a punishment (行政处罚决定) of one's own organ: from when on it has effect, its number.

    Its term follows from its kind (`rules.credit.PUNISHMENTS`). Refused to whom is neither supervisor nor liaison,
    for a number that the organ has used, and for a day to come.
    """
    await may_see(session, subject, by)
    if not {"supervisor", "liaison"} & set(by.roles):
        raise Refusal("credit.who_punishes")
    document = " ".join(document.split())
    if kind not in rules.PUNISHMENTS or not document or len(document) > LONGEST_DOCUMENT:
        raise Refusal("credit.document", most=LONGEST_DOCUMENT)
    if starts > now.date():
        raise Refusal("credit.not_yet")
    same = select(Punishment.id).where(Punishment.organ_id == by.organ_id, Punishment.document == document)
    if await session.scalar(same):
        raise Refusal("credit.document_known", document=document)
    term = rules.PUNISHMENTS[kind]
    made = Punishment(
        subject_id=subject.id,
        organ_id=by.organ_id,
        kind=kind,
        document=document,
        joint=term.joint,
        starts=starts,
        ends=rules.months_after(starts, term.months),
        made_by=by.id,
        made_on=now.date(),
    )
    session.add(made)
    await session.flush()
    await session.refresh(made)
    after = {"kind": kind, "document": document, "starts": starts.isoformat(), "ends": made.ends.isoformat()}
    record(session, now, by, "punish", "subject", subject.id, after=after)
    await happened(session, subject, f"punishment.{kind}", ("punishment", made.id), starts, made.organ, by, now)
    await credit_lists.after_punishment(session, made, now)
    return made


async def joint_list(
    session: AsyncSession, organ: Organ, today: date, limit: int | None = None, skip: int = 0
) -> Sequence[Punishment]:
    """The joint-punishment list (联合惩戒名单) of an organ's area as it is today, the latest first (R3.3.2c)."""
    query = select(Punishment).join(Subject, Subject.id == Punishment.subject_id)
    query = query.where(Punishment.joint, in_force(today), of_area(organ))
    query = query.order_by(Punishment.starts.desc(), Punishment.id.desc()).limit(limit).offset(skip)
    return (await session.scalars(query)).all()


async def punishments_of(session: AsyncSession, subject: Subject) -> Sequence[Punishment]:
    """All punishments of a subject, the latest first."""
    query = select(Punishment).where(Punishment.subject_id == subject.id)
    return (await session.scalars(query.order_by(Punishment.starts.desc(), Punishment.id.desc()))).all()


async def commit(
    session: AsyncSession, subject: Subject, kind: str, words: str, by: Person, now: datetime
) -> Commitment:
    """Take down what a subject promises before it is checked (信用承诺, R1.3)."""
    await may_see(session, subject, by)
    words = words.strip()
    if kind not in rules.COMMITMENTS or not words or len(words) > LONGEST:
        raise Refusal("credit.words", most=LONGEST)
    made = Commitment(
        subject_id=subject.id,
        organ_id=by.organ_id,
        kind=kind,
        words=words,
        made_on=now.date(),
        recorded_by=by.id,
        recorded_at=now,
    )
    session.add(made)
    await session.flush()
    await session.refresh(made)
    record(session, now, by, "commitment", "subject", subject.id, after={"kind": kind}, why=words)
    source = ("commitment", made.id)
    await happened(session, subject, "commitment.made", source, made.made_on, made.organ, by, now)
    return made


async def break_commitment(
    session: AsyncSession, commitment: Commitment, reason: str, by: Person, now: datetime
) -> None:
    """The subject did not keep its word: it lowers the class, and the gain of having promised falls away."""
    await may_see(session, commitment.subject, by)
    if commitment.broken_on:
        raise Refusal("credit.broken_already")
    reason = reason.strip()
    if not reason or len(reason) > LONGEST:
        raise Refusal("credit.words", most=LONGEST)
    commitment.broken_on, commitment.broken_because = now.date(), reason
    record(session, now, by, "commitment_broken", "subject", commitment.subject_id, why=reason)
    source = ("commitment", commitment.id)
    await happened(session, commitment.subject, "commitment.broken", source, now.date(), commitment.organ, by, now)


async def commitments_of(session: AsyncSession, subject: Subject) -> Sequence[Commitment]:
    """What a subject has promised, the latest first."""
    query = select(Commitment).where(Commitment.subject_id == subject.id).order_by(Commitment.id.desc())
    return (await session.scalars(query)).all()


async def find(session: AsyncSession, words: str, organ: Organ) -> Sequence[Subject]:
    """Subjects of an organ's area by code or by part of their name; a few."""
    found = await find_subjects(session, words.strip(), LOOKED_AT)
    return [one for one in found if organ.area_code in (one.area_code, one.area.parent)][:FOUND]
