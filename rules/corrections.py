"""The life of a correction (责令改正) as a table: ordered, reported, checked again, then closed or taken further."""

from __future__ import annotations

from rules.refusal import Refusal
from rules.results import CLEAN, CORRECTION, TERMINAL

MOVES = {
    "ordered": ("reported", "rechecking", "escalated"),
    "reported": ("reported", "rechecking", "escalated"),
    "rechecking": ("closed", "again", "failed"),
    "failed": ("rechecking", "escalated"),
    "closed": (),  # corrected, or nothing is left to correct
    "again": (),  # the recheck has ordered a correction of its own
    "escalated": (),  # a case (立案) follows
}
OPEN = ("ordered", "reported", "rechecking", "failed")
WAITING = ("ordered", "reported", "failed")  # a recheck, or a case, has to follow


def check_move(state: str, to: str) -> None:
    """Refused if a correction may not go from one state to the other."""
    if to not in MOVES[state]:
        raise Refusal("corrections.not_now")


def after_recheck(result: str) -> str:
    """What becomes of a correction by the result of its recheck."""
    if result == CLEAN or result in TERMINAL:
        return "closed"
    return "again" if result == CORRECTION else "failed"
