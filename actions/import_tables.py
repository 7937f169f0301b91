"""The directories that an import fills, as tables: what is there, what comes new, what changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from actions.import_rows import Fault, InspectorReader, SubjectReader, Values
from models.base import has_tag
from models.people import Organ, Person
from models.subjects import Subject, SubjectLabel
from rules.people import department_of

_SUBJECTS = cast(Table, Subject.__table__)
_LABELS = cast(Table, SubjectLabel.__table__)
_PEOPLE = cast(Table, Person.__table__)
_ORGANS = cast(Table, Organ.__table__)


class Note(NamedTuple):
    """Something the reader of the report should know; `code` is a key under `imports.note.`."""

    code: str
    gaps: dict[str, Any]


class Target:
    """One directory in the database: its present rows by key, and how rows are added and changed."""

    table: Table
    reader: SubjectReader | InspectorReader
    defaults: Values

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self.connection = connection
        self.now = now

    async def prepare(self, row: Values) -> None:
        """Make what a row refers to."""

    def complete(self, key: str, row: Values) -> Values:
        """A new row with all columns; Fault if one cannot be known."""
        return self.defaults | row | {self.reader.key: key}

    async def present(self, keys: list[str], columns: frozenset[str]) -> dict[str, Values]:
        """The rows that exist, by key; `columns` are those of the file."""
        column = self.table.c[self.reader.key]
        found = await self.connection.execute(select(self.table).where(column.in_(keys)))
        return {row[self.reader.key]: dict(row) for row in found.mappings()}

    async def add(self, rows: list[Values]) -> None:
        """Insert rows."""
        await self.connection.execute(insert(self.table), rows)

    async def change(self, rows: list[Values]) -> None:
        """Write rows that exist, whole."""
        names = [name for name in rows[0] if name in self.table.c and name != "id"]
        statement = update(self.table).where(self.table.c.id == bindparam("_id"))
        await self.connection.execute(
            statement.values({name: bindparam(f"_{name}") for name in names}),
            [{"_id": row["id"]} | {f"_{name}": row[name] for name in names} for row in rows],
        )

    async def notes(self) -> list[Note]:
        """What this directory remarks on."""
        return []


class Subjects(Target):
    """The directory of subjects, with the labels that all departments share (R3.1.3c)."""

    table = _SUBJECTS
    reader: SubjectReader
    defaults: Values = {  # noqa: RUF012 (never written to)
        "address": "",
        "latitude": None,
        "longitude": None,
        "industry": "",
        "credit_class": "",
        "flags": (),
        "status": "active",
        "contact": "",
        "phone": "",
    }

    def complete(self, key: str, row: Values) -> Values:
        """A new subject lies where its row says, else where its code says; Fault if neither does."""
        if "area_code" not in row:
            located = self.reader.gazetteer.of_code(key)
            if located is None:
                raise Fault("code", "unknown_area", key)
            row = row | {"area_code": located}
        return super().complete(key, row) | {"updated_at": self.now}

    async def present(self, keys: list[str], columns: frozenset[str]) -> dict[str, Values]:
        """With the shared labels, if the file has labels."""
        rows = await super().present(keys, columns)
        if "labels" in columns:
            by_id = {row["id"]: row for row in rows.values()}
            for row in by_id.values():
                row["labels"] = ()
            query = select(_LABELS.c.subject_id, _LABELS.c.label).where(
                _LABELS.c.subject_id.in_(by_id), _LABELS.c.department == ""
            )
            for subject, label in await self.connection.execute(query.order_by(_LABELS.c.label)):
                by_id[subject]["labels"] += (label,)
            for row in by_id.values():
                row["labels"] = tuple(sorted(row["labels"]))
        return rows

    async def add(self, rows: list[Values]) -> None:
        """Insert subjects, then their labels."""
        labels = {row["code"]: row.pop("labels") for row in rows if "labels" in row}
        await super().add(rows)
        labelled = [code for code, words in labels.items() if words]
        if labelled:
            query = select(_SUBJECTS.c.id, _SUBJECTS.c.code).where(_SUBJECTS.c.code.in_(labelled))
            ids = await self.connection.execute(query)
            await self._label({subject: labels[code] for subject, code in ids})

    async def change(self, rows: list[Values]) -> None:
        """Write subjects and replace their shared labels."""
        for row in rows:
            row["updated_at"] = self.now
        await super().change(rows)
        labels = {row["id"]: row["labels"] for row in rows if "labels" in row}
        if labels:
            shared = _LABELS.c.department == ""
            await self.connection.execute(delete(_LABELS).where(_LABELS.c.subject_id.in_(labels), shared))
            await self._label(labels)

    async def _label(self, labels: dict[int, tuple[str, ...]]) -> None:
        rows = [
            {"subject_id": subject, "department": "", "label": word}
            for subject, words in labels.items()
            for word in words
        ]
        if rows:
            await self.connection.execute(insert(_LABELS), rows)

    async def notes(self) -> list[Note]:
        """Where address and code differ, and kinds that only the code could tell."""
        counts = {"area_differs": self.reader.area_differs, "kind_by_code": self.reader.kind_unknown}
        return [Note(code, {"n": count}) for code, count in counts.items() if count]


class Inspectors(Target):
    """The directory of inspectors, and the organs in which they work (R3.1.3d)."""

    table = _PEOPLE
    reader: InspectorReader
    defaults: Values = {  # noqa: RUF012 (never written to)
        "certificate": "",
        "certificate_until": None,
        "specialties": (),
        "phone": "",
        "status": "active",
    }

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        super().__init__(connection, now)
        self.organs: dict[str, int] = {}
        self.founded: list[str] = []

    async def prepare(self, row: Values) -> None:
        """Put the organ's id for its name; make the organ if it is new."""
        name = row.pop("organ")
        if not self.organs:
            found = await self.connection.execute(select(_ORGANS.c.name, _ORGANS.c.id))
            self.organs = {organ.name: organ.id for organ in found}
        if name not in self.organs:
            area = self.reader.gazetteer.of_organ(name, row["area_code"])
            organ = {"name": name, "department": department_of(name), "area_code": area}
            made = await self.connection.execute(insert(_ORGANS).values(organ).returning(_ORGANS.c.id))
            self.organs[name] = made.scalar_one()
            self.founded.append(name)
        row["organ_id"] = self.organs[name]

    async def notes(self) -> list[Note]:
        """Organs that were made, and how many active inspectors have no certificate to be drawn with."""
        notes = []
        if self.founded:
            notes.append(Note("organs", {"n": len(self.founded), "organs": "、".join(self.founded[:20])}))
        without = or_(Person.certificate == "", Person.certificate_until.is_(None))
        active = (Person.status == "active", has_tag(Person.roles, "inspector"))
        uncertified = await self.connection.scalar(select(func.count(Person.id)).where(without, *active))
        if uncertified:
            notes.append(Note("uncertified", {"n": uncertified}))
        return notes
