"""One way to say no: a code that `locales` words, with what goes into the gaps."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """What was asked may not be done. `code` is a key under `refusal.` in the catalogues."""

    def __init__(self, code: str, **gaps: Any) -> None:
        super().__init__(code)
        self.code = code
        self.gaps = gaps

    def __str__(self) -> str:
        return f"{self.code} {self.gaps}" if self.gaps else self.code
