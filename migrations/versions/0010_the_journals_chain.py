"""the chain over the journal and its signed ends; the database itself refuses to change what is in them

A trigger on both databases; on PostgreSQL the owner of the tables gives up the right besides. Whoever makes one of
these tables anew on SQLite (a batch operation) must make the triggers anew.
"""

import sqlalchemy as sa
from alembic import op

from models.base import Instant, Key

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEPT = ("journal", "journal_links", "journal_roots")


def upgrade() -> None:
    op.create_table(
        "journal_links",
        sa.Column("sequence", Key, autoincrement=False, nullable=False),
        sa.Column("entry_id", Key, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_journal_links")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_journal_links_entry_id")),
    )
    op.create_table(
        "journal_roots",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sequence", Key, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("sealed_at", Instant(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_journal_roots")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION journal_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the journal is only added to'; END $$"
        )
        for table in KEPT:
            op.execute(
                f"CREATE TRIGGER {table}_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION journal_is_kept()"
            )
            op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM PUBLIC, CURRENT_USER")
        return
    for table in KEPT:
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END"
            )


def downgrade() -> None:
    for table in ("journal_roots", "journal_links"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER journal_is_kept ON journal")
        op.execute("DROP FUNCTION journal_is_kept()")
        op.execute("GRANT UPDATE, DELETE, TRUNCATE ON journal TO CURRENT_USER")
        return
    for act in ("update", "delete"):
        op.execute(f"DROP TRIGGER journal_no_{act}")
