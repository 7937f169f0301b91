"""where each row of the directories comes from and how it changed; names are found by pairs of characters"""

import sqlalchemy as sa
from alembic import op

from models.base import Instant, Json, Key
from models.subject_search import DROP, create

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("id", Key, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("by_id", Key, nullable=True),
        sa.Column("chat_id", Key, nullable=True),
        sa.Column("message_id", Key, nullable=True),
        sa.Column("stored", sa.String(), nullable=False),
        sa.Column("ends", Key, nullable=True),
        sa.Column("counts", Json, nullable=False),
        sa.Column("version", Key, nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_imports_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_imports_state"), ["state"], unique=False)

    op.create_table(
        "changes",
        sa.Column("id", Key, nullable=False),
        sa.Column("noun", sa.String(), nullable=False),
        sa.Column("thing", Key, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by_id", Key, nullable=True),
        sa.Column("import_id", Key, nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("before", Json, nullable=True),
        sa.Column("after", Json, nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_changes_by_id_people")),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_changes_import_id_imports")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
    )
    with op.batch_alter_table("changes", schema=None) as batch_op:
        batch_op.create_index("ix_changes_noun_thing", ["noun", "thing"], unique=False)

    op.create_table(
        "subject_search_state",
        sa.Column("id", Key, nullable=False),
        sa.Column("up_to", Key, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject_search_state")),
    )
    create(op.get_bind())

    with op.batch_alter_table("subjects", schema=None) as batch_op:
        batch_op.add_column(sa.Column("import_id", Key, nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_subjects_import_id_imports"), "imports", ["import_id"], ["id"])
        batch_op.drop_index(batch_op.f("ix_subjects_name"))


def downgrade() -> None:
    with op.batch_alter_table("subjects", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subjects_name"), ["name"], unique=False)
        batch_op.drop_constraint(batch_op.f("fk_subjects_import_id_imports"), type_="foreignkey")
        batch_op.drop_column("import_id")

    op.execute(DROP)
    op.drop_table("subject_search_state")
    with op.batch_alter_table("changes", schema=None) as batch_op:
        batch_op.drop_index("ix_changes_noun_thing")

    op.drop_table("changes")
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_imports_state"))

    op.drop_table("imports")
