"""joint tasks, stages of a release, replacements"""

import sqlalchemy as sa
from alembic import op

from models.base import Instant, Json, Key

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "task_items",
        sa.Column("id", Key, nullable=False),
        sa.Column("task_id", Key, nullable=False),
        sa.Column("position", Key, nullable=False),
        sa.Column("item_id", Key, nullable=False),
        sa.Column("organ_id", Key, nullable=False),
        sa.Column("agreed_by", Key, nullable=True),
        sa.Column("agreed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["agreed_by"], ["people.id"], name=op.f("fk_task_items_agreed_by_people")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_task_items_item_id_items")),
        sa.ForeignKeyConstraint(["organ_id"], ["organs.id"], name=op.f("fk_task_items_organ_id_organs")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_items_task_id_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_items")),
        sa.UniqueConstraint("task_id", "item_id", name=op.f("uq_task_items_task_id_item_id")),
    )
    op.create_index(op.f("ix_task_items_organ_id"), "task_items", ["organ_id"])
    op.execute(
        "INSERT INTO task_items (task_id, position, item_id, organ_id) SELECT id, 0, item_id, organ_id FROM tasks"
    )

    op.create_table(
        "visit_parts",
        sa.Column("id", Key, nullable=False),
        sa.Column("visit_id", Key, nullable=False),
        sa.Column("position", Key, nullable=False),
        sa.Column("item_id", Key, nullable=False),
        sa.Column("checklist_id", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["checklist_id"], ["checklists.id"], name=op.f("fk_visit_parts_checklist_id_checklists")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_visit_parts_item_id_items")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_visit_parts_visit_id_visits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_parts")),
        sa.UniqueConstraint("visit_id", "item_id", name=op.f("uq_visit_parts_visit_id_item_id")),
    )
    op.execute(
        "INSERT INTO visit_parts (visit_id, position, item_id, checklist_id)"
        " SELECT visits.id, 0, tasks.item_id, visits.checklist_id FROM visits JOIN tasks ON tasks.id = visits.task_id"
    )

    op.create_table(
        "joint_offers",
        sa.Column("id", Key, nullable=False),
        sa.Column("host_id", Key, nullable=False),
        sa.Column("guest_id", Key, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", Key, nullable=False),
        sa.Column("asked_by", Key, nullable=True),
        sa.Column("answered_by", Key, nullable=True),
        sa.Column("made_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["answered_by"], ["people.id"], name=op.f("fk_joint_offers_answered_by_people")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_joint_offers_asked_by_people")),
        sa.ForeignKeyConstraint(["guest_id"], ["visits.id"], name=op.f("fk_joint_offers_guest_id_visits")),
        sa.ForeignKeyConstraint(["host_id"], ["visits.id"], name=op.f("fk_joint_offers_host_id_visits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_offers")),
        sa.UniqueConstraint("host_id", "guest_id", name=op.f("uq_joint_offers_host_id_guest_id")),
    )
    op.create_index(op.f("ix_joint_offers_guest_id"), "joint_offers", ["guest_id"])

    op.add_column("draws", sa.Column("per_week", Key, nullable=True))

    with op.batch_alter_table("seats") as seats:
        seats.add_column(sa.Column("slot", Key, nullable=True))
        seats.add_column(sa.Column("drawn_for", Key, nullable=True))
        seats.create_foreign_key(op.f("fk_seats_drawn_for_visits"), "visits", ["drawn_for"], ["id"])
    op.execute("UPDATE seats SET slot = number")
    with op.batch_alter_table("seats") as seats:
        seats.alter_column("slot", nullable=False)

    with op.batch_alter_table("tasks") as tasks:
        tasks.add_column(sa.Column("factors", Json, nullable=False, server_default="{}"))
        tasks.drop_constraint(op.f("fk_tasks_item_id_items"), type_="foreignkey")
        tasks.drop_column("item_id")
    with op.batch_alter_table("tasks") as tasks:
        tasks.alter_column("factors", server_default=None)

    with op.batch_alter_table("visits") as visits:
        visits.add_column(sa.Column("release_on", sa.Date(), nullable=True))
        visits.add_column(sa.Column("merged_into", Key, nullable=True))
        visits.add_column(sa.Column("replaces", Key, nullable=True))
        visits.add_column(sa.Column("closed_because", sa.String(), nullable=False, server_default=""))
        visits.create_foreign_key(op.f("fk_visits_merged_into_visits"), "visits", ["merged_into"], ["id"])
        visits.create_foreign_key(op.f("fk_visits_replaces_visits"), "visits", ["replaces"], ["id"])
        visits.drop_constraint(op.f("fk_visits_checklist_id_checklists"), type_="foreignkey")
        visits.drop_column("checklist_id")
    with op.batch_alter_table("visits") as visits:
        visits.alter_column("closed_because", server_default=None)


def downgrade() -> None:
    """Only for a database without joint tasks: what they hold has no place in the old tables."""
    with op.batch_alter_table("visits") as visits:
        visits.add_column(sa.Column("checklist_id", Key, nullable=True))
        visits.drop_constraint(op.f("fk_visits_replaces_visits"), type_="foreignkey")
        visits.drop_constraint(op.f("fk_visits_merged_into_visits"), type_="foreignkey")
        visits.drop_column("closed_because")
        visits.drop_column("replaces")
        visits.drop_column("merged_into")
        visits.drop_column("release_on")
    op.execute(
        "UPDATE visits SET checklist_id ="
        " (SELECT checklist_id FROM visit_parts WHERE visit_id = visits.id AND position = 0)"
    )
    with op.batch_alter_table("visits") as visits:
        visits.alter_column("checklist_id", nullable=False)
        visits.create_foreign_key(op.f("fk_visits_checklist_id_checklists"), "checklists", ["checklist_id"], ["id"])

    with op.batch_alter_table("tasks") as tasks:
        tasks.add_column(sa.Column("item_id", Key, nullable=True))
        tasks.drop_column("factors")
    op.execute("UPDATE tasks SET item_id = (SELECT item_id FROM task_items WHERE task_id = tasks.id AND position = 0)")
    with op.batch_alter_table("tasks") as tasks:
        tasks.alter_column("item_id", nullable=False)
        tasks.create_foreign_key(op.f("fk_tasks_item_id_items"), "items", ["item_id"], ["id"])

    with op.batch_alter_table("seats") as seats:
        seats.drop_constraint(op.f("fk_seats_drawn_for_visits"), type_="foreignkey")
        seats.drop_column("drawn_for")
        seats.drop_column("slot")
    op.drop_column("draws", "per_week")
    op.drop_table("visit_parts")
    op.drop_table("joint_offers")
    op.drop_table("task_items")
