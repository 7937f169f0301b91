"""kinds of answers, evidence that is weighed, results by item, notices and records"""

import sqlalchemy as sa
from alembic import op

from models.base import Instant, Json, Key

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "records",
        sa.Column("id", Key, nullable=False),
        sa.Column("visit_id", Key, nullable=False),
        sa.Column("version", Key, nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("made_by", Key, nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_records_made_by_people")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_records_visit_id_visits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records")),
        sa.UniqueConstraint("token", name=op.f("uq_records_token")),
        sa.UniqueConstraint("visit_id", "version", name=op.f("uq_records_visit_id_version")),
    )
    op.create_table(
        "visit_helpers",
        sa.Column("id", Key, nullable=False),
        sa.Column("visit_id", Key, nullable=False),
        sa.Column("person_id", Key, nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("guided_by", Key, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["guided_by"], ["people.id"], name=op.f("fk_visit_helpers_guided_by_people")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_visit_helpers_person_id_people")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_visit_helpers_visit_id_visits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_helpers")),
    )
    with op.batch_alter_table("visit_helpers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visit_helpers_visit_id"), ["visit_id"], unique=False)

    op.create_table(
        "visit_notices",
        sa.Column("id", Key, nullable=False),
        sa.Column("visit_id", Key, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", Key, nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_by", Key, nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("decided_by", Key, nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("delivered_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_visit_notices_asked_by_people")),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_visit_notices_decided_by_people")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_visit_notices_visit_id_visits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_notices")),
        sa.UniqueConstraint("visit_id", name=op.f("uq_visit_notices_visit_id")),
    )
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reading", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("from_answer", Key, nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_answers_from_answer_answers"), "answers", ["from_answer"], ["id"])

    with op.batch_alter_table("checklists", schema=None) as batch_op:
        batch_op.add_column(sa.Column("materials", Json, nullable=False, server_default="[]"))

    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(), nullable=False, server_default="photo"))
        batch_op.add_column(sa.Column("name", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("taken_at", Instant(), nullable=True))
        batch_op.add_column(sa.Column("latitude", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("longitude", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("metres", Key, nullable=True))
        batch_op.add_column(sa.Column("grade", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("seen_before", Key, nullable=True))
        batch_op.add_column(sa.Column("preview", sa.String(), nullable=False, server_default=""))
        batch_op.create_foreign_key(batch_op.f("fk_evidence_seen_before_evidence"), "evidence", ["seen_before"], ["id"])

    with op.batch_alter_table("points", schema=None) as batch_op:
        batch_op.add_column(sa.Column("answer", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("min_sample", Key, nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("only_if", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("stop", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("valid_days", Key, nullable=False, server_default="0"))

    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.add_column(sa.Column("arrived_metres", Key, nullable=True))

    with op.batch_alter_table("visit_parts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("result", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("disposal", sa.String(), nullable=False, server_default=""))

    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.add_column(sa.Column("planned_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("method", sa.String(), nullable=False, server_default="on_site"))
        batch_op.add_column(sa.Column("method_note", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("materials", Json, nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("alone_because", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("statement", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("signing", Json, nullable=False, server_default="{}"))


def downgrade() -> None:
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.drop_column("signing")
        batch_op.drop_column("statement")
        batch_op.drop_column("alone_because")
        batch_op.drop_column("materials")
        batch_op.drop_column("method_note")
        batch_op.drop_column("method")
        batch_op.drop_column("planned_on")

    with op.batch_alter_table("visit_parts", schema=None) as batch_op:
        batch_op.drop_column("disposal")
        batch_op.drop_column("result")

    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.drop_column("arrived_metres")

    with op.batch_alter_table("points", schema=None) as batch_op:
        batch_op.drop_column("valid_days")
        batch_op.drop_column("stop")
        batch_op.drop_column("only_if")
        batch_op.drop_column("min_sample")
        batch_op.drop_column("answer")

    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_evidence_seen_before_evidence"), type_="foreignkey")
        batch_op.drop_column("preview")
        batch_op.drop_column("seen_before")
        batch_op.drop_column("grade")
        batch_op.drop_column("metres")
        batch_op.drop_column("longitude")
        batch_op.drop_column("latitude")
        batch_op.drop_column("taken_at")
        batch_op.drop_column("name")
        batch_op.drop_column("kind")

    with op.batch_alter_table("checklists", schema=None) as batch_op:
        batch_op.drop_column("materials")

    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_answers_from_answer_answers"), type_="foreignkey")
        batch_op.drop_column("from_answer")
        batch_op.drop_column("reading")

    op.drop_table("visit_notices")
    with op.batch_alter_table("visit_helpers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_helpers_visit_id"))

    op.drop_table("visit_helpers")
    op.drop_table("records")
