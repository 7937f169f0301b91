"""Who may speak as whom: invitations, and the binding of a chat to a person."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions.journal import record
from actions.notify import notify
from models.people import Chat, Invitation, Person, chat_of, with_role
from rules.refusal import Refusal

INVITATION_LASTS = timedelta(days=7)


async def invite(session: AsyncSession, staff_no: str, now: datetime, by: Person | None) -> str:
    """A token that binds one chat to the person, once, within a week. Only its hash is kept."""
    person = await session.scalar(select(Person).where(Person.staff_no == staff_no))
    if person is None:
        raise Refusal("people.unknown", staff_no=staff_no)
    if person.status == "left":
        raise Refusal("people.left")
    token = secrets.token_urlsafe(24)
    invitation = Invitation(
        token_hash=_hash(token), person_id=person.id, created_at=now, expires_at=now + INVITATION_LASTS
    )
    session.add(invitation)
    record(session, now, by, "invite", "person", person.id)
    return token


async def invitation_for(session: AsyncSession, token: str, now: datetime) -> Invitation:
    """The invitation that a token opens. Refused if it is unknown, used or too old."""
    invitation = await session.scalar(select(Invitation).where(Invitation.token_hash == _hash(token)))
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
