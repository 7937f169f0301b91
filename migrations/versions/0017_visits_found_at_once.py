"""what was made part of a visit, and a subject's published visits, found without looking through all visits"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    merged = sa.text("merged_into IS NOT NULL")
    op.create_index("ix_visits_guests", "visits", ["merged_into"], sqlite_where=merged, postgresql_where=merged)
    op.create_index("ix_visits_subject_id_state", "visits", ["subject_id", "state"])
    op.drop_index("ix_visits_subject_id", table_name="visits")


def downgrade() -> None:
    op.create_index("ix_visits_subject_id", "visits", ["subject_id"])
    op.drop_index("ix_visits_subject_id_state", table_name="visits")
    op.drop_index("ix_visits_guests", table_name="visits")
