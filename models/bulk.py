"""A million rows in and out of a table: past SQLAlchemy's machinery, which takes as long as the database itself.

All of it happens in the connection's own transaction. Values are given and come as the driver knows them; names of
tables and columns are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

CACHE = 64 << 20  # bytes that SQLite keeps of a file while rows come in
_USUAL_CACHE = 2000 << 10


class Bulk:
    """One table. `open` first, `close` in the end; ids are reserved before rows are inserted."""

    def __init__(self, connection: AsyncConnection, table: Table) -> None:
        self.connection, self.table = connection, table
        self.is_sqlite = connection.dialect.name == "sqlite"
        self._next = 0

    async def open(self) -> None:
        """Reach the driver, within the transaction."""
        largest = await self.connection.exec_driver_sql(f"SELECT max(id) FROM {self.table.name}")  # noqa: S608
        self._next = (largest.scalar() or 0) + 1
        self.driver: Any = (await self.connection.get_raw_connection()).driver_connection
        await self._keep(CACHE)

    async def close(self) -> None:
        """Give back the memory."""
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
        name = f"pg_get_serial_sequence('{self.table.name}', 'id')"
        rows = await self.driver.fetch(f"SELECT nextval({name}) FROM generate_series(1, $1::bigint)", count)  # noqa: S608
        return [row[0] for row in rows]

    async def present(self, columns: Sequence[str], key: str, values: Sequence[Any]) -> list[Any]:
        """These columns of the rows whose `key` is among the values."""
        what = f"SELECT {', '.join(columns)} FROM {self.table.name} WHERE {key}"  # noqa: S608
        if not values:
            return []
        if self.is_sqlite:
            gaps = ",".join("?" * len(values))
            return list(await self.driver.execute_fetchall(f"{what} IN ({gaps})", values))
        return list(await self.driver.fetch(f"{what} = ANY($1)", values))

    async def insert(self, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """New rows, in the order of the columns."""
        if not rows:
            return
        if self.is_sqlite:
            gaps = ",".join("?" * len(columns))
            names = ", ".join(columns)
            statement = f"INSERT INTO {self.table.name} ({names}) VALUES ({gaps})"  # noqa: S608
            await self.driver.executemany(statement, rows)
        else:
            await self.driver.copy_records_to_table(self.table.name, records=rows, columns=columns)

    async def change(self, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Write these columns of rows that exist; the id comes last in a row."""
        if not rows:
            return
        gaps = ["?"] * len(columns) + ["?"] if self.is_sqlite else [f"${n}" for n in range(1, len(columns) + 2)]
        sets = ", ".join(f"{name} = {gap}" for name, gap in zip(columns, gaps, strict=False))
        statement = f"UPDATE {self.table.name} SET {sets} WHERE id = {gaps[-1]}"  # noqa: S608
        await self.driver.executemany(statement, rows)

    async def _keep(self, size: int) -> None:
        if self.is_sqlite:
            await self.connection.exec_driver_sql(f"PRAGMA cache_size = -{size >> 10}")
