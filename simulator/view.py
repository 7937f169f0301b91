"""What a person sees of a chat, as values to look at and as text to read in an error message."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .errors import Json
from .markup import as_html
from .sending import describe
from .world import Post, World, keyboard

RECENT = 6


@dataclass(frozen=True)
class Message:
    """One message as it stands on the screen now."""

    id: int
    text: str
    html: str
    buttons: list[list[str]]
    keyboard: list[list[Json]]
    date: datetime
    edits: int
    outgoing: bool  # written by the person whose phone this is
    from_bot: bool
    revision: int
    kind: str  # text, photo, document, voice, video, location, venue, sticker, contact, service
    payload: Json = field(repr=False)
    photo: bytes | None = field(default=None, repr=False)
    document: bytes | None = field(default=None, repr=False)
    document_name: str = ""
    author: str = ""

    @property
    def labels(self) -> list[str]:
        """All buttons in one list."""
        return [label for row in self.buttons for label in row]


KINDS = ("venue", "photo", "document", "voice", "video", "location", "sticker", "contact", "text")


def _bytes(world: World, body: Json, kind: str) -> bytes | None:
    value: Any = body.get(kind)
    if not value:
        return None
    file_id = (value[-1] if kind == "photo" else value)["file_id"]
    return world.files.read(world.files.get(file_id))


def message_of(world: World, post: Post, user: int) -> Message:
    """A stored message as a person sees it."""
    body = post.body
    entities = body.get("entities") or body.get("caption_entities") or []
    author = world.username if post.from_bot else world.users[post.author].first_name
    return Message(
        id=post.id,
        text=post.text,
        html=as_html(post.text, entities),
        buttons=[[button["text"] for button in row] for row in keyboard(post)],
        keyboard=keyboard(post),
        date=datetime.fromtimestamp(post.date, UTC),
        edits=post.edits,
        outgoing=not post.from_bot and post.author == user,
        from_bot=post.from_bot,
        revision=post.revision,
        kind=next((kind for kind in KINDS if kind in body), "service"),
        payload=body,
        photo=_bytes(world, body, "photo"),
        document=_bytes(world, body, "document"),
        document_name=body.get("document", {}).get("file_name", ""),
        author=author,
    )


def visible(world: World, chat_id: int) -> list[Post]:
    """The messages that are still there, oldest first."""
    return [post for _, post in sorted(world.posts.get(chat_id, {}).items()) if not post.deleted]


def screen(world: World, chat_id: int, count: int = RECENT) -> str:
    """The last messages of a chat with their buttons, as text."""
    lines = [f"┌─ {world.chats[chat_id].title}"]
    posts = visible(world, chat_id)[-count:]
    for post in posts:
        author = world.username if post.from_bot else world.users[post.author].first_name
        edited = f" (改 {post.edits})" if post.edits else ""
        lines.append(f"│ #{post.id} {author}{edited}:")
        lines += [f"│   {line}" for line in describe(post).splitlines()]
    if not posts:
        lines.append("│ (empty)")
    return "\n".join([*lines, "└─"])
