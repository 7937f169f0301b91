"""annual plans with their approval, the wording of the item list"""

import sqlalchemy as sa
from alembic import op

from models.base import Instant, Key

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plans",
        sa.Column("id", Key, nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("edition", Key, nullable=False),
        sa.Column("version", Key, nullable=False),
        sa.Column("year", Key, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("organ_id", Key, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("change", sa.String(), nullable=False),
        sa.Column("rejected", sa.String(), nullable=False),
        sa.Column("drafted_by", Key, nullable=True),
        sa.Column("drafted_at", Instant(), nullable=False),
        sa.Column("submitted_by", Key, nullable=True),
        sa.Column("submitted_at", Instant(), nullable=True),
        sa.Column("approved_at", Instant(), nullable=True),
        sa.Column("filed_at", Instant(), nullable=True),
        sa.Column("filed_with", sa.String(), nullable=False),
        sa.Column("published_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["drafted_by"], ["people.id"], name=op.f("fk_plans_drafted_by_people")),
        sa.ForeignKeyConstraint(["organ_id"], ["organs.id"], name=op.f("fk_plans_organ_id_organs")),
        sa.ForeignKeyConstraint(["submitted_by"], ["people.id"], name=op.f("fk_plans_submitted_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sa.UniqueConstraint("number", "edition", name=op.f("uq_plans_number_edition")),
    )
    op.create_index(op.f("ix_plans_organ_id"), "plans", ["organ_id"])

    op.create_table(
        "planned_tasks",
        sa.Column("id", Key, nullable=False),
        sa.Column("plan_id", Key, nullable=False),
        sa.Column("number", Key, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("ratio", sa.Numeric(6, 3), nullable=False),
        sa.Column("seats", Key, nullable=False),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["area_code"], ["areas.code"], name=op.f("fk_planned_tasks_area_code_areas")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_planned_tasks_plan_id_plans")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned_tasks")),
        sa.UniqueConstraint("plan_id", "number", name=op.f("uq_planned_tasks_plan_id_number")),
    )
    op.create_table(
        "planned_items",
        sa.Column("id", Key, nullable=False),
        sa.Column("planned_id", Key, nullable=False),
        sa.Column("position", Key, nullable=False),
        sa.Column("item_id", Key, nullable=False),
        sa.Column("organ_id", Key, nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_planned_items_item_id_items")),
        sa.ForeignKeyConstraint(["organ_id"], ["organs.id"], name=op.f("fk_planned_items_organ_id_organs")),
        sa.ForeignKeyConstraint(
            ["planned_id"], ["planned_tasks.id"], name=op.f("fk_planned_items_planned_id_planned_tasks")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_planned_items")),
        sa.UniqueConstraint("planned_id", "item_id", name=op.f("uq_planned_items_planned_id_item_id")),
    )
    op.create_table(
        "plan_decisions",
        sa.Column("id", Key, nullable=False),
        sa.Column("plan_id", Key, nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_plan_decisions_person_id_people")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_decisions_plan_id_plans")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_decisions")),
    )
    op.create_index(op.f("ix_plan_decisions_plan_id"), "plan_decisions", ["plan_id"])

    with op.batch_alter_table("tasks") as tasks:
        tasks.add_column(sa.Column("planned_id", Key, nullable=True))
        tasks.create_foreign_key(op.f("fk_tasks_planned_id_planned_tasks"), "planned_tasks", ["planned_id"], ["id"])
        tasks.create_index(op.f("ix_tasks_planned_id"), ["planned_id"])
    with op.batch_alter_table("items") as items:
        items.add_column(sa.Column("actor", sa.String(), nullable=False, server_default=""))
        items.add_column(sa.Column("change", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("items") as items:
        items.alter_column("actor", server_default=None)
        items.alter_column("change", server_default=None)


def downgrade() -> None:
    """Plans are lost: the old tables have no place for them."""
    with op.batch_alter_table("items") as items:
        items.drop_column("change")
        items.drop_column("actor")
    with op.batch_alter_table("tasks") as tasks:
        tasks.drop_index(op.f("ix_tasks_planned_id"))
        tasks.drop_constraint(op.f("fk_tasks_planned_id_planned_tasks"), type_="foreignkey")
        tasks.drop_column("planned_id")
    op.drop_table("plan_decisions")
    op.drop_table("planned_items")
    op.drop_table("planned_tasks")
    op.drop_table("plans")
