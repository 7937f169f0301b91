"""Gathers what an inspector did on a visit, and when, out of the journal (尽职照单免责, R4.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import chain
from actions.records import SIGNED, number_of, records_of
from models.draws import Draw
from models.journal import JournalEntry
from models.leads import Lead
from models.mail import Outbox
from models.people import Person
from models.visits import Seat, Visit
from rules import bundles
from rules.refusal import Refusal

TOLD = ("visits.drawn", "visits.refilled")  # notices by which somebody learns of a visit


def seat_for_proof(visit: Visit, person: Person) -> Seat:
    """The seat whose duty is proved. Refused unless the person holds one, and the visit is signed."""
    if visit.state not in SIGNED:
        raise Refusal("records.not_signed")
    for seat in visit.seats:
        if seat.person_id == person.id:
            return seat
    raise Refusal("seats.not_yours")


async def gather(session: AsyncSession, visit: Visit, person: Person, now: datetime) -> dict[str, Any]:
    """The facts of a proof, for `documents.proof`: steps in order of time, the draw's and all files' hashes."""
    seat = seat_for_proof(visit, person)
    steps = [*await _told(session, visit, person), *await _journal(session, visit)]
    names = await _names(session, {one["who"] for one in steps} | {one.person_id for one in visit.evidence})
    for step in steps:
        step["who"] = names.get(step["who"] or 0, "")
    return {
        "number": number_of(visit),
        "organ": person.organ.name,
        "person": {
            "name": person.name,
            "staff_no": person.staff_no,
            "organ": person.organ.name,
            "certificate": person.certificate,
        },
        "seat": {"number": seat.number + 1, "mode": seat.mode},
        "subject": visit.subject.name,
        "task": visit.task.name,
        "task_number": visit.task.number,
        "state": visit.state,
        "result": visit.result,
        "draw": _draw(visit.draw),
        "steps": sorted(steps, key=lambda step: str(step["at"])),
        "chain": await _chain(session, steps),
        "evidence": [
            {
                "number": number,
                "kind": one.kind,
                "by": names[one.person_id],
                "at": _utc(one.at),
                "sha256": one.sha256,
            }
            for number, one in enumerate(visit.evidence, 1)
        ],
        "records": [
            {"version": one.version, "made_at": _utc(one.made_at), "hash": one.hash, "token": one.token}
            for one in await records_of(session, visit.id)
        ],
        "made_at": _utc(now),
    }


def _draw(draw: Draw | None) -> dict[str, Any] | None:
    """Its number and hashes; never what is sealed."""
    if draw is None:
        return None
    return {
        "number": draw.sequence,
        "commitment": bundles.hexhash(draw.commitment),
        "outcome": bundles.hexhash(draw.certificate) if draw.certificate else "",
    }


async def _journal(session: AsyncSession, visit: Visit) -> list[dict[str, Any]]:
    leads = list(await session.scalars(select(Lead.id).where(Lead.visit_id == visit.id)))
    about = [and_(JournalEntry.noun == "visit", JournalEntry.noun_id == visit.id)]
    about.append(and_(JournalEntry.noun == "draw", JournalEntry.noun_id == (visit.draw_id or 0)))
    about.append(and_(JournalEntry.noun == "lead", JournalEntry.noun_id.in_(leads)))
    entries = await session.scalars(select(JournalEntry).where(or_(*about)).order_by(JournalEntry.id))
    return [
        {
            "entry": one.id,
            "at": _utc(one.at),
            "who": one.person_id,
            "noun": one.noun,
            "verb": one.verb,
            "after": one.after,
            "why": one.why,
        }
        for one in entries
    ]


async def _chain(session: AsyncSession, steps: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Where the steps stand in the journal's chain: each gets its `place`; the last hash, the day that signed it."""
    places = await chain.places(session, [step["entry"] for step in steps if "entry" in step])
    for step in steps:
        step["place"] = places[step["entry"]].sequence if step.get("entry") in places else None
    if not places:
        return None
    last = max(places.values(), key=lambda one: one.sequence)
    root = await chain.root_over(session, last.sequence)
    return {"place": last.sequence, "hash": last.hash, "root": root.public if root else None}


async def _told(session: AsyncSession, visit: Visit, person: Person) -> list[dict[str, Any]]:
    """When the notices reached this person that told them of the visit."""
    query = select(Outbox).where(Outbox.person_id == person.id, Outbox.kind.in_(TOLD), Outbox.outcome == "sent")
    return [
        {"at": _utc(one.ended_at), "who": person.id, "noun": "visit", "verb": "told", "after": {}, "why": ""}
        for one in await session.scalars(query.order_by(Outbox.id))
        if one.ended_at and (one.params.get("visit") == visit.id or one.params.get("draw") == visit.draw_id)
    ]


async def _names(session: AsyncSession, ids: set[int | None]) -> dict[int, str]:
    rows = await session.execute(select(Person.id, Person.name).where(Person.id.in_(ids - {None})))
    return dict(rows.tuples().all())


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
