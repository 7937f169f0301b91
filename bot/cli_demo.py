"""`python -m bot demo`: the product in a made-up city, with local phones or on Telegram; or a story told by itself."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from actions import people
from bot.app import Running, running
from bot.cli_base import load_settings, prepare, words_of
from bot.evidence import Evidence
from bot.settings import Settings
from locales import Words
from models.database import Database
from models.people import chat_of

HOST = "127.0.0.1"
PORTS_TRIED = 50
ROOT = Path(__file__).parent.parent
STORY_BEGINS = (2026, 11, 30, 9)  # a Monday

Subjects = Annotated[Path | None, typer.Option("--subjects", exists=True, dir_okay=False)]


def demo(
    story: Annotated[bool, typer.Option("--story")] = False,
    subjects: Subjects = None,
) -> None:
    """A made-up city to try: three phones on a web page, or Telegram if BOT_TOKEN is set."""
    began = time.monotonic()
    # whoever tries the demo reads addresses, not logs
    settings = load_settings(os.environ.get("LOG_LEVEL") or "WARNING")
    if story:
        done = asyncio.run(_tell(settings, subjects))
    elif settings.bot_token.get_secret_value():
        done = asyncio.run(_on_telegram(settings))
    else:
        done = asyncio.run(_on_phones(settings, began))
    raise typer.Exit(0 if done else 1)


async def _on_phones(settings: Settings, began: float) -> bool:
    from demo import city, phones
    from simulator import Telegram

    words = words_of(settings)
    stop = _told_to_stop()
    await asyncio.to_thread(prepare, settings)
    database = Database(settings.database)
    try:
        async with database.read() as session:
            shift = await city.clock_for(session, lambda: datetime.now(settings.zone))
            empty = await city.is_empty(session)
            if not empty and len(await city.shown(session)) < len(phones.ROLES):
                typer.echo(words("demo.not_the_city", folder=settings.data_dir))
                return False

        def now() -> datetime:
            return datetime.now(settings.zone) + shift

        port = _free_port(settings.port, words)
        page_port = _free_port(port + 1, words)
        folder = settings.data_dir / "phones"
        folder.mkdir(parents=True, exist_ok=True)
        telegram = Telegram(state=folder, clock=now)
        await telegram.start(HOST, page_port)
        settings = settings.model_copy(
            update={
                "bot_token": SecretStr(telegram.token),
                "bot_api_base_url": telegram.api_url,
                "bot_api_file_url": telegram.file_url,
                "telegram_mode": "polling",
                "host": HOST,
                "port": port,
            }
        )
        try:
            if empty:
                typer.echo(words("demo.building"))
                camera = phones.camera(telegram, Evidence(settings.evidence).keep)
                await _build(settings, database, now(), camera, words, bound=True)
            async with database.read() as session:
                on_stage, extras = await phones.hand_out(session, telegram)
                await phones.set_the_page(session, telegram, on_stage, words, settings.address)
            for phone in on_stage:
                if not phone.messages:
                    await phone.says("/start")
            async with running(settings, now) as app:
                player = asyncio.create_task(phones.Extras(extras, words).play())
                _say_ready(words, began, telegram.url, app.address, now() if shift else None)
                await stop.wait()
                player.cancel()
                with suppress(asyncio.CancelledError):
                    await player
        finally:
            await telegram.close()
    finally:
        await database.close()
    return True


async def _on_telegram(settings: Settings) -> bool:
    from demo import city

    words = words_of(settings)
    stop = _told_to_stop()
    await asyncio.to_thread(prepare, settings)
    database = Database(settings.database)
    try:
        async with database.read() as session:
            empty = await city.is_empty(session)
        if empty:
            typer.echo(words("demo.building"))
            await _build(settings, database, datetime.now(settings.zone), None, words, bound=False)
        async with running(settings) as app:
            typer.echo(words("demo.telegram", bot=app.bot.username))
            typer.echo(words("demo.address.register", url=app.address))
            await _invite(settings, app, words)
            typer.echo(words("demo.stop"))
            await stop.wait()
    finally:
        await database.close()
    return True


async def _build(
    settings: Settings,
    database: Database,
    now: datetime,
    camera: Callable[[bytes], Awaitable[tuple[str, str]]] | None,
    words: Words,
    *,
    bound: bool,
) -> None:
    from demo import city

    async with database.write() as session:
        built = await city.build(session, now, settings.authority, camera, bound=settings.language if bound else "")
    typer.echo(words("demo.built", people=built.people, subjects=built.subjects))


async def _invite(settings: Settings, app: Running, words: Words) -> None:
    """Links for those of the three who are not bound yet."""
    from demo import city, phones

    async with app.database.write() as session:
        for role, person in zip(phones.ROLES, (await city.shown(session)).values(), strict=False):
            if await chat_of(session, person.id) is None:
                token = await people.invite(session, person.staff_no, datetime.now(settings.zone), None)
                link = f"https://t.me/{app.bot.username}?start={token}"
                typer.echo(words("demo.invitation", role=words(f"role.{role}"), name=person.name, link=link))


def _say_ready(words: Words, began: float, phones: str, register: str, moved: datetime | None) -> None:
    typer.echo(words("demo.ready", seconds=f"{time.monotonic() - began:.1f}"))
    typer.echo(words("demo.address.phones", url=f"{phones}/phones"))
    typer.echo(words("demo.address.register", url=f"{register}/"))
    if moved:
        typer.echo(words("demo.clock", moment=moved))
    typer.echo(words("demo.extras"))
    typer.echo(words("demo.stop"))


def _told_to_stop() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _free_port(wanted: int, words: Words) -> int:
    """The wanted port of this machine, or the next one that nobody listens on."""
    for port in range(wanted, wanted + PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        if port != wanted:
            typer.echo(words("demo.port_taken", wanted=wanted, port=port))
        return port
    raise OSError(f"no free port from {wanted} on")


async def _tell(settings: Settings, subjects: Path | None) -> bool:
    """The story, in a folder of its own that is gone afterwards, on a clock that can be moved."""
    import jobs
    from demo import story, teller
    from simulator import Telegram

    words = words_of(settings)
    offset = datetime(*STORY_BEGINS, tzinfo=settings.zone) - datetime.now(settings.zone)

    def now() -> datetime:
        return datetime.now(settings.zone) + offset

    def moves_to(moment: datetime) -> None:
        nonlocal offset
        offset += moment - now()

    with tempfile.TemporaryDirectory(prefix="suicha-story-") as folder:
        async with Telegram() as telegram:
            own = settings.model_copy(
                update={
                    "bot_token": SecretStr(telegram.token),
                    "bot_api_base_url": telegram.api_url,
                    "bot_api_file_url": telegram.file_url,
                    "telegram_mode": "polling",
                    "data_dir": Path(folder),
                    "database_url": "",
                    "evidence_url": "",
                    "public_url": "",
                    "host": HOST,
                    "port": _any_port(),
                }
            )
            async with running(own, now) as app:

                async def ticks() -> None:
                    for tick, _ in jobs.SCHEDULE:
                        await tick(app.database, now())

                stage = teller.Stage(telegram, app.database, app.address, now, moves_to, ticks, _verify, Path(folder))
                return await story.tell(stage, subjects, words)


async def _verify(bundle: Path) -> tuple[int, str]:
    """Have another process check a draw's bundle, as anybody could: its exit code, and what it says."""
    command = (sys.executable, "-m", "bot", "verify", str(bundle))
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=pipe, stderr=asyncio.subprocess.STDOUT)
    said, _ = await child.communicate()
    return child.returncode or 0, said.decode().strip()


def _any_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
