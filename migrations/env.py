"""How Alembic reaches the database: the same engine as the product."""

import asyncio

from alembic import context
from sqlalchemy import Connection

from models.base import Instant, Json, Key, Tags
from models.database import Database
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


def upgrade(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=short,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def main() -> None:
    database = Database(context.config.get_main_option("sqlalchemy.url") or "")
    async with database.write() as session:
        await (await session.connection()).run_sync(upgrade)
    await database.close()


asyncio.run(main())
