"""Random inspectors walk through every checklist while the power goes off, and the records say what they entered.

Long, because the walker knows every kind of point.
"""

from __future__ import annotations

import asyncio
import io
import os
import random
import re
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from models.database import Database
from models.documents import Record
from models.items import Item, Point
from models.mail import Inbox
from models.people import Chat, Organ, Person
from models.plans import Task, TaskItem
from models.subjects import Subject
from models.visits import Part, Seat, Visit
from rules import checklists as rules
from rules.bundles import hexhash
from rules.draw import canonical
from simulator import Message, Phone, Telegram
from tests.conversations.conftest import put_database, settle_town
from tests.documents.reading import text_of, tight
from tests.e2e.checklists import checklists
from tests.e2e.town import TOKEN, Process

VISITS = int(os.environ.get("WALKS", "5"))  # 200 is what was promised; it takes ten minutes
INSPECTORS = 16
SEED = int(os.environ.get("SEED", "48151623"))
PRINTED = 4  # every how many visits the record is looked at as a PDF
KILL = 0.25  # the chance of a power cut in a visit
PATIENCE = 60.0  # seconds; after a power cut on a busy machine the answer may take that long


def picture(number: int) -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (64, 48), (number % 256, number // 256 % 256, 90)).save(drawn, "JPEG")
    return drawn.getvalue()


async def town_of_walks(session: Any, now: datetime, visits: int) -> None:
    """A released visit for each walk, each checklist in its turn; two inspectors for each."""
    ids = await settle_town(session, now, subjects=visits)
    organ = await session.get_one(Organ, ids["义乌市市场监督管理局"])
    people = []
    for number in range(INSPECTORS):
        person = Person(
            staff_no=f"3307009{number:02}",
            name=f"巡查{number:02}",
            organ_id=organ.id,
            area_code="330782",
            roles=("inspector",),
            certificate=f"浙G9{number:02}",
            certificate_until=date(2031, 12, 31),
        )
        session.add(person)
        await session.flush()
        session.add(Chat(id=2000 + number, person_id=person.id, language="zh_CN", bound_at=now))
        people.append(person)
    tasks = []
    for number, checklist in enumerate(checklists()):
        session.add(checklist)
        await session.flush()
        item = Item(
            code=f"WALK-{number}",
            name=checklist.name,
            department=organ.department,
            kind="key",
            valid_from=now.date(),
            checklist_id=checklist.id,
        )
        session.add(item)
        await session.flush()
        task = Task(
            number=f"33078220261130{number:04}",
            name=checklist.name,
            organ_id=organ.id,
            area_code="330782",
            ratio=Decimal(100),
            starts=now.date(),
            ends=now.date() + timedelta(weeks=4),
            created_by=ids["赵主管"],
            created_at=now,
            items=[TaskItem(position=0, item_id=item.id, organ_id=organ.id)],
        )
        session.add(task)
        await session.flush()
        tasks.append((task, item, checklist))
    subjects = list(await session.scalars(select(Subject).order_by(Subject.id)))
    for number, subject in enumerate(subjects):
        task, item, checklist = tasks[number % len(tasks)]
        pair = [people[2 * number % INSPECTORS], people[(2 * number + 1) % INSPECTORS]]
        session.add(
            Visit(
                task_id=task.id,
                subject_id=subject.id,
                origin="targeted",
                public_id=subject.code,
                position=number,
                state="released",
                token=f"walk-token-{number}",
                due=task.ends,
                parts=[Part(position=0, item_id=item.id, checklist_id=checklist.id)],
                seats=[
                    Seat(
                        number=place,
                        slot=place,
                        department=organ.department,
                        qualified=False,
                        person_id=person.id,
                        mode="appointed",
                        state="accepted",
                    )
                    for place, person in enumerate(pair)
                ],
            )
        )
    await session.flush()


@dataclass
class Walker:
    """An inspector who does whatever the screen offers, and remembers what was entered."""

    phone: Phone
    shop: str
    points: dict[int, Point]
    process: Process
    chance: random.Random
    kill_at: int
    entered: dict[int, tuple[str, str, str]] = field(default_factory=dict)  # value, reading, note
    photos: Counter[int] = field(default_factory=Counter)
    steps: int = 0

    def card(self) -> Message | None:
        """The newest message with buttons."""
        cards = [one for one in self.phone.messages if one.from_bot and one.buttons]
        return max(cards, key=lambda one: one.revision, default=None)

    async def does(self, act: Any) -> None:
        """One act and the answer to it, with a power cut in between now and then."""
        before = self.phone.world.revision
        sent = await act
        self.steps += 1
        if self.steps == self.kill_at:
            await asyncio.sleep(self.chance.uniform(0, 0.3))
            await self.process.kill()
            await self.process.start()

        def news() -> bool | None:
            seen = [one for one in self.phone.messages if one.from_bot and one.revision > before]
            return True if seen else None

        if not await self.phone.world.until(news, PATIENCE):
            raise AssertionError(f"no answer\n{self.phone.screen()}\n{self.process.logs[-2000:]}")
        await self._handled(int(sent))
        await self.phone.settles(quiet=0.6 if self.steps == self.kill_at else 0.2)

    async def _handled(self, update_id: int) -> None:
        """Wait for the end of the turn: a notice, or an older card that loses its buttons, is no answer yet."""
        with closing(sqlite3.connect(f"file:{self.process.folder / 'data' / 'suicha.db'}?mode=ro", uri=True)) as look:
            done = "SELECT 1 FROM inbox WHERE update_id = ? AND done_at IS NOT NULL"
            for _ in range(int(PATIENCE / 0.02)):
                if look.execute(done, (update_id,)).fetchone():
                    return
                await asyncio.sleep(0.02)
        raise AssertionError(f"update {update_id} is not handled\n{self.process.logs[-2000:]}")

    async def walks(self) -> None:
        """From the list to the signature."""
        await self.does(self.phone.says("/tasks"))
        for _ in range(150):
            card = self.card()
            labels, text = (card.labels, card.text) if card else ([], "")
            if "签名提交" in labels:
                return await self.does(self.phone.presses("签名提交"))
            await self._step(labels, text)
        raise AssertionError(f"never came to the end\n{self.phone.transcript()}")

    async def _step(self, labels: list[str], text: str) -> None:
        for label in ("我已到场", "开始检查", "继续检查"):
            if label in labels:
                return await self.does(self.phone.presses(label))
        if "拒绝签字" in labels:  # there were problems: the subject must sign, or somebody see that they do not
            return await self.does(self.phone.says("拒签 不认可 见证人 李四"))
        if found := re.search(r"❌ 第 (\d+) 项不符合", text):
            return await self._finding(int(found[1]))
        if found := re.search(r"(\d+)/\d+ ·", text):
            return await self._point(int(found[1]), labels)
        if shop := next((label for label in labels if self.shop in label), None):
            return await self.does(self.phone.presses(shop))
        return await self.does(self.phone.says("/tasks"))

    async def _finding(self, number: int) -> None:
        note = f"第{number}处 <b>&不符合 {self.chance.randint(0, 999)}"
        value, reading, before = self.entered[number]
        if self.points[number].photo == "failure" and not self.photos[number]:
            self.photos[number] += 1
            note = f"{before}；{note}" if before else note
            self.entered[number] = (value, reading, note)
            data = picture(self.chance.randint(0, 65535))
            return await self.does(self.phone.sends_photo(data, caption=note.removeprefix(f"{before}；")))
        self.entered[number] = (value, reading, note)
        return await self.does(self.phone.says(note))

    async def _point(self, number: int, labels: list[str]) -> None:
        point, chance = self.points[number], self.chance
        how = rules.kind(point.answer)
        if "➖ 不适用" in labels and chance.random() < 0.2:
            self.entered[number] = ("na", "", "")
            return await self.does(self.phone.presses("➖ 不适用"))
        if how.name == "number":
            reading = chance.choice(("5", "7.5", "9", "1"))
            self.entered[number] = ("yes" if reading in ("5", "7.5") else "no", f"{reading} ℃", "")
            return await self.does(self.phone.says(reading if chance.random() < 0.5 else f"{number} {reading}"))
        if how.name == "choice":
            reading = chance.choice(how.choices)
            self.entered[number] = ("no" if reading in how.failing else "yes", reading, "")
            if chance.random() < 0.5:
                return await self.does(self.phone.presses(reading))
            return await self.does(self.phone.says(reading))
        if how.name == "text" and chance.random() < 0.5:
            self.entered[number] = ("yes", "屋后另有仓库", "")
            return await self.does(self.phone.says("屋后另有仓库"))
        if how.name == "sample" or (how.name == "yes_no" and point.min_sample):
            sampled, failed = max(1, point.min_sample) + chance.randint(0, 3), chance.choice((0, 0, 1))
            self.entered[number] = ("no" if failed else "yes", f"{sampled}/{failed}", "")
            return await self.does(self.phone.says(f"{sampled}/{failed}" if failed else str(sampled)))
        if chance.random() < 0.75:
            self.entered[number] = ("yes", "", "")
            if chance.random() < 0.5:
                return await self.does(self.phone.presses("✅ 符合"))
            return await self.does(self.phone.says(f"{number} 符合"))
        if chance.random() < 0.5:
            self.entered[number] = ("no", "", "")
            return await self.does(self.phone.presses("❌ 不符合"))
        note = f"写在一起 {chance.randint(0, 999)}"
        self.entered[number] = ("no", "", note)
        return await self.does(self.phone.says(f"{number} 不符合 {note}"))


async def confirmed(phone: Phone) -> None:
    """The partner signs too."""
    await phone.presses("确认签名", within=60)
    await phone.sees("已提交", button="检查记录")


async def printed(phone: Phone, entered: dict[int, tuple[str, str, str]]) -> None:
    """The record as a PDF, complete: its text holds every reading and every note."""
    await phone.presses("检查记录")
    message = await phone.sees("检查记录表")
    assert message.document
    text = text_of(message.document)
    for _, reading, note in entered.values():
        assert tight(reading) in text
        assert tight(note) in text


@pytest.mark.timeout(300 + 30 * VISITS)
async def test_random_walks_end_in_the_record_of_what_was_entered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(SEED)
    async with Telegram(token=TOKEN) as telegram:
        process = Process(telegram, tmp_path)
        await asyncio.to_thread(put_database, process.folder / "data")
        database = Database(process.database)
        async with database.write() as session:
            await town_of_walks(session, datetime.now(process.zone), VISITS)
            visits = list(await session.scalars(select(Visit).order_by(Visit.position)))
        await database.close()
        phones = {}
        for number in range(INSPECTORS):
            phone = telegram.phone(f"巡查{number:02}", user_id=2000 + number, language="zh-hans")
            phone.chat.started = True
            phones[phone.name] = phone
        await process.start()
        steps = 0
        try:
            await process.ready()
            for visit in visits:
                first, second = (phones[seat.person.name] for seat in visit.seats if seat.person)
                kill_at = chance.randint(2, 12) if chance.random() < KILL else 0
                walker = Walker(first, visit.subject.name, visit.points, process, chance, kill_at)
                await walker.walks()
                await confirmed(second)
                await recorded(process, visit.id, walker)
                if visit.position % PRINTED == 0:
                    await printed(second, walker.entered)
                steps += walker.steps
        finally:
            assert await process.stop() == 0
        async with process.look() as session:
            assert not list(await session.scalars(select(Inbox).where(Inbox.done_at.is_(None) | (Inbox.error != ""))))
        assert "Traceback" not in process.logs, process.logs[-3000:]
        with capsys.disabled():
            lists = len({visit.parts[0].checklist_id for visit in visits})
            print(f"\n{len(visits)} visits through {lists} checklists, {steps} acts, {process.kills} kills")


async def recorded(process: Process, visit_id: int, walker: Walker) -> None:
    """What stands in the database is what was entered; nothing more, nothing less."""
    async with process.look() as session:
        visit = await session.get_one(Visit, visit_id)
        assert visit.state == "submitted"
        found = {number: (one.value, one.reading, one.note) for number, one in visit.standing.items()}
        record = (await session.scalars(select(Record).where(Record.visit_id == visit_id))).one()
        photos = Counter(visit.numbers[one.point_id] for one in visit.evidence if one.point_id)
    assert found == {number: walker.entered[number] for number in found}
    assert found.keys() == visit.asked.keys()
    assert photos == walker.photos
    written = {one["number"]: (one["answer"], one["reading"], one["note"]) for one in record.content["points"]}
    assert written == found
    assert record.hash == hexhash(canonical(record.content))
