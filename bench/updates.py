"""Measures how many updates a second are answered, and how soon, beside a bare echo bot (python bench/updates.py).

The floor is an echo bot of python-telegram-bot alone: no database, one message for each. Ours is a checklist answered
point by point: the update is kept, one transaction handles it, the tap is answered and the card changed. First
everybody taps again as soon as they are answered (full load), then taps come at half that rate (half load), each
timed from the moment it was due. The simulator is a process too, so besides the clock the processor's time of each
process is counted: on a machine of two cores all of them share it. With `--database postgresql://…` there is a row for
each number of `--processes`; their databases are made beside the one that is named.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import asyncpg
from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters

from bench.city import FIRST_TAPPER, settle
from bench.crowd import SECRET, Crowd, Doors, press, speak
from bot.migrate import migrate
from models.database import Database
from models.visits import Answer
from simulator import Telegram

ROOT = Path(__file__).parents[1]
SHARE = {"sqlite": 0.5, "postgresql": 0.7}  # of the floor, at least; on PostgreSQL with two processes
PATIENCE = 0.150  # seconds for 95 of 100 taps at half load
TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclass
class Busy:
    """What was measured of one kind of bot."""

    name: str
    full: list[float]  # seconds from the tap to its answer
    half: list[float]
    rate: float  # answers a second at full load
    spent: dict[str, float]  # milliseconds of the processor for an answer, by process


def processor(pids: list[int]) -> float:
    """The seconds that processes have had of the processor."""
    spent = 0.0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            spent += (int(fields[11]) + int(fields[12])) * TICK
    return spent


async def echo(url: str) -> None:
    """The floor, by polling: PTB's webhook needs one more library, and was slower."""

    async def answer(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message
        await update.message.reply_text(update.message.text or "")

    application = Application.builder().token("123456:TEST").base_url(f"{url}/bot").build()
    application.add_handler(MessageHandler(filters.TEXT, answer))
    async with application:
        assert application.updater
        await application.updater.start_polling()
        await application.start()
        await asyncio.Event().wait()


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.asynccontextmanager
async def started(
    telegram: Telegram, words: list[str], mode: str, processes: int = 1, **environment: str
) -> AsyncIterator[list[int]]:
    """Bots as processes of their own, reached by `mode`; their numbers."""
    ports = [free_port() for _ in range(processes)]
    children = [
        subprocess.Popen([sys.executable, *words], cwd=ROOT, env={**os.environ, **environment, "PORT": str(port)})  # noqa: ASYNC220
        for port in ports
    ]
    doors = None
    try:
        for port in ports:
            await listening(telegram, mode, port)
        if mode == "webhook":
            assert telegram._delivery
            telegram._delivery.cancel()  # which posts one after the other
            addresses = [f"http://127.0.0.1:{port}/telegram" for port in ports]
            doors = asyncio.create_task(Doors(telegram, addresses).run())
        yield [child.pid for child in children]
    finally:
        for child in children:
            child.send_signal(signal.SIGTERM)
        for child in children:
            await asyncio.to_thread(child.wait)
        if doors:
            doors.cancel()


async def listening(telegram: Telegram, mode: str, port: int) -> None:
    """Wait until a bot asks for updates, or can be reached and has said so."""
    world = telegram.world
    ready = (lambda: world.updates.poll or None) if mode == "polling" else lambda: world.updates.webhook.url or None
    assert await world.until(ready, 60), "the bot did not start"
    while mode == "webhook":
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.1)


async def measure(name: str, crowd: Crowd, pids: dict[str, list[int]], seconds: float) -> Busy:
    """Full load, then half of it; `pids` are those of the processes, by what they are."""
    before, answered = {part: processor(own) for part, own in pids.items()}, crowd.answered
    full, rate = await crowd.at_once(seconds)
    after, answered = {part: processor(own) for part, own in pids.items()}, crowd.answered - answered
    spent = {part: (after[part] - before[part]) * 1000 / answered for part in pids}
    half = await crowd.evenly(rate / 2, seconds)
    return Busy(name, full, half, rate, spent)


async def floor(people: int, seconds: float) -> Busy:
    """The echo bot."""
    async with Telegram() as telegram:
        phones = [telegram.phone(f"检查员{n}", FIRST_TAPPER + n) for n in range(people)]
        async with started(telegram, [__file__, "--echo", telegram.url], "polling") as pids:
            crowd = Crowd(telegram, phones, speak)
            return await measure("echo, polling, 1", crowd, {"bot": pids, "simulator": [os.getpid()]}, seconds)


async def ours(name: str, url: str, mode: str, processes: int, given: argparse.Namespace, folder: Path) -> Busy:
    """The product on a database that is empty."""
    await asyncio.to_thread(migrate, url)
    database = Database(url)
    async with database.write() as session:
        await settle(session, 0, given.inspectors, given.points)
    async with Telegram() as telegram:
        phones = [telegram.phone(f"检查员{n}", FIRST_TAPPER + n) for n in range(given.inspectors)]
        for phone in phones:
            phone.chat.started = True
        variables = {
            "BOT_TOKEN": telegram.token,
            "BOT_API_BASE_URL": telegram.api_url,
            "BOT_API_FILE_URL": telegram.file_url,
            "DATABASE_URL": url,
            "DATA_DIR": str(folder),
            "TELEGRAM_MODE": mode,
            "WEBHOOK_SECRET": SECRET,
            "LOG_LEVEL": "ERROR",
        }
        async with started(telegram, ["-m", "bot", "run"], mode, processes, **variables) as pids:
            for number, phone in enumerate(phones, 1):
                await phone.taps(1, f"visit:{number}:0")
            for phone in phones:
                await phone.sees(f"1/{given.points}")
            crowd = Crowd(telegram, phones, press)
            found = await measure(name, crowd, {"bot": pids, "simulator": [os.getpid()]}, given.seconds)
        unanswered = sum(not query.answered for query in telegram.world.queries.values())
    async with database.read() as session:
        stored = await session.scalar(select(func.count()).select_from(Answer))
    await database.close()
    assert (stored, unanswered) == (crowd.answered, 0), f"{crowd.answered} taps, {stored} stored, {unanswered} open"
    return found


async def fresh(url: str, number: int) -> str:
    """An empty database beside the one of an address."""
    connection = await asyncpg.connect(url)
    await connection.execute(f"DROP DATABASE IF EXISTS updates_{number}")
    await connection.execute(f"CREATE DATABASE updates_{number}")
    await connection.close()
    return make_url(url).set(database=f"updates_{number}").render_as_string(hide_password=False)


def line(one: Busy, best: float) -> str:
    """A row of the table: rates, milliseconds."""

    def at(waits: list[float]) -> str:
        waits = sorted(waits) or [0.0]
        return "".join(
            f"{waits[min(len(waits) - 1, int(len(waits) * share))] * 1000:7.0f}" for share in (0.5, 0.95, 0.99)
        )

    spent = "  ".join(f"{part} {milliseconds:.2f}" for part, milliseconds in one.spent.items())
    return f"{one.name:26}{one.rate:8.0f}{one.rate / best:7.0%} |{at(one.full)} |{at(one.half)} | {spent}"


async def compare(given: argparse.Namespace) -> bool:
    """Measure all and print it; whether the promises hold."""
    echoed = await floor(given.inspectors, given.seconds)
    print(f"{'':26}{'per s':>8}{'':7} | full: p50, 95, 99 ms | half: p50, 95, 99 ms | processor, ms for each")
    print(line(echoed, echoed.rate), flush=True)
    kept = True
    plans = [("sqlite", mode, 1) for mode in given.sqlite.split(",") if mode]
    plans += [("postgresql", "webhook", int(n)) for n in given.processes.split(",")] if given.database else []
    for kind, mode, processes in plans:
        with tempfile.TemporaryDirectory() as name:
            url = f"sqlite:///{name}/suicha.db" if kind == "sqlite" else await fresh(given.database, processes)
            one = await ours(f"{kind}, {mode}, {processes}", url, mode, processes, given, Path(name))
        print(line(one, echoed.rate), flush=True)
        if kind == "sqlite" or processes == 2:
            kept &= one.rate / echoed.rate >= SHARE[kind] and sorted(one.half)[int(len(one.half) * 0.95)] < PATIENCE
    return kept


def main() -> None:
    """Measure and say whether the promises hold; exit code 1 if not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inspectors", type=int, default=200)
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=8.0, help="of full load, and again of half load")
    parser.add_argument("--sqlite", default="polling,webhook", help="how updates reach the process on SQLite")
    parser.add_argument("--database", default=os.environ.get("TEST_POSTGRES_URL", ""), help="postgresql://…")
    parser.add_argument("--processes", default="1,2", help="numbers of processes on PostgreSQL")
    parser.add_argument("--echo", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.echo:
        asyncio.run(echo(given.echo))
    else:
        sys.exit(0 if asyncio.run(compare(given)) else 1)


if __name__ == "__main__":
    main()
