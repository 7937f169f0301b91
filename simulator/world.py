"""Everything that the simulated Telegram knows, in one object: to be waited on, saved, loaded."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from .errors import ApiError, Json, bad, forbidden
from .files import Files
from .updates import Updates

T = TypeVar("T")

PATIENCE = 60.0  # seconds that a person waits: a busy machine is no fault of the bot, and waiting costs only a failure
Clock = Callable[[], float | datetime]


@dataclass
class User:
    """A person with an account."""

    id: int
    first_name: str
    language_code: str = "zh-hans"
    username: str = ""
    phone_number: str = ""

    def as_json(self) -> Json:
        """Telegram's User object."""
        body: Json = {"id": self.id, "is_bot": False, "first_name": self.first_name}
        if self.username:
            body["username"] = self.username
        return body | {"language_code": self.language_code}


@dataclass
class Chat:
    """A private chat with the bot, or a group that the bot is in."""

    id: int
    type: str
    title: str
    members: list[int] = field(default_factory=list)
    started: bool = False
    blocked: bool = False
    pinned: list[int] = field(default_factory=list)
    menu_button: Json | None = None
    reply_keyboard: Json | None = None

    def as_json(self) -> Json:
        """Telegram's Chat object."""
        name = "first_name" if self.type == "private" else "title"
        return {"id": self.id, "type": self.type, name: self.title}


@dataclass
class Post:
    """One message of a chat and what became of it."""

    chat_id: int
    id: int
    author: int
    date: int
    body: Json
    from_bot: bool
    revision: int = 0
    edits: int = 0
    edit_date: int = 0
    deleted: bool = False
    reply_to: int | None = None
    shown: list[list[Any]] = field(default_factory=list)  # every button ever visible: order, label, button

    @property
    def text(self) -> str:
        """The text or caption, plain."""
        return str(self.body.get("text", self.body.get("caption", "")))


@dataclass
class Query:
    """One press of an inline button."""

    id: str
    chat_id: int
    message_id: int
    user: int
    date: float
    data: str
    answered: bool = False


class World:
    """Users, chats, messages, files and the queue of updates."""

    def __init__(self, token: str, username: str, clock: Clock | None) -> None:
        self.token = token
        self.username = username
        self.clock = clock or time.time
        self.bot_names: dict[str, Json] = {"name": {"": "随查"}, "description": {}, "short_description": {}}
        self.menu_button: Json = {"type": "commands"}
        self.users: dict[int, User] = {}
        self.chats: dict[int, Chat] = {}
        self.posts: dict[int, dict[int, Post]] = {}
        self.queries: dict[str, Query] = {}
        self.commands: dict[str, list[Json]] = {}
        self.toasts: list[Json] = []
        self.lines: dict[str, list[str]] = {}
        self.revision = 0
        self.changes = 0
        self.last_message_id = 0
        self.last_query = 4_000_000_000_000_000_000
        self.query_lifetime = 60.0
        self.files = Files()
        self.updates = Updates(self.changed)
        self.on_change: Callable[[], None] = lambda: None
        self.on_line: list[Callable[[str, str], None]] = []
        self._waiting: set[asyncio.Future[None]] = set()

    # --- time and waiting

    def now(self) -> float:
        """Seconds since 1970 on the clock that was given."""
        moment = self.clock()
        return moment.timestamp() if isinstance(moment, datetime) else float(moment)

    def changed(self) -> None:
        """Wakes everybody who waits for something to happen, and has the state saved."""
        self.changes += 1
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()
        self.on_change()

    async def change(self) -> None:
        """Waits until anything happens."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)

    async def until(self, found: Callable[[], T | None], within: float) -> T | None:
        """Waits until something is found, at most so many seconds; None if it never was."""
        try:
            async with asyncio.timeout(within):
                while (value := found()) is None:
                    await self.change()
                return value
        except TimeoutError:
            return found()

    async def moved(self, changes: int, within: float) -> bool:
        """Waits until more than so many changes have happened; false if none did in time."""
        return bool(await self.until(lambda: True if self.changes != changes else None, within))

    def touch(self, post: Post) -> None:
        """Marks a message as new or changed."""
        self.revision += 1
        post.revision = self.revision
        self.changed()

    # --- who and where

    @property
    def bot_id(self) -> int:
        """The bot's user id, the number before the colon of its token."""
        return int(self.token.partition(":")[0])

    def bot_json(self) -> Json:
        """Telegram's User object of the bot."""
        name = self.bot_names["name"].get("", self.username)
        return {"id": self.bot_id, "is_bot": True, "first_name": name, "username": self.username}

    def reachable(self, chat_id: int | str) -> Chat:
        """The chat to which the bot may write, or Telegram's refusal."""
        chat = self.chats.get(chat_id) if isinstance(chat_id, int) else None
        if chat is None:
            raise bad("chat not found")
        if chat.type == "private":
            if chat.blocked:
                raise forbidden("bot was blocked by the user")
            if not chat.started:
                shared = any(chat.id in c.members for c in self.chats.values() if c.type != "private")
                raise (forbidden("bot can't initiate conversation with a user") if shared else bad("chat not found"))
        elif self.bot_id not in chat.members:
            raise ApiError(403, "Forbidden: bot was kicked from the group chat")
        return chat

    # --- messages

    def add_post(self, chat: Chat, author: int, body: Json, reply_to: int | None = None) -> Post:
        """Puts a new message into a chat."""
        self.last_message_id += 1
        post = Post(chat.id, self.last_message_id, author, int(self.now()), body, author == self.bot_id)
        post.reply_to = reply_to
        self.posts.setdefault(chat.id, {})[post.id] = post
        self.remember_buttons(post)
        self.touch(post)
        return post

    def remember_buttons(self, post: Post) -> None:
        """Keeps what can be pressed now, so that it can still be pressed when it is stale."""
        for row in keyboard(post):
            for button in row:
                if not post.shown or [button["text"], button] not in [entry[1:] for entry in post.shown]:
                    post.shown.append([self.revision + 1, button["text"], button])

    def post(self, chat_id: int, message_id: int, refusal: str) -> Post:
        """A message that still is there, or the refusal."""
        post = self.posts.get(chat_id, {}).get(message_id)
        if post is None or post.deleted:
            raise bad(refusal)
        return post

    def message_json(self, post: Post, *, nested: bool = False) -> Json:
        """Telegram's Message object."""
        chat = self.chats[post.chat_id]
        if post.deleted:
            return {"chat": chat.as_json(), "message_id": post.id, "date": 0}
        author = self.bot_json() if post.from_bot else self.users[post.author].as_json()
        body: Json = {"message_id": post.id, "from": author, "chat": chat.as_json(), "date": post.date}
        if post.edit_date:
            body["edit_date"] = post.edit_date
        original = self.posts[post.chat_id].get(post.reply_to) if post.reply_to else None
        if original and not original.deleted and not nested:
            body["reply_to_message"] = self.message_json(original, nested=True)
        content = dict(post.body)
        if "inline_keyboard" not in content.get("reply_markup", {}):
            content.pop("reply_markup", None)
        return body | content

    def say_line(self, chat_id: int, who: str, what: str) -> None:
        """Adds a line to the transcript of a chat and to whoever listens."""
        line = f"{who}: {what}"
        self.lines.setdefault(str(chat_id), []).append(line)
        for listener in self.on_line:
            listener(self.chats[chat_id].title, line)


def keyboard(post: Post) -> list[list[Json]]:
    """The inline buttons under a message, in rows."""
    rows: list[list[Json]] = (post.body.get("reply_markup") or {}).get("inline_keyboard", [])
    return [] if post.deleted else rows
