"""Seats and subjects of visits that were made one: each goes on by the rule of the draw that named it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select

from actions import draws, hats, plans, replacements, seats
from models.database import Database
from models.draws import Draw, DrawEntry
from models.items import Item
from models.people import Area, Person
from models.subjects import Subject
from models.visits import Visit
from rules import record
from rules.bundles import hexhash
from rules.draw import Refused, canonical
from tests.actions.test_audit import AUTHORITY, shop
from tests.conversations.conftest import MONDAY, settle_town


async def two_draws_one_visit(session: Any) -> tuple[Visit, Visit]:
    """The first visits of two released draws; the second has been made part of the first (综合查一次)."""
    ids = await settle_town(session, MONDAY)
    await session.execute(insert(Subject), [shop(number, MONDAY) for number in range(40)])
    supervisor, *witnesses = [await session.get_one(Person, ids[name]) for name in ("赵主管", "陈消防", "周环保")]
    for number in range(4, 8):
        session.add(
            Person(
                staff_no=f"33070002{number}", name=f"检查员{number}", organ_id=supervisor.organ_id,
                area_code="330782", roles=("inspector",), certificate=f"浙G{number}",
                certificate_until=MONDAY.date() + timedelta(days=900),
            )
        )  # fmt: skip
    item, area = (await session.scalars(select(Item))).one(), await session.get_one(Area, "330700")
    first = []
    for _ in range(2):
        wish = plans.NewTask(item.id, area.code, Decimal(10), MONDAY.date(), MONDAY.date() + timedelta(weeks=4))
        task = await plans.create_task(session, wish, supervisor, MONDAY)
        draw = await draws.commit(session, task, witnesses, AUTHORITY, supervisor, MONDAY)
        for witness in witnesses:
            await draws.contribute(session, draw, witness, "词", MONDAY)
        await session.flush()
        await draws.run(session, draw, supervisor, MONDAY)
        await seats.release(session, draw, supervisor, MONDAY)
        await session.flush()
        filled = [one for one in await draws.visits_of(session, draw) if all(seat.person for seat in one.seats)]
        first.append(filled[0])
    host, guest = first
    for seat in list(guest.seats):
        seat.visit_id, seat.number, seat.drawn_for = host.id, seat.number + 2, guest.id
    guest.state, guest.merged_into = "merged", host.id
    await session.flush()
    for one in first:
        await session.refresh(one)
    return host, guest


async def replayed(session: Any, draw: Draw) -> list[dict[str, Any]]:
    entries = list(
        await session.scalars(select(DrawEntry).where(DrawEntry.draw_id == draw.id).order_by(DrawEntry.number))
    )
    record.check(await draws.files_of(session, draw), [(one.number, one.content, one.hash) for one in entries])
    return [one.content for one in entries if one.content["kind"] != "witnessed"]


async def test_a_seat_that_came_with_another_visit_is_refilled_from_its_own_hat(database: Database) -> None:
    async with database.write() as session:
        host, guest = await two_draws_one_visit(session)
        seat = next(one for one in host.seats if one.drawn_for == guest.id and one.slot == 1)
        left = seat.person
        assert left
        assert host.draw
        assert guest.draw
        successor = await seats.leave(session, host, seat, "leave", "病假", left, MONDAY)
        await session.flush()
        assert await replayed(session, host.draw) == []
        (entry,) = await replayed(session, guest.draw)
        assert (entry["subject"], entry["seat"]) == (guest.public_id, 1)
        assert entry["left"] == hats.public_id(guest.draw, left)
        assert entry["inspector"] == (hats.public_id(guest.draw, successor) if successor else "")
        others = {one.person_id for one in host.seats if one is not seat and one.person_id}
        assert successor is None or successor.id not in {left.id, *others}


async def test_a_subject_of_two_draws_that_drops_out_is_replaced_in_both(database: Database) -> None:
    async with database.write() as session:
        host, guest = await two_draws_one_visit(session)
        assert host.draw
        assert guest.draw
        came = await replacements.drop(session, host, "已拆迁", host.draw.supervisor, MONDAY)
        await session.flush()
        assert came
        assert came.replaces == host.id
        assert {host.state, guest.state} == {"dropped"}
        for visit in (host, guest):
            assert visit.draw
            (entry,) = await replayed(session, visit.draw)
            assert (entry["kind"], entry["subject"], entry["reason"]) == ("replaced", visit.public_id, "已拆迁")
        made = list(await session.scalars(select(Visit).where(Visit.replaces.is_not(None))))
        assert {one.replaces for one in made} == {host.id, guest.id}
        assert {one.state for one in made} == {"released"}


async def test_a_record_that_was_bent_is_found(database: Database) -> None:
    async with database.write() as session:
        host, _ = await two_draws_one_visit(session)
        assert host.draw
        seat = host.seats[0]
        assert seat.person
        await seats.leave(session, host, seat, "recusal", "亲戚", seat.person, MONDAY)
        await replacements.drop(session, host, "已拆迁", host.draw.supervisor, MONDAY)
        await session.flush()
        files = await draws.files_of(session, host.draw)
        told = await replayed(session, host.draw)
        assert [one["kind"] for one in told] == ["recusal", "replaced"]
    bent = {
        "chain": lambda: record.check(files, [(1, told[0], "0" * 64)]),
        "refill": lambda: _check(files, [told[0] | {"inspector": told[0]["left"]}]),
        "reserve": lambda: _check(files, [told[0], told[1] | {"skipped": [{"subject": "x", "reason": "dead"}]}]),
        "seats": lambda: _check(files, [told[0], told[1] | {"seats": told[1]["seats"][::-1]}]),
    }
    for code, check in bent.items():
        with pytest.raises(Refused) as refused:
            check()
        assert refused.value.code == code


def _check(files: dict[str, bytes], contents: list[dict[str, Any]]) -> None:
    """A record with these contents whose chain is right."""
    last, made = hexhash(files["certificate.json"]), []
    for number, content in enumerate(contents, 1):
        last = hexhash(last.encode() + canonical(content))
        made.append((number, content, last))
    record.check(files, made)
