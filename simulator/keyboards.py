"""Reply markup, checked as Telegram checks it, because a refused keyboard is a lost message."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .errors import Json, bad

ACTIONS = {
    "callback_data",
    "url",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
}
DECORATIONS = {"text", "icon_custom_emoji_id", "style"}
REPLY_FIELDS = {
    "keyboard",
    "is_persistent",
    "resize_keyboard",
    "one_time_keyboard",
    "input_field_placeholder",
}
START = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
MAX_IN_ROW = 8
MAX_BUTTONS = 100
MAX_DATA_BYTES = 64


def start_parameter(link: str) -> tuple[str, str] | None:
    """Name of the bot and start parameter of a t.me (or tg:) link; None for any other address."""
    parts = urlsplit(link)
    query = parse_qs(parts.query, keep_blank_values=True)
    if parts.scheme in ("http", "https") and (parts.hostname or "") in (
        "t.me",
        "telegram.me",
        "telegram.dog",
    ):
        name = parts.path.strip("/")
    elif parts.scheme == "tg" and parts.netloc == "resolve":
        name = query.get("domain", [""])[0]
    else:
        return None
    return (name, query.get("start", [""])[0]) if name and "/" not in name else None


def _check_url(url: Any) -> None:
    if not isinstance(url, str) or not url:
        raise bad("inline keyboard button URL is empty")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", "tg", "ton") or (parts.scheme != "tg" and not parts.hostname):
        raise bad(f"inline keyboard button URL '{url}' is invalid: wrong HTTP URL")
    link = start_parameter(url)
    if link is not None and "start=" in url and not START.fullmatch(link[1]):
        raise bad("START_PARAM_INVALID")


def _button(button: Any) -> Json:
    if not isinstance(button, dict):
        raise bad("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    if not isinstance(button.get("text"), str) or not button["text"].strip():
        raise bad('can\'t parse inline keyboard button: Field "text" must be a non-empty String')
    unknown = set(button) - ACTIONS - DECORATIONS
    if unknown:
        raise bad(f'unknown field "{sorted(unknown)[0]}" of an inline keyboard button (refused by the simulator)')
    actions = set(button) & ACTIONS
    if not actions:
        raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad("can't parse inline keyboard button: exactly one action must be used")
    if "callback_data" in button:
        data = button["callback_data"]
        if not isinstance(data, str) or not 1 <= len(data.encode()) <= MAX_DATA_BYTES:
            raise bad("BUTTON_DATA_INVALID")
    if "url" in button:
        _check_url(button["url"])
    if "copy_text" in button and not 1 <= len(button["copy_text"].get("text", "")) <= 256:
        raise bad("BUTTON_COPY_TEXT_INVALID")
    return button


def _rows(value: Any, name: str) -> list[list[Any]]:
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        raise bad(f"can't parse {name}: field must be an Array of Arrays")
    return [row for row in value if row]


def check_markup(markup: Any, *, inline_only: bool = False) -> Json | None:
    """The markup as it is stored, None for an empty one; what Telegram refuses is refused."""
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad("can't parse reply keyboard markup JSON object")
    if not markup:
        return None
    if "inline_keyboard" in markup:
        if set(markup) != {"inline_keyboard"}:
            raise bad("unknown field of an inline keyboard (refused by the simulator)")
        rows = [[_button(button) for button in row] for row in _rows(markup["inline_keyboard"], "inline keyboard")]
        if any(len(row) > MAX_IN_ROW for row in rows) or sum(map(len, rows)) > MAX_BUTTONS:
            raise bad("REPLY_MARKUP_TOO_LONG")
        return {"inline_keyboard": rows} if rows else None
    if inline_only:
        raise bad("inline keyboard expected")
    if "keyboard" in markup:
        if set(markup) - REPLY_FIELDS - {"selective"}:
            raise bad("unknown field of a reply keyboard (refused by the simulator)")
        rows = [
            [{"text": button} if isinstance(button, str) else button for button in row]
            for row in _rows(markup["keyboard"], "reply keyboard")
        ]
        if not rows or not all(isinstance(b, dict) and b.get("text") for row in rows for b in row):
            raise bad("reply keyboard must be non-empty and its buttons need a text")
        return {**markup, "keyboard": rows}
    if markup.get("remove_keyboard") is True or markup.get("force_reply") is True:
        return markup
    raise bad("object expected as reply markup")
