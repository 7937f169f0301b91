"""What is to be done: annual plans (年度抽查计划, R3.2.1a-c) and tasks (抽查任务, R3.3.1a)."""

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
    multiplied by, as text by name, where it differs from the standing table (`rules.strata.FACTORS`). A task outside
    the annual plan has no `planned_id`, and is temporary (临时任务). A `targeted` one is the frame of one visit that no
    draw names (针对性检查, R1.1).
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
    planned_id: Mapped[int | None] = mapped_column(ForeignKey("planned_tasks.id"), index=True)
    targeted: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]
    organ: Mapped[Organ] = relationship(lazy="joined", innerjoin=True)
    items: Mapped[list[TaskItem]] = relationship(order_by="TaskItem.position", lazy="selectin")
    area: Mapped[Area] = relationship(lazy="selectin")
    author: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
    planned: Mapped[PlannedTask | None] = relationship(lazy="selectin")

    @property
    def temporary(self) -> bool:
        """Whether it stands in no annual plan (临时任务, R3.2.1b)."""
        return self.planned_id is None

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


class Plan(Base):
    """An annual plan in one edition (R3.2.1b); `number` is the same through all of them, a change is a new edition.

    `organ` drafts it and leads its tasks. `state` moves as in `rules.plans.MOVES`; `stage` says whose turn a submitted
    one is. `change` is why this edition was made, `rejected` why it was sent back last.
    """

    __tablename__ = "plans"
    __table_args__ = (UniqueConstraint("number", "edition"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str]  # area code, year, 1, three digits
    edition: Mapped[int] = mapped_column(default=1)
    version: Mapped[int] = mapped_column(default=1)  # of the row, for buttons
    year: Mapped[int]
    name: Mapped[str]
    organ_id: Mapped[int] = mapped_column(ForeignKey("organs.id"), index=True)
    state: Mapped[str] = mapped_column(default="draft")
    stage: Mapped[str] = mapped_column(default="")
    change: Mapped[str] = mapped_column(default="")
    rejected: Mapped[str] = mapped_column(default="")
    drafted_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))  # nobody: imported at a terminal
    drafted_at: Mapped[datetime]
    submitted_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    submitted_at: Mapped[datetime | None]
    approved_at: Mapped[datetime | None]
    filed_at: Mapped[datetime | None]
    filed_with: Mapped[str] = mapped_column(default="")
    published_at: Mapped[datetime | None]
    organ: Mapped[Organ] = relationship(lazy="joined", innerjoin=True)
    author: Mapped[Person | None] = relationship(lazy="joined", foreign_keys=[drafted_by])
    tasks: Mapped[list[PlannedTask]] = relationship(
        order_by="PlannedTask.number", lazy="selectin", back_populates="plan", cascade="all, delete-orphan"
    )
    decisions: Mapped[list[PlanDecision]] = relationship(order_by="PlanDecision.id", lazy="selectin")

    @property
    def joint(self) -> bool:
        """Whether departments do something of it together (部门联合)."""
        return any(task.joint for task in self.tasks)


class PlannedTask(Base):
    """A task of a plan: what is checked, of whom, how much, when, and by whom (R3.2.1b).

    `number` counts within the plan and stays through its editions. `kind` is random (不定向) or directed (定向, then
    `scope` says at whom). `seats` is how many inspectors each department sends.
    """

    __tablename__ = "planned_tasks"
    __table_args__ = (UniqueConstraint("plan_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"))
    number: Mapped[int]
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(default="random")
    area_code: Mapped[str] = mapped_column(ForeignKey("areas.code"))
    scope: Mapped[str] = mapped_column(default="")
    ratio: Mapped[Decimal] = mapped_column(Numeric(6, 3))  # percent
    seats: Mapped[int] = mapped_column(default=2)
    starts: Mapped[date]
    ends: Mapped[date]
    plan: Mapped[Plan] = relationship(lazy="joined", innerjoin=True, back_populates="tasks")
    area: Mapped[Area] = relationship(lazy="selectin")
    items: Mapped[list[PlannedItem]] = relationship(
        order_by="PlannedItem.position", lazy="selectin", cascade="all, delete-orphan"
    )

    @property
    def organs(self) -> list[Organ]:
        """Whose inspectors take part, the lead first."""
        return list({one.id: one for one in (self.plan.organ, *(item.organ for item in self.items))}.values())

    @property
    def joint(self) -> bool:
        """Whether another department takes part."""
        return any(item.organ_id != self.plan.organ_id for item in self.items)


class PlannedItem(Base):
    """An item of a planned task, in the version of the day of drafting, and the organ that checks it."""

    __tablename__ = "planned_items"
    __table_args__ = (UniqueConstraint("planned_id", "item_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    planned_id: Mapped[int] = mapped_column(ForeignKey("planned_tasks.id"))
    position: Mapped[int]
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    organ_id: Mapped[int] = mapped_column(ForeignKey("organs.id"))
    item: Mapped[Item] = relationship(lazy="joined", innerjoin=True)
    organ: Mapped[Organ] = relationship(lazy="joined", innerjoin=True)


class PlanDecision(Base):
    """What a stage of the approval chain said to a plan (R3.2.1a): approved, or not and why."""

    __tablename__ = "plan_decisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"), index=True)
    stage: Mapped[str]
    approved: Mapped[bool]
    reason: Mapped[str] = mapped_column(default="")
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
