"""What is known of a subject's credit: events, classes, lists, punishments, warnings, commitments (R1.3, R3.3.2c-d)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, index_where
from models.people import Organ, Person
from models.subjects import Subject


class CreditEvent(Base):
    """Something that raises or lowers a subject's credit; `noun` and `noun_id` say what it came of, once for each code.

    `points` are those of the day (`rules.credit.EFFECTS`), and count until the day before `until`. An event that was
    taken back (a result corrected, a punishment repaired) stays, with `annulled_on`.
    """

    __tablename__ = "credit_events"
    __table_args__ = (UniqueConstraint("noun", "noun_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), index=True)
    code: Mapped[str]
    noun: Mapped[str]
    noun_id: Mapped[int]
    organ_id: Mapped[int | None] = mapped_column(ForeignKey("organs.id"))
    on: Mapped[date]
    until: Mapped[date]
    points: Mapped[int]
    annulled_on: Mapped[date | None]
    made_on: Mapped[date] = mapped_column(index=True)
    organ: Mapped[Organ | None] = relationship(lazy="joined")


class CreditClass(Base):
    """A class that a subject had from a moment on; the present one has no end. Never shown to the public.

    `base` is the class that the directory gave on `since` (the day is empty: before all events), `why` the code of the
    event, or what else moved it. `review_on` is the next day on which something ceases to count.
    """

    __tablename__ = "credit_classes"
    __table_args__ = (index_where("ended_at IS NULL", "ix_credit_classes_present", "subject_id", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), index=True)
    grade: Mapped[str]
    points: Mapped[int]
    base: Mapped[str]
    since: Mapped[date | None]
    why: Mapped[str]
    review_on: Mapped[date | None] = mapped_column(index=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class KeyReason(Base):
    """Why a subject is a key subject by rule (重点检查对象, R3.2.2e): a flag, its cause, and how long.

    `was_there`: the directory had the flag before, so that it stays when the reason ends.
    """

    __tablename__ = "key_reasons"
    __table_args__ = (index_where("ended_at IS NULL", "ix_key_reasons_present", "subject_id", "flag", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    flag: Mapped[str]
    cause: Mapped[str]
    number: Mapped[int] = mapped_column(default=0)
    was_there: Mapped[bool] = mapped_column(default=False)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ListEntry(Base):
    """A subject on the abnormal-operation list (经营异常名录) or the list of serious violations; public."""

    __tablename__ = "list_entries"
    __table_args__ = (index_where("left_on IS NULL", "ix_list_entries_present", "subject_id", "list", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), index=True)
    list: Mapped[str]
    ground: Mapped[str]
    organ_id: Mapped[int] = mapped_column(ForeignKey("organs.id"))
    entered_on: Mapped[date]
    left_on: Mapped[date | None]
    subject: Mapped[Subject] = relationship(lazy="joined", innerjoin=True)
    organ: Mapped[Organ] = relationship(lazy="joined", innerjoin=True)


class Punishment(Base):
    """A decision on a punishment (行政处罚): its kind, number and term; `joint` ones are the joint-punishment list.

    It ends on `ends`, or on `repaired_on` where its repair (信用修复) was granted.
    """

    __tablename__ = "punishments"
    __table_args__ = (UniqueConstraint("organ_id", "document"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), index=True)
    organ_id: Mapped[int] = mapped_column(ForeignKey("organs.id"))
    kind: Mapped[str]
    document: Mapped[str]
    joint: Mapped[bool]
    starts: Mapped[date]
    ends: Mapped[date] = mapped_column(index=True)
    repaired_on: Mapped[date | None]
    made_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    made_on: Mapped[date] = mapped_column(index=True)
    subject: Mapped[Subject] = relationship(lazy="joined", innerjoin=True)
    organ: Mapped[Organ] = relationship(lazy="joined", innerjoin=True)


class CreditProposal(Base):
    """Something that a supervisor must decide: to enter or leave a list, or to repair a punishment.

    `kind` is enter, leave or repair; `state` asked, approved, refused, or void: the result behind it was corrected;
    `asked_by` is nobody where a rule proposes.
    """

    __tablename__ = "credit_proposals"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), index=True)
    organ_id: Mapped[int] = mapped_column(ForeignKey("organs.id"), index=True)  # whose supervisors decide
    kind: Mapped[str]
    list: Mapped[str] = mapped_column(default="")
    ground: Mapped[str] = mapped_column(default="")
    words: Mapped[str] = mapped_column(default="")
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.id"))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("list_entries.id"))
    punishment_id: Mapped[int | None] = mapped_column(ForeignKey("punishments.id"))
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime]
    decide_by: Mapped[date]
    state: Mapped[str] = mapped_column(default="asked", index=True)
    version: Mapped[int] = mapped_column(default=1)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")  # of a refusal
    subject: Mapped[Subject] = relationship(lazy="joined", innerjoin=True)
    organ: Mapped[Organ] = relationship(lazy="joined", innerjoin=True)
    asker: Mapped[Person | None] = relationship(lazy="joined", foreign_keys=[asked_by])
    decider: Mapped[Person | None] = relationship(lazy="joined", foreign_keys=[decided_by])
    entry: Mapped[ListEntry | None] = relationship(lazy="joined")
    punishment: Mapped[Punishment | None] = relationship(lazy="joined")


class RiskWarning(Base):
    """A warning of a monitoring system (风险预警, R3.3.2a): from where, how grave, of which day."""

    __tablename__ = "risk_warnings"
    __table_args__ = (UniqueConstraint("subject_id", "source", "on", "text"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    source: Mapped[str]
    level: Mapped[str]
    on: Mapped[date]
    text: Mapped[str] = mapped_column(default="")
    made_on: Mapped[date] = mapped_column(index=True)


class Commitment(Base):
    """What a subject promised before it was checked (信用承诺, R1.3); `broken_on` where it did not keep its word."""

    __tablename__ = "commitments"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), index=True)
    organ_id: Mapped[int] = mapped_column(ForeignKey("organs.id"))
    kind: Mapped[str]
    words: Mapped[str]
    made_on: Mapped[date]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    recorded_at: Mapped[datetime]
    broken_on: Mapped[date | None]
    broken_because: Mapped[str] = mapped_column(default="")
    subject: Mapped[Subject] = relationship(lazy="joined", innerjoin=True)
    organ: Mapped[Organ] = relationship(lazy="joined", innerjoin=True)

    @property
    def version(self) -> int:
        """Grows when it is found broken, so that an old button is known."""
        return 2 if self.broken_on else 1


class CreditSubscription(Base):
    """A department wants to hear, in its digest, of one topic in its area."""

    __tablename__ = "credit_subscriptions"
    __table_args__ = (UniqueConstraint("organ_id", "topic"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organ_id: Mapped[int] = mapped_column(ForeignKey("organs.id"))
    topic: Mapped[str]


class Extract(Base):
    """A clean-record extract (小微企业信用宝, R3.3.2d) as it was given out, never rewritten.

    `content` holds public facts alone, `hash` is the SHA-256 of its canonical JSON; `token` finds it on the page that
    tells genuine from not. `made_by` is nobody where the subject asked for it on the web.
    """

    __tablename__ = "extracts"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), index=True)
    content: Mapped[dict[str, Any]]
    hash: Mapped[str]
    token: Mapped[str] = mapped_column(unique=True)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime]
