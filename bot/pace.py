"""Telegram's limits, kept: so many messages a second in all, one a second in a chat; replies go first."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

OVERALL = 30  # messages a second
SECOND = 0.95  # of that second no part may hold more; the rest lets the pace be used up on a line that is not even
LATE = 2  # messages that may catch up after we were kept from sending; more at once would be too many
LONGEST = 5  # seconds that the first of the notices lets replies to all chats go first, in a flood that leaves no room
STANDS_BACK = 5  # times that a notice lets replies to its chat go first: whoever writes without a pause hears of it too
REMEMBERED = 100  # calls whose duration tells how quick the line is


class Pace:
    """Spaces messages, and counts them where Telegram does: when they arrive, not when they leave.

    They leave evenly (the generic cell rate algorithm). But on a line that was held up many arrive at once, so what is
    on its way counts, and what was answered counts for a second more, less the time that the quickest call takes: a
    message arrives between its leaving and its answer, so no second at Telegram can hold more than `OVERALL`.

    A reply never waits here, but what it uses up delays the notices behind it: so replies are first, though not for
    ever. Notices leave one after the other, so that they do not pile up while the machine is busy and then leave all at
    once.
    """

    def __init__(self, faster: float = 1.0) -> None:
        self._gap = 1 / (OVERALL * faster)
        self._chat_gap = 1 / faster
        self._second = SECOND / faster
        self._longest = LONGEST / faster
        self._next = 0.0
        self._free_in: OrderedDict[int, float] = OrderedDict()
        self._booked: dict[int, float] = {}  # until when notices that wait have each chat for themselves
        self._gate = asyncio.Lock()
        self._on_the_way = 0
        self._answered = deque[float]()
        self._durations = deque[float](maxlen=REMEMBERED)
        self._quickest = 0.0

    def reply(self, chat_id: int) -> AbstractContextManager[None]:
        """Count a reply that leaves now, until it is answered: the next notice keeps its distance from it."""
        return self._leaves(chat_id, time.monotonic())

    async def notice(self, chat_id: int) -> AbstractContextManager[None]:
        """Wait until a notice may leave, and count it until it is answered."""
        at = max(time.monotonic(), self._free_in.get(chat_id, 0.0), self._booked.get(chat_id, 0.0))
        self._booked[chat_id] = mine = at + self._chat_gap  # the next notice for this chat is behind this one
        stood_back = 0
        try:
            while True:
                await asyncio.sleep(at - time.monotonic())
                async with self._gate:
                    await self._room()
                    now = time.monotonic()
                    at = self._free_in.get(chat_id, 0.0)  # a reply may have left while we waited for the others
                    if at <= now or stood_back == STANDS_BACK:
                        return self._leaves(chat_id, now)
                stood_back += 1
        finally:
            if self._booked.get(chat_id) == mine:  # one that was behind this one may have left before it
                del self._booked[chat_id]

    async def _room(self) -> None:
        """Wait until one more may arrive, or replies have taken up all the room for too long."""
        since = time.monotonic()
        while True:
            now = time.monotonic()
            self._forget(now - self._second + self._quickest)
            if now - since >= self._longest and self._on_the_way < OVERALL:
                return
            if self._on_the_way + len(self._answered) >= OVERALL:
                oldest = self._answered[0] + self._second - self._quickest if self._answered else now
                await asyncio.sleep(max(oldest - now, self._gap / 8))
            elif self._next > now:
                await asyncio.sleep(self._next - now)
            else:
                return

    def _leaves(self, chat_id: int, now: float) -> AbstractContextManager[None]:
        even = max(now - LATE * self._gap, self._next) + self._gap
        self._next = min(even, now + self._second)  # what replies used up too much is over with that second
        self._keep_apart(chat_id, now)
        self._on_the_way += 1
        return self._until_answered(chat_id, now)

    @contextmanager
    def _until_answered(self, chat_id: int, left: float) -> Iterator[None]:
        try:
            yield
        finally:
            now = time.monotonic()
            self._on_the_way -= 1
            self._forget(now - self._second)  # here too, for there may be replies for days and never a notice
            self._answered.append(now)
            self._durations.append(now - left)
            self._quickest = min(self._durations)
            self._keep_apart(chat_id, now - self._quickest)

    def _forget(self, until: float) -> None:
        while self._answered and self._answered[0] <= until:
            self._answered.popleft()

    def _keep_apart(self, chat_id: int, now: float) -> None:
        """The next message to this chat is a second behind; chats that may be written to at once are forgotten."""
        self._free_in[chat_id] = max(self._free_in.pop(chat_id, 0.0), now + self._chat_gap)
        while self._free_in and next(iter(self._free_in.values())) < now:
            self._free_in.popitem(last=False)
