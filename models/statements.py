"""Statements that every tap makes, told to the driver itself (docs/decisions/0009).

However short a statement is, SQLAlchemy takes ten to thirty times as long over it as SQLite does. Here it words the
statement once for each database, and says once how values go in and come out; from then on the driver is told the same
words with other values. All else stays SQLAlchemy's: connections, transactions, and the first statement of a session,
which begins the one in the other.

PostgreSQL is another process, perhaps on another machine: what takes longest of a short statement is the way there and
back. Several that need nothing of each other go together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Dialect, Insert, Select, Update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

Row = Sequence[Any]
Convert = Callable[[Any], Any]
HERE = "here"  # of a session's `info`: the connection that its transaction is in, and the driver behind it
VALUE = re.compile(r"\$(\d+)")  # the place of a value, as PostgreSQL counts them


@dataclass(frozen=True)
class _Wording:
    """A statement as one database is told it."""

    sql: str
    given: Sequence[tuple[str, Convert | None]]  # the values in order: the name, and how it goes in
    own: dict[str, Any]  # the values that the statement itself says
    found: Sequence[tuple[int, Convert]]  # the columns that come out otherwise than the driver has them, and how
    returns: bool  # whether any rows come of it

    def values(self, said: dict[str, Any]) -> list[Any]:
        """What goes in, in order."""
        said = self.own | said
        return [convert(said[name]) if convert else said[name] for name, convert in self.given]

    def rows(self, rows: Sequence[Row]) -> Sequence[Row]:
        """What comes out."""
        return [_converted(row, self.found) for row in rows] if self.found else rows


class Statement:
    """A statement of tables, not of entities. `written` are the columns that get the values of their names."""

    def __init__(self, what: Select[Any] | Insert | Update, written: Collection[str] = ()) -> None:
        self.what = what
        self.written = list(written) or None
        self._worded: dict[Dialect, _Wording] = {}

    async def rows(self, session: AsyncSession, /, **values: Any) -> Sequence[Row]:
        """Say it; the rows that it finds or returns. Raises DBAPIError as SQLAlchemy does."""
        connection, driver = session.info.get(HERE, (None, None))
        if connection is None or connection.closed:
            return await self._first(session, values)
        worded = await self.worded(connection.dialect, driver)
        return worded.rows(await _tell(session, worded.sql, worded.values(values)))

    async def row(self, session: AsyncSession, /, **values: Any) -> Row | None:
        """The one row that it finds, or none."""
        rows = await self.rows(session, **values)
        return rows[0] if rows else None

    async def _first(self, session: AsyncSession, values: dict[str, Any]) -> Sequence[Row]:
        if missing := set(self.written or ()) - values.keys():  # else SQLAlchemy would leave them out
            raise KeyError(*missing)
        result: Any = await session.execute(self.what, values)
        connection = session.sync_session.connection()
        adapted: Any = connection.connection.dbapi_connection
        session.info[HERE] = connection, adapted if hasattr(adapted, "fetch") else adapted.driver_connection
        rows: Sequence[Row] = result.all() if result.returns_rows else ()
        return rows

    async def worded(self, dialect: Dialect, driver: Any) -> _Wording:
        """How one database is told it; a driver is asked for it once."""
        if known := self._worded.get(dialect):
            return known
        compiled = self.what.compile(dialect=dialect, column_keys=self.written)
        given, own = [], dict[str, Any]()
        for name in compiled.positiontup or ():
            bound = compiled.binds[name]
            given.append((name, bound.type.dialect_impl(dialect).bind_processor(dialect)))
            if not bound.required:
                own[name] = bound.effective_value
        columns: list[ColumnElement[Any]] = list(self.what.exported_columns)
        kinds: list[Any] = [None] * len(columns)
        if dialect.name == "postgresql":
            kinds = [one.type.oid for one in (await driver.prepare(compiled.string)).get_attributes()]
        found = []
        for place, (column, kind) in enumerate(zip(columns, kinds, strict=True)):
            if convert := column.type.dialect_impl(dialect).result_processor(dialect, kind):
                found.append((place, convert))
        wording = self._worded[dialect] = _Wording(compiled.string, given, own, found, bool(columns))
        return wording


Asked = tuple[Statement, dict[str, Any]]  # a statement, and its values
_together: dict[tuple[Statement, ...], str] = {}  # how PostgreSQL is told them


async def at_once(session: AsyncSession, *asked: Asked) -> list[Sequence[Row]]:
    """Say several statements that need nothing of each other; the rows of each. PostgreSQL is asked once.

    In which order they are carried out is not said, and none of them sees there what another one changes.
    """
    connection, driver = session.info.get(HERE, (None, None))
    if len(asked) < 2 or connection is None or connection.closed or connection.dialect.name == "sqlite":
        return [await statement.rows(session, **values) for statement, values in asked]
    worded = [await statement.worded(connection.dialect, driver) for statement, _ in asked]
    statements = tuple(statement for statement, _ in asked)
    if statements not in _together:
        _together[statements] = _as_one(worded)
    given = [one for part, (_, values) in zip(worded, asked, strict=True) for one in part.values(values)]
    ((*found,),) = await _tell(session, _together[statements], given)
    return [part.rows(found.pop(0)) if part.returns else () for part in worded]


def _as_one(parts: Sequence[_Wording]) -> str:
    """A statement of PostgreSQL that carries out several; in its row is an array of rows for each that returns some."""
    said, before = [], 0
    for place, part in enumerate(parts):
        moved = VALUE.sub(lambda found, by=before: f"${int(found[1]) + by}", part.sql)  # type: ignore[misc]
        said.append(f"part{place} AS ({moved})")
        before += len(part.given)
    arrays = [f"ARRAY(SELECT part{place} FROM part{place})" for place, part in enumerate(parts) if part.returns]  # noqa: S608
    return f"WITH {', '.join(said)} SELECT {', '.join(arrays)}"


async def _tell(session: AsyncSession, sql: str, given: Sequence[Any]) -> Sequence[Row]:
    connection, driver = session.info[HERE]
    try:
        rows: Sequence[Row] = await driver.fetch(sql, *given)
    except BaseException as error:  # who is cancelled leaves the driver in the midst of it
        lost = await _give_up(session, connection, error)
        if not isinstance(error, Exception):
            raise
        raise DBAPIError(sql, None, error, hide_parameters=True, connection_invalidated=lost) from error
    return rows


def _converted(row: Row, found: Sequence[tuple[int, Convert]]) -> Row:
    values = list(row)
    for place, convert in found:
        values[place] = convert(values[place])
    return values


async def _give_up(session: AsyncSession, connection: Connection, error: BaseException) -> bool:
    """Use a connection no more on which a statement failed: it may be lost, or out of date; whether it was lost."""
    del session.info[HERE]
    adapted: Any = connection.connection.dbapi_connection
    lost = connection.dialect.is_disconnect(cast("Any", error), adapted, None)
    await (await session.connection()).invalidate(error)
    return lost
