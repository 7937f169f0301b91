"""What is to be done: tasks (抽查任务, R3.3.1a)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Numeric
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.items import Item
from models.people import Area, Organ, Person


class Task(Base):
    """One campaign: which item, where, how many percent of the subjects, from when until when."""

    __tablename__ = "tasks"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)  # area code, yyyymmdd, 1, three digits
    name: Mapped[str]
    organ_id: Mapped[int] = mapped_column(ForeignKey("organs.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    area_code: Mapped[str] = mapped_column(ForeignKey("areas.code"))
    ratio: Mapped[Decimal] = mapped_column(Numeric(6, 3))  # percent
    seats: Mapped[int] = mapped_column(default=2)
    starts: Mapped[date]
    ends: Mapped[date]
    created_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]
    organ: Mapped[Organ] = relationship(lazy="joined", innerjoin=True)
    item: Mapped[Item] = relationship(lazy="joined", innerjoin=True)
    area: Mapped[Area] = relationship(lazy="joined", innerjoin=True)
    author: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
