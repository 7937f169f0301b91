"""What must reach somebody else: leads handed from one department to another, and their story (抄告、交办, R3.3.3a)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.people import Organ, Person
from models.subjects import Subject
from models.visits import Visit


class Lead(Base):
    """A lead: about what, from whom, who has it now, and until when they must act.

    `origin` is visit, free, or from outside: complaint, handover, warning; then `source` says from where, and
    `reference` under which number there. `source_organ` hears what becomes of it. `due` is the clock of whoever has it
    (`rules.leads.OWNERS`); once `office_by` is set, the joint conference office has to decide by that day. A lead that
    the office has `assigned` cannot be returned. `extend_to` is an extension that was asked for and not answered.
    """

    __tablename__ = "leads"
    __table_args__ = (
        Index("ix_leads_state_due", "state", "due"),
        UniqueConstraint("origin", "source", "reference", "source_organ_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str]
    source: Mapped[str] = mapped_column(default="")
    reference: Mapped[str | None]
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.id"), index=True)
    point_id: Mapped[int | None] = mapped_column(ForeignKey("points.id"))
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), index=True)
    sender_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    source_organ_id: Mapped[int] = mapped_column(ForeignKey("organs.id"), index=True)
    organ_id: Mapped[int] = mapped_column(ForeignKey("organs.id"), index=True)  # who must act
    handler_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("leads.id"))  # split from it
    joined_to: Mapped[int | None] = mapped_column(ForeignKey("leads.id"), index=True)
    text: Mapped[str]
    state: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    returns: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(default="")  # of the last return
    better_organ_id: Mapped[int | None] = mapped_column(ForeignKey("organs.id"))  # to whom, says whoever returned it
    question: Mapped[str] = mapped_column(default="")  # asked back and not answered
    assigned: Mapped[bool] = mapped_column(default=False)
    extended: Mapped[bool] = mapped_column(default=False)
    extend_to: Mapped[date | None]
    extend_why: Mapped[str] = mapped_column(default="")
    outcome: Mapped[str] = mapped_column(default="")
    outcome_text: Mapped[str] = mapped_column(default="")
    sent_at: Mapped[datetime]
    due: Mapped[date]
    office_by: Mapped[date | None]
    resolved_at: Mapped[datetime | None]
    visit: Mapped[Visit | None] = relationship(lazy="selectin")
    subject: Mapped[Subject] = relationship(lazy="joined", innerjoin=True)
    organ: Mapped[Organ] = relationship(lazy="joined", innerjoin=True, foreign_keys=[organ_id])
    source_organ: Mapped[Organ] = relationship(lazy="joined", innerjoin=True, foreign_keys=[source_organ_id])
    better: Mapped[Organ | None] = relationship(lazy="joined", foreign_keys=[better_organ_id])
    sender: Mapped[Person] = relationship(lazy="joined", innerjoin=True, foreign_keys=[sender_id])
    handler: Mapped[Person | None] = relationship(lazy="joined", foreign_keys=[handler_id])
    files: Mapped[list[LeadFile]] = relationship(lazy="selectin", order_by="LeadFile.id")


class LeadMove(Base):
    """One step in the story of a lead: who (nobody: the clock) did what, with which words, to whom, and until when."""

    __tablename__ = "lead_moves"

    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"), index=True)
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    verb: Mapped[str]
    organ_id: Mapped[int | None] = mapped_column(ForeignKey("organs.id"))  # to which department
    to_person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    to_lead_id: Mapped[int | None] = mapped_column(ForeignKey("leads.id"))  # split into, joined with
    text: Mapped[str] = mapped_column(default="")
    due: Mapped[date | None]
    person: Mapped[Person | None] = relationship(lazy="joined", foreign_keys=[person_id])
    to_person: Mapped[Person | None] = relationship(lazy="joined", foreign_keys=[to_person_id])
    organ: Mapped[Organ | None] = relationship(lazy="joined")


class LeadFile(Base):
    """A photo or document that goes with a lead, by the SHA-256 of its bytes; `kind` as in `models.visits.Evidence`."""

    __tablename__ = "lead_files"
    __table_args__ = (UniqueConstraint("lead_id", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"))
    sha256: Mapped[str]
    media: Mapped[str]
    telegram_file: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]


class LeadRoute(Base):
    """What goes to which department: found by an item, or by words in what was found (R3.3.3a)."""

    __tablename__ = "lead_routes"
    __table_args__ = (UniqueConstraint("department", "item"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    department: Mapped[str]
    item: Mapped[str] = mapped_column(default="")  # its code; empty: any
    words: Mapped[list[str]] = mapped_column(default=list)


class Desk(Base):
    """Somebody looks after somebody else's leads for some days; a day that is over gives the desk back."""

    __tablename__ = "desks"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    deputy_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    since: Mapped[date]
    until: Mapped[date]
    ended_at: Mapped[datetime | None]
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True, foreign_keys=[person_id])
    deputy: Mapped[Person] = relationship(lazy="joined", innerjoin=True, foreign_keys=[deputy_id])
