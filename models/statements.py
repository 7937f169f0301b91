"""Statements that every tap makes, told to the driver itself (docs/decisions/0009).

However short a statement is, SQLAlchemy takes ten to thirty times as long over it as SQLite does. Here it words the
statement once for each database, and says once how values go in and come out; from then on the driver is told the same
words with other values. All else stays SQLAlchemy's: connections, transactions, and the first statement of a session,
which begins the one in the other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Dialect, Insert, Select, Update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

Row = Sequence[Any]
Convert = Callable[[Any], Any]
HERE = "here"  # of a session's `info`: the connection that its transaction is in, and the driver behind it


@dataclass(frozen=True)
class _Wording:
    """A statement as one database is told it."""

    sql: str
    given: Sequence[tuple[str, Convert | None]]  # the values in order: the name, and how it goes in
    own: dict[str, Any]  # the values that the statement itself says
    found: Sequence[tuple[int, Convert]]  # the columns that come out otherwise than the driver has them, and how


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
        worded = self._worded.get(connection.dialect) or await self._word(connection.dialect, driver)
        said = worded.own | values
        given = [convert(said[name]) if convert else said[name] for name, convert in worded.given]
        try:
            rows: Sequence[Row] = await driver.fetch(worded.sql, *given)
        except BaseException as error:  # who is cancelled leaves the driver in the midst of it
            lost = await _give_up(session, connection, error)
            if not isinstance(error, Exception):
                raise
            raise DBAPIError(worded.sql, None, error, hide_parameters=True, connection_invalidated=lost) from error
        return [_converted(row, worded.found) for row in rows] if worded.found else rows

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

    async def _word(self, dialect: Dialect, driver: Any) -> _Wording:
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
        wording = self._worded[dialect] = _Wording(compiled.string, given, own, found)
        return wording


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
