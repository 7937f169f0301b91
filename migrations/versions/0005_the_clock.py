"""the calendar that was announced, deadlines of authorities, and who was reminded of what"""

import sqlalchemy as sa
from alembic import op

from models.base import Instant, Key

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "holiday_years",
        sa.Column("year", Key, autoincrement=False, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_holiday_years")),
    )
    op.create_table(
        "holidays",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("off", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_holidays")),
    )
    op.create_table(
        "deadline_overrides",
        sa.Column("id", Key, nullable=False),
        sa.Column("organ_id", Key, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("days", Key, nullable=False),
        sa.Column("by", Key, nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["people.id"], name=op.f("fk_deadline_overrides_by_people")),
        sa.ForeignKeyConstraint(["organ_id"], ["organs.id"], name=op.f("fk_deadline_overrides_organ_id_organs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline_overrides")),
        sa.UniqueConstraint("organ_id", "kind", name=op.f("uq_deadline_overrides_organ_id_kind")),
    )
    op.create_table(
        "reminders",
        sa.Column("id", Key, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("thing", Key, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_reminders_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
        sa.UniqueConstraint(
            "kind", "thing", "person_id", "due", "step", name=op.f("uq_reminders_kind_thing_person_id_due_step")
        ),
    )
    with op.batch_alter_table("reminders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reminders_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reminders_due"), ["due"], unique=False)
        batch_op.create_index(batch_op.f("ix_reminders_at"), ["at"], unique=False)


def downgrade() -> None:
    op.drop_table("reminders")
    op.drop_table("deadline_overrides")
    op.drop_table("holidays")
    op.drop_table("holiday_years")
