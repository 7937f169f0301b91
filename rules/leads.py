"""The life of a lead as a table, and what its outcomes need (R3.3.3)."""

from __future__ import annotations

from rules.refusal import Refusal

MOVES = {
    "sent": ("accepted", "returned"),
    "returned": ("sent", "closed"),
    "accepted": ("resolved", "returned"),
    "resolved": (),
    "closed": (),
}
CASE, NO_CASE, CORRECTED, PROSECUTION, OTHER = "case", "no_case", "corrected", "prosecution", "other"
OUTCOMES = (CASE, NO_CASE, CORRECTED, PROSECUTION, OTHER)  # 立案, 不予立案, 责令改正, 移送司法, 其他
WITHOUT_ENFORCEMENT = ("联席会议", "公证")  # departments that witness and decide, but act on no lead
OPEN = ("sent", "accepted", "returned")


def check_move(state: str, to: str) -> None:
    """Refused if a lead may not go from one state to the other."""
    if to not in MOVES[state]:
        raise Refusal("leads.not_now")
