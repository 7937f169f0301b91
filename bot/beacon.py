"""Fetches the public beacon's rounds that draws wait for, never too early; judging is for `actions/beacons.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import aiohttp
import structlog

from actions import beacon_rounds, beacons
from locales import Words
from models.database import Database
from rules.draw import QUICKNET

log = structlog.get_logger("beacon")

EVERY = 3.0  # seconds; a round appears every three
PATIENCE = timedelta(minutes=2)  # after that the supervisor is told that no relay answers
BEHIND = timedelta(seconds=30)  # a clock that is further behind is not one to commit by
TIMEOUT = aiohttp.ClientTimeout(total=5)
LONGEST = beacons.LONGEST_ANSWER


class Beacon:
    """Asks several relays of drand; a round counts when two of them agree and the chain signed it."""

    def __init__(self, database: Database, relays: Sequence[str], now: Callable[[], datetime], words: Words) -> None:
        self.database = database
        self.relays = relays
        self.now = now
        self.words = words

    async def run(self) -> None:
        """Look for ever; the network is touched only while a draw waits."""
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("cannot look for the beacon")
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Fetch what committed draws wait for; of a round that is yet to come, make sure that nobody has it."""
        async with self.database.read() as session:
            waiting = [(draw.id, draw.beacon_round) for draw in await beacon_rounds.waiting(session)]
        for draw_id, number in waiting:
            assert number
            ahead = beacons.time_of(number) - self.now()
            if ahead <= timedelta():
                await self._fetch(draw_id, number)
            elif ahead > BEHIND:
                await self._doubt(draw_id, number, ahead)

    async def _fetch(self, draw_id: int, number: int) -> None:
        answers = await self._ask_all(number)
        try:
            entropy = await asyncio.to_thread(beacons.agree, answers, number)
        except beacons.BeaconRefused as refused:
            log.warning("no two relays agree", round=number, answers=len(answers), problem=str(refused))
            if self.now() > beacons.time_of(number) + PATIENCE:
                await self.database.finish(self._tell(draw_id))
        else:
            await self.database.finish(self._keep(draw_id, entropy))

    async def _doubt(self, draw_id: int, number: int, ahead: timedelta) -> None:
        """Nobody can sign a round before its time: if one relay has it, our clock is behind."""
        answers = await self._ask_all(number)
        with suppress(beacons.BeaconRefused):
            await asyncio.to_thread(beacons.agree, answers, number, 1)
            log.error("the clock is behind", round=number, at_least=str(ahead))
            await self.database.finish(self._void(draw_id))

    async def _keep(self, draw_id: int, entropy: dict[str, object]) -> None:
        async with self.database.write() as session:
            await beacon_rounds.came(session, draw_id, entropy, self.now())

    async def _void(self, draw_id: int) -> None:
        async with self.database.write() as session:
            await beacon_rounds.too_early(session, draw_id, self.words("draw.void_by_clock").unescape(), self.now())

    async def _tell(self, draw_id: int) -> None:
        async with self.database.write() as session:
            await beacon_rounds.missing(session, draw_id, self.now())

    async def _ask_all(self, number: int) -> list[bytes]:
        async with aiohttp.ClientSession(timeout=TIMEOUT, trust_env=True) as client:  # a proxy, as for Telegram
            answers = await asyncio.gather(*(self._ask(client, relay, number) for relay in self.relays))
        return [answer for answer in answers if answer]

    async def _ask(self, client: aiohttp.ClientSession, relay: str, number: int) -> bytes:
        """One relay's answer, in however many pieces it comes; nothing if it is down or talks too much."""
        answer = b""
        try:
            async with client.get(f"{relay.rstrip('/')}/{QUICKNET}/public/{number}") as response:
                while response.status == 200 and (piece := await response.content.read(LONGEST)):
                    answer += piece
                    if len(answer) > LONGEST:
                        return b""
                return answer
        except (aiohttp.ClientError, TimeoutError) as error:
            log.info("a relay does not answer", relay=relay, error=type(error).__name__)
            return b""
