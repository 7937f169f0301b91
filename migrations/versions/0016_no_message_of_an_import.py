"""the card of an import is found as every card is; its own column was never read"""

import sqlalchemy as sa
from alembic import op

from models.base import Key

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("imports", "message_id")


def downgrade() -> None:
    op.add_column("imports", sa.Column("message_id", Key, nullable=True))
