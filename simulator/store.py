"""The state on disk, so that a demonstration goes on where it stopped: one JSON file, files beside it."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

from .errors import Json
from .world import Chat, Post, Query, User, World

DELAY = 0.3
PLAIN = ("bot_names", "menu_button", "commands", "lines", "revision", "last_message_id", "last_query")


def dump(world: World) -> Json:
    """The whole world as JSON."""
    return {
        **{name: getattr(world, name) for name in PLAIN},
        "users": [asdict(user) for user in world.users.values()],
        "chats": [asdict(chat) for chat in world.chats.values()],
        "posts": [asdict(post) for posts in world.posts.values() for post in posts.values()],
        "queries": [asdict(query) for query in world.queries.values()],
        "files": world.files.dump(),
        "updates": world.updates.dump(),
    }


def load(world: World, saved: Json) -> None:
    """The whole world from JSON."""
    for name in PLAIN:
        setattr(world, name, saved[name])
    world.users = {row["id"]: User(**row) for row in saved["users"]}
    world.chats = {row["id"]: Chat(**row) for row in saved["chats"]}
    for row in saved["posts"]:
        world.posts.setdefault(row["chat_id"], {})[row["id"]] = Post(**row)
    world.queries = {row["id"]: Query(**row) for row in saved["queries"]}
    world.files.load(saved["files"])
    world.updates.load(saved["updates"])


class Store:
    """Saves soon after a change and at the end; a half-written state is never seen."""

    def __init__(self, world: World, path: Path) -> None:
        self.world = world
        self.path = path / "telegram.json" if path.is_dir() else path
        self.path.parent.mkdir(parents=True, exist_ok=True)
        world.files.folder = self.path.with_name(self.path.name + ".files")
        self._timer: asyncio.TimerHandle | None = None
        if self.path.exists():
            load(world, json.loads(self.path.read_text("utf-8")))
        world.on_change = self.soon

    def soon(self) -> None:
        """Saves a moment later, once for many changes."""
        if self._timer is not None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # nothing runs yet: the save at the end has it
        self._timer = loop.call_later(DELAY, self.save)

    def save(self) -> None:
        """Saves now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        fresh = self.path.with_name(self.path.name + ".new")
        fresh.write_text(json.dumps(dump(self.world), ensure_ascii=False), "utf-8")
        fresh.replace(self.path)
