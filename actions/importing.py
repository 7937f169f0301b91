"""What all imports share, and how a kind of import is added.

A kind is one declaration, `Kind(...)`, in a module `actions/import_NOUN.py`, and one entry in `actions.imports.KINDS`.
The command line (`import KIND FILE`), the chat (a file is recognised by its header), the dry run, the refused rows
that can be mended and the words of the report follow from it. It needs

1. `columns`: each with its name, what files call it, and whether it must be there (`headers.Column`);
2. `intake`: a class that takes the rows.
   - `Keyed`: a row is a thing. `read(cells)` gives its key and values, or raises `cells.Fault` (column, reason, what
     the cell says); the rest follows from the table. See `import_inspectors.py`.
   - `Gathered`: several rows make a thing (a checklist, a plan). `read(cells)` checks a row, `write(key, rows)`
     writes a thing and says `added`, `changed` or `unchanged`. One bad row refuses its whole thing.
   - `Intake`, where neither fits: `take(rows)` and `finish()`;
3. words: `imports.NAME` (what the kind is called), and `imports.reason.REASON` for each reason that is new, with the
   gaps `{value}` (what the cell says) and `{first}` where the fault has one;
4. `export`, if the kind can be written out again: rows of text by column, which the import must take without a change.

An intake writes through its session and never commits; the caller does, or rolls back after a dry run.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from types import NoneType
from typing import Any, ClassVar

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from actions.cells import Fault, Values, tidy
from actions.headers import Column, Row
from actions.import_report import SHOWN, Report
from models.changes import Change
from models.people import Person


class Intake:
    """Takes the rows of one file. Made anew for each import."""

    def __init__(self, session: AsyncSession, now: datetime, by: Person | None, report: Report) -> None:
        self.session, self.now, self.by, self.report = session, now, by, report
        self.connection: AsyncConnection

    async def open(self) -> None:
        """Fetch what reading needs; the header of the file is in `self.report.headers`."""
        self.connection = await self.session.connection()

    async def take(self, rows: list[Row]) -> None:
        """Some rows of the file, in order: each is counted or refused in the report, now or in `finish`."""
        raise NotImplementedError

    async def settled(self) -> None:
        """Nothing is under way on the connection any more; called after the last row, also if there was an error."""

    async def finish(self) -> None:
        """After the last row."""

    async def missing(self) -> int:
        """After `finish`: how many things that are active the file did not name. For kinds that can be `whole`."""
        return 0

    async def end_missing(self) -> None:
        """End those things, after `missing` has counted them and somebody has said yes to the number."""

    async def note_changes(self, notes: list[Values]) -> None:
        """Write down what changed in a directory (R3.1.3a); each note is a `difference`."""
        rows = [{**note, "at": self.now, "by_id": self.by and self.by.id, "source": ""} for note in notes]
        if rows:
            await self.session.execute(insert(Change), [{**row, "import_id": self.report.import_id} for row in rows])


def difference(noun: str, thing: int, before: Values | None, after: Values) -> Values:
    """What is different between two states of a thing, as `Change` keeps it."""
    if before is None:
        return {"noun": noun, "thing": thing, "before": None, "after": _plainly(after)}
    names = [name for name, value in after.items() if before.get(name) != value]
    was, now = ({name: state.get(name) for name in names} for state in (before, after))
    return {"noun": noun, "thing": thing, "before": _plainly(was), "after": _plainly(now)}


def _plainly(state: Values) -> Values:
    return {
        name: value if isinstance(value, (str, int, float, NoneType)) else _words(value)
        for name, value in state.items()
    }


def _words(value: Any) -> str:
    return ";".join(value) if isinstance(value, tuple) else str(value)


class Keyed(Intake):
    """Rows that are things of one table, each with its own key.

    A column that the file does not have leaves what is stored. Of rows with the same key the first counts: the same
    again is unchanged, anything else is refused.
    """

    table: ClassVar[Table]
    key: ClassVar[str]
    called: ClassVar[str] = "name"  # the column that names a thing to people
    noun: ClassVar[str] = ""  # under which changes are noted, if they are
    gone: ClassVar[str] = ""  # the status of what a whole directory does not name any more
    defaults: ClassVar[Values] = {}

    async def open(self) -> None:
        """Look whether there is anything yet."""
        await super().open()
        self.filled = (await self.connection.execute(select(self.table.c.id).limit(1))).first() is not None
        self.seen: dict[int, int] = {}  # hash of a key → its first row: half of what the keys themselves would take

    def read(self, cells: dict[str, str]) -> tuple[str, Values]:
        """The key of a row, and what it says by column of the table. Fault if wrong."""
        raise NotImplementedError

    async def prepare(self, values: Values) -> None:
        """Make what a row refers to."""

    def complete(self, key: str, values: Values) -> Values:
        """A new row with all columns; Fault if one cannot be known."""
        return {**self.defaults, **values, self.key: key}

    async def present(self, keys: list[str]) -> dict[str, Values]:
        """The rows that exist, by key."""
        found = await self.connection.execute(select(self.table).where(self.table.c[self.key].in_(keys)))
        return {row[self.key]: dict(row) for row in found.mappings()}

    async def add(self, rows: list[Values]) -> None:
        """Insert rows."""
        await self.connection.execute(insert(self.table), rows)
        if self.noun:
            fresh = await self.present([row[self.key] for row in rows])
            await self.note_changes([difference(self.noun, row["id"], None, row) for row in fresh.values()])

    async def change(self, rows: list[Values], before: list[Values]) -> None:
        """Write rows that exist, whole; `before` is how they were."""
        names = [name for name in rows[0] if name in self.table.c and name != "id"]
        statement = update(self.table).where(self.table.c.id == bindparam("_id"))
        await self.connection.execute(
            statement.values({name: bindparam(f"_{name}") for name in names}),
            [{"_id": row["id"]} | {f"_{name}": row[name] for name in names} for row in rows],
        )
        if self.noun:
            pairs = zip(before, rows, strict=True)
            await self.note_changes([difference(self.noun, row["id"], old, row) for old, row in pairs])

    async def missing(self) -> int:
        """Those that are not gone yet and were not named."""
        query = select(self.table).where(self.table.c.status != self.gone).order_by(self.table.c.id)
        rows = [dict(row) for row in (await self.connection.execute(query)).mappings()]
        self.unnamed = [row for row in rows if hash(row[self.key]) not in self.seen]
        for row in self.unnamed[:SHOWN]:
            self.report.show("missing", str(row[self.called]))
        return len(self.unnamed)

    async def end_missing(self) -> None:
        """They are gone from now on."""
        await self.change([row | {"status": self.gone} for row in self.unnamed], self.unnamed)

    async def take(self, rows: list[Row]) -> None:
        """Compare rows with what is there, write what is new or different, and count."""
        good = []
        for row in rows:
            try:
                good.append((row, *self.read(row.cells)))
            except Fault as fault:
                self.report.refuse(row, fault)
        keys = [key for _, key, _ in good if self.filled or hash(key) in self.seen]
        present = await self.present(keys) if keys else {}
        new: dict[str, Values] = {}
        different: dict[str, Values] = {}
        before: dict[str, Values] = {}
        for row, key, values in good:
            first = self.seen.setdefault(hash(key), row.number)
            old = present.get(key)
            try:
                await self.prepare(values)
                if old is None:
                    new[key] = present[key] = self.complete(key, values)
                    self.report.count("added", str(new[key][self.called]))
                elif all(old.get(column) == value for column, value in values.items()):
                    self.report.count("unchanged")
                elif first != row.number:
                    raise Fault(self.key, "duplicate", key)
                else:
                    before[key] = old
                    different[key] = present[key] = old | values
                    self.report.count("changed", str(present[key][self.called]))
                    if old.get("status") == "active" != present[key].get("status"):
                        self.report.count("ended", str(present[key][self.called]))
            except Fault as fault:
                self.report.refuse(row, fault, first=first)
        if new:
            await self.add(list(new.values()))
        if different:
            await self.change(list(different.values()), list(before.values()))


class Gathered(Intake):
    """Rows of which several make one thing: they are gathered by `key`, in the order of the file, and written whole."""

    key: ClassVar[str]  # the column by which rows belong together; an empty cell (merged below it) means the one above

    async def open(self) -> None:
        """Begin with nothing."""
        await super().open()
        self.things: dict[tuple[str, str], list[tuple[Row, Values]]] = {}  # by key and `apart`
        self.bad: set[tuple[str, str]] = set()  # things that have a bad row
        self._above = ("", "")

    def apart(self, cells: dict[str, str]) -> str:
        """What keeps two things of the same key apart, if a row says it."""
        return ""

    def read(self, cells: dict[str, str]) -> Values:
        """What a row says. Fault if wrong."""
        raise NotImplementedError

    async def write(self, key: str, rows: list[tuple[Row, Values]]) -> str:
        """Write a thing: `added`, `changed` or `unchanged`.

        `Fault` refuses all of its rows for one reason, `Faults` each for its own reasons, perhaps several.
        """
        raise NotImplementedError

    async def take(self, rows: list[Row]) -> None:
        """Check each row and keep it for its thing."""
        for row in rows:
            if cell := row.cells.get(self.key, "").strip():
                with suppress(Fault):  # which is told below
                    cell = tidy(self.key, cell)
                self._above = (cell, self.apart(row.cells))
            key = self._above[0]
            try:
                if not tidy(self.key, key):  # also where it says that there is none
                    raise Fault(self.key, "empty")
                values = self.read({**row.cells, self.key: key})
            except Fault as fault:
                self.report.refuse(row, fault)
                self.bad.add(self._above)
            else:
                self.things.setdefault(self._above, []).append((row, values))

    async def finish(self) -> None:
        """Write the things that have no bad row; the good rows of the others are refused with `rest_refused`."""
        for (key, apart), rows in self.things.items():
            if (key, apart) in self.bad:
                for row, _ in rows:
                    self.report.refuse(row, Fault("", "rest_refused", key))
                continue
            try:
                self.report.count(await self.write(key, rows), key, len(rows))
            except Faults as faults:
                for number, (row, _) in enumerate(rows):
                    self.report.refuse(row, *faults.by_row.get(number, [Fault("", "rest_refused", key)]))
            except Fault as fault:
                for row, _ in rows:
                    self.report.refuse(row, fault)


class Faults(Exception):
    """Several things are wrong with the rows of a thing: the faults of each, by its place among the rows."""

    def __init__(self, by_row: dict[int, list[Fault]]) -> None:
        super().__init__(by_row)
        self.by_row = by_row


@dataclass(frozen=True)
class Kind:
    """One sort of table that can be brought in. `noun` is what the journal calls it.

    `json` reads a JSON document as rows of text by column (the holidays of a year). `export` gives all rows of text
    by column, in the order of `columns`. A file may be the `whole` directory, which ends what it does not name.
    """

    name: str
    noun: str
    columns: tuple[Column, ...]
    intake: type[Intake]
    json: Callable[[Any], Iterable[dict[str, str]]] | None = None
    export: Callable[[AsyncSession], AsyncIterator[dict[str, str]]] | None = None
    whole: bool = False
