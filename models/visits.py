"""The visits: who goes where, what they found, and what became of it (R3.1.1a, R3.3.1a)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.draws import Draw
from models.items import Checklist, Point
from models.people import Person
from models.plans import Task
from models.subjects import Subject


class Visit(Base):
    """A subject in a task. `origin` says why (R1.1): random, key or targeted. `version` grows with each state."""

    __tablename__ = "visits"
    __table_args__ = (UniqueConstraint("task_id", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id"), index=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), index=True)
    draw_id: Mapped[int | None] = mapped_column(ForeignKey("draws.id"), index=True)
    checklist_id: Mapped[int] = mapped_column(ForeignKey("checklists.id"))
    origin: Mapped[str]
    public_id: Mapped[str]  # as the draw names the subject
    position: Mapped[int]  # order of visits
    state: Mapped[str] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(default=1)
    token: Mapped[str] = mapped_column(unique=True)  # of the visit code (行政行为码)
    due: Mapped[date]
    started_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    result: Mapped[str] = mapped_column(default="")
    correct_by: Mapped[date | None]  # 责令改正 until
    returned_because: Mapped[str] = mapped_column(default="")
    task: Mapped[Task] = relationship(lazy="joined", innerjoin=True)
    subject: Mapped[Subject] = relationship(lazy="joined", innerjoin=True)
    checklist: Mapped[Checklist] = relationship(lazy="selectin")
    draw: Mapped[Draw | None] = relationship(lazy="joined")
    seats: Mapped[list[Seat]] = relationship(order_by="Seat.number", lazy="selectin", back_populates="visit")
    answers: Mapped[list[Answer]] = relationship(lazy="selectin", order_by="Answer.point_id")
    evidence: Mapped[list[Evidence]] = relationship(lazy="selectin", order_by="Evidence.id")


class Seat(Base):
    """One inspector's place in a visit; `mode` is own, neighbour, open, refill or appointed (R3.2.2b).

    `state` is held (drawn, not yet told), offered, accepted, or open (nobody).
    """

    __tablename__ = "seats"
    __table_args__ = (UniqueConstraint("visit_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"))
    number: Mapped[int]
    department: Mapped[str]
    qualified: Mapped[bool]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    mode: Mapped[str]
    state: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    answer_by: Mapped[date | None]
    arrived_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    person: Mapped[Person | None] = relationship(lazy="joined")
    visit: Mapped[Visit] = relationship(lazy="raise", back_populates="seats")


class SeatRefusal(Base):
    """Somebody who left a seat, and why; the hat passes them over from then on."""

    __tablename__ = "seat_refusals"
    __table_args__ = (UniqueConstraint("visit_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str]  # recusal (回避) or leave (请假)
    reason: Mapped[str]
    at: Mapped[datetime]


class Answer(Base):
    """What was found on one point: yes, no or na; `version` grows with each change."""

    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("visit_id", "point_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"))
    point_id: Mapped[int] = mapped_column(ForeignKey("points.id"))
    value: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    point: Mapped[Point] = relationship(lazy="joined", innerjoin=True)
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)


class Evidence(Base):
    """A photo or file that somebody sent: its bytes are stored under their SHA-256."""

    __tablename__ = "evidence"
    __table_args__ = (UniqueConstraint("visit_id", "point_id", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"))
    point_id: Mapped[int | None] = mapped_column(ForeignKey("points.id"))
    sha256: Mapped[str] = mapped_column(index=True)
    size: Mapped[int]
    media: Mapped[str]
    telegram_file: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
