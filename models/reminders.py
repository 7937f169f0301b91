"""What is due, from whom: one query for each kind of deadline; and the ledger of what people were reminded of.

To have people reminded of a new kind of thing:
1. a line in `rules.deadlines.TABLE`;
2. a query here in `SOURCES`, of what is not done yet: a row for each person who must act, with the labelled columns
   `thing` (id), `name` (what people call it), `person_id`, `organ_id` (whose supervisors hear when it is late, and
   whose area's office), `since` and `due`. `since` is a day or a moment, `due` a day. Without `due` it is as the table
   says; without `since` it is counted back from `due`. What the query does not yield is done. A query may ask for
   the bound parameters of `bound`;
3. the words `deadline.KIND` in `locales/*/reminders.po`, and in `handlers/reminders.OPENS` the button that opens it.
The ladder, quiet hours, one message for several things, exactly once: all that is `actions/reminders.py`.
Where the day is kept in a column, `MOVES` names it and the column with the thing's id, so that it moves when a
provisional year is announced.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Date,
    ForeignKey,
    Select,
    String,
    UniqueConstraint,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, aliased, mapped_column

from models.appeals import Appeal
from models.base import Base, Instant, has_tag
from models.corrections import Correction
from models.credit import CreditProposal
from models.items import Item
from models.leads import Desk, Lead
from models.people import Area, Organ, Person
from models.plans import Plan, Task
from models.publication import Proposal, Publication
from models.subjects import Subject
from models.visits import Seat, Visit
from rules.corrections import WAITING
from rules.credit import DEADLINES
from rules.leads import OPEN
from rules.publication import WITHHOLD

Attribute = InstrumentedAttribute
TODAY = bindparam("today", type_=Date)
YEAR = bindparam("year", type_=BigInteger)
NEW_YEAR = bindparam("new_year", type_=Date)
END_OF_APRIL = bindparam("end_of_april", type_=Date)
TO_ANSWER = ("released", "accepted")  # the visit is ahead, and its inspectors know of it


def bound(today: date) -> dict[str, Any]:
    """The parameters that queries may ask for, on a day."""
    year = today.year
    return {"today": today, "year": year, "new_year": date(year, 1, 1), "end_of_april": date(year, 5, 1)}


class Reminder(Base):
    """Somebody was reminded of a step of a thing's ladder; a deadline that moved has a ladder of its own."""

    __tablename__ = "reminders"
    __table_args__ = (UniqueConstraint("kind", "thing", "person_id", "due", "step"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    thing: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    due: Mapped[date] = mapped_column(index=True)
    step: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)


def _seats() -> Select[Any]:
    """Of inspectors, on visits of which they know."""
    return (
        select(Visit.id.label("thing"), Subject.name.label("name"), Seat.person_id.label("person_id"), Task.organ_id)
        .select_from(Seat)
        .join(Visit, Visit.id == Seat.visit_id)
        .join(Task, Task.id == Visit.task_id)
        .join(Subject, Subject.id == Visit.subject_id)
        .where(Seat.person_id.is_not(None))
    )


def _supervised(thing: Attribute[int] = Visit.id) -> Select[Any]:
    """Of supervisors, on visits or something about them; who was there does not decide on what was found."""
    there = select(Seat.id).where(Seat.visit_id == Visit.id, Seat.person_id == Person.id).exists()
    return (
        select(thing.label("thing"), Subject.name.label("name"), Person.id.label("person_id"), Task.organ_id)
        .select_from(Visit)
        .join(Task, Task.id == Visit.task_id)
        .join(Subject, Subject.id == Visit.subject_id)
        .join(Person, Person.organ_id == Task.organ_id)
        .where(Person.status == "active", _role("supervisor"), ~there)
    )


def _appeals() -> Select[Any]:
    """Objections that wait for an answer; who approved the result does not decide either."""
    approved = select(Publication.id).where(Publication.visit_id == Visit.id, Publication.approved_by == Person.id)
    waiting = _supervised(Appeal.id).join(Appeal, Appeal.visit_id == Visit.id)
    return waiting.add_columns(Appeal.answer_by.label("due")).where(Appeal.state == "open", ~approved.exists())


def _leads(acts: InstrumentedAttribute[Any], organ: InstrumentedAttribute[int]) -> Select[Any]:
    """Of leads that the office has not been asked about; a desk that was handed over reminds whoever has it."""
    return (
        select(Lead.id.label("thing"), Subject.name.label("name"), organ.label("organ_id"), Lead.due.label("due"))
        .add_columns(func.coalesce(Desk.deputy_id, acts).label("person_id"))
        .select_from(Lead)
        .join(Subject, Subject.id == Lead.subject_id)
        .join(Person, Person.organ_id == organ if acts is Person.id else Person.id == acts)
        .outerjoin(Desk, (Desk.person_id == Person.id) & Desk.ended_at.is_(None))
        .where(Lead.office_by.is_(None), Person.status == "active")
    )


def _for_the_office() -> Select[Any]:
    """Of the joint conference office, on leads that it must decide: that of the area, else of the area above."""
    one, its = aliased(Person), aliased(Organ)
    own = select(one.id).join(its, its.id == one.organ_id).where(its.area_code == Area.code, one.status == "active")
    none = ~own.where(has_tag(one.roles, "office")).exists()
    return (
        select(Lead.id.label("thing"), Subject.name.label("name"), Person.id.label("person_id"), Person.organ_id)
        .add_columns(Lead.office_by.label("due"))
        .select_from(Lead)
        .join(Subject, Subject.id == Lead.subject_id)
        .join(Area, Area.code == Subject.area_code)
        .join(Organ, or_(Organ.area_code == Area.code, (Organ.area_code == Area.parent) & none))
        .join(Person, Person.organ_id == Organ.id)
        .where(Lead.office_by.is_not(None), Lead.state.in_(OPEN), Person.status == "active", _role("office"))
    )


def _role(*roles: str) -> ColumnElement[bool]:
    return or_(*(has_tag(Person.roles, role) for role in roles))


def _proposals(kind: str) -> Select[Any]:
    """Of supervisors, on proposals about credit; who asked, or found it, does not decide."""
    found = select(Seat.id).where(Seat.visit_id == CreditProposal.visit_id, Seat.person_id == Person.id).exists()
    return (
        select(CreditProposal.id.label("thing"), Subject.name.label("name"), Person.id.label("person_id"))
        .add_columns(CreditProposal.organ_id, CreditProposal.asked_at.label("since"))
        .add_columns(CreditProposal.decide_by.label("due"))
        .select_from(CreditProposal)
        .join(Subject, Subject.id == CreditProposal.subject_id)
        .join(Person, Person.organ_id == CreditProposal.organ_id)
        .where(CreditProposal.state == "asked", CreditProposal.kind == kind)
        .where(Person.status == "active", has_tag(Person.roles, "supervisor"), ~found)
        .where(func.coalesce(CreditProposal.asked_by, 0) != Person.id)
    )


def _results() -> Select[Any]:
    """Results that wait for review."""
    return _supervised().add_columns(Visit.submitted_at.label("since")).where(Visit.state == "submitted")


def _withheld() -> Select[Any]:
    """Results that were withheld, from the last time that somebody agreed to it."""
    agreed = select(func.max(Proposal.decided_at)).where(
        Proposal.visit_id == Visit.id, Proposal.state == "approved", Proposal.kind == WITHHOLD
    )
    withheld = _supervised().where(Visit.state == "withheld", Visit.merged_into.is_(None))
    return withheld.add_columns(agreed.scalar_subquery().label("since"))


def _supervisors(organ_id: Attribute[int], *, thing: Attribute[int], name: Attribute[str]) -> Select[Any]:
    """Of the supervisors of an organ, on what its annual plan of this year still needs, from New Year on."""
    return (
        select(thing.label("thing"), name.label("name"), Person.id.label("person_id"), Organ.id.label("organ_id"))
        .add_columns(NEW_YEAR.label("since"))
        .select_from(Organ)
        .join(Person, Person.organ_id == Organ.id)
        .where(Person.status == "active", _role("supervisor"), Organ.id == organ_id)
    )


def _plans_of_the_year(*which: ColumnElement[bool]) -> Select[Any]:
    """Plans of this year that have been approved and still need something (R3.2.1c)."""
    return (
        _supervisors(Plan.organ_id, thing=Plan.id, name=Plan.name)
        .join(Plan, Plan.organ_id == Organ.id)
        .where(Plan.year == YEAR, *which)
    )


def _without_a_plan() -> Select[Any]:
    """Organs that have items to inspect and have not submitted a plan for this year.

    Reminded until the end of April: who has none by then has made its plan elsewhere, or is on the office's list.
    """
    to_inspect = select(Item.id).where(
        Item.department == Organ.department, or_(Item.valid_until.is_(None), Item.valid_until >= NEW_YEAR)
    )
    submitted = select(Plan.id).where(Plan.organ_id == Organ.id, Plan.year == YEAR, Plan.state != "draft")
    return _supervisors(Organ.id, thing=Organ.id, name=Organ.name).where(
        to_inspect.exists(), ~submitted.exists(), TODAY < END_OF_APRIL
    )


SOURCES: dict[str, tuple[Select[Any], ...]] = {
    "seat": (
        _seats().add_columns(Seat.answer_by.label("due")).where(Seat.state == "offered", Visit.state.in_(TO_ANSWER)),
    ),
    "visit": (  # from the day by which the inspector had answered: before it, the seat's own ladder reminds
        _seats()
        .add_columns(func.coalesce(Seat.answer_by, Visit.release_on, Task.starts).label("since"))
        .add_columns(Visit.due.label("due"))
        .where(Seat.state.in_(("offered", "accepted")), Visit.state.in_(TO_ANSWER)),
    ),
    "entry": (
        _seats().add_columns(Visit.started_at.label("since")).where(Visit.state == "started", Seat.signed_at.is_(None)),
    ),
    "review": (_results(),),
    "publication": (
        _results(),
        _seats().add_columns(Visit.submitted_at.label("since")).where(Visit.state == "returned"),
    ),
    "appeal": (_appeals(),),
    "correction": (
        _seats()
        .add_columns(Correction.ordered_at.label("since"), Correction.due.label("due"))
        .join(Correction, Correction.visit_id == Visit.id)
        .where(Correction.state.in_(WAITING)),
    ),
    "lead_accept": (_leads(Person.id, Lead.organ_id).where(Lead.state == "sent", _role("liaison", "deputy")),),
    "lead_resolve": (_leads(Lead.handler_id, Lead.organ_id).where(Lead.state == "accepted"),),
    "lead_return": (_leads(Lead.sender_id, Lead.source_organ_id).where(Lead.state == "returned"),),
    "lead_office": (_for_the_office(),),
    "plan": (_without_a_plan(),),  # R3.2.1c
    "plan_public": (_plans_of_the_year(Plan.state == "approved"),),
    "filing": (_plans_of_the_year(Plan.state.in_(("approved", "published")), Plan.filed_at.is_(None)),),
    **{deadline: (_proposals(kind),) for kind, deadline in DEADLINES.items()},
    "withheld": (_withheld(),),
}


@lru_cache
def dues(kinds: tuple[str, ...], some: bool = False) -> CompoundSelect[Any]:
    """All that is due of these kinds, in one question: asked every minute, it must cost little, also to put together.

    Of all things, or of `some`, which the parameter `things` names. Its columns: `kind`, `thing`, `name`, `person_id`,
    `organ_id`, and where the query says so `since_day` or `since_at`, and `due`.
    """
    return union_all(*(_alike(kind, query, some) for kind in kinds for query in SOURCES[kind]))


def _alike(kind: str, query: Select[Any], some: bool) -> Select[Any]:
    """A query with the columns that all have."""
    things: BindParameter[Any] = bindparam("things", expanding=True)
    asked = query.where(query.selected_columns.thing.in_(things)) if some else query
    found = asked.subquery().columns
    day, at = cast(null(), Date), cast(null(), Instant)
    since, due = found.get("since"), found.get("due")
    return select(
        literal_column(f"'{kind}'", String).label("kind"),
        *(found[name] for name in ("thing", "name", "person_id", "organ_id")),
        (day if since is None or isinstance(since.type, Instant) else since).label("since_day"),
        (since if since is not None and isinstance(since.type, Instant) else at).label("since_at"),
        (day if due is None else due).label("due"),
    )


# Where the day is kept, and the number of the thing.
MOVES: dict[str, tuple[InstrumentedAttribute[Any], InstrumentedAttribute[int]]] = {
    "seat": (Seat.answer_by, Seat.visit_id),
    "appeal": (Appeal.answer_by, Appeal.id),
    **dict.fromkeys(DEADLINES.values(), (CreditProposal.decide_by, CreditProposal.id)),
    "lead_accept": (Lead.due, Lead.id),
    "lead_resolve": (Lead.due, Lead.id),
    "lead_return": (Lead.due, Lead.id),
    "lead_office": (Lead.office_by, Lead.id),
}
