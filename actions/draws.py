"""Holds a draw: commits to it, gathers what its witnesses say, draws, and opens it (docs/draw.md)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from actions import beacons, clock, offers, pools
from actions.journal import record
from actions.notify import notify
from models.draws import Draw, DrawEntry, DrawFile, Witness, draw_files, draw_of_task, whole
from models.people import Person
from models.plans import Task
from models.subjects import Subject
from models.visits import JointOffer, Part, Seat, Visit
from rules import bundles
from rules import draw as rules
from rules.refusal import Refusal

LINES_A_PIECE = 4096


async def commit(
    session: AsyncSession,
    task: Task,
    witnesses: Sequence[Person],
    authority: str,
    by: Person,
    now: datetime,
    *,
    beacon: bool = False,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> Draw:
    """Freeze pool, inspectors and rules of a task's draw, and publish the commitment to them.

    The randomness will come from a public beacon, a minute from now at the earliest, or from at least two witnesses of
    different organs. One draw a task, unless the last is void, and none when its time is over.
    """
    if task.targeted:
        raise Refusal("draws.targeted")
    if task.ends < now.date():
        raise Refusal("draws.window_over", ends=task.ends)
    if not beacon and (len({person.organ_id for person in witnesses}) != len(witnesses) or len(witnesses) < 2):
        raise Refusal("draws.two_witnesses")
    beacon_round = beacons.round_after(now) if beacon else None
    source: dict[str, Any] = {"kind": "witness", "witnesses": [person.organ.name for person in witnesses]}
    if beacon_round:
        source = {"kind": "drand", "chain": rules.QUICKNET, "round": beacon_round}
    if await draw_of_task(session, task.id):
        raise Refusal("draws.held_already")
    last = await session.scalar(select(Draw).order_by(Draw.sequence.desc()).limit(1).with_for_update(of=Draw))
    await clock.goes_on(session, now, last.committed_at if last else None)
    pool_key, secret = random(32), random(32)
    pool = await pools.build(session, task, pool_key, now)
    commitment = bundles.commitment(
        pool.tables,
        pool.quotas,
        authority=authority,
        task=task.number,
        sequence=last.sequence + 1 if last else 1,
        previous=bundles.hexhash(last.commitment) if last else rules.FIRST,
        rules=pool.rules,
        secret_hash=bundles.hexhash(secret),
        entropy=source,
        committed_at=utc(now),
    )
    draw = Draw(
        sequence=last.sequence + 1 if last else 1,
        task_id=task.id,
        state="committed",
        commitment=commitment,
        secret=secret,
        pool_key=pool_key,
        committed_at=now,
        supervisor_id=by.id,
        beacon_round=beacon_round,
        witnesses=[
            Witness(position=position, person_id=person.id, name=person.organ.name)
            for position, person in enumerate(witnesses)
        ],
    )
    session.add(draw)
    await session.flush()
    for name, lines in pool.tables.items():
        for part, start in enumerate(range(0, len(lines), LINES_A_PIECE)):
            body = b"\n".join(lines[start : start + LINES_A_PIECE])
            session.add(DrawFile(draw_id=draw.id, name=name, part=part, body=body))
    record(session, now, by, "commit", "draw", draw.id, after={"commitment": bundles.hexhash(commitment)})
    for person in witnesses:
        await notify(session, person.id, "draws.witness", str(draw.id), now, urgent=True, draw=draw.id)
    await session.refresh(draw)
    return draw


async def contribute(session: AsyncSession, draw: Draw, by: Person, text: str, now: datetime) -> bool:
    """Take a witness's words, once; whether all are in now. Nobody is shown them before (docs/draw.md)."""
    witness = next((one for one in draw.witnesses if one.person_id == by.id), None)
    if witness is None or draw.state != "committed":
        raise Refusal("draws.not_witness")
    if witness.contribution is not None:
        raise Refusal("draws.contributed_already")
    await clock.goes_on(session, now, draw.committed_at)
    witness.contribution, witness.contributed_at = text, now
    said = {"witness": witness.name, "words": bundles.veiled_words(draw.secret, text)}
    await append(session, draw, {"at": utc(now), "kind": "witnessed"} | said)
    record(session, now, by, "contribute", "draw", draw.id, after=said)
    if any(one.contribution is None for one in draw.witnesses):
        return False
    draw.version += 1
    await notify(session, draw.supervisor_id, "draws.ready", str(draw.id), now, urgent=True, draw=draw.id)
    return True


def entropy_of(draw: Draw) -> dict[str, Any] | None:
    """The public randomness of a draw as its certificate will name it; None while it is not there."""
    if draw.beacon_round:
        return draw.beacon
    if any(one.contribution is None for one in draw.witnesses):
        return None
    contributions = [{"witness": one.name, "text": one.contribution} for one in draw.witnesses]
    return {"kind": "witness", "contributions": contributions}


async def files_of(session: AsyncSession, draw: Draw) -> dict[str, bytes]:
    """The bundle of a draw as it would be published when opened."""
    tables = dict.fromkeys(rules.TABLES, b"") | await draw_files(session, draw.id)
    await whole(session, draw)
    files = {"commitment.json": draw.commitment, **tables}
    if draw.certificate:
        files["certificate.json"] = draw.certificate
    return files


async def run(session: AsyncSession, draw: Draw, by: Person, now: datetime) -> None:
    """Draw: subjects, order of visits, inspectors. The outcome is fixed and stays sealed."""
    entropy = entropy_of(draw)
    if draw.state != "committed" or entropy is None:
        raise Refusal("draws.no_beacon" if draw.beacon_round else "draws.not_ready")
    files = await files_of(session, draw)
    tables = {name: rules.lines(data) for name, data in files.items() if name.endswith(".tsv")}
    certificate = rules.draw(draw.commitment, tables, draw.secret, entropy)
    draw.certificate = rules.canonical(certificate)
    draw.state, draw.drawn_at = "sealed", now
    draw.version += 1
    await _make_visits(session, draw, certificate)
    await offers.look(session, draw, now)
    outcome = bundles.hexhash(draw.certificate)
    after = {"outcome": outcome, "visits": len(certificate["visits"])}
    record(session, now, by, "draw", "draw", draw.id, after=after)


async def _make_visits(session: AsyncSession, draw: Draw, certificate: dict[str, Any]) -> None:
    subjects = await pools.subjects_by_public_id(session, draw, {v["subject"] for v in certificate["visits"]})
    inspectors = await pools.inspectors_by_public_id(session, draw)
    slots = rules.read_commitment(draw.commitment)["rules"]["slots"]
    for position, drawn in enumerate(certificate["visits"]):
        session.add(
            Visit(
                task_id=draw.task_id,
                subject_id=subjects[drawn["subject"]],
                draw_id=draw.id,
                parts=[
                    Part(position=one.position, item_id=one.item_id, checklist_id=one.item.checklist_id)
                    for one in draw.task.items
                ],
                origin="random",
                public_id=drawn["subject"],
                position=position,
                state="drawn",
                token=secrets.token_urlsafe(24),
                due=draw.task.ends,
                seats=[
                    Seat(
                        number=number,
                        slot=number,
                        department=slots[number]["organ"],
                        qualified=slots[number]["qualified"],
                        person_id=inspectors.get(seat["inspector"]),
                        mode=seat["mode"],
                        state="open" if seat["mode"] == "open" else "held",
                    )
                    for number, seat in enumerate(drawn["seats"])
                ],
            )
        )
    await session.flush()


async def open_(session: AsyncSession, draw: Draw, by: Person | None, now: datetime) -> None:
    """Publish secret, tables and certificate; from now on anybody can replay the draw (R1.2).

    Refused while inspectors do not know of all their visits: who is named there would be warned.
    """
    if draw.state != "sealed":
        raise Refusal("draws.not_sealed")
    hidden = select(func.count()).where(Visit.draw_id == draw.id, Visit.state == "drawn")
    if number := await session.scalar(hidden):
        raise Refusal("draws.unreleased", number=number)
    draw.state, draw.opened_at = "opened", now
    draw.version += 1
    await append(session, draw, {"at": utc(now), "kind": "opened"})
    record(session, now, by, "open", "draw", draw.id)


async def void(session: AsyncSession, draw: Draw, reason: str, by: Person | None, now: datetime) -> None:
    """Give up a draw, with a reason that everybody can read; its number stays. Not once inspectors know of it."""
    if draw.state not in ("committed", "sealed") or draw.released_at:
        raise Refusal("draws.too_late_to_void")
    visits = await visits_of(session, draw)
    if any(visit.state != "drawn" or visit.guests for visit in visits):  # one is part of another organ's visit
        raise Refusal("draws.too_late_to_void")
    mine = select(Visit.id).where(Visit.draw_id == draw.id).scalar_subquery()
    await session.execute(delete(JointOffer).where(or_(JointOffer.host_id.in_(mine), JointOffer.guest_id.in_(mine))))
    for visit in visits:
        for one in (*visit.seats, *visit.parts):
            await session.delete(one)
        await session.flush()
        await session.delete(visit)
    draw.state, draw.void_reason = "void", reason
    draw.version += 1
    record(session, now, by, "void", "draw", draw.id, why=reason)


async def append(session: AsyncSession, draw: Draw, content: dict[str, Any]) -> None:
    """Add to the public record of a draw, chained to all before it; the certificate itself never changes."""
    await session.execute(select(Draw.id).where(Draw.id == draw.id).with_for_update(of=Draw))  # one after the other
    query = select(DrawEntry).where(DrawEntry.draw_id == draw.id).order_by(DrawEntry.number.desc()).limit(1)
    last = await session.scalar(query)
    await whole(session, draw)
    previous = last.hash if last else bundles.hexhash(draw.certificate or draw.commitment)
    session.add(
        DrawEntry(
            draw_id=draw.id,
            number=last.number + 1 if last else 1,
            content=content,
            hash=bundles.hexhash(previous.encode() + rules.canonical(content)),
        )
    )
    await session.flush()


async def visits_of(session: AsyncSession, draw: Draw) -> list[Visit]:
    """The visits of a draw in their order."""
    return list(await session.scalars(select(Visit).where(Visit.draw_id == draw.id).order_by(Visit.position)))


async def to_release(session: AsyncSession, draw: Draw) -> list[Visit]:
    """The visits of a draw that its inspectors have not been told of, in their order.

    A visit that was made part of another one is not: that other one is, if nobody has been told of it.
    """
    into = select(Visit.merged_into).where(Visit.draw_id == draw.id, Visit.state == "merged")
    mine = or_(Visit.draw_id == draw.id, Visit.id.in_(into))
    return list(await session.scalars(select(Visit).where(mine, Visit.state == "drawn").order_by(Visit.position)))


async def count_of_pool(session: AsyncSession, task: Task) -> int:
    """About how many subjects a task's pool would have, before anybody is excluded."""
    return await session.scalar(select(func.count()).select_from(pools.scope(task, Subject.id).subquery())) or 0


def utc(at: datetime) -> str:
    """A moment as everything public about a draw writes it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


async def sealed(session: AsyncSession) -> list[Draw]:
    """The draws that are drawn and not yet opened."""
    return list(await session.scalars(select(Draw).where(Draw.state == "sealed").with_for_update(of=Draw)))
