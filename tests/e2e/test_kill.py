"""The power goes off twenty times in the middle of a visit, and nothing that anybody entered is lost or doubled.

`KILLS=200` in the environment: ten such visits, with kills at other points in each.
Long, because whoever plays the inspector must remember all that was said.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from bot.evidence import Evidence as Store
from models.database import Database
from models.journal import JournalEntry
from models.leads import Lead
from models.mail import Inbox, Outbox
from models.visits import Answer, Evidence, Visit
from simulator import Message, Phone, Telegram
from tests.conversations.conftest import put_database
from tests.e2e.judge import SENDS, is_well, told
from tests.e2e.town import TOKEN, Process, people_of, released_town, visit_of

POINTS = 20
WITH_PHOTO = (2, 6, 11, 17)
BY_TYPING = (4, 13, 19)
KILLS = 20  # in one visit
VISITS = max(1, int(os.environ.get("KILLS", "0")) // KILLS)
KILLS_AT_THE_END = 4  # of them, one each: signature, confirmation, lead, its acceptance
LATEST = 0.4  # seconds after an act
PATIENCE = 8.0  # seconds until somebody presses again
SEED = 48151623


def picture(number: int) -> bytes:
    """A photo that is unlike any other."""
    drawn = io.BytesIO()
    Image.new("RGB", (320, 240), (number * 12 % 256, 90, 200 - number)).save(drawn, "JPEG")
    return drawn.getvalue()


def finding(number: int) -> str:
    return f"第{number}处：消毒记录缺 {number} 天 <b>&"


@dataclass
class Trouble:
    """Kills the process now and then, and starts it again at once, as a supervisor of processes does."""

    process: Process
    chance: random.Random
    left: int = KILLS - KILLS_AT_THE_END
    recent: bool = False

    async def perhaps(self, *, surely: bool = False) -> None:
        self.recent = surely or (self.left > 0 and self.chance.random() < 0.5)
        if not self.recent:
            return
        if not surely:
            self.left -= 1
        await asyncio.sleep(self.chance.uniform(0, LATEST))
        await self.process.kill()
        await self.process.start()


@dataclass
class Inspector:
    """Somebody who looks at the screen and does what is next there."""

    phone: Phone
    visit: str
    trouble: Trouble
    sent: set[int]  # points whose photo was sent, by whomever of the two
    again: Counter[str] = field(default_factory=Counter)
    looked: bool = False

    def card(self) -> Message | None:
        """The message with buttons that changed last."""
        cards = [one for one in self.phone.messages if one.from_bot and one.buttons]
        return max(cards, key=lambda one: one.revision, default=None)

    @property
    def signed(self) -> bool:
        card = self.card()
        return bool(card and self.visit in card.text and re.search("您已签名|已提交", card.text))

    async def acts(self) -> None:
        """One thing, an answer to it, and perhaps a power cut in between."""
        await answered(self.phone, self._next, self.trouble, self.again)

    async def _next(self) -> object:
        card = self.card()
        labels = card.labels if card else []
        text = card.text if card else ""
        for label in ("确认签名", "签名提交", "我已到场", "开始检查", "逐户查看", "继续检查"):
            if label in labels:
                return await self.phone.presses(label)
        if "拒绝签字" in labels:
            return await self.phone.says("拒签 老板不肯 见证人 李四")
        if "✅ 符合" in labels and (found := re.search(r"(\d+)/20", text)):
            return await self._point(int(found[1]))
        if "改答案" in labels and (found := re.search(r"第 (\d+) 项不符合", text)):
            number = int(found[1])
            if number in self.sent and not self.looked:  # look again before sending anything twice
                self.looked = True
                return await self.phone.says("/tasks")
            self.looked = False
            self.again["photo"] += number in self.sent
            self.sent.add(number)
            return await self.phone.sends_photo(picture(number), caption=finding(number))
        if open_ := next((label for label in labels if self.visit in label), None):
            return await self.phone.presses(open_)
        return await self.phone.says("/tasks")

    async def _point(self, number: int) -> object:
        if number in BY_TYPING:
            return await self.phone.says(f"{number} 不符合 {finding(number)}")
        return await self.phone.presses("❌ 不符合" if number in WITH_PHOTO else "✅ 符合")


async def answered(
    phone: Phone,
    act: Callable[[], Awaitable[object]],
    trouble: Trouble,
    again: Counter[str],
    *,
    until: str = "",
    surely: bool = False,
) -> None:
    """Do something until there is an answer to it: people press again, or ask where they are."""
    for attempt in range(4):
        before = phone.world.revision
        if attempt:
            again["pressed"] += 1
            await phone.says("/start")
        else:
            await act()
            await trouble.perhaps(surely=surely)

        def news(since: int = before) -> bool | None:
            seen = [one for one in phone.messages if one.from_bot and one.revision > since and until in one.text]
            return True if seen else None

        if await phone.world.until(news, PATIENCE):
            await phone.settles(quiet=0.5 if trouble.recent else 0.1)
            return
    raise AssertionError(f"{phone.name} gets no answer\n{phone.screen()}\n{trouble.process.logs[-3000:]}")


async def prepared(process: Process) -> str:
    """The database before the first start; the name of the shop of the first visit."""
    await asyncio.to_thread(put_database, process.folder / "data")
    database = Database(process.database)
    async with database.write() as session:
        await released_town(session, datetime.now(process.zone), points=POINTS, without_photo=BY_TYPING)
        name: str = (await visit_of(session)).subject.name
    await database.close()
    return name


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", range(SEED, SEED + VISITS))
async def test_twenty_kills_lose_nothing_and_double_nothing(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Telegram(token=TOKEN) as telegram:
        process = Process(telegram, tmp_path)
        shop = await prepared(process)
        phones = people_of(telegram)
        trouble = Trouble(process, random.Random(seed))
        async with process.look() as session:
            visit = await visit_of(session)
            names = [seat.person.name for seat in visit.seats if seat.person]
        again: Counter[str] = Counter()
        sent: set[int] = set()
        pair = [Inspector(phones[name], shop, trouble, sent, again) for name in names]
        await process.start()
        try:
            for one in pair:
                await one.phone.sees("您被抽中检查")
            await the_visit(process, pair, again)
            await the_lead(process, pair[0], phones["陈消防"], again)
            await phones["赵主管"].sees("待审核", button="通过并公示")
            await told(process.look)
            await process.ready()
        finally:
            code = await process.stop()
        assert code == 0
        assert process.kills == KILLS
        await answers_are_as_entered(process, visit.id)
        await evidence_is_as_sent(process, telegram, visit.id)
        extra, notices = await notices_arrived(process, telegram)
        assert not telegram.pending
        await is_well(process)
        assert TOKEN not in process.logs
        assert "Traceback" not in process.logs, process.logs[-4000:]
        starts = sorted(process.starts)
        assert starts[0] < 5
        with capsys.disabled():
            print(
                f"\n{process.kills} kills: {notices} notices, {extra} told twice; "
                f"pressed again {again['pressed']} times, sent a photo again {again['photo']} times; "
                f"start takes {starts[0]:.2f} s at best, "
                f"{starts[len(starts) // 2]:.2f} s in the middle, {starts[-1]:.2f} s at worst"
            )


async def the_visit(process: Process, pair: list[Inspector], again: Counter[str]) -> None:
    """Two people walk one checklist, each on their own phone, until one of them can sign; then both do."""
    trouble = pair[0].trouble
    for turn in range(400):
        one = pair[trouble.chance.random() < 0.5] if turn > 3 else pair[turn % 2]
        card = one.card()
        if card and "签名提交" in card.labels:
            break
        await one.acts()
    else:
        raise AssertionError(f"they never came to the end\n{pair[0].phone.transcript()}")
    while trouble.left:  # what was not used up on the way
        await answered(one.phone, lambda: one.phone.says("/start"), trouble, again)
    other = next(other for other in pair if other is not one)
    await answered(one.phone, lambda: one.phone.says("签名提交"), trouble, again, until="您已签名", surely=True)
    await other.phone.presses("确认签名", within=60)
    before = process.kills
    await trouble.perhaps(surely=True)
    assert process.kills == before + 1
    for _ in range(3):
        if await other.phone.world.until(lambda: True if other.signed else None, PATIENCE):
            return
        again["pressed"] += 1
        await other.phone.says("/tasks")
    raise AssertionError(f"not handed in\n{other.phone.screen()}")


async def the_lead(process: Process, one: Inspector, liaison: Phone, again: Counter[str]) -> None:
    """A lead goes over and is taken, each with a power cut."""
    phone, trouble = one.phone, one.trouble
    trouble.recent = False
    for act, until in (
        (lambda: phone.says("/start"), one.phone.name),
        (
            lambda: phone.presses_old("移送线索") if not shown(phone, "移送线索") else phone.presses("移送线索"),
            "移送到哪里",
        ),
        (lambda: phone.presses("消防救援"), "用一句话说明"),
        (lambda: phone.says("后厨疏散通道堆放气瓶"), "后厨疏散通道堆放气瓶"),
    ):
        await answered(phone, act, trouble, again, until=until)
    await answered(phone, lambda: phone.presses("发送"), trouble, again, until="已移送", surely=True)
    await liaison.presses("签收", within=60)
    await trouble.perhaps(surely=True)
    await liaison.sees("已签收，办理期限")
    await phone.sees("已签收")


def shown(phone: Phone, label: str) -> bool:
    return any(label in message.labels for message in phone.messages)


async def answers_are_as_entered(process: Process, visit_id: int) -> None:
    async with process.look() as session:
        answers = list(await session.scalars(select(Answer).where(Answer.visit_id == visit_id)))
        entries = list(await session.scalars(select(JournalEntry).where(JournalEntry.verb == "answer")))
        left = list(await session.scalars(select(Inbox).where(Inbox.done_at.is_(None) | (Inbox.error != ""))))
        leads = list(await session.scalars(select(Lead)))
        visit = await session.get_one(Visit, visit_id)
        assert visit.state == "submitted"
        assert all(seat.signed_at for seat in visit.seats)
    failed = {*WITH_PHOTO, *BY_TYPING}
    wanted = {n: ("no", finding(n)) if n in failed else ("yes", "") for n in range(1, POINTS + 1)}
    assert {answer.point.number: (answer.value, answer.note) for answer in answers} == wanted
    assert len(answers) == POINTS
    entered = Counter(int(number) for entry in entries for number in entry.after)
    twice = {*WITH_PHOTO}  # pressed, then described
    assert entered == {n: 2 if n in twice else 1 for n in range(1, POINTS + 1)}
    assert not left
    assert [(lead.text, lead.state) for lead in leads] == [("后厨疏散通道堆放气瓶", "accepted")]


async def evidence_is_as_sent(process: Process, telegram: Telegram, visit_id: int) -> None:
    async with process.look() as session:
        visit = await session.get_one(Visit, visit_id)
        numbers = visit.numbers
        kept = list(await session.scalars(select(Evidence).where(Evidence.visit_id == visit_id)))
    assert sorted(numbers.get(one.point_id or 0, 0) for one in kept) == list(WITH_PHOTO)
    store = Store((process.folder / "data" / "evidence").as_uri())
    for one in kept:
        data = await store.read(one.sha256)
        assert hashlib.sha256(data).hexdigest() == one.sha256
        assert len(data) == one.size
        assert data == telegram.world.files.read(telegram.world.files.get(one.telegram_file))
    assert len({one.sha256 for one in kept}) == len(WITH_PHOTO)


async def notices_arrived(process: Process, telegram: Telegram) -> tuple[int, int]:
    """Each at least once, and at most once more than there were kills; how many were too many, and how many in all."""
    async with process.look() as session:
        notices = list(await session.scalars(select(Outbox)))
    assert {one.outcome for one in notices} <= {"sent", "dropped"}
    sent = [one for one in notices if one.outcome == "sent"]
    kinds = {one.kind for one in sent}
    assert {"visits.drawn", "visits.review", "leads.new", "leads.accepted"} <= kinds
    promised = Counter((one.chat_id, one.text) for one in sent)
    arrived = Counter(
        (int(call.params["chat_id"]), call.params.get("text", call.params.get("caption")))
        for call in telegram.calls
        if call.method in SENDS and call.result
    )
    extra = 0
    for told_, times in promised.items():
        number = arrived[(told_[0], told_[1])]
        assert times <= number <= times * (1 + process.kills), told_
        extra += number - times
    assert all(one.created_at < datetime.now(process.zone) + timedelta(hours=1) for one in sent)
    return extra, len(sent)
