"""What was ordered to be corrected (责令改正), and why a visit is made that no draw named (针对性检查, R1.1)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.leads import Lead
from models.people import Person
from models.visits import Visit


class Correction(Base):
    """The order of one visit; `due` is the day in it. `files` are what was sent as evidence, each as in `LeadFile`.

    `state` moves as in `rules.corrections.MOVES`. Where a case follows, it is the lead.
    """

    __tablename__ = "corrections"

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"), unique=True)
    due: Mapped[date]
    state: Mapped[str] = mapped_column(default="ordered")
    version: Mapped[int] = mapped_column(default=1)
    ordered_at: Mapped[datetime]
    report: Mapped[str] = mapped_column(default="")
    files: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    reported_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    reported_at: Mapped[datetime | None]
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("leads.id"))
    ended_at: Mapped[datetime | None]
    visit: Mapped[Visit] = relationship(lazy="joined", innerjoin=True)
    reporter: Mapped[Person | None] = relationship(lazy="joined")


class Cause(Base):
    """Why a targeted visit is made: a lead, or a correction that is checked again; exactly one of them (R1.1).

    `seed` and `candidates` (staff numbers) are there where its inspectors were drawn by lot (`rules.lots`).
    """

    __tablename__ = "causes"
    __table_args__ = (CheckConstraint("(lead_id IS NULL) <> (correction_id IS NULL)", name="one"),)

    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"), primary_key=True, autoincrement=False)
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("leads.id"), index=True)
    correction_id: Mapped[int | None] = mapped_column(ForeignKey("corrections.id"), index=True)
    made_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    seed: Mapped[str] = mapped_column(default="")
    candidates: Mapped[list[str]] = mapped_column(default=list)
    lead: Mapped[Lead | None] = relationship(lazy="joined")
    correction: Mapped[Correction | None] = relationship(lazy="joined")
    visit: Mapped[Visit] = relationship(lazy="joined", innerjoin=True)
