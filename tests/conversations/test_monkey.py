"""People who press whatever they see and type whatever comes to mind: nothing that is offered may end in an apology.

`MONKEYS=5000` in the environment for the long run, `SEED` for another one.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select

import handlers
from bot.settings import Settings
from jobs import SCHEDULE
from models.mail import Inbox, Outbox
from simulator import Phone
from tests.conversations.conftest import Clock, Town
from tests.conversations.test_campaign import photo, released
from tests.conversations.test_corrections import all_departments
from tests.conversations.test_faults import APOLOGY

ACTS = int(os.environ.get("MONKEYS", "300"))
SEED = int(os.environ.get("SEED", "48151623"))
A_DAY = 60  # acts
SHOWN = 6  # the newest messages of a phone, whose buttons are pressed
TYPED = (
    "理由是店铺搬走了", "5", "12", "明天", "12月8日", "7.5%", "3-6月", "名称 春季检查", "全部符合", "余下 符合",
    "2 不符合 过期", "第3面馆", "义乌市第5面馆", "92330782MA2TEST004", "提交", "到场", "返回", "取消", "结果 1",
    "限期 10", "处理 当场改正", "12345热线，202611300017，夜间油烟扰民", "李四", "拒签 不认 见证人 李四",
    "别人猜不到的一句话 48151623", "材料 全部",
)  # fmt: skip


@pytest.fixture
async def town(settings: Settings, clock: Clock) -> AsyncIterator[Town]:
    async with all_departments(settings, clock) as found:
        yield found


def buttons(phone: Phone) -> list[tuple[int, str, str]]:
    """What can be pressed on a phone: message, data and label."""
    return [
        (message.id, one["callback_data"], one["text"])
        for message in phone.messages[-SHOWN:]
        for row in message.keyboard
        for one in row
        if "callback_data" in one
    ]


def verb(data: str) -> str:
    return data.partition(":")[0]


async def act(phone: Phone, chance: random.Random, pressed: Counter[str]) -> str:
    """Somebody does something, and rather what was seldom done; what."""
    offered, dice = buttons(phone), chance.random()
    if offered and dice < 0.75:
        ((message, data, label),) = chance.choices(offered, [1 / (1 + pressed[verb(data)]) for _, data, _ in offered])
        pressed[verb(data)] += 1
        await phone.taps(message, data)
        return f"{phone.name} [{label}] {data}"
    if dice < 0.82 or not offered:
        said = f"/{chance.choice(sorted(handlers.COMMANDS))}"
    elif dice < 0.86:
        await phone.sends_photo(photo(chance.choice(("red", "green", "blue"))))
        return f"{phone.name} (照片)"
    else:
        said = chance.choice(TYPED)
    await phone.says(said)
    return f"{phone.name} {said}"


async def a_day_passes(town: Town) -> None:
    town.clock.moves_to(town.clock().replace(hour=9, minute=30) + timedelta(days=1))
    for tick, _ in SCHEDULE:
        await tick(town.app.database, town.clock())


@pytest.mark.timeout(7200)
async def test_whatever_is_offered_is_done_or_refused_in_words(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(SEED)
    await released(town)
    pressed, wrong = Counter[str](), list[str]()
    for number in range(ACTS):
        phone = town[chance.choice(sorted(town.phones))]
        done = await act(phone, chance, pressed)
        await phone.settles(quiet=0)
        if APOLOGY in phone.messages[-1].text:
            wrong.append(done)
        if number % A_DAY == A_DAY - 1:
            await a_day_passes(town)
    failed = await town.rows(select(Inbox).where(Inbox.error != ""))
    parked = await town.rows(select(Outbox).where(Outbox.outcome == "parked"))
    with capsys.disabled():
        print(f"\n{ACTS} acts, {len(pressed)} kinds of buttons, apologies after {wrong}")
    assert not failed
    assert not [(one.kind, one.error) for one in parked]
