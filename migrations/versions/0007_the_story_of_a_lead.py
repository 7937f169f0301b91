"""the story of a lead: moves, files, routes, desks, the office's clock"""

import sqlalchemy as sa
from alembic import op

from models.base import Instant, Json, Key

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

REFERENCES = (("source_organ_id", "organs"), ("better_organ_id", "organs"), ("point_id", "points"))
ITSELF = ("parent_id", "joined_to")
TEXTS = ("source", "question", "extend_why")


def upgrade() -> None:
    op.drop_index(op.f("ix_leads_visit_id"), "leads")
    op.drop_index(op.f("ix_leads_organ_id"), "leads")
    with op.batch_alter_table("leads") as leads:
        for name in ("origin", *TEXTS):
            leads.add_column(sa.Column(name, sa.String(), nullable=False, server_default=""))
        leads.add_column(sa.Column("reference", sa.String(), nullable=True))
        for name in (*(name for name, _ in REFERENCES), *ITSELF):
            leads.add_column(sa.Column(name, Key, nullable=True))
        for name in ("assigned", "extended"):
            leads.add_column(sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
        for name in ("extend_to", "due", "office_by"):
            leads.add_column(sa.Column(name, sa.Date(), nullable=True))
    op.execute("UPDATE leads SET origin = CASE WHEN visit_id IS NULL THEN 'free' ELSE 'visit' END")
    op.execute("UPDATE leads SET due = CASE WHEN state = 'accepted' THEN resolve_by ELSE accept_by END")
    op.execute("UPDATE leads SET due = accept_by WHERE due IS NULL")
    op.execute("UPDATE leads SET source_organ_id = (SELECT organ_id FROM people WHERE people.id = leads.sender_id)")
    with op.batch_alter_table("leads") as leads:
        for name in ("origin", *TEXTS, "assigned", "extended"):
            leads.alter_column(name, server_default=None)
        leads.alter_column("due", nullable=False)
        leads.alter_column("source_organ_id", nullable=False)
        leads.drop_column("accept_by")
        leads.drop_column("resolve_by")
        for name, table in (*REFERENCES, *((name, "leads") for name in ITSELF)):
            leads.create_foreign_key(op.f(f"fk_leads_{name}_{table}"), table, [name], ["id"])
        leads.create_unique_constraint(
            op.f("uq_leads_origin_source_reference_source_organ_id"),
            ["origin", "source", "reference", "source_organ_id"],
        )
    names = ("visit_id", "organ_id", "subject_id", "sender_id", "source_organ_id", "handler_id", "joined_to")
    for name in names:
        op.create_index(op.f(f"ix_leads_{name}"), "leads", [name])
    op.create_index("ix_leads_state_due", "leads", ["state", "due"])

    op.create_table(
        "lead_moves",
        sa.Column("id", Key, nullable=False),
        sa.Column("lead_id", Key, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("person_id", Key, nullable=True),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("organ_id", Key, nullable=True),
        sa.Column("to_person_id", Key, nullable=True),
        sa.Column("to_lead_id", Key, nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_lead_moves_lead_id_leads")),
        sa.ForeignKeyConstraint(["organ_id"], ["organs.id"], name=op.f("fk_lead_moves_organ_id_organs")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_lead_moves_person_id_people")),
        sa.ForeignKeyConstraint(["to_lead_id"], ["leads.id"], name=op.f("fk_lead_moves_to_lead_id_leads")),
        sa.ForeignKeyConstraint(["to_person_id"], ["people.id"], name=op.f("fk_lead_moves_to_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_moves")),
    )
    op.create_index(op.f("ix_lead_moves_lead_id"), "lead_moves", ["lead_id"])
    op.create_table(
        "lead_files",
        sa.Column("id", Key, nullable=False),
        sa.Column("lead_id", Key, nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("media", sa.String(), nullable=False),
        sa.Column("telegram_file", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_lead_files_lead_id_leads")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_lead_files_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_files")),
        sa.UniqueConstraint("lead_id", "sha256", name=op.f("uq_lead_files_lead_id_sha256")),
    )
    op.create_table(
        "lead_routes",
        sa.Column("id", Key, nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("words", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_routes")),
        sa.UniqueConstraint("department", "item", name=op.f("uq_lead_routes_department_item")),
    )
    op.create_table(
        "desks",
        sa.Column("id", Key, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("deputy_id", Key, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["deputy_id"], ["people.id"], name=op.f("fk_desks_deputy_id_people")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_desks_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desks")),
    )
    op.create_index(op.f("ix_desks_person_id"), "desks", ["person_id"])
    op.create_index(op.f("ix_desks_deputy_id"), "desks", ["deputy_id"])
    _copy_files()
    _tell_what_was()


def _copy_files() -> None:
    """The photos of the visit, which every reader of a lead could look at, go with it."""
    op.execute(
        "INSERT INTO lead_files (lead_id, sha256, media, telegram_file, kind, name, person_id, at)"
        " SELECT leads.id, e.sha256, e.media, e.telegram_file, e.kind, e.name, e.person_id, e.at"
        " FROM leads JOIN evidence e ON e.visit_id = leads.visit_id"
        " WHERE e.kind NOT IN ('page', 'position') AND e.id ="
        " (SELECT min(o.id) FROM evidence o WHERE o.visit_id = e.visit_id AND o.sha256 = e.sha256)"
    )


def _tell_what_was() -> None:
    """What the journal knows of older leads begins their story."""
    op.execute(
        "INSERT INTO lead_moves (lead_id, at, person_id, verb, text)"
        " SELECT j.noun_id, j.at, j.person_id, j.verb, j.why FROM journal j JOIN leads ON leads.id = j.noun_id"
        " WHERE j.noun = 'lead' AND j.verb IN ('send', 'accept', 'return') ORDER BY j.id"
    )
    op.execute(
        "INSERT INTO lead_moves (lead_id, at, person_id, verb, text)"
        " SELECT j.noun_id, j.at, j.person_id, 'resolve.' || leads.outcome, j.why"
        " FROM journal j JOIN leads ON leads.id = j.noun_id"
        " WHERE j.noun = 'lead' AND j.verb = 'resolve' ORDER BY j.id"
    )


def downgrade() -> None:
    """Only what the older tables can hold stays: a lead, its department and its state."""
    op.drop_table("desks")
    op.drop_table("lead_routes")
    op.drop_table("lead_files")
    op.drop_table("lead_moves")
    op.drop_index("ix_leads_state_due", "leads")
    for name in ("subject_id", "sender_id", "source_organ_id", "handler_id", "joined_to"):
        op.drop_index(op.f(f"ix_leads_{name}"), "leads")
    with op.batch_alter_table("leads") as leads:
        leads.add_column(sa.Column("accept_by", sa.Date(), nullable=True))
        leads.add_column(sa.Column("resolve_by", sa.Date(), nullable=True))
    op.execute("UPDATE leads SET accept_by = due, resolve_by = CASE WHEN state = 'accepted' THEN due END")
    with op.batch_alter_table("leads") as leads:
        leads.alter_column("accept_by", nullable=False)
        leads.drop_constraint(op.f("uq_leads_origin_source_reference_source_organ_id"), type_="unique")
        for name, table in (*REFERENCES, *((name, "leads") for name in ITSELF)):
            leads.drop_constraint(op.f(f"fk_leads_{name}_{table}"), type_="foreignkey")
        for name in ("origin", "reference", *TEXTS, *(name for name, _ in REFERENCES), *ITSELF, "assigned", "extended"):
            leads.drop_column(name)
        for name in ("extend_to", "due", "office_by"):
            leads.drop_column(name)
