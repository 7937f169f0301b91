"""What every command shares: the settings, a door to the database, and a way to say no."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, NoReturn, TypeVar

import typer
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncSession

from actions import calendars
from bot.logs import set_up
from bot.migrate import migrate
from bot.settings import Settings
from locales import Words
from models.database import Database
from rules.refusal import Refusal

err = Console(stderr=True)
T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json")]


def load_settings(level: str = "") -> Settings:
    """The environment's settings; from now on logs go where they should, from `level` up if one is given."""
    settings = Settings()
    secrets = settings.bot_token.get_secret_value(), settings.webhook_secret.get_secret_value()
    set_up(level or settings.log_level, *secrets)
    return settings


def words_of(settings: Settings) -> Words:
    """The words of an installation."""
    return Words(settings.language, settings.zone)


def prepare(settings: Settings) -> None:
    """The folder is there, and the database in its present form."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrate(settings.database)


def refuse(settings: Settings, refusal: Refusal, as_json: bool) -> NoReturn:
    """Say why not, and end with exit code 1."""
    text = words_of(settings)(f"refusal.{refusal.code}", **refusal.gaps).unescape()
    if as_json:
        typer.echo(json.dumps({"refused": refusal.code, "message": text}, ensure_ascii=False))
    else:
        err.print(text, markup=False)
    raise typer.Exit(1)


def in_transaction(work: Callable[[AsyncSession, datetime], Awaitable[T]], as_json: bool, *, keep: bool = True) -> T:
    """Do something in one transaction of the installation's database; refusals are worded, exit code 1."""

    async def go(database: Database, settings: Settings) -> T:
        async with database.write() as session:
            await calendars.refresh(session)
            result = await work(session, datetime.now(settings.zone))
            await session.flush()
            if not keep:
                await session.rollback()
            return result

    return with_database(go, as_json)


def look(work: Callable[[AsyncSession], Awaitable[T]], as_json: bool) -> T:
    """Read without holding up anybody who writes; refusals are worded, exit code 1."""

    async def go(database: Database, _: Settings) -> T:
        async with database.read() as session:
            await calendars.refresh(session)
            return await work(session)

    return with_database(go, as_json)


def with_database(go: Callable[[Database, Settings], Awaitable[T]], as_json: bool) -> T:
    """Do something with the installation's database; refusals are worded, exit code 1."""
    settings = load_settings()
    prepare(settings)

    async def opened() -> T:
        database = Database(settings.database)
        try:
            return await go(database, settings)
        finally:
            await database.close()

    try:
        return asyncio.run(opened())
    except Refusal as refusal:
        refuse(settings, refusal, as_json)
