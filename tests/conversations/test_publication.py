"""A result is kept from the public, corrected, withdrawn: one supervisor proposes, another one decides (R3.2.3a)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from bot.settings import Settings
from jobs import ticks
from models.items import Point
from models.journal import JournalEntry
from models.people import Person
from models.publication import Proposal, Publication
from models.subjects import Subject
from models.visits import Answer, Evidence, Visit
from rules.publication import WITHDRAWN
from simulator import Phone
from tests.conversations.conftest import ZONE, Clock, Town, town_running
from tests.e2e.town import released_town

FIRST, SECOND = "赵主管", "管理员小周"


async def handed_in(session: Any, now: datetime) -> dict[str, int]:
    """A town in which a clean result waits since nine days, and in which two may supervise."""
    ids = await released_town(session, now - timedelta(days=10), subjects=5)
    visit = (await session.scalars(select(Visit))).one()
    visit.state, visit.result, visit.submitted_at = "submitted", "clean", now - timedelta(days=9)
    (await session.get_one(Person, ids[SECOND])).roles = ("administrator", "supervisor")
    return ids


@pytest.fixture
async def town(settings: Settings, clock: Clock) -> Any:
    async with town_running(settings, clock, handed_in) as found:
        yield found


async def page(town: Town) -> str:
    """What the public reads about the subject."""
    subject = (await town.rows(select(Subject).join(Visit, Visit.subject_id == Subject.id)))[0]
    async with (
        aiohttp.ClientSession() as web,
        web.get(f"{town.app.address}/subjects/{subject.code}?lang=zh") as answer,
    ):
        assert answer.status == 200
        return await answer.text()


async def the_visit(town: Town) -> Visit:
    found: Visit = (await town.rows(select(Visit)))[0]
    return found


@pytest.mark.parametrize("what", ["answer", "photo"])
async def test_who_entered_something_and_left_the_visit_does_not_review_it(town: Town, what: str) -> None:
    visit, entered = await the_visit(town), {"person_id": town.ids[SECOND], "at": town.clock()}
    async with town.app.database.write() as session:
        if what == "answer":
            point = (await session.scalars(select(Point))).first()
            session.add(Answer(visit_id=visit.id, point_id=point.id, value="yes", **entered))
        else:
            photo = {"sha256": "0" * 64, "size": 1, "media": "image/jpeg", "telegram_file": "x"}
            session.add(Evidence(visit_id=visit.id, **photo, **entered))
    phone = town[SECOND]
    await phone.says("/review")
    await phone.sees("另有 1 份是您自己检查的")
    await phone.taps(phone.messages[-1].id, f"review_one:{visit.id}:0")
    await phone.sees_toast("自己检查的不能自己审核")
    await opens_review(town, town[FIRST])
    await town[FIRST].presses("待审核")
    await town[FIRST].sees("1 份结果待审核")


async def opens_review(town: Town, phone: Phone) -> None:
    visit = await the_visit(town)
    await phone.says("/review")
    await phone.sees("待审核", button=visit.subject.name)
    await phone.presses(visit.subject.name)
    await phone.sees("公示期限", button="暂不公示")


async def withholds(town: Town, phone: Phone) -> None:
    await opens_review(town, phone)
    await phone.presses("暂不公示")
    await phone.sees("依据哪一条", button="正在办案")
    await phone.presses("正在办案")
    await phone.sees("写一句理由")
    await phone.says("市监立字〔2026〕12 号，公示会妨碍取证")
    await phone.sees("等别人批准", button="看这份申请")


async def test_withheld_on_a_legal_ground_by_two_people_and_published_later(town: Town) -> None:
    first, second = town[FIRST], town[SECOND]
    await withholds(town, first)
    await second.sees("正在办理", button="不同意")
    await second.presses("不同意")
    await second.sees("为什么")
    await second.says("证据已经固定，可以公示")
    await second.sees("未同意")
    await first.sees("证据已经固定")
    await withholds(town, first)
    await first.presses("看这份申请")
    card = await first.sees("待批准")
    assert "同意" not in card.labels, "never by who proposed it"
    await second.sees("待批准", button="同意")
    await second.presses("同意")
    await second.sees("已同意")
    await first.sees("已同意")
    visit = await the_visit(town)
    assert visit.state == "withheld"
    public = await page(town)
    assert "依法暂不公示" in public
    assert "执法案卷信息" in public
    assert "立字" not in public, "the reason is for the file, not for the public"
    assert "未发现问题" not in public
    told = await town.rows(select(JournalEntry).where(JournalEntry.verb == "withhold"))
    assert [(one.person_id, one.after["ground"]) for one in told] == [(town.ids[SECOND], "case")]
    for seat in visit.seats:
        await town[seat.person.name].sees("暂不公示")
    await second.presses_old("同意")
    await second.sees_toast("过期")
    await opens_withheld(town, first)
    await first.presses("通过并公示")
    await first.sees("已公示")
    assert "未发现问题" in await page(town)


async def opens_withheld(town: Town, phone: Phone) -> None:
    """After sixty working days the reminder leads there."""
    town.clock.moves_to(datetime(2027, 3, 10, 9, tzinfo=ZONE))
    await ticks.remind(town.app.database, town.clock())
    await phone.sees("暂不公示复核", button="暂不公示复核")
    await phone.presses("暂不公示复核")
    await phone.sees("起暂不公示", button="通过并公示")


async def test_a_public_result_is_corrected_and_withdrawn_with_a_reason(town: Town) -> None:
    first, second = town[FIRST], town[SECOND]
    await opens_review(town, first)
    await first.presses("通过并公示")
    await first.sees("已公示", button="更正结果")
    await first.presses("更正结果")
    await first.sees("的结果更正为", button="注销")
    await first.presses("注销")
    await first.sees("原因会公开")
    await first.says("检查前已办理注销登记")
    await second.sees("更正为：注销", button="同意")
    assert "注销" not in await page(town)
    await second.presses("同意")
    await second.sees("已同意")
    public = await page(town)
    assert "未发现问题 → 注销" in public
    assert "检查前已办理注销登记" in public
    visit = await the_visit(town)
    assert visit.result == "cancelled"
    await sees_result(first)
    await first.presses("撤回结果")
    await first.sees("原因会公开")
    await first.says("查错了对象")
    await second.sees("撤回结果", button="同意")
    await second.presses("同意")
    await second.sees("已同意")
    public = await page(town)
    assert "注销 → 已撤回" in public
    assert "查错了对象" in public
    versions = await town.rows(select(Publication).order_by(Publication.version))
    assert [(one.version, one.result, one.reason) for one in versions] == [
        (1, "clean", ""),
        (2, "cancelled", "检查前已办理注销登记"),
        (3, WITHDRAWN, "查错了对象"),
    ]


async def sees_result(phone: Phone) -> None:
    """The notice of the decision leads back to the result."""
    await phone.sees("更正结果", button="看结果")
    await phone.presses("看结果")
    await phone.sees("已公示", button="撤回结果")


async def test_nobody_decides_alone(town: Town) -> None:
    async with town.app.database.write() as session:
        (await session.get_one(Person, town.ids[SECOND])).roles = ("administrator",)
    first = town[FIRST]
    await opens_review(town, first)
    await first.presses("暂不公示")
    await first.sees("依据哪一条", button="国家秘密")
    await first.presses("国家秘密")
    await first.sees("写一句理由")
    await first.says("涉密")
    await first.sees("没有别人可以批准")
    assert not await town.rows(select(Proposal))
    async with town.app.database.write() as session:
        (await session.get_one(Person, town.ids["周环保"])).roles = ("office",)
    await first.says("涉密")
    await first.sees("等别人批准")
    await town["周环保"].sees("暂不公示", button="同意")


async def test_what_is_late_is_red_in_public(town: Town) -> None:
    public = await page(town)
    assert "逾期未公示" not in public
    assert "前公示" in public
    town.clock.moves_to(datetime(2026, 12, 25, 9, tzinfo=ZONE))
    public = await page(town)
    assert '<span class="pill overdue">逾期未公示</span>' in public
    async with aiohttp.ClientSession() as web, web.get(f"{town.app.address}/results?lang=zh") as answer:
        assert (await answer.text()).count("义乌市市场监督管理局 1 个") == 1
