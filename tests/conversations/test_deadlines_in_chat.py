"""An authority decides in the chat how long things may take (R3.2.3a): seen, pressed or typed, confirmed, told."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select

from models.calendars import DeadlineOverride
from models.journal import JournalEntry
from models.people import Organ, Person
from models.visits import Visit
from tests.conversations.conftest import Town
from tests.conversations.test_campaign import released

pytestmark = pytest.mark.usefixtures("either")

DECIDED = select(DeadlineOverride.kind, DeadlineOverride.days)
MARKET, FIRE = "义乌市市场监督管理局", "义乌市消防救援大队"


async def decided(town: Town, of: str = MARKET) -> dict[str, int]:
    """What an authority has decided, as it stands in the database."""
    query = DECIDED.join(Organ, Organ.id == DeadlineOverride.organ_id).where(Organ.name == of)
    async with town.app.database.read() as session:
        return dict((await session.execute(query)).tuples().all())


async def entries(town: Town) -> list[JournalEntry]:
    """What the journal says of it."""
    return await town.rows(select(JournalEntry).where(JournalEntry.verb == "decide_deadline").order_by(JournalEntry.id))


async def test_a_supervisor_sees_all_and_changes_one_with_buttons(town: Town) -> None:
    supervisor = town["赵主管"]
    await supervisor.says("/deadlines")
    card = await supervisor.sees("义乌市市场监督管理局的办理期限", button="审核 · 3")
    for line in (
        "录入结果：当天",
        "审核：3 个工作日",
        "公示：20 个工作日",
        "年度计划：每年3月31日前",
        "检查：按任务的起止日期",
    ):
        assert line in card.text
    await supervisor.presses("审核 · 3")
    await supervisor.sees("现在：3 个工作日；统一规定：3 个工作日", button="2 天")
    await supervisor.presses("2 天")
    await supervisor.sees("把义乌市市场监督管理局的审核期限从“3 个工作日”改为“2 个工作日”", button="取消")
    assert await decided(town) == {}
    await supervisor.presses("确认")
    card = await supervisor.sees("已改：审核，2 个工作日", button="审核 · 2")
    assert "审核：2 个工作日（统一规定：3 个工作日）" in card.text
    assert await decided(town) == {"review": 2}
    entry = (await entries(town))[0]
    assert entry.person_id == town.ids["赵主管"]
    assert (entry.before["days"], entry.after) == (3, {"kind": "review", "days": 2})
    await supervisor.presses("审核 · 2")
    await supervisor.sees("现在：2 个工作日", button="3 天")
    await supervisor.presses("3 天")  # as everybody has it
    await supervisor.sees("改为", button="确认")
    await supervisor.presses("确认")
    await supervisor.sees("已改：审核，3 个工作日")
    assert await decided(town) == {}


async def test_it_can_be_typed_and_taken_back_and_the_law_stands(town: Town) -> None:
    supervisor = town["赵主管"]
    await supervisor.says("/deadlines 审核 5天")
    await supervisor.sees("从“3 个工作日”改为“5 个工作日”")
    await supervisor.says("取消")
    await supervisor.sees("办理期限", button="审核 · 3")
    await supervisor.says("公示 21")
    await supervisor.sees("0 至 20 个工作日")
    await supervisor.says("公示")
    await supervisor.sees("这是法定期限，只能缩短：最多 20")
    await supervisor.says("15")
    await supervisor.sees("从“20 个工作日”改为“15 个工作日”")
    await supervisor.says("确认")
    await supervisor.sees("已改：公示，15 个工作日")
    await supervisor.says("办不完的事 3")
    await supervisor.sees("没看懂")
    await supervisor.says("年度计划 3")
    await supervisor.sees("没看懂")
    assert await decided(town) == {"publication": 15}
    assert len(await entries(town)) == 1


async def test_whoever_must_act_is_told_of_a_deadline_that_moved(town: Town) -> None:
    await released(town)
    async with town.app.database.write() as session:
        visit = (await session.scalars(select(Visit))).first()
        assert visit
        visit.state, visit.submitted_at, visit.result = "submitted", town.clock(), "clean"
        by = [seat.answer_by for seat in visit.seats]
    administrator = town["管理员小周"]
    await administrator.says("/deadlines 审核 1")
    await administrator.sees("改为", button="确认")
    await administrator.presses("确认")
    await administrator.sees("1 个在办事项的期限已重算，并通知了经办人")
    await town["赵主管"].sees("您的 1 个期限改了")
    moves = await town.rows(select(JournalEntry).where(JournalEntry.verb == "move"))
    assert [(one.noun, one.before["due"], one.after["due"]) for one in moves] == [
        ("review", "2026-12-03", "2026-12-01")
    ]
    await administrator.says("接受任务 9")
    await administrator.sees("改为", button="确认")
    await administrator.presses("确认")
    await administrator.sees("已改：接受任务，9 个工作日")
    async with town.app.database.read() as session:
        visit = await session.get_one(Visit, visit.id)
        assert [seat.answer_by for seat in visit.seats] == by  # a day that was named to somebody stands


async def test_what_somebody_else_changed_meanwhile_is_shown_and_not_overwritten(town: Town) -> None:
    supervisor, administrator = town["赵主管"], town["管理员小周"]
    await supervisor.says("/deadlines 审核 2")
    await supervisor.sees("改为“2 个工作日”")
    await administrator.says("/deadlines 审核 5")
    await administrator.sees("改为", button="确认")
    await administrator.presses("确认")
    await administrator.sees("已改：审核，5 个工作日")
    await supervisor.presses("确认")
    await supervisor.sees("办理期限", button="审核 · 5")
    assert await decided(town) == {"review": 5}
    await supervisor.says("审核 2")
    await supervisor.sees("从“5 个工作日”改为“2 个工作日”")
    async with town.app.database.write() as session:  # and typed: asked anew
        await session.execute(delete(DeadlineOverride))
    await supervisor.says("确认")
    await supervisor.sees("从“3 个工作日”改为“2 个工作日”")
    assert await decided(town) == {}


async def test_an_administrator_looks_after_all_and_others_after_their_own(town: Town) -> None:
    administrator, liaison, inspector = town["管理员小周"], town["周环保"], town["李娜"]
    await administrator.says("/deadlines")
    await administrator.sees("办理期限", button="其他单位")
    await administrator.presses("其他单位")
    await administrator.sees("看哪个单位的")
    await administrator.says("没有的局")
    await administrator.sees("没看懂")
    await administrator.says("义乌市")
    await administrator.sees("看哪个单位的", button=FIRE)
    await administrator.presses(FIRE)
    await administrator.sees(f"{FIRE}的办理期限", button="签收线索 · 5")
    await administrator.says("签收线索 3")
    await administrator.sees("改为", button="确认")
    await administrator.presses("确认")
    await administrator.sees("已改：签收线索，3 个工作日")
    assert (await decided(town, FIRE), await decided(town)) == ({"lead_accept": 3}, {})
    for stranger in (liaison, inspector):
        await stranger.says("/deadlines 审核 2")
        await stranger.sees("这要主管来办")
    async with town.app.database.write() as session:
        (await session.get_one(Person, town.ids["周环保"])).roles = ("office",)
    await liaison.says("/deadlines 定夺线索 2")
    await liaison.sees("改为", button="确认")
    await liaison.presses("确认")
    await liaison.sees("已改：定夺线索，2 个工作日")
    await liaison.says(FIRE)  # another authority is not theirs
    await liaison.sees("没看懂")


async def test_in_english(town: Town) -> None:
    supervisor = town["赵主管"]
    await supervisor.says("/lang")
    await supervisor.sees("", button="English")
    await supervisor.presses("English")
    await supervisor.says("/deadlines review 1 day")
    await supervisor.sees("from “3 working days” to “1 working day”", button="Confirm")
    await supervisor.presses("Confirm")
    await supervisor.sees("Changed: Review, 1 working day.", button="Review · 1")
    assert await decided(town) == {"review": 1}
