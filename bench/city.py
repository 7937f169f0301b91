"""A city at work for the benches: people with chats, inspectors at their visits, and the product that serves them."""

from __future__ import annotations

import asyncio
import secrets
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from actions.areas import ensure_areas
from bot.app import running
from bot.logs import set_up
from bot.pace import Pace
from bot.settings import Settings
from models.draws import Draw, Witness
from models.items import Checklist, Item, Point
from models.people import Chat, Organ, Person
from models.plans import Task, TaskItem
from models.subjects import Subject
from models.visits import Part, Seat, Visit

ZONE = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 12, 2, 10, 0, tzinfo=ZONE)  # notices rest at night, whenever this runs
AREA, ORGAN = "330782", "义乌市市场监督管理局"
FIRST_READER, FIRST_TAPPER = 100_000, 5_000


def settings(folder: Path, telegram_url: str, **more: Any) -> Settings:
    """An installation in a folder that talks to the simulator."""
    return Settings(
        bot_token="123456:TEST",  # type: ignore[arg-type]
        data_dir=folder,
        bot_api_base_url=f"{telegram_url}/bot",
        bot_api_file_url=f"{telegram_url}/file/bot",
        log_level="ERROR",
        **more,
    )


async def serve(installation: Settings, scale: float = 1.0) -> None:
    """The product on a December morning, at the scaled pace, until it is ended."""
    set_up("ERROR")
    offset = DAY - datetime.now(ZONE)
    async with running(installation, lambda: datetime.now(ZONE) + offset) as app:
        app.sender.pace = Pace(scale)
        await asyncio.Event().wait()


async def settle(session: Any, readers: int, tappers: int, points: int) -> Person:
    """People to be told something, and inspectors each at a visit of so many points; their supervisor."""
    await ensure_areas(session)
    organ = Organ(name=ORGAN, department="市场监管", area_code=AREA)
    session.add(organ)
    await session.flush()
    shared = {"organ_id": organ.id, "area_code": AREA, "status": "active", "certificate": "浙G1", "phone": ""}
    valid = {"certificate_until": date(2028, 12, 31)}
    people = [
        {"id": 1, "staff_no": "S0", "name": "主管", "roles": ("supervisor",), "specialties": (), **shared, **valid},
        *(
            {"id": FIRST_READER + n, "staff_no": f"R{n}", "name": f"读者{n}", "roles": ("inspector",),
             "specialties": ("食品",), **shared, **valid}
            for n in range(readers)
        ),
        *(
            {"id": FIRST_TAPPER + n, "staff_no": f"T{n}", "name": f"检查员{n}", "roles": ("inspector",),
             "specialties": (), **shared, **valid}
            for n in range(2 * tappers)  # each with a partner, who does not tap
        ),
    ]  # fmt: skip
    await session.execute(insert(Person), people)
    chats = [*range(FIRST_READER, FIRST_READER + readers), *range(FIRST_TAPPER, FIRST_TAPPER + tappers)]
    rows = [{"id": one, "person_id": one, "language": "zh_CN", "bound_at": DAY} for one in chats]
    await session.execute(insert(Chat), rows)
    await _put_to_work(session, organ.id, tappers, points)
    supervisor: Person = await session.get_one(Person, 1)
    return supervisor


async def _put_to_work(session: Any, organ_id: int, tappers: int, points: int) -> None:
    """A task that was drawn, and for each inspector a visit that they have begun; visits are numbered from 1."""
    checklist = Checklist(name="餐饮服务食品安全")
    checklist.points = [Point(number=n, text=f"第 {n} 个检查要点", photo="never") for n in range(1, points + 1)]
    session.add(checklist)
    await session.flush()
    item = Item(
        code="F1", name="餐饮服务食品安全", department="市场监管", kind="key", valid_from=date(2026, 1, 1),
        checklist_id=checklist.id,
    )  # fmt: skip
    task = Task(
        number="330782202612011001", name="餐饮抽查", organ_id=organ_id, area_code=AREA, ratio=Decimal(10),
        starts=date(2026, 12, 1), ends=date(2026, 12, 31), created_by=1, created_at=DAY,
    )  # fmt: skip
    session.add_all((item, task))
    await session.flush()
    session.add(TaskItem(task_id=task.id, position=1, item_id=item.id, organ_id=organ_id))
    draw = Draw(
        sequence=1, task_id=task.id, state="sealed", commitment=secrets.token_bytes(4_000),
        certificate=secrets.token_bytes(200 * tappers), secret=b"", pool_key=b"", committed_at=DAY, drawn_at=DAY,
        released_at=DAY, supervisor_id=1,
    )  # fmt: skip
    draw.witnesses = [
        Witness(position=n, person_id=FIRST_TAPPER + n, name=f"检查员{n}", contribution="话", contributed_at=DAY)
        for n in range(2)
    ]
    session.add(draw)
    await session.flush()
    for n in range(tappers):
        subject = Subject(code=f"S{n}", name=f"第{n}面馆", area_code=AREA, address="工人西路", updated_at=DAY)
        session.add(subject)
        await session.flush()
        visit = Visit(
            task_id=task.id, subject_id=subject.id, draw_id=draw.id, origin="random", public_id=f"S{n}", position=n,
            state="started", token=f"t{n}", due=date(2026, 12, 18), started_at=DAY,
        )  # fmt: skip
        session.add(visit)
        await session.flush()
        session.add(Part(visit_id=visit.id, position=1, item_id=item.id, checklist_id=checklist.id))
        for number, person in enumerate((FIRST_TAPPER + n, FIRST_TAPPER + tappers + n), 1):
            session.add(
                Seat(visit_id=visit.id, number=number, slot=number, department="市场监管", qualified=True, mode="own",
                     person_id=person, state="accepted", arrived_at=DAY)
            )  # fmt: skip
    await session.flush()
