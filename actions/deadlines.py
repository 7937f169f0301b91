"""Changes how long things may take: an authority decides for itself, or a year's holidays are announced.

What is open then is counted anew, whoever must act is told once of all that moved, and each move is journalled.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from actions import calendars
from actions.journal import record
from actions.notify import notify
from actions.reminders import Due, open_dues
from models.calendars import DeadlineOverride
from models.people import Organ, Person
from models.reminders import MOVES
from rules.deadlines import TABLE, check_override
from rules.refusal import Refusal
from rules.workdays import Calendar


async def decide(session: AsyncSession, organ: Organ, kind: str, days: int, by: Person | None, now: datetime) -> int:
    """An organ gives a kind of thing so many working days from now on; how many open deadlines moved.

    By a supervisor of the organ or its joint conference office, an administrator, or whoever works at the terminal. Of
    the law only less.
    """
    if by and not may_decide(by, organ):
        raise Refusal("deadlines.not_yours")
    check_override(kind, days)
    await calendars.refresh(session)
    before = calendars.length(kind, organ.id)
    mine = (DeadlineOverride.organ_id == organ.id, DeadlineOverride.kind == kind)
    await session.execute(delete(DeadlineOverride).where(*mine))
    if days != TABLE[kind].days:
        session.add(DeadlineOverride(organ_id=organ.id, kind=kind, days=days, by=by.id if by else None, at=now))
    await session.flush()
    moved = await recount(session, now, by)
    was, is_now = {"kind": kind, "days": before}, {"kind": kind, "days": days}
    record(session, now, by, "decide_deadline", "organ", organ.id, before=was, after=is_now)
    return moved


def may_decide(by: Person, organ: Organ) -> bool:
    """Whether somebody decides how long things may take at an organ."""
    mine = by.organ_id == organ.id and {"supervisor", "office"} & set(by.roles)
    return bool(mine) or "administrator" in by.roles


async def recount(session: AsyncSession, now: datetime, by: Person | None) -> int:
    """Count all that is open by what the database says now instead of what was at hand; how many deadlines moved."""
    old, before = calendars.official(), {_who(one): one for one in await open_dues(session, now)}
    await calendars.refresh(session)
    stored = {
        (one.kind, one.thing): (one.due, _moved(one, old))
        for one in before.values()
        if one.kind in MOVES and _moved(one, old) != one.due
    }
    for (kind, thing), (due, new) in stored.items():
        column, number = MOVES[kind]
        query = update(column.class_).where(number == thing, column == due).values({column.key: new})
        await session.execute(query.execution_options(synchronize_session=False))
    changed = defaultdict[int, list[tuple[Due, date]]](list)
    for one in await open_dues(session, now):
        earlier = before.get(_who(one))
        if earlier and earlier.due != one.due:
            changed[one.person_id].append((one, earlier.due))
    things = dict[tuple[str, int], tuple[date, date]]()
    for person_id, several in changed.items():
        things |= {(one.kind, one.thing): (due, one.due) for one, due in several}
        first = several[0][0]
        moves = [[one.kind, one.thing, due.isoformat(), one.due.isoformat()] for one, due in several]
        key = f"{first.kind}:{first.thing}:{first.due:%Y%m%d}:{now:%Y%m%d%H%M%S}"
        await notify(session, person_id, "deadlines.moved", key, now, moves=moves)
    for (kind, thing), (due, new) in things.items():
        record(session, now, by, "move", kind, thing, before={"due": due.isoformat()}, after={"due": new.isoformat()})
    return len(things)


def _who(one: Due) -> tuple[str, int, int]:
    return one.kind, one.thing, one.person_id


def _moved(one: Due, old: Calendar) -> date:
    """The day that is as many working days after the start by the new calendar as by the old."""
    new, days = calendars.official(), old.between(one.since, one.due)
    return one.due if new.between(one.since, one.due) == days else new.add(one.since, days)
