"""A small city in which everything that must not be seen is planted, and the register served over it.

Long, because it is one city: each test relies on what the others plant.
"""

import html
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy.ext.asyncio import AsyncSession

import web
from models.database import Database
from models.draws import Draw, DrawEntry, DrawFile, Witness
from models.items import Checklist, Item, Point
from models.people import Area, Organ, Person
from models.plans import Task, TaskItem
from models.publication import Publication
from models.ratings import RatingKey
from models.subjects import Subject
from models.visits import Answer, Evidence, Part, Seat, SeatRefusal, Visit
from rules import blind
from rules.draw import canonical

Client = TestClient[Any, Any]
NOW = datetime(2026, 12, 8, 2, 21, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
NOODLES = "92330782MA2E000015"
TRADER = "91330782MA2E00002X"
SEALED = "91330782MA2E00003P"
PERSON = "ZJ-0007"
IDENTITY = "330782199001011234"
GENUINE, EARLY, DONE = "genuine-visit-token-1", "early-visit-token-22", "done-visit-token-333"
POOL = [b"92330782MA2E000015\tA\t1\tx\t", b"91330782MA2E00002X\tA\t1\tx\t"]
PRIVATE = (
    *("机密联系人", "13900009999", "乙丙信用", "密旗", "机密检查员", "机密搭档", "机密主管", "机密见证人"),
    *("13800008888", "工号330700", "机密回避理由", "机密笔记", "telegram-secret", "机密法规司", IDENTITY),
    *("欧阳机密", "未亮底牌", "11" * 32, "22" * 32, "机密退回", "a41f" * 16),
)


def commitment(sequence: int, previous: bytes | None, task: str, **entropy: Any) -> bytes:
    return canonical(
        {
            "version": 1,
            "authority": "金华市市场监督管理局",
            "task": task,
            "sequence": sequence,
            "previous": sha256(previous).hexdigest() if previous else "0" * 64,
            "pool": {"root": "ab" * 32, "size": 1284, "strata": [{"name": "A", "size": 1284, "quota": 96}]},
            "inspectors": {"root": "cd" * 32, "size": 143},
            "recusals": "ef" * 32,
            "rules": {
                "slots": [{"organ": "市场监管", "qualified": True}, {"organ": "市场监管", "qualified": False}],
                "cap": 30,
                "neighbours": [],
                "reserves": 3,
            },
            "secret_hash": "09" * 32,
            "entropy": entropy or {"kind": "witness", "witnesses": ["联席会议办公室", "公证处"]},
            "committed_at": "2026-12-01T01:00:00Z",
        }
    )


CONTRIBUTIONS = [
    {"witness": "联席会议办公室", "text": "春江水暖 <b>7</b>"},
    {"witness": "公证处", "text": "20261201-4471"},
]
CERTIFICATE = canonical(
    {
        "version": 1,
        "entropy": {"kind": "witness", "contributions": CONTRIBUTIONS},
        "visits": [],
        "reserves": [],
        "secret": "33" * 32,
    }
)


@cache
def rating_key() -> tuple[str, str]:
    """A key of primes that are known to all: to look for secret ones takes seconds (`tests/rules/test_blind` does)."""
    p, q = (3 << 1022) + 1037, (3 << 1022) + 1697
    return f"{p * q:x}", f"{pow(blind.EXPONENT, -1, (p - 1) * (q - 1)):x}"


async def build(session: AsyncSession) -> None:
    session.add(Area(code="330700", name="金华市"))
    session.add(Area(code="330782", name="义乌市", parent="330700"))
    await session.flush()
    session.add(Organ(id=1, name="义乌市市场监督管理局", department="市场监管", area_code="330782"))
    session.add(Organ(id=2, name="义乌市公证处", department="公证", area_code="330782"))
    await session.flush()
    people = [("机密检查员", "浙ZJ0012345", date(2028, 3, 1)), ("机密搭档", "浙ZJ0054321", date(2026, 1, 31))]
    people += [("机密主管", "", None), ("机密见证人", "", None)]
    for number, (name, certificate, until) in enumerate(people, 1):
        session.add(
            Person(
                id=number,
                staff_no=f"工号330700{number}",
                name=name,
                organ_id=1 if number < 4 else 2,
                area_code="330782",
                roles=("inspector",) if number < 3 else ("supervisor",),
                certificate=certificate,
                certificate_until=until,
                phone="13800008888",
            )
        )
    session.add(Checklist(id=1, name="餐饮", points=[Point(id=1, number=1, text="许可证有效")]))
    await session.flush()
    session.add(
        Item(
            id=1,
            code="AMR-1",
            name="餐饮服务食品安全",
            department="市场监管",
            kind="key",
            basis="《食品安全法》第一百一十条",
            content="许可、场所、人员、原料",
            valid_from=date(2026, 1, 1),
            checklist_id=1,
        )
    )
    await session.flush()
    for number, (name, ends) in enumerate(
        [("2026年餐饮服务食品安全抽查", date(2026, 12, 18)), ("旧任务", date(2026, 3, 2))], 1
    ):
        session.add(
            Task(
                id=number,
                number=f"33078220261201100{number}",
                name=name,
                organ_id=1,
                items=[TaskItem(position=0, item_id=1, organ_id=1)],
                area_code="330782",
                ratio=Decimal("7.5"),
                starts=date(2026, 3, 1),
                ends=ends,
                created_by=3,
                created_at=NOW,
            )
        )
    subjects = [
        (NOODLES, "义乌市稠城老街面馆", "individual", "稠城街道工人西路12号"),
        (TRADER, "义乌市诚信<贸易>有限公司", "enterprise", "福田街道1号"),
        (SEALED, "义乌市尚在封存食品厂", "enterprise", "北苑街道9号"),
        (PERSON, "欧阳机密", "person", "机密法规司宿舍"),
        (IDENTITY, "欧阳机密", "person", "机密法规司宿舍"),
    ]
    for number, (code, name, kind, address) in enumerate(subjects, 1):
        session.add(
            Subject(
                id=number,
                code=code,
                name=name,
                kind=kind,
                area_code="330782",
                address=address,
                credit_class="乙丙信用",
                flags=("密旗",),
                contact="机密联系人",
                phone="13900009999",
                updated_at=NOW,
            )
        )
    await session.flush()
    session.add(RatingKey(organ_id=1, quarter="2026Q4", modulus=rating_key()[0], secret=rating_key()[1]))
    await _draws(session)
    await _visits(session)
    await _publish(session)


async def _draws(session: AsyncSession) -> None:
    previous: bytes | None = None
    states = [(1, "opened", 1), (2, "sealed", 1), (3, "void", 1), (5, "committed", 2), (6, "committed", 1)]
    for sequence, state, task in states:
        made = commitment(sequence, previous, f"33078220261201100{task}")
        if sequence == 6:
            made = commitment(6, previous, "t", kind="drand", chain="00" * 32, round=20791007)
        drawn = state in ("opened", "sealed")
        session.add(
            Draw(
                id=sequence,
                sequence=sequence,
                task_id=task,
                state=state,
                commitment=made,
                certificate=CERTIFICATE if drawn else None,
                secret=b"\x11" * 32,
                pool_key=b"\x22" * 32,
                committed_at=NOW,
                drawn_at=NOW if drawn else None,
                opened_at=NOW if state == "opened" else None,
                void_reason="对象库录入有误" if state == "void" else "",
                supervisor_id=3,
                witnesses=[
                    Witness(
                        position=0, person_id=4, name="联席会议办公室", contribution="未亮底牌", contributed_at=NOW
                    ),
                    Witness(position=1, person_id=3, name="公证处", contribution=None),
                ],
            )
        )
        await session.flush()
        for part, line in enumerate(POOL):
            session.add(DrawFile(draw_id=sequence, name="pool.tsv", part=part, body=line))
        session.add(DrawFile(draw_id=sequence, name="inspectors.tsv", part=0, body=b"I0123\t..."))
        session.add(
            DrawEntry(
                draw_id=sequence,
                number=1,
                content={
                    "kind": "leave",
                    "subject": SEALED if state == "sealed" else NOODLES,
                    "at": "2026-12-02T00:00:00Z",
                },
                hash=f"{sequence}e" * 32,
            )
        )
        previous = made


async def _visits(session: AsyncSession) -> None:
    planted = [(1, 1, 1, "published", DONE), (2, 2, 1, "started", GENUINE), (3, 3, 2, "drawn", EARLY)]
    planted += [(4, 4, 1, "published", "natural-person-token"), (5, 5, 1, "published", "identity-number-token")]
    for number, subject, draw, state, token in planted:
        session.add(
            Visit(
                id=number,
                task_id=1,
                subject_id=subject,
                draw_id=draw,
                parts=[Part(position=0, item_id=1, checklist_id=1)],
                origin="random",
                public_id=f"p{number}",
                position=number - 1,
                state=state,
                token=token,
                due=date(2026, 12, 18),
                started_at=None if state == "released" else NOW,
                submitted_at=NOW if state == "published" else None,
                result="correction",
                returned_because="机密退回",
                seats=[
                    Seat(
                        number=n,
                        slot=n,
                        department="市场监管",
                        qualified=n == 0,
                        person_id=n + 1,
                        mode="own",
                        state="accepted",
                    )
                    for n in range(2)
                ],
                answers=[Answer(point_id=1, value="no", note="机密笔记", person_id=1, at=NOW)],
                evidence=[
                    Evidence(
                        sha256="a41f" * 16,
                        size=1,
                        media="image/jpeg",
                        telegram_file="telegram-secret",
                        person_id=1,
                        at=NOW,
                    )
                ],
            )
        )
    await session.flush()
    session.add(SeatRefusal(visit_id=1, person_id=3, kind="recusal", reason="机密回避理由", at=NOW))


async def _publish(session: AsyncSession) -> None:
    told = [(4, 1, "clean"), (5, 1, "pending"), (1, 1, "clean"), (1, 2, "correction")]
    for visit, version, result in told:
        session.add(
            Publication(
                visit_id=visit,
                version=version,
                result=result,
                checked_on=date(2026, 12, 7),
                published_at=NOW,
                approved_by=3,
            )
        )
        await session.flush()


async def serve(database: Database, **changed: Any) -> Client:
    settings: dict[str, Any] = {
        "zone": ZONE,
        "now": lambda: NOW,
        "authority": "金华市市场监督管理局",
        "public_url": "http://127.0.0.1",
        "bot_username": "suicha_bot",
    }
    client = TestClient(TestServer(web.application(database, **(settings | changed))))
    await client.start_server()
    return client


async def read(client: Client, address: str, status: int = 200, **headers: str) -> str:
    """A page as people read it: entities turned into characters."""
    response = await client.get(address, headers=headers)
    assert response.status == status, (address, response.status)
    return html.unescape(await response.text())
