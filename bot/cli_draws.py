"""Draws from the terminal: commit, run, release, open, void, list, audit, export; the same acts as in the chat."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import audit as audits
from actions import draws, seats
from actions.audit_results import Audit
from bot.cli_base import Json, in_transaction, look, words_of
from bot.settings import Settings
from locales import Words
from models.draws import Draw
from models.people import Person, with_role
from models.plans import Task
from models.visits import Seat, Visit
from rules.bundles import hexhash, sealed
from rules.refusal import Refusal

draw_app = typer.Typer(no_args_is_help=True)

By = Annotated[str, typer.Option("--by")]
Which = Annotated[str, typer.Argument(metavar="TASK|SEQUENCE")]
Witnesses = Annotated[list[str] | None, typer.Option("--witness")]
LONGEST_REASON = 500  # as in the chat
WIDEST = 12  # groups of a test that are shown in the terminal; --json has all


def _answer(as_json: bool, facts: dict[str, Any], *lines: str) -> None:
    typer.echo(json.dumps(facts, ensure_ascii=False) if as_json else "\n".join(lines))


def _wrong(key: str, hint: str) -> typer.BadParameter:
    return typer.BadParameter(words_of(Settings())(key).unescape(), param_hint=hint)


async def _task(session: AsyncSession, number: str) -> Task:
    task: Task | None = await session.scalar(select(Task).where(Task.number == number))
    if task is None:
        raise Refusal("cli.draw.unknown_task", number=number)
    return task


async def _draw(session: AsyncSession, which: str, *, lock: bool = True) -> Draw:
    """A draw by its own number or by its task's: the one that is not void, else the last."""
    query = select(Draw).join(Task, Task.id == Draw.task_id).where(Task.number == which)
    if len(which) < 10 and which.isdecimal() and which.isascii():
        query = select(Draw).where(Draw.sequence == int(which))
    query = query.order_by(Draw.state == "void", Draw.sequence.desc()).limit(1)
    draw: Draw | None = await session.scalar(query.with_for_update(of=Draw) if lock else query)
    if draw is None:
        raise Refusal("cli.draw.unknown", number=which)
    return draw


async def _person(session: AsyncSession, staff_no: str) -> Person:
    person: Person | None = await session.scalar(select(Person).where(Person.staff_no == staff_no))
    if person is None:
        raise Refusal("people.unknown", staff_no=staff_no)
    return person


async def _acting(session: AsyncSession, task: Task, staff_no: str) -> Person:
    """The supervisor of the task's organ in whose name this is done and journalled."""
    supervisors = await with_role(session, "supervisor", task.organ_id)
    if not staff_no and len(supervisors) == 1:
        return supervisors[0]
    if not staff_no:
        raise Refusal("cli.draw.by_whom", organ=task.organ.name)
    person = await _person(session, staff_no)
    if person.id not in {one.id for one in supervisors}:
        raise Refusal("cli.draw.not_supervisor", staff_no=staff_no, organ=task.organ.name)
    return person


@draw_app.command("commit")
def commit(
    task_number: Annotated[str, typer.Argument(metavar="TASK")],
    witness: Witnesses = None,
    beacon: Annotated[bool, typer.Option("--beacon")] = False,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Fix pool, inspectors and rules of a task's draw, and publish the commitment to them."""
    if bool(witness) == beacon:
        raise _wrong("cli.draw.one_source", "--witness, --beacon")

    async def work(session: AsyncSession, now: datetime) -> dict[str, Any]:
        task = await _task(session, task_number)
        acting = await _acting(session, task, by)
        people = [await _person(session, staff_no) for staff_no in witness or ()]
        draw = await draws.commit(session, task, people, Settings().authority, acting, now, beacon=beacon)
        source = {"round": draw.beacon_round} if beacon else {"witnesses": [person.organ.name for person in people]}
        return _standing(draw) | {"commitment": hexhash(draw.commitment)} | source

    facts = in_transaction(work, as_json)
    words = words_of(Settings())
    names = words("and").join(facts.get("witnesses", []))
    told = words("cli.draw.beacon" if beacon else "cli.draw.committed", **facts | {"witnesses": names})
    _answer(as_json, facts, told.unescape())


@draw_app.command("run")
def run(which: Which, by: By = "", as_json: Json = False) -> None:
    """Draw subjects and inspectors; the outcome stays sealed."""

    async def work(session: AsyncSession, now: datetime) -> dict[str, Any]:
        draw = await _draw(session, which)
        await draws.run(session, draw, await _acting(session, draw.task, by), now)
        await session.flush()
        counted = select(func.count(), func.count(Seat.person_id)).join(Visit, Visit.id == Seat.visit_id)
        every, filled = (await session.execute(counted.where(Visit.draw_id == draw.id))).tuples().one()
        visits = await session.scalar(select(func.count()).select_from(Visit).where(Visit.draw_id == draw.id))
        numbers = {"visits": visits, "seats": every, "open": every - filled}
        return _standing(draw) | {"outcome": hexhash(draw.certificate or b"")} | numbers

    facts = in_transaction(work, as_json)
    _answer(as_json, facts, words_of(Settings())("cli.draw.drawn", **facts).unescape())


@draw_app.command("release")
def release(
    which: Which,
    per_week: Annotated[int | None, typer.Option("--per-week", min=1)] = None,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Tell the inspectors of their visits, all at once or in weekly stages."""

    async def work(session: AsyncSession, now: datetime) -> dict[str, Any]:
        draw = await _draw(session, which)
        await seats.release(session, draw, await _acting(session, draw.task, by), now, per_week)
        await session.flush()
        days = [visit.release_on for visit in await draws.visits_of(session, draw) if visit.release_on]
        waiting = len(await draws.to_release(session, draw))
        last = max(days, default=now.date()).isoformat()
        numbers = {"visits": len(days), "released": len(days) - waiting, "per_week": per_week, "last": last}
        return _standing(draw) | numbers

    facts = in_transaction(work, as_json)
    _answer(
        as_json,
        facts,
        words_of(Settings())("cli.draw.released_weekly" if per_week else "cli.draw.released", **facts).unescape(),
    )


@draw_app.command("open")
def open_(which: Which, by: By = "", as_json: Json = False) -> None:
    """Publish secret, tables and certificate, so that anybody can replay the draw."""

    async def work(session: AsyncSession, now: datetime) -> dict[str, Any]:
        draw = await _draw(session, which)
        await draws.open_(session, draw, await _acting(session, draw.task, by), now)
        return _standing(draw)

    facts = in_transaction(work, as_json)
    _answer(as_json, facts, words_of(Settings())("cli.draw.opened", **facts).unescape())


@draw_app.command("void")
def void(
    which: Which,
    reason: Annotated[str, typer.Option("--reason")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """Give up a draw; its number stays, with the reason."""

    async def work(session: AsyncSession, now: datetime) -> dict[str, Any]:
        if not reason.strip():
            raise Refusal("reason_needed")
        draw = await _draw(session, which)
        why = reason.strip()[:LONGEST_REASON]
        await draws.void(session, draw, why, await _acting(session, draw.task, by), now)
        return _standing(draw) | {"reason": draw.void_reason}

    facts = in_transaction(work, as_json)
    _answer(as_json, facts, words_of(Settings())("cli.draw.voided", **facts).unescape())


def _standing(draw: Draw) -> dict[str, Any]:
    return {"sequence": draw.sequence, "task": draw.task.number, "state": draw.state}


@draw_app.command("list")
def list_(as_json: Json = False) -> None:
    """All draws, the newest first."""

    async def work(session: AsyncSession) -> list[dict[str, Any]]:
        columns = (Draw.sequence, Draw.state, Draw.committed_at, Draw.void_reason, Task.number, Task.name)
        query = select(*columns).join(Task, Task.id == Draw.task_id).order_by(Draw.sequence.desc())
        return [
            {"sequence": number, "state": state, "committed_at": at, "reason": reason, "task": task, "name": name}
            for number, state, at, reason, task, name in (await session.execute(query)).tuples()
        ]

    found = look(work, as_json)
    words = words_of(Settings())
    lines = [
        words("cli.draw.line", **one | {"at": one["committed_at"], "state": words(f"draw.{one['state']}")}).unescape()
        for one in found
    ]
    listed = [one | {"committed_at": one["committed_at"].isoformat()} for one in found]
    _answer(as_json, {"draws": listed}, *(lines or [words("cli.draw.none").unescape()]))


@draw_app.command("audit")
def audit(as_json: Json = False) -> None:
    """Is anybody favoured, over all draws? Exit code 1 if something is there that no honest draw would show."""
    found = look(audits.audit, as_json)
    _answer(as_json, asdict(found) | {"alarms": found.alarms}, *describe(words_of(Settings()), found))
    raise typer.Exit(1 if found.alarms else 0)


def describe(words: Words, found: Audit) -> list[str]:
    """The audit in lines for a terminal."""
    lines = [words("audit.title", draws=found.draws, strata=len(found.strata))]
    for grouping, one in found.pooled.items():
        name, test = words(f"audit.by.{grouping}"), one.verdict
        statistic, chance = f"{test.statistic:.2f}", f"{test.chance:.3g}"
        lines.append(words("audit.test", name=name, statistic=statistic, freedom=test.freedom, chance=chance))
        odd = sorted(one.groups, key=lambda group: -abs(group.observed - group.expected))[:WIDEST]
        for group in odd:
            label = words(f"audit.history.{group.name}") if grouping == "history" else group.name
            share = f"{group.expected:.1f}"
            lines.append(words("audit.group", name=label, observed=group.observed, expected=share, size=group.size))
    for visits, subjects in found.visits_per_subject.items():
        lines.append(words("audit.repeats", visits=visits, subjects=subjects))
    for load in found.loads:
        rounded = {"gini": f"{load.gini:.3f}", "median": f"{load.median:g}"}
        lines += [words("audit.load", **vars(load) | rounded)]
    lines += [words("audit.seats", department=name, **kinds) for name, kinds in found.seats.items()]
    lines.append(words("audit.pairs", number=sum(found.repeat_pairs.values())))
    for covered in found.coverage:
        percent = f"{100 * covered.visited / covered.pool:.1f}"
        lines += [words("audit.coverage", percent=percent, **vars(covered))]
    alarms = words("comma").join(_alarm(words, alarm, found) for alarm in found.alarms)
    lines.append(words("audit.alarms", alarms=alarms) if found.alarms else words("audit.calm"))
    return [line.unescape() for line in lines]


def _alarm(words: Words, alarm: str, found: Audit) -> str:
    if alarm in found.pooled:
        return words(f"audit.by.{alarm}")
    if alarm == "unlisted":
        return words("audit.unlisted", number=found.unlisted)
    sequence, _, stratum = alarm.partition(":")
    return words("audit.stratum", number=sequence, stratum=stratum)


@draw_app.command("export")
def export(
    sequence: Annotated[str, typer.Argument(metavar="SEQUENCE")],
    folder: Annotated[Path, typer.Argument(file_okay=False)],
    as_json: Json = False,
) -> None:
    """The bundle of a draw as files: all of it once opened, before that what is public."""
    if folder.is_dir() and any(folder.iterdir()):
        raise _wrong("cli.draw.folder_not_empty", "FOLDER")

    async def work(session: AsyncSession) -> tuple[dict[str, Any], dict[str, bytes]]:
        draw = await _draw(session, sequence, lock=False)
        files = {"commitment.json": draw.commitment}
        if draw.state == "opened":
            files |= await draws.files_of(session, draw)
        if draw.state in ("sealed", "opened") and draw.certificate:
            files["sealed.json"] = sealed(draw.commitment, draw.certificate)
        previous = await session.scalar(select(Draw.commitment).where(Draw.sequence == draw.sequence - 1))
        if previous:
            files["previous.json"] = previous  # the commitment before it, for the chain
        return _standing(draw), files

    facts, files = look(work, as_json)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, body in files.items():
            (folder / name).write_bytes(body)
    except OSError as error:
        raise typer.BadParameter(str(error.strerror), param_hint="FOLDER") from error
    facts |= {"folder": str(folder), "files": sorted(files)}
    _answer(as_json, facts, words_of(Settings())("cli.draw.exported", **facts | {"files": len(files)}).unescape())
