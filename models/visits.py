"""The visits: who goes where, what they found, and what became of it (R3.1.1a, R3.3.1a).

Long, because all that hangs on a visit is read with it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, index_where
from models.draws import Draw
from models.items import Checklist, Item, Point
from models.people import Organ, Person
from models.plans import Task
from models.subjects import Subject
from rules.checklists import applies

REACHED_BY = 3  # steps by which one comes to a visit and still finds its guests: cause, correction, visit


class Visit(Base):
    """A subject in a task. `origin` says why (R1.1): random, key or targeted. `version` grows with each state.

    A visit that was made part of another one (综合查一次) is `merged` and names it; a subject that dropped out is
    `dropped`, with `closed_because`, and the visit of the reserve that came instead says which one it `replaces`.
    """

    __tablename__ = "visits"
    __table_args__ = (
        UniqueConstraint("task_id", "subject_id"),
        Index("ix_visits_subject_id_state", "subject_id", "state"),
        index_where("merged_into IS NOT NULL", "ix_visits_guests", "merged_into"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id"), index=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    draw_id: Mapped[int | None] = mapped_column(ForeignKey("draws.id"), index=True)
    origin: Mapped[str]
    public_id: Mapped[str]  # as the draw names the subject
    position: Mapped[int]  # order of visits
    state: Mapped[str] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(default=1)
    token: Mapped[str] = mapped_column(unique=True)  # of the visit code (行政行为码)
    due: Mapped[date]
    release_on: Mapped[date | None]  # its stage; none while nobody decided
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("visits.id"))
    replaces: Mapped[int | None] = mapped_column(ForeignKey("visits.id"))
    closed_because: Mapped[str] = mapped_column(default="")
    planned_on: Mapped[date | None]  # the day the inspectors chose
    method: Mapped[str] = mapped_column(default="on_site")  # R3.3.1b
    method_note: Mapped[str] = mapped_column(default="")  # the body that was commissioned, the document relied on
    materials: Mapped[dict[str, Any]] = mapped_column(default=dict)  # by name: seen or missing
    alone_because: Mapped[str] = mapped_column(default="")  # why it began before all inspectors were there
    statement: Mapped[str] = mapped_column(default="")  # what the subject says to it (陈述申辩)
    signing: Mapped[dict[str, Any]] = mapped_column(default=dict)  # of the subject: how, when, or why not
    started_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    result: Mapped[str] = mapped_column(default="")
    correct_by: Mapped[date | None]  # 责令改正 until
    only_points: Mapped[list[int] | None]  # their ids: a recheck asks what did not conform; none: all are asked
    returned_because: Mapped[str] = mapped_column(default="")
    task: Mapped[Task] = relationship(lazy="joined", innerjoin=True)
    subject: Mapped[Subject] = relationship(lazy="joined", innerjoin=True)
    parts: Mapped[list[Part]] = relationship(order_by="Part.position", lazy="selectin")
    draw: Mapped[Draw | None] = relationship(lazy="joined")
    seats: Mapped[list[Seat]] = relationship(
        order_by="Seat.number", lazy="selectin", back_populates="visit", foreign_keys="Seat.visit_id"
    )
    answers: Mapped[list[Answer]] = relationship(lazy="selectin", order_by="Answer.point_id")
    evidence: Mapped[list[Evidence]] = relationship(lazy="selectin", order_by="Evidence.id")
    helpers: Mapped[list[Helper]] = relationship(lazy="selectin", order_by="Helper.id")
    guests: Mapped[list[Visit]] = relationship(  # the visits that were made part of this one
        order_by="Visit.id", lazy="selectin", join_depth=REACHED_BY, foreign_keys="Visit.merged_into"
    )
    never_elsewhere = False  # whether it is known that no other visit to the subject is published
    _numbered, _answered = cast("Any", None), cast("Any", None)  # for `_in_order` and `answered`

    @property
    def draws(self) -> list[Draw]:
        """The draws that sent somebody here, the earliest first."""
        held = [draw for draw in (self.draw, *(guest.draw for guest in self.guests)) if draw]
        return sorted(held, key=lambda draw: draw.sequence)

    @property
    def organs(self) -> list[Organ]:
        """Whose visit it is: the organs of its task, and of those whose visits were made part of it."""
        tasks = (self.task, *(guest.task for guest in self.guests))
        return list({organ.id: organ for task in tasks for organ in task.organs}.values())

    @property
    def points(self) -> dict[int, Point]:
        """The points of all its checklists by running number from 1; two items may share a checklist."""
        return self._in_order[0]

    @property
    def numbers(self) -> dict[int, int]:
        """The running number of each point, by the point's id."""
        return self._in_order[1]

    @property
    def _in_order(self) -> tuple[dict[int, Point], dict[int, int]]:
        """Both of them, kept for as long as the visit has the same parts: a tap asks for them many times."""
        parts, only = self.parts, self.only_points
        if self._numbered is None or self._numbered[0] is not parts or self._numbered[1] != (len(parts), only):
            wanted = (one for part in parts for one in part.checklist.points)
            points = dict(enumerate(dict.fromkeys(one for one in wanted if only is None or one.id in only), 1))
            numbers = {point.id: number for number, point in points.items()}
            self._numbered = parts, (len(parts), only), (points, numbers)
        kept: tuple[dict[int, Point], dict[int, int]] = self._numbered[2]
        return kept

    @property
    def asked(self) -> dict[int, Point]:
        """The points that are asked, by running number: whose condition holds, and up to a failed stop point."""
        if not any(part.checklist.conditional for part in self.parts):
            return self.points
        numbers, found = self.numbers, dict[int, Point]()
        answers = {point_id: (answer.value, answer.reading) for point_id, answer in self.answered.items()}
        for part in self.parts:
            points = part.checklist.points
            given = {point.number: answers[point.id] for point in points if point.id in answers}
            for point in points:
                if point.id not in numbers or (self.only_points is None and not applies(point.only_if, given)):
                    continue
                found[numbers[point.id]] = point
                if point.stop and given.get(point.number, ("",))[0] == "no":
                    break
        return dict(sorted(found.items()))

    @property
    def numbers_asked(self) -> dict[int, int]:
        """The running number of each point that is asked, by the point's id."""
        points, asked = self.points, self.asked
        return self.numbers if asked is points else {point.id: number for number, point in asked.items()}

    @property
    def answered(self) -> dict[int, Answer]:
        """All that was answered, by the id of the point; kept for as long as there are the same answers."""
        answers = self.answers
        if self._answered is None or self._answered[0] is not answers or len(self._answered[1]) != len(answers):
            self._answered = answers, {answer.point_id: answer for answer in answers}
        kept: dict[int, Answer] = self._answered[1]
        return kept

    @property
    def standing(self) -> dict[int, Answer]:
        """The answers that count, by running number: those to points that are still asked."""
        answers = self.answered
        return {number: answers[one] for one, number in self.numbers_asked.items() if one in answers}

    @property
    def wanted_materials(self) -> list[str]:
        """What the subject is asked to have ready, by all its checklists, each paper once."""
        return list(dict.fromkeys(name for part in self.parts for name in part.checklist.materials))

    @property
    def departments(self) -> list[str]:
        """The lines that have a seat on it, in order."""
        return list(dict.fromkeys(seat.department for seat in self.seats))


class Part(Base):
    """What one item asks of a visit: its checklist, in the version that was valid when the visit was drawn.

    `result` is what was found on this item, of the official list; empty while nobody chose: it follows the answers.
    """

    __tablename__ = "visit_parts"
    __table_args__ = (UniqueConstraint("visit_id", "item_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"))
    position: Mapped[int]
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    checklist_id: Mapped[int] = mapped_column(ForeignKey("checklists.id"))
    result: Mapped[str] = mapped_column(default="")
    disposal: Mapped[str] = mapped_column(default="")  # what is done about it, in words (处理意见)
    item: Mapped[Item] = relationship(lazy="joined", innerjoin=True)
    checklist: Mapped[Checklist] = relationship(lazy="selectin", cascade="merge")  # shared: never put into a session


class Seat(Base):
    """One inspector's place in a visit; `mode` is own, neighbour, open, refill or appointed (R3.2.2b).

    `state` is held (drawn, not yet told), offered, accepted, or open (nobody). `slot` is its number in the draw that
    named it; after two visits became one, `drawn_for` is the visit of that draw.
    """

    __tablename__ = "seats"
    __table_args__ = (UniqueConstraint("visit_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"))
    number: Mapped[int]
    slot: Mapped[int]
    drawn_for: Mapped[int | None] = mapped_column(ForeignKey("visits.id"))
    department: Mapped[str]
    qualified: Mapped[bool]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    mode: Mapped[str]
    state: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    answer_by: Mapped[date | None]
    arrived_at: Mapped[datetime | None]
    arrived_metres: Mapped[int | None]  # from the subject, where a position was sent
    arrived_by_signing: Mapped[bool] = mapped_column(default=False)  # nothing else says so (docs/decisions/0002)
    signed_at: Mapped[datetime | None]
    person: Mapped[Person | None] = relationship(lazy="joined")
    visit: Mapped[Visit] = relationship(lazy="raise", back_populates="seats", foreign_keys=[visit_id])


class SeatRefusal(Base):
    """Somebody who left a seat, and why; the hat passes them over from then on."""

    __tablename__ = "seat_refusals"
    __table_args__ = (UniqueConstraint("visit_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str]  # recusal (回避) or leave (请假)
    reason: Mapped[str]
    at: Mapped[datetime]


class JointOffer(Base):
    """Two visits to one subject in the same weeks that could be one (综合查一次, R1.4).

    `state` is offered, asked (by one side), agreed or declined.
    """

    __tablename__ = "joint_offers"
    __table_args__ = (UniqueConstraint("host_id", "guest_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    host_id: Mapped[int] = mapped_column(ForeignKey("visits.id"))
    guest_id: Mapped[int] = mapped_column(ForeignKey("visits.id"), index=True)
    state: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime]
    host: Mapped[Visit] = relationship(lazy="selectin", foreign_keys=[host_id])
    guest: Mapped[Visit] = relationship(lazy="selectin", foreign_keys=[guest_id])


class Answer(Base):
    """What was found on one point: yes, no or na; `version` grows with each change.

    `reading` is what was measured, chosen or sampled. An answer that rests on another department's says whose
    (`from_answer`, 互认, R1.4).
    """

    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("visit_id", "point_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"))
    point_id: Mapped[int] = mapped_column(ForeignKey("points.id"))
    value: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    reading: Mapped[str] = mapped_column(default="")
    from_answer: Mapped[int | None] = mapped_column(ForeignKey("answers.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    point: Mapped[Point] = relationship(lazy="joined", innerjoin=True, cascade="merge")
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)


class Helper(Base):
    """An expert or a body that assists at a visit (R3.1.3e, R3.3.1b); never one of its inspectors."""

    __tablename__ = "visit_helpers"

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str]
    guided_by: Mapped[int] = mapped_column(ForeignKey("people.id"))  # R3.3.1c
    at: Mapped[datetime]


class Evidence(Base):
    """A photo, recording, file or position that somebody sent: its bytes are stored under their SHA-256.

    `taken_at`, `latitude` and `longitude` are what the file itself says; `metres` is how far from the subject that is,
    `grade` what it is worth (`rules.evidence.grade`). `preview` is a JPEG of it for viewing, where one had to be made.
    """

    __tablename__ = "evidence"
    __table_args__ = (UniqueConstraint("visit_id", "point_id", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visits.id"))
    point_id: Mapped[int | None] = mapped_column(ForeignKey("points.id"))
    sha256: Mapped[str] = mapped_column(index=True)
    size: Mapped[int]
    media: Mapped[str]
    telegram_file: Mapped[str]
    kind: Mapped[str] = mapped_column(default="photo")  # or page (signed), document, voice, audio, video, video_note,
    # position
    name: Mapped[str] = mapped_column(default="")  # of what came as a file, empty otherwise
    taken_at: Mapped[datetime | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    metres: Mapped[int | None]
    grade: Mapped[str] = mapped_column(default="")
    seen_before: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"))  # the same bytes on another visit
    preview: Mapped[str] = mapped_column(default="")  # SHA-256
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
