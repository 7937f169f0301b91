"""Draws the photos of the demo, because a made-up city has made-up evidence."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFilter

SIZE = (960, 720)


def corridor() -> bytes:
    """A back corridor with an exit sign and gas cylinders in the way."""
    picture = Image.new("RGB", SIZE, "#c9c3b5")
    draw = ImageDraw.Draw(picture)
    draw.polygon([(0, 720), (330, 440), (630, 440), (960, 720)], "#8d8677")
    draw.polygon([(0, 0), (330, 150), (630, 150), (960, 0)], "#e6e2d8")
    draw.rectangle((330, 150, 630, 440), "#a9a294")
    draw.rectangle((430, 230, 530, 440), "#5c6b62")
    draw.rectangle((440, 180, 520, 214), "#1f9d55")
    draw.text((454, 186), "EXIT", "white", font_size=22)
    for left, top, scale in ((250, 330, 1.0), (380, 400, 1.25), (520, 350, 1.05), (620, 430, 1.35)):
        width, height = 78 * scale, 170 * scale
        draw.rounded_rectangle((left, top, left + width, top + height), 30 * scale, "#3f7fb5", "#274f72", 3)
        draw.rectangle((left + width * 0.35, top - 26 * scale, left + width * 0.65, top + 6), "#b8b8b8")
        draw.rectangle((left + 12, top + height * 0.4, left + width - 12, top + height * 0.5), "#e8e2c9")
    return _jpeg(picture)


def licence() -> bytes:
    """A licence on a wall that ran out."""
    picture = Image.new("RGB", SIZE, "#d8cfbd")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((170, 80, 790, 640), "#6d4f33")
    draw.rectangle((195, 105, 765, 615), "#fbf6e6", "#c9a35a", 6)
    draw.ellipse((440, 135, 520, 215), "#c0392b")
    for line in range(6):
        draw.rectangle((260, 260 + 42 * line, 700 - 50 * (line % 3), 272 + 42 * line), "#8a8474")
    draw.text((300, 530), "2021-10-18  —  2026-10-17", "#20201c", font_size=34)
    draw.ellipse((610, 470, 730, 590), None, "#c0392b", 6)
    return _jpeg(picture)


def kitchen() -> bytes:
    """A worktop on which raw and cooked food share a board."""
    picture = Image.new("RGB", SIZE, "#b9c4c6")
    draw = ImageDraw.Draw(picture)
    for column in range(0, 960, 120):
        for row in range(0, 360, 90):
            draw.rectangle((column + 3, row + 3, column + 117, row + 87), "#dfe7e8")
    draw.rectangle((0, 360, 960, 720), "#8f999b")
    draw.rounded_rectangle((180, 430, 780, 640), 18, "#c79a63", "#8b6538", 5)
    draw.ellipse((240, 470, 430, 590), "#d46a5f")
    draw.ellipse((300, 490, 400, 560), "#e58a7e")
    draw.ellipse((500, 480, 720, 600), "#efe3b0")
    draw.polygon([(430, 400), (640, 372), (650, 396), (440, 424)], "#dfe3e6")
    draw.rectangle((640, 366, 760, 400), "#3b2c21")
    return _jpeg(picture)


def _jpeg(picture: Image.Image) -> bytes:
    body = io.BytesIO()
    picture.filter(ImageFilter.GaussianBlur(1.2)).save(body, "JPEG", quality=82)
    return body.getvalue()
