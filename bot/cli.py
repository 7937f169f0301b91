"""The command line: exit code 0 done, 1 refused or failed, 2 wrong usage; `--json` gives one document."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import qrcode
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from telegram import Bot
from telegram.error import TelegramError

from actions import beacons, imports, people
from bot.app import running
from bot.cli_demo import demo
from bot.cli_draws import draw_app
from bot.logs import set_up
from bot.migrate import migrate
from bot.settings import Settings
from handlers.imports import describe
from locales import Words
from models.database import Database
from rules import draw as draws
from rules.refusal import Refusal

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="随查 Suicha")
imports_app = typer.Typer(no_args_is_help=True, help="Bring in directories from files.")
app.add_typer(imports_app, name="import")
app.add_typer(draw_app, name="draw")
app.command()(demo)

err = Console(stderr=True)
T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Report, and change nothing.")]


def load_settings() -> Settings:
    """The environment's settings; from now on logs go where they should."""
    settings = Settings()
    set_up(settings.log_level, settings.bot_token.get_secret_value(), settings.webhook_secret.get_secret_value())
    return settings


def refuse(settings: Settings, refusal: Refusal, as_json: bool) -> None:
    """Say why not, and end with exit code 1."""
    words = Words(settings.language, settings.zone)
    text = words(f"refusal.{refusal.code}", **refusal.gaps).unescape()
    if as_json:
        typer.echo(json.dumps({"refused": refusal.code, "message": text}, ensure_ascii=False))
    else:
        err.print(text, markup=False)
    raise typer.Exit(1)


def in_transaction(work: Callable[[Any, datetime], Awaitable[T]], as_json: bool, *, keep: bool = True) -> T:
    """Do something in one transaction of the installation's database; refusals are worded, exit code 1."""
    settings = load_settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrate(settings.database)

    async def go() -> T:
        database = Database(settings.database)
        try:
            async with database.write() as session:
                result = await work(session, datetime.now(settings.zone))
                await session.flush()
                if not keep:
                    await session.rollback()
                return result
        finally:
            await database.close()

    try:
        return asyncio.run(go())
    except Refusal as refusal:
        refuse(settings, refusal, as_json)
        raise


@app.command()
def run() -> None:
    """Run the product until it is told to stop."""
    settings = load_settings()
    if not settings.bot_token.get_secret_value():
        err.print(Words(settings.language, settings.zone)("cli.no_token").unescape(), markup=False)
        raise typer.Exit(2)
    asyncio.run(_until_stopped(settings))


async def _until_stopped(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(settings):
        await stop.wait()


@app.command(name="migrate")
def migrate_command() -> None:
    """Bring the database to the present form."""
    settings = load_settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrate(settings.database)


@imports_app.command("subjects")
def import_subjects(file: File, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Subjects (检查对象名录库) from CSV or a spreadsheet."""
    _import(file, imports.import_subjects, "subjects", dry_run, as_json)


@imports_app.command("inspectors")
def import_inspectors(file: File, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Staff (执法检查人员名录库) from CSV or a spreadsheet."""
    _import(file, imports.import_inspectors, "people", dry_run, as_json)


def _import(file: Path, bring_in: Any, noun: str, dry_run: bool, as_json: bool) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}"))
    with (
        Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as progress,
        file.open("rb") as source,
    ):
        bar = progress.add_task(file.name, total=None)

        def advance(rows: int) -> None:
            progress.update(bar, completed=rows)

        async def work(session: Any, now: datetime) -> imports.Report:
            report: imports.Report = await bring_in(session, source, file.name, now, None, advance)
            return report

        report = in_transaction(work, as_json, keep=not dry_run)
    settings = Settings()
    words = Words(settings.language, settings.zone)
    if as_json:
        refused = [
            {"row": one.row, "column": one.column, "reason": str(words(f"imports.reason.{one.reason}", **one.gaps))}
            for one in report.refused
        ]
        typer.echo(json.dumps(report.counts | {"refused": refused}, ensure_ascii=False))
    else:
        typer.echo(describe(words, report, noun, shown=50).unescape())


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
        verdict = draws.verify(files)
        if verdict["entropy"]["kind"] == "drand":
            beacons.check(verdict["entropy"])
    except draws.Refused as refused:
        problem = f"{refused.code}: {refused.detail}"
    except (OSError, ValueError) as error:
        problem = str(error)
    if as_json:
        typer.echo(json.dumps({"accepted": not problem, "problem": problem}, ensure_ascii=False))
    else:
        settings = Settings()
        words = Words(settings.language, settings.zone)
        verdict_in_words = words("verify.rejected", problem=problem) if problem else words("verify.accepted")
        typer.echo(verdict_in_words.unescape())
    raise typer.Exit(1 if problem else 0)
