"""The calendar as it was announced, and what an authority decided about its deadlines."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class HolidayYear(Base):
    """A year whose holidays (国务院办公厅关于节假日安排的通知) were imported; it overrules what the package knows."""

    __tablename__ = "holiday_years"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]


class Holiday(Base):
    """A day that is not as its weekday says: `off` (a holiday) or worked (a make-up day)."""

    __tablename__ = "holidays"

    day: Mapped[date] = mapped_column(primary_key=True)
    off: Mapped[bool]
    name: Mapped[str] = mapped_column(default="")


class DeadlineOverride(Base):
    """How many working days an organ gives a kind of thing, where it differs from `rules.deadlines.TABLE`."""

    __tablename__ = "deadline_overrides"
    __table_args__ = (UniqueConstraint("organ_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organ_id: Mapped[int] = mapped_column(ForeignKey("organs.id"))
    kind: Mapped[str]
    days: Mapped[int]
    by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
