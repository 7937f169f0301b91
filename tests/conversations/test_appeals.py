"""A subject objects to its published result; a supervisor who had no part in it decides and replies in the chat."""

from __future__ import annotations

import aiohttp
import pytest
from sqlalchemy import select

from models.appeals import Appeal
from models.people import Chat, Person
from models.publication import Publication
from models.visits import Visit
from simulator import Phone
from tests.conversations.conftest import Town
from tests.conversations.test_papers import signed

pytestmark = pytest.mark.usefixtures("either")


async def objected(town: Town) -> tuple[Visit, Phone, Phone]:
    """A published result, an objection to it, and the phones of an inspector and of a supervisor who had no part."""
    other = town.telegram.phone("钱主管", user_id=2001)
    other.chat.started = True
    async with town.app.database.write() as session:
        organ = (await session.scalars(select(Person).where(Person.name == "赵主管"))).one().organ_id
        person = Person(staff_no="330700011", name="钱主管", organ_id=organ, area_code="330782", roles=("supervisor",))
        session.add(person)
        await session.flush()
        session.add(Chat(id=2001, person_id=person.id, language="zh_CN", bound_at=town.clock()))
    visit, first, _ = await signed(town)
    supervisor = town["赵主管"]
    await supervisor.sees("待审核", button="通过并公示")
    await supervisor.presses("通过并公示")
    await first.sees("已审核通过并公示")
    other = town.telegram.phone("钱主管", user_id=2001)
    other.chat.started = True
    async with aiohttp.ClientSession() as web:
        form = {"who": "李老板", "text": "健康证当天带在身上，<没有看>。"}
        answer = await web.post(f"{town.app.address}/visits/{visit.token}/objection", data=form)
        assert answer.status == 200
        assert "处理中" in await answer.text()
    return visit, first, other


async def page_of(town: Town, visit: Visit) -> str:
    async with aiohttp.ClientSession() as web:
        return await (await web.get(f"{town.app.address}/visits/{visit.token}")).text()


async def test_the_result_is_kept_with_a_reply(town: Town) -> None:
    visit, first, other = await objected(town)
    await other.sees("对结果有异议", button="维持结果")
    assert "李老板：健康证当天带在身上，<没有看>。" in other.screen()
    await other.says("/review")
    await other.sees("没有待审核", button="异议 1")
    await other.presses("异议 1")
    await other.sees("1 件", button=visit.subject.name)
    await other.presses(visit.subject.name)
    await other.sees("发现问题已责令改正", button="维持结果")
    await other.presses("维持结果")
    await other.sees("怎么答复")
    await other.says("照片拍到的健康证已过期。")
    await other.sees("维持原结果")
    await first.sees("维持原结果")
    assert "照片拍到的健康证已过期。" in await page_of(town, visit)
    await other.presses_old("更正结果")
    await other.sees_toast("过期")
    assert await town.rows(select(Appeal.state)) == ["kept"]
    assert len(await town.rows(select(Publication.id))) == 1


async def test_the_result_is_corrected_and_public_at_once(town: Town) -> None:
    visit, first, other = await objected(town)
    await other.sees("对结果有异议", button="更正结果")
    await other.presses("更正结果")
    await other.sees("更正为", button="未发现问题")
    await other.presses("未发现问题")
    await other.sees("马上公示")
    await other.says("证件有效，原认定有误。")
    await other.sees("结果已更正")
    await first.sees("结果已更正")
    assert await town.rows(select(Publication.result).order_by(Publication.version)) == ["correction", "clean"]
    assert "证件有效，原认定有误。" in await page_of(town, visit)


async def test_who_approved_it_neither_hears_nor_decides(town: Town) -> None:
    _, _, other = await objected(town)
    await other.sees("对结果有异议", button="维持结果")
    supervisor = town["赵主管"]
    (appeal,) = await town.rows(select(Appeal))
    await supervisor.says("/review")
    card = await supervisor.sees("没有待审核")
    assert not any("异议" in button["text"] for row in card.keyboard for button in row)
    await supervisor.taps(card.id, f"appeal_keep:{appeal.id}:{appeal.version}")
    await supervisor.sees_toast("不能处理")


async def test_the_office_decides_where_no_supervisor_is_left_and_finds_its_way_home(town: Town) -> None:
    visit, _, other = await objected(town)
    async with town.app.database.write() as session:
        office = (await session.scalars(select(Person).where(Person.name == "钱主管"))).one()
        office.roles = ("office",)
    await other.sees("对结果有异议", button="维持结果")
    await other.presses("维持结果")
    await other.sees("怎么答复")
    await other.says("字" * 1001)
    await other.sees("太长了：1001 字，最多 1000 字")
    await other.says("照片拍到的健康证已过期。")
    await other.sees("维持原结果", button="异议")
    await other.presses("异议")
    await other.sees("没有等您处理的异议", button="首页")
    assert "照片拍到的健康证已过期。" in await page_of(town, visit)
