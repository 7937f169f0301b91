"""the voice of the subject: objections to results, ratings of visits"""

import sqlalchemy as sa
from alembic import op

from models.base import Instant, Key, Tags

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "appeals",
        sa.Column("id", Key, nullable=False),
        sa.Column("visit_id", Key, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", Key, nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("decided_by", Key, nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("reply", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_appeals_decided_by_people")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_appeals_visit_id_visits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
    )
    op.create_index(op.f("ix_appeals_visit_id"), "appeals", ["visit_id"])
    op.create_index(op.f("ix_appeals_made_at"), "appeals", ["made_at"])
    is_open = sa.text("state = 'open'")
    op.create_index(
        "uq_appeals_open", "appeals", ["visit_id"], unique=True, sqlite_where=is_open, postgresql_where=is_open
    )

    op.create_table(
        "rating_keys",
        sa.Column("id", Key, nullable=False),
        sa.Column("organ_id", Key, nullable=False),
        sa.Column("quarter", sa.String(), nullable=False),
        sa.Column("modulus", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["organ_id"], ["organs.id"], name=op.f("fk_rating_keys_organ_id_organs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_keys")),
        sa.UniqueConstraint("organ_id", "quarter", name=op.f("uq_rating_keys_organ_id_quarter")),
    )
    op.create_table(
        "rating_slips",
        sa.Column("visit_id", Key, autoincrement=False, nullable=False),
        sa.Column("key_id", Key, nullable=False),
        sa.Column("blinded", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["rating_keys.id"], name=op.f("fk_rating_slips_key_id_rating_keys")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_rating_slips_visit_id_visits")),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_rating_slips")),
    )
    op.create_table(
        "ratings",
        sa.Column("slip", sa.String(), nullable=False),
        sa.Column("key_id", Key, nullable=False),
        sa.Column("score", Key, nullable=False),
        sa.Column("reasons", Tags(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["rating_keys.id"], name=op.f("fk_ratings_key_id_rating_keys")),
        sa.PrimaryKeyConstraint("slip", name=op.f("pk_ratings")),
    )
    op.create_index(op.f("ix_ratings_key_id"), "ratings", ["key_id"])


def downgrade() -> None:
    for name in ("ratings", "rating_slips", "rating_keys", "appeals"):
        op.drop_table(name)
