"""What subjects think of visits (评价): no row here, nor any two together, says which visit a rating is about.

A visit's slip is signed blind (`rules.blind`): the signature that comes back with a rating was never seen here. No row
has a moment, and a rating's key is its own hash, so that no order can be read from it either.
"""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class RatingKey(Base):
    """The key with which an organ signs slips in a quarter (as 2026Q4): all that a rating tells is whose it is.

    `modulus` and `secret` are hexadecimal; the public exponent is `rules.blind.EXPONENT`.
    """

    __tablename__ = "rating_keys"
    __table_args__ = (UniqueConstraint("organ_id", "quarter"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organ_id: Mapped[int] = mapped_column(ForeignKey("organs.id"))
    quarter: Mapped[str]
    modulus: Mapped[str]
    secret: Mapped[str]


class RatingSlip(Base):
    """A visit whose slip was signed: one each.

    `blinded` is the SHA-256 of what was signed, so that the signature may be sent again.
    """

    __tablename__ = "rating_slips"

    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"), primary_key=True, autoincrement=False)
    key_id: Mapped[int] = mapped_column(ForeignKey("rating_keys.id"))
    blinded: Mapped[str]


class Rating(Base):
    """What somebody with a slip thinks: 1 (bad) to 5 (good), and reasons out of `rules.ratings.REASONS`."""

    __tablename__ = "ratings"

    slip: Mapped[str] = mapped_column(primary_key=True)  # SHA-256 of the slip's message
    key_id: Mapped[int] = mapped_column(ForeignKey("rating_keys.id"), index=True)
    score: Mapped[int]
    reasons: Mapped[tuple[str, ...]] = mapped_column(default=())
