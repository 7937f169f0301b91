"""Judges what was found: a result for each item, the gravest for the visit, and what follows (R3.2.3a)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import subject
from actions.calendars import official
from actions.findings import all_results, correct_by, kind_of, of_part, result_of, standing, unfinished
from actions.journal import record
from actions.work import department_of, lead_of, may_work, own_parts, unsign
from models.leads import Lead
from models.people import Person
from models.visits import Part, Visit
from rules import methods, results
from rules.refusal import Refusal

LONGEST = 500  # characters of a disposal (处理意见)
MOST_DAYS = 120  # working days of a correction


def part_at(visit: Visit, place: int) -> Part:
    """An item of a visit by its place from 0. Refused if there is none."""
    if not 0 <= place < len(visit.parts):
        raise Refusal("gone")
    return visit.parts[place]


async def choose(session: AsyncSession, visit: Visit, part: Part, result: str, by: Person, now: datetime) -> None:
    """Choose the result of an item by hand; signatures that stood under another one fall.

    Refused to inspectors of other departments.
    """
    _may_judge(visit, part, by)
    before, after = {"result": part.result, "item": part.item_id}, {"result": result, "item": part.item_id}
    if before == after:
        return
    record(session, now, by, "choose_result", "visit", visit.id, before=before, after=after)
    part.result, visit.result = result, ""
    unsign(visit)


async def summarise(session: AsyncSession, visit: Visit, result: str, by: Person, now: datetime) -> None:
    """Choose which of the items' results stands for the visit: the lead department's inspectors do.

    Clean stands for a visit only where every item is. Refused otherwise.
    """
    if may_work(visit, by).department != lead_of(visit):
        raise Refusal("results.lead_only", department=lead_of(visit))
    found = all_results(visit)
    if result not in found or (result == results.CLEAN and found != {results.CLEAN}):
        raise Refusal("results.not_found")
    record(session, now, by, "summarise", "visit", visit.id, before={"result": visit.result}, after={"result": result})
    visit.result = result
    unsign(visit)


async def dispose(session: AsyncSession, visit: Visit, part: Part, words: str, by: Person, now: datetime) -> None:
    """Say in a sentence what is done about an item (处理意见); empty takes it back."""
    _may_judge(visit, part, by)
    words = words.strip()[:LONGEST]
    if words != part.disposal:
        before = {"disposal": part.disposal, "item": part.item_id}
        record(session, now, by, "dispose", "visit", visit.id, before=before, after={"disposal": words})
        part.disposal = words
        unsign(visit)


def _may_judge(visit: Visit, part: Part, by: Person) -> None:
    may_work(visit, by)
    if part not in own_parts(visit, by):
        raise Refusal("results.not_yours", department=department_of(visit, part))


async def choose_correction(session: AsyncSession, visit: Visit, days: int, by: Person, now: datetime) -> None:
    """Order correction within so many working days, at most `MOST_DAYS`."""
    may_work(visit, by)
    if not 1 <= days <= MOST_DAYS:
        raise Refusal("results.days", most=MOST_DAYS)
    visit.correct_by = official().add(now.date(), days)
    after = {"correct_by": visit.correct_by.isoformat()}
    record(session, now, by, "order_correction", "visit", visit.id, after=after)
    unsign(visit)


async def problems(session: AsyncSession, visit: Visit, today: date) -> list[str]:
    """Why the visit cannot be signed yet, as codes; empty if it can.

    `CODE@PLACE` is about one item of several, `finding:NUMBER` about a point, `unanswered_by:DEPARTMENT` about another.
    """
    leads = await session.scalar(select(func.count()).where(Lead.visit_id == visit.id)) or 0
    ordered = correct_by(visit, today) is not None
    wrong: list[str] = []
    for part in visit.parts:
        answers, points = standing(visit, part), {point.id for point in part.checklist.points}
        asked = sum(point.id in points for point in visit.asked.values())
        codes = results.problems(
            of_part(visit, part),
            failed=sum(answer.value == "no" for answer in answers.values()),
            unanswered=asked - len(answers),
            evidence=sum(one.kind not in ("page", "position") for one in visit.evidence),
            correction_ordered=ordered,
            leads=leads,
        )
        place = f"@{part.position}" if len(visit.parts) > 1 else ""
        late = f"unanswered_by:{department_of(visit, part)}" if len(visit.departments) > 1 else "unanswered"
        wrong += [late if code == "unanswered" else code + place for code in codes]
    wrong += [f"finding:{number}" for number in unfinished(visit)]
    wrong += methods.problems(visit.method, visit.method_note, {kind_of(one) for one in visit.evidence})
    if subject.must_sign(visit) and not subject.stands(visit):
        wrong.append("no_subject_signature")
    return list(dict.fromkeys(wrong))


def freeze(visit: Visit, today: date) -> None:
    """Write down what was proposed, when everybody has signed it: from now on it is what was found."""
    visit.correct_by = correct_by(visit, today)
    if not all_results(visit) & {results.CORRECTION, results.PENDING}:
        visit.correct_by = None
    result = result_of(visit)
    for part in visit.parts:
        part.result = of_part(visit, part)
    visit.result = result


def thaw(visit: Visit) -> None:
    """A visit goes back to its inspectors: what only followed from the answers follows them again."""
    for part in visit.parts:
        if part.result == results.proposed(answer.value for answer in standing(visit, part).values()):
            part.result = ""
    visit.result = ""
