"""Opens the pictures that people send: in a process of its own, because a picture can break or starve its reader.

`python -m bot.pictures` reads requests from standard input and answers on standard output: a line of JSON, then as many
bytes as it says. `bot.darkroom` is the other end. When that is gone, the input ends and so does this process.
"""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import sys
from contextlib import suppress
from typing import Any, BinaryIO

import cvttf_NotoSansCJK_Regular
import pillow_heif
import zxingcpp
from PIL import Image, ImageDraw, ImageFont, ImageOps, JpegImagePlugin

from bot import exif

MEMORY = 256 << 20  # bytes of data; a HEIC of 24 million pixels, as iPhones make them, takes 210
LONGEST_SIDE = 20_000  # pixels; no camera's picture is longer
MOST_PIXELS = 64_000_000  # of a picture that is accepted
MOST_DECODED = 25_000_000  # of one that must be decoded whole to be looked at; a JPEG need not
PREVIEW = 1280  # pixels of the longer side: what Telegram shows
FORMATS = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "HEIF": "image/heic"}
SHEET = 1280  # pixels, the width of a contact sheet
GAP = 8
FONT = cvttf_NotoSansCJK_Regular.get_TTF_path()

Image.MAX_IMAGE_PIXELS = MOST_PIXELS
pillow_heif.options.DECODE_THREADS = 2


def inspect(data: bytes, *, as_file: bool, codes: bool = False) -> tuple[dict[str, Any], bytes]:
    """What a picture is and says, and a JPEG to look at it where its own bytes do not do for that (else b"").

    `refused` is there instead if it cannot be opened (`evidence.broken`) or claims more pixels than are looked at
    (`evidence.too_many_pixels`). `as_file`: it came as a file, so that Telegram has not made it handy.
    `codes`: what QR codes in it say is wanted too.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP", "HEIF")) as picture:
            width, height = picture.size
            if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
                return {"refused": "evidence.too_many_pixels", "width": width, "height": height}, b""
            facts = {"media": FORMATS[str(picture.format)], "width": width, "height": height}
            turned = picture.getexif().get(0x0112, 1) != 1
            handy = facts["media"] == "image/jpeg" and not turned and max(width, height) <= 2 * PREVIEW
            preview = _preview(picture)
            mark = exif.read(picture)  # after decoding: a PNG may have its EXIF at the end
    except Image.DecompressionBombError:
        return {"refused": "evidence.too_many_pixels"}, b""
    except Exception:
        return {"refused": "evidence.broken"}, b""
    facts["taken"] = mark.taken.isoformat() if mark.taken else None
    facts["place"] = mark.place
    if preview is None:
        return facts, b""
    if codes:
        facts["codes"] = [found.text[:500] for found in zxingcpp.read_barcodes(preview)][:4]
    return facts, _jpeg(preview) if as_file and not (handy and len(data) < 1 << 20) else b""


def _preview(picture: Image.Image) -> Image.Image | None:
    """The picture upright and small; None if that takes more memory than there is."""
    jpeg = isinstance(picture, JpegImagePlugin.JpegImageFile)
    if not jpeg and picture.width * picture.height > MOST_DECODED:
        return None
    picture.draft("RGB", (PREVIEW, PREVIEW))
    try:
        picture.load()
        picture.thumbnail((PREVIEW, PREVIEW))
        return _flat(ImageOps.exif_transpose(picture))
    except MemoryError:
        return None
    except RuntimeError as error:  # libheif's way to say so
        if "allocation" in str(error):
            return None
        raise


def _flat(picture: Image.Image) -> Image.Image:
    """In red, green and blue, on white where it is transparent."""
    if picture.mode not in ("RGBA", "LA", "PA") and "transparency" not in picture.info:
        return picture.convert("RGB")
    seen = picture.convert("RGBA")
    paper = Image.new("RGB", seen.size, "white")
    paper.paste(seen, mask=seen)
    return paper


def _jpeg(picture: Image.Image) -> bytes:
    kept = io.BytesIO()
    picture.save(kept, "JPEG", quality=82)
    return kept.getvalue()


def grid(number: int) -> tuple[int, int]:
    """Columns of a contact sheet, and pixels of a cell's side: as large as a phone's width allows."""
    columns = 1 if number == 1 else 2 if number <= 6 else 3 if number <= 15 else 4
    return columns, (SHEET - GAP) // columns - GAP


class Sheet:
    """A contact sheet that is pasted together picture by picture, so that never more than one is in memory."""

    def __init__(self, number: int) -> None:
        self.columns, self.side = grid(number)
        self.height = self.side * 3 // 4 if number > 1 else self.side
        rows = -(-number // self.columns)
        self.paper = Image.new("RGB", (SHEET, rows * (self.height + GAP) + GAP), "#202428")
        self.font = ImageFont.truetype(FONT, self.side // 11 + 14)
        self.pasted = 0

    def paste(self, data: bytes, label: str, *, doubtful: bool) -> None:
        """The next picture, with its label; a red frame and a ! if somebody should look twice. Grey if it is broken."""
        row, column = divmod(self.pasted, self.columns)
        left, top = GAP + column * (self.side + GAP), GAP + row * (self.height + GAP)
        self.pasted += 1
        draw = ImageDraw.Draw(self.paper)
        box = (left, top, left + self.side - 1, top + self.height - 1)
        draw.rectangle(box, fill="#3a4046")
        with suppress(Exception), Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP", "HEIF")) as picture:
            if picture.width * picture.height <= MOST_PIXELS and (small := _preview(picture)):
                small = ImageOps.contain(small, (self.side, self.height))
                self.paper.paste(
                    small, (left + (self.side - small.width) // 2, top + (self.height - small.height) // 2)
                )
        self._label(draw, left, top, label, "#1f2933")
        if doubtful:
            draw.rectangle(box, outline="#e02020", width=6)
            wide = draw.textlength(" ! ", font=self.font) + 20
            self._label(draw, int(left + self.side - wide), top, " ! ", "#e02020")

    def _label(self, draw: ImageDraw.ImageDraw, left: int, top: int, text: str, colour: str) -> None:
        wide = draw.textlength(text, font=self.font) + 20
        draw.rectangle((left, top, left + wide, top + self.font.size * 1.4), fill=colour)
        draw.text((left + 10, top - 2), text, font=self.font, fill="white")


def answer(request: dict[str, Any], given: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """What one request asks for; the bytes that belong to it are read from `given`."""
    if request["do"] == "inspect":
        return inspect(given.read(request["size"]), as_file=request["as_file"], codes=request["codes"])
    sheet = Sheet(len(request["tiles"]))
    for tile in request["tiles"]:
        data = given.read(int.from_bytes(given.read(8), "big"))
        sheet.paste(data, tile["label"], doubtful=tile["doubtful"])
    return {}, _jpeg(sheet.paper)


def main() -> None:
    """Answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks; it ends the input
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    pillow_heif.register_heif_opener(thumbnails=False)
    given, told = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a decoder prints is no answer
    while line := given.readline():
        facts, data = answer(json.loads(line), given)
        try:
            told.write(json.dumps({**facts, "size": len(data)}).encode() + b"\n" + data)
            told.flush()
        except BrokenPipeError:  # whoever asked is dead
            os._exit(0)


if __name__ == "__main__":
    main()
