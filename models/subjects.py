"""Who may be inspected: the directory of subjects (检查对象名录库, R3.1.3a to R3.1.3c)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.changes import Import
from models.people import Area

Tagged = frozenset[tuple[str, str]]  # labels of a subject: department (empty: all share it) and label


class Subject(Base):
    """A business, or anything else that can be inspected.

    `code` is a unified social credit code where there is one. `flags` are the reasons that make it a key subject
    (R3.2.2e). `credit_class` (A to D, or empty) is never shown to the public.
    """

    __tablename__ = "subjects"
    __table_args__ = (Index("ix_subjects_area_code_status", "area_code", "status"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(default="enterprise")
    area_code: Mapped[str] = mapped_column(ForeignKey("areas.code"))
    address: Mapped[str] = mapped_column(default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    industry: Mapped[str] = mapped_column(default="")
    credit_class: Mapped[str] = mapped_column(default="")
    flags: Mapped[tuple[str, ...]] = mapped_column(default=())
    status: Mapped[str] = mapped_column(default="active")  # active, revoked, cancelled, moved
    contact: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    import_id: Mapped[int | None] = mapped_column(ForeignKey(Import.id))  # that brought it in
    updated_at: Mapped[datetime]
    area: Mapped[Area] = relationship(lazy="selectin")


class SubjectLabel(Base):
    """What a department calls a subject (分类标注, R3.1.3b); `department` is empty where all share the label."""

    __tablename__ = "subject_labels"
    __table_args__ = (UniqueConstraint("label", "department", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"), index=True)
    department: Mapped[str] = mapped_column(default="")
    label: Mapped[str]


async def subject_by_code(session: AsyncSession, code: str) -> Subject | None:
    """The subject with exactly this code."""
    subject: Subject | None = await session.scalar(select(Subject).where(Subject.code == code))
    return subject


async def labels_of(session: AsyncSession, ids: Collection[int], which: Collection[str]) -> dict[int, Tagged]:
    """The labels of subjects by id: the shared ones (`labels`), those of departments (`department_labels`), or both."""
    found: dict[int, set[tuple[str, str]]] = {}
    if ids and which:
        query = select(SubjectLabel.subject_id, SubjectLabel.department, SubjectLabel.label)
        query = query.where(SubjectLabel.subject_id.in_(ids))
        if len(which) == 1:
            query = query.where((SubjectLabel.department == "") == ("labels" in which))
        for subject, department, label in await session.execute(query):
            found.setdefault(subject, set()).add((department, label))
    return {subject: frozenset(labels) for subject, labels in found.items()}


async def replace_labels(session: AsyncSession, before: dict[int, Tagged], after: dict[int, Tagged]) -> None:
    """Give subjects the labels of `after` and take from them those of `before` that are not there."""
    none: Tagged = frozenset()
    gone = [(one, *label) for one, labels in before.items() for label in labels - after.get(one, none)]
    come = [(one, *label) for one, labels in after.items() for label in labels - before.get(one, none)]
    for subject, department, label in gone:
        which = (SubjectLabel.department == department) & (SubjectLabel.label == label)
        await session.execute(delete(SubjectLabel).where(SubjectLabel.subject_id == subject, which))
    if come:
        rows = [{"subject_id": one, "department": department, "label": label} for one, department, label in come]
        await session.execute(insert(SubjectLabel), rows)
