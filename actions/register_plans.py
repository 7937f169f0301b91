"""What the public may ask about one annual plan: what it announces, since when, and why it changed (R3.2.1b-c)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from models.draws import Draw
from models.items import Item
from models.people import Area, Organ
from models.plans import Plan, PlanDecision, PlannedItem, PlannedTask, Task

PUBLIC = ("published", "superseded")


class PlanDetails(NamedTuple):
    """A public plan in one edition; `change` says why it was made, `filed_with` with whom it was filed."""

    id: int
    number: str
    edition: int
    year: int
    name: str
    state: str
    organ: str
    change: str
    approved_at: datetime | None
    filed_at: datetime | None
    filed_with: str
    published_at: datetime


class PlanEdition(NamedTuple):
    """An edition of a plan, since when it is public, and why it was made."""

    edition: int
    published_at: datetime
    change: str


class PlanItem(NamedTuple):
    """An item of a planned task, and the organ whose inspectors check it."""

    code: str
    name: str
    organ: str


class PlanTask(NamedTuple):
    """A planned task; `task_number` is that of the task made of it, once that is public."""

    number: int
    name: str
    kind: str
    area: str
    scope: str
    ratio: Decimal
    seats: int
    starts: date
    ends: date
    items: Sequence[PlanItem]
    task_number: str

    def organs(self, lead: str) -> list[str]:
        """Whose inspectors take part, the lead first."""
        return list(dict.fromkeys([lead, *(item.organ for item in self.items)]))


class PublicPlan(NamedTuple):
    """A plan with its tasks, the stages that approved it (never who), and all its public editions."""

    plan: PlanDetails
    tasks: Sequence[PlanTask]
    approved: Sequence[tuple[str, datetime]]
    editions: Sequence[PlanEdition]


async def plan(session: AsyncSession, number: str, edition: int | None = None) -> PublicPlan | None:
    """The plan with a number, in its newest public edition or the one asked for; None if it is not public."""
    told = (Plan.id, Plan.number, Plan.edition, Plan.year, Plan.name, Plan.state, Organ.name, Plan.change)
    query = (
        select(*told, Plan.approved_at, Plan.filed_at, Plan.filed_with, Plan.published_at)
        .join(Organ, Plan.organ_id == Organ.id)
        .where(Plan.number == number, Plan.state.in_(PUBLIC), Plan.published_at.is_not(None))
        .order_by(Plan.edition.desc())
    )
    found = [PlanDetails._make(row) for row in await session.execute(query)]
    chosen = next((one for one in found if edition in (None, one.edition)), None)
    if chosen is None:
        return None
    stages = (
        select(PlanDecision.stage, PlanDecision.at)
        .join(Plan, Plan.id == PlanDecision.plan_id)
        .where(PlanDecision.plan_id == chosen.id, PlanDecision.approved, PlanDecision.at >= Plan.submitted_at)
        .order_by(PlanDecision.id)
    )
    return PublicPlan(
        chosen,
        await _tasks(session, chosen),
        list((await session.execute(stages)).tuples()),
        [PlanEdition(one.edition, one.published_at, one.change) for one in found],
    )


async def _tasks(session: AsyncSession, found: PlanDetails) -> list[PlanTask]:
    checked: dict[int, list[PlanItem]] = {}
    items = (
        select(PlannedItem.planned_id, Item.code, Item.name, Organ.name)
        .join(PlannedTask, PlannedTask.id == PlannedItem.planned_id)
        .join(Item, Item.id == PlannedItem.item_id)
        .join(Organ, Organ.id == PlannedItem.organ_id)
        .where(PlannedTask.plan_id == found.id)
        .order_by(PlannedItem.position)
    )
    for planned, code, name, organ in (await session.execute(items)).tuples():
        checked.setdefault(planned, []).append(PlanItem(code, name, organ))
    of_any_edition = aliased(PlannedTask)
    made = (
        select(of_any_edition.number, Task.number)
        .join(Task, Task.planned_id == of_any_edition.id)
        .join(Plan, Plan.id == of_any_edition.plan_id)
        .where(Plan.number == found.number, exists(select(Draw.id).where(Draw.task_id == Task.id)))
    )
    numbers = dict((await session.execute(made)).tuples().all())
    told = (PlannedTask.number, PlannedTask.name, PlannedTask.kind, Area.name, PlannedTask.scope, PlannedTask.ratio)
    query = (
        select(PlannedTask.id, *told, PlannedTask.seats, PlannedTask.starts, PlannedTask.ends)
        .join(Area, Area.code == PlannedTask.area_code)
        .where(PlannedTask.plan_id == found.id)
        .order_by(PlannedTask.number)
    )
    return [
        PlanTask(*row[1:], checked.get(row[0], []), numbers.get(row[1], ""))
        for row in (await session.execute(query)).tuples()
    ]
