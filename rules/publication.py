"""What may be kept from the public for a while (暂不公示), and how a public result may be changed (R3.2.3a)."""

from __future__ import annotations

from rules.refusal import Refusal
from rules.results import RESULTS

WITHHOLD, CORRECT, WITHDRAW = "withhold", "correct", "withdraw"
GROUNDS = (  # 政府信息公开条例: art. 14 secrets of the state, art. 14 safety, art. 15, art. 16; the last names its law
    "secret",
    "safety",
    "privacy",
    "case",
    "law",
)
WHEN = {WITHHOLD: ("submitted", "withheld"), CORRECT: ("published",), WITHDRAW: ("published",)}
WITHDRAWN = "withdrawn"  # what the register says instead of a result


def check_proposal(kind: str, state: str, ground: str, result: str, before: str) -> None:
    """Refused if a visit in this state may not be treated so, or if nothing would change."""
    if state not in WHEN[kind]:
        raise Refusal("visits.not_now")
    if kind == WITHHOLD and ground not in GROUNDS:
        raise Refusal("publication.ground")
    if kind == CORRECT and (result not in RESULTS or result == before):
        raise Refusal("publication.same_result")
    if kind == WITHDRAW and before == WITHDRAWN:
        raise Refusal("publication.withdrawn_already")
