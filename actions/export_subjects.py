"""Writes out the directory of subjects as it comes in again, the labels of all departments with it (R3.1.3b)."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.people import Area
from models.subjects import Subject, labels_of
from rules import subjects


async def export(session: AsyncSession) -> AsyncIterator[dict[str, str]]:
    """All subjects with all their labels, in the order of their ids."""
    areas = {area.code: area.name for area in await session.scalars(select(Area))}
    last = 0
    while True:
        query = select(Subject).where(Subject.id > last).order_by(Subject.id).limit(2000)
        batch = list(await session.scalars(query))
        if not batch:
            return
        last = batch[-1].id
        labels = await labels_of(session, [one.id for one in batch], ["labels", "department_labels"])
        for one in batch:
            tagged = sorted(labels.get(one.id, ()))
            yield {
                "code": one.code,
                "name": one.name,
                "kind": subjects.KINDS.get(one.kind, ""),
                "area": areas[one.area_code],
                "address": one.address,
                "position": "" if one.latitude is None else f"{one.latitude!r},{one.longitude!r}",
                "industry": one.industry,
                "labels": ";".join(label for department, label in tagged if not department),
                "department_labels": ";".join(f"{department}:{label}" for department, label in tagged if department),
                "credit_class": one.credit_class,
                "flags": ";".join(one.flags),
                "status": subjects.STATUSES[one.status],
                "contact": one.contact,
                "phone": one.phone,
            }
        session.expunge_all()
