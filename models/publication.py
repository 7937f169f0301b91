"""What the public has been told: one row a version of a result, never rewritten (R3.2.3a)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.visits import Visit


class Publication(Base):
    """A published result; its words are the official ones of the register."""

    __tablename__ = "publications"
    __table_args__ = (UniqueConstraint("visit_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"))
    version: Mapped[int] = mapped_column(default=1)
    result: Mapped[str]
    checked_on: Mapped[date]
    published_at: Mapped[datetime] = mapped_column(index=True)
    approved_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    visit: Mapped[Visit] = relationship(lazy="joined", innerjoin=True)
