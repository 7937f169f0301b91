"""The simulated Telegram as a whole: a server on loopback, the phones of people, and trouble on demand."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from .api import MAX_REQUEST, Api, Call
from .errors import Json
from .faults import Fault, Faults, Limits
from .group import Group
from .page import Page
from .person import Person
from .phone import Phone
from .store import Store
from .updates import LOOPBACK
from .world import Chat, Clock, User, World

HELD_AT_MOST = 1.0


@dataclass(frozen=True)
class Answered:
    """Whether the bot has dealt with everything; true if nothing is left."""

    acknowledged: list[int]
    waiting: list[int]
    unanswered: list[str]

    def __bool__(self) -> bool:
        return not self.waiting and not self.unanswered


class Telegram:
    """A local Telegram with one bot."""

    def __init__(
        self,
        token: str = "123456:TEST",  # noqa: S107  not a secret: the simulator's own
        username: str = "suicha_bot",
        limits: bool = False,
        state: Path | None = None,
        clock: Clock | None = None,
        time_scale: float = 1.0,
        seed: int = 0,
    ) -> None:
        self.world = World(token, username, clock)
        self.store = Store(self.world, Path(state)) if state else None
        self.faults = Faults(seed)
        self.limits = Limits(time_scale) if limits else None
        self.api = Api(self.world, self.faults, self.limits)
        self.page = Page(self.world)
        self.url = ""
        self._phones: dict[int, Phone] = {}
        self._runner: web.AppRunner | None = None
        self._delivery: asyncio.Task[None] | None = None

    # --- start and stop

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Serves the Bot API and the page."""
        if host not in LOOPBACK:
            raise ValueError("the simulator serves this machine only")
        app = web.Application(client_max_size=MAX_REQUEST)
        app.add_routes(self.api.routes())
        self.page.install(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.url = f"http://{host}:{self._runner.addresses[0][1]}"
        world = self.world
        self._delivery = asyncio.create_task(world.updates.deliver(world.change, world.now))

    async def close(self) -> None:
        """Stops serving and saves."""
        self.world.updates.down = True
        self.page.closing = True
        self.world.changed()
        if self._delivery:
            self._delivery.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._delivery
        if self._runner:
            await self._runner.cleanup()
        self.world.updates.down = False
        if self.store:
            self.store.save()

    async def __aenter__(self) -> "Telegram":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def token(self) -> str:
        """The bot's token."""
        return self.world.token

    @property
    def api_url(self) -> str:
        """Where a bot calls methods (python-telegram-bot: base_url)."""
        return f"{self.url}/bot"

    @property
    def file_url(self) -> str:
        """Where a bot downloads files (python-telegram-bot: base_file_url)."""
        return f"{self.url}/file/bot"

    # --- people

    def phone(self, name: str, user_id: int | None = None, language: str = "zh-hans") -> Phone:
        """A person's phone; the same person again is the same phone."""
        user_id = user_id or next((u.id for u in self.world.users.values() if u.first_name == name), 0)
        user_id = user_id or max([1000, *self.world.users]) + 1
        if user_id not in self._phones:
            user = self.world.users.setdefault(user_id, User(user_id, name, language))
            chat = self.world.chats.setdefault(user_id, Chat(user_id, "private", name))
            self._phones[user_id] = Phone(self.world, user, chat)
        phone = self._phones[user_id]
        if phone.user.first_name != name:
            raise ValueError(f"user {user_id} is {phone.name}, not {name}")
        phone.user.language_code = language
        return phone

    def group(self, title: str, members: Sequence[Phone] = ()) -> Group:
        """A group with the bot and some people in it; the same title again is the same group."""
        for chat in self.world.chats.values():
            if chat.type == "group" and chat.title == title:
                return Group(self.world, chat)
        chat_id = min([-4_000_000, *self.world.chats]) - 1
        people = [phone.user.id for phone in members]
        chat = self.world.chats[chat_id] = Chat(chat_id, "group", title, [self.world.bot_id, *people], started=True)
        if members:
            Person(self.world, members[0].user, chat).member_update("left", "member")
        return Group(self.world, chat)

    def show(
        self,
        *phones: Phone,
        titles: Sequence[str] = (),
        links: Sequence[tuple[str, str]] = (),
        heading: str = "",
        places: Sequence[tuple[str, float, float]] = (),
    ) -> None:
        """Chooses the phones that the page shows, their titles, links above them, and places to share."""
        self.page.show(phones, titles, links, heading, places)

    def on_line(self, listener: Callable[[str, str], None]) -> None:
        """Has every line of every transcript told as it happens: the chat's name and the line."""
        self.world.on_line.append(listener)

    # --- trouble

    def fail(self, *faults: Fault) -> None:
        """Has the next matching calls fail."""
        self.faults.active.extend(faults)

    def heal(self) -> None:
        """Ends all trouble."""
        self.faults.active.clear()
        self.world.updates.duplicates = 0
        self.world.updates.release()
        self.down(False)

    def down(self, down: bool = True) -> None:
        """Drops every connection of the bot, until told otherwise."""
        self.world.updates.down = down
        self.world.changed()

    def duplicate_next(self, count: int = 1) -> None:
        """Delivers each of the next updates a second time after it was acknowledged."""
        self.world.updates.duplicates += count

    def reorder_next(self, count: int = 2) -> None:
        """Delivers the next updates last first; what does not come together is let go after a second."""
        self.world.updates.reorder += count
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop().call_later(HELD_AT_MOST, self._let_go)

    def _let_go(self) -> None:
        if self.world.updates.held:
            self.world.updates.release()

    # --- looking

    @property
    def calls(self) -> list[Call]:
        """What the bot called, oldest first; empty answers to getUpdates are left out."""
        return self.api.calls

    @property
    def pending(self) -> list[Json]:
        """Updates that the bot has not acknowledged."""
        updates = self.world.updates
        return [entry.update for entry in [*updates.pending, *updates.held]]

    def everything_answered(self) -> Answered:
        """Which updates were acknowledged, which still wait, and which presses got no answer."""
        open_ = [f"{q.user}: {q.data}" for q in self.world.queries.values() if not q.answered]
        waiting = [update["update_id"] for update in self.pending]
        return Answered(list(self.world.updates.acknowledged), waiting, open_)
