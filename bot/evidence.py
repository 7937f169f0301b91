"""Bytes that people send: fetched from Telegram at once, kept under their SHA-256, in a folder or in S3."""

from __future__ import annotations

import hashlib

from obstore.store import ObjectStore, from_url
from telegram import Update
from telegram.error import BadRequest

from handlers.turn import Sent
from rules.refusal import Refusal

LARGEST = 20 * 1024 * 1024  # bytes; a bot cannot fetch more from Telegram


class Evidence:
    """A store that knows a thing by the SHA-256 of its bytes: the same bytes are kept once."""

    def __init__(self, url: str) -> None:
        self._store: ObjectStore = from_url(url, mkdir=True) if url.startswith("file:") else from_url(url)

    async def keep(self, data: bytes) -> str:
        """Store bytes, durable when this returns; their SHA-256 in hex."""
        digest = hashlib.sha256(data).hexdigest()
        await self._store.put_async(path_of(digest), data)
        return digest

    async def read(self, digest: str) -> bytes:
        """The bytes again. FileNotFoundError if they are not here."""
        result = await self._store.get_async(path_of(digest))
        return bytes(await result.bytes_async())


def path_of(digest: str) -> str:
    """Where bytes lie: two levels, so that no folder grows too large."""
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


async def fetch(update: Update) -> Sent | None:
    """The photo or file of an update, if it has one. Refused if it is larger than a bot may fetch."""
    message = update.message
    if message is None:
        return None
    if message.photo:
        largest = message.photo[-1]
        media, name = "image/jpeg", f"{largest.file_unique_id}.jpg"
        handle, size = largest.get_file, largest.file_size
    elif message.document:
        document = message.document
        media, name = document.mime_type or "application/octet-stream", document.file_name or "file"
        handle, size = document.get_file, document.file_size
    else:
        return None
    if size and size > LARGEST:
        raise Refusal("file.too_big", megabytes=LARGEST >> 20)
    try:
        file = await handle()
        data = bytes(await file.download_as_bytearray())
    except BadRequest as error:
        raise Refusal("file.gone") from error
    return Sent(data, name, media, file.file_id)
