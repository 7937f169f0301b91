"""corrections, and the causes of targeted visits"""

import sqlalchemy as sa
from alembic import op

from models.base import Instant, Json, Key

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", Key, nullable=False),
        sa.Column("visit_id", Key, nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", Key, nullable=False),
        sa.Column("ordered_at", Instant(), nullable=False),
        sa.Column("report", sa.String(), nullable=False),
        sa.Column("files", Json, nullable=False),
        sa.Column("reported_by", Key, nullable=True),
        sa.Column("reported_at", Instant(), nullable=True),
        sa.Column("lead_id", Key, nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_corrections_lead_id_leads")),
        sa.ForeignKeyConstraint(["reported_by"], ["people.id"], name=op.f("fk_corrections_reported_by_people")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_corrections_visit_id_visits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sa.UniqueConstraint("visit_id", name=op.f("uq_corrections_visit_id")),
    )
    op.create_table(
        "causes",
        sa.Column("visit_id", Key, nullable=False),
        sa.Column("lead_id", Key, nullable=True),
        sa.Column("correction_id", Key, nullable=True),
        sa.Column("made_by", Key, nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("candidates", Json, nullable=False),
        sa.CheckConstraint("(lead_id IS NULL) <> (correction_id IS NULL)", name=op.f("ck_causes_one")),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["corrections.id"], name=op.f("fk_causes_correction_id_corrections")
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_causes_lead_id_leads")),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_causes_made_by_people")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_causes_visit_id_visits")),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_causes")),
    )
    op.create_index(op.f("ix_causes_lead_id"), "causes", ["lead_id"])
    op.create_index(op.f("ix_causes_correction_id"), "causes", ["correction_id"])
    op.add_column("tasks", sa.Column("targeted", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("tasks") as tasks:
        tasks.alter_column("targeted", server_default=None)
    op.add_column("visits", sa.Column("only_points", Json, nullable=True))
    op.execute(
        "INSERT INTO corrections (visit_id, due, state, version, ordered_at, report, files)"
        " SELECT id, correct_by, 'ordered', 1, submitted_at, '', '[]' FROM visits"
        " WHERE correct_by IS NOT NULL AND submitted_at IS NOT NULL AND merged_into IS NULL"
    )


def downgrade() -> None:
    op.drop_column("visits", "only_points")
    op.drop_column("tasks", "targeted")
    op.drop_table("causes")
    op.drop_table("corrections")
