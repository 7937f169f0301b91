"""The command line: exit code 0 done, 1 refused or failed, 2 wrong usage; `--json` gives one document."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import qrcode
import typer
from rich.progress import BarColumn, Progress, TextColumn
from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Bot
from telegram.error import TelegramError

from actions import beacons, imports, people
from actions.importing import Kind, Report
from bot.app import running
from bot.cli_base import Json, err, in_transaction, load_settings, prepare, words_of
from bot.cli_deadlines import deadlines_app
from bot.cli_demo import demo
from bot.cli_draws import draw_app
from bot.cli_export import export_app
from bot.cli_journal import journal_app
from bot.settings import Settings
from handlers.imports import describe
from rules import draw as draws

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="随查 Suicha")
imports_app = typer.Typer(no_args_is_help=True, help="Bring in directories from files.")
app.add_typer(imports_app, name="import")
app.add_typer(draw_app, name="draw")
app.add_typer(export_app, name="export")
app.add_typer(deadlines_app, name="deadlines")
app.add_typer(journal_app, name="journal")
app.command()(demo)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Report, and change nothing.")]


@app.command()
def run() -> None:
    """Run the product until it is told to stop."""
    settings = load_settings()
    if not settings.bot_token.get_secret_value():
        err.print(words_of(settings)("cli.no_token").unescape(), markup=False)
        raise typer.Exit(2)
    asyncio.run(_until_stopped(settings))


async def _until_stopped(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(settings):
        await stop.wait()


@app.command()
def migrate() -> None:
    """Bring the database to the present form."""
    prepare(load_settings())


def _command(kind: Kind) -> Callable[..., None]:
    def command(file: File, dry_run: DryRun = False, as_json: Json = False) -> None:
        _import(file, kind, dry_run, as_json)

    return command


for _kind in imports.KINDS.values():
    imports_app.command(_kind.name, help=f"{_kind.columns[0].synonyms[0]} …")(_command(_kind))


def _import(file: Path, kind: Kind, dry_run: bool, as_json: bool) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}"))
    with (
        Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as progress,
        file.open("rb") as source,
    ):
        bar = progress.add_task(file.name, total=None)

        def advance(rows: int) -> None:
            progress.update(bar, completed=rows)

        async def work(session: AsyncSession, now: datetime) -> Report:
            return await imports.bring_in(session, [kind], source, file.name, now, None, advance)

        report = in_transaction(work, as_json, keep=not dry_run)
    words = words_of(Settings())
    if as_json:
        refused = [
            {"row": one.row, "column": one.column, "reason": str(words(f"imports.reason.{one.reason}", **one.gaps))}
            for one in report.refused
        ]
        typer.echo(json.dumps(report.counts | {"refused": refused}, ensure_ascii=False))
    else:
        typer.echo(describe(words, report, shown=50).unescape())


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
