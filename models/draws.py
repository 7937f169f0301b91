"""The draws as they are kept: the exact bytes that were committed to, drawn and published (docs/draw.md)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.people import Person
from models.plans import Task, TaskItem


class Draw(Base):
    """One numbered draw of the authority: committed, then sealed, then opened; or void with a reason."""

    __tablename__ = "draws"

    id: Mapped[int] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(unique=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id"), index=True)
    state: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    commitment: Mapped[bytes] = mapped_column(LargeBinary)
    certificate: Mapped[bytes | None] = mapped_column(LargeBinary)
    secret: Mapped[bytes] = mapped_column(LargeBinary)  # sealed until the draw is opened
    pool_key: Mapped[bytes] = mapped_column(LargeBinary)
    committed_at: Mapped[datetime]
    drawn_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    per_week: Mapped[int | None]  # visits that an inspector is told of a week; none: all at once
    opened_at: Mapped[datetime | None]
    void_reason: Mapped[str] = mapped_column(default="")
    supervisor_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    beacon_round: Mapped[int | None]  # of drand quicknet; none where witnesses give the randomness
    beacon: Mapped[dict[str, Any] | None]  # the round, once it has come and its signature was checked
    task: Mapped[Task] = relationship(lazy="joined", innerjoin=True)
    supervisor: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
    witnesses: Mapped[list[Witness]] = relationship(order_by="Witness.position", lazy="selectin")


class DrawFile(Base):
    """A piece of a table of a draw, frozen when it was committed: whole lines, in order, joined by LF."""

    __tablename__ = "draw_files"

    draw_id: Mapped[int] = mapped_column(ForeignKey("draws.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class Witness(Base):
    """Somebody whose words feed the draw; nobody sees them before all are in."""

    __tablename__ = "witnesses"
    __table_args__ = (UniqueConstraint("draw_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    draw_id: Mapped[int] = mapped_column(ForeignKey("draws.id"))
    position: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str]  # as the commitment names it
    contribution: Mapped[str | None]
    contributed_at: Mapped[datetime | None]
    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)


class DrawEntry(Base):
    """A line of a draw's public record, appended and chained: witnesses, refills, appointments, the opening."""

    __tablename__ = "draw_entries"
    __table_args__ = (UniqueConstraint("draw_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    draw_id: Mapped[int] = mapped_column(ForeignKey("draws.id"))
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    hash: Mapped[str]  # H(previous hash, canonical content); docs/draw.md, The public record


async def draw_files(session: AsyncSession, draw_id: int) -> dict[str, bytes]:
    """The frozen tables of a draw, whole, by file name."""
    query = select(DrawFile).where(DrawFile.draw_id == draw_id).order_by(DrawFile.name, DrawFile.part)
    parts: dict[str, list[bytes]] = {}
    for piece in await session.scalars(query):
        parts.setdefault(piece.name, []).append(piece.body)
    return {name: b"\n".join(bodies) for name, bodies in parts.items()}


async def whole(session: AsyncSession, draw: Draw) -> Draw:
    """A draw with its commitment and certificate, without which a visit reads it: those of a city are megabytes."""
    if missing := {"commitment", "certificate"} & inspect(draw).unloaded:
        await session.refresh(draw, missing)
    return draw


async def draw_of_task(session: AsyncSession, task_id: int) -> Draw | None:
    """The draw of a task that is not void, if there is one."""
    query = select(Draw).where(Draw.task_id == task_id, Draw.state != "void")
    draw: Draw | None = await session.scalar(query)
    return draw


async def tasks_to_draw(session: AsyncSession, organ_id: int, today: date) -> list[Task]:
    """The tasks of an organ for which a draw can be made, the newest first.

    They have none that is not void, everybody who was asked to take part has agreed, and their time is not over.
    """
    held = select(Draw.task_id).where(Draw.state != "void")
    unanswered = select(TaskItem.task_id).where(TaskItem.organ_id != organ_id, TaskItem.agreed_at.is_(None))
    query = select(Task).where(Task.organ_id == organ_id, ~Task.targeted, Task.ends >= today)
    query = query.where(Task.id.not_in(held), Task.id.not_in(unanswered)).order_by(Task.id.desc())
    return list(await session.scalars(query))
