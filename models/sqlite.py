"""SQLite without its thread where nothing must be waited for: a tap is made of many statements that are shorter.

aiosqlite hands each statement to a thread, which takes longer than most statements do, and makes whoever waits for it
wait for the interpreter too. What is short is therefore done in place: a look, which is broken off and done in the
thread when it turns out to be long; once the right to write is ours, a few new rows, or a change of a few that are
named; and what ends a transaction without writing. What may wait for a disk or for another process is done in the
thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from itertools import count
from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite import aiosqlite as theirs
from sqlalchemy.util import await_only

NAME = "in_place"  # of `sqlite+in_place://`
LONG = 50_000  # steps of SQLite's machine: about a millisecond
FEW = 100  # values that are written
MANY = 1_000  # statements of which it is known how they find their rows
WAIT = 30_000  # milliseconds for another process that writes
Result = tuple[Any, list[Any], int, int | None]
_AT_ONCE: dict[str, bool] = {}


class _Cursor(theirs.AsyncAdapt_aiosqlite_cursor):
    __slots__ = ()

    def execute(self, operation: Any, parameters: Any = None) -> Any:
        try:
            connection: Any = self._adapt_connection
            work = connection.do(operation, parameters or ())
            self.description, rows, self.rowcount, self.lastrowid = self.await_(work)
            self._rows = deque(rows)
        except Exception as error:
            self._adapt_connection._handle_exception(error)

    def executemany(self, operation: Any, seq_of_parameters: Any) -> Any:
        try:
            work = self._adapt_connection.do_many(operation, seq_of_parameters)  # type: ignore[attr-defined]
            self.description = None
            self.rowcount, self.lastrowid = self.await_(work)
        except Exception as error:
            self._adapt_connection._handle_exception(error)


class _Connection(theirs.AsyncAdapt_aiosqlite_connection):
    __slots__ = ("_left", "_writes")

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self._left = False  # whoever waited for the thread was cancelled, and it may still be at work
        self._writes = False  # this transaction has the right to

    def await_(self, work: Any) -> Any:
        try:
            return await_only(work)
        except asyncio.CancelledError:
            self._left = True
            raise

    def cursor(self, server_side: bool = False) -> theirs.AsyncAdapt_aiosqlite_cursor:
        return super().cursor(server_side) if server_side else _Cursor(self)

    async def do(self, operation: str, parameters: Any) -> Result:
        """A whole statement, here or in the thread."""
        connection = self._connection
        found = None if self._left else self._in_place(connection._conn, operation, parameters)
        return found or await connection._execute(_execute, connection._conn, operation, parameters)

    async def fetch(self, operation: str, *parameters: Any) -> list[Any]:
        """The rows of a statement; for `models.statements`, as asyncpg has it."""
        try:
            return (await self.do(operation, parameters))[1]
        except asyncio.CancelledError:
            self._left = True
            raise

    async def do_many(self, operation: str, rows: Any) -> tuple[int, int | None]:
        """One statement for each of these rows, here or in the thread."""
        connection = self._connection
        if not self._left and self._writes and operation.startswith("INSERT") and sum(map(len, rows)) <= FEW:
            return _execute_many(connection._conn, operation, rows)
        changed: tuple[int, int | None] = await connection._execute(_execute_many, connection._conn, operation, rows)
        return changed

    def _in_place(self, connection: sqlite3.Connection, operation: str, parameters: Any) -> Result | None:
        """The outcome of a short statement; None if the thread must do it."""
        match operation[:6]:
            case "SELECT":
                return _look(connection, operation, parameters)
            case "INSERT" if self._writes and len(parameters) <= FEW and " VALUES (" in operation:
                return _execute(connection, operation, parameters)
            case "UPDATE" if (
                self._writes and len(parameters) <= FEW and _finds_at_once(connection, operation, parameters)
            ):
                return _execute(connection, operation, parameters)
            case "BEGIN":
                self._writes = False
                return _execute(connection, operation, parameters)
            case "BEGIN ":
                self._writes = True
                return _if_free(connection, operation)
        return None

    def rollback(self) -> None:
        if self._left:
            super().rollback()
            self._left = False  # the thread does one thing after another
            return
        try:
            self._connection._conn.rollback()
        except Exception as error:
            self._handle_exception(error)


class _Driver(theirs.AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *arguments: Any, **named: Any) -> Any:
        named["check_same_thread"] = False  # one at a time, but now here and now there
        return _Connection(self, super().connect(*arguments, **named)._connection)


class Dialect(theirs.SQLiteDialect_aiosqlite):
    """As `sqlite+aiosqlite`; only where its statements are done differs."""

    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> Any:
        """The driver, with our connection."""
        driver = super().import_dbapi()
        return _Driver(driver.aiosqlite, driver.sqlite)


def _execute(connection: sqlite3.Connection, operation: str, parameters: Any) -> Result:
    """A whole statement, with its rows."""
    cursor = connection.execute(operation, parameters)
    try:
        if cursor.description:
            return cursor.description, cursor.fetchall(), -1, -1
        return None, [], cursor.rowcount, cursor.lastrowid
    finally:
        cursor.close()


def _execute_many(connection: sqlite3.Connection, operation: str, rows: Any) -> tuple[int, int | None]:
    cursor = connection.executemany(operation, rows)
    try:
        return cursor.rowcount, cursor.lastrowid
    finally:
        cursor.close()


def _look(connection: sqlite3.Connection, operation: str, parameters: Any) -> Result | None:
    """What a look finds, unless it takes long. To break off a look does no harm, to break off a change would.

    SQLite counts the steps of a statement from when it was first said, so that the first call may come at any time;
    only the second says that it takes long. (What is broken off is prepared anew from then on, which takes longer than
    most looks do: sqlite3 takes it to be still in use.)
    """
    connection.set_progress_handler(count().__next__, LONG)  # not 0: break it off
    try:
        return _execute(connection, operation, parameters)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return None
    finally:
        connection.set_progress_handler(None, 0)


def _finds_at_once(connection: sqlite3.Connection, operation: str, parameters: Any) -> bool:
    """Whether a change names its rows by their primary key."""
    if operation not in _AT_ONCE:
        if len(_AT_ONCE) > MANY:
            _AT_ONCE.clear()
        plan = connection.execute(f"EXPLAIN QUERY PLAN {operation}", parameters).fetchall()
        _AT_ONCE[operation] = [row[-1].endswith("USING INTEGER PRIMARY KEY (rowid=?)") for row in plan] == [True]
    return _AT_ONCE[operation]


def _if_free(connection: sqlite3.Connection, operation: str) -> Result | None:
    """Begin to write, unless another process does so just now."""
    connection.execute("PRAGMA busy_timeout=0")
    try:
        return _execute(connection, operation, ())
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return None
    finally:
        connection.execute(f"PRAGMA busy_timeout={WAIT}")


registry.register(f"sqlite.{NAME}", __name__, "Dialect")
