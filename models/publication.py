"""What the public has been told, one row a version of a result, never rewritten; and what is to change (R3.2.3a)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.people import Person
from models.visits import Visit


class Publication(Base):
    """A published result; its words are the official ones of the register, or `withdrawn`.

    A later version says why it is there: `reason`.
    """

    __tablename__ = "publications"
    __table_args__ = (UniqueConstraint("visit_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"))
    version: Mapped[int] = mapped_column(default=1)
    result: Mapped[str]
    checked_on: Mapped[date]
    published_at: Mapped[datetime] = mapped_column(index=True)
    approved_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str] = mapped_column(default="")
    visit: Mapped[Visit] = relationship(lazy="joined", innerjoin=True)


class Proposal(Base):
    """Somebody wants a result withheld (暂不公示), corrected or withdrawn, and somebody else decides.

    `state` is asked, approved, refused, or void (the result became public meanwhile). `ground` is the legal one of a
    withholding, `result` the new one of a correction, `answer` why it was refused.
    """

    __tablename__ = "publication_proposals"

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"), index=True)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default="asked")
    version: Mapped[int] = mapped_column(default=1)
    ground: Mapped[str] = mapped_column(default="")
    result: Mapped[str] = mapped_column(default="")
    reason: Mapped[str]
    answer: Mapped[str] = mapped_column(default="")
    asked_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
    visit: Mapped[Visit] = relationship(lazy="joined", innerjoin=True)
    asker: Mapped[Person] = relationship(lazy="joined", innerjoin=True, foreign_keys=[asked_by])
    decider: Mapped[Person | None] = relationship(lazy="joined", foreign_keys=[decided_by])


async def newest(session: AsyncSession, visit_id: int) -> Publication | None:
    """What the public is told of a visit now."""
    query = select(Publication).where(Publication.visit_id == visit_id).order_by(Publication.version.desc()).limit(1)
    found: Publication | None = await session.scalar(query)
    return found


async def proposal_of(session: AsyncSession, visit_id: int, *states: str) -> Proposal | None:
    """The newest proposal about a visit in one of these states."""
    query = select(Proposal).where(Proposal.visit_id == visit_id, Proposal.state.in_(states))
    found: Proposal | None = await session.scalar(query.order_by(Proposal.id.desc()).limit(1))
    return found
