"""Holding a draw in the chat: commit, hear the witnesses, draw, tell the inspectors, open."""

from __future__ import annotations

from collections import Counter
from typing import Any

from markupsafe import Markup
from sqlalchemy import func, select

from actions import beacons, draws, seats
from actions.notify import notify
from handlers import oversight
from handlers import seats as seat_cards
from handlers.buttons import MOST, button, leaf, turning
from handlers.turn import Rows, Turn
from locales import Words
from models.database import page_of
from models.draws import Draw, Witness, tasks_to_draw
from models.people import Chat, Person
from models.plans import Task
from models.visits import Seat, Visit
from rules.bundles import hexhash
from rules.draw import read_commitment
from rules.refusal import Refusal

LISTED = 8
LONGEST = 500  # characters of a witness


async def load(turn: Turn) -> Draw:
    """The draw that a button speaks of, for supervisors of its organ."""
    supervisor = turn.needs("supervisor")
    draw = await turn.session.scalar(select(Draw).where(Draw.id == turn.args[0]).with_for_update(of=Draw))
    if draw is None or draw.task.organ_id != supervisor.organ_id:
        raise Refusal("gone")
    return draw


async def listed(turn: Turn, _: Any = None) -> None:
    """`/draws`: the draws of one's organ, the newest first."""
    supervisor = turn.needs("supervisor")
    words = turn.words
    mine = Draw.task_id.in_(select(Task.id).where(Task.organ_id == supervisor.organ_id))
    query = select(Draw).where(mine).order_by(Draw.sequence.desc())
    held, page, pages = await page_of(turn.session, query, turn.args[0] if turn.args else 0, LISTED)
    lines = [words("draws.title") if held else words("draws.none")]
    lines += [
        words("draws.line", number=one.sequence, task=one.task.name, state=words(f"draw.{one.state}")) for one in held
    ]
    rows: Rows = [
        [
            button(
                words,
                "draw",
                one.id,
                label="button.draw_line",
                number=one.sequence,
                state=words(f"draw.{one.state}"),
            )
        ]
        for one in held
    ]
    rows.append(turning(words, "draws", page=page, pages=pages))
    rows.append([button(words, "new_draw"), button(words, "me")])
    await turn.show("draws", Markup("\n").join(lines), [row for row in rows if row])


async def choose_witnesses(turn: Turn, task: Task) -> None:
    """`承诺`: which two organs witness? Those come first that do not hold the draw."""
    words = turn.words
    chosen = turn.args[1:]
    people = await _possible_witnesses(turn)
    rows: Rows = [
        [button(words, "witness_2" if chosen else "witness_1", task.id, *chosen, one.id, label="button.person",
                name=one.name, organ=one.organ.name)]
        for one in people
        if one.organ_id not in {other.organ_id for other in people if other.id in chosen}
    ][:MOST]  # fmt: skip
    if not chosen:
        rows.insert(0, [button(words, "beacon", task.id)])
    rows.append([button(words, "task", task.id, label="button.cancel")])
    await turn.show("tasks", words("draw.second_witness" if chosen else "draw.first_witness"), rows)


async def _possible_witnesses(turn: Turn) -> list[Person]:
    query = select(Person).join(Chat, Chat.person_id == Person.id).where(Person.status == "active")
    people = [one for one in await turn.session.scalars(query) if {"liaison", "supervisor"} & set(one.roles)]
    home, area = turn.person.organ_id, turn.person.organ.area_code
    people.sort(key=lambda one: (one.organ_id == home, one.organ.area_code != area, "liaison" not in one.roles, one.id))
    return people


async def commit(turn: Turn, task: Task) -> None:
    """Both witnesses are named: the commitment is made and published."""
    people = {one.id: one for one in await _possible_witnesses(turn)}
    chosen = [people[number] for number in turn.args[1:] if number in people]
    draw = await draws.commit(turn.session, task, chosen, turn.house.authority, turn.person, turn.now)
    await show(turn, draw)


async def commit_to_beacon(turn: Turn, task: Task) -> None:
    """`公共随机信标`: the commitment is made; a public beacon's round after it will decide."""
    draw = await draws.commit(turn.session, task, [], turn.house.authority, turn.person, turn.now, beacon=True)
    await show(turn, draw)


async def show(turn: Turn, draw: Draw) -> None:
    """The draw's card in each state."""
    words = turn.words
    ids, v = (draw.id,), draw.version
    page = [(str(words("button.page")), f"{turn.house.public_url}/draws/{draw.sequence}")]
    page.append(button(words, "draws", label="button.back"))
    committed = read_commitment(draw.commitment)
    digest = hexhash(draw.commitment)
    lines = [words(f"draw.title.{draw.state}", number=draw.sequence, task=draw.task.name, at=draw.committed_at)]
    rows: Rows
    if draw.state == "committed":
        quota = sum(stratum["quota"] for stratum in committed["pool"]["strata"])
        lines.append(
            words(
                "draw.pool",
                size=committed["pool"]["size"],
                quota=quota,
                people=committed["inspectors"]["size"],
                digest=f"{digest[:4]}…{digest[-2:]}",
            )
        )
        if draw.task.order_only:
            lines.append(words("draw.order_only"))
        ready = draws.entropy_of(draw) is not None
        void = button(words, "void", *ids, version=v)
        if draw.beacon_round:
            at = beacons.time_of(draw.beacon_round)
            lines.append(words("draw.beacon_in" if ready else "draw.beacon", round=draw.beacon_round, at=at))
        else:
            key = "draw.witnessed" if ready else "draw.witnesses"
            lines.append(words(key, names=_witnesses(words, draw.witnesses)))
        if ready:
            rows = [[button(words, "run", *ids, version=v), void], page]
        elif draw.beacon_round:
            rows = [[button(words, "draw", *ids, label="button.look_again"), void], page]
        else:
            rows = [[button(words, "remind", *ids, version=v), void], page]
    elif draw.state == "void":
        lines.append(words("draw.void_because", reason=draw.void_reason))
        rows = [[button(words, "task", draw.task_id, label="button.see_task")], page]  # whose next draw may begin
    else:
        visits, departments, neighbours, vacant = await _counts(turn, draw)
        all_seats = departments.total()
        lines.append(words("draw.outcome", visits=visits, seats=all_seats, neighbours=neighbours, open=vacant))
        if draw.task.order_only:
            lines.append(words("draw.order_only"))
        if len(departments) > 1:
            by_department = (words("draw.seats_of", seats, name=name) for name, seats in departments.items())
            lines.append(words("draw.by_department", seats=words("comma").join(by_department)))
        rows = []
        if vacant:
            rows.append([button(words, "appoint", *ids, label="button.appoint", n=vacant)])
        if draw.released_at is None:
            rows.append([button(words, "release", *ids, version=v), button(words, "void", *ids, version=v)])
        elif draw.state == "sealed":
            told, more = await oversight.release_rows(turn, draw)
            lines, rows = lines + told, rows + more
        rows.append([button(words, "draw_visits", *ids, 0)])
        rows.append(page)
    await turn.show(f"draw:{draw.id}", Markup("\n").join(lines), rows)


def _witnesses(words: Words, witnesses: list[Witness]) -> Markup:
    return words("dot").join(
        words("draw.witness_in" if one.contribution is not None else "draw.witness_waiting", name=one.name)
        for one in witnesses
    )


async def _counts(turn: Turn, draw: Draw) -> tuple[int, Counter[str], int, int]:
    """Visits, seats of each department, how many of them from neighbouring areas, how many empty."""
    drawn_for = func.coalesce(Seat.drawn_for, Seat.visit_id)  # two visits may have become one
    columns = (Visit.id, Seat.department, Seat.mode, Seat.state)
    query = (
        select(*columns).join(Visit, Visit.id == drawn_for).where(Visit.draw_id == draw.id, Visit.state != "dropped")
    )
    rows = list((await turn.session.execute(query.order_by(Visit.position, Seat.slot))).tuples())
    return (
        len({visit for visit, *_ in rows}),
        Counter(department for _, department, *_ in rows),
        sum(mode == "neighbour" for *_, mode, _ in rows),
        sum(state == "open" for *_, state in rows),
    )


async def run(turn: Turn, draw: Draw) -> None:
    """`抽取`."""
    await draws.run(turn.session, draw, turn.person, turn.now)
    await show(turn, draw)


async def open_(turn: Turn, draw: Draw) -> None:
    """`公开`: everything is published, anybody can replay it."""
    await draws.open_(turn.session, draw, turn.person, turn.now)
    await show(turn, draw)


async def ask_void(turn: Turn, draw: Draw) -> None:
    """`作废`: why?"""
    turn.wait_for("draw.void", draw=draw.id)
    rows = [[button(turn.words, "draw", draw.id, label="button.back")]]
    await turn.show(f"draw:{draw.id}", turn.words("draw.why_void", number=draw.sequence), rows)


async def void(turn: Turn, draw: int) -> None:
    """The reason was typed; the draw is void and its number stays."""
    turn.args = [draw]
    held = await load(turn)
    await draws.void(turn.session, held, turn.said(), turn.person, turn.now)
    turn.wait_no_more()
    await show(turn, held)


async def remind(turn: Turn, draw: Draw) -> None:
    """`提醒见证人`: whoever has not contributed is asked again, at most once an hour."""
    for one in draw.witnesses:
        if one.contribution is None:
            key = f"{draw.id}:{turn.now:%Y%m%d%H}"
            await notify(turn.session, one.person_id, "draws.witness", key, turn.now, urgent=True, draw=draw.id)
    turn.toast(turn.words("draw.reminded"))


async def appoint(turn: Turn, draw: Draw) -> None:
    """`指派`: the first open seat of the draw."""
    vacant = await seats.open_seats(turn.session, draw)
    if not vacant:
        await show(turn, draw)
        return
    turn.args = [vacant[0].visit_id, vacant[0].number]
    await seat_cards.show_open(turn, await seat_cards.open_seat(turn))


async def as_witness(turn: Turn) -> Draw:
    """The draw that somebody is asked to witness."""
    draw = await turn.session.scalar(select(Draw).where(Draw.id == turn.args[0]).with_for_update(of=Draw))
    if draw is None or all(one.person_id != turn.person.id for one in draw.witnesses):
        raise Refusal("draws.not_witness")
    return draw


async def ask_witness(turn: Turn, draw: Draw) -> None:
    """`见证`: write anything; nobody sees it before all have written."""
    mine = next(one for one in draw.witnesses if one.person_id == turn.person.id)
    words = turn.words
    if mine.contribution is not None or draw.state != "committed":
        await turn.show(f"witness:{draw.id}", words("witness.done", number=draw.sequence))
        return
    turn.wait_for("draw.witness", draw=draw.id)
    await turn.show(f"witness:{draw.id}", words("witness.write", number=draw.sequence))


async def witnessed(turn: Turn, draw: int) -> None:
    """A witness's words."""
    if not turn.text or len(turn.text) > LONGEST:
        raise Refusal("draws.words_length", most=LONGEST)
    turn.args = [draw]
    held = await as_witness(turn)
    await draws.contribute(turn.session, held, turn.person, turn.text, turn.now)
    turn.wait_no_more()
    await turn.show(f"witness:{held.id}", turn.words("witness.done", number=held.sequence))


async def tasks_without_draw(turn: Turn, _: Any) -> None:
    """`新抽取`: for which task? Only those are offered for which a draw can be made now."""
    supervisor = turn.needs("supervisor")
    words = turn.words
    found = await tasks_to_draw(turn.session, supervisor.organ_id, turn.today)
    shown, more = leaf(words, found, "new_draw", page=turn.args[0] if turn.args else 0, size=LISTED)
    lines = [words("draws.for_which" if found else "draws.nothing_to_draw")]
    rows: Rows = []
    for number, one in shown:
        lines.append(words("tasks.line", number=number, name=one.name, area=one.area.name, ends=one.ends))
        rows.append([button(words, "task", one.id, label="button.numbered", number=number, name=one.name)])
    rows += more if found else [[button(words, "plans", label="button.see_tasks"), button(words, "new_task")]]
    rows.append([button(words, "draws", label="button.back")])
    await turn.show("draws", Markup("\n").join(lines), rows)
