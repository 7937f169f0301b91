"""One update, one turn, one transaction: what a handler gets to know and how it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession
from telegram import CallbackQuery, Message, Update

from locales import Words
from models.mail import claim, claim_with_chat
from models.people import Card, Chat, Person, card_about, chat_at_hand
from rules.refusal import Refusal

Button = tuple[str, str]  # label, and data or address
Rows = list[list[Button]]
Reply = dict[str, Any]
NOTHING = Markup()
WORDS = 500  # characters of a reason that somebody types
# Asked on a card and acted on as soon as the words come; the rest of what is awaited only looks.
QUESTIONS = frozenset(
    """
    appeal.reply credit.broken credit.leave credit.promise credit.punish credit.refuse credit.repair
    draw.per_week draw.void draw.witness desk.until fix.case fix.report lead.answer lead.ask lead.assign
    lead.dismiss lead.longer lead.note lead.outcome lead.return lead.split lead.withdraw letter.refuse
    people.lift plan.change plan.file plan.name plan.ratio plan.reject planned.words publication.refuse
    publication.why record.amend review.return task.decline task.factors task.ratio visit.drop visit.object
    visit.object_no
    """.split()  # noqa: SIM905
)
# Begun by a command, and given up for another one: what is typed then is not for them.
FORMS = frozenset({"deadline.words", "label.words", "people.leave", "people.suspend", "seats.leave_all"})
OVER_THE_SCREEN = 200  # characters that Telegram shows in answer to a tap

Show = Callable[["Turn"], Awaitable[None]]

current: ContextVar[Turn] = ContextVar("turn")


@dataclass(frozen=True)
class House:
    """What is the same for every turn of this installation."""

    zone: ZoneInfo
    language: str
    public_url: str
    bot_username: str
    authority: str


@dataclass(frozen=True)
class Sent:
    """A file that came with the update: fetched before the turn began, so that no transaction waits for a network.

    `kind` is as in `models.visits.Evidence`: by what the bytes are and not by what they are called. `taken`, `latitude`
    and `longitude` (WGS-84, degrees) are what it says of itself; `preview` is a JPEG to look at it, where one had to be
    made. `refused` is the code of a refusal: why it can be no evidence.
    """

    data: bytes
    name: str
    media: str
    telegram_file: str
    kind: str = "document"
    taken: datetime | None = None
    latitude: float | None = None
    longitude: float | None = None
    preview: bytes = b""
    refused: str = ""
    codes: tuple[str, ...] = ()  # what QR codes in it say, where somebody may look up a subject with them


@dataclass
class Turn:
    """One update being handled. Replies leave after the commit, in order, and survive a crash."""

    session: AsyncSession
    update: Update
    chat: Chat
    house: House
    now: datetime
    keep: Callable[[bytes], Awaitable[str]]  # stores bytes, gives their SHA-256
    file: Sent | None = None
    args: list[int] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    failed: BaseException | None = None
    show_again: Show | None = None  # what a fresh turn shows when this one is refused
    in_place: bool = False  # the card is changed where it stands, though nobody tapped it

    @property
    def words(self) -> Words:
        """The words of this chat's language."""
        return Words(self.chat.language, self.house.zone)

    @property
    def today(self) -> date:
        """The day it is for the people here."""
        return self.now.astimezone(self.house.zone).date()

    @property
    def person(self) -> Person:
        """Who speaks. Refused if nobody is bound to this chat, or the person is suspended or has left."""
        if self.chat.person is None:
            raise Refusal("people.not_bound")
        if self.chat.person.barred:
            raise Refusal(f"people.{self.chat.person.status}")
        return self.chat.person

    def needs(self, role: str) -> Person:
        """Who speaks, if they hold the role; refused otherwise."""
        if role not in self.person.roles:
            raise Refusal("people.needs_role", role=self.words(f"role.{role}"))
        return self.person

    @property
    def query(self) -> CallbackQuery | None:
        """The tap, if this turn is one."""
        return self.update.callback_query

    @property
    def text(self) -> str:
        """What was typed: the text, or the caption of a photo or file."""
        message = self.update.effective_message
        return ((message.text or message.caption or "") if message else "").strip()

    def said(self, most: int = WORDS) -> str:
        """What was typed where words are asked for; refused as `whole` refuses it."""
        return whole(self.text, most)

    def say(self, text: Markup, rows: Rows | None = None) -> None:
        """A new message."""
        self.replies.append({"do": "say", "text": str(text), "rows": rows or []})

    def toast(self, text: Markup) -> None:
        """A word over the screen in answer to a tap; a message where there was no tap, or where it would be cut."""
        if self.query is None or len(text.unescape()) > OVER_THE_SCREEN:
            self.say(text)
        else:
            self._answer(text.unescape())

    def send_sheet(self, tiles: list[dict[str, Any]], caption: Markup, rows: Rows | None = None) -> None:
        """A contact sheet of pictures: each tile is `sha256` of the bytes, `label` and `doubtful`.

        `lost` is said too where the bytes of one are gone or are others.
        """
        lost = str(self.words("evidence.lost"))
        self.replies.append({"do": "sheet", "tiles": tiles, "text": str(caption), "rows": rows or [], "lost": lost})

    def send_qr(self, content: str, caption: Markup, rows: Rows | None = None) -> None:
        """A picture with a QR code."""
        self.replies.append({"do": "qr", "content": content, "text": str(caption), "rows": rows or []})

    def send_paper(self, kind: str, number: int, caption: Markup, rows: Rows | None = None, person: int = 0) -> None:
        """A PDF, printed when it is sent: the record or notice with this id, or the proof of a visit for a person."""
        self.replies.append({"rows": rows or [], **paper(kind, number, self.words, caption, person)})

    def send_picture(self, kind: str, data: dict[str, Any], caption: Markup, rows: Rows | None = None) -> None:
        """A picture of facts, drawn when it is sent; the caption is said alone where that fails."""
        self.replies.append({"rows": rows or [], "text": str(caption), **picture(kind, data, self.words)})

    def send_workbook(self, kind: str, order: dict[str, Any], caption: Markup) -> None:
        """A workbook (XLSX) of what `order` names, made when it is sent."""
        self.replies.append({"rows": [], **paper(kind, 0, self.words, caption), "order": order})

    async def show(self, about: str, text: Markup, rows: Rows | None = None) -> None:
        """The living card about a thing: the tapped message becomes it, else a new one replaces the old."""
        card = await card_about(self.session, self.chat.id, about)
        tapped = self._tapped_text()
        if tapped:
            self.replies.append(
                {
                    "do": "edit",
                    "message": tapped.message_id,
                    "text": str(text),
                    "rows": rows or [],
                    "about": about,
                }
            )
            if card is None:
                self.session.add(Card(chat_id=self.chat.id, about=about, message_id=tapped.message_id))
            elif card.message_id != tapped.message_id:
                self.replies.append({"do": "retire", "message": card.message_id})
                card.message_id = tapped.message_id
        elif card and self.in_place:
            self.replies.append(
                {"do": "edit", "message": card.message_id, "text": str(text), "rows": rows or [], "about": about}
            )
        else:
            if card:
                self.replies.append({"do": "retire", "message": card.message_id})
            self.replies.append({"do": "say", "text": str(text), "rows": rows or [], "about": about})

    def finish(self) -> None:
        """Answer the tap if nothing else did, so that the button stops spinning."""
        if self.query and not any(reply["do"] == "toast" for reply in self.replies):
            self._answer("")

    def wait_for(self, what: str, **ids: Any) -> None:
        """From now on free text, or a photo, in this chat is for this."""
        self.chat.awaiting = {"what": what, **ids}

    def wait_no_more(self) -> None:
        """Free text is free again."""
        self.chat.awaiting = None

    def give_up(self) -> None:
        """A question that a card asked is open no more, because somebody went back, or elsewhere."""
        if (self.chat.awaiting or {}).get("what") in QUESTIONS:
            self.wait_no_more()

    def go_elsewhere(self) -> None:
        """A command begins something else: what was typed so far for another one is given up too."""
        if (self.chat.awaiting or {}).get("what") in QUESTIONS | FORMS:
            self.wait_no_more()

    def _answer(self, text: str) -> None:
        assert self.query
        self.replies.insert(0, {"do": "toast", "query": self.query.id, "text": text})

    def _tapped_text(self) -> Message | None:
        message = self.query.message if self.query else None
        return message if isinstance(message, Message) and message.text is not None else None


def whole(text: str, most: int = WORDS) -> str:
    """Words that somebody said. Refused if there are none, or more than are kept: nothing is cut off unnoticed."""
    if not text:
        raise Refusal("reason_needed")
    if len(text) > most:
        raise Refusal("too_long", now=len(text), most=most)
    return text


def paper(kind: str, number: int, words: Words, caption: Markup, person: int = 0) -> Reply:
    """What is to be printed and sent; `sorry` is said instead where that fails."""
    order = {"do": "paper", "kind": kind, "id": number, "person": person, "language": words.language}
    return {**order, "text": str(caption), "sorry": str(words("paper.failed"))}


def picture(kind: str, data: dict[str, Any], words: Words) -> Reply:
    """What is to be drawn and sent; `data` is plain facts, as JSON holds them."""
    return {"do": "picture", "kind": kind, "data": data, "language": words.language}


async def claimed_chat(session: AsyncSession, update_id: int, chat_id: int, language: str) -> Chat | None:
    """The chat of an update, both held for this turn; made when the chat speaks for the first time.

    None if the update is done, held elsewhere, or not its chat's next.
    """
    chat = await claim_with_chat(session, update_id)
    if chat or not await claim(session, update_id):
        return chat
    chat = await chat_at_hand(session, chat_id)  # which somebody may have held a moment ago
    if chat is None:
        chat = Chat(id=chat_id, language=language)
        chat.person = None
        session.add(chat)
        await session.flush()
    return chat
