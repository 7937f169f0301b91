"""What an objection to a result (异议) may be, and how it ends."""

from __future__ import annotations

from rules.refusal import Refusal

MOVES = {"open": ("kept", "changed"), "kept": (), "changed": ()}
MOST = 3  # of one visit
SHORTEST, LONGEST, LONGEST_NAME = 5, 2000, 50  # characters


def check_words(text: str, name: str) -> None:
    """Refused unless somebody says in words of their own, under a name, what is wrong."""
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Refusal("appeals.name")
    if not SHORTEST <= len(text) <= LONGEST:
        raise Refusal("appeals.text", least=SHORTEST, most=LONGEST)


def check_move(state: str, to: str) -> None:
    """Refused if it was decided already."""
    if to not in MOVES[state]:
        raise Refusal("appeals.decided")
