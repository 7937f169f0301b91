"""How somebody wants to be told how things stand: which digests, and at what hour."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from rules.digests import HOUR, KINDS


class DigestWish(Base):
    """What somebody chose; whoever has none gets every kind at the usual hour."""

    __tablename__ = "digest_wishes"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True, autoincrement=False)
    hour: Mapped[int] = mapped_column(default=HOUR)
    kinds: Mapped[tuple[str, ...]] = mapped_column(default=KINDS)
