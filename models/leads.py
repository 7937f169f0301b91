"""What must reach somebody else: leads handed from one department to another (抄告、交办, R3.3.3a)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.people import Organ, Person
from models.subjects import Subject
from models.visits import Visit


class Lead(Base):
    """A lead: from whom, to whom, about what, and where it stands (sent, accepted, returned, resolved)."""

    __tablename__ = "leads"

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.id"), index=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    sender_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    organ_id: Mapped[int] = mapped_column(ForeignKey("organs.id"), index=True)  # who must act
    handler_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    text: Mapped[str]
    state: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    returns: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(default="")  # of the last return
    outcome: Mapped[str] = mapped_column(default="")
    outcome_text: Mapped[str] = mapped_column(default="")
    sent_at: Mapped[datetime]
    accept_by: Mapped[date]
    resolve_by: Mapped[date | None]
    resolved_at: Mapped[datetime | None]
    visit: Mapped[Visit | None] = relationship(lazy="selectin")
    subject: Mapped[Subject] = relationship(lazy="joined", innerjoin=True)
    organ: Mapped[Organ] = relationship(lazy="joined", innerjoin=True)
    sender: Mapped[Person] = relationship(lazy="joined", innerjoin=True, foreign_keys=[sender_id])
    handler: Mapped[Person | None] = relationship(lazy="joined", foreign_keys=[handler_id])
