"""One door to the database: a transaction that writes, or a look that does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Connection, Select, Table, event, func, literal, type_coerce
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine

from models.base import Base, Instant
from models.sqlite import NAME, WAIT

T = TypeVar("T")
FINISH_WITHIN = 3.0  # seconds
CONNECTIONS = 16  # kept open: as many as are used when many write at once; to open one costs as much as ten statements
MORE = 4  # that are opened and closed in a rush: four processes fit into the hundred that PostgreSQL allows
STATEMENTS = 400  # that PostgreSQL keeps prepared for a connection: all that people use in a day
DRIVERS = {"sqlite": f"sqlite+{NAME}", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
SQLITE_SETTINGS = {
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "foreign_keys": "ON",
    "busy_timeout": str(WAIT),
}
POSTGRESQL_SETTINGS = {
    "jit": "off",  # our statements are many and short: compiling one takes longer than running it
    "synchronous_commit": "on",  # what was acknowledged is on the disk, however the server is set up
    # What a machine held that lost its power is free after so many seconds, not after two hours.
    "tcp_keepalives_idle": "4",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "2",
}
AWAY = ("08", "53", "57P", "58")  # classes of SQLSTATE: no connection, no space or memory, shutting down, broken disk
FULL = ("disk is full", "disk I/O error", "unable to open", "database is locked", "readonly database")


class Database:
    """An engine with two ways in.

    SQLite has one writer at a time, so writers queue here instead of colliding there; PostgreSQL needs no queue.
    """

    def __init__(self, url: str, **options: Any) -> None:
        address = make_url(url)
        if address.drivername in DRIVERS:
            address = address.set(drivername=DRIVERS[address.drivername])
        if address.get_backend_name() == "postgresql":
            connecting = {"server_settings": POSTGRESQL_SETTINGS, "prepared_statement_cache_size": STATEMENTS}
            options.setdefault("connect_args", connecting)
        if "poolclass" not in options:
            # The connection that was used last is used first: it has all at hand.
            options |= {"pool_size": CONNECTIONS, "max_overflow": MORE, "pool_use_lifo": True}
        self.engine = create_async_engine(address, **options)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writers: AbstractAsyncContextManager[None] = asyncio.Lock() if self.is_sqlite else nullcontext()
        self._writing = self.engine.execution_options(write=True)
        self._alone = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._info: dict[str, Any] = {"kept": {}}  # what never changes, for all sessions
        if self.is_sqlite:
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)

    @staticmethod
    async def finish(work: Coroutine[Any, Any, T]) -> T:
        """Do work to its end even if we are cancelled meanwhile: no transaction is left hanging in a connection.

        Work that then takes longer than `FINISH_WITHIN` is left behind.
        """
        task = asyncio.ensure_future(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task], timeout=FINISH_WITHIN)
            raise

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        session = AsyncSession(self._writing, expire_on_commit=False, autoflush=False, info=self._info)
        async with self._writers, session, session.begin():
            yield session

    @asynccontextmanager
    async def write_at_once(self) -> AsyncIterator[AsyncConnection]:
        """For one statement, committed with it: PostgreSQL is asked once, where a transaction asks three times."""
        opened = self._writing.begin() if self.is_sqlite else self._alone.connect()
        async with self._writers, opened as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A consistent look; whatever it changes is thrown away."""
        async with AsyncSession(self.engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    async def close(self) -> None:
        """Give back all connections."""
        await self.engine.dispose()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy says BEGIN, not the driver
    cursor = connection.cursor()
    for name, value in SQLITE_SETTINGS.items():
        cursor.execute(f"PRAGMA {name}={value}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def away(error: BaseException) -> bool:
    """Whether the database cannot be reached or cannot write just now: nobody's fault, and it may pass."""
    if isinstance(error, DBAPIError):
        code = str(getattr(error.orig, "sqlstate", None) or "")
        return error.connection_invalidated or code.startswith(AWAY) or any(said in str(error.orig) for said in FULL)
    state = getattr(error, "sqlstate", None)  # asyncpg's own, while it connects
    return str(state).startswith(AWAY) if state else isinstance(error, OSError)


def on_sqlite(session: AsyncSession) -> bool:
    """Whether a session speaks with SQLite, which has one writer at a time; else it is PostgreSQL."""
    return session.get_bind().dialect.name == "sqlite"


def moment(session: AsyncSession, now: datetime, later: timedelta = timedelta()) -> ColumnElement[datetime]:
    """The time that leases are told by: on PostgreSQL that of the server, because machines may disagree."""
    if on_sqlite(session):
        return literal(now + later, Instant())
    return of_server(later)


def of_server(later: timedelta = timedelta()) -> ColumnElement[datetime]:
    """The time on the machine of PostgreSQL, or a time later than that."""
    return type_coerce(func.clock_timestamp() + later, Instant())


async def page_of(session: AsyncSession, query: Select[tuple[T]], page: int, size: int) -> tuple[list[T], int, int]:
    """A page of what a query finds, from 0, or the last one if there are fewer; its number, and how many there are."""
    counted = query.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
    pages = max(1, -(-(await session.scalar(counted) or 0) // size))
    page = min(page, pages - 1)
    return list(await session.scalars(query.limit(size).offset(page * size))), page, pages


async def insert_new(session: AsyncSession, table: type[Base], rows: list[dict[str, Any]], *unique: str) -> int:
    """Insert rows; one whose `unique` columns are there already is left alone. How many are new."""
    sqlite, into = on_sqlite(session), cast("Table", table.__table__)
    insert = (sqlite_insert if sqlite else postgresql_insert)(into).on_conflict_do_nothing(index_elements=unique)
    result = await session.execute(insert.returning(*(into.c[name] for name in unique)), rows)
    return len(result.all())
