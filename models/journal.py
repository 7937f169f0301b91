"""What was done, by whom, when and why: the record by which duty done is shown (尽职照单免责, R4.3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class JournalEntry(Base):
    """One act; `before` and `after` hold what it changed, no more."""

    __tablename__ = "journal"
    __table_args__ = (Index("ix_journal_noun_noun_id", "noun", "noun_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    person_id: Mapped[int | None]  # nobody: the clock
    verb: Mapped[str]
    noun: Mapped[str]
    noun_id: Mapped[int]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    why: Mapped[str] = mapped_column(default="")
