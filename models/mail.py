"""What came in and what must go out: nothing that was said is only in memory."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, index_where
from models.database import moment, of_server, on_sqlite
from models.people import CHAT, Chat, chat_in, chats, with_person
from models.statements import Asked, Statement

LEASE = timedelta(seconds=6)  # how long what a dead process held waits for another one
RENEW_EVERY = 2.0  # seconds


class Inbox(Base):
    """An update of Telegram as it came; `replies` are what the turn said, kept until they are sent.

    `retry_at` is when an update that must wait is tried again, and until when the replies of one that is done are
    somebody's to send.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        index_where("done_at IS NULL", "ix_inbox_waiting", "chat_id", "update_id"),
        index_where("replies IS NOT NULL", "ix_inbox_unsaid", "update_id"),
    )

    update_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    chat_id: Mapped[int]
    body: Mapped[dict[str, Any]]
    received_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")  # why it was parked
    replies: Mapped[list[dict[str, Any]] | None]


INBOX = cast("Table", Inbox.__table__)
_earlier = INBOX.alias()
NEXT = ~exists().where(  # nothing older waits in its chat
    _earlier.c.chat_id == INBOX.c.chat_id,
    _earlier.c.done_at.is_(None),
    _earlier.c.update_id < INBOX.c.update_id,
)
_claimed = INBOX.c.update_id == bindparam("id"), INBOX.c.done_at.is_(None), NEXT
CLAIM = Statement(select(INBOX.c.update_id).where(*_claimed).with_for_update(of=INBOX, skip_locked=True))
CLAIM_WITH_CHAT = Statement(
    select(*CHAT.columns)
    .select_from(with_person(INBOX.join(chats, chats.c.id == INBOX.c.chat_id), chats.c.person_id))
    .where(*_claimed)
    .with_for_update(of=(INBOX, chats), skip_locked=True)
)

_handled, _written = update(INBOX).where(INBOX.c.update_id == bindparam("id")), ("done_at", "error", "replies")
DONE = Statement(_handled, _written)
ANSWERED = Statement(_handled, (*_written, "retry_at"))
ANSWERED_BY_THE_SERVERS_CLOCK = Statement(_handled.values(retry_at=of_server(LEASE)), _written)

_kept = [one for one in INBOX.c if one.name not in ("done_at", "replies")]
KEEP = text(  # as text, because SQLAlchemy puts anew together what knows of conflicts, which takes longer than all else
    f"INSERT INTO inbox ({', '.join(one.name for one in _kept)}) VALUES (:{', :'.join(one.name for one in _kept)}) "  # noqa: S608 (our own names)
    "ON CONFLICT (update_id) DO NOTHING"
).bindparams(*(bindparam(one.name, type_=one.type) for one in _kept))


async def keep(connection: AsyncConnection, updates: list[dict[str, Any]]) -> None:
    """Store updates, all or none; one that is here already is not kept twice."""
    await connection.execute(KEEP, updates)


async def claim(session: AsyncSession, update_id: int) -> bool:
    """Hold an update for the rest of the transaction, unless it is done, held elsewhere, or not its chat's next."""
    return await CLAIM.row(session, id=update_id) is not None


async def claim_with_chat(session: AsyncSession, update_id: int) -> Chat | None:
    """The same, and its chat locked; None also where the chat has never spoken, or somebody holds it just now."""
    row = await CLAIM_WITH_CHAT.row(session, id=update_id)
    return chat_in(session, row) if row else None


def done(session: AsyncSession, update_id: int, now: datetime, replies: list[dict[str, Any]], error: str = "") -> Asked:
    """What writes down that an update is handled; what it was answered is ours to send for a while."""
    values = {"id": update_id, "done_at": now, "error": error, "replies": replies or None}
    if not replies:
        return DONE, values
    if on_sqlite(session):
        return ANSWERED, values | {"retry_at": now + LEASE}
    return ANSWERED_BY_THE_SERVERS_CLOCK, values


class Outbox(Base):
    """A notice: a promise to tell somebody something once, whatever happens in between."""

    __tablename__ = "outbox"
    __table_args__ = (index_where("ended_at IS NULL", "ix_outbox_due", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(index=True)
    kind: Mapped[str]
    params: Mapped[dict[str, Any]]
    urgent: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    text: Mapped[str | None]  # as it was told
    buttons: Mapped[list[dict[str, Any]] | None]
    chat_id: Mapped[int | None]
    message_id: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(default="")  # sent, unreachable, parked, dropped
    error: Mapped[str] = mapped_column(default="")


class Lease(Base):
    """Who does a thing that only one process may do, and until when the others wait."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    until: Mapped[datetime]


async def hold(session: AsyncSession, name: str, owner: str, now: datetime) -> bool:
    """Take or keep a lease, by one statement; whether we have it."""
    insert = sqlite_insert if on_sqlite(session) else postgresql_insert
    turned_back = Lease.until > moment(session, now, 2 * LEASE)  # the clock was: nobody holds it for so long
    free = (Lease.owner == owner) | (Lease.until < moment(session, now)) | turned_back
    ours = {"owner": owner, "until": moment(session, now, LEASE)}
    query = insert(Lease).values(name=name, **ours)
    query = query.on_conflict_do_update(index_elements=["name"], set_=ours, where=free)
    return (await session.execute(query.returning(Lease.name))).first() is not None


async def waiting(session: AsyncSession, now: datetime) -> dict[str, tuple[int, datetime | None]]:
    """How many updates are not handled and how many notices are due but not ended, and since when the oldest is."""
    queues = {
        "updates": select(func.count(), func.min(Inbox.received_at)).where(Inbox.done_at.is_(None)),
        "notices": select(func.count(), func.min(Outbox.due_at)).where(Outbox.ended_at.is_(None), Outbox.due_at <= now),
    }
    return {what: (await session.execute(query)).tuples().one() for what, query in queues.items()}
