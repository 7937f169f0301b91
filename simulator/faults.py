"""What goes wrong between a bot and Telegram, on demand: refusals, broken connections, delays, floods."""

import random
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from .errors import ApiError, forbidden, too_many

MESSAGES = ("send", "copy", "forward")


@dataclass
class Fault:
    """One kind of trouble and the calls that it befalls; without a method it spares getUpdates."""

    kind: str  # "429" "403" "400" "500" "502" "drop_before" "drop_after" "delay"
    method: str | Collection[str] | None = None
    chat: int | None = None
    times: int | None = 1  # None: until healed
    probability: float = 1.0
    retry_after: int = 1
    seconds: float = 0.0
    description: str = ""
    hits: int = 0

    @classmethod
    def too_many(cls, retry_after: int = 1, **where: Any) -> Self:
        """429 Too Many Requests."""
        return cls("429", retry_after=retry_after, **where)

    @classmethod
    def forbidden(cls, description: str = "bot was blocked by the user", **where: Any) -> Self:
        """403 Forbidden."""
        return cls("403", description=description, **where)

    @classmethod
    def bad_request(cls, description: str = "chat not found", **where: Any) -> Self:
        """400 Bad Request."""
        return cls("400", description=description, **where)

    @classmethod
    def server_error(cls, code: int = 500, **where: Any) -> Self:
        """500 or 502."""
        return cls(str(code), **where)

    @classmethod
    def drop_before(cls, **where: Any) -> Self:
        """The connection breaks and nothing has happened."""
        return cls("drop_before", **where)

    @classmethod
    def drop_after(cls, **where: Any) -> Self:
        """The connection breaks after Telegram has done what was asked."""
        return cls("drop_after", **where)

    @classmethod
    def delay(cls, seconds: float, **where: Any) -> Self:
        """The call takes longer."""
        return cls("delay", seconds=seconds, **where)

    def concerns(self, method: str, chat: int | None) -> bool:
        """Whether a call is one of those."""
        if self.times is not None and self.hits >= self.times:
            return False
        if self.chat is not None and self.chat != chat:
            return False
        if self.method is None:
            return method != "getUpdates"
        return method == self.method if isinstance(self.method, str) else method in self.method

    def refusal(self) -> ApiError | None:
        """The error to answer, if it is one that is answered."""
        if self.kind == "429":
            return too_many(self.retry_after)
        if self.kind == "403":
            return forbidden(self.description or "bot was blocked by the user")
        if self.kind == "400":
            return ApiError(400, f"Bad Request: {self.description or 'chat not found'}")
        if self.kind.isdigit():
            wording = {500: "Internal Server Error", 502: "Bad Gateway"}.get(int(self.kind), "Server Error")
            return ApiError(int(self.kind), self.description or wording)
        return None


class Faults:
    """The faults still to come."""

    def __init__(self, seed: int = 0) -> None:
        self.active: list[Fault] = []
        self._random = random.Random(seed)  # noqa: S311  reproducible on purpose

    def strike(self, method: str, chat: int | None) -> list[Fault]:
        """The faults that befall this call: any delays, and at most one other."""
        struck: list[Fault] = []
        for fault in self.active:
            if not fault.concerns(method, chat) or any(f.kind != "delay" for f in struck):
                continue
            if fault.probability >= 1 or self._random.random() < fault.probability:
                fault.hits += 1
                struck.append(fault)
        self.active = [f for f in self.active if f.times is None or f.hits < f.times]
        return struck


class Refusal(NamedTuple):
    """A message that came too early, and what had come in the second before it."""

    at: float  # by the event loop's clock
    method: str
    chat: int
    in_chat: float | None  # seconds since the message before it in the chat, where that was the reason
    before: list[tuple[float, int]]  # all messages of that second: how long ago, in which chat


class Limits:
    """Telegram's limits: 30 messages a second in all, one a second in a chat; a tenth of leeway."""

    def __init__(self, time_scale: float = 1.0, overall: int = 30) -> None:
        self.second = 0.9 / time_scale
        self.overall = overall
        self.refusals: list[Refusal] = []
        self._sent: deque[tuple[float, int]] = deque()
        self._chats: dict[int, float] = {}

    def check(self, method: str, chat: int | None, now: float, messages: int = 1) -> None:
        """Counts a call, or refuses it with 429."""
        if not method.startswith(MESSAGES) or method == "sendChatAction" or chat is None:
            return
        while self._sent and self._sent[0][0] <= now - self.second:
            self._sent.popleft()
        busy = self._chats.get(chat, 0.0) > now - self.second
        if busy or len(self._sent) + messages > self.overall:
            since = now - self._chats[chat] if busy else None
            before = [(now - at, other) for at, other in self._sent]
            self.refusals.append(Refusal(now, method, chat, since, before))
            raise too_many(1)
        self._sent.extend([(now, chat)] * messages)
        self._chats[chat] = now
