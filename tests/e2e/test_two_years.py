"""Two years of campaigns in minutes: every ladder complete, nothing twice, nothing at night (R3.2.1c, R3.2.3a).

The product runs on the simulator with a clock that is moved; it is restarted every simulated week, two processes run
in some weeks, the clock is turned back now and then, and 2027 is announced when deadlines reach into it already. What
people must be told is worked out here anew, from rows and a list of working days, and compared day by day.
Long, because the ladders of two years are worked out beside the product.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import chinese_calendar
import pytest
from sqlalchemy import and_, or_, select

from actions import calendars, plans, proposals, publication, seats, visits
from actions.imports import KINDS, bring_in
from bot.app import Running, running
from bot.migrate import migrate
from bot.pace import Pace
from bot.settings import Settings
from jobs import SCHEDULE, ticks
from models.database import Database
from models.items import Item
from models.mail import Outbox
from models.people import Area, Person
from models.publication import Proposal
from models.reminders import SOURCES, Reminder
from models.subjects import Subject
from models.visit_at_hand import visit_at_hand
from models.visits import Part, Seat, Visit
from rules.deadlines import quiet
from simulator import Telegram
from tests.actions.test_calendars import as_json, of_2027
from tests.conftest import POSTGRES
from tests.conversations.conftest import STAFF, ZONE, Clock, empty, free_port, put_database, settle_town
from tests.e2e import other_ladders

WEEKS = int(os.environ.get("WEEKS", "0")) or (104 if os.environ.get("ALL_TESTS") else 6)
LONG, SHORT = datetime(2026, 1, 5, 8, tzinfo=ZONE), datetime(2026, 11, 30, 8, tzinfo=ZONE)  # over the next New Year too
START = LONG if WEEKS > 26 else SHORT
ANNOUNCED = date(2026, 12, 28)
SEED = 20260105
DAY = timedelta(days=1)
VISITS_A_WEEK = 2
SUPERVISORS = ("赵主管", "管理员小周")
AHEAD = [(0.2, "accept"), (0.28, "arrive"), (0.31, "move")]
ACTS = {  # what people do at noon on a working day with what is in a state, and with which chance up to there
    "released": AHEAD,
    "accepted": AHEAD,
    "started": [(0.5, "submit")],
    "returned": [(0.2, "submit")],
    "submitted": [(0.10, "publish"), (0.12, "return"), (0.14, "withhold")],
    "withheld": [(0.01, "publish")],
}
LATE = [(0.05, "publish")]  # at night
WORKED_OUT = ("seat", "visit", "entry", "review", "publication", "withheld", *other_ladders.KINDS)


class Ladder(NamedTuple):
    """One thing that one person must do by a day."""

    kind: str
    thing: int
    person: int
    since: date
    due: date
    supervised: bool = True  # whether the department that must act has supervisors here


class Telling(NamedTuple):
    """A step of a ladder that somebody is told."""

    kind: str
    thing: int
    due: date
    step: str
    person: int


class Year:
    """Working days, counted from a plain list."""

    def __init__(self, announced: bool) -> None:
        day, self.days = date(2025, 11, 1), list[date]()
        new = dict(of_2027()) if announced else {}
        while day < date(2029, 3, 1):
            if day.year <= 2026:
                works = chinese_calendar.is_workday(day)
            else:
                works = not new[day] if day in new else day.weekday() < 5
            if works:
                self.days.append(day)
            day += DAY

    def after(self, day: date, count: int) -> date:
        """So many working days later."""
        return self.days[bisect_right(self.days, day) - 1 + count] if count else day

    def steps(self, one: Ladder) -> dict[date, list[tuple[str, str]]]:
        """By day: the steps of a ladder and who hears."""
        first, last = bisect_right(self.days, one.since), bisect_right(self.days, one.due)
        count = max(last - first, 0)
        own = {self.after(one.since, count // 2): "half"}
        for name, back in (("before_3", 3), ("before_1", 1), ("day", 0)):
            own[self.days[last - 1 - back]] = name
        found = defaultdict[date, list[tuple[str, str]]](list)
        for day, name in own.items():
            if day > one.since:
                found[day].append((name, "person"))
        for name, late, who in (("late_1", 1, "person"), ("late_3", 3, "supervisor"), ("late_5", 5, "office")):
            found[self.days[last - 1 + late]].append((name, who))
        return found

    def works(self, day: date) -> bool:
        """Whether it is a working day."""
        place = bisect_left(self.days, day)
        return self.days[place] == day


class City:
    """The product on the simulator, the days that pass, and what people do in them."""

    def __init__(self, folder: Path, postgres: bool) -> None:
        self.chance, self.others = random.Random(SEED), random.Random(SEED)
        self.clock = Clock(START)
        self.telegram = Telegram(token="123456:TEST", clock=lambda: self.clock().timestamp())
        self.folder, self.postgres = folder, postgres
        self.year = Year(announced=False)
        self.before: Year | None = None  # until the next morning, by what was counted when a year was announced
        self.day = START.date()
        self.apps: list[Running] = []
        self.ids: dict[str, int] = {}
        self.seen: dict[tuple[str, int, int], date] = {}  # the deadline that was known last
        self.counts, self.kinds = Counter[str](), Counter[str]()

    async def settle(self) -> None:
        """An empty database with a town, in which an office and a second supervisor are."""
        if self.postgres:
            await empty(POSTGRES)
            await asyncio.to_thread(migrate, POSTGRES)
        else:
            await asyncio.to_thread(put_database, self.folder)
        database = Database(self.settings().database)
        async with database.write() as session:
            self.ids = await settle_town(session, self.clock(), subjects=40)
            (await session.get_one(Person, self.ids["管理员小周"])).roles = ("supervisor",)
            (await session.get_one(Person, self.ids["周环保"])).roles = ("office",)
            for one in await session.scalars(select(Person)):
                if one.certificate:
                    one.certificate_until = date(2030, 1, 1)
        await database.close()
        for number, (_, name, _, _) in enumerate(STAFF):
            self.telegram.phone(name, user_id=1000 + number, language="zh-hans").chat.started = True

    def settings(self) -> Settings:
        """One process; updates would come by webhook, so that two can run."""
        address = {"database_url": POSTGRES} if self.postgres else {}
        return Settings(  # type: ignore[call-arg]
            bot_token="123456:TEST",  # type: ignore[arg-type]
            data_dir=self.folder,
            port=free_port(),
            telegram_mode="webhook",
            webhook_secret="s" * 20,  # type: ignore[arg-type]
            bot_api_base_url=self.telegram.api_url,
            bot_api_file_url=self.telegram.file_url,
            **address,
        )

    @asynccontextmanager
    async def processes(self, number: int) -> AsyncIterator[None]:
        """So many of the product, from start to stop."""
        async with AsyncExitStack() as stack:
            for _ in range(number):
                app = await stack.enter_async_context(running(self.settings(), self.clock))
                app.schedule.pause()  # the test strikes
                app.sender.pace = Pace(100_000)  # seconds are days here
                self.apps.append(app)
                self.counts["starts"] += 1
            yield
            self.apps.clear()

    def at(self, hour: int, minute: int) -> datetime:
        """It is so late today, in the whole city."""
        moment = datetime.combine(self.day, time(hour, minute), ZONE)
        self.clock.moves_to(moment)
        return moment

    async def tick(self, every: bool = False) -> None:
        """The clock of each process strikes at the same time, of two also without the lease; then notices leave."""
        chosen = [tick for tick, _ in SCHEDULE] if every else [ticks.remind]

        async def strikes(app: Running, owner: str) -> None:
            for tick in chosen:
                await ticks.guarded(tick, app.database, self.clock, owner, asyncio.Lock())
            if len(self.apps) > 1:
                await ticks.remind(app.database, self.clock())

        await asyncio.gather(*(strikes(app, f"process {number}") for number, app in enumerate(self.apps)))
        await self.deliver()

    async def deliver(self) -> None:
        """Whatever may leave now leaves; a minute of the city does not pass while a message is on its way.

        What a process is just claiming has no lease yet, so it is waited for because it is due.
        """
        now = self.clock()
        due = and_(Outbox.due_at <= now, or_(Outbox.urgent, not quiet(now)))
        on_its_way = select(Outbox.id).where(Outbox.ended_at.is_(None), or_(Outbox.leased_until.is_not(None), due))

        async def leaves(app: Running) -> None:
            notices = await app.postman._next()  # at once: its own loop looks four times a second
            await app.postman._send_all(notices)

        while await self.one(on_its_way.limit(1)):
            await asyncio.gather(*map(leaves, self.apps))

    async def one(self, query: Any) -> Any:
        """What the database says."""
        async with self.apps[0].database.read() as session:
            return await session.scalar(query)

    @asynccontextmanager
    async def acts(self) -> AsyncIterator[Any]:
        """Somebody does something."""
        async with self.apps[0].database.write() as session:
            yield session

    async def new_week(self) -> None:
        """A task with some visits, told to their inspectors."""
        now, chance = self.clock(), self.chance
        async with self.acts() as session:
            item = (await session.scalars(select(Item))).one()
            area = await session.get_one(Area, "330782")
            by = await session.get_one(Person, self.ids["赵主管"])
            ends = self.day + DAY * chance.randint(6, 33)
            wish = plans.NewTask(item.id, area.code, Decimal(20), self.day, ends)
            task = await plans.create_task(session, wish, by, now)
            await session.flush()
            await session.refresh(task)
            subjects = chance.sample(list(await session.scalars(select(Subject.id))), VISITS_A_WEEK)
            for position, subject in enumerate(subjects, 1):
                visit = Visit(task_id=task.id, task=task, subject_id=subject, origin="targeted", public_id=f"{subject}")
                visit.position, visit.state, visit.due, visit.release_on = position, "released", ends, self.day
                visit.token = f"{task.id}-{position}"
                visit.parts = [Part(position=0, item_id=item.id, checklist_id=item.checklist_id)]
                people = chance.sample(["张伟", "李娜", "王强"], 2)
                for number, name in enumerate(people, 1):
                    seat = Seat(
                        number=number, slot=number, department="市场监管", qualified=True, mode="own", version=0
                    )
                    seat.person_id = self.ids[name]
                    seats.offer(visit, seat, self.day)
                    visit.seats.append(seat)
                session.add(visit)
                self.counts["visits"] += 1

    async def people_act(self, late: bool = False) -> None:
        """On a working day at noon, and a few at night: each thing that is open takes its chance."""
        acts, chosen = {"submitted": LATE} if late else ACTS, dict[int, tuple[str, int, int]]()
        query = select(Visit.id, Visit.state).where(Visit.state.in_(acts)).order_by(Visit.id)
        async with self.acts() as session:
            for number, state in (await session.execute(query)).tuples().all():
                chance = self.chance.random()
                if act := next((act for share, act in acts[state] if chance < share), ""):
                    seat = int(self.chance.random() * 2)
                    chosen[number] = act, seat, self.chance.randint(-2, 9) if act == "move" else 0
            if not chosen:
                return
            people = select(Person).where(Person.id.in_(self.ids[name] for name in SUPERVISORS))
            both = sorted(await session.scalars(people), key=lambda one: SUPERVISORS.index(one.name))
            for number, (act, seat, days) in chosen.items():
                visit = await visit_at_hand(session, number)
                assert visit
                if act == "move":  # the supervisor moves the deadline
                    visit.due += DAY * days
                await self._does(session, act, visit, visit.seats[seat], *both)

    async def _does(self, session: Any, act: str, visit: Visit, seat: Seat, first: Person, second: Person) -> None:
        now, person = self.clock(), seat.person
        assert person
        self.counts[act] += 1
        if act == "accept":
            await seats.accept(session, visit, seat, person, now)
        elif act == "arrive":
            await visits.arrive(session, visit, person, now)
        elif act == "submit":
            visit.state, visit.submitted_at, visit.result = "submitted", now, "clean"
        elif act == "publish":
            await publication.approve(session, visit, first, now)
        elif act == "return":
            await publication.send_back(session, visit, "补一张照片", first, now)
        elif act == "withhold":
            held = await proposals.propose(session, visit, "withhold", "正在办案", first, now, ground="case")
            await proposals.approve(session, held, second, now)

    async def open_ladders(self) -> list[Ladder]:
        """What is not done, worked out from plain columns."""
        found = []
        after, both = self.year.after, [self.ids[name] for name in SUPERVISORS]
        columns = (Visit.id, Visit.state, Visit.due, Visit.started_at, Visit.submitted_at)
        async with self.apps[0].database.read() as session:
            rows = (await session.execute(select(*columns).where(Visit.state != "published"))).tuples().all()
            held = select(Seat.visit_id, Seat.person_id, Seat.state, Seat.answer_by)
            at_visit = defaultdict[int, list[tuple[int, str, date]]](list)
            for number, person, state, answer_by in (await session.execute(held)).tuples():
                assert person
                assert answer_by
                at_visit[number].append((person, state, answer_by))
            others = await other_ladders.rows(session, self.ids, self.year.days, self.day)
            agreed = select(Proposal.visit_id, Proposal.decided_at).where(Proposal.state == "approved")
            decided = {number: at.astimezone(ZONE).date() for number, at in await session.execute(agreed)}
        found += [Ladder(*other) for other in others]
        for number, state, due, started_at, submitted_at in rows:
            started = started_at.astimezone(ZONE).date() if started_at else date.max
            submitted = submitted_at.astimezone(ZONE).date() if submitted_at else date.max
            for person, answer, answer_by in at_visit[number]:
                mine = number, person
                if state in ("released", "accepted"):
                    found.append(Ladder("visit", *mine, answer_by, due))
                    if answer == "offered":
                        place = bisect_right(self.year.days, answer_by) - 1
                        found.append(Ladder("seat", *mine, self.year.days[place - 2], answer_by))
                if state == "started":
                    found.append(Ladder("entry", *mine, started, started))
                if state == "returned":
                    found.append(Ladder("publication", *mine, submitted, after(submitted, 20)))
            for person in both:
                if state == "submitted":
                    found.append(Ladder("review", number, person, submitted, after(submitted, 3)))
                    found.append(Ladder("publication", number, person, submitted, after(submitted, 20)))
                if state == "withheld":
                    found.append(Ladder("withheld", number, person, decided[number], after(decided[number], 60)))
        return found

    def expected(self, ladders: list[Ladder]) -> tuple[set[Telling], set[tuple[str, int, int]]]:
        """Whom the morning must tell of what; and the things whose deadline moved since yesterday."""
        hears = {
            "supervisor": [self.ids[name] for name in SUPERVISORS],
            "office": [self.ids["周环保"]],
        }
        must, moved = set[Telling](), set[tuple[str, int, int]]()
        if not self.year.works(self.day):  # nobody is told; what moved on Friday is told on Monday
            return must, moved
        for one in ladders:
            key = one.kind, one.thing, one.person
            if self.seen.get(key, one.due) != one.due:
                moved.add(key)
            steps = self.year.steps(one)
            if key not in self.seen:  # a visit was returned to them late: they hear the newest step of its ladder
                own = sorted((day, step) for day, on in steps.items() for step, who in on if who == "person")
                newest = [step for day, step in own if day <= self.day][-1:]
                must |= {Telling(one.kind, one.thing, one.due, step, one.person) for step in newest}
            self.seen[key] = one.due
            for step, who in [*steps.get(self.day, []), *self.passed_over(one, steps)]:
                people = [] if who == "supervisor" and not one.supervised else hears.get(who, [one.person])
                must |= {Telling(one.kind, one.thing, one.due, step, person) for person in people}
        self.before = None
        return must, moved

    def passed_over(self, one: Ladder, steps: dict[date, list[tuple[str, str]]]) -> list[tuple[str, str]]:
        """Steps whose day came by when a year was announced, because it made them earlier: told the next morning."""
        if self.before is None:
            return []
        old = [(day, step, who) for day, on in self.before.steps(one).items() for step, who in on if day <= ANNOUNCED]
        newest = {who: (day, step) for day, on in sorted(steps.items()) for step, who in on if day <= self.day}
        return [
            (step, who)
            for who, (day, step) in newest.items()
            if day < self.day
            if not any(was == step or (then >= day and whose == who) for then, was, whose in old)
        ]

    async def told_today(self) -> Counter[Telling]:
        """What the ledger says of today."""
        begin = datetime.combine(self.day, time(), ZONE)
        async with self.apps[0].database.read() as session:
            query = select(Reminder).where(Reminder.at >= begin, Reminder.at < begin + DAY)
            query = query.where(Reminder.kind.in_(WORKED_OUT))
            return Counter(
                Telling(one.kind, one.thing, one.due, one.step, one.person_id) for one in await session.scalars(query)
            )

    async def lives_a_day(self) -> None:
        """Morning, noon, evening, night."""
        self.at(8, 5)
        must, moved = self.expected(await self.open_ladders())
        await self.tick(every=self.day.day <= 7 and self.day.weekday() == 0)
        told = await self.told_today()
        self.kinds.update(one.kind for one in must)
        assert must - told.keys() == set(), f"{self.day}: somebody was not told"
        things = {(kind, thing) for kind, thing, _ in moved}
        extra = {one for one in told.keys() - must if (one.kind, one.thing) not in things}
        assert extra == set(), f"{self.day}: somebody was told for nothing"
        self.counts["steps"] += len(must)
        if self.year.works(self.day):
            self.at(12, 5)
            if self.day.weekday() == 0:
                await self.new_week()
            await self.people_act()
            async with self.acts() as session:
                await other_ladders.act(session, self.others, self.ids, self.year.after, self.clock())
            await self.deliver()
            if self.day.weekday() in (0, 3):
                self.at(12, 30)
                await self.tick()
        if self.day == ANNOUNCED:
            await self.announces()
        self.at(23, 10)
        await self.people_act(late=True)
        before = self.posts()
        await self.tick(every=self.day.day == 1)
        assert self.posts() == before, f"{self.day}: somebody was disturbed at night"

    async def announces(self) -> None:
        """2027 is announced, while deadlines reach into it."""
        async with self.acts() as session:
            await bring_in(session, [KINDS["holidays"]], as_json(of_2027()), "2027.json", self.clock(), None)
        self.before, self.year = self.year, Year(announced=True)
        self.at(15, 0)
        await self.deliver()

    async def turns_back(self) -> None:
        """Somebody sets the clock two days back; it strikes, and is set right."""
        day = self.day
        before = self.posts()
        self.day -= 2 * DAY
        self.at(9, 30)
        await self.tick()
        self.day = day
        assert self.posts() == before, f"{day}: told again after the clock was turned back"
        self.counts["turned back"] += 1

    def posts(self) -> int:
        """How many messages lie on all phones."""
        return sum(len(posts) for posts in self.telegram.world.posts.values())

    async def lives(self, weeks: int) -> None:
        """Week after week, each with a restart."""
        for week in range(weeks):
            two = self.postgres and week % 4 == 2
            self.counts["weeks of two"] += two
            async with self.processes(2 if two else 1):
                for number in range(7):
                    await self.lives_a_day()
                    if week % 5 == 1 and number == 3:
                        await self.turns_back()
                    self.day += DAY

    async def nothing_twice(self) -> None:
        """All messages of two years at once: each step once, each notice one message, none at night."""
        database = Database(self.settings().database)
        async with database.read() as session:
            notices = list(await session.scalars(select(Outbox).where(Outbox.kind == "reminders")))
        await database.close()
        steps = Counter((one.person_id, *map(str, step)) for one in notices for step in one.params["steps"])
        assert max(steps.values()) == 1
        sent = [one for one in notices if one.outcome == "sent"]
        assert {one.outcome for one in notices} <= {"sent", "dropped"}
        said = [post for posts in self.telegram.world.posts.values() for post in posts.values()]
        reminders = [post for post in said if post.text.startswith(("⏰", "⚠️")) and "件事" in post.text]
        assert len(reminders) == len(sent)
        hours = {datetime.fromtimestamp(post.date, ZONE).hour for post in said}
        assert hours <= set(range(7, 22)), "somebody was disturbed at night"
        self.counts["messages"] = len(said)
        self.counts["reminders"] = len(sent)


@pytest.mark.timeout(900)
async def test_every_ladder_of_two_years_is_complete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    city = City(tmp_path / "data", bool(POSTGRES))
    async with city.telegram:
        await city.settle()
        began = asyncio.get_running_loop().time()
        gc.freeze()  # as the program does once it has started
        try:
            await city.lives(WEEKS)
        finally:
            gc.unfreeze()
            calendars.forget()
        await city.nothing_twice()
        took = asyncio.get_running_loop().time() - began
    with capsys.disabled():
        print(f"\n{WEEKS} weeks in {took:.0f} s on {'PostgreSQL' if POSTGRES else 'SQLite'}: {dict(city.counts)}")
        print(f"steps by kind: {dict(city.kinds)}")
    if WEEKS > 60:
        assert city.kinds.keys() == set(SOURCES), "a kind of deadline was not tried"
    assert city.counts["steps"] > WEEKS * 10
