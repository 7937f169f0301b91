"""The queue of updates: kept until acknowledged, polled or posted, doubled or disordered on demand."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from .errors import ApiError, Json, bad

NOT_BY_DEFAULT = {"chat_member", "message_reaction", "message_reaction_count"}
KINDS = {"message", "edited_message", "callback_query", "my_chat_member", "chat_member", "message_reaction"}
OTHER_KINDS = {
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "managed_bot",
    "guest_message",
    "poll",
    "poll_answer",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
}
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass
class Entry:
    """One update in the queue."""

    update: Json
    chat_id: int
    again: int = 0  # how often it comes again after it was acknowledged
    must_arrive: bool = False  # an acknowledgement of later updates does not remove it
    delivered: bool = False


@dataclass
class Webhook:
    """Where updates are posted to."""

    url: str = ""
    secret: str = ""
    max_connections: int = 40
    last_error: str = ""
    last_error_date: int = 0


@dataclass
class Updates:
    """Pending updates in order of delivery."""

    changed: Callable[[], None]
    pending: list[Entry] = field(default_factory=list)
    held: list[Entry] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    last_id: int = 700_000_000
    allowed: list[str] | None = None
    webhook: Webhook = field(default_factory=Webhook)
    duplicates: int = 0
    reorder: int = 0
    down: bool = False
    poll: int = 0

    def add(self, kind: str, content: Json, chat_id: int) -> int | None:
        """Queues an update; None if the bot did not ask for this kind."""
        if kind in NOT_BY_DEFAULT if not self.allowed else kind not in self.allowed:
            return None
        self.last_id += 1
        entry = Entry({"update_id": self.last_id, kind: content}, chat_id)
        if self.duplicates > 0:
            self.duplicates -= 1
            entry.again, entry.must_arrive = 1, True
        if self.reorder > 0:
            self.reorder -= 1
            entry.must_arrive = True
            self.held.append(entry)
            if self.reorder == 0:
                self.release()
        else:
            self.pending.append(entry)
        self.changed()
        return self.last_id

    def release(self) -> None:
        """Delivers what was held back, last first."""
        self.reorder = 0
        self.pending.extend(reversed(self.held))
        self.held.clear()
        self.changed()

    def _done(self, entry: Entry) -> None:
        if entry.again > 0:
            entry.again -= 1
            entry.delivered = False
            return
        self.pending.remove(entry)
        self.acknowledged.append(entry.update["update_id"])

    def acknowledge(self, offset: int) -> None:
        """Forgets what the bot confirmed by asking for later updates."""
        if offset < 0:
            for entry in self.pending[:offset]:
                self.pending.remove(entry)
            return
        for entry in list(self.pending):
            if entry.update["update_id"] < offset and (entry.delivered or not entry.must_arrive):
                self._done(entry)
        self.changed()

    def set_allowed(self, allowed: Any) -> None:
        """Which kinds of updates are queued from now on."""
        if allowed is None:
            return
        if not isinstance(allowed, list) or set(allowed) - KINDS - OTHER_KINDS:
            raise bad("unknown update type in allowed_updates (refused by the simulator)")
        self.allowed = list(allowed) or None

    async def take(self, offset: int, limit: int, patience: int, wait: Callable[[], Any]) -> list[Json]:
        """Answers getUpdates: at once if there is something, else when something comes."""
        if self.webhook.url:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete it",
            )
        self.poll += 1
        mine = self.poll
        self.changed()
        if offset:
            self.acknowledge(offset)
        try:
            async with asyncio.timeout(patience):
                while not self.pending and not self.down:
                    await wait()
                    if self.poll != mine:
                        raise ApiError(
                            409,
                            "Conflict: terminated by other getUpdates request; "
                            "make sure that only one bot instance is running",
                        )
        except TimeoutError:
            pass
        batch = self.pending[: max(1, min(limit or 100, 100))]
        for entry in batch:
            entry.delivered = True
        return [entry.update for entry in batch]

    def set_webhook(self, url: str, secret: str, max_connections: int) -> None:
        """Where to deliver from now on; loopback only, because the simulator talks to nobody else."""
        if url and (urlsplit(url).scheme not in ("http", "https") or urlsplit(url).hostname not in LOOPBACK):
            raise bad("bad webhook: only a loopback address can be reached from the simulator")
        self.webhook = Webhook(url, secret, max_connections)
        self.changed()

    async def deliver(self, wait: Callable[[], Any], now: Callable[[], float]) -> None:
        """Posts updates to the webhook, in order, again and again until each is accepted."""
        pause = 0.05
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
            while True:
                if not self.webhook.url or not self.pending or self.down:
                    await wait()
                    continue
                entry, hook = self.pending[0], self.webhook
                headers = {"Content-Type": "application/json"}
                if hook.secret:
                    headers["X-Telegram-Bot-Api-Secret-Token"] = hook.secret
                body = json.dumps(entry.update, ensure_ascii=False).encode()
                try:
                    async with session.post(hook.url, data=body, headers=headers, allow_redirects=False) as answer:
                        accepted = answer.status // 100 == 2
                        error = "" if accepted else f"Wrong response from the webhook: {answer.status}"
                except (aiohttp.ClientError, TimeoutError, OSError) as problem:
                    error = f"Connection failed: {type(problem).__name__}"
                if not error:
                    entry.delivered, pause = True, 0.05
                    if entry in self.pending:
                        self._done(entry)
                    self.changed()
                    continue
                hook.last_error, hook.last_error_date = error, int(now())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        while hook is self.webhook:
                            await wait()
                pause = min(pause * 2, 1.0)

    def dump(self) -> Json:
        """What is saved of the queue."""
        return {
            "pending": [asdict(entry) for entry in [*self.pending, *self.held]],
            "last_id": self.last_id,
            "allowed": self.allowed,
            "webhook": asdict(self.webhook),
        }

    def load(self, saved: Json) -> None:
        """What was saved of the queue."""
        self.pending = [Entry(**row) for row in saved["pending"]]
        self.last_id, self.allowed = saved["last_id"], saved["allowed"]
        self.webhook = Webhook(**saved["webhook"])
