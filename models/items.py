"""What is inspected: the item list (随机抽查事项清单, R3.1.2a) and its checklists, both by version."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from functools import cached_property

from sqlalchemy import ForeignKey, Numeric, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base


class Checklist(Base):
    """A list of points (检查表); a new version is a new row, so that old visits keep the one they used.

    Because it never changes, what follows from its points is found once.
    """

    __tablename__ = "checklists"
    __table_args__ = (UniqueConstraint("name", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    materials: Mapped[list[str]] = mapped_column(default=list)  # what the subject is asked to have ready (需备材料)
    points: Mapped[list[Point]] = relationship(order_by="Point.number", lazy="selectin")

    @cached_property
    def conditional(self) -> bool:
        """Whether the answer to one point says if others are asked."""
        return any(point.stop or point.only_if for point in self.points)

    @cached_property
    def point_ids(self) -> frozenset[int]:
        """The ids of its points."""
        return frozenset(point.id for point in self.points)


class Point(Base):
    """One line of a checklist: what must be so, and how to see it. `photo` is never, failure or always.

    `answer` says how it is answered, as `rules.checklists.kind` reads it: empty for yes or no, `数值 2~8 ℃`,
    `选择 有;无*`, `抽样`, `文字`. `only_if` makes it depend on an earlier point of the list: `3=no`. A failed `stop`
    point ends the visit. `valid_days` is how long other departments may rely on the answer (互认, R1.4); 0: not at all.
    """

    __tablename__ = "points"
    __table_args__ = (UniqueConstraint("checklist_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    checklist_id: Mapped[int] = mapped_column(ForeignKey("checklists.id"))
    number: Mapped[int]
    text: Mapped[str]
    method: Mapped[str] = mapped_column(default="")
    answer: Mapped[str] = mapped_column(default="")
    min_sample: Mapped[int] = mapped_column(default=0)
    only_if: Mapped[str] = mapped_column(default="")
    stop: Mapped[bool] = mapped_column(default=False)
    valid_days: Mapped[int] = mapped_column(default=0)
    photo: Mapped[str] = mapped_column(default="failure")
    optional: Mapped[bool] = mapped_column(default=True)  # may be answered "not applicable"
    key: Mapped[bool] = mapped_column(default=False)


class Item(Base):
    """An inspection item; `kind` is key (重点, no ceiling) or general (一般, ratio_ceiling in percent, R3.1.2b-c).

    A change is a new row with the next `version` (R3.1.2d): what was drawn and visited keeps the row that it used.
    """

    __tablename__ = "items"
    __table_args__ = (UniqueConstraint("code", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    name: Mapped[str]
    department: Mapped[str]
    actor: Mapped[str] = mapped_column(default="")  # who inspects (抽查主体), as the list words it
    kind: Mapped[str]
    category: Mapped[str] = mapped_column(default="")
    basis: Mapped[str] = mapped_column(default="")
    subjects: Mapped[str] = mapped_column(default="")  # who is inspected, in words
    label: Mapped[str] = mapped_column(default="")  # the subjects' label that puts them in the pool; empty: all
    content: Mapped[str] = mapped_column(default="")
    method: Mapped[str] = mapped_column(default="")
    frequency: Mapped[str] = mapped_column(default="")
    requirements: Mapped[str] = mapped_column(default="")
    specialty: Mapped[str] = mapped_column(default="")
    ratio_ceiling: Mapped[Decimal | None] = mapped_column(Numeric(6, 3))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    change: Mapped[str] = mapped_column(default="")  # why this version was made (调整说明)
    checklist_id: Mapped[int | None] = mapped_column(ForeignKey("checklists.id"))
    checklist: Mapped[Checklist | None] = relationship(lazy="selectin")


async def checklists_by_id(session: AsyncSession, ids: Collection[int]) -> dict[int, Checklist]:
    """Checklists to read: a version never changes, so that each is read once and shared by all sessions."""
    kept: dict[int, Checklist] = session.info.setdefault("kept", {})
    if missing := [one for one in ids if one not in kept]:
        for checklist in await session.scalars(select(Checklist).where(Checklist.id.in_(missing))):
            for one in (checklist, *checklist.points):
                session.expunge(one)
            kept[checklist.id] = checklist
    return {one: kept[one] for one in ids}
