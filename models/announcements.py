"""What is said to many at once: an announcement (通知), whom it is for, and who has read it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.people import Area, Person


class Announcement(Base):
    """A text to everybody who fits; an empty `role`, `department` or `specialty` fits all.

    `state` is draft, sent or stopped. It reaches organs of the area and of the areas below it.
    """

    __tablename__ = "announcements"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    text: Mapped[str] = mapped_column(default="")
    role: Mapped[str] = mapped_column(default="inspector")
    department: Mapped[str] = mapped_column(default="")
    specialty: Mapped[str] = mapped_column(default="")
    area_code: Mapped[str] = mapped_column(ForeignKey("areas.code"))
    state: Mapped[str] = mapped_column(default="draft")
    version: Mapped[int] = mapped_column(default=1)
    made_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    author: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
    area: Mapped[Area] = relationship(lazy="selectin")


class Reader(Base):
    """Somebody whom an announcement was sent to, and when they said that they read it."""

    __tablename__ = "announcement_readers"

    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcements.id"), primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True, autoincrement=False)
    read_at: Mapped[datetime | None]
