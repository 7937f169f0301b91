"""The forms that Telegram wants: texts that fit, keyboards, QR codes, and how long it asks us to wait."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import qrcode
from telegram import InlineKeyboardMarkup
from telegram.error import RetryAfter

LONGEST = 4096  # of a message, in UTF-16 units, without its markup
GOES_ON = "\n…"
TAG = re.compile(r"<(/?)([\w-]+)[^>]*>")
SIGN = re.compile(r"<[^>]*>|&#?\w+;|.", re.DOTALL)  # what must not be cut through


def shortened(text: str) -> str:
    """A text as one message; one that is too long ends between two lines and shows that it goes on."""
    if _fits(text):
        return text
    return next(_pieces(text, LONGEST - len(GOES_ON))) + GOES_ON


def parts(text: str) -> list[str]:
    """A text as so many messages as it takes, parted between lines."""
    return [text] if _fits(text) else list(_pieces(text, LONGEST))


def _fits(text: str) -> bool:
    return 2 * len(text) <= LONGEST or _units(text) <= LONGEST  # markup only takes away: most need no measuring


def _units(text: str) -> int:
    return len(html.unescape(TAG.sub("", text)).encode("utf-16-le")) // 2


def _pieces(text: str, most: int) -> Iterator[str]:
    """Pieces that fit; markup that is open at the end of one is closed there and opened again in the next."""
    piece, used, tags = "", 0, dict[str, str]()
    for line in _lines(text, most):
        if used + _units(line.rstrip("\n")) > most:
            yield piece.rstrip("\n") + "".join(f"</{name}>" for name in reversed(tags))
            piece, used = "".join(tags.values()), 0
        piece, used = piece + line, used + _units(line)
        for tag in TAG.finditer(line):
            if tag[1]:
                tags.pop(tag[2], None)
            else:
                tags[tag[2]] = tag[0]
    if _units(piece.strip()):
        yield piece


def _lines(text: str, most: int) -> Iterator[str]:
    """The lines of a text; one that alone is too long comes in several."""
    for line in text.splitlines(keepends=True):
        if _units(line) <= most:
            yield line
            continue
        short, used = "", 0
        for sign in SIGN.findall(line):
            if used + _units(sign) > most:
                yield short
                short, used = "", 0
            short, used = short + sign, used + _units(sign)
        yield short


def span(error: RetryAfter) -> timedelta:
    """How long Telegram asks us to wait."""
    pause = error.retry_after
    return pause if isinstance(pause, timedelta) else timedelta(seconds=pause)


def buttons(rows: list[Any]) -> dict[str, Any] | None:
    """An inline keyboard of rows of (label, data or address), as Telegram reads it."""
    if not rows:
        return None
    return {"inline_keyboard": [[{"text": label, _leads(data): data} for label, data in row] for row in rows]}


def _leads(data: str) -> str:
    return "url" if data.startswith(("http://", "https://")) else "callback_data"


def keyboard(rows: list[Any]) -> InlineKeyboardMarkup | None:
    """The same for PTB."""
    shown = buttons(rows)
    return InlineKeyboardMarkup.de_json(shown, None) if shown else None


def qr_png(content: str) -> bytes:
    """A QR code as PNG."""
    picture = io.BytesIO()
    qrcode.make(content, box_size=10, border=3).save(picture)
    return picture.getvalue()
