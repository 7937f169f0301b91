"""How what is said becomes a call to Telegram: texts, cards, pictures, papers, files, each made when it leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import Any

import structlog
from telegram import Bot, BotCommandScopeChat, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import BadRequest, NetworkError, RetryAfter

from bot.darkroom import Darkroom
from bot.evidence import Evidence, StoreAway
from bot.forms import buttons, keyboard, parts, qr_png, shortened
from bot.line import call
from bot.pace import Pace
from bot.press import Press
from models.database import away

log = structlog.get_logger("sending")

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
FILES = ("photo", "document", "voice", "audio", "video", "video_note")  # known to Telegram by their id
UNCHANGED = "not modified"
GONE = ("message to edit not found", "can't be edited", "no text in the message")


class Messenger:
    """Makes and sends one message, and raises what Telegram says to it."""

    def __init__(self, bot: Bot, pace: Pace, evidence: Evidence, darkroom: Darkroom, press: Press) -> None:
        self.bot = bot
        self.pace = pace
        self.evidence = evidence
        self.darkroom = darkroom
        self.press = press

    async def send(self, chat_id: int, reply: dict[str, Any]) -> int | None:
        """One reply of a turn, by what it is to do; the id of its message, where others may speak of it."""
        match reply["do"]:
            case "say":
                text = shortened(reply["text"]) if "about" in reply else reply["text"]  # a card is one message
                return await self.say(chat_id, text, reply["rows"])
            case "edit":
                return await self.edit(chat_id, reply["message"], reply["text"], reply["rows"])
            case "toast":
                said = {"callback_query_id": reply["query"], "text": reply.get("text") or None}
                await self._quietly(call(self.bot, "answerCallbackQuery", **said))
            case "retire":
                await self._quietly(self.bot.edit_message_reply_markup(chat_id, reply["message"]))
            case "menu":
                await self._quietly(self.bot.set_my_commands(reply["commands"], BotCommandScopeChat(chat_id)))
            case "video_note":
                await self.bot.send_video_note(chat_id, reply["file"])
            case kind if kind in FILES:
                send = getattr(self.bot, f"send_{kind}")
                await send(chat_id, reply["file"], caption=reply["text"], parse_mode=ParseMode.HTML)
            case "position":
                await self.bot.send_location(chat_id, reply["latitude"], reply["longitude"])
            case "sheet":
                return await self._sheet(chat_id, reply)
            case "paper":
                return await self.paper(chat_id, reply, reply["text"], reply["rows"])
            case "picture":
                return await self.picture(chat_id, reply, reply["text"], reply["rows"])
            case "qr":
                picture = qr_png(reply["content"])
                markup = keyboard(reply["rows"])
                sent = await self.bot.send_photo(
                    chat_id, picture, caption=reply["text"], parse_mode=ParseMode.HTML, reply_markup=markup
                )
                return sent.message_id
        return None

    async def _sheet(self, chat_id: int, reply: dict[str, Any]) -> int:
        """A contact sheet, made anew from the stored bytes; its words alone where it cannot be made.

        What is gone, or is no longer what was kept, is grey on it, and a message says so.
        """
        lost: list[str] = []

        async def pictures() -> AsyncIterator[bytes]:
            for tile in reply["tiles"]:
                try:
                    yield await self.evidence.read(tile["sha256"])
                except FileNotFoundError:
                    log.error("evidence is not what was kept, or is gone", sha256=tile["sha256"])
                    lost.append(tile["sha256"])
                    yield b""

        sheet = await self.darkroom.sheet(reply["tiles"], pictures())
        if lost and "lost" in reply:
            with self.pace.reply(chat_id):
                await self.say(chat_id, reply["lost"], [])
        if not sheet:
            return await self.say(chat_id, reply["text"], reply["rows"])
        sent = await self.bot.send_photo(
            chat_id,
            sheet,
            caption=reply["text"],
            parse_mode=ParseMode.HTML,
            reply_markup=keyboard(reply["rows"]),
        )
        return sent.message_id

    async def say(self, chat_id: int, text: str, rows: list[Any]) -> int:
        """A new message, or several if it is too long for one, the buttons below the last; the id of that one.

        The first is counted by whoever knows whether it is a reply or a notice.
        """
        pieces = parts(text)
        for number, piece in enumerate(pieces, 1):
            with nullcontext() if number == 1 else self.pace.reply(chat_id):
                sent = await self.bot.send_message(
                    chat_id,
                    piece,
                    parse_mode=ParseMode.HTML,
                    reply_markup=keyboard(rows) if number == len(pieces) else None,
                    link_preview_options=NO_PREVIEW,
                )
        return sent.message_id

    async def paper(self, chat_id: int, paper: dict[str, Any], text: str, rows: list[Any]) -> int:
        """A PDF, printed now; where that fails for good a word about it, so that nothing behind it is held up."""
        try:
            printed = await self.press.print(paper)
        except Exception as error:
            if passes(error):
                raise
            log.exception("a paper cannot be printed", kind=paper["kind"], id=paper["id"])
            return await self.say(chat_id, paper["sorry"], [])
        sent = await self.bot.send_document(
            chat_id,
            printed.data,
            caption=text,
            parse_mode=ParseMode.HTML,
            filename=printed.name,
            reply_markup=keyboard(rows),
        )
        return sent.message_id

    async def picture(self, chat_id: int, order: dict[str, Any], text: str, rows: list[Any]) -> int:
        """A picture, drawn now, with its text under it; where that fails the text alone."""
        try:
            drawn = await self.press.draw(order)
        except Exception:
            log.exception("a picture cannot be drawn", kind=order["kind"])
            return await self.say(chat_id, text, rows)
        sent = await self.bot.send_photo(
            chat_id, drawn, caption=text, parse_mode=ParseMode.HTML, reply_markup=keyboard(rows)
        )
        return sent.message_id

    async def edit(self, chat_id: int, message_id: int, text: str, rows: list[Any]) -> int:
        """Change a message, or say it anew where the old one is gone; the id of the message that shows it now."""
        text = shortened(text)
        try:
            await call(
                self.bot,
                "editMessageText",
                chat_id=chat_id,
                message_id=message_id,
                text=text,
                parse_mode=ParseMode.HTML,
                reply_markup=buttons(rows),
                link_preview_options=NO_PREVIEW.to_dict(),
            )
        except BadRequest as error:
            problem = str(error).lower()
            if any(word in problem for word in GONE):
                with self.pace.reply(chat_id):  # an edit is not counted
                    return await self.say(chat_id, text, rows)
            if UNCHANGED not in problem:
                raise
        return message_id

    async def _quietly(self, call: Any) -> None:
        """A courtesy that may come too late without harm."""
        try:
            await call
        except BadRequest as error:
            log.debug("too late for a courtesy", error=str(error))


def passes(error: Exception) -> bool:
    """Whether a message that did not leave may leave later: Telegram, the evidence store or the database is away."""
    busy = isinstance(error, NetworkError | RetryAfter | StoreAway) and not isinstance(error, BadRequest)
    return busy or away(error)
