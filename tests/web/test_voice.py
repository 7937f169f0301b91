"""The subject objects to its result behind the visit code; somebody without a part in it decides."""

import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from actions import appeals
from actions.calendars import official
from actions.digests import digest
from handlers.digests import describe
from locales import Words
from models.appeals import Appeal
from models.database import Database
from models.journal import JournalEntry
from models.mail import Outbox
from models.people import Person
from models.publication import Publication
from models.ratings import Rating, RatingKey
from models.visits import Visit
from rules import blind
from rules.refusal import Refusal
from tests.web.city import DONE, EARLY, GENUINE, NOODLES, NOW, ZONE, Client, read

TEXT = "冷藏柜当天在维修，<b>有维修单</b>，不应认定不合格。"
SAID = {"who": "机密当事人", "text": TEXT}


async def objects(client: Client, token: str = DONE, **form: str) -> tuple[int, str]:
    response = await client.post(f"/visits/{token}/objection", data=SAID | form, allow_redirects=False)
    return response.status, await response.text()


async def second_supervisor(database: Database, number: int = 9) -> Person:
    async with database.write() as session:
        person = Person(
            id=number,
            staff_no=f"330700{number}",
            name="机密复核",
            organ_id=1,
            area_code="330782",
            roles=("supervisor",),
        )
        session.add(person)
    return person


async def decided(database: Database, by: int, result: str, reply: str = "核对维修单属实。") -> None:
    async with database.write() as session:
        appeal = (await session.scalars(select(Appeal).where(Appeal.state == "open"))).one()
        await appeals.decide(session, appeal, result, reply, await session.get_one(Person, by), NOW)


async def test_an_objection_is_marked_while_open_and_never_read_by_the_public(
    client: Client, database: Database
) -> None:
    await second_supervisor(database)
    assert "异议处理中" not in await read(client, "/results")
    assert (await objects(client))[0] == 303
    page = await read(client, f"/visits/{DONE}")
    assert TEXT in page
    assert "&lt;b&gt;" in await (await client.get(f"/visits/{DONE}")).text()
    assert f"{Words('zh_CN', ZONE).full_day(official().add(NOW.date(), 20))}前答复" in page
    assert "提出异议" not in page  # one at a time
    for address in ("/", "/results", f"/subjects/{NOODLES}"):
        shown = await read(client, address)
        assert shown.count("异议处理中") == 1, address
        assert "维修" not in shown
        assert "机密当事人" not in shown
    (marked,) = [one for one in (await (await client.get("/api/v1/results")).json())["results"] if one["objection"]]
    assert marked["subject"]["code"] == NOODLES
    async with database.read() as session:
        told = await session.scalars(select(Outbox.person_id).where(Outbox.kind == "appeals.new"))
        assert set(told) == {9}  # 3 approved it, 1 and 2 were there
    await decided(database, 9, "")
    page = await read(client, f"/visits/{DONE}")
    assert "维持原结果" in page
    assert "核对维修单属实" in page
    assert "提出异议" in page
    assert "异议处理中" not in await read(client, "/results")


async def test_a_result_that_was_wrong_is_published_anew(client: Client, database: Database) -> None:
    await second_supervisor(database)
    await objects(client)
    await decided(database, 9, "clean")
    assert "未发现问题" in await read(client, f"/subjects/{NOODLES}")
    assert "已更正（第 3 版）" in await read(client, f"/subjects/{NOODLES}")
    assert "结果更正为“未发现问题”" in await read(client, f"/visits/{DONE}")
    async with database.read() as session:
        versions = select(Publication.result).where(Publication.visit_id == 1).order_by(Publication.version)
        assert list(await session.scalars(versions)) == ["clean", "correction", "clean"]
        assert await session.scalar(select(Visit.result).where(Visit.id == 1)) == "clean"
        verbs = await session.scalars(select(JournalEntry.verb).order_by(JournalEntry.id))
        assert [verb for verb in verbs if verb in ("object", "decide", "correct")] == ["object", "decide", "correct"]
        assert await appeals.counts(session, NOW, datetime(2027, 1, 1, tzinfo=UTC)) == (1, 0, 0, 1)
        assert await appeals.counts(session, NOW, datetime(2027, 1, 1, tzinfo=UTC), [2]) == (0, 0, 0, 0)


@pytest.mark.parametrize("person", [1, 2, 3, 4])
async def test_who_entered_or_approved_it_does_not_decide(client: Client, database: Database, person: int) -> None:
    await second_supervisor(database)
    await objects(client)
    with pytest.raises(Refusal, match="not_yours"):
        await decided(database, person, "")


async def test_where_nobody_else_is_there_the_office_decides(client: Client, database: Database) -> None:
    async with database.write() as session:
        await session.execute(update(Person).where(Person.id == 4).values(roles=("office",)))
    await objects(client)
    await decided(database, 4, "")
    async with database.read() as session:
        assert (await session.scalars(select(Appeal.state))).one() == "kept"


async def test_three_objections_and_no_more(client: Client, database: Database) -> None:
    await second_supervisor(database)
    for _ in range(3):
        assert (await objects(client))[0] == 303
        status, page = await objects(client)
        assert status == 409
        assert "还在处理" in page
        await decided(database, 9, "")
    status, page = await objects(client)
    assert status == 409
    assert "已经提过 3 次" in page


@pytest.mark.parametrize(
    ("token", "form", "status", "words"),
    [
        (GENUINE, {}, 409, "结果公示之后"),
        (EARLY, {}, 404, "不是有效的"),
        ("unknown-token-0000", {}, 404, "不是有效的"),
        (DONE, {"who": " "}, 400, "写上您的姓名"),
        (DONE, {"who": "长" * 51}, 400, "写上您的姓名"),
        (DONE, {"text": "不服"}, 400, "5 到 2000 个字"),
        (DONE, {"text": "长" * 2001}, 400, "5 到 2000 个字"),
        ("x", {}, 400, "看不懂"),
    ],
)
async def test_an_objection_that_cannot_be_taken_says_why_and_keeps_the_words(
    client: Client, database: Database, token: str, form: dict[str, str], status: int, words: str
) -> None:
    found, page = await objects(client, token, **form)
    assert found == status
    assert words in page or token == "x"
    if token == DONE:
        assert (SAID | form)["who"][:50].strip() in page
    async with database.read() as session:
        assert await session.scalar(select(func.count(Appeal.id))) == 0


async def test_a_form_on_another_page_cannot_object_or_rate(client: Client) -> None:
    for address in (f"/visits/{DONE}/objection", f"/visits/{DONE}/slip", "/ratings"):
        for site in ("cross-site", "same-site"):
            response = await client.post(address, data=SAID, headers={"Sec-Fetch-Site": site})
            assert response.status == 400


class Phone:
    """What `web/static/slip.js` does, in Python."""

    def __init__(self, page: str) -> None:
        key = re.search(r'data-key="(\d+)" data-modulus="([0-9a-f]+)"', page)
        assert key
        self.key, self.modulus = int(key[1]), int(key[2], 16)
        self.message, self.factor = secrets.token_bytes(16), secrets.randbits(2000) | 1

    @property
    def asks(self) -> dict[str, Any]:
        blinded = blind.encode(self.message) * pow(self.factor, blind.EXPONENT, self.modulus) % self.modulus
        return {"key": self.key, "blinded": f"{blinded:x}"}

    def slip(self, signature: str) -> str:
        signed = int(signature, 16) * pow(self.factor, -1, self.modulus) % self.modulus
        return f"{self.key}.{self.message.hex()}.{signed:x}"


async def taken(client: Client, token: str = DONE) -> str:
    phone = Phone(await read(client, f"/visits/{token}"))
    response = await client.post(f"/visits/{token}/slip", json=phone.asks)
    assert response.status == 200, await response.text()
    again = await client.post(f"/visits/{token}/slip", json=phone.asks)  # the answer was lost on its way
    assert await again.json() == await response.json()
    other = await client.post(f"/visits/{token}/slip", json=phone.asks | {"blinded": "abcdef"})
    assert other.status == 409
    assert "已经领走" in (await other.json())["error"]
    return phone.slip((await response.json())["signature"])


@pytest.mark.parametrize("address", [f"/visits/{DONE}", f"/visits/{DONE}/objection", "/ratings"])
async def test_a_form_that_nobody_can_read_is_a_bad_request(client: Client, address: str) -> None:
    form = "application/x-www-form-urlencoded"
    assert (await client.post(address, data=b"who=\xff", headers={"Content-Type": form})).status == 400


async def test_what_no_database_keeps_is_left_out_of_the_words(client: Client, database: Database) -> None:
    assert (await objects(client, who="当\0事人", text=f"{TEXT}\0"))[0] == 303
    async with database.read() as session:
        appeal = (await session.scalars(select(Appeal))).one()
        assert (appeal.name, appeal.text) == ("当事人", TEXT)


async def test_a_supervisor_reads_of_objections_and_of_ratings_as_sums(client: Client, database: Database) -> None:
    person = await second_supervisor(database)
    await taken(client)
    await objects(client)
    async with database.write() as session:
        key = (await session.scalars(select(RatingKey))).one()
        session.add_all(Rating(slip=str(n), key_id=key.id, score=n, reasons=("rude",)) for n in range(1, 6))
    next_week = NOW.astimezone(ZONE) + timedelta(weeks=1)
    async with database.read() as session:
        told = await session.get_one(Person, person.id)
        daily = await digest(session, told, NOW.astimezone(ZONE), "daily")
        weekly = await digest(session, told, next_week, "weekly")
        nobody = await digest(session, await session.get_one(Person, 1), next_week, "weekly")
        text, rows = describe(Words("zh_CN", ZONE), weekly, told, next_week.date())
    assert dict(daily.pressing)["appeals"].n == 1
    assert not {"objections", "opinion"} & {key for key, _ in daily.news}
    assert {key: (need.n, need.gaps) for key, need in weekly.news} == {
        "objections": (1, {"changed": 0, "open": 1}),
        "opinion": (5, {"mean": "3.0"}),
    }
    assert "appeals" not in dict(nobody.pressing)  # they entered or approved the result, or are no supervisors
    assert "期间收到对检查结果的异议 1 件：更正 0 件，未答复 1 件" in text
    assert "本季度企业评价 5 份，平均 3.0 分" in text
    assert "异议 1" in [label for row in rows for label, _ in row]
    assert "机密" not in text
