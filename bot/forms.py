"""The forms that Telegram wants: texts that fit, keyboards, QR codes, and how long it asks us to wait."""

from __future__ import annotations

import html
import io
import re
from datetime import timedelta
from typing import Any

import qrcode
from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import ParseMode
from telegram.error import RetryAfter

LONGEST = 4096  # of a message, in UTF-16 units, without its markup
TAG = re.compile(r"<[^>]*>")


def fitted(text: str) -> tuple[str, str | None]:
    """A text as Telegram takes it, and its parse mode; one that is too long goes without its end and its markup."""
    plain = html.unescape(TAG.sub("", text)).encode("utf-16-le")
    if len(plain) <= 2 * LONGEST:
        return text, ParseMode.HTML
    return plain[: 2 * (LONGEST - 1)].decode("utf-16-le", "ignore") + "…", None


def span(error: RetryAfter) -> timedelta:
    """How long Telegram asks us to wait."""
    pause = error.retry_after
    return pause if isinstance(pause, timedelta) else timedelta(seconds=pause)


def keyboard(rows: list[Any]) -> InlineKeyboardMarkup | None:
    """An inline keyboard of rows of (label, data or address)."""
    if not rows:
        return None
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(label, url=data)
                if data.startswith(("http://", "https://"))
                else InlineKeyboardButton(label, callback_data=data)
                for label, data in row
            ]
            for row in rows
        ]
    )


def qr_png(content: str) -> bytes:
    """A QR code as PNG."""
    picture = io.BytesIO()
    qrcode.make(content, box_size=10, border=3).save(picture)
    return picture.getvalue()
