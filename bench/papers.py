"""Measures how long a person waits for a paper after the tap, beside Typst alone (python bench/papers.py).

A visit of thirty points with a finding and its photo is made in the chat, by two simulated phones, on SQLite. Then
the record is asked for again and again, while others work if `--busy` phones are told to; the other papers are
printed by the press. The floor is Typst setting one line with the same fonts.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import typst
from sqlalchemy import select

import documents
from bot.logs import set_up
from bot.settings import Settings
from models.documents import Record
from models.people import Person
from models.visits import Visit
from simulator import Phone
from tests.conversations.conftest import MONDAY, Clock, Town, free_port, settle_town, town_running
from tests.conversations.test_campaign import opened, photo, released, the_visit

POINTS = tuple(f"第 {number} 个检查要点：场所、设备、人员与台账是否符合规定" for number in range(1, 31))
PROMISE = 3.0  # seconds from the tap to the record on the phone


async def signed(town: Town) -> tuple[Visit, Phone]:
    """A visit of thirty points, one of them failed, handed in by both inspectors; the phone that has its record."""
    await released(town)
    visit, first, second = await the_visit(town)
    await opened(first, visit)
    await first.presses("开始检查")
    await first.presses("我已到场", within=10)
    await first.sees("1/30")
    await first.says("2 不符合 从业人员健康证明过期两人")
    await first.sees("再发一张照片")
    await first.sends_photo(photo())
    await first.sees("已收到")
    await first.says("余下 符合")
    await first.sees("查完了", button="拒绝签字")
    await first.says("拒签 老板不在 见证人 李四")
    await first.presses("签名提交", within=10)
    await second.presses("确认签名", within=60)
    await second.sees("已提交", button="检查记录")
    return visit, second


async def timed(rounds: int, act: Callable[[], Awaitable[object]]) -> list[float]:
    """How long each round took, in seconds; the first, which reads fonts, does not count."""
    took = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        await act()
        took.append(time.perf_counter() - began)
    return took[1:]


async def asked(phone: Phone) -> None:
    """One tap, until the paper is on the phone."""
    before = sum(1 for one in phone.messages if one.document)
    await phone.presses("检查记录")
    while not await phone.world.until(lambda: sum(1 for one in phone.messages if one.document) > before or None, 60):
        raise TimeoutError("no record comes")


async def works(phone: Phone) -> None:
    """Somebody who looks at the tasks again and again."""
    while True:
        await phone.says("/tasks")
        await phone.sees("待检查", within=60)


def floor(folder: Path) -> float:
    """Seconds that Typst takes for one line with our fonts, at the median of ten."""
    page = folder / "line.typ"
    took = []
    for number in range(11):
        page.write_text(f'#set text(font: "Noto Sans CJK SC")\n检查记录表 {number}')  # another each time: it remembers
        began = time.perf_counter()
        typst.compile(str(page), font_paths=documents._fonts(), ignore_system_fonts=True)
        took.append(time.perf_counter() - began)
    return statistics.median(took[1:])


async def measure(folder: Path, rounds: int, busy: int) -> dict[str, list[float]]:
    """Seconds of each round, by paper."""
    settings = Settings(bot_token="123456:TEST", data_dir=folder, port=free_port(), page_seconds=0)  # type: ignore[arg-type]
    async with town_running(settings, Clock(MONDAY), partial(settle_town, points=POINTS)) as town:
        visit, phone = await signed(town)
        row = (await town.rows(select(Record)))[0]
        person = (await town.rows(select(Person).where(Person.name == phone.name)))[0]
        press: Any = town.app.sender.press
        others = [
            asyncio.create_task(works(town[name])) for name in ("王强", "张伟", "李娜")[:busy] if name != phone.name
        ]
        found = {}
        orders = {"kind": "record", "id": row.id}, {"kind": "proof", "id": visit.id, "person": person.id}
        for order in orders:
            for language in ("zh_CN", "en"):
                name = f"{order['kind']}, printed, {language}"
                found[name] = await timed(rounds, partial(press.print, {**order, "language": language}))
        found["record, from the tap to the phone"] = await timed(rounds, partial(asked, phone))
        for one in others:
            one.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    return found


def main() -> None:
    """Print medians and worst rounds; exit code 1 if the promise is not kept."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--busy", type=int, default=2, help="phones that work meanwhile")
    given = options.parse_args()
    set_up("ERROR")
    with tempfile.TemporaryDirectory() as folder:
        base = floor(Path(folder))
        found = asyncio.run(measure(Path(folder) / "data", given.rounds, given.busy))
    print(f"Typst alone, one line: {base:.3f} s")
    for name, took in found.items():
        middle, worst = statistics.median(took), max(took)
        print(f"{name}: {middle:.3f} s in the middle, {worst:.3f} s at worst, {middle / base:.1f} × floor")
    kept = max(found["record, from the tap to the phone"]) < PROMISE
    print(f"a record within {PROMISE:.0f} s of the tap: {'yes' if kept else 'NO'}")
    sys.exit(not kept)


if __name__ == "__main__":
    main()
