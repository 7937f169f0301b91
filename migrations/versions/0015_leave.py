"""leave from one day until another"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("leave_from", sa.Date(), nullable=True))
    op.add_column("people", sa.Column("leave_until", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("people", "leave_until")
    op.drop_column("people", "leave_from")
