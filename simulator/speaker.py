"""What a person says and sends in a chat: each makes the message and the update that Telegram would."""

import asyncio
import mimetypes
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from .errors import Json
from .files import add_photo
from .markup import formatted
from .sending import describe
from .view import Message, message_of, screen, visible
from .world import Chat, Post, User, World

VOICE = b"OggS\x00\x02" + bytes(64)
VIDEO = b"\x00\x00\x00\x18ftypmp42" + bytes(64)


class Sent(int):
    """The update id of what a person did; of a message it knows the number too."""

    message_id: int = 0

    @classmethod
    def of(cls, update_id: int | None, message_id: int = 0) -> Self:
        """An update id (0 if the bot does not want this kind) with its message."""
        sent = cls(update_id or 0)
        sent.message_id = message_id
        return sent


def content(source: str | Path | bytes, name: str) -> tuple[bytes, str]:
    """Bytes and name of what was given as a path or as bytes."""
    if isinstance(source, bytes | bytearray):
        return bytes(source), name
    path = Path(source)
    return path.read_bytes(), name if name != "file" else path.name


class Speaker:
    """A person in one chat with the bot, who says things and sees what is there."""

    def __init__(self, world: World, user: User, chat: Chat) -> None:
        self.world = world
        self.user = user
        self.chat = chat

    # --- looking

    def message(self, message_id: int) -> Message:
        """One message by its number."""
        return message_of(self.world, self.world.posts[self.chat.id][message_id], self.user.id)

    @property
    def messages(self) -> list[Message]:
        """All messages that are there, oldest first."""
        return [message_of(self.world, post, self.user.id) for post in visible(self.world, self.chat.id)]

    def screen(self) -> str:
        """The last messages with their buttons, to read."""
        return screen(self.world, self.chat.id)

    def transcript(self) -> str:
        """The whole conversation as it happened."""
        return "\n".join(self.world.lines.get(str(self.chat.id), []))

    # --- speaking

    def _post(self, body: Json, line: str | None = None, reply_to: int | None = None) -> Sent:
        assert not self.chat.blocked, f"{self.user.first_name} has blocked the bot: unblock first"
        if self.chat.type == "private":
            self.chat.started = True
        post = self.world.add_post(self.chat, self.user.id, body, reply_to)
        self.world.say_line(self.chat.id, f"> {self.user.first_name}", line or describe(post))
        return Sent.of(self.world.updates.add("message", self.world.message_json(post), self.chat.id), post.id)

    async def says(self, text: str, reply_to: int | None = None) -> Sent:
        """Sends a text; commands and links in it are marked as Telegram marks them."""
        plain, entities = formatted(text, None)
        assert plain, "nothing to say"
        return self._post({"text": plain} | ({"entities": entities} if entities else {}), reply_to=reply_to)

    def _caption(self, caption: str) -> Json:
        text, entities = formatted(caption, None)
        body: Json = {"caption": text} if text else {}
        return body | ({"caption_entities": entities} if entities else {})

    async def sends_photo(self, source: str | Path | bytes, caption: str = "", album: str | None = None) -> Sent:
        """Sends a picture as a photo: recompressed, in several sizes, without its EXIF."""
        data, _ = content(source, "photo.jpg")
        body: Json = {"photo": await asyncio.to_thread(add_photo, self.world.files, data)}
        return self._post(body | self._caption(caption) | ({"media_group_id": album} if album else {}))

    async def sends_file(
        self,
        source: str | Path | bytes,
        name: str = "file",
        caption: str = "",
        mime: str | None = None,
        album: str | None = None,
    ) -> Sent:
        """Sends a file as it is."""
        data, name = content(source, name)
        mime = mime or mimetypes.guess_type(name)[0] or "application/octet-stream"
        file = self.world.files.add("documents", data, name, mime)
        document = file.as_json() | {"file_name": name, "mime_type": mime}
        return self._post(
            {"document": document} | self._caption(caption) | ({"media_group_id": album} if album else {})
        )

    async def sends_album(self, sources: Sequence[str | Path | bytes], caption: str = "") -> list[Sent]:
        """Sends pictures as an album: as many messages, with one number and the caption on the first."""
        assert 2 <= len(sources) <= 10, "an album has 2 to 10 pictures"
        album = f"1{self.world.last_message_id:016d}"
        return [await self.sends_photo(source, "" if place else caption, album) for place, source in enumerate(sources)]

    async def sends_audio(
        self, data: bytes = VOICE, name: str = "录音.m4a", caption: str = "", seconds: int = 3
    ) -> Sent:
        """Sends an audio file, which a recording becomes when it is sent as a file."""
        file = self.world.files.add("music", data, name, "audio/mp4")
        audio = file.as_json() | {"duration": seconds, "mime_type": "audio/mp4", "file_name": name}
        return self._post({"audio": audio} | self._caption(caption))

    async def sends_video_note(self, data: bytes = VIDEO, seconds: int = 3) -> Sent:
        """Sends a round video; it has no caption and no type."""
        file = self.world.files.add("video_notes", data, "note.mp4", "video/mp4")
        return self._post({"video_note": file.as_json() | {"length": 240, "duration": seconds}})

    async def sends_voice(self, data: bytes = VOICE, seconds: int = 3) -> Sent:
        """Sends a voice message."""
        file = self.world.files.add("voice", data, "voice.oga", "audio/ogg")
        return self._post({"voice": file.as_json() | {"duration": seconds, "mime_type": "audio/ogg"}})

    async def sends_video(self, data: bytes = VIDEO, caption: str = "", seconds: int = 3) -> Sent:
        """Sends a video."""
        file = self.world.files.add("videos", data, "video.mp4", "video/mp4")
        video = file.as_json() | {"duration": seconds, "width": 640, "height": 360, "mime_type": "video/mp4"}
        return self._post({"video": video} | self._caption(caption))

    async def sends_sticker(self, emoji: str = "👍") -> Sent:
        """Sends a sticker."""
        file = self.world.files.add("stickers", emoji.encode(), "sticker.webp", "image/webp")
        shape: Json = {
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
        }
        return self._post({"sticker": file.as_json() | shape | {"emoji": emoji}}, f"(贴纸) {emoji}")

    async def shares_position(self, lat: float, lng: float, live: bool = False, accuracy: float | None = None) -> Sent:
        """Shares a position, or starts to share it live."""
        where: Json = {"latitude": lat, "longitude": lng}
        where |= {"live_period": 3600} if live else {}
        where |= {"horizontal_accuracy": accuracy} if accuracy is not None else {}
        return self._post({"location": where}, f"(位置) {lat:.5f}, {lng:.5f}")

    async def moves(self, message: int, lat: float, lng: float) -> Sent:
        """Moves a live position, which Telegram reports as an edited message."""
        post = self._own(message)
        post.body = {"location": post.body["location"] | {"latitude": lat, "longitude": lng}}
        return self._edited(post, f"(位置) {lat:.5f}, {lng:.5f}")

    async def shares_contact(self, phone_number: str = "", first_name: str = "") -> Sent:
        """Shares a contact, by default the person's own."""
        own = {"user_id": self.user.id} if not first_name else {}
        number = phone_number or self.user.phone_number or "+8613800000000"
        contact = {"phone_number": number, "first_name": first_name or self.user.first_name}
        return self._post({"contact": contact | own}, f"(名片) {contact['first_name']}")

    def _own(self, message: int) -> Post:
        message_id = message.message_id if isinstance(message, Sent) else message
        post = self.world.posts.get(self.chat.id, {}).get(message_id)
        assert post is not None, f"no message {message_id}\n{self.screen()}"
        assert post.author == self.user.id, f"message {message_id} is not {self.user.first_name}'s\n{self.screen()}"
        return post

    def _edited(self, post: Post, line: str) -> Sent:
        post.edits += 1
        post.edit_date = int(self.world.now())
        self.world.touch(post)
        self.world.say_line(self.chat.id, f"> {self.user.first_name} (改 #{post.id})", line)
        return Sent.of(self.world.updates.add("edited_message", self.world.message_json(post), self.chat.id), post.id)

    async def edits(self, message: int, text: str) -> Sent:
        """Edits an own message (of a photo: its caption)."""
        post = self._own(message)
        plain, entities = formatted(text, None)
        kind = "text" if "text" in post.body else "caption"
        kept = {k: v for k, v in post.body.items() if k not in (kind, "entities", "caption_entities")}
        marks = {"entities" if kind == "text" else "caption_entities": entities} if entities else {}
        post.body = kept | {kind: plain} | marks
        return self._edited(post, plain)
