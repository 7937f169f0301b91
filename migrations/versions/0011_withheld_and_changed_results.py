"""results that are withheld, corrected or withdrawn, each with its reason"""

import sqlalchemy as sa
from alembic import op

from models.base import Instant, Key

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "publication_proposals",
        sa.Column("id", Key, nullable=False),
        sa.Column("visit_id", Key, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", Key, nullable=False),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("asked_by", Key, nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("decided_by", Key, nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_publication_proposals_asked_by_people")),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_publication_proposals_decided_by_people")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_publication_proposals_visit_id_visits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_proposals")),
    )
    with op.batch_alter_table("publication_proposals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_publication_proposals_visit_id"), ["visit_id"], unique=False)
    with op.batch_alter_table("publications", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reason", sa.String(), nullable=False, server_default=""))
        batch_op.alter_column("reason", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("publications", schema=None) as batch_op:
        batch_op.drop_column("reason")
    with op.batch_alter_table("publication_proposals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_publication_proposals_visit_id"))
    op.drop_table("publication_proposals")
