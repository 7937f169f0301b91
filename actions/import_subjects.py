"""Brings in the directory of subjects (检查对象名录库, R3.1.3b-c), a million of them if need be.

Rows are compared, added and changed by the batch (`models.bulk`); which subjects a file has named is kept by their
ids, four bytes each.
"""

from __future__ import annotations

import asyncio
from array import array
from collections import Counter
from typing import Any, cast

from sqlalchemy import Table, select

from actions.areas import ensure_areas, gazetteer
from actions.cells import Fault
from actions.credit_class import weigh_due
from actions.export_subjects import export
from actions.headers import Row
from actions.import_report import SHOWN, Note
from actions.importing import Intake, Kind, difference
from actions.subject_rows import COLUMNS, KEEP, Reader
from models import subject_search
from models.bulk import Bulk
from models.subjects import Subject, Tagged, labels_of, replace_labels
from rules import subjects

_SUBJECTS = cast(Table, Subject.__table__)
_DEFAULTS: dict[str, Any] = {
    "address": "",
    "latitude": None,
    "longitude": None,
    "industry": "",
    "credit_class": "",
    "flags": "",
    "status": "active",
    "contact": "",
    "phone": "",
}
FEW = 500  # new subjects that are each looked up for others of the same name
NAMED = 5  # of them in the note
SLICE = 50_000
AT_ONCE = 500  # rows that are read without looking after the connection
MARKS = (1 << 25) - 1  # places for marks of codes that came into an empty directory: few of two codes share one
SPARE = 50_000  # ids for which there is room at once

Stored = tuple[int, tuple[Any, ...]]  # a subject's id and its values
Good = tuple[Row, str, tuple[Any, ...], Tagged | None]  # a row, its code, its values and labels


class Subjects(Intake):
    """The directory of subjects, with their labels.

    A column that the file does not have leaves what is stored; an empty cell empties it (but not area, kind or
    status). Of rows with the same code the first counts: the same again is unchanged, anything else is refused.
    """

    async def open(self) -> None:
        """Nobody else adds subjects from here on."""
        await super().open()
        await subject_search.lock(self.session)
        await ensure_areas(self.session)
        self.reader = Reader(await gazetteer(self.session), self.report.headers)
        self.bulk = Bulk(self.connection, _SUBJECTS)
        await self.bulk.open()
        self.columns = self.reader.fields
        self.status = self.columns.index("status") if "status" in self.columns else None
        self.rest = [column for column in _DEFAULTS if column not in self.columns]
        self.first = array("I")  # by id: the row of the file that first names the subject, 0 for none
        self.names = array("q")  # hashes of the names of those that are new
        self.new: list[tuple[int, str]] = []  # ids and names of the first of them
        self.dead = 0
        self.marks = bytearray(MARKS + 1) if self.bulk.is_empty else bytearray()

    async def take(self, rows: list[Row]) -> None:
        """Compare rows with what is there, write what is new or different, and count."""
        good = await self._read(rows)
        first = self.first
        codes = {code for _, code, _, _ in good}
        present = await self._present(codes)
        if not present and len(codes) == len(good) and not self.reader.labelled:
            await self._all_new(good)
            return
        tagged: dict[int, Tagged] = {}
        if present and self.reader.labelled:
            tagged = await labels_of(self.session, [one[0] for one in present.values()], self.reader.labelled)
        before = dict(tagged)
        ids = iter(await self.bulk.reserve(len({code for _, code, _, _ in good if code not in present})))
        new: list[tuple[int, str, tuple[Any, ...]]] = []
        changed: dict[int, tuple[tuple[Any, ...], tuple[Any, ...]]] = {}
        unchanged = 0
        for row, code, values, labels in good:
            old = present.get(code)
            try:
                if old is None:
                    subject, values = next(ids), self._complete(code, values)
                    present[code] = (subject, values)
                    if labels:
                        tagged[subject] = labels
                    new.append((subject, code, values))
                else:
                    subject, stored = old
                    if values != stored:
                        pairs = zip(values, stored, strict=True)
                        values = tuple([was if value is KEEP else value for value, was in pairs])
                    if values == stored and (labels is None or labels == tagged.get(subject, frozenset())):
                        unchanged += 1
                    elif subject < len(first) and first[subject]:
                        raise Fault("code", "duplicate", code, first=first[subject])
                    else:
                        changed[subject] = (stored, values)
                        present[code] = (subject, values)
                        if labels is not None:
                            tagged[subject] = labels
                        self.report.count("changed", values[0])
                        if self.status and stored[self.status] == "active" != values[self.status]:
                            self.report.count("ended", values[0])
            except Fault as fault:
                self.report.refuse(row, fault)
            else:
                if subject >= len(first):
                    self._make_room(subject)
                if not first[subject]:
                    first[subject] = row.number
        self.report.count("unchanged", rows=unchanged)
        await self._add(new)
        if changed or tagged:
            await self.bulk.settled()
        await self._change(changed, before, tagged)
        await replace_labels(self.session, before, tagged)

    async def _all_new(self, good: list[Good]) -> None:
        """None of these is there yet, each is named once, and none has labels: as most of a first import."""
        new, first = [], self.first
        for (row, code, values, _), subject in zip(good, await self.bulk.reserve(len(good)), strict=True):
            try:
                new.append((subject, code, values if KEEP not in values else self._complete(code, values)))
            except Fault as fault:
                self.report.refuse(row, fault)
                continue
            if subject >= len(first):
                self._make_room(subject)
            first[subject] = row.number
        await self._add(new)

    def _make_room(self, subject: int) -> None:
        self.first.frombytes(bytes(self.first.itemsize * (subject + SPARE - len(self.first))))

    async def _read(self, rows: list[Row]) -> list[Good]:
        good = []
        for start in range(0, len(rows), AT_ONCE):
            await asyncio.sleep(0)  # the rows before are on their way to the database meanwhile
            some = rows[start : start + AT_ONCE]
            for row, said in zip(some, self.reader.read_all(some), strict=True):
                if isinstance(said, Fault):
                    self.report.refuse(row, said)
                else:
                    good.append((row, *said))
        return good

    async def settled(self) -> None:
        """The last rows are in the database."""
        await self.bulk.settled()

    async def _present(self, codes: set[str]) -> dict[str, Stored]:
        sought = list(codes)
        if marks := self.marks:  # nobody else adds any, so what is not marked is not there
            sought = []
            for code in codes:
                place = hash(code) & MARKS
                if marks[place]:
                    sought.append(code)
                else:
                    marks[place] = 1
        rows = await self.bulk.present(("id", "code", *self.columns), "code", sought)
        return {row[1]: (row[0], tuple(row[2:])) for row in rows}

    def _complete(self, code: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """A new row. It lies where it says, else where its code says; Fault if neither does."""
        if KEEP not in values:
            return values
        located = values[2] if values[2] is not KEEP else self.reader.gazetteer.of_code(code)
        if located is None:
            raise Fault("code", "unknown_area", code)
        rest = zip(self.columns[3:], values[3:], strict=True)
        return (*values[:2], located, *(_DEFAULTS[column] if value is KEEP else value for column, value in rest))

    async def _add(self, new: list[tuple[int, str, tuple[Any, ...]]]) -> None:
        self.report.added += len(new)
        for _, _, values in new[:SHOWN]:
            self.report.show("added", values[0])
        columns = ("id", "code", *self.columns, *self.rest, "import_id", "updated_at")
        fixed = (*(_DEFAULTS[column] for column in self.rest), self.report.import_id)
        fixed += (self.bulk.as_stored("updated_at", self.now),)
        await self.bulk.insert(columns, [(subject, code, *values, *fixed) for subject, code, values in new])
        self.names.extend([hash(values[0]) for _, _, values in new])
        if self.status:
            self.dead += sum(values[self.status] != "active" for _, _, values in new)
        if len(self.new) <= FEW:
            self.new += [(subject, values[0]) for subject, _, values in new[: FEW + 1]]

    async def _change(
        self, changed: dict[int, tuple[Any, Any]], before: dict[int, Tagged], after: dict[int, Tagged]
    ) -> None:
        if not changed:
            return
        at = self.bulk.as_stored("updated_at", self.now)
        rows = [(*values, at, subject) for subject, (_, values) in changed.items()]
        await self.bulk.change((*self.columns, "updated_at"), rows)
        names = [(subject, stored[0], values[0]) for subject, (stored, values) in changed.items()]
        await subject_search.renamed(self.session, names)
        notes = []
        for subject, (stored, values) in changed.items():
            old = dict(zip(self.columns, stored, strict=True)) | _as_text(before.get(subject, frozenset()))
            new = dict(zip(self.columns, values, strict=True)) | _as_text(after.get(subject, frozenset()))
            notes.append(difference("subject", subject, old, new))
        await self.note_changes(notes)

    async def missing(self) -> int:
        """How many active subjects the file did not name (R3.1.3a)."""
        count, last = 0, 0
        self.gone: list[int] = []
        while True:
            query = select(Subject.id).where(Subject.id > last, Subject.status == "active")
            ids = list(await self.session.scalars(query.order_by(Subject.id).limit(SLICE)))
            if not ids:
                break
            last = ids[-1]
            gone = [one for one in ids if one >= len(self.first) or not self.first[one]]
            self.gone += gone
            count += len(gone)
        examples = select(Subject.name).where(Subject.id.in_(self.gone[:NAMED])).order_by(Subject.id)
        for name in await self.session.scalars(examples):
            self.report.show("missing", name)
        return count

    async def end_missing(self) -> None:
        """Take out of the directory what the file did not name; it may be inspected no more."""
        at = self.bulk.as_stored("updated_at", self.now)
        for place in range(0, len(self.gone), SLICE):
            gone = self.gone[place : place + SLICE]
            await self.bulk.change(("status", "updated_at"), [(subjects.DROPPED, at, one) for one in gone])
            await self.note_changes(
                [difference("subject", one, {"status": "active"}, {"status": subjects.DROPPED}) for one in gone]
            )

    async def finish(self) -> None:
        """Say what somebody should look at: areas, kinds, dead subjects, and others of the same name."""
        self.marks = bytearray()
        counts = self.reader.counts | {"dead": self.dead}
        self.report.notes += [Note(code, {"n": count}) for code, count in counts.items() if count]
        twins = await self._same_named()
        if twins:
            self.report.notes.append(Note("same_name", {"n": len(twins), "names": "、".join(twins[:NAMED])}))
        await self.bulk.close()
        while await weigh_due(self.session, self.now):  # what the file wrote over (R3.3.2c)
            pass

    async def _same_named(self) -> list[str]:
        """Names that a new subject shares with another one: perhaps the same under two codes."""
        if len(self.names) <= FEW:
            await subject_search.catch_up(self.session)
            pairs = [(name, await subject_search.same_named(self.session, name)) for _, name in self.new]
            return list(dict.fromkeys(name for name, others in pairs if len(others) > 1))
        often = [one for one, count in Counter(self.names).items() if count > 1]
        return ["…"] * len(often) if often else []


def _as_text(labels: Tagged) -> dict[str, str]:
    return {
        "labels": ";".join(sorted(f"{department}:{label}" if department else label for department, label in labels))
    }


SUBJECTS = Kind("subjects", "subjects", COLUMNS, Subjects, export=export, whole=True)
