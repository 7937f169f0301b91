"""Telegram's limits, kept: so many messages a second in all, one a second in a chat; replies go first."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

OVERALL = 30.0  # messages a second
CHAT = 1.0
LATE = 2  # messages that may catch up after we were kept from sending; more at once would be too many


class Pace:
    """Spaces messages by the generic cell rate algorithm.

    A reply never waits here, but what it uses up delays the notices behind it: so replies are first. Notices leave one
    after the other, so that they do not pile up while the machine is busy and then leave all at once.
    """

    def __init__(self, overall: float = OVERALL, chat: float = CHAT) -> None:
        self._gap = 1 / overall
        self._chat_gap = 1 / chat
        self._late = LATE / overall
        self._next = 0.0
        self._next_in: OrderedDict[int, float] = OrderedDict()
        self._gate = asyncio.Lock()

    def charge(self, chat_id: int) -> None:
        """Count a reply that leaves now: the next notice keeps its distance from it."""
        now = time.monotonic()
        self._next = max(now - self._late, self._next) + self._gap
        self._next_in[chat_id] = max(self._next_in.pop(chat_id, 0.0), now + self._chat_gap)
        self._forget(now)

    async def wait(self, chat_id: int) -> None:
        """Count a notice, and wait until it may leave."""
        now = time.monotonic()
        at = max(now, self._next_in.pop(chat_id, 0.0))
        self._next_in[chat_id] = at + self._chat_gap
        await asyncio.sleep(at - now)
        async with self._gate:
            await asyncio.sleep(max(0.0, self._next - time.monotonic()))
            now = time.monotonic()
            self._next = max(now - self._late, self._next) + self._gap
            self._next_in[chat_id] = max(self._next_in.pop(chat_id, 0.0), now + self._chat_gap)
            self._forget(now)

    def _forget(self, now: float) -> None:
        """Chats that may be written to at once need not be remembered."""
        while self._next_in and next(iter(self._next_in.values())) < now:
            self._next_in.popitem(last=False)
