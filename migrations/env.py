"""How Alembic reaches the database: the same engine as the product."""

import asyncio

from alembic import context
from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection

from models.base import Instant, Json, Key, Tags
from models.database import Database
from models.subject_search import OURS
from models.tables import Base


def short(kind: str, column: object, context: object) -> str | bool:
    """Write our own types by their names."""
    names = {Key: "Key", Json: "Json"}
    if kind == "type":
        for known, name in names.items():
            if column is known:
                return name
        if isinstance(column, (Instant, Tags)):
            return f"{type(column).__name__}()"
    return False


def ours(name: str | None, kind: str, _parents: object) -> bool:
    """The tables of the search are not the same in each database, and no models."""
    return kind != "table" or name in Base.metadata.tables or not (name or "").startswith(OURS)


def upgrade(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=short,
        include_name=ours,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
        if connection.dialect.name == "sqlite":
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if broken:
                raise RuntimeError(f"the migration left rows that refer to nothing: {broken[:5]}")


def loosen(connection: DBAPIConnection, _record: object) -> None:
    """SQLite changes a table by making it anew; references to it are checked when all is done."""
    connection.cursor().execute("PRAGMA foreign_keys=OFF")


async def main() -> None:
    database = Database(context.config.get_main_option("sqlalchemy.url") or "")
    if database.is_sqlite:
        event.listen(database.engine.sync_engine, "connect", loosen)
    async with database.write() as session:
        await (await session.connection()).run_sync(upgrade)
    await database.close()


asyncio.run(main())
