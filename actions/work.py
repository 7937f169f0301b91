"""Says who may do what at a visit: inspectors at their own department's items, and all of them at the whole."""

from __future__ import annotations

from models.people import Person
from models.visits import Part, Seat, Visit
from rules.methods import method
from rules.refusal import Refusal
from rules.visits import WORKING


def seat_of(visit: Visit, person: Person) -> Seat:
    """The seat that a person holds on a visit. Refused if there is none."""
    for seat in visit.seats:
        if seat.person_id == person.id and seat.state in ("offered", "accepted"):
            return seat
    raise Refusal("seats.not_yours")


def may_work(visit: Visit, by: Person) -> Seat:
    """The seat of somebody who may change what was found now. Refused otherwise."""
    seat = seat_of(visit, by)
    if visit.state not in WORKING:
        raise Refusal("visits.not_now")
    return seat


def at_work(visit: Visit, seat: Seat) -> bool:
    """Whether somebody has begun: arrived, or begun a check for which nobody must be there."""
    return visit.state in WORKING and (seat.arrived_at is not None or not method(visit.method).presence)


def absent(visit: Visit) -> list[Seat]:
    """The seats whose holders have not arrived, at a visit where they must."""
    if not method(visit.method).presence:
        return []
    return [seat for seat in visit.seats if seat.person_id is not None and seat.arrived_at is None]


def lead_of(visit: Visit) -> str:
    """The department that leads: its inspectors write the summary, and take what nobody else is sent for."""
    lead = visit.task.organ.department
    return lead if lead in visit.departments or not visit.departments else visit.departments[0]


def department_of(visit: Visit, part: Part) -> str:
    """Whose inspectors check an item: the organ's that the task names; the lead's where it sends nobody."""
    named = (one.organ.department for one in visit.task.items if one.item_id == part.item_id)
    department = next(named, part.item.department)
    return department if department in visit.departments else lead_of(visit)


def own_parts(visit: Visit, by: Person) -> list[Part]:
    """The items that somebody may answer and judge: all, but of several departments only the own one's."""
    if len(visit.departments) < 2:
        return list(visit.parts)
    own = next((seat.department for seat in visit.seats if seat.person_id == by.id), "")
    return [part for part in visit.parts if department_of(visit, part) == own]


def own_points(visit: Visit, by: Person) -> set[int]:
    """The ids of the points that somebody may answer."""
    return set().union(*(part.checklist.point_ids for part in own_parts(visit, by)))


def check_own(visit: Visit, numbers: list[int], by: Person) -> None:
    """Refused if one of the points is another department's."""
    own, points = own_points(visit, by), visit.points
    for number in numbers:
        if points[number].id not in own:
            part = next(part for part in visit.parts if points[number] in part.checklist.points)
            raise Refusal("checklists.not_yours", number=number, department=department_of(visit, part))


def unsign(visit: Visit) -> None:
    """What was signed has changed: all inspectors sign anew (of the subject: `actions.subject.stands`)."""
    for seat in visit.seats:
        if seat.signed_at:
            seat.signed_at = None
            seat.version += 1
