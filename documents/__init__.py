"""What is printed or drawn: sheets as PDF and cards as PNG, of frozen facts, our templates and embedded fonts alone."""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typst

__all__ = ["PICTURES", "TEMPLATES", "picture", "printable", "render"]

HERE = Path(__file__).parent
FONTS = ("cvttf_NotoSansCJK_Regular", "cvttf_NotoSansCJK_Bold")  # packages; the machine's own fonts are never used
TEMPLATES = ("record", "notice", "proof", "extract")
PICTURES = ("digest",)
WIDTH, PAGE = 1080, 360  # of a picture, in pixels and as the template counts, in points
LANGUAGES = {"zh_CN": ("zh", "cn"), "en": ("en", "gb")}  # of the text, so that Chinese is drawn as in the mainland
# Orders to the reading direction and other marks that nobody sees: on paper they could only mislead.
UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]"
)

_one_at_a_time = threading.Lock()


def render(template: str, data: dict[str, Any], language: str) -> bytes:
    """A template of ours with this data as PDF: the same bytes for the same data. Call it in a thread (0.1 s a page).

    `data` holds text and whatever JSON can hold; no text in it is ever read as markup. ValueError for a template or
    a language that we do not have.
    """
    if template not in TEMPLATES or language not in LANGUAGES:
        raise ValueError(f"no template {template} in {language}")
    return _compile(template, data, language)


def picture(template: str, data: dict[str, Any], language: str) -> bytes:
    """A template of ours with this data as PNG, 1080 pixels wide; else as `render`."""
    if template not in PICTURES or language not in LANGUAGES:
        raise ValueError(f"no template {template} in {language}")
    return _compile(template, data, language, format="png", ppi=72 * WIDTH / PAGE)


def _compile(template: str, data: dict[str, Any], language: str, **options: Any) -> bytes:
    lang, region = LANGUAGES[language]
    inputs = {"data": json.dumps(_clean(data), ensure_ascii=False), "lang": lang, "region": region}
    with _one_at_a_time:
        drawn: bytes = typst.compile(
            str(HERE / f"{template}.typ"), root=str(HERE), font_paths=_fonts(), ignore_system_fonts=True,
            sys_inputs=inputs, timestamp=0, **options,
        )  # fmt: skip
    return drawn


def printable(text: str) -> str:
    """A text as ink can show it: an emoji by its name in brackets, what nobody sees left out."""
    return "".join(_drawn(character) for character in UNSEEN.sub("", text))


def _drawn(character: str) -> str:
    if character < "\u2300":
        return character
    wide = unicodedata.category(character) in ("So", "Sk") and unicodedata.east_asian_width(character) == "W"
    if (wide and not "\u2e80" <= character <= "\ufaff") or "\U0001f000" <= character < "\U00020000":
        return f"[{unicodedata.name(character, f'U+{ord(character):04X}').lower()}]"
    if unicodedata.category(character) in ("Co", "Cn", "Cs"):
        return f"[U+{ord(character):04X}]"
    return character


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _clean(one) for key, one in value.items()}
    return [_clean(one) for one in value] if isinstance(value, list | tuple) else value


@cache
def _fonts() -> typst.Fonts:
    folders = []
    for package in FONTS:
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ModuleNotFoundError(f"the font package {package} is not installed")
        folders.append(str(next(iter(spec.submodule_search_locations))))
    return typst.Fonts(include_system_fonts=False, font_paths=folders)
