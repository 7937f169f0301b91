"""A group that the bot is in, because people will add it to one."""

from .person import Person
from .phone import Phone
from .speaker import Sent
from .view import Message, message_of, screen, visible
from .world import PATIENCE, Chat, World


class Group:
    """Drives a group chat."""

    def __init__(self, world: World, chat: Chat) -> None:
        self.world = world
        self.chat = chat

    @property
    def id(self) -> int:
        """The chat's id, a negative number."""
        return self.chat.id

    def as_(self, phone: Phone) -> Person:
        """A member, acting in this group."""
        assert phone.user.id in self.chat.members, f"{phone.name} is not in {self.chat.title}"
        return Person(self.world, phone.user, self.chat)

    async def says(self, phone: Phone, text: str) -> Sent:
        """Has a member say something."""
        return await self.as_(phone).says(text)

    async def presses(self, phone: Phone, label: str) -> Sent | str:
        """Has a member press a button."""
        return await self.as_(phone).presses(label)

    async def welcomes(self, phone: Phone) -> Sent:
        """Takes a new member in."""
        if phone.user.id not in self.chat.members:
            self.chat.members.append(phone.user.id)
        who = phone.user.as_json()
        post = self.world.add_post(self.chat, phone.user.id, {"new_chat_members": [who]})
        return Sent.of(self.world.updates.add("message", self.world.message_json(post), self.chat.id), post.id)

    async def loses(self, phone: Phone) -> Sent:
        """Has a member leave."""
        self.chat.members.remove(phone.user.id)
        post = self.world.add_post(self.chat, phone.user.id, {"left_chat_member": phone.user.as_json()})
        return Sent.of(self.world.updates.add("message", self.world.message_json(post), self.chat.id), post.id)

    async def expels_bot(self, phone: Phone) -> Sent:
        """Has a member throw the bot out."""
        person = self.as_(phone)
        self.chat.members.remove(self.world.bot_id)
        return person.member_update("member", "kicked")

    @property
    def messages(self) -> list[Message]:
        """All messages that are there, oldest first."""
        return [message_of(self.world, post, 0) for post in visible(self.world, self.chat.id)]

    def screen(self) -> str:
        """The last messages with their buttons, to read."""
        return screen(self.world, self.chat.id)

    async def sees(self, text: str, within: float = PATIENCE) -> Message:
        """Waits for a message of the bot in the group that contains a text."""

        def found() -> Message | None:
            return next((m for m in reversed(self.messages) if m.from_bot and text in m.text), None)

        message = await self.world.until(found, within)
        assert message is not None, f"nobody sees {text!r} in the group within {within} s\n{self.screen()}"
        return message
