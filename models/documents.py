"""What is written on paper: notices to subjects (检查通知书), records of visits (检查记录表), each kept as it was."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.people import Person
from models.visits import Visit


class Notice(Base):
    """A notice to a subject that it will be inspected, and its approval (审批).

    `state` is asked, approved or refused; an `urgent` one may go out before it is approved and is completed afterwards.
    """

    __tablename__ = "visit_notices"

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"), unique=True)
    state: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    urgent: Mapped[bool] = mapped_column(default=False)
    day: Mapped[date]
    reason: Mapped[str] = mapped_column(default="")  # of a refusal
    asked_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    visit: Mapped[Visit] = relationship(lazy="joined", innerjoin=True)
    asker: Mapped[Person] = relationship(lazy="joined", innerjoin=True, foreign_keys=[asked_by])


class Record(Base):
    """A version of a visit's record: what stood in it when it was signed, never rewritten, and why there is a new one.

    `hash` is the SHA-256 of the canonical JSON of `content`; `token` finds it on the page that tells genuine from not.
    """

    __tablename__ = "records"
    __table_args__ = (UniqueConstraint("visit_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"))
    version: Mapped[int]
    content: Mapped[dict[str, Any]]
    hash: Mapped[str]
    token: Mapped[str] = mapped_column(unique=True)
    reason: Mapped[str] = mapped_column(default="")  # of an amendment
    made_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime]
    visit: Mapped[Visit] = relationship(lazy="joined", innerjoin=True)
