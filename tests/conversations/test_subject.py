"""The subject signs: on their own phone, on paper, or not at all; and nobody signs for them from afar."""

from __future__ import annotations

import html
import re
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from models.journal import JournalEntry
from models.visits import Evidence, Visit
from simulator import Phone
from tests.conversations.conftest import Town, timedelta
from tests.conversations.test_campaign import at_the_checklist, photo

pytestmark = pytest.mark.usefixtures("either")

OURS = {"Content-Type": "application/x-www-form-urlencoded"}


async def with_a_failed_point(town: Town) -> tuple[Visit, Phone, Phone]:
    visit, first, second = await at_the_checklist(town)
    await first.sends_photo(photo(), caption="2 不符合 健康证过期")
    await first.sees("已收到")
    await first.says("全部符合")
    await first.sees("要当事人签", button="扫码确认")
    return visit, first, second


class Subject:
    """The shopkeeper's browser: no cookies, no JavaScript."""

    def __init__(self, link: str) -> None:
        self.link = link
        self.nonce = ""

    async def looks(self, status: int = 200) -> str:
        async with aiohttp.ClientSession() as web, web.get(self.link) as answer:
            assert answer.status == status
            assert "Set-Cookie" not in answer.headers
            assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
            raw = await answer.text()
        found = re.search(r'name="nonce" value="(\w+)"', raw)
        self.nonce = found[1] if found else ""
        return html.unescape(raw)

    async def posts(self, status: int, headers: dict[str, str] | None = None, **fields: str) -> str:
        form = {"nonce": self.nonce, "name": "王老板"} | fields
        sent: Any = {"data": form, "headers": headers or {}, "allow_redirects": False}
        async with aiohttp.ClientSession() as web, web.post(self.link, **sent) as answer:
            assert answer.status == status, (answer.status, await answer.text())
            return html.unescape(await answer.text())


async def scanned(town: Town, first: Phone) -> Subject:
    await first.presses("扫码确认")
    link = await town["王强"].scans(await first.sees("请当事人扫码"))
    assert isinstance(link, str)
    return Subject(link)


async def test_the_subject_reads_and_confirms_on_their_own_phone(town: Town) -> None:
    visit, first, second = await with_a_failed_point(town)
    subject = await scanned(town, first)
    page = await subject.looks()
    for words in ("从业人员健康证明有效", "健康证过期", "发现问题已责令改正", "确认", "12345"):
        assert words in page
    await subject.posts(303, statement="新员工下周就办")
    await first.sees("当事人 王老板 已扫码确认", button="签名提交")
    await second.sees("新员工下周就办")
    assert "王老板 已于" in await subject.looks()
    assert not subject.nonce
    await first.presses("签名提交")
    await first.sees("您已签名")
    await second.presses("确认签名", within=60)
    await second.sees("已提交")
    card = await town["赵主管"].sees("待审核", button="通过并公示")
    assert "王老板" in card.text
    assert "新员工下周就办" in card.text
    assert "扫码确认" in card.text
    (kept,) = await town.rows(select(Visit).where(Visit.id == visit.id))
    assert (kept.signing["how"], kept.signing["name"], kept.statement) == ("scan", "王老板", "新员工下周就办")
    assert "nonce" not in await subject.looks()  # handed in: nothing is put to anybody any more


async def test_forged_repeated_and_late_posts_change_nothing(town: Town) -> None:
    visit, first, _ = await with_a_failed_point(town)
    subject = await scanned(town, first)
    await subject.looks()
    await subject.posts(409, nonce="")
    await subject.posts(409, nonce="0" * 64)
    await subject.posts(409, nonce="机密")
    await subject.posts(400, headers={"Sec-Fetch-Site": "cross-site"})
    await subject.posts(400, name="  ")
    await subject.posts(400, name="长" * 51)
    assert "不超过 1000 字" in await subject.posts(400, statement="长" * 1001)
    await Subject(subject.link + "x" * 3).posts(404)
    async with aiohttp.ClientSession() as web:
        async with web.post(subject.link, json={"nonce": subject.nonce, "name": "王老板"}) as answer:
            assert answer.status == 400
        async with web.post(subject.link, data=b"x" * 200_000, headers=OURS) as answer:
            assert answer.status == 400
    nonce = subject.nonce
    await first.says("1 不符合 证照未悬挂")  # what they have read has changed meanwhile
    await first.sees("第 1 项不符合")
    await subject.posts(409)
    assert "签" not in (await town.rows(select(Visit).where(Visit.id == visit.id)))[0].signing
    await first.says("1 符合")
    await first.sees("要当事人签")
    await subject.looks()
    assert subject.nonce == nonce  # as it was when they read it
    await subject.posts(303)
    await first.sees("已扫码确认")
    await subject.posts(409, nonce=nonce, name="别人")
    entries = await town.rows(select(JournalEntry).where(JournalEntry.verb == "subject_signs"))
    assert [one.after["name"] for one in entries] == ["王老板"]


async def test_too_many_posts_are_slowed_down(town: Town) -> None:
    _, first, _ = await with_a_failed_point(town)
    subject = await scanned(town, first)
    await subject.looks()
    for _ in range(20):
        await subject.posts(409, nonce="0")
    assert "太频繁" in await subject.posts(429)


async def test_what_is_changed_afterwards_voids_the_confirmation_and_says_so(town: Town) -> None:
    _, first, _ = await with_a_failed_point(town)
    subject = await scanned(town, first)
    await subject.looks()
    await subject.posts(303)
    await first.sees("已扫码确认")
    await first.says("3 不适用")
    await first.sees("当事人原来的签字作废")
    await first.says("提交")
    await first.sees("没完成")
    await subject.looks()
    assert subject.nonce
    await subject.posts(303)
    await first.sees("已扫码确认", button="签名提交")


async def test_the_signed_page_is_photographed(town: Town) -> None:
    visit, first, _ = await with_a_failed_point(town)
    await first.presses("拍签字页")
    await first.sees("拍一张签字页")
    await first.says("马上")
    await first.sees("拍一张签字页")
    await first.sends_photo(photo("white"))
    await first.sees("签字页已收到", button="签名提交")
    evidence = await town.rows(select(Evidence).where(Evidence.visit_id == visit.id).order_by(Evidence.id))
    assert [(one.kind, one.point_id is None) for one in evidence] == [("photo", False), ("page", True)]


@pytest.mark.parametrize("recorded", [False, True])
async def test_a_refusal_needs_a_reason_and_a_witness_or_a_recording(town: Town, recorded: bool) -> None:
    visit, first, _ = await with_a_failed_point(town)
    await first.presses("拒绝签字")
    await first.sees("为什么拒绝签字")
    await first.says("说要问律师")
    await first.sees("谁在场见证")
    if recorded:
        await first.sends_photo(photo("black"))
        await first.sees("有录音录像或照片", button="签名提交")
    else:
        await first.says("居委会 李四")
        await first.sees("见证人 居委会 李四", button="签名提交")
    (kept,) = await town.rows(select(Visit).where(Visit.id == visit.id))
    assert (kept.signing["how"], kept.signing["why"]) == ("refused", "说要问律师")
    assert bool(kept.signing.get("sha256")) is recorded


async def test_a_code_expires_thirty_days_after_the_visit_was_due(town: Town) -> None:
    visit, first, _ = await with_a_failed_point(town)
    subject = await scanned(town, first)
    assert "此码有效期" in await subject.looks()
    town.clock.moves_to(town.clock() + (visit.due - town.clock().date()) + timedelta(days=30))
    await subject.looks()
    town.clock.moves_to(town.clock() + timedelta(days=1))
    assert "此码已过期" in await subject.looks(410)
    await subject.posts(410, nonce="0")
