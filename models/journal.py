"""What was done, by whom, when and why: the record by which duty done is shown (尽职照单免责, R4.3)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class JournalEntry(Base):
    """One act; `before` and `after` hold what it changed, no more.

    Rows are added and never changed: the database itself refuses that (migration 0010).
    """

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

    @property
    def fields(self) -> dict[str, Any]:
        """All of it, as the chain holds it (`rules.journal`)."""
        return {
            "id": self.id,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "person": self.person_id,
            "verb": self.verb,
            "noun": self.noun,
            "noun_id": self.noun_id,
            "before": self.before,
            "after": self.after,
            "why": self.why,
        }


class JournalLink(Base):
    """The place of an entry in the chain; places are given in the order of sealing, from 1 without a gap.

    No foreign key: its check would need the right to change the journal, which nobody has.
    """

    __tablename__ = "journal_links"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(unique=True)
    hash: Mapped[str]


class JournalRoot(Base):
    """The end of the chain as it was when a day was over, signed."""

    __tablename__ = "journal_roots"

    day: Mapped[date] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    hash: Mapped[str]
    sealed_at: Mapped[datetime]
    signature: Mapped[str]  # Ed25519 of `rules.journal.message`, in hex
    signer: Mapped[str]  # the public key, in hex

    @property
    def public(self) -> dict[str, Any]:
        """What anybody may see and keep of it: it tells of no act and nobody."""
        return {
            "day": self.day.isoformat(),
            "sequence": self.sequence,
            "hash": self.hash,
            "sealed_at": self.sealed_at.astimezone(UTC).isoformat(timespec="seconds"),
            "signature": self.signature,
            "signer": self.signer,
        }
