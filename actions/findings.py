"""Reads what was found at a visit out of its answers: by item, as a whole, and as one number that changes with it."""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256

from actions.calendars import official
from models.visits import Answer, Evidence, Part, Visit
from rules import results
from rules.deadlines import CORRECTION
from rules.evidence import SHOWS
from rules.visits import WORKING


def standing(visit: Visit, part: Part) -> dict[int, Answer]:
    """The answers that count of one item, by running number."""
    own, answers = part.checklist.point_ids, visit.answered
    return {number: answers[one] for one, number in visit.numbers_asked.items() if one in own and one in answers}


def of_part(visit: Visit, part: Part) -> str:
    """The result of an item: the one that was chosen, or that its answers suggest."""
    return part.result or results.proposed(answer.value for answer in standing(visit, part).values())


def result_of(visit: Visit) -> str:
    """The result of a visit: the summary that its lead chose, or the gravest of its items'."""
    if visit.result and visit.state not in WORKING:  # frozen when it was handed in
        return visit.result
    found = [of_part(visit, part) for part in visit.parts]
    return visit.result if visit.result and visit.result in found else results.gravest(found)


def all_results(visit: Visit) -> set[str]:
    """The results of all its items."""
    return {of_part(visit, part) for part in visit.parts}


def correct_by(visit: Visit, today: date) -> date | None:
    """By when problems must be corrected: the day that was chosen, or the proposal; none without an order."""
    if results.CORRECTION not in all_results(visit):
        return visit.correct_by
    return visit.correct_by or official().add(today, CORRECTION)


def kind_of(evidence: Evidence) -> str:
    """What was sent: a file that is no picture is a document, however it was filed."""
    if evidence.kind == "photo" and not evidence.media.startswith("image/"):
        return "document"
    return evidence.kind


def unfinished(visit: Visit) -> list[int]:
    """The numbers of failed points that still lack words, or the photo that their checklist asks for."""
    photographed = {evidence.point_id for evidence in visit.evidence if evidence.kind in SHOWS}
    checked = (part for part in visit.parts if of_part(visit, part) not in results.WITHOUT_CHECKING)
    needed = set().union(*(part.checklist.point_ids for part in checked))
    missing, points = [], visit.points
    for number, answer in visit.standing.items():
        photo, value = points[number].photo, answer.value
        wants_photo = value in ("yes", "no") if photo == "always" else value == "no" and photo == "failure"
        lacks = (value == "no" and not answer.note) or (wants_photo and answer.point_id not in photographed)
        if lacks and answer.point_id in needed:
            missing.append(number)
    return missing


def fingerprint(visit: Visit) -> str:
    """The SHA-256 in hex of what was found: it changes with every answer, result, deadline and measure."""
    found = {
        "items": [[part.item_id, of_part(visit, part), part.disposal] for part in visit.parts],
        "answers": [[n, one.value, one.reading, one.note] for n, one in sorted(visit.standing.items())],
        "correct_by": visit.correct_by.isoformat() if visit.correct_by else "",
        "method": [visit.method, visit.method_note],
    }
    return sha256(json.dumps(found, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
