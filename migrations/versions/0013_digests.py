"""what people chose about digests; announcements and who read them"""

import sqlalchemy as sa
from alembic import op

from models.base import Instant, Key, Tags

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "digest_wishes",
        sa.Column("person_id", Key, autoincrement=False, nullable=False),
        sa.Column("hour", Key, nullable=False),
        sa.Column("kinds", Tags(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_digest_wishes_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_digest_wishes")),
    )
    op.create_table(
        "announcements",
        sa.Column("id", Key, nullable=False),
        sa.Column("author_id", Key, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("specialty", sa.String(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", Key, nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["area_code"], ["areas.code"], name=op.f("fk_announcements_area_code_areas")),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_announcements_author_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcements")),
    )
    op.create_index(op.f("ix_announcements_author_id"), "announcements", ["author_id"])
    op.create_table(
        "announcement_readers",
        sa.Column("announcement_id", Key, autoincrement=False, nullable=False),
        sa.Column("person_id", Key, autoincrement=False, nullable=False),
        sa.Column("read_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["announcements.id"],
            name=op.f("fk_announcement_readers_announcement_id_announcements"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_announcement_readers_person_id_people")),
        sa.PrimaryKeyConstraint("announcement_id", "person_id", name=op.f("pk_announcement_readers")),
    )


def downgrade() -> None:
    op.drop_table("announcement_readers")
    op.drop_index(op.f("ix_announcements_author_id"), table_name="announcements")
    op.drop_table("announcements")
    op.drop_table("digest_wishes")
