"""The methods of a check, and what each must have with it before it is signed (R3.3.1b)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from rules.refusal import Refusal

ON_SITE = "on_site"  # 实地核查
WRITTEN = "written"  # 书面检查
NETWORK = "network"  # 网络监测
COMMISSIONED = "commissioned"  # 委托专业机构
OTHER_DEPARTMENT = "other_department"  # 利用其他部门检查结论
COURT = "court"  # 利用生效的司法文书


@dataclass(frozen=True)
class Method:
    """What goes with a method: whether inspectors must be there, evidence of which kind, and words of which kind.

    `evidence` is document, picture or nothing. `note` is what must be typed: body (the name of whom was commissioned),
    source (which conclusion), number (of the court document), or nothing.
    """

    presence: bool = False
    evidence: str = ""
    note: str = ""


METHODS = {
    ON_SITE: Method(presence=True),
    WRITTEN: Method(evidence="document"),
    NETWORK: Method(evidence="picture"),
    COMMISSIONED: Method(evidence="document", note="body"),
    OTHER_DEPARTMENT: Method(evidence="document", note="source"),
    COURT: Method(evidence="document", note="number"),
}
KINDS = {"document": ("document",), "picture": ("photo", "picture", "document")}  # a screenshot may come as a file


def method(name: str) -> Method:
    """A method by its name. Refused (`gone`) if there is none."""
    if name not in METHODS:
        raise Refusal("gone")
    return METHODS[name]


def problems(name: str, note: str, kinds: Collection[str]) -> list[str]:
    """What a method still lacks, as codes; `kinds` are those of the evidence that was sent."""
    needed = method(name)
    wrong = []
    if needed.evidence and not set(KINDS[needed.evidence]) & set(kinds):
        wrong.append(f"method_{needed.evidence}")
    if needed.note and not note:
        wrong.append(f"method_{needed.note}")
    return wrong
