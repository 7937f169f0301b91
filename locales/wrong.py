"""Says what is wrong with a value that pydantic has refused: its own words are English, and for programmers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from locales import Words

CHOICE = re.compile(r"'([^']*)'")
OURS = "Value error, "  # a check of our own: its message is a key


def why(words: Words, error: Mapping[str, Any], **gaps: Any) -> Markup:
    """Why a value was refused; `error` is one of pydantic's `errors()`, `gaps` what keys of our own need."""
    own = str(error["msg"]).removeprefix(OURS)
    if error["type"] == "value_error" and words.has(own):
        return words(own, **gaps)
    found = {name: f"{gap:g}" if isinstance(gap, float) else gap for name, gap in error.get("ctx", {}).items()}
    if "expected" in found:
        found["expected"] = words("wrong.or").join(CHOICE.findall(found["expected"]))
    key = f"wrong.{error['type']}"
    return words(key if words.has(key) else "wrong.other", None, **found)
