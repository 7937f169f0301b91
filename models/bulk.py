"""A million rows in and out of a table: past SQLAlchemy's machinery, which takes as long as the database itself.

All of it happens in the connection's own transaction. Values are given and come as the driver knows them; names of
tables and columns are ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

CACHE = 64 << 20  # bytes that SQLite keeps of a file while rows come in
BLOCK = 20_000  # ids that are reserved at once of a sequence, at most; what is left of them is never used
_USUAL_CACHE = 2000 << 10


class Bulk:
    """One table. `open` first, `close` in the end; ids are reserved before rows are inserted.

    PostgreSQL takes rows in while the caller already reads the next ones, which is half of the time: `settled` waits
    for it, and is called before anybody else uses the connection, also to roll back.
    """

    def __init__(self, connection: AsyncConnection, table: Table) -> None:
        self.connection, self.table = connection, table
        self.is_sqlite = connection.dialect.name == "sqlite"
        self._next = 0
        self._ids: list[int] = []
        self._reserved = 0
        self.is_empty = False
        self._copying: asyncio.Task[Any] | None = None

    async def open(self) -> None:
        """Reach the driver, within the transaction."""
        largest = await self.connection.exec_driver_sql(f"SELECT max(id) FROM {self.table.name}")  # noqa: S608
        last = largest.scalar()
        self.is_empty, self._next = last is None, (last or 0) + 1
        self.driver: Any = (await self.connection.get_raw_connection()).driver_connection
        await self._keep(CACHE)

    async def settled(self) -> None:
        """Wait until what was inserted is there; raises what went wrong with it."""
        copying, self._copying = self._copying, None
        if copying:
            await copying

    async def close(self) -> None:
        """Give back the memory."""
        await self.settled()
        await self._keep(_USUAL_CACHE)

    def as_stored(self, column: str, value: Any) -> Any:
        """A value of ours as the driver takes it."""
        process = self.table.c[column].type.bind_processor(self.connection.dialect)
        return process(value) if process else value

    async def reserve(self, count: int) -> Sequence[int]:
        """Ids for so many new rows. In SQLite nobody else may add any meanwhile."""
        if self.is_sqlite:
            self._next += count
            return range(self._next - count, self._next)
        if count > len(self._ids):
            await self.settled()
            more = max(count, min(BLOCK, self._reserved))
            # Its name is asked for once: within the other query it would be looked up anew for each id.
            name = await self.driver.fetchval(f"SELECT pg_get_serial_sequence('{self.table.name}', 'id')")
            query = f"SELECT array_agg(nextval('{name}')) FROM generate_series(1, $1::bigint)"  # noqa: S608
            self._ids += await self.driver.fetchval(query, more)
            self._reserved += more
        ids, self._ids = self._ids[:count], self._ids[count:]
        return ids

    async def present(self, columns: Sequence[str], key: str, values: Sequence[Any]) -> list[Any]:
        """These columns of the rows whose `key` is among the values."""
        if not values:
            return []
        await self.settled()
        what = f"SELECT {', '.join(columns)} FROM {self.table.name} WHERE {key}"  # noqa: S608
        if self.is_sqlite:
            gaps = ",".join("?" * len(values))
            return list(await self.driver.execute_fetchall(f"{what} IN ({gaps})", values))
        return list(await self.driver.fetch(f"{what} = ANY($1)", values))

    async def insert(self, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """New rows, in the order of the columns; in PostgreSQL they are there when it has `settled`."""
        if not rows:
            return
        if self.is_sqlite:
            gaps = ",".join("?" * len(columns))
            names = ", ".join(columns)
            statement = f"INSERT INTO {self.table.name} ({names}) VALUES ({gaps})"  # noqa: S608
            await self.driver.executemany(statement, rows)
        else:
            await self.settled()
            copy = self.driver.copy_records_to_table(self.table.name, records=rows, columns=columns)
            self._copying = asyncio.create_task(copy)

    async def change(self, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Write these columns of rows that exist; the id comes last in a row."""
        if not rows:
            return
        await self.settled()
        gaps = ["?"] * len(columns) + ["?"] if self.is_sqlite else [f"${n}" for n in range(1, len(columns) + 2)]
        sets = ", ".join(f"{name} = {gap}" for name, gap in zip(columns, gaps, strict=False))
        statement = f"UPDATE {self.table.name} SET {sets} WHERE id = {gaps[-1]}"  # noqa: S608
        await self.driver.executemany(statement, rows)

    async def _keep(self, size: int) -> None:
        if self.is_sqlite:
            await self.connection.exec_driver_sql(f"PRAGMA cache_size = -{size >> 10}")
