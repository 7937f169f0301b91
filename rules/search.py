"""How names are looked up in any database: by pairs of neighbouring characters, which Chinese words are made of.

A name belongs to an index under each of its pairs; a part of a name has some of them. Both ends of a name are marked
by characters that no name contains, so that what a name begins with, and all of it, can be asked for too.
"""

from __future__ import annotations

import unicodedata
from itertools import pairwise

BEGIN, END = "\x02", "\x03"
LONGEST = 60  # characters of what is asked for; more says nothing more


def plain(text: str) -> str:
    """A text as it is compared: full width as half width, small letters, no blanks."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def pairs(name: str) -> list[str]:
    """All pairs of a name, each once, with its marked ends."""
    return list(dict.fromkeys(first + second for first, second in pairwise(f"{BEGIN}{plain(name)}{END}")))


def wanted(words: str, *, begins: bool = False, ends: bool = False) -> list[str]:
    """The pairs that a name must have to contain the words (to begin, to end with them); none says nothing."""
    text = (BEGIN if begins else "") + plain(words)[:LONGEST] + (END if ends else "")
    return list(dict.fromkeys(first + second for first, second in pairwise(text)))
