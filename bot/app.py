"""Starts and stops the whole product: one screen, in the order in which things need each other."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from aiohttp import web
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats
from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter, TelegramError
from telegram.ext import Application

import jobs
import web as register
from actions import calendars
from bot.beacon import Beacon
from bot.clerk import Clerk
from bot.darkroom import Darkroom
from bot.evidence import Evidence
from bot.forms import span
from bot.inbox import Desk
from bot.line import Line
from bot.mailbox import KINDS, Mailbox
from bot.metrics import Metrics
from bot.migrate import migrate
from bot.outbox import Postman
from bot.pace import Pace
from bot.press import Press
from bot.sending import Sender
from bot.settings import Settings
from bot.signing import signing_key
from handlers import menus, routing
from handlers.turn import House
from jobs import ticks
from locales import LANGUAGES, Words
from models.database import Database
from models.mail import RENEW_EVERY

log = structlog.get_logger("app")

CATCH_UP_EVERY = 2.0  # seconds between looks for replies that were left behind
STOP_WITHIN = 3.5  # seconds; what is not finished then is done at the next start


@dataclass(frozen=True)
class Running:
    """The parts of a running product, for the process and for tests."""

    settings: Settings
    database: Database
    bot: Bot
    mailbox: Mailbox
    desk: Desk
    postman: Postman
    sender: Sender
    address: str  # of the public pages
    schedule: AsyncIOScheduler


@asynccontextmanager
async def running(settings: Settings, now: Callable[[], datetime] | None = None) -> AsyncIterator[Running]:
    """The product, from an empty folder to serving; stopped in the reverse order, nothing left behind."""
    clock = now or (lambda: datetime.now(settings.zone))
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(migrate, settings.database)
    async with AsyncExitStack() as opened:  # also what a start that fails has opened is closed
        database = Database(settings.database)
        opened.push_async_callback(database.close)
        polling = Line(2, patience=1)
        bot = Bot(
            settings.bot_token.get_secret_value(),
            base_url=settings.bot_api_base_url,
            base_file_url=settings.bot_api_file_url,
            request=Line(64, patience=10),
            get_updates_request=polling,
        )
        application = Application.builder().bot(bot).updater(None).build()
        routing.install(application)
        opened.push_async_callback(bot.shutdown)  # where the application does not come to do it
        opened.push_async_callback(application.shutdown)
        await _patiently(application.initialize)
        house = House(settings.zone, settings.language, settings.address, bot.username, settings.authority)
        mailbox = Mailbox(database, clock)
        evidence, darkroom = Evidence(settings.evidence), Darkroom()
        opened.push_async_callback(darkroom.close)
        metrics = Metrics(database, clock)
        sender = Sender(bot, database, Pace(), clock, evidence, darkroom, Press(database, house, clock), metrics)
        desk = Desk(mailbox, application, house, sender, evidence, darkroom)
        postman = Postman(database, sender, house, clock)
        site = register.application(
            database,
            zone=settings.zone,
            now=clock,
            authority=settings.authority,
            public_url=settings.address,
            bot_username=bot.username,
            language=settings.language,
            fresh=settings.page_seconds,
            a_minute=settings.requests_a_minute,
            proxies=settings.proxies,
        )
        site.router.add_post("/telegram", mailbox.webhook(settings.webhook_secret.get_secret_value()))
        site.router.add_get("/metrics", metrics.page)
        runner = web.AppRunner(site, access_log=None, shutdown_timeout=2)
        opened.push_async_callback(runner.cleanup)
        await runner.setup()
        await web.TCPSite(runner, settings.host, settings.port).start()
        beacon = Beacon(database, settings.drand_relays, clock, Words(settings.language, settings.zone))
        owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        one_at_a_time = asyncio.Lock()
        key = signing_key(settings.journal_key_path)
        schedule = jobs.scheduler(
            database, clock, owner, settings.zone, one_at_a_time, key, settings.periods, evidence.erase
        )
        async with database.read() as session:
            await calendars.refresh(session)
        if database.is_sqlite:
            await postman.take_back()
        await sender.catch_up(at_once=database.is_sqlite)
        tasks = [asyncio.create_task(desk.run()), asyncio.create_task(postman.run())]
        tasks.append(asyncio.create_task(_catch_up(sender)))
        the_clock = partial(ticks.keep, database, clock, owner)
        tasks.append(asyncio.create_task(_renew(database, the_clock, sender.renew, postman.renew)))
        tasks.append(asyncio.create_task(beacon.run()))
        tasks.append(asyncio.create_task(Clerk(database, sender, evidence, clock, settings.zone).run()))
        await _patiently(lambda: _announce(bot, settings))
        if settings.telegram_mode == "polling":
            tasks.append(asyncio.create_task(mailbox.poll(polling, bot.base_url)))
        schedule.start()
        tasks.append(asyncio.create_task(jobs.keep_going(schedule, settings.zone)))
        try:
            yield Running(settings, database, bot, mailbox, desk, postman, sender, settings.address, schedule)
        finally:
            schedule.pause()
            for task in reversed(tasks):
                task.cancel()
            tick_is_over = asyncio.create_task(one_at_a_time.acquire())  # no tick is cut in the middle of something
            await asyncio.wait([*tasks, tick_is_over], timeout=STOP_WITHIN)
            schedule.shutdown(wait=False)
            await sender.settle()


async def _announce(bot: Bot, settings: Settings) -> None:
    """Tell Telegram how updates reach us, and which commands anybody may say; who is bound gets a menu of their own."""
    if settings.telegram_mode == "webhook":
        secret = settings.webhook_secret.get_secret_value()
        await bot.set_webhook(f"{settings.address}/telegram", secret_token=secret, allowed_updates=KINDS)
    else:
        await bot.delete_webhook()
    for language in LANGUAGES:
        words = Words(language, settings.zone)
        menu = [BotCommand(name, str(words(f"command.{name}"))) for name in menus.EVERYBODY]
        code = "" if language == settings.language else language[:2]
        await bot.set_my_commands(menu, BotCommandScopeAllPrivateChats(), code or None)


async def _patiently(call: Callable[[], Awaitable[object]]) -> None:
    """Start even while Telegram is away: try until it answers; a wrong token or address is not waited for."""
    pause = 0.5
    while True:
        try:
            await call()
        except TelegramError as error:
            if isinstance(error, InvalidToken | Forbidden | BadRequest):
                raise
            wait = max(pause, span(error).total_seconds()) if isinstance(error, RetryAfter) else pause
            log.warning("Telegram does not answer yet", error=str(error), again_in=wait)
            await asyncio.sleep(wait)
            pause = min(pause * 2, 30)
        else:
            return


async def _catch_up(sender: Sender) -> None:
    """Write down often what was said, because a crash says the rest again; look for what was not said now and then."""
    while True:
        for _ in range(int(CATCH_UP_EVERY)):
            await asyncio.sleep(1)
            with suppress(Exception):
                await sender.database.finish(sender.settle())
        with suppress(Exception):
            await sender.database.finish(sender.catch_up())


async def _renew(database: Database, *holds: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Keep what is ours, notices and the clock, from other processes, which take it over once we are dead."""
    while True:
        await asyncio.sleep(RENEW_EVERY)
        for hold in holds:
            with suppress(Exception):
                await database.finish(hold())
