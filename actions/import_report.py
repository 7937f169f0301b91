"""What an import says of itself: counts, examples, notes, and each row that was refused with its reasons."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from actions.cells import Fault
from actions.headers import Row

SHOWN = 5  # things of each outcome that a report names
MOST_RETURNED = 20_000  # refused rows whose cells are kept, so that they can be mended and sent back


class Note(NamedTuple):
    """Something the reader of the report should know; `code` is a key under `imports.note.`."""

    code: str
    gaps: dict[str, Any]


class Refused(NamedTuple):
    """A row that was not taken: its number in the file, the column as the file calls it, and why.

    `reason` is a key under `imports.reason.`; its gaps are `value` (what the cell says) and, of a `duplicate`,
    `first` (the row that has the same key). `column` is empty where the whole row is meant. `line` is the row as it
    stands in the file.
    """

    row: int
    column: str
    reason: str
    gaps: dict[str, Any]
    line: tuple[str, ...] = ()


@dataclass
class Report:
    """What an import did: `added + changed + unchanged` and the refused rows are all `rows`.

    A refused row stands in `refused` once for each thing that is wrong with it.

    `ended` are no longer active: they say so, or a full import does not name them (`missing`). Blank rows do not
    count. `shown` names the first things of each outcome. `titles` is the header as the file has it.
    """

    kind: str = ""
    rows: int = 0
    added: int = 0
    changed: int = 0
    ended: int = 0
    unchanged: int = 0
    missing: int = 0
    refused: list[Refused] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    shown: dict[str, list[str]] = field(default_factory=dict)
    titles: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    import_id: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """All counts by name."""
        names = ("rows", "added", "changed", "ended", "unchanged")
        return {name: getattr(self, name) for name in names} | {"refused": len({one.row for one in self.refused})}

    def count(self, outcome: str, thing: str = "", rows: int = 1) -> None:
        """Count rows as `added`, `changed`, `ended` or `unchanged`; `thing` is what a person would call it."""
        setattr(self, outcome, getattr(self, outcome) + rows)
        if thing and len(self.shown.get(outcome, ())) < SHOWN:
            self.show(outcome, thing)

    def show(self, outcome: str, thing: str) -> None:
        """Name a thing as an example of an outcome."""
        shown = self.shown.setdefault(outcome, [])
        if thing not in shown and len(shown) < SHOWN:
            shown.append(thing)

    def refuse(self, row: Row, *faults: Fault, **gaps: Any) -> None:
        """A row is not taken, for one reason or several."""
        line = tuple(row.line) if len(self.refused) < MOST_RETURNED else ()
        for fault in faults:
            value = fault.value if len(fault.value) <= 40 else fault.value[:39] + "…"
            column = self.headers.get(fault.column, fault.column)
            told = {"value": value, **fault.gaps, **gaps}
            self.refused.append(Refused(row.number, column, fault.reason, told, line))
