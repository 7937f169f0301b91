"""How a draw is released: all at once, or so many visits an inspector a week (分批下达)."""

from __future__ import annotations

import re

from actions import seats
from actions.draws import to_release
from handlers import draws
from handlers.buttons import button
from handlers.turn import Rows, Turn
from models.draws import Draw
from rules.refusal import Refusal
from rules.stages import OFFERED

MOST = 1000  # a week; more says nothing


async def ask(turn: Turn, draw: Draw) -> None:
    """`下达`: all at once, or in stages?"""
    if draw.state != "sealed" or draw.released_at:
        await draws.show(turn, draw)
        return
    words, ids, v = turn.words, (draw.id,), draw.version
    turn.wait_for("draw.per_week", draw=draw.id)
    weekly = [button(words, "release_weekly", *ids, n, version=v, number=n) for n in OFFERED]
    rows: Rows = [[button(words, "release_all", *ids, version=v)], weekly[:2], weekly[2:]]
    rows.append([button(words, "draw", *ids, label="button.back")])
    waiting = await to_release(turn.session, draw)
    await turn.show(f"draw:{draw.id}", words("draw.how_to_release", number=draw.sequence, visits=len(waiting)), rows)


async def at_once(turn: Turn, draw: Draw) -> None:
    """`一次全部`."""
    await _release(turn, draw, None)


async def weekly(turn: Turn, draw: Draw) -> None:
    """`每人每周 N 户`, as tapped."""
    await _release(turn, draw, turn.args[1])


async def typed(turn: Turn, draw: int) -> None:
    """The number of visits a week was typed."""
    numbers = re.findall(r"\d+", turn.text)
    if len(numbers) != 1 or len(numbers[0]) > 4 or not 1 <= int(numbers[0]) <= MOST:
        raise Refusal("draws.per_week")
    turn.args = [draw]
    await _release(turn, await draws.load(turn), int(numbers[0]))


async def _release(turn: Turn, draw: Draw, per_week: int | None) -> None:
    await seats.release(turn.session, draw, turn.person, turn.now, per_week)
    turn.wait_no_more()
    await turn.session.flush()
    await draws.show(turn, draw)


async def release_next(turn: Turn, draw: Draw) -> None:
    """`提前下达下一批`."""
    number = await seats.release_next(turn.session, draw, turn.person, turn.now)
    turn.toast(turn.words("draw.stage_released", number))
    await turn.session.flush()
    await draws.show(turn, draw)
