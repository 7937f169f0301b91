"""What subjects object to in their published results (异议), and what was decided (R1.2, R3.2.3a)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, index_where
from models.people import Person
from models.visits import Visit


class Appeal(Base):
    """An objection to the result of a visit; of each visit at most one is open.

    `state` is open, kept (the result stands) or changed (it became `result`). `text` and `reply` are read by the
    subject, who has the visit code, and by those who decide; the public sees that one is open, and no more.
    """

    __tablename__ = "appeals"
    __table_args__ = (index_where("state = 'open'", "uq_appeals_open", "visit_id", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"), index=True)
    name: Mapped[str]  # who objects for the subject
    text: Mapped[str]
    state: Mapped[str] = mapped_column(default="open")
    version: Mapped[int] = mapped_column(default=1)
    made_at: Mapped[datetime] = mapped_column(index=True)
    answer_by: Mapped[date]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
    reply: Mapped[str] = mapped_column(default="")
    result: Mapped[str] = mapped_column(default="")
    visit: Mapped[Visit] = relationship(lazy="joined", innerjoin=True)
    decider: Mapped[Person | None] = relationship(lazy="joined")
