"""Lets the made-up city do its work, only by what the product itself can do, so that nothing shown is a fake."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import checklists, draws, evidence, leads, plans, publication, seats, subject, tasks, visits
from actions.calendars import official
from actions.leads import NewLead
from actions.routing import destinations
from demo.directories import NOTARY, OFFICE
from models.draws import Draw
from models.items import Item
from models.people import Area, Person
from models.plans import Plan, PlannedTask
from models.visits import Visit

WITNESSES = {OFFICE: "今天早饭吃了两个包子，8 路车晚点 7 分钟", NOTARY: "公证处门口停着 23 辆电动车，5 辆红的"}
Camera = Callable[[bytes], Awaitable[tuple[str, str]]]  # keeps a photo: its SHA-256, and Telegram's file id


@dataclass(frozen=True)
class Found:
    """What is found at a point that does not conform."""

    note: str
    photo: bytes = b""


def ends_of(starts: date, days: int) -> date:
    """The last day of a task of so many days: one that is worked on."""
    return official().add(starts + timedelta(days=days - 1), 1)


class Campaign:
    """The acts of many people in one session; every act is flushed, so that the next one sees it fresh."""

    def __init__(self, session: AsyncSession, authority: str, camera: Camera | None) -> None:
        self.session = session
        self.authority = authority
        self.camera = camera

    async def person(self, staff_no: str) -> Person:
        """Somebody of the staff."""
        return (await self.session.scalars(select(Person).where(Person.staff_no == staff_no))).one()

    async def commit(
        self,
        item: str,
        area: str,
        ratio: str,
        supervisor: str,
        at: datetime,
        days: int,
        *,
        contributed: datetime,
        partner: tuple[str, str] | None = None,
    ) -> int:
        """A task of so many days, its commitment, and what the witnesses say; the draw's id.

        `partner` is another department's item, and its supervisor who agrees to take part (联合抽查).
        """
        by = await self.person(supervisor)
        codes = (item, *(partner[:1] if partner else ()))
        planned = await self._planned(by, codes, Decimal(ratio))
        if planned:
            task = await plans.task_from_plan(self.session, planned, by, at)
        else:
            item_id = (await self.session.scalars(select(Item.id).where(Item.code == item))).one()
            area_code = (await self.session.scalars(select(Area.code).where(Area.name == area))).one()
            wish = plans.NewTask(item_id, area_code, Decimal(ratio), at.date(), ends_of(at.date(), days))
            task = await plans.create_task(self.session, wish, by, at)
        if partner:
            asked = await self.person(partner[1])
        if partner and not planned:
            more = (await self.session.scalars(select(Item).where(Item.code == partner[0]))).one()
            await tasks.add_item(self.session, task, more, asked.organ, by, at + timedelta(minutes=2))
        if partner:
            await tasks.agree(self.session, task, asked, at + timedelta(minutes=4))
        people = [await self.person(staff_no) for staff_no in WITNESSES]
        draw = await draws.commit(self.session, task, people, self.authority, by, at + timedelta(minutes=6))
        for person, words in zip(people, WITNESSES.values(), strict=True):
            await draws.contribute(self.session, draw, person, f"{words}，第 {draw.sequence} 次", contributed)
        await self._settle()
        return draw.id

    async def _planned(self, by: Person, codes: Sequence[str], ratio: Decimal) -> PlannedTask | None:
        """The task of a public plan of somebody's organ that is about these items and this share, if there is one."""
        query = (
            select(PlannedTask)
            .join(Plan, Plan.id == PlannedTask.plan_id)
            .where(Plan.organ_id == by.organ_id, Plan.state == "published", PlannedTask.ratio == ratio)
        )
        found = await self.session.scalars(query)
        return next((one for one in found if [part.item.code for part in one.items] == list(codes)), None)

    async def run(self, draw_id: int, at: datetime) -> None:
        """The draw is run by whoever committed to it."""
        draw = await self.session.get_one(Draw, draw_id)
        await draws.run(self.session, draw, draw.supervisor, at)
        await self._settle()

    async def release(self, draw_id: int, at: datetime) -> list[int]:
        """The inspectors are told; the ids of the visits in their order."""
        draw = await self.session.get_one(Draw, draw_id)
        await seats.release(self.session, draw, draw.supervisor, at)
        await self._settle()
        return [visit.id for visit in await draws.visits_of(self.session, draw)]

    async def open(self, draw_id: int, at: datetime) -> None:
        """The draw is opened to everybody."""
        draw = await self.session.get_one(Draw, draw_id)
        await draws.open_(self.session, draw, draw.supervisor, at)
        await self._settle()

    async def accept(self, visit_id: int, at: datetime) -> None:
        """Everybody who was drawn for a visit accepts."""
        await self._accept(await self._visit(visit_id), at)
        await self._settle()

    async def begin(self, visit_id: int, at: datetime, found: Mapping[int, Found], upto: int = 0) -> None:
        """Arrive and answer the points up to a number (0: all), of which those in `found` do not conform."""
        await self._begin(await self._visit(visit_id), at, found, upto)
        await self._settle()

    async def finish(self, visit_id: int, at: datetime) -> None:
        """Everybody signs under the proposed result: it waits for review."""
        await self._finish(await self._visit(visit_id), at)
        await self._settle()

    async def published(
        self, visit_ids: Sequence[int], first: datetime, supervisor: str, findings: Mapping[int, Found]
    ) -> None:
        """Visits from the door to the register, one a day; every third one found something."""
        for number, visit_id in enumerate(visit_ids):
            at = first + timedelta(days=number, minutes=37 * number % 150)
            visit = await self._visit(visit_id)
            await self._accept(visit, at - timedelta(days=1))
            await self._begin(visit, at, findings if number % 3 == 1 else {})
            await self._finish(visit, at + timedelta(minutes=50))
            by = await self.person(supervisor)
            await publication.approve(self.session, visit, by, at + timedelta(days=1, minutes=15))
            await self._settle()

    async def hand_over(self, visit_id: int, department: str, text: str, at: datetime) -> int:
        """A lead goes to the nearest organ of a department; its id."""
        visit = await self._visit(visit_id)
        organs, _ = await destinations(self.session, visit.subject)
        organ = next(organ for organ in organs if organ.department == department)
        sender = next(seat.person for seat in visit.seats if seat.person)
        lead = await leads.send(self.session, NewLead(visit.subject, text, "visit", visit), organ, sender, at)
        await self._settle()
        return lead.id

    async def holders(self, visit_id: int) -> list[str]:
        """The staff numbers of those who hold the seats of a visit."""
        visit = await self._visit(visit_id)
        return [seat.person.staff_no for seat in visit.seats if seat.person]

    async def _accept(self, visit: Visit, at: datetime) -> None:
        for seat in visit.seats:
            assert seat.person
            await seats.accept(self.session, visit, seat, seat.person, at)

    async def _begin(self, visit: Visit, at: datetime, found: Mapping[int, Found], upto: int = 0) -> None:
        people = [seat.person for seat in visit.seats if seat.person]
        for person in people:
            await visits.arrive(self.session, visit, person, at)
        numbers = [number for number in visit.points if not upto or number <= upto]
        fine = [number for number in numbers if number not in found]
        await checklists.answer(self.session, visit, fine, "yes", people[0], at + timedelta(minutes=9))
        for number in sorted(found.keys() & set(numbers)):
            await self._find(visit, number, found[number], people[0], at + timedelta(minutes=12 + number))

    async def _finish(self, visit: Visit, at: datetime) -> None:
        if subject.must_sign(visit):  # on their own phone, before the inspectors
            subject.write(self.session, visit, {"how": "scan", "name": visit.subject.contact}, None, at)
        for seat in visit.seats:
            assert seat.person
            await visits.sign(self.session, visit, seat.person, at)

    async def _find(self, visit: Visit, number: int, found: Found, by: Person, at: datetime) -> None:
        await checklists.describe(self.session, visit, number, found.note, by, at)
        if self.camera and found.photo:
            sha256, file_id = await self.camera(found.photo)
            kept = evidence.Kept(sha256, len(found.photo), "image/jpeg", file_id)
            await evidence.attach(self.session, visit, number, kept, by, at)

    async def _visit(self, visit_id: int) -> Visit:
        return await self.session.get_one(Visit, visit_id)

    async def _settle(self) -> None:
        await self.session.flush()
        self.session.expunge_all()
