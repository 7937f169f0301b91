"""The chain over the journal: an entry's hash holds all before it, so nothing can be changed, taken out or put in.

Whoever has the hash of one day (`message` is what is signed) has all days before it (R4.3).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

FIRST = "0" * 64  # what comes before the first entry


def entry(fields: Mapping[str, Any]) -> bytes:
    """An entry as bytes: JSON with sorted keys, no white space, nothing escaped that JSON does not demand."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def link(previous: str, sequence: int, body: bytes) -> str:
    """The hash of an entry at its place in the chain, in hex; `previous` is that of the entry before."""
    return sha256(b"suicha journal 1\n%b\n%d\n%b" % (previous.encode(), sequence, body)).hexdigest()


def message(day: str, sequence: int, head: str, previous: str) -> bytes:
    """What is signed at the end of a day: how long the chain is, its last hash, and the signature of the day before."""
    return f"suicha journal 1\n{day}\n{sequence}\n{head}\n{previous}".encode()
