"""What stands in a visit beside its answers, in lines: for the page of results, the card and the review."""

from __future__ import annotations

from datetime import datetime

from markupsafe import Markup

from actions import findings, subject
from actions.work import absent
from handlers.wording import brief
from locales import Words
from models.visits import Visit
from rules.methods import ON_SITE, method
from rules.visits import WORKING


def by_item(words: Words, visit: Visit) -> list[Markup]:
    """The result of each item and what is done about it, then the summary."""
    lines = []
    several = len(visit.parts) > 1
    for number, part in enumerate(visit.parts, 1):
        result = words(f"result.{findings.of_part(visit, part)}")
        if several:
            lines.append(words("result.of_item", number=number, name=part.item.name, result=result))
        if part.disposal:
            lines.append(words("result.disposal", words=brief(part.disposal)))
    summary = words(f"result.{findings.result_of(visit)}")
    lines.append(words("result.summary" if several else "result.result", result=summary))
    return lines


def how(words: Words, visit: Visit) -> list[Markup]:
    """The method, who assisted, who was not there and why."""
    lines = []
    if visit.method != ON_SITE:
        lines.append(words("method.line", method=words(f"method.{visit.method}"), note=visit.method_note))
    names = [one.name for one in visit.helpers if one.name != visit.method_note or visit.method != "commissioned"]
    if names:
        lines.append(words("experts.line", names=words("and").join(names)))
    if missing := [seat.person.name for seat in absent(visit) if seat.person]:
        names_ = words("and").join(missing)
        if visit.alone_because:
            lines.append(words("presence.why", names=names_, why=visit.alone_because))
        elif visit.state in WORKING:
            lines.append(words("presence.absent", names=names_))
    if signed := [seat.person.name for seat in visit.seats if seat.person and seat.arrived_by_signing]:
        lines.append(words("presence.by_signature", names=words("and").join(signed)))
    return lines


def of_subject(words: Words, visit: Visit) -> list[Markup]:
    """How the subject signed, or that it did not, and what it says (陈述申辩)."""
    lines = []
    signing = visit.signing
    if subject.void(visit):
        lines.append(words("subject.void"))
    elif signing.get("how"):
        at = datetime.fromisoformat(signing["at"])
        gaps = {"name": signing.get("name", ""), "why": brief(signing.get("why", "")), "at": at}
        if signing["how"] == subject.REFUSED:
            key = "subject.refused_before" if signing.get("witness") else "subject.refused_recorded"
            lines.append(words(key, witness=signing.get("witness", ""), **gaps))
        else:
            lines.append(words(f"subject.{signing['how']}", **gaps))
    elif method(visit.method).presence:
        lines.append(words("subject.none"))
    if visit.statement:
        lines.append(words("subject.statement", words=brief(visit.statement)))
    return lines
