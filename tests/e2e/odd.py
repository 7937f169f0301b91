"""Updates that Telegram's schema allows and nobody would think of: odd in every field, and the same again by seed.

Long by the fields that Telegram has.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from typing import Any

import handlers

Json = dict[str, Any]

BIG = 2**52 - 1  # Telegram: an id has at most 52 significant bits
STRINGS = (
    "", " ", "\n\n\n", "\t", "0", "-1", "9" * 400, "１２３", "１ 符合", "NaN", "null", "../../etc/passwd",
    "a\\b", "C:\\x.jpg",
    "<b>", "</b><script>alert(1)</script>", "&amp;&lt;&#0;", "' OR 1=1 --", "%s %d {} {0.__class__}",
    "{visit}", "\x00", "a\x00b",
    "\u202e反着写\u202c", "\u200b", "e\u0301" * 200, "👨‍👩‍👧‍👦" * 60, "🏳️‍🌈", "\ufeff", "\uffff", "\U0010ffff",
    "\ud800", "字" * 4096, "x" * 4096,
    "=1+1", "+1", "-1+2", "@SUM(A1)", "\r", "\u2028", "你好", "ß", "İ", "ﷺ" * 100,
)  # fmt: skip
TYPED = (
    "{n} 符合", "{n} 不符合 {s}", "{n}-{n} 符合", "全部符合", "都符合", "签名提交",
    "拒签 {s} 见证人 {s}", "{n} {s}", "改 {n}", "{n}号",
    "今天", "明天", "2026-13-45", "0000-00-00", "31日前",
    "结果 {n}", "陈述 {s}", "{s}%", "1e309", "{n}家", "{n}天", "取消",
)  # fmt: skip
STAFF = tuple(range(1000, 1007))


class Odd:
    """A source of odd updates; one seed, one sequence."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.number = 0
        self.kinds: tuple[tuple[str, Callable[[], Json], int], ...] = (
            ("message", self.message, 50),
            ("callback_query", self.tap, 30),
            ("edited_message", lambda: self.message() | {"edit_date": self.date()}, 6),
            ("my_chat_member", self.member, 4),
            ("channel_post", lambda: self.message(self.channel()), 2),
            ("edited_channel_post", lambda: self.message(self.channel()) | {"edit_date": self.date()}, 1),
            ("inline_query", self.inline_query, 2),
            ("chosen_inline_result", self.chosen, 1),
            ("chat_member", self.member, 1),
            ("poll", self.poll, 1),
            ("poll_answer", self.poll_answer, 1),
            ("message_reaction", self.reaction, 1),
            ("chat_join_request", self.join_request, 1),
            ("pre_checkout_query", self.checkout, 1),
            ("something_new", lambda: {self.text()[:20] or "a": self.text()}, 1),
        )

    def update(self) -> Json:
        """The next one."""
        self.number += 1
        kind, make, _ = self.chance.choices(self.kinds, [weight for *_, weight in self.kinds])[0]
        return {"update_id": 10**9 + self.number, kind: make()}

    # --- values

    def maybe(self, part: float = 0.5) -> bool:
        return self.chance.random() < part

    def id(self) -> int:
        return self.chance.choice((0, 1, 2, 3, -1, BIG, -BIG, self.chance.randint(1, 40), self.chance.randint(1, BIG)))

    def date(self) -> int:
        return self.chance.choice((0, 1, 2**31 - 1, 2**31, 1_790_000_000, self.chance.randint(0, 2**31)))

    def text(self) -> str:
        chosen = self.chance.random()
        if chosen < 0.5:
            return self.chance.choice(STRINGS)
        if chosen < 0.7:
            letters = "".join(chr(self.chance.choice((self.chance.randint(32, 0x2FFF), 0x4E00))) for _ in range(9))
            return letters[: self.chance.randint(0, 9)]
        return "".join(self.chance.choices(string.printable, k=self.chance.randint(0, 60)))

    def typed(self) -> str:
        number = str(self.chance.choice((0, 1, 2, 3, 5, 6, 99, -1, 10**30)))
        return self.chance.choice(TYPED).replace("{n}", number).replace("{s}", self.text())[:4096]

    def command(self) -> str:
        name = self.chance.choice(
            (*handlers.COMMANDS, "start", "start", "unknown", "START", "help@suicha_bot", "help@other")
        )
        return f"/{name}{self.chance.choice((' ', '', '  ', chr(10)))}{self.text()}"[:4096]

    def data(self) -> str:
        """What a button may carry: our own verbs with things that are not there, not theirs, or no numbers."""
        if self.maybe(0.15):
            return self.text().encode("utf-8", "replace")[:64].decode("utf-8", "ignore")
        verb = self.chance.choice(VERBS)
        parts = [str(self.chance.choice((1, 2, 3, 0, -1, "", "x", 10**18, 10**30, "１", "1.5", "🙂",
        self.chance.randint(1, 30))))
                 for _ in range(self.chance.randint(0, 4))]  # fmt: skip
        return ":".join((verb, *parts)).encode()[:64].decode("utf-8", "ignore")

    # --- who and where

    def user(self, number: int | None = None) -> Json:
        made: Json = {
            "id": number if number is not None else abs(self.id()),
            "is_bot": self.maybe(0.05),
            "first_name": self.text()[:64],
        }
        for name in ("last_name", "username", "language_code"):
            if self.maybe(0.4):
                made[name] = self.text()[:64]
        return made

    def chat(self) -> Json:
        if self.maybe(0.75):
            number = self.chance.choice(STAFF) if self.maybe(0.85) else abs(self.id())
            return {"id": number, "type": "private", "first_name": self.text()[:64]}
        kind = self.chance.choice(("group", "supergroup", "channel", "sender"))
        return {"id": -abs(self.id()), "type": kind, "title": self.text()[:128]}

    def channel(self) -> Json:
        return {"id": -abs(self.id()), "type": "channel", "title": self.text()[:128]}

    # --- kinds

    def message(self, chat: Json | None = None, deep: int = 0) -> Json:
        chat = chat or self.chat()
        made: Json = {"message_id": abs(self.id()), "date": self.date(), "chat": chat}
        if chat["type"] == "private":
            made["from"] = self.user(chat["id"])
        elif self.maybe(0.7):
            made["from"] = self.user()
        made |= self.content()
        if deep < 2 and self.maybe(0.15):
            made["reply_to_message"] = self.message(chat, deep + 1)
        if deep < 2 and self.maybe(0.05):
            made["pinned_message"] = self.message(chat, deep + 1)
        if self.maybe(0.15):
            made["forward_origin"] = self.origin()
        for name, value in (
            ("media_group_id", self.text), ("author_signature", self.text), ("message_thread_id", self.id),
            ("via_bot", self.user), ("is_automatic_forward", self.maybe), ("has_protected_content", self.maybe),
            ("sender_chat", self.channel), ("edit_date", self.date), ("effect_id", self.text),
        ):  # fmt: skip
            if self.maybe(0.05):
                made[name] = value()
        return made

    def origin(self) -> Json:
        kind = self.chance.choice(("user", "hidden_user", "chat", "channel"))
        more: Json = {
            "user": lambda: {"sender_user": self.user()},
            "hidden_user": lambda: {"sender_user_name": self.text()},
            "chat": lambda: {"sender_chat": self.chat()},
            "channel": lambda: {"chat": self.channel(), "message_id": abs(self.id())},
        }[kind]()
        return {"type": kind, "date": self.date()} | more

    def content(self) -> Json:
        if self.maybe(0.55):
            said = self.chance.choice((self.text, self.typed, self.typed, self.command))()
            made: Json = {"text": said}
            return made | ({"entities": self.entities(said)} if self.maybe(0.5) or said.startswith("/") else {})
        name, make = self.chance.choice(
            (
                ("photo", lambda: [self.file("width", "height") for _ in range(self.chance.randint(1, 4))]),
                ("document", lambda: self.file("file_name", "mime_type")),
                ("voice", lambda: self.file("duration", "mime_type")),
                ("audio", lambda: self.file("duration", "performer", "title", "mime_type", "file_name")),
                ("video", lambda: self.file("width", "height", "duration", "mime_type", "file_name")),
                ("video_note", lambda: self.file("length", "duration")),
                ("sticker", lambda: self.file("width", "height", "emoji") | {"type": "regular",
                "is_animated": False, "is_video": False}),
                ("location", self.location),
                ("venue", lambda: {"location": self.location(), "title": self.text(), "address": self.text()}),
                ("contact", lambda: {"phone_number": self.text(), "first_name": self.text(),
                "user_id": abs(self.id())}),
                ("dice", lambda: {"emoji": "🎲", "value": self.chance.randint(1, 6)}),
                ("poll", self.poll),
                ("new_chat_members", lambda: [self.user() for _ in range(self.chance.randint(1, 3))]),
                ("left_chat_member", self.user),
                ("new_chat_title", self.text),
                ("group_chat_created", lambda: True),
                ("migrate_to_chat_id", self.id),
                ("web_app_data", lambda: {"data": self.text(), "button_text": self.text()}),
                ("users_shared", lambda: {"request_id": 1, "users": [{"user_id": abs(self.id())}]}),
                ("write_access_allowed", dict),
                ("unheard_of", lambda: {"a": [self.text()]}),
            )
        )  # fmt: skip
        made = {name: make()}
        if self.maybe(0.5):
            caption = self.chance.choice((self.text, self.typed))()[:1024]
            made |= {"caption": caption, "caption_entities": self.entities(caption)}
        return made

    def entities(self, said: str) -> list[Json]:
        kinds = (
            "mention",
            "hashtag",
            "bot_command",
            "url",
            "bold",
            "text_link",
            "text_mention",
            "pre",
            "custom_emoji",
            "new_kind",
        )
        found: list[Json] = []
        if said.startswith("/"):
            found.append({"type": "bot_command", "offset": 0, "length": max(1, len(said.split()[0]))})
        for _ in range(self.chance.randint(0, 2)):
            one: Json = {
                "type": self.chance.choice(kinds),
                "offset": self.chance.choice((0, 1, len(said), 4096)),
                "length": self.chance.choice((0, 1, len(said), 4096)),
            }
            if one["type"] == "text_link":
                one["url"] = self.text()
            if one["type"] == "text_mention":
                one["user"] = self.user()
            found.append(one)
        return found

    def file(self, *more: str) -> Json:
        made: Json = {"file_id": self.text() or "f", "file_unique_id": self.text() or "u"}
        if self.maybe():
            made["file_size"] = self.chance.choice((0, 1, 1000, 2**31, BIG))
        numbers = ("width", "height", "duration", "length")
        for name in more:
            if name in numbers:
                made[name] = self.chance.choice((0, 1, 320, 2**31 - 1))
            elif self.maybe(0.7):
                made[name] = self.text()
        return made

    def location(self) -> Json:
        made: Json = {
            "latitude": self.chance.choice((0.0, 29.3, -90.0, 90.0, 91.0, 1e300)),
            "longitude": self.chance.choice((0.0, 120.07, -180.0, 180.0, 181.0, -1e300)),
        }
        if self.maybe():
            made["horizontal_accuracy"] = self.chance.choice((0.0, 1500.0, 1e9))
        if self.maybe(0.2):
            made |= {"live_period": self.chance.choice((0, 60, 0x7FFFFFFF)), "heading": 360}
        return made

    def poll(self) -> Json:
        return {
            "id": self.text() or "p", "question": self.text(), "options": [{"persistent_id": self.text(),
            "text": self.text(), "voter_count": 0}],
            "total_voter_count": 0, "is_closed": False, "is_anonymous": True, "type": "regular",
            "allows_multiple_answers": False, "allows_revoting": True, "members_only": False,
        }  # fmt: skip

    def poll_answer(self) -> Json:
        return {"poll_id": self.text(), "user": self.user(), "option_ids": [0], "option_persistent_ids": [self.text()]}

    def tap(self) -> Json:
        chat = self.chat()
        made: Json = {
            "id": str(abs(self.id())),
            "from": self.user(chat["id"] if chat["type"] == "private" else None),
            "chat_instance": self.text(),
        }
        shown = self.chance.random()
        if shown < 0.8:
            made["message"] = self.message(chat)
        elif shown < 0.9:
            made["message"] = {"chat": chat, "message_id": abs(self.id()), "date": 0}  # inaccessible
        else:
            made["inline_message_id"] = self.text()
        return made | ({"data": self.data()} if self.maybe(0.93) else {"game_short_name": self.text()})

    def member(self) -> Json:
        def as_(user: Json) -> Json:
            status = self.chance.choice(("member", "left", "kicked", "restricted", "administrator", "creator"))
            made: Json = {"status": status, "user": user}
            if status == "kicked":
                made["until_date"] = self.date()
            if status == "creator":
                made["is_anonymous"] = False
            if status in ("administrator", "restricted"):
                made |= dict.fromkeys(RIGHTS, False) | {"until_date": 0}
            return made

        chat, bot = self.chat(), {"id": 123456789, "is_bot": True, "first_name": "随查", "username": "suicha_bot"}
        user = self.user(chat["id"] if chat["type"] == "private" else None)
        return {
            "chat": chat,
            "from": user,
            "date": self.date(),
            "old_chat_member": as_(bot),
            "new_chat_member": as_(bot),
        }

    def inline_query(self) -> Json:
        return {"id": str(abs(self.id())), "from": self.user(), "query": self.text()[:256], "offset": self.text()}

    def chosen(self) -> Json:
        return {"result_id": self.text(), "from": self.user(), "query": self.text()}

    def reaction(self) -> Json:
        emoji = [{"type": "emoji", "emoji": "👍"}]
        return {
            "chat": self.chat(),
            "message_id": abs(self.id()),
            "date": self.date(),
            "user": self.user(),
            "old_reaction": [],
            "new_reaction": emoji,
        }

    def join_request(self) -> Json:
        return {
            "chat": self.channel(),
            "from": self.user(),
            "user_chat_id": abs(self.id()),
            "date": self.date(),
            "bio": self.text()[:70],
        }

    def checkout(self) -> Json:
        return {
            "id": self.text(),
            "from": self.user(),
            "currency": "CNY",
            "total_amount": abs(self.id()),
            "invoice_payload": self.text(),
        }


RIGHTS = (
    "is_member", "is_anonymous", "can_be_edited", "can_manage_chat", "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories", "can_send_messages", "can_send_audios", "can_send_documents",
    "can_send_photos", "can_send_videos", "can_send_video_notes", "can_send_voice_notes", "can_send_polls",
    "can_send_other_messages", "can_add_web_page_previews", "can_pin_messages", "can_manage_topics",
    "can_edit_tag", "can_react_to_messages",
)  # fmt: skip
VERBS = tuple(handlers.BUTTONS)
