"""Brings in annual plans (年度抽查计划) as drafts: the rows of a plan are its tasks (R3.2.1b).

A plan that breaks a rule is not taken at all, and each of its rows says everything that is wrong with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import drafts, items
from actions.areas import ensure_areas, gazetteer
from actions.cells import Fault, Values, date_of, share, tidy, whole, words
from actions.headers import Column, Row
from actions.importing import Faults, Gathered, Kind
from models.items import Item
from models.people import Area, Organ
from models.plans import Plan
from rules.plans import KINDS, ItemFacts, TaskFacts, breaches

LONG = 500  # characters of a scope or a reason
COLUMN_OF = {  # which column a rule is about
    "ratio_range": "ratio",
    "over_ceiling": "ratio",
    "dates_reversed": "until",
    "other_year": "from",
    "seats": "seats",
    "directed_needs_scope": "scope",
    "item_ended": "items",
    "no_items": "items",
    "missing_participant": "participants",
    "idle_participant": "participants",
    "idle_lead": "items",
    "name_twice": "task",
}

COLUMNS = (
    Column("plan", ("计划名称", "抽查计划名称", "计划"), True),
    Column("task", ("任务名称", "抽查任务名称", "任务"), True),
    Column("lead", ("牵头部门", "牵头单位", "抽查机关"), True),
    Column("items", ("抽查事项", "事项", "事项编码"), True),
    Column("ratio", ("比例", "抽查比例"), True),
    Column("from", ("开始", "开始日期", "抽查开始日期", "开始时间"), True),
    Column("until", ("结束", "结束日期", "抽查结束日期", "结束时间"), True),
    Column("kind", ("类型", "抽查类型")),
    Column("participants", ("参与部门", "配合部门", "联合部门", "参与单位")),
    Column("scope", ("对象范围", "抽查对象范围", "范围")),
    Column("area", ("区域", "抽查区域", "行政区划")),
    Column("seats", ("每户人数", "检查人数")),
    Column("change", ("变更原因", "变更说明")),
    Column("number", ("计划编号",)),
)
_KINDS = {**{code: code for code in KINDS}, **{word: code for code, word in KINDS.items()}}
_KINDS |= {f"{word}抽查": code for code, word in KINDS.items()} | {"": "random"}


class Plans(Gathered):
    """Plans by name. A published one becomes a new edition, which needs a reason (变更原因)."""

    key = "plan"

    def apart(self, cells: dict[str, str]) -> str:
        """Its number: departments call their plans alike, and a plan every year."""
        return " ".join(cells.get("number", "").split())

    async def open(self) -> None:
        """What rows name: areas, organs, items."""
        await super().open()
        await ensure_areas(self.session)
        self.gazetteer = await gazetteer(self.session)
        self.parents = dict((await self.session.execute(select(Area.code, Area.parent))).tuples().all())
        self.organs = list(await self.session.scalars(select(Organ).order_by(Organ.id)))
        self.listed: dict[date, list[Item]] = {}

    def read(self, cells: dict[str, str]) -> Values:
        """The cells as they are: what is wrong with a row is told all at once, with its plan."""
        return dict(cells)

    async def write(self, key: str, rows: list[tuple[Row, Values]]) -> str:
        """Draft the plan, change its draft, or begin a new edition of it."""
        faults: dict[int, list[Fault]] = defaultdict(list)
        lead = self._lead(rows, faults)
        read = [await self._task(place, cells, lead, faults) for place, (_, cells) in enumerate(rows)]
        tasks = [task for task, _ in read if task]
        year = tasks[0].starts.year if tasks else self.now.year
        if lead and tasks:
            for one in breaches(year, lead.department, tasks):
                gaps = {name: str(value) for name, value in one.gaps.items()}
                faults[one.task].append(Fault(COLUMN_OF[one.code], f"plans.{one.code}", **gaps))
        if faults or lead is None:
            raise Faults(faults)
        name = tidy("plan", key, drafts.LONGEST_NAME)
        wishes = [wish for _, wish in read if wish]
        reasons = [tidy("change", cells.get("change", ""), LONG) for _, cells in rows]
        number = tidy("number", rows[0][1].get("number", ""))
        return await self._draft(lead, name, year, wishes, next(filter(None, reasons), ""), number)

    async def _draft(self, lead: Organ, name: str, year: int, wishes: list[drafts.Wish], why: str, number: str) -> str:
        held = await drafts.by_name(self.session, lead.id, year, name)
        if held is None:
            held = await drafts.start(self.session, lead, name, year, self.by, self.now, number)
            await drafts.replace_tasks(self.session, held, wishes, self.by, self.now)
            return "added"
        if await drafts.has_tasks(self.session, held, wishes):
            return "unchanged"
        if held.state == "published":
            if not why:
                raise Fault("change", "plans.needs_reason", name)
            held = await drafts.change(self.session, held, why, self.by, self.now)
        elif held.state != "draft":
            raise Fault("plan", "plans.under_way", name)
        await drafts.replace_tasks(self.session, held, wishes, self.by, self.now)
        return "changed"

    def _lead(self, rows: list[tuple[Row, Values]], faults: dict[int, list[Fault]]) -> Organ | None:
        """The organ that leads all tasks of the plan."""
        found: dict[int, Organ | None] = {}
        for place, (_, cells) in enumerate(rows):
            text = tidy("lead", cells.get("lead", ""))
            area = self.gazetteer.find(tidy("area", cells.get("area", ""))) or (self.by and self.by.organ.area_code)
            organ = self.find(text, area or None)
            if organ is None:
                faults[place].append(Fault("lead", "unknown_organ" if text else "empty", text))
            elif found and organ not in found.values():
                faults[place].append(Fault("lead", "plans.other_lead", text))
            found[place] = organ
        return next((organ for organ in found.values() if organ), None)

    def find(self, text: str, area: str | None) -> Organ | None:
        """An organ by its name, or by its department within an area; None if that names none, or several."""
        if named := [one for one in self.organs if one.name == text]:
            return named[0]
        there = [one for one in self.organs if one.department == text and area in (None, one.area_code)]
        if area is None and len({one.area_code for one in there}) > 1:
            return None
        return min(there, key=lambda one: (len(one.name), one.id), default=None)

    async def _task(
        self, place: int, cells: Values, lead: Organ | None, faults: dict[int, list[Fault]]
    ) -> tuple[TaskFacts | None, drafts.Wish | None]:
        """A row as the rules see it and as it is to be drafted; what cannot be read goes to the faults."""
        wrong = faults.get(place, [])

        def cell(column: str, read: Any, **options: Any) -> Any:
            try:
                return read(column, tidy(column, cells.get(column, ""), **options))
            except Fault as fault:
                wrong.append(fault)
                return None

        def needed(column: str, read: Any, **options: Any) -> Any:
            before = len(wrong)
            value = cell(column, read, **options)
            if value in (None, "") and len(wrong) == before:
                wrong.append(Fault(column, "empty"))
            return value

        name = needed("task", _text, longest=drafts.LONGEST_NAME)
        ratio: Decimal | None = needed("ratio", share)
        starts: date | None = needed("from", date_of)
        ends: date | None = needed("until", date_of)
        kind = cell("kind", _kind) or "random"
        scope = cell("scope", _text, longest=LONG) or ""
        seats = cell("seats", whole)
        area = cell("area", self._area) or (lead.area_code if lead else "")
        if lead and lead.area_code not in (area, self.parents.get(area)):
            wrong.append(Fault("area", "plans.foreign_area", cells.get("area", "")))
        partners = self._partners(cells, lead, wrong)
        found = await self._items(cells, starts or self.now.date(), wrong)
        by_department = {one.department: one for one in ([lead] if lead else []) + partners}
        wish = None
        if name and ratio is not None and starts and ends and lead:
            pairs = tuple((one.id, by_department.get(one.department, lead).id) for one in found)
            wish = drafts.Wish(name, area, ratio, starts, ends, pairs, kind, scope, 2 if seats is None else seats)
        if wrong:
            faults[place] = wrong
        if wish is None:
            return None, None
        facts = tuple(
            ItemFacts(one.name, one.department, one.kind == "general", one.ratio_ceiling, one.valid_until)
            for one in found
        )
        unread = any(fault.column == "items" for fault in wrong)
        if unread:
            return None, wish  # what follows from items cannot be judged
        task = TaskFacts(
            place,
            wish.name,
            wish.kind,
            wish.scope,
            wish.ratio,
            wish.seats,
            wish.starts,
            wish.ends,
            facts,
            tuple(one.department for one in partners),
        )
        return task, wish

    def _area(self, column: str, text: str) -> str:
        if not text:
            return ""
        found = self.gazetteer.find(text)
        if found is None:
            raise Fault(column, "unknown_area", text)
        return found

    def _partners(self, cells: Values, lead: Organ | None, wrong: list[Fault]) -> list[Organ]:
        """The organs that take part: by name, or those of the lead's area by department."""
        found = []
        for word in _listed("participants", cells, wrong):
            organ = self.find(word, lead.area_code if lead else None)
            if organ is None:
                wrong.append(Fault("participants", "unknown_organ", word))
            else:
                found.append(organ)
        return found

    async def _items(self, cells: Values, day: date, wrong: list[Fault]) -> list[Item]:
        """The items by code or name, in the version that is in force when the task begins."""
        if day not in self.listed:
            self.listed[day] = await items.list_on(self.session, day)
        known = {one.name: one for one in self.listed[day]} | {one.code: one for one in self.listed[day]}
        found: dict[int, Item] = {}
        for word in _listed("items", cells, wrong):
            if word in known:
                found[known[word].id] = known[word]
            else:
                wrong.append(Fault("items", "plans.unknown_item", word))
        return list(found.values())


def _listed(column: str, cells: Values, wrong: list[Fault]) -> Iterable[str]:
    try:
        return list(dict.fromkeys(words(column, cells.get(column, "").replace("、", ";"))))
    except Fault as fault:
        wrong.append(fault)
        return []


def _text(_column: str, text: str) -> str:
    return text


def _kind(column: str, text: str) -> str:
    if text not in _KINDS:
        raise Fault(column, "plans.unknown_kind", text)
    return _KINDS[text]


async def export(session: AsyncSession) -> AsyncIterator[dict[str, str]]:
    """The newest edition of every plan, task by task."""
    newest: dict[str, Plan] = {}
    for plan in await session.scalars(select(Plan).order_by(Plan.number, Plan.edition)):
        newest[plan.number] = plan
    for plan in newest.values():
        for task in plan.tasks:
            row = {"plan": plan.name, "task": task.name, "lead": plan.organ.name, "scope": task.scope}
            row |= {"items": ";".join(one.item.code for one in task.items), "ratio": f"{task.ratio.normalize():f}"}
            row |= {"from": str(task.starts), "until": str(task.ends), "kind": KINDS[task.kind]}
            row |= {"participants": ";".join(organ.name for organ in task.organs[1:]), "area": task.area.name}
            row |= {"seats": str(task.seats), "change": plan.change, "number": plan.number}
            yield {column.name: row[column.name] for column in COLUMNS}


PLANS = Kind("plans", "plans", COLUMNS, Plans, export=export)
