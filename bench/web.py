"""Measures the public pages beside a bare handler, and the search of a city, in one run (python bench/web.py).

Needs wrk. The server is held to the first core, wrk to the second. `--subjects 0` leaves the search out; with
`--database postgresql://…` the city is built in an empty database there, else in a file of SQLite.
"""

import argparse
import asyncio
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[1]))

from aiohttp import web as aiohttp_web
from sqlalchemy import insert

import web
from actions.areas import ensure_areas
from models import subject_search
from models.database import Database
from models.subjects import Subject
from models.tables import Base

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 12, 8, 2, 21, tzinfo=UTC)
PLACES = ("义乌市", "东阳市", "永康市", "兰溪市", "浦江县", "武义县", "磐安县", "金华市婺城区", "金华市金东区")
FIRST = "诚信德福鑫隆瑞祥和泰安康恒盛昌达兴旺明华永丰源顺通广聚宝润佳美嘉禾锦绣东方新天地海洋星辰云山"
TRADES = ("餐饮", "贸易", "饰品", "针织", "五金", "电子商务", "食品", "服装", "物流", "机械", "面馆", "超市")
FORMS = ("有限公司", "商行", "经营部", "店", "厂", "专业合作社", "股份有限公司", "工作室")
PIECE = 5000
SHARE = 0.40  # of what the bare handler answers, at least
PATIENCE = 0.200  # seconds for 95 of 100 searches


def name(chance: random.Random) -> str:
    """A made-up name as they are there."""
    own = "".join(chance.choices(FIRST, k=chance.choice((2, 2, 3, 4))))
    return chance.choice(PLACES) + own + chance.choice(TRADES) + chance.choice(FORMS)


async def build(url: str, subjects: int) -> list[str]:
    """A city of subjects with its search index; some names of it."""
    database = Database(url)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    chance = random.Random(7)
    some = []
    async with database.write() as session:
        await ensure_areas(session)
    for start in range(0, subjects, PIECE):
        rows = [
            {
                "code": f"9{chance.randrange(1, 4)}3307{n:012d}",
                "name": name(chance),
                "kind": "enterprise",
                "area_code": "330782",
                "address": "",
                "industry": "",
                "credit_class": "",
                "flags": (),
                "status": "active",
                "contact": "",
                "phone": "",
                "updated_at": NOW,
            }
            for n in range(start, min(subjects, start + PIECE))
        ]
        some += [row["name"] for row in rows[:2]]
        async with database.write() as session:
            await session.execute(insert(Subject.__table__), rows)  # type: ignore[arg-type]
        async with database.write() as session:
            while await subject_search.catch_up(session):
                pass
    await database.close()
    return some


def asked(names: list[str], count: int) -> list[str]:
    """What people type: parts of names of every length, two words, codes and parts of them, what is not there."""
    chance = random.Random(11)
    made = []
    for _ in range(count):
        whole = chance.choice(names)
        length = chance.choice((2, 2, 3, 4, 5, 8))
        start = chance.randrange(0, max(1, len(whole) - length))
        code = f"9{chance.randrange(1, 4)}3307{chance.randrange(10**6):012d}"
        made.append(
            chance.choice(
                (
                    whole,
                    whole[start : start + length],
                    whole[start : start + length],
                    whole[start : start + length],
                    f"{whole[:3]} {whole[-4:]}",
                    f"{chance.choice(TRADES)} {chance.choice(FORMS)}",
                    chance.choice(FORMS),
                    code,
                    code[: chance.randrange(6, 18)],
                    "不存在的" + chance.choice(TRADES),
                )
            )
        )
    return made


def serve(url: str, port: int, fresh: float) -> None:
    """The register on a port, until it is ended."""
    database = Database(url)
    app = web.application(
        database,
        zone=ZONE,
        now=lambda: NOW,
        authority="金华市市场监督管理局",
        public_url=f"http://127.0.0.1:{port}",
        bot_username="",
        fresh=fresh,
    )
    aiohttp_web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


def serve_bare(path: str, port: int) -> None:
    """The same bytes from a handler that does nothing else."""
    body = Path(path).read_bytes()

    async def answer(_: aiohttp_web.Request) -> aiohttp_web.Response:
        return aiohttp_web.Response(body=body, content_type="text/html", charset="utf-8")

    app = aiohttp_web.Application()
    app.router.add_get("/", answer)
    aiohttp_web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


class Process:
    """A server of its own on the first core."""

    def __init__(self, port: int, *words: str) -> None:
        self.port = port
        command = ["taskset", "-c", "0", sys.executable, __file__, *words, "--port", str(port)]
        self.process = subprocess.Popen(command)
        for _ in range(600):
            try:
                self.get("/")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise TimeoutError("the server does not answer")

    def get(self, address: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{address}", timeout=60) as answer:
            return bytes(answer.read())

    @property
    def megabytes(self) -> float:
        """What the process holds in memory now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024

    def wrk(self, address: str, seconds: float) -> float:
        """Answers per second; fails if one was none."""
        target = f"http://127.0.0.1:{self.port}{address}"
        command = ["taskset", "-c", "1", "wrk", "-t1", "-c32", f"-d{seconds:g}s", target]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in told or "Socket errors" in told:
            raise SystemExit(told)
        return float(re.findall(r"Requests/sec:\s+([\d.]+)", told)[0])

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()


def pages(url: str, folder: Path, words: str, seconds: float, rounds: int) -> bool:
    """The home page and a page of results and of a search, kept, beside a bare handler of the same bytes."""
    good = True
    ours = Process(18080, "--serve", url, "--fresh", "3600")
    for title, address in (("home", "/"), ("results", "/results"), ("search", f"/?q={quote(words)}")):
        body = ours.get(address)
        file = folder / "page.html"
        file.write_bytes(body)
        bare = Process(18081, "--bare", str(file))
        ratios, rates, floors = [], [], []
        for round_ in range(rounds + 1):
            floor, rate = bare.wrk("/", seconds), ours.wrk(address, seconds)
            if round_:  # the first warms up
                floors.append(floor)
                rates.append(rate)
                ratios.append(rate / floor)
        bare.end()
        share = statistics.median(ratios)
        good &= share >= SHARE
        rate, floor = statistics.median(rates), statistics.median(floors)
        told = f"{len(body):7,} bytes: {rate:8,.0f}/s of {floor:8,.0f}/s bare"
        print(f"{title:8} {told}, {share:.0%} (at least {SHARE:.0%})")
    before, count = ours.megabytes, 0.0
    while count < 100_000:
        count += ours.wrk("/results", 5) * 5
    after = ours.megabytes
    print(f"memory   {before:.1f} MiB before, {after:.1f} MiB after {count:,.0f} requests")
    good &= after - before < 2
    ours.end()
    return good


def search(url: str, names: list[str], count: int) -> bool:
    """How long searches take, each asked for the first time."""
    ours = Process(18082, "--serve", url, "--fresh", "0")
    took = []
    sought = asked(names, count)
    for words in sought[:20]:
        ours.get(f"/?q={quote(words)}")
    for words in sought[20:]:
        start = time.perf_counter()
        ours.get(f"/?q={quote(words)}")
        took.append((time.perf_counter() - start, words))
    ours.end()
    took.sort()
    times = [one for one, _ in took]
    p95 = times[int(len(times) * 0.95)]
    slow = ", ".join(f"{words} {1000 * one:.0f}" for one, words in took[-3:])
    print(
        f"search   {len(times)} searches: median {1000 * statistics.median(times):.1f} ms, "
        f"p95 {1000 * p95:.1f} ms (at most {1000 * PATIENCE:.0f}), slowest {slow} ms"
    )
    return p95 <= PATIENCE


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, default=1_600_000)
    parser.add_argument("--searches", type=int, default=420)
    parser.add_argument("--database", default="")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", default="", help=argparse.SUPPRESS)
    parser.add_argument("--bare", default="", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--fresh", type=float, default=0, help=argparse.SUPPRESS)
    given: Any = parser.parse_args()
    if given.serve:
        serve(given.serve, given.port, given.fresh)
    elif given.bare:
        serve_bare(given.bare, given.port)
    else:
        if shutil.which("wrk") is None:
            raise SystemExit("wrk is not installed")
        with tempfile.TemporaryDirectory() as folder:
            url = given.database or f"sqlite:///{folder}/city.db"
            start = time.perf_counter()
            names = asyncio.run(build(url, given.subjects or 1000))
            print(
                f"city     {given.subjects or 1000:,} subjects with their index in {time.perf_counter() - start:.0f} s"
            )
            good = pages(url, Path(folder), names[0][:4], given.seconds, given.rounds)
            if given.subjects:
                good &= search(url, names, given.searches)
        return 0 if good else 1
    return 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main())
