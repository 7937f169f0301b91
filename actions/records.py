"""Freezes what was found at a visit when it is signed (检查记录表): never rewritten, only followed by a new version."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import journal
from actions.notify import notify
from models.documents import Record
from models.people import Person, with_role
from models.visits import Answer, Helper, Visit
from rules import bundles
from rules.draw import canonical
from rules.refusal import Refusal

FORM = 1  # of the content, should its names ever change
SIGNED = ("submitted", "withheld", "published")  # nobody may change an answer any more


def number_of(visit: Visit) -> str:
    """The running number of what is written about a visit: the task's number and the visit's."""
    return f"{visit.task.number}-{visit.id:05d}"


async def records_of(session: AsyncSession, visit_id: int) -> list[Record]:
    """All versions of a visit's record, the oldest first."""
    return list(await session.scalars(select(Record).where(Record.visit_id == visit_id).order_by(Record.version)))


async def freeze(session: AsyncSession, visit: Visit, by: Person, now: datetime) -> Record:
    """Keep what was signed as a new version; the reason of a later one is what the visit was returned for."""
    earlier = await records_of(session, visit.id)
    content = await content_of(session, visit)
    content["amendments"] = earlier[-1].content["amendments"] if earlier else []
    return await _keep(session, visit, content, earlier, visit.returned_because if earlier else "", by, now)


async def amend(session: AsyncSession, visit: Visit, text: str, by: Person, now: datetime) -> Record:
    """Correct a signed record: what was written stays, and what is right instead, and why, is written below it.

    By an inspector of the visit or a supervisor of its organ, once it is signed. `text` is both correction and reason.
    """
    mine = any(seat.person_id == by.id for seat in visit.seats)
    if not mine and not ("supervisor" in by.roles and by.organ_id == visit.task.organ_id):
        raise Refusal("records.not_yours")
    earlier = await records_of(session, visit.id)
    if visit.state not in SIGNED or not earlier:
        raise Refusal("records.not_signed")
    content = deepcopy(earlier[-1].content)
    content["amendments"].append({"at": _utc(now), "by": by.name, "text": text})
    record = await _keep(session, visit, content, earlier, text, by, now)
    others = {seat.person_id for seat in visit.seats if seat.person_id}
    others |= {one.id for one in await with_role(session, "supervisor", visit.task.organ_id)}
    for person_id in sorted(others - {by.id}):
        await notify(session, person_id, "records.amended", str(record.id), now, visit=visit.id, record=record.id)
    return record


async def _keep(
    session: AsyncSession,
    visit: Visit,
    content: dict[str, Any],
    earlier: list[Record],
    reason: str,
    by: Person,
    now: datetime,
) -> Record:
    because = [*(one.reason for one in earlier[1:]), reason]
    content |= {
        "version": len(earlier) + 1,
        "earlier": [
            {"version": one.version, "hash": one.hash, "made_at": _utc(one.made_at), "replaced_because": why}
            for one, why in zip(earlier, because, strict=False)
        ],
    }
    content = _exact(content)
    record = Record(
        visit_id=visit.id,
        version=len(earlier) + 1,
        content=content,
        hash=bundles.hexhash(canonical(content)),
        token=secrets.token_urlsafe(18),
        reason=reason,
        made_by=by.id,
        made_at=now,
    )
    session.add(record)
    await session.flush()
    after = {"version": record.version, "hash": record.hash}
    journal.record(session, now, by, "freeze", "visit", visit.id, after=after, why=reason)
    return record


async def content_of(session: AsyncSession, visit: Visit) -> dict[str, Any]:
    """What stands in the record of a visit now: texts, whole numbers and moments in UTC, by fixed names."""
    task, subject = visit.task, visit.subject
    helpers = list(await session.scalars(select(Helper).where(Helper.visit_id == visit.id).order_by(Helper.id)))
    names = await _names(
        session, [*(one.person_id for one in visit.evidence), *(helper.guided_by for helper in helpers)]
    )
    return {
        "form": FORM,
        "number": number_of(visit),
        "task": {"number": task.number, "name": task.name, "organ": task.organ.name},
        "draw": visit.draw.sequence if visit.draw else None,
        "origin": visit.origin,
        "subject": {
            "name": subject.name,
            "code": subject.code,
            "kind": subject.kind,
            "area": subject.area.name,
            "address": subject.address,
            "contact": subject.contact,
        },
        "items": [
            {
                "code": part.item.code,
                "name": part.item.name,
                "department": part.item.department,
                "kind": part.item.kind,
                "basis": part.item.basis,
                "result": part.result,
                "disposal": part.disposal,
            }
            for part in visit.parts
        ],
        "inspectors": _inspectors(visit),
        "helpers": [{"name": one.name, "guided_by": names[one.guided_by], "at": _utc(one.at)} for one in helpers],
        "method": visit.method,
        "method_note": visit.method_note,
        "alone_because": visit.alone_because,
        "materials": visit.materials,
        "started_at": _utc(visit.started_at),
        "submitted_at": _utc(visit.submitted_at),
        "points": await _points(session, visit),
        "evidence": _evidence(visit, names),
        "result": visit.result,
        "correct_by": visit.correct_by.isoformat() if visit.correct_by else None,
        "statement": visit.statement,
        "signing": visit.signing,
    }


def _inspectors(visit: Visit) -> list[dict[str, Any]]:
    return [
        {
            "name": seat.person.name,
            "organ": seat.person.organ.name,
            "department": seat.department,
            "certificate": seat.person.certificate,
            "mode": seat.mode,
            "arrived_at": _utc(seat.arrived_at),
            "arrived_metres": seat.arrived_metres,
            "arrived_by_signing": seat.arrived_by_signing,
            "signed_at": _utc(seat.signed_at),
        }
        for seat in visit.seats
        if seat.person
    ]


async def _points(session: AsyncSession, visit: Visit) -> list[dict[str, Any]]:
    """The points that were asked, with what was answered; a point of two items stands under the first."""
    answers = visit.standing
    sources = await _sources(session, [one.from_answer for one in answers.values() if one.from_answer])
    found = []
    for number, point in visit.asked.items():
        answer = answers.get(number)
        place = next(place for place, part in enumerate(visit.parts) if point in part.checklist.points)
        found.append(
            {
                "number": number,
                "item": place,
                "text": point.text,
                "key": point.key,
                "answer": answer.value if answer else "",
                "reading": answer.reading if answer else "",
                "note": answer.note if answer else "",
                "from": sources.get(answer.from_answer or 0) if answer else None,
                "who": answer.person.name if answer else "",
                "when": _utc(answer.at) if answer else None,
            }
        )
    return found


async def _sources(session: AsyncSession, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Whose answers were relied on (互认, R1.4): organ, task and day by the answer's id."""
    query = select(Answer, Visit).join(Visit, Visit.id == Answer.visit_id).where(Answer.id.in_(set(ids)))
    return {
        answer.id: {
            "organ": answer.person.organ.name,
            "task": visit.task.number,
            "day": answer.at.date().isoformat(),
        }
        for answer, visit in (await session.execute(query)).tuples()
    }


def _evidence(visit: Visit, names: dict[int, str]) -> list[dict[str, Any]]:
    numbers = visit.numbers
    return [
        {
            "number": number,
            "point": numbers.get(one.point_id or 0),
            "kind": one.kind,
            "name": one.name,
            "sha256": one.sha256,
            "size": one.size,
            "taken_at": _utc(one.taken_at),
            "metres": one.metres,
            "grade": one.grade,
            "seen_before": one.seen_before is not None,
            "by": names[one.person_id],
            "at": _utc(one.at),
        }
        for number, one in enumerate(visit.evidence, 1)
    ]


async def _names(session: AsyncSession, ids: Iterable[int]) -> dict[int, str]:
    rows = await session.execute(select(Person.id, Person.name).where(Person.id.in_(set(ids))))
    return dict(rows.tuples().all())


def _utc(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else None


def _exact(value: Any) -> Any:
    """The same without what two databases could write differently: fractions become text, keys are text."""
    if isinstance(value, dict):
        return {str(key): _exact(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(one) for one in value]
    return str(value) if isinstance(value, float) else value
