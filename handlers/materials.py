"""The papers that the subject is asked to have ready, ticked at the door (需备材料)."""

from __future__ import annotations

from typing import Any

from actions import checklists
from handlers.buttons import button
from handlers.turn import Rows, Turn
from models.visits import Visit
from rules.refusal import Refusal


async def show(turn: Turn, visit: Visit) -> None:
    """The list; a tap says seen, one more missing, one more nothing again."""
    words = turn.words
    rows: Rows = [
        [
            button(
                words, "material", visit.id, place, label="button.material",
                mark=words(f"material.{visit.materials.get(name, 'open')}"), name=name,
            )
        ]
        for place, name in enumerate(visit.wanted_materials)
    ]  # fmt: skip
    rows.append([button(words, "materials_all", visit.id), button(words, "to_result", visit.id, label="button.back")])
    seen = sum(state == "seen" for state in visit.materials.values())
    await turn.show(f"visit:{visit.id}", words("materials.title", seen=seen, total=len(visit.wanted_materials)), rows)


async def tick(turn: Turn, visit: Visit) -> None:
    """Seen, missing, or nothing again."""
    if turn.args[1] >= len(visit.wanted_materials):
        raise Refusal("gone")
    name = visit.wanted_materials[turn.args[1]]
    following: dict[Any, str] = {None: "seen", "seen": "missing"}
    state = following.get(visit.materials.get(name), "")
    await checklists.tick_materials(turn.session, visit, {name: state}, turn.person, turn.now)
    await show(turn, visit)


async def all_seen(turn: Turn, visit: Visit) -> None:
    """`全部齐全`."""
    everything = dict.fromkeys(visit.wanted_materials, "seen")
    await checklists.tick_materials(turn.session, visit, everything, turn.person, turn.now)
    await show(turn, visit)
