"""The command line: exit code 0 done, 1 refused or failed, 2 wrong usage; `--json` gives one document."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import signal
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import qrcode
import typer
from telegram import Bot
from telegram.error import TelegramError

from actions import beacons, people
from bot import cli_care
from bot.app import running
from bot.cli_base import Json, err, in_transaction, load_settings, prepare, words_of
from bot.cli_deadlines import deadlines_app
from bot.cli_demo import demo
from bot.cli_draws import draw_app
from bot.cli_export import export_app
from bot.cli_imports import add_commands, imports_app, label
from bot.cli_journal import journal_app
from bot.settings import Settings
from rules import draw as draws

ARENA_MAX = -8  # of malloc.h

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(imports_app, name="import")
app.add_typer(draw_app, name="draw")
app.add_typer(export_app, name="export")
add_commands(export_app)
app.command()(label)
app.add_typer(deadlines_app, name="deadlines")
app.add_typer(journal_app, name="journal")
app.command()(demo)
app.command("doctor")(cli_care.examine)
app.command("backup")(cli_care.back_up)
app.command()(cli_care.restore)


@app.command()
def run() -> None:
    """Run the product until it is told to stop."""
    settings = load_settings()
    if not settings.bot_token.get_secret_value():
        err.print(words_of(settings)("cli.no_token").unescape(), markup=False)
        raise typer.Exit(2)
    _keep_memory_together()
    asyncio.run(_until_stopped(settings))


def _keep_memory_together() -> None:
    """Few pools of memory for all threads: glibc's one for each core and thread keeps what is free in pieces."""
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(ARENA_MAX, 2)


async def _until_stopped(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(settings):
        gc.collect()
        gc.freeze()  # what is there from the start stays; to look through it for cycles would hold up everybody's taps
        await stop.wait()


@app.command()
def migrate() -> None:
    """Bring the database to the present form."""
    prepare(load_settings())


@app.command()
def invite(staff_number: str, as_json: Json = False) -> None:
    """A one-time link that binds a chat to a person, and its QR code in the terminal."""
    token = in_transaction(lambda session, now: people.invite(session, staff_number, now, None), as_json)
    settings = Settings()
    expires = datetime.now(settings.zone) + people.INVITATION_LASTS
    name = asyncio.run(_bot_username(settings))
    link = f"https://t.me/{name}?start={token}" if name else ""
    if as_json:
        typer.echo(json.dumps({"link": link, "token": token, "expires": expires.isoformat(timespec="seconds")}))
    else:
        typer.echo(link or f"/start {token}")
        if link:
            _print_qr(link)


async def _bot_username(settings: Settings) -> str:
    if not settings.bot_token.get_secret_value():
        return ""
    bot = Bot(settings.bot_token.get_secret_value(), settings.bot_api_base_url, settings.bot_api_file_url)
    try:
        async with bot:
            return bot.username
    except TelegramError:
        return ""


def _print_qr(content: str) -> None:
    code = qrcode.QRCode(border=1)
    code.add_data(content)
    code.print_ascii(invert=True)


@app.command()
def verify(bundle: Path, as_json: Json = False) -> None:
    """Check a draw's bundle: a folder with its files. Exit code 0 if everything holds."""
    problem = ""
    try:
        files = {path.name: path.read_bytes() for path in sorted(bundle.iterdir()) if path.is_file()}
        verdict = draws.verify(files, files.pop("previous.json", None))  # the commitment before it, if at hand
        if verdict["entropy"]["kind"] == "drand":
            beacons.check(verdict["entropy"])
    except draws.Refused as refused:
        problem = f"{refused.code}: {refused.detail}"
    except (OSError, ValueError) as error:
        problem = str(error)
    if as_json:
        typer.echo(json.dumps({"accepted": not problem, "problem": problem}, ensure_ascii=False))
    else:
        words = words_of(Settings())
        verdict_in_words = words("verify.rejected", problem=problem) if problem else words("verify.accepted")
        typer.echo(verdict_in_words.unescape())
    raise typer.Exit(1 if problem else 0)
