"""What a person does in a chat beside speaking: pressing buttons, opening links, scanning codes."""

import asyncio
import io
from pathlib import Path

import zxingcpp
from PIL import Image

from .errors import Json
from .keyboards import START, start_parameter
from .speaker import Sent, Speaker, content
from .view import Message, visible
from .world import Post, Query, keyboard


def decode_qr(png: bytes) -> str | None:
    """What the first QR code of a picture says."""
    with Image.open(io.BytesIO(png)) as opened:
        found = zxingcpp.read_barcodes(opened.convert("RGB"))
    return found[0].text if found else None


class Person(Speaker):
    """A person in one chat with the bot, who presses what is there."""

    def _find(self, label: str) -> tuple[Post, Json] | None:
        for matches in (lambda text: text == label, lambda text: label in text):
            for post in reversed(visible(self.world, self.chat.id)):
                for row in keyboard(post):
                    for button in row:
                        if matches(button["text"]):
                            return post, button
        return None

    async def presses(self, label: str, within: float = 0.0) -> Sent | str:
        """Presses the newest visible button that is called so (else: that contains it).

        Answers the update's id, or for a button with a link its address.
        """
        found = await self.world.until(lambda: self._find(label), within) if within else self._find(label)
        if found is not None:
            return await self._press(found[0].id, found[1])
        for row in (self.chat.reply_keyboard or {}).get("keyboard", []):
            for button in row:
                if label in button["text"]:
                    assert not button.get("request_location"), f"{label} asks for a position: use shares_position"
                    return await self.says(button["text"])
        raise AssertionError(f"no button {label!r} to press\n{self.screen()}")

    async def presses_old(self, label: str, nth: int = 1) -> Sent | str:
        """Presses a button from before: the nth last so called that `presses` would not press now."""
        now = self._find(label)
        present = (now[0].id, now[1]) if now else None
        shown = [
            (order, post.id, text, button)
            for post in self.world.posts.get(self.chat.id, {}).values()
            for order, text, button in post.shown
            if (post.id, button) != present
        ]
        shown.sort(key=lambda entry: entry[0], reverse=True)
        named = [e for e in shown if e[2] == label] or [e for e in shown if label in e[2]]
        assert len(named) >= nth, f"no old button {label!r} (nth={nth})\n{self.screen()}"
        return await self._press(named[nth - 1][1], named[nth - 1][3], old=True)

    async def _press(self, message_id: int, button: Json, *, old: bool = False) -> Sent | str:
        self.world.say_line(self.chat.id, f"> {self.user.first_name}", f"[按{'旧' if old else ''} {button['text']}]")
        if "url" in button:
            return await self.opens(button["url"])
        if "web_app" in button:
            return str(button["web_app"]["url"])
        if "copy_text" in button:
            return str(button["copy_text"]["text"])
        assert "callback_data" in button, f"the simulator cannot press {button}"
        return await self.taps(message_id, button["callback_data"])

    async def taps(self, message_id: int, data: str) -> Sent:
        """Sends a callback query with any data from any message, also one that is gone."""
        assert not self.chat.blocked, f"{self.user.first_name} has blocked the bot: unblock first"
        world = self.world
        world.last_query += 1
        query = Query(str(world.last_query), self.chat.id, message_id, self.user.id, world.now(), data)
        world.queries[query.id] = query
        content: Json = {
            "id": query.id,
            "from": self.user.as_json(),
            "chat_instance": f"-{self.chat.id}",
            "data": data,
        }
        if post := world.posts.get(self.chat.id, {}).get(message_id):
            content["message"] = world.message_json(post)
        else:
            content["message"] = {"chat": self.chat.as_json(), "message_id": message_id, "date": 0}
        return Sent.of(world.updates.add("callback_query", content, self.chat.id), message_id)

    async def opens(self, link: str) -> Sent | str:
        """Opens a link: one to the bot sends /start with its parameter, any other is answered as it is."""
        found = start_parameter(link)
        if found is None or found[0].lower() != self.world.username.lower():
            return link
        assert not found[1] or START.fullmatch(found[1]), f"Telegram does not accept this start parameter: {link}"
        return await self.says(f"/start {found[1]}".strip())

    async def scans(self, picture: Message | bytes | str | Path) -> Sent | str:
        """Scans the QR code of a message's picture or of an image, and opens what it says."""
        if isinstance(picture, Message):
            data = picture.photo or picture.document
            assert data, "this message has no picture to scan"
        else:
            data, _ = content(picture, "picture.png")
        text = await asyncio.to_thread(decode_qr, data)
        assert text is not None, "no QR code in this picture"
        self.world.say_line(self.chat.id, f"> {self.user.first_name}", f"[扫一扫] {text}")
        return await self.opens(text)

    def member_update(self, old: str, new: str) -> Sent:
        """Tells the bot that its own membership in this chat changed."""

        def member(status: str) -> Json:
            body: Json = {"user": self.world.bot_json(), "status": status}
            return body | ({"until_date": 0} if status == "kicked" else {})

        change = {"chat": self.chat.as_json(), "from": self.user.as_json(), "date": int(self.world.now())}
        change |= {"old_chat_member": member(old), "new_chat_member": member(new)}
        return Sent.of(self.world.updates.add("my_chat_member", change, self.chat.id))
