"""The life of a visit and of a seat as tables: what may become what."""

from __future__ import annotations

from datetime import date, timedelta

from rules.refusal import Refusal

MOVES = {
    "drawn": ("released", "dropped", "merged"),
    "released": ("accepted", "started", "dropped", "merged"),
    "accepted": ("released", "started", "dropped", "merged"),  # released again when somebody leaves a seat
    "started": ("submitted",),
    "submitted": ("published", "returned", "withheld"),
    "withheld": ("published",),  # kept from the public on a legal ground, for a while (暂不公示)
    "returned": ("submitted",),
    "published": (),
    "dropped": (),  # the subject dropped out; a reserve takes its place
    "merged": ("published", "withheld", "dropped"),  # part of another visit (综合查一次), whose result is its own
}
OPEN = ("released", "accepted", "started", "returned")  # an inspector has something to do
WORKING = ("started", "returned")  # answers may change
NOT_STARTED = ("drawn", "released", "accepted")
NO_VISIT = ("dropped", "merged")  # nobody goes there on its account

CODE_LASTS = timedelta(days=30)  # of a visit code (行政行为码), after the visit was due or handed in


def code_until(due: date, submitted: date | None) -> date:
    """The last day on which a visit code is good: whoever comes later does not come by right of it."""
    return max(due, submitted or due) + CODE_LASTS


def check_move(state: str, to: str) -> None:
    """Refused if a visit may not go from one state to the other."""
    if to not in MOVES[state]:
        raise Refusal("visits.not_now")
