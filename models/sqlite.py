"""SQLite with one visit to its thread for each statement, where SQLAlchemy makes four: a tap is made of many."""

from __future__ import annotations

import sqlite3
from collections import deque
from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite import aiosqlite as theirs

NAME = "one_visit"  # of `sqlite+one_visit://`
Result = tuple[Any, list[Any], int, int | None]


class _Cursor(theirs.AsyncAdapt_aiosqlite_cursor):
    __slots__ = ()

    def execute(self, operation: Any, parameters: Any = None) -> Any:
        try:
            connection = self._connection
            work = connection._execute(_execute, connection._conn, operation, parameters or ())
            self.description, rows, self.rowcount, self.lastrowid = self.await_(work)
            self._rows = deque(rows)
        except Exception as error:
            self._adapt_connection._handle_exception(error)


class _Connection(theirs.AsyncAdapt_aiosqlite_connection):
    __slots__ = ()

    def cursor(self, server_side: bool = False) -> theirs.AsyncAdapt_aiosqlite_cursor:
        return super().cursor(server_side) if server_side else _Cursor(self)


class _Driver(theirs.AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *arguments: Any, **named: Any) -> Any:
        return _Connection(self, super().connect(*arguments, **named)._connection)


class Dialect(theirs.SQLiteDialect_aiosqlite):
    """As `sqlite+aiosqlite`; only how its cursor works differs."""

    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> Any:
        """The driver, with our cursor."""
        driver = super().import_dbapi()
        return _Driver(driver.aiosqlite, driver.sqlite)


def _execute(connection: sqlite3.Connection, operation: str, parameters: Any) -> Result:
    """In the thread: a whole statement, with its rows."""
    cursor = connection.execute(operation, parameters)
    try:
        if cursor.description:
            return cursor.description, cursor.fetchall(), -1, -1
        return None, [], cursor.rowcount, cursor.lastrowid
    finally:
        cursor.close()


registry.register(f"sqlite.{NAME}", __name__, "Dialect")
