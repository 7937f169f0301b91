"""Takes what the subject says to what was found: a signature, a refusal to sign, a statement (陈述申辩, 行政处罚法)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from actions.findings import all_results, correct_by, fingerprint
from actions.journal import record
from actions.work import may_work, unsign
from models.people import Person
from models.visits import Evidence, Visit
from rules.methods import method
from rules.refusal import Refusal
from rules.results import SUBJECT_SIGNS

SCAN, PAGE, REFUSED = "scan", "page", "refused"  # 扫码确认, 拍签字页, 拒绝签字
LONGEST = 1000  # characters of a statement
LONGEST_NAME = 50


def must_sign(visit: Visit) -> bool:
    """Whether the visit waits for the subject: somebody was there, and what was found is put to them."""
    return method(visit.method).presence and bool(all_results(visit) & SUBJECT_SIGNS)


def stands(visit: Visit) -> bool:
    """Whether the subject has signed, or refused to sign, what is found now."""
    return bool(visit.signing.get("how")) and visit.signing["seen"] == fingerprint(visit)


def void(visit: Visit) -> bool:
    """Whether the subject signed something that has changed since."""
    return bool(visit.signing.get("how")) and not stands(visit)


async def photographed(session: AsyncSession, visit: Visit, evidence: Evidence, by: Person, now: datetime) -> None:
    """The signed page was photographed (拍签字页): the photo, kept already, is filed as the page."""
    may_work(visit, by)
    evidence.kind = PAGE
    write(session, visit, {"how": PAGE, "sha256": evidence.sha256}, by, now)


async def refused(
    session: AsyncSession, visit: Visit, why: str, witness: str, recording: str, by: Person, now: datetime
) -> None:
    """The subject refuses to sign (拒绝签字): why, and who saw it, or the SHA-256 of the recording that shows it.

    Refused without either.
    """
    may_work(visit, by)
    why, witness = why.strip()[:LONGEST], witness.strip()[:LONGEST_NAME]
    if not why or not (witness or recording):
        raise Refusal("subject.witness")
    write(session, visit, {"how": REFUSED, "why": why, "witness": witness, "sha256": recording}, by, now)


async def state(session: AsyncSession, visit: Visit, words: str, by: Person, now: datetime) -> None:
    """Take down what the subject says to it (陈述申辩); who has signed signs anew."""
    may_work(visit, by)
    words = words.strip()[:LONGEST]
    if words != visit.statement:
        record(
            session, now, by, "statement", "visit", visit.id,
            before={"statement": visit.statement}, after={"statement": words},
        )  # fmt: skip
        visit.statement = words
        unsign(visit)


def write(session: AsyncSession, visit: Visit, how: dict[str, Any], by: Person | None, now: datetime) -> None:
    """Write down how the subject signed what is found now; the inspectors sign after the subject."""
    visit.correct_by = correct_by(visit, now.date())  # the day that is put to the subject
    signing = {name: value for name, value in how.items() if value} | {"at": now.isoformat()}
    record(session, now, by, "subject_signs", "visit", visit.id, before=visit.signing, after=signing)
    visit.signing = signing | {"seen": fingerprint(visit)}
    unsign(visit)
