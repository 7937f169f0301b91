"""What became of the two directories over time: each import, and each change with its day and its source (R3.1.3a)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.people import Person


class Import(Base):
    """A file that was brought in, or is to be.

    `state`: `checking` (sent in a chat, nobody has looked at it yet), `ready` (looked at, waits for a yes), `doing`,
    `done`, `cancelled`, `refused`. `stored` is the SHA-256 under which the file's bytes are kept until it is done.
    `ends` is how many things that the file does not name may end, as the administrator confirmed it; None if the file
    is not the whole directory. `counts` are those of the report.
    """

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(default="")
    name: Mapped[str]
    sha256: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="done", index=True)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    chat_id: Mapped[int | None]
    stored: Mapped[str] = mapped_column(default="")
    ends: Mapped[int | None]
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=0)
    by: Mapped[Person | None] = relationship(lazy="joined")


class Change(Base):
    """A row of a directory changed: when, by whom, from what to what; `noun` is subject or person, `thing` its id.

    `source` says by which way where it was not an import. `before` is None where it came new; a subject that came with
    an import is not noted here but in `Subject.import_id`, because a city comes a million at a time.
    """

    __tablename__ = "changes"
    __table_args__ = (Index("ix_changes_noun_thing", "noun", "thing"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    noun: Mapped[str]
    thing: Mapped[int]
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    import_id: Mapped[int | None] = mapped_column(ForeignKey("imports.id"))
    source: Mapped[str] = mapped_column(default="")
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any]]
    by: Mapped[Person | None] = relationship(lazy="joined")
    brought: Mapped[Import | None] = relationship(lazy="joined")


async def changes_of(session: AsyncSession, noun: str, thing: int, limit: int = 10) -> list[Change]:
    """The last changes of a subject or person, the newest first."""
    query = select(Change).where(Change.noun == noun, Change.thing == thing).order_by(Change.id.desc()).limit(limit)
    return list(await session.scalars(query))
