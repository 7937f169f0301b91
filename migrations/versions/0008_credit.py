"""credit: events, classes, lists, proposals, punishments, warnings, commitments, subscriptions, extracts"""

import sqlalchemy as sa
from alembic import op

from models.base import Instant, Json, Key

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "credit_classes",
        sa.Column("id", Key, nullable=False),
        sa.Column("subject_id", Key, nullable=False),
        sa.Column("grade", sa.String(), nullable=False),
        sa.Column("points", Key, nullable=False),
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("began_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_credit_classes_subject_id_subjects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_classes")),
    )
    with op.batch_alter_table("credit_classes", schema=None) as batch_op:
        batch_op.create_index(
            "ix_credit_classes_present",
            ["subject_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_credit_classes_review_on"), ["review_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_credit_classes_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "credit_events",
        sa.Column("id", Key, nullable=False),
        sa.Column("subject_id", Key, nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("noun", sa.String(), nullable=False),
        sa.Column("noun_id", Key, nullable=False),
        sa.Column("organ_id", Key, nullable=True),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("points", Key, nullable=False),
        sa.Column("annulled_on", sa.Date(), nullable=True),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["organ_id"], ["organs.id"], name=op.f("fk_credit_events_organ_id_organs")),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_credit_events_subject_id_subjects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_events")),
        sa.UniqueConstraint("noun", "noun_id", "code", name=op.f("uq_credit_events_noun_noun_id_code")),
    )
    with op.batch_alter_table("credit_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credit_events_made_on"), ["made_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_credit_events_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "credit_subscriptions",
        sa.Column("id", Key, nullable=False),
        sa.Column("organ_id", Key, nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["organ_id"], ["organs.id"], name=op.f("fk_credit_subscriptions_organ_id_organs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_subscriptions")),
        sa.UniqueConstraint("organ_id", "topic", name=op.f("uq_credit_subscriptions_organ_id_topic")),
    )
    op.create_table(
        "key_reasons",
        sa.Column("id", Key, nullable=False),
        sa.Column("subject_id", Key, nullable=False),
        sa.Column("flag", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("number", Key, nullable=False),
        sa.Column("was_there", sa.Boolean(), nullable=False),
        sa.Column("began_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_key_reasons_subject_id_subjects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_reasons")),
    )
    with op.batch_alter_table("key_reasons", schema=None) as batch_op:
        batch_op.create_index(
            "ix_key_reasons_present",
            ["subject_id", "flag"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "list_entries",
        sa.Column("id", Key, nullable=False),
        sa.Column("subject_id", Key, nullable=False),
        sa.Column("list", sa.String(), nullable=False),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("organ_id", Key, nullable=False),
        sa.Column("entered_on", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["organ_id"], ["organs.id"], name=op.f("fk_list_entries_organ_id_organs")),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_list_entries_subject_id_subjects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_entries")),
    )
    with op.batch_alter_table("list_entries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_list_entries_present",
            ["subject_id", "list"],
            unique=True,
            sqlite_where=sa.text("left_on IS NULL"),
            postgresql_where=sa.text("left_on IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_list_entries_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "risk_warnings",
        sa.Column("id", Key, nullable=False),
        sa.Column("subject_id", Key, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_risk_warnings_subject_id_subjects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_warnings")),
        sa.UniqueConstraint(
            "subject_id", "source", "on", "text", name=op.f("uq_risk_warnings_subject_id_source_on_text")
        ),
    )
    with op.batch_alter_table("risk_warnings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_risk_warnings_made_on"), ["made_on"], unique=False)

    op.create_table(
        "commitments",
        sa.Column("id", Key, nullable=False),
        sa.Column("subject_id", Key, nullable=False),
        sa.Column("organ_id", Key, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", Key, nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("broken_on", sa.Date(), nullable=True),
        sa.Column("broken_because", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["organ_id"], ["organs.id"], name=op.f("fk_commitments_organ_id_organs")),
        sa.ForeignKeyConstraint(["recorded_by"], ["people.id"], name=op.f("fk_commitments_recorded_by_people")),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_commitments_subject_id_subjects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitments")),
    )
    with op.batch_alter_table("commitments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_commitments_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "extracts",
        sa.Column("id", Key, nullable=False),
        sa.Column("subject_id", Key, nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("made_by", Key, nullable=True),
        sa.Column("made_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_extracts_made_by_people")),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_extracts_subject_id_subjects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extracts")),
        sa.UniqueConstraint("token", name=op.f("uq_extracts_token")),
    )
    with op.batch_alter_table("extracts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_extracts_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "punishments",
        sa.Column("id", Key, nullable=False),
        sa.Column("subject_id", Key, nullable=False),
        sa.Column("organ_id", Key, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("joint", sa.Boolean(), nullable=False),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=False),
        sa.Column("repaired_on", sa.Date(), nullable=True),
        sa.Column("made_by", Key, nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_punishments_made_by_people")),
        sa.ForeignKeyConstraint(["organ_id"], ["organs.id"], name=op.f("fk_punishments_organ_id_organs")),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_punishments_subject_id_subjects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_punishments")),
        sa.UniqueConstraint("organ_id", "document", name=op.f("uq_punishments_organ_id_document")),
    )
    with op.batch_alter_table("punishments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_punishments_ends"), ["ends"], unique=False)
        batch_op.create_index(batch_op.f("ix_punishments_made_on"), ["made_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_punishments_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "credit_proposals",
        sa.Column("id", Key, nullable=False),
        sa.Column("subject_id", Key, nullable=False),
        sa.Column("organ_id", Key, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("list", sa.String(), nullable=False),
        sa.Column("ground", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("visit_id", Key, nullable=True),
        sa.Column("entry_id", Key, nullable=True),
        sa.Column("punishment_id", Key, nullable=True),
        sa.Column("asked_by", Key, nullable=True),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("decide_by", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", Key, nullable=False),
        sa.Column("decided_by", Key, nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_credit_proposals_asked_by_people")),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_credit_proposals_decided_by_people")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["list_entries.id"], name=op.f("fk_credit_proposals_entry_id_list_entries")
        ),
        sa.ForeignKeyConstraint(["organ_id"], ["organs.id"], name=op.f("fk_credit_proposals_organ_id_organs")),
        sa.ForeignKeyConstraint(
            ["punishment_id"], ["punishments.id"], name=op.f("fk_credit_proposals_punishment_id_punishments")
        ),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_credit_proposals_subject_id_subjects")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_credit_proposals_visit_id_visits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_proposals")),
    )
    with op.batch_alter_table("credit_proposals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credit_proposals_organ_id"), ["organ_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_credit_proposals_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_credit_proposals_subject_id"), ["subject_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("credit_proposals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_credit_proposals_subject_id"))
        batch_op.drop_index(batch_op.f("ix_credit_proposals_state"))
        batch_op.drop_index(batch_op.f("ix_credit_proposals_organ_id"))

    op.drop_table("credit_proposals")
    with op.batch_alter_table("punishments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_punishments_subject_id"))
        batch_op.drop_index(batch_op.f("ix_punishments_made_on"))
        batch_op.drop_index(batch_op.f("ix_punishments_ends"))

    op.drop_table("punishments")
    with op.batch_alter_table("extracts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_extracts_subject_id"))

    op.drop_table("extracts")
    with op.batch_alter_table("commitments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_commitments_subject_id"))

    op.drop_table("commitments")
    with op.batch_alter_table("risk_warnings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_risk_warnings_made_on"))

    op.drop_table("risk_warnings")
    with op.batch_alter_table("list_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_list_entries_subject_id"))
        batch_op.drop_index(
            "ix_list_entries_present",
            sqlite_where=sa.text("left_on IS NULL"),
            postgresql_where=sa.text("left_on IS NULL"),
        )

    op.drop_table("list_entries")
    with op.batch_alter_table("key_reasons", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_key_reasons_present",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.drop_table("key_reasons")
    op.drop_table("credit_subscriptions")
    with op.batch_alter_table("credit_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_credit_events_subject_id"))
        batch_op.drop_index(batch_op.f("ix_credit_events_made_on"))

    op.drop_table("credit_events")
    with op.batch_alter_table("credit_classes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_credit_classes_subject_id"))
        batch_op.drop_index(batch_op.f("ix_credit_classes_review_on"))
        batch_op.drop_index(
            "ix_credit_classes_present",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.drop_table("credit_classes")
