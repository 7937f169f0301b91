"""Lets the subject confirm on their own phone what was found: behind the visit code, once, and only what they saw."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import subject
from actions.findings import correct_by, fingerprint, of_part, standing
from actions.notify import notify
from actions.results import problems
from models.visits import Visit
from rules.refusal import Refusal
from rules.results import CORRECTION, PENDING
from rules.visits import WORKING


class ItemFound(NamedTuple):
    """What was found on one item: its result, what is done about it, and text and words of each failed point."""

    name: str
    result: str
    disposal: str
    points: int
    failed: Sequence[tuple[str, str]]


class Found(NamedTuple):
    """What is put to the subject; `nonce` is what a confirmation must bring along, empty where none is waited for."""

    found_items: Sequence[ItemFound]
    correct_by: date | None
    nonce: str
    confirmed_by: str
    confirmed_at: datetime | None
    statement: str


async def found(session: AsyncSession, token: str, now: datetime) -> Found | None:
    """What a subject may read who scans the code; None unless the checklist is done and not yet handed in."""
    visit = await session.scalar(select(Visit).where(Visit.token == token))
    if visit is None or not await _waits(session, visit, now.date()):
        return None
    items = [
        ItemFound(
            part.item.name,
            of_part(visit, part),
            part.disposal,
            len(standing(visit, part)),
            [(one.point.text, one.note) for one in standing(visit, part).values() if one.value == "no"],
        )
        for part in visit.parts
    ]
    orders = {one.result for one in items} & {CORRECTION, PENDING}
    until = correct_by(visit, now.date()) if orders else None
    signed = subject.stands(visit) and visit.signing["how"] == subject.SCAN
    at = datetime.fromisoformat(visit.signing["at"]) if signed else None
    nonce = "" if subject.stands(visit) else nonce_of(visit, now.date())
    return Found(items, until, nonce, visit.signing["name"] if signed else "", at, visit.statement)


async def confirm(session: AsyncSession, token: str, nonce: str, name: str, statement: str, now: datetime) -> None:
    """The subject confirms what they have read (扫码确认), with their name and perhaps a statement (陈述申辩).

    Refused a second time, without a name, when nothing waits, and when what was found is not what they read.
    """
    visit = await session.scalar(select(Visit).where(Visit.token == token).with_for_update(of=Visit))
    if visit is None or not await _waits(session, visit, now.date()):
        raise Refusal("subject.not_now")
    if subject.stands(visit):
        raise Refusal("subject.already")
    if not hmac.compare_digest(nonce.encode(), nonce_of(visit, now.date()).encode()):
        raise Refusal("subject.changed")
    name = " ".join(name.split())
    if not name or len(name) > subject.LONGEST_NAME or not name.isprintable():
        raise Refusal("subject.name")
    if len(statement) > subject.LONGEST:
        raise Refusal("subject.statement", most=subject.LONGEST)
    if statement.strip():
        visit.statement = statement.strip()
    subject.write(session, visit, {"how": subject.SCAN, "name": name, "said": statement.strip()}, None, now)
    for seat in visit.seats:
        if seat.person_id:
            key = f"{visit.id}:{visit.signing['at']}"
            await notify(session, seat.person_id, "visits.confirmed", key, now, urgent=True, visit=visit.id)


def nonce_of(visit: Visit, today: date) -> str:
    """What only the page of this code shows, and only for what is found now: nobody can post it unread or from afar.

    It needs no cookie and no row: it follows from the secret of the code, and is used up because a visit that is
    confirmed takes no second confirmation.
    """
    shown = f"{visit.id}:{fingerprint(visit)}:{correct_by(visit, today)}:{visit.signing.get('at', '')}"
    return hmac.new(visit.token.encode(), shown.encode(), "sha256").hexdigest()


async def _waits(session: AsyncSession, visit: Visit, today: date) -> bool:
    return visit.state in WORKING and not set(await problems(session, visit, today)) - {"no_subject_signature"}
