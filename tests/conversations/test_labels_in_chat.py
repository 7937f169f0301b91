"""A supervisor labels many subjects at once, sees whom first, and takes it back (分类标注, R3.1.3b)."""

from __future__ import annotations

from sqlalchemy import select, update

from models.journal import JournalEntry
from models.people import Chat
from models.subjects import SubjectLabel
from tests.conversations.conftest import Town

LABELS = select(SubjectLabel.label).where(SubjectLabel.department == "市场监管").order_by(SubjectLabel.id)


async def test_a_supervisor_labels_by_a_filter_and_takes_it_back(town: Town) -> None:
    supervisor = town["赵主管"]
    await supervisor.says("/label")
    await supervisor.sees("先写标签，再写条件")
    await supervisor.says("网红 名称 第1面馆")
    told = await supervisor.sees("给义乌市 1 户加市场监管标签“网红”", button="确认")
    assert "义乌市第1面馆" in told.text
    assert await town.rows(LABELS) == []
    await supervisor.says("确认")  # the same as the button
    await supervisor.sees("已给 1 户加上标签“网红”", button="撤销")
    await supervisor.says("/label 网红")
    await supervisor.sees("加给义乌市的哪些对象", button="个体工商户")
    await supervisor.presses("个体工商户")
    await supervisor.sees("给义乌市 11 户加市场监管标签“网红”", button="确认")
    await supervisor.presses("确认")
    await supervisor.sees("已给 11 户加上", button="撤销")
    assert len(await town.rows(LABELS)) == 12
    await supervisor.presses("撤销")
    await supervisor.sees("已从 11 户去掉")
    assert await town.rows(LABELS) == ["网红"], "who had it before keeps it"
    entries = await town.rows(select(JournalEntry).where(JournalEntry.noun == "subjects"))
    assert [one.verb for one in entries] == ["label", "label", "unlabel"]


async def test_kinds_are_named_in_the_language_of_the_reader(town: Town) -> None:
    async with town.app.database.write() as session:
        await session.execute(update(Chat).where(Chat.person_id == town.ids["赵主管"]).values(language="en"))
    supervisor = town["赵主管"]
    await supervisor.says("/label popular")
    await supervisor.sees("Which subjects of", button="Individual business")
    await supervisor.presses("Individual business")
    await supervisor.sees("12 subjects of 义乌市 would get the label “popular”", button="Confirm")


async def test_what_is_not_understood_or_not_allowed_is_said(town: Town) -> None:
    supervisor, inspector = town["赵主管"], town["李娜"]
    await inspector.says("/label 网红 名称 面馆")
    await inspector.sees("这要主管来办")
    await supervisor.says("/label 网红 颜色 红")
    await supervisor.sees("请先写标签，再写条件")
    await supervisor.says("/label 网红 区域 东阳市")
    await supervisor.sees("不在本单位辖区内")
    await supervisor.says("/label 网红 名称 没有的店")
    await supervisor.sees("没有要加“网红”的对象")
    await supervisor.says("网红 名称 面馆")
    await supervisor.sees("给义乌市 12 户加", button="取消")
    await supervisor.presses("取消")
    await supervisor.sees("什么也没变")
    assert await town.rows(LABELS) == []
