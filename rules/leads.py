"""The life of a lead as tables: who has it, who may do what with it, and what its outcomes need (R3.3.3)."""

from __future__ import annotations

from rules.refusal import Refusal

MOVES = {  # where a lead may go from each state; the same state again: another department, handler or day
    "sent": ("sent", "accepted", "returned", "joined", "closed"),
    "returned": ("returned", "sent", "closed"),
    "accepted": ("accepted", "sent", "returned", "joined", "resolved", "closed"),
    "joined": ("sent", "returned", "resolved", "closed"),  # it goes where the one goes that it was joined with
    "resolved": (),
    "closed": (),
}
OPEN = ("sent", "accepted", "returned", "joined")
RECEIVED = ("sent", "accepted")  # the receiving department has it
OWNERS = {"sent": "receiver", "accepted": "handler", "returned": "sender", "joined": "joined"}
MOST_RETURNS = 2  # then the joint conference office decides

CASE, NO_CASE, CORRECTED, PROSECUTION, OTHER = "case", "no_case", "corrected", "prosecution", "other"
OUTCOMES = (CASE, NO_CASE, CORRECTED, PROSECUTION, OTHER)  # 立案, 不予立案, 责令改正, 移送司法, 其他
FROM_OUTSIDE = ("complaint", "handover", "warning")  # 投诉举报, 移送, 监测预警 (R1.1); the others: visit, free
WITHOUT_ENFORCEMENT = ("联席会议", "公证")  # departments that witness and decide, but act on no lead
RECEIVE = ("liaison", "deputy", "supervisor")  # the roles that act for a department, in the order they are asked
READ = ("inspector", "supervisor", "liaison", "deputy", "administrator")  # an expert is not of the department
_OUTSIDE = {
    "complaint": "complaint 投诉举报 投诉 举报 信访 12345 12315 热线",
    "handover": "handover 移送 外部移送 交办 转办 抄告",
    "warning": "warning 监测预警 监测 预警 巡查 网络监测",
}
_JUDICIAL = ("公安", "检察", "监察", "监委", "法院", "police", "prosecut", "court", "supervis")


def kind_of_word(word: str) -> str | None:
    """The origin that a word of a table means: complaint, handover or warning."""
    return next((kind for kind, words in _OUTSIDE.items() if word in words.split()), None)


def word_of_kind(kind: str) -> str:
    """What a table calls an origin from outside, so that `kind_of_word` knows it again."""
    return _OUTSIDE[kind].split()[1]


def check_move(state: str, to: str) -> None:
    """Refused if a lead may not go from one state to the other."""
    if to not in MOVES[state]:
        raise Refusal("leads.not_now")


def owner(state: str, *, office: bool) -> str:
    """Who must act: receiver, handler, sender, office, or (joined) whoever has the other; nobody when it is over."""
    return "office" if office and state in OPEN else OWNERS.get(state, "")


def check_outcome(outcome: str, text: str) -> None:
    """Refused unless an outcome has what it needs: a case its number, a transfer the receiving organ (R3.3.3b)."""
    if outcome not in OUTCOMES:
        raise Refusal("gone")
    if not text.strip():
        raise Refusal("reason_needed")
    if outcome == CASE and not any(one.isdigit() for one in text):
        raise Refusal("leads.case_number")
    if outcome == PROSECUTION and not any(one in text.lower() for one in _JUDICIAL):
        raise Refusal("leads.judicial_organ")
