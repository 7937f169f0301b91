"""Bytes that people send: fetched from Telegram at once, kept under their SHA-256, in a folder or in S3."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname
from zoneinfo import ZoneInfo

from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url
from telegram import File, Message, Update
from telegram.error import BadRequest

from bot.darkroom import Darkroom, is_picture
from handlers.turn import Sent
from rules.refusal import Refusal

LARGEST = 20 * 1024 * 1024  # bytes; a bot cannot fetch more from Telegram


class StoreAway(Exception):
    """Bytes could not be stored or fetched: the store is away, or a disk is full. It may work later."""


class Evidence:
    """A store that knows a thing by the SHA-256 of its bytes: the same bytes are kept once."""

    def __init__(self, url: str) -> None:
        self._folder = Path(url2pathname(urlsplit(url).path)) if url.startswith("file:") else None
        self._store: ObjectStore = from_url(url, mkdir=True) if url.startswith("file:") else from_url(url)

    async def keep(self, data: bytes) -> str:
        """Store bytes, durable when this returns; their SHA-256 in hex. StoreAway if that is not possible now."""
        digest = hashlib.sha256(data).hexdigest()
        try:
            await self._store.put_async(path_of(digest), data)
        except (BaseError, OSError) as error:
            raise StoreAway(type(error).__name__) from error
        return digest

    async def read(self, digest: str) -> bytes:
        """The bytes again. FileNotFoundError if they are not here, also if others lie where they were."""
        data = await self.as_it_lies(digest)
        if hashlib.sha256(data).hexdigest() != digest:
            raise FileNotFoundError(digest)
        return data

    async def as_it_lies(self, digest: str) -> bytes:
        """What lies where the bytes were put, whether it is still they or not.

        FileNotFoundError if nothing does, StoreAway if nobody can tell now.
        """
        try:
            result = await self._store.get_async(path_of(digest))
            return bytes(await result.bytes_async())
        except BaseError as error:
            raise StoreAway(type(error).__name__) from error

    async def erase(self, digest: str) -> None:
        """Remove bytes, which may be gone already."""
        with suppress(FileNotFoundError):
            await self._store.delete_async(path_of(digest))

    async def names(self) -> AsyncIterator[str]:
        """The names of all files that are here, also of those that were not written to their end."""
        if self._folder:  # the store itself does not show what it has not finished
            for path in await asyncio.to_thread(lambda folder: sorted(folder.rglob("*")), self._folder):
                if path.is_file():
                    yield path.name
            return
        async for some in self._store.list():
            for one in some:
                yield one["path"].rpartition("/")[2]


def path_of(digest: str) -> str:
    """Where bytes lie: two levels, so that no folder grows too large."""
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


def waits(update: Update) -> bool:
    """Whether an update brings something that may be evidence, so that it must be known whose it is."""
    message = update.message
    return message is not None and (message.location is not None or _attachment(message) is not None)


def weight(update: Update) -> int:
    """How many bytes of memory an update's file may need, as far as Telegram says; 0 without a file."""
    found = _attachment(update.message) if update.message else None
    return min(found.size or LARGEST, LARGEST) if found else 0


async def fetch(update: Update, darkroom: Darkroom, zone: ZoneInfo, *, at_a_visit: bool) -> Sent | None:
    """What an update brings: a file, fetched and looked into, or a position; None if it brings nothing.

    Recordings and positions mean something only at a visit (`at_a_visit`). Moments without a zone are in that of the
    people. Refused if it is larger than a bot may fetch.
    """
    message = update.message
    if message is None:
        return None
    if message.location:
        return _position(message) if at_a_visit and message.venue is None else None
    found = _attachment(message)
    if found is None or not (at_a_visit or found.kind in ("photo", "document")):
        return None
    if found.size > LARGEST:
        raise Refusal("file.too_big", megabytes=LARGEST >> 20)
    try:
        file, held = await found.handle(), _Held()
        await file.download_to_memory(held)  # type: ignore[arg-type]
    except BadRequest as error:
        raise Refusal("file.gone") from error
    sent = Sent(held.data, found.name, found.media, file.file_id, found.kind)
    if found.kind not in ("photo", "document"):
        return sent
    if is_picture(sent.data):
        return await _looked_into(sent, darkroom, zone, codes=not at_a_visit)
    return replace(sent, refused="evidence.broken") if found.media.startswith("image/") else sent


async def _looked_into(sent: Sent, darkroom: Darkroom, zone: ZoneInfo, *, codes: bool) -> Sent:
    """A picture with what it says of itself."""
    facts, preview = await darkroom.inspect(sent.data, as_file=sent.kind == "document", codes=codes)
    if "refused" in facts:
        return replace(sent, refused=facts["refused"])
    taken = datetime.fromisoformat(facts["taken"]) if facts["taken"] else None
    if taken and taken.tzinfo is None:
        taken = taken.replace(tzinfo=zone)
    latitude, longitude = facts["place"] or (None, None)
    found = tuple(facts.get("codes", ()))
    return replace(
        sent,
        kind="photo",
        media=facts["media"],
        taken=taken,
        latitude=latitude,
        longitude=longitude,
        preview=preview,
        codes=found,
    )


def _position(message: Message) -> Sent:
    """A shared position as a file of its own; one that was forwarded is as old as what was forwarded."""
    where = message.location
    assert where
    taken = message.forward_origin.date if message.forward_origin else message.date
    point = {"type": "Point", "coordinates": [where.longitude, where.latitude]}
    about = {"at": taken.isoformat(), "accuracy": where.horizontal_accuracy}  # metres
    data = json.dumps({"type": "Feature", "geometry": point, "properties": about}, sort_keys=True).encode()
    return Sent(data, "", "application/geo+json", "", "position", taken, where.latitude, where.longitude)


@dataclass(frozen=True)
class _Found:
    """What is known of a file before it is fetched; `size` is in bytes, 0 if Telegram does not say."""

    kind: str
    name: str  # only of what came as a file: Telegram lets it be sent again as a document only
    media: str
    size: int
    handle: Callable[[], Awaitable[File]]


def _attachment(message: Message) -> _Found | None:
    """The file of a message, if it has one that can be evidence."""
    if message.photo:
        largest = message.photo[-1]
        return _Found("photo", "", "image/jpeg", largest.file_size or 0, largest.get_file)
    if one := message.document:  # also a GIF, which is an animation too
        media = one.mime_type or "application/octet-stream"
        return _Found("document", one.file_name or "file", media, one.file_size or 0, one.get_file)
    if voice := message.voice:
        return _Found("voice", "", voice.mime_type or "audio/ogg", voice.file_size or 0, voice.get_file)
    if audio := message.audio:
        media = audio.mime_type or "audio/mpeg"
        return _Found("audio", audio.file_name or "", media, audio.file_size or 0, audio.get_file)
    if video := message.video:
        media = video.mime_type or "video/mp4"
        return _Found("video", video.file_name or "", media, video.file_size or 0, video.get_file)
    if note := message.video_note:
        return _Found("video_note", "", "video/mp4", note.file_size or 0, note.get_file)
    return None


class _Held:
    """Keeps what is written to it as it is: PTB's other way copies it twice."""

    data = b""

    def write(self, data: bytes) -> int:
        """Hold the bytes."""
        self.data = self.data + data if self.data else data
        return len(data)


class Load:
    """How many bytes of files are in memory at once: whoever would be too many waits."""

    def __init__(self, most: int = LARGEST) -> None:
        self._free = most
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def of(self, size: int) -> AsyncIterator[None]:
        """Hold so many bytes, at most the whole."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._free >= size)
            self._free -= size
        try:
            yield
        finally:
            self._free += size
            async with self._changed:
                self._changed.notify_all()
