"""A visit is rated behind its code with a slip that was signed blind; nobody can tell whose rating it is."""

from typing import Any

import pytest
from sqlalchemy import delete, func, select

from actions import ratings
from models.base import Base
from models.database import Database
from models.journal import JournalEntry
from models.ratings import Rating, RatingKey, RatingSlip
from rules import blind
from tests.web.city import DONE, GENUINE, Client, read
from tests.web.test_voice import taken


async def rates(client: Client, slip: str, **form: str) -> tuple[int, str]:
    response = await client.post("/ratings", data={"slip": slip, "score": "4", "rude": "1"} | form)
    return response.status, await response.text()


async def test_a_slip_rates_once_and_no_row_says_which_visit(client: Client, database: Database) -> None:
    slip = await taken(client)
    assert "已经领走" in await read(client, f"/visits/{DONE}")
    status, page = await rates(client, slip)
    assert status == 200
    assert "收到了" in page
    status, page = await rates(client, slip)
    assert status == 400
    assert "已经用过" in page
    async with database.read() as session:
        (rating,) = await session.scalars(select(Rating))
        (given,) = await session.scalars(select(RatingSlip))
        assert (rating.score, rating.reasons) == (4, ("rude",))
        assert given.visit_id == 1
        assert await session.scalar(select(func.count(JournalEntry.id))) == 0
    tables = [Base.metadata.tables[name] for name in ("ratings", "rating_slips")]
    columns = {table.name: set(table.columns.keys()) for table in tables}
    assert columns == {
        "ratings": {"slip", "key_id", "score", "reasons"},
        "rating_slips": {"visit_id", "key_id", "blinded"},
    }
    assert rating.slip not in (given.blinded, slip)


@pytest.mark.parametrize(
    "slip", ["", "x", "1.00.00", "1." + "0" * 32 + ".1", "99." + "0" * 32 + ".1", "１.2.3", "9" * 5000, "1.zz.ff"]
)
async def test_what_is_no_slip_of_ours_does_not_rate(client: Client, slip: str) -> None:
    await read(client, f"/visits/{DONE}")  # makes the key
    status, page = await rates(client, slip)
    assert status == 400
    assert "不是有效的评价券" in page


async def test_a_rating_needs_a_score_and_keeps_what_was_typed(client: Client) -> None:
    slip = await taken(client)
    status, page = await rates(client, slip, score="6")
    assert status == 400
    assert "请选一个" in page
    assert slip in page
    assert (await rates(client, f" {slip[:100]}\n{slip[100:]} "))[0] == 200


@pytest.mark.parametrize(
    "asks", [{}, {"key": "1", "blinded": "ff"}, {"key": 1, "blinded": 5}, [], "x", {"key": 1, "blinded": "xyz"}]
)
async def test_a_request_for_a_slip_that_makes_no_sense_is_refused(client: Client, asks: Any) -> None:
    assert (await client.post(f"/visits/{DONE}/slip", json=asks)).status == 400


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 4000])
async def test_what_is_no_json_is_no_request_for_a_slip(client: Client, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert (await client.post(f"/visits/{DONE}/slip", data=body, headers=headers)).status == 400


async def test_no_slip_before_the_visit_has_ended(client: Client) -> None:
    assert "领取评价券" not in await read(client, f"/visits/{GENUINE}")
    response = await client.post(f"/visits/{GENUINE}/slip", json={"key": 1, "blinded": "ff"})
    assert response.status == 409


async def test_a_key_is_made_when_the_first_slip_of_a_quarter_is_wanted(client: Client, database: Database) -> None:
    async with database.write() as session:
        await session.execute(delete(RatingKey))
    assert (await rates(client, await taken(client)))[0] == 200
    async with database.read() as session:
        (key,) = await session.scalars(select(RatingKey))
        (entry,) = await session.scalars(select(JournalEntry).where(JournalEntry.noun == "rating_key"))
    assert (key.organ_id, key.quarter, int(key.modulus, 16).bit_length()) == (1, "2026Q4", blind.BITS)
    assert entry.noun_id == key.id
    assert key.secret not in str(entry.after)


async def test_sums_are_shown_from_five_ratings_on(client: Client, database: Database) -> None:
    await taken(client)
    async with database.write() as session:
        key = (await session.scalars(select(RatingKey))).one()
        session.add_all(Rating(slip=str(n), key_id=key.id, score=n, reasons=("rude",)) for n in range(1, 5))
    async with database.read() as session:
        assert await ratings.opinion(session, ["2026Q4"]) == (4, None, {})
    async with database.write() as session:
        session.add(Rating(slip="5", key_id=1, score=5, reasons=()))
    async with database.read() as session:
        found = await ratings.opinion(session, ["2026Q4"], [1])
        assert (found.ratings, found.mean, found.reasons["rude"], found.reasons["favours"]) == (5, 3.0, 4, 0)
        assert await ratings.opinion(session, ["2026Q4"], [2]) == (0, None, {})
        (key,) = await ratings.keys(session)
    assert key.fingerprint in await read(client, "/ratings")
