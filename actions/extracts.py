"""Makes the clean-record extract of a subject (小微企业信用宝): public facts alone, checkable by anybody (R3.3.2d)."""

from __future__ import annotations

import secrets
from collections import Counter
from datetime import date, datetime, tzinfo
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import register
from actions.credit_class import may_see
from actions.journal import record
from models.credit import Extract, ListEntry
from models.people import Organ, Person
from models.publication import Publication
from models.subjects import Subject
from models.visits import Visit
from rules import bundles
from rules.draw import canonical
from rules.publication import WITHDRAWN
from rules.results import CLEAN

SHOWN = 15  # results on an extract, the newest first: what fits on a page


class Listed(NamedTuple):
    """A standing entry of a public list."""

    list: str
    ground: str
    entered_on: date
    organ: str


async def lists_of(session: AsyncSession, code: str) -> list[Listed]:
    """The public lists on which the subject of a code stands (经营异常名录, 严重违法失信名单)."""
    query = (
        select(ListEntry.list, ListEntry.ground, ListEntry.entered_on, Organ.name)
        .join(Subject, Subject.id == ListEntry.subject_id)
        .join(Organ, Organ.id == ListEntry.organ_id)
        .where(Subject.code == code, ListEntry.left_on.is_(None))
        .order_by(ListEntry.entered_on, ListEntry.id)
    )
    return [Listed._make(row) for row in await session.execute(query)]


async def facts(session: AsyncSession, subject: Subject, today: date) -> dict[str, Any]:
    """What anybody may know of a subject: who it is, its published results, the public lists. No class, no names.

    A natural person is masked, as on every public page (R3.1.3c).
    """
    code, name = register.who(subject.code, subject.name, subject.kind)
    once = Visit.merged_into.is_(None), Publication.result != WITHDRAWN  # two visits in one were one check (R1.4)
    published = register.results().where(Visit.subject_id == subject.id, *once).order_by(Publication.id.desc())
    found = await register.read(session, published)
    counts = Counter(one.result for one in found)
    return {
        "subject": {
            "code": code,
            "name": name,
            "kind": subject.kind,
            "status": subject.status,
            "area": subject.area.name,
            "address": "" if subject.kind in register.NATURAL else subject.address,
        },
        "checks": len(found),
        "clean": counts[CLEAN],
        "results": [
            {"on": one.checked_on.isoformat(), "result": one.result, "task": one.task_name, "organ": one.organ}
            for one in found[:SHOWN]
        ],
        "lists": [
            {"list": one.list, "ground": one.ground, "on": one.entered_on.isoformat(), "organ": one.organ}
            for one in await lists_of(session, subject.code)
        ],
        "as_of": today.isoformat(),
    }


async def ask(session: AsyncSession, subject: Subject, by: Person, now: datetime) -> Extract:
    """Somebody of the staff asks for a subject's extract: only who supervises it."""
    await may_see(session, subject, by)
    return await make(session, subject, by, now)


async def make(session: AsyncSession, subject: Subject, by: Person | None, now: datetime) -> Extract:
    """Give out an extract; the same facts on the same day are the same extract, however often it is asked for.

    `by` is nobody where the subject asks for it on the web, or somebody at the command line does.
    """
    content = await facts(session, subject, now.date())
    digest = bundles.hexhash(canonical(content))
    same = select(Extract).where(Extract.subject_id == subject.id, Extract.hash == digest).order_by(Extract.id)
    found: Extract | None = await session.scalar(same.limit(1))
    if found is None:
        found = Extract(
            subject_id=subject.id,
            content=content,
            hash=digest,
            token=secrets.token_urlsafe(18),
            made_by=by.id if by else None,
            made_at=now,
        )
        session.add(found)
        await session.flush()
    elif by is None:
        return found
    record(session, now, by, "extract", "subject", subject.id, after={"extract": found.id, "hash": digest})
    return found


async def of_code(session: AsyncSession, code: str, now: datetime) -> Extract | None:
    """The extract of the subject with this code; None if there is none that the public may see under it."""
    subject = await session.scalar(select(Subject).where(Subject.code == code))
    if subject is None or not register.who(subject.code, subject.name, subject.kind)[0]:
        return None
    return await make(session, subject, None, now)


async def of_visit(session: AsyncSession, token: str, now: datetime) -> Extract | None:
    """The extract of the subject of a visit code; whether the code is good is for the page to know."""
    query = select(Subject).join(Visit, Visit.subject_id == Subject.id).where(Visit.token == token)
    subject = await session.scalar(query)
    return await make(session, subject, None, now) if subject else None


def number_of(extract: Extract, zone: tzinfo) -> str:
    """The number that stands on an extract: the day it was made, and a running number."""
    return f"{extract.made_at.astimezone(zone):%Y%m%d}-{extract.id:06}"


class Verdict(NamedTuple):
    """What anybody may learn from the code on an extract: of which day it is, and whether it is this subject's."""

    made_at: datetime
    fits: bool | None


async def check(session: AsyncSession, token: str, who: str) -> Verdict | None:
    """Whether a token was given out by us; `who` is the code or name on the paper, or empty. None: not genuine."""
    found = await session.scalar(select(Extract).where(Extract.token == token))
    if found is None:
        return None
    subject = found.content["subject"]
    names = {name.upper() for name in (subject["code"], subject["name"]) if name}
    return Verdict(found.made_at, who.strip().upper() in names if who.strip() else None)
