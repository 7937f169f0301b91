"""The clean-record extract on the web: a subject gets it, a bank checks it; what is not public is nowhere (R3.3.2d)."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from models.credit import Commitment, CreditClass, CreditEvent, Extract, KeyReason, ListEntry, Punishment, RiskWarning
from models.database import Database
from models.subjects import Subject
from tests.documents.reading import text_of
from tests.web.city import GENUINE, IDENTITY, NOODLES, NOW, PERSON, PRIVATE, Client, read
from tests.web.test_safety import crawl

CLASS = "丁级机密"  # a class by a name that stands nowhere else
SECRETS = (CLASS, "机密来源", "机密预警", "机密承诺", "机密文号", "机密缘由")


@pytest.fixture
async def rated(client: Client, database: Database) -> Client:
    """Every subject has all that credit can hold."""
    async with database.write() as session:
        for subject in await session.scalars(select(Subject)):
            subject.credit_class = CLASS
            own: dict[str, Any] = {"subject_id": subject.id}
            day = NOW.date()
            session.add_all(
                [
                    CreditClass(**own, grade=CLASS, points=1, base=CLASS, why="机密缘由", began_at=NOW),
                    CreditEvent(**own, code="机密缘由", noun="visit", noun_id=subject.id, on=day,
                                until=date(2030, 1, 1), points=-9, made_on=day),
                    KeyReason(**own, flag="risk", cause="机密缘由", began_at=NOW),
                    RiskWarning(**own, source="机密来源", level="high", on=day, text="机密预警", made_on=day),
                    Commitment(**own, organ_id=1, kind="conduct", words="机密承诺", made_on=day, recorded_by=1,
                               recorded_at=NOW),
                    Punishment(**own, organ_id=1, kind="fine", document=f"机密文号{subject.id}", joint=True,
                               starts=day, ends=date(2030, 1, 1), made_by=1, made_on=day),
                ]
            )  # fmt: skip
    return client


async def extract_of(client: Client, address: str, language: str = "zh") -> bytes:
    response = await client.post(f"{address}?lang={language}", headers={"Sec-Fetch-Site": "same-origin"})
    assert response.status == 200, await response.text()
    assert response.content_type == "application/pdf"
    assert response.headers["Cache-Control"] == "no-store"
    return await response.read()


async def stored(database: Database) -> list[Extract]:
    async with database.read() as session:
        return list(await session.scalars(select(Extract).order_by(Extract.id)))


async def test_class_and_all_that_made_it_are_on_no_page_and_in_no_answer(rated: Client, database: Database) -> None:
    pages = await crawl(rated)
    for address in (f"/subjects/{NOODLES}", f"/visits/{GENUINE}"):
        for language in ("zh", "en"):
            pages[f"{address} {language}"] = text_of(await extract_of(rated, f"{address}/extract", language))
    (made, *_) = await stored(database)
    pages["check"] = await read(rated, f"/extracts/{made.token}")
    pages["stored"] = json.dumps(made.content, ensure_ascii=False)
    assert len(pages) > 60
    leaked = [(address, secret) for address, page in pages.items() for secret in SECRETS if secret in page]
    assert leaked == []
    assert all(word not in pages["stored"] for word in PRIVATE)
    async with database.read() as session:  # it is there, for those who supervise
        assert await session.scalar(select(Subject.credit_class).where(Subject.code == NOODLES)) == CLASS


async def test_a_subject_gets_its_extract_and_a_bank_checks_it(client: Client, database: Database) -> None:
    page = await read(client, f"/subjects/{NOODLES}")
    assert f'action="/subjects/{NOODLES}/extract"' in page
    text = text_of(await extract_of(client, f"/subjects/{NOODLES}/extract"))
    assert text_of(await extract_of(client, f"/subjects/{NOODLES}/extract")) == text
    (made,) = await stored(database)  # the same facts on the same day
    assert NOODLES in text
    assert f"/extracts/{made.token}" in text
    for who, wanted in (("", "真实有效"), (NOODLES, "真实，且与纸面一致"), (NOODLES.lower(), "且与纸面一致"),
                        (made.content["subject"]["name"], "且与纸面一致"), ("别家", "与纸面不一致")):  # fmt: skip
        response = await client.get(f"/extracts/{made.token}", params={"who": who} if who else {})
        shown = await response.text()
        assert response.status == 200
        assert wanted in shown
        assert (response.headers["Cache-Control"], response.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    page = await read(client, f"/extracts/{made.token}")
    subject = made.content["subject"]
    told = [
        subject["code"],
        subject["name"],
        subject["address"],
        made.hash,
        *(one["task"] for one in made.content["results"]),
    ]
    assert [word for word in told if word in page] == []  # genuine or not, and nothing else
    assert "Genuine" in await read(client, f"/extracts/{made.token}?lang=en")


@pytest.mark.parametrize("token", ["forged-extract-token", "x", "%00%00%00%00%00%00%00%00", "a" * 200])
async def test_anything_else_is_not_ours(client: Client, token: str) -> None:
    response = await client.get(f"/extracts/{token}")
    assert response.status == 404
    assert "不是本平台出具的" in await response.text()


async def test_a_natural_person_is_masked_and_only_its_own_code_leads_there(client: Client, database: Database) -> None:
    for code in (IDENTITY, "none", "%00"):
        response = await client.post(f"/subjects/{code}/extract")
        assert response.status == 404
    text = text_of(await extract_of(client, "/visits/identity-number-token/extract"))
    assert IDENTITY not in text
    assert PERSON not in text
    (made,) = await stored(database)
    assert (made.content["subject"]["code"], made.content["subject"]["address"]) == ("", "")
    assert "*" in made.content["subject"]["name"]


async def test_only_a_page_of_ours_may_ask_and_not_for_ever(client: Client) -> None:
    address = f"/subjects/{NOODLES}/extract"
    response = await client.post(address, headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status == 400
    asked = [(await client.post(address)).status for _ in range(25)]
    assert set(asked) == {200, 429}
    assert asked.count(200) <= 20
    assert (await client.get(address)).status == 405


async def test_a_list_is_public_as_long_as_the_subject_stands_on_it(client: Client, database: Database) -> None:
    async with database.write() as session:
        subject = (await session.scalars(select(Subject).where(Subject.code == NOODLES))).one()
        session.add(ListEntry(subject_id=subject.id, list="abnormal", ground="unreachable", organ_id=1,
                              entered_on=date(2026, 12, 1)))  # fmt: skip
    page = await read(client, f"/subjects/{NOODLES}")
    assert "经营异常名录" in page
    assert "2026年12月1日列入：通过登记的住所（经营场所）无法联系" in page
    text = text_of(await extract_of(client, f"/subjects/{NOODLES}/extract"))
    assert "2026年12月1日列入：通过登记的住所（经营场所）无法联系" in text
    async with database.write() as session:
        (entry,) = await session.scalars(select(ListEntry))
        entry.left_on = date(2026, 12, 7)
    assert "经营异常名录" not in await read(client, f"/subjects/{NOODLES}")
    text = text_of(await extract_of(client, f"/subjects/{NOODLES}/extract"))
    assert text.count("未列入") >= 2
    assert len(await stored(database)) == 2  # other facts, another extract; the first stays as it was
