"""What is to be done: tasks (抽查任务, R3.3.1a)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.items import Item
from models.people import Area, Organ, Person


class Task(Base):
    """One campaign: which items, where, how many percent of the subjects, from when until when.

    `organ` leads (牵头部门). A joint task (联合抽查, R1.4) has items of several departments; `seats` is how many
    inspectors each of them sends. The first item says who is in the pool. `factors` is what the ratio of a stratum is
    multiplied by, as text by name, where it differs from the standing table (`rules.strata.FACTORS`).
    """

    __tablename__ = "tasks"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)  # area code, yyyymmdd, 1, three digits
    name: Mapped[str]
    organ_id: Mapped[int] = mapped_column(ForeignKey("organs.id"))
    area_code: Mapped[str] = mapped_column(ForeignKey("areas.code"))
    ratio: Mapped[Decimal] = mapped_column(Numeric(6, 3))  # percent
    factors: Mapped[dict[str, Any]] = mapped_column(default=dict)
    seats: Mapped[int] = mapped_column(default=2)
    starts: Mapped[date]
    ends: Mapped[date]
    created_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]
    organ: Mapped[Organ] = relationship(lazy="joined", innerjoin=True)
    items: Mapped[list[TaskItem]] = relationship(order_by="TaskItem.position", lazy="selectin")
    area: Mapped[Area] = relationship(lazy="joined", innerjoin=True)
    author: Mapped[Person] = relationship(lazy="joined", innerjoin=True)

    @property
    def organs(self) -> list[Organ]:
        """Whose inspectors take part, the lead first."""
        return list({one.id: one for one in (self.organ, *(item.organ for item in self.items))}.values())

    @property
    def not_agreed(self) -> list[Organ]:
        """Who has been asked to take part and has not agreed to all that is asked of them."""
        asked = [one.organ for one in self.items if one.organ_id != self.organ_id and one.agreed_at is None]
        return list({organ.id: organ for organ in asked}.values())

    @property
    def order_only(self) -> bool:
        """Whether everybody is visited and only the order of batches is drawn (R3.1.2b)."""
        return self.ratio == 100

    @property
    def departments(self) -> list[str]:
        """The lines that take part, in the order of their seats."""
        return list(dict.fromkeys(organ.department for organ in self.organs))

    @property
    def ceiling(self) -> Decimal | None:
        """The lowest ceiling of its general items in percent (R3.1.2c); None where all are key items (R3.1.2b)."""
        return min(
            (one.item.ratio_ceiling or Decimal(0) for one in self.items if one.item.kind == "general"), default=None
        )


class TaskItem(Base):
    """An item of a task (抽查事项), and the organ whose inspectors check it.

    An organ that does not lead is asked first: `agreed_by` and `agreed_at` say who answered for it, and when.
    """

    __tablename__ = "task_items"
    __table_args__ = (UniqueConstraint("task_id", "item_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id"))
    position: Mapped[int]
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    organ_id: Mapped[int] = mapped_column(ForeignKey("organs.id"), index=True)
    agreed_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    agreed_at: Mapped[datetime | None]
    item: Mapped[Item] = relationship(lazy="joined", innerjoin=True)
    organ: Mapped[Organ] = relationship(lazy="joined", innerjoin=True)
