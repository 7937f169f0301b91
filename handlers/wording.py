"""How a turn says no, and how it apologises."""

from __future__ import annotations

from contextlib import suppress

from handlers.turn import Turn
from rules.refusal import Refusal


async def refused(turn: Turn, refusal: Refusal) -> None:
    """Say why, then show how things are, so that nobody is left standing."""
    turn.toast(turn.words(f"refusal.{refusal.code}", **refusal.gaps))
    if turn.show_again:
        with suppress(Refusal):
            await turn.show_again(turn)


def brief(text: str, most: int = 300) -> str:
    """The beginning of a long text, where others need room on the same card; the whole is kept."""
    return text if len(text) <= most else text[: most - 1] + "…"


def apology(turn: Turn) -> None:
    """Something broke on our side; what the person sent is kept."""
    turn.say(turn.words("apology"))
