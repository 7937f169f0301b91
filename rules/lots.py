"""A lot among a few people that anybody can draw again: who has the lowest hash with the seed goes."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256


def lot(seed: str, names: Iterable[str]) -> list[str]:
    """The names in the order of SHA-256(seed, line feed, name), as UTF-8."""
    return sorted(names, key=lambda name: sha256(f"{seed}\n{name}".encode()).digest())
