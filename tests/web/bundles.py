"""Draws made by the rules themselves, put into the database as opened ones."""

import random
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import delete

from models.database import Database
from models.draws import Draw, DrawFile, Witness
from rules import bundles
from rules.draw import FIRST, canonical, draw, lines
from tests.web.city import NOW

Files = dict[str, bytes]
EXAMPLES = Path(__file__).parents[3] / "shared" / "draw"
AREAS = ("婺城区", "金东区", "义乌市", "东阳市", "永康市")
TAGS = ("drug", "equipment", "fire", "food", "𠮷", "\ufb01")  # the last two: UTF-16 would sort them the other way
WORDS = [
    {"witness": "联席会议办公室", "text": '春江水暖 "7"\\\n\u0001'},
    {"witness": "公证处", "text": "\U0001f600 20261201"},
]
RULES = {
    "slots": [{"organ": "市场监管", "qualified": True}, {"organ": "市场监管", "qualified": False}],
    "cap": 9,
    "neighbours": [
        {"area": "婺城区", "neighbours": ["金东区", "义乌市"]},
        {"area": "永康市", "neighbours": ["东阳市"]},
    ],
    "reserves": 3,
}


def code(number: int) -> str:
    return f"91{number:016d}"


def made(
    subjects: int = 400, quota: int = 12, staff: int = 24, previous: bytes | None = None, sequence: int = 1, **more: Any
) -> Files:
    """The files of an opened draw: strata A (alike), B (weights 1 to 3), C (order only), D (all of weight 2)."""
    chance = random.Random(subjects)
    some = lambda most: ",".join(sorted(chance.sample(TAGS, chance.randrange(most)), key=str.encode))  # noqa: E731
    pool, excluded = [], []
    for number in range(subjects):
        stratum = "C" if number % 80 == 5 else "B" if number % 5 == 1 else "D" if number % 5 == 2 else "A"
        weight = chance.randint(1, 3) if stratum == "B" else 2 if stratum == "D" else 1
        name = "~" + sha256(b"%d" % number).hexdigest()[:32] if number % 9 == 4 else code(10 * number)
        pool.append((name, stratum, weight, chance.choice(AREAS), some(3)))
        if number % 40 == 7:
            excluded.append((code(10 * number + 5), ("dead", "annual-cap", "hold", "merged")[number // 40 % 4]))
    inspectors = [
        (f"I{number:016x}", "市场监管", AREAS[number % 4], chance.randrange(3), some(6)) for number in range(staff)
    ]
    barred = {(one[0], chance.choice(inspectors)[0]) for one in chance.sample(pool, subjects // 4)}
    rows = {"pool.tsv": pool, "inspectors.tsv": inspectors, "recusals.tsv": barred, "excluded.tsv": excluded}
    files = {name: bundles.table(table) for name, table in rows.items()}
    tables = {name: lines(data) for name, data in files.items()}
    secret = sha256(b"secret").digest()
    fixed: dict[str, Any] = {
        "authority": "金华市市场监督管理局",
        "task": "330782202612011001",
        "sequence": sequence,
        "previous": sha256(previous).hexdigest() if previous else FIRST,
        "rules": RULES | {"cap": max(9, 8 * quota // staff)},
        "secret_hash": sha256(secret).hexdigest(),
        "entropy": {"kind": "witness", "witnesses": [one["witness"] for one in WORDS]},
        "committed_at": "2026-12-01T01:00:00Z",
        "remark": 2**70,
    }
    alike = sum(one[1] == "C" for one in pool)
    promised = bundles.commitment(tables, {"A": quota, "B": quota, "C": alike, "D": quota}, **(fixed | more))
    certificate = canonical(draw(promised, tables, secret, {"kind": "witness", "contributions": WORDS}))
    return {**files, "commitment.json": promised, "certificate.json": certificate}


def example(name: str) -> Files:
    return {path.name: path.read_bytes() for path in (EXAMPLES / name).iterdir()}


async def put(database: Database, files: Files, number: int) -> None:
    """Store files as the opened draw of a number, instead of what was there."""
    async with database.write() as session:
        for table in (DrawFile, Witness):
            await session.execute(delete(table).where(table.draw_id == number))
        await session.execute(delete(Draw).where(Draw.id == number))
        known = {"commitment": files["commitment.json"], "certificate": files["certificate.json"], "state": "opened"}
        moments = {"committed_at": NOW, "drawn_at": NOW, "opened_at": NOW}
        keys: dict[str, Any] = {"secret": b"", "pool_key": b"", "supervisor_id": 3, "task_id": 1}
        session.add(Draw(id=number, sequence=number, **known, **moments, **keys))
        await session.flush()
        for name in [name for name in files if name.endswith(".tsv")]:
            rows = files[name].split(b"\n") if files[name] else []
            step = max(7, len(rows) // 40)
            for part, start in enumerate(range(0, len(rows), step)):
                piece = b"\n".join(rows[start : start + step])
                session.add(DrawFile(draw_id=number, name=name, part=part, body=piece))
