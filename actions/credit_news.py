"""What happened to credit in a department's area, for its digest: only the topics it subscribes to (R3.3.2c)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.calendars import official
from actions.credit_class import in_force, of_area
from actions.journal import record
from models.credit import Commitment, CreditEvent, CreditSubscription, ListEntry, Punishment, RiskWarning
from models.database import insert_new
from models.people import Organ, Person
from models.subjects import Subject
from rules import credit as rules
from rules.refusal import Refusal


async def topics(session: AsyncSession, organ: Organ) -> list[str]:
    """What a department hears of, in the order of the rules."""
    held = set(await session.scalars(select(CreditSubscription.topic).where(CreditSubscription.organ_id == organ.id)))
    return [topic for topic in rules.TOPICS if topic in held]


async def subscribe(session: AsyncSession, topic: str, by: Person, now: datetime, *, wanted: bool) -> None:
    """A supervisor or liaison chooses, or drops, what their department hears of in its digest."""
    if not {"supervisor", "liaison"} & set(by.roles):
        raise Refusal("credit.who_subscribes")
    if topic not in rules.TOPICS:
        raise Refusal("gone")
    if wanted:
        await insert_new(session, CreditSubscription, [{"organ_id": by.organ_id, "topic": topic}], "organ_id", "topic")
    else:
        mine = (CreditSubscription.organ_id == by.organ_id) & (CreditSubscription.topic == topic)
        await session.execute(delete(CreditSubscription).where(mine))
    record(session, now, by, "subscribe" if wanted else "unsubscribe", "organ", by.organ_id, after={"topic": topic})


async def news(session: AsyncSession, organ: Organ, today: date) -> dict[str, int]:
    """How much happened in the topics that a department subscribes to, since the working day before today.

    Topics in which nothing happened are left out.
    """
    since = official().add(today, -1)
    found = {topic: await _number(session, topic, organ, since) for topic in await topics(session, organ)}
    return {topic: number for topic, number in found.items() if number}


async def _number(session: AsyncSession, topic: str, organ: Organ, since: date) -> int:
    return await session.scalar(_query(topic, organ, since)) or 0


def _query(topic: str, organ: Organ, since: date) -> Select[tuple[int]]:
    events = CreditEvent.made_on >= since, CreditEvent.annulled_on.is_(None)
    match topic:
        case "results":
            bad = CreditEvent.code.startswith("result.", autoescape=True) & (CreditEvent.points < 0)
            return _count(CreditEvent, organ, *events, bad)
        case "cases":
            return _count(CreditEvent, organ, *events, CreditEvent.code.startswith("outcome.", autoescape=True))
        case "lists":
            moved = or_(ListEntry.entered_on >= since, ListEntry.left_on >= since)
            return _count(ListEntry, organ, moved)
        case "punishments":
            moved = or_(Punishment.made_on >= since, Punishment.repaired_on >= since)
            return _count(Punishment, organ, Punishment.joint.is_(True), moved)
        case "warnings":
            return _count(RiskWarning, organ, RiskWarning.made_on >= since, RiskWarning.level != rules.LEVELS[0])
        case _:
            return _count(Commitment, organ, Commitment.broken_on >= since)


def _count(
    table: type[CreditEvent | ListEntry | Punishment | RiskWarning | Commitment],
    organ: Organ,
    *conditions: ColumnElement[bool],
) -> Select[tuple[int]]:
    query = select(func.count()).select_from(table).join(Subject, Subject.id == table.subject_id)
    return query.where(of_area(organ), *conditions)


async def figures(session: AsyncSession, organ: Organ, today: date) -> Mapping[str, int]:
    """How many subjects of an organ's area stand on each list, and how many joint punishments are in force."""
    listed = (
        select(ListEntry.list, func.count())
        .join(Subject, Subject.id == ListEntry.subject_id)
        .where(of_area(organ), ListEntry.left_on.is_(None))
        .group_by(ListEntry.list)
    )
    found = dict((await session.execute(listed)).tuples().all())
    joint = _count(Punishment, organ, Punishment.joint.is_(True), in_force(today))
    return {
        **{list_: found.get(list_, 0) for list_ in rules.LISTS},
        "joint": await session.scalar(joint) or 0,
    }
