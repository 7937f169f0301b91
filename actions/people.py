"""Who may speak as whom: invitations, the binding of a chat to a person, and until when somebody is on leave."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.journal import record
from actions.notify import notify
from models.changes import Change
from models.journal import JournalEntry
from models.people import Chat, Invitation, Organ, Person, chat_of, with_role
from rules.people import BARRED
from rules.refusal import Refusal

INVITATION_LASTS = timedelta(days=7)
TRIES, TRIES_WITHIN = 5, timedelta(minutes=15)  # of invitations that there are not, from one chat
WRONG = "wrong_invitation"


async def invite(session: AsyncSession, staff_no: str, now: datetime, by: Person | None) -> str:
    """A token that binds one chat to the person, once, within a week. Only its hash is kept."""
    person = await session.scalar(select(Person).where(Person.staff_no == staff_no))
    if person is None:
        raise Refusal("people.unknown", staff_no=staff_no)
    if person.barred:
        raise Refusal("people.barred", name=person.name)
    token = secrets.token_urlsafe(24)
    invitation = Invitation(
        token_hash=_hash(token), person_id=person.id, created_at=now, expires_at=now + INVITATION_LASTS
    )
    session.add(invitation)
    record(session, now, by, "invite", "person", person.id)
    return token


async def invitation_for(session: AsyncSession, token: str, chat: Chat, now: datetime) -> Invitation | None:
    """The invitation that a token opens; None if there is none, which is put into the journal.

    Refused if it is used or too old, or if this chat has tried too many that there are not: then also a right one.
    """
    tried = select(func.count()).where(JournalEntry.noun == "chat", JournalEntry.noun_id == chat.id)
    if (
        await session.scalar(tried.where(JournalEntry.verb == WRONG, JournalEntry.at > now - TRIES_WITHIN)) or 0
    ) >= TRIES:
        raise Refusal("people.tokens_tried", minutes=int(TRIES_WITHIN.total_seconds() // 60))
    invitation = await session.scalar(select(Invitation).where(Invitation.token_hash == _hash(token)))
    if invitation is None:
        record(session, now, chat.person, WRONG, "chat", chat.id)
        return None
    return _usable(invitation, now)


async def bind(session: AsyncSession, chat: Chat, invitation_id: int, now: datetime) -> Person:
    """Bind a chat to the invited person. A chat that is somebody already stays that; an old chat is told."""
    query = select(Invitation).where(Invitation.id == invitation_id).with_for_update(of=Invitation)
    invitation = _usable(await session.scalar(query), now)
    person = invitation.person
    if chat.person_id not in (None, person.id):
        assert chat.person
        raise Refusal("people.chat_taken", name=chat.person.name)
    invitation.used_at = now
    before = await chat_of(session, person.id)
    if before is not None and before.id != chat.id:
        before.person_id, before.person, before.awaiting = None, None, None
        await session.flush()
        for supervisor in await with_role(session, "supervisor", person.organ_id):
            await notify(
                session,
                supervisor.id,
                "people.new_device",
                str(invitation.id),
                now,
                urgent=True,
                who=person.id,
            )
    chat.person_id, chat.person, chat.bound_at = person.id, person, now
    record(session, now, person, "bind", "person", person.id, after={"chat": chat.id})
    return person


async def colleague(session: AsyncSession, staff_no: str, by: Person) -> Person:
    """For whom somebody may set a leave: oneself, a supervisor those of the organ, an administrator anybody."""
    person: Person | None = await session.scalar(select(Person).where(Person.staff_no == staff_no))
    if person is None or person.status == "left":
        raise Refusal("people.unknown", staff_no=staff_no)
    if person.barred:
        raise Refusal("people.barred", name=person.name)
    mine = person.organ_id == by.organ_id and "supervisor" in by.roles
    if person.id != by.id and not mine and "administrator" not in by.roles:
        raise Refusal("people.not_your_staff", name=person.name)
    return person


async def organs_named(session: AsyncSession, words: str, most: int) -> list[Organ]:
    """Authorities with these words in their name; one that is called just so is the only one."""
    query = select(Organ).where(Organ.name.contains(words, autoescape=True)).order_by(Organ.area_code, Organ.name)
    found = list(await session.scalars(query.limit(most)))
    return [one for one in found if one.name == words] or found


async def take_leave(
    session: AsyncSession, person: Person, first: date, last: date | None, by: Person, now: datetime
) -> None:
    """On leave from a day until another, both included, or nobody knows until when; back by itself the day after.

    Meanwhile the person is drawn and appointed for nothing, and seats not begun go to the next by rule (R3.2.2a).
    """
    if last is not None and (last < first or last < now.date()):
        raise Refusal("people.leave_over")
    await _set_leave(session, person, "take_leave", first, last, by, now)


async def come_back(session: AsyncSession, person: Person, by: Person, now: datetime) -> None:
    """Back before the day, or the leave does not come about."""
    if not person.leaves(now.date()):
        raise Refusal("people.not_on_leave", name=person.name)
    await _set_leave(session, person, "end_leave", None, None, by, now)


async def on_leave(session: AsyncSession, organ_id: int, today: date) -> list[Person]:
    """Who of an organ is on leave, or will be, the first to be back first."""
    query = select(Person).where(Person.organ_id == organ_id, Person.status.not_in(BARRED)).order_by(Person.staff_no)
    found = [one for one in await session.scalars(query) if one.leaves(today)]
    return sorted(found, key=lambda one: one.leave_until or date.max)


async def _set_leave(
    session: AsyncSession, person: Person, verb: str, first: date | None, last: date | None, by: Person, now: datetime
) -> None:
    before, after = _leave_of(person), {"leave_from": first, "leave_until": last}
    person.status, person.leave_from, person.leave_until = "active", first, last
    shown = {name: value and value.isoformat() for name, value in after.items()}
    record(session, now, by, verb, "person", person.id, before=before, after=shown)
    change = Change(noun="person", thing=person.id, at=now, by_id=by.id, source="chat", before=before)
    change.after = {"status": "active", **shown}
    session.add(change)
    await session.flush()
    told = {one.id for one in await with_role(session, "supervisor", person.organ_id)} | {person.id}
    for one in sorted(told - {by.id}):
        await notify(session, one, "people.leave", str(change.id), now, who=person.id)


def _leave_of(person: Person) -> dict[str, Any]:
    first, last = person.leave_from, person.leave_until
    return {
        "status": person.status,
        "leave_from": first and first.isoformat(),
        "leave_until": last and last.isoformat(),
    }


def _usable(invitation: Invitation | None, now: datetime) -> Invitation:
    if invitation is None:
        raise Refusal("people.token_unknown")
    if invitation.used_at is not None:
        raise Refusal("people.token_used")
    if invitation.expires_at <= now:
        raise Refusal("people.token_expired")
    return invitation


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
