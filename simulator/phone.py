"""A person's phone: the private chat with the bot, with waiting for what appears on its screen."""

import asyncio
from typing import TYPE_CHECKING

from .errors import Json
from .person import Person
from .settings import commands_for
from .speaker import Sent
from .view import Message, message_of, visible
from .world import PATIENCE, Chat, Post, User, World

if TYPE_CHECKING:
    from .group import Group


class Phone(Person):
    """Drives one person's private chat with the bot."""

    def __init__(self, world: World, user: User, chat: Chat) -> None:
        super().__init__(world, user, chat)
        self.seen = 0  # revision of the last message that `sees` has found
        self.toast_seen = 0

    @property
    def name(self) -> str:
        """The person's name."""
        return self.user.first_name

    @property
    def user_id(self) -> int:
        """The person's user id, which is the id of the private chat too."""
        return self.user.id

    def __repr__(self) -> str:
        return f"Phone({self.name!r}, {self.user_id})"

    # --- what is new on the screen

    def _new(self) -> list[Post]:
        posts = [p for p in visible(self.world, self.chat.id) if p.from_bot and p.revision > self.seen]
        return sorted(posts, key=lambda post: post.revision)

    def _first(self, text: str, button: str | None) -> Post | None:
        for post in self._new():
            labels = [b["text"] for row in message_of(self.world, post, 0).keyboard for b in row]
            if text in post.text and (button is None or any(button in label for label in labels)):
                return post
        return None

    async def sees(self, text: str = "", within: float = PATIENCE, button: str | None = None) -> Message:
        """Waits for a message of the bot that contains a text, sent or edited after what was seen before.

        With `button` it must have a button whose label contains that.
        """
        post = await self.world.until(lambda: self._first(text, button), within)
        wanted = repr(text) + (f" with button {button!r}" if button else "")
        assert post is not None, f"{self.name} does not see {wanted} within {within} s\n{self.screen()}"
        self.seen = post.revision
        return message_of(self.world, post, self.user.id)

    async def sees_nothing_new(self, for_: float = 0.3) -> None:
        """Makes sure that nothing appears that `sees` has not found already."""
        await self.world.until(lambda: self._new() or None, for_)
        assert not self._new(), f"{self.name} sees something new: {self._new()[0].text!r}\n{self.screen()}"

    def reads_all(self) -> None:
        """Takes everything on the screen as seen."""
        self.seen = self.toast_seen = self.world.revision

    @property
    def toast(self) -> str | None:
        """The text of the last answered press, None before the first."""
        mine = [toast for toast in self.world.toasts if toast["user"] == self.user.id]
        return str(mine[-1]["text"]) if mine else None

    async def sees_toast(self, text: str = "", within: float = PATIENCE) -> str:
        """Waits for the answer to a press that contains a text, newer than what was seen before."""

        def found() -> Json | None:
            for toast in self.world.toasts:
                if toast["user"] == self.user.id and toast["revision"] > self.toast_seen and text in toast["text"]:
                    return toast
            return None

        toast = await self.world.until(found, within)
        assert toast is not None, f"{self.name} sees no toast {text!r}; last: {self.toast!r}\n{self.screen()}"
        self.toast_seen = toast["revision"]
        return str(toast["text"])

    def _open(self) -> str | None:
        """What the bot still owes this chat."""
        updates = self.world.updates
        if any(entry.chat_id == self.chat.id for entry in [*updates.pending, *updates.held]):
            return "an update that the bot has not acknowledged"
        for query in reversed(self.world.queries.values()):
            age = self.world.now() - query.date
            if query.chat_id == self.chat.id and not query.answered and 0 <= age < self.world.query_lifetime:
                return f"the press {query.data!r} is not answered"
        return None

    async def _moves(self, within: float) -> bool:
        before = self.world.revision
        return bool(await self.world.until(lambda: True if self.world.revision != before else None, within))

    async def settles(self, quiet: float = 0.2, within: float = PATIENCE) -> None:
        """Waits until the bot has taken and answered everything from this chat, and for quiet."""
        try:
            async with asyncio.timeout(within):
                while True:
                    await self.world.until(lambda: True if self._open() is None else None, within)
                    if not await self._moves(quiet) and self._open() is None:
                        return
        except TimeoutError:
            raise AssertionError(
                f"{self.name}: not settled within {within} s: {self._open()}\n{self.screen()}"
            ) from None

    async def commands(self) -> list[Json]:
        """The commands menu of this chat: a list of command and description."""
        return commands_for(self.world, self.user, self.chat)

    # --- coming and going

    async def blocks(self) -> Sent:
        """Blocks the bot."""
        self.chat.blocked = True
        self.world.say_line(self.chat.id, f"> {self.name}", "[停用机器人]")
        self.world.changed()
        return self.member_update("member", "kicked")

    async def unblocks(self) -> Sent:
        """Unblocks the bot."""
        self.chat.blocked = False
        self.chat.started = True
        self.world.say_line(self.chat.id, f"> {self.name}", "[重新启用机器人]")
        self.world.changed()
        return self.member_update("kicked", "member")

    async def joins(self, group: "Group") -> Sent:
        """Joins a group."""
        return await group.welcomes(self)
