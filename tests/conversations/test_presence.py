"""Who was there and how: arrivals, signatures, methods without a visit, experts, and that no state is a dead end."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models.journal import JournalEntry
from models.people import Person
from models.visits import Helper
from tests.conversations.conftest import Town
from tests.conversations.test_campaign import at_the_checklist, opened, photo, released, the_visit
from tests.conversations.test_results import kept
from tests.documents.reading import text_of

pytestmark = pytest.mark.usefixtures("either")


async def test_the_partner_hears_of_the_arrival_and_signs_as_present(town: Town) -> None:
    visit, first, second = await at_the_checklist(town)
    await second.sees(f"{first.name} 已到场", button="我已到场")
    await first.says("全部符合")
    await first.sees(f"{second.name} 还没点“我已到场”")
    await first.says("提交")
    await first.says("提交")
    await second.sees("就是确认“我在现场”", button="确认签名")
    await second.says("确认")
    await second.sees("没看懂")  # nothing is open on this phone: the button says which visit
    await second.presses("确认签名")
    await second.sees("已提交")
    row = await kept(town, visit)
    assert all(seat.arrived_at for seat in row.seats)
    arrivals = await town.rows(select(JournalEntry).where(JournalEntry.verb == "arrive").order_by(JournalEntry.id))
    assert [one.why for one in arrivals] == ["", "signature"]
    assert {one.person_id: one.arrived_by_signing for one in row.seats} == {
        town.ids[first.name]: False,
        town.ids[second.name]: True,
    }
    card = await town["赵主管"].sees("待审核", button="检查记录")
    assert f"{second.name} 没点“我已到场”，签名时才确认在场" in card.text
    await town["赵主管"].presses("检查记录")
    record = await town["赵主管"].sees("检查记录表")
    assert record.document
    assert "签名时确认在场" in text_of(record.document)


async def test_who_is_not_there_is_said_and_signing_does_not_make_them_present(town: Town) -> None:
    visit, first, second = await at_the_checklist(town)
    await first.says("全部符合")
    await first.presses("同伴没到，说明原因", within=60)
    await first.sees("同伴为什么没到")
    await first.says("路上堵车")
    await first.sees(f"{second.name} 没到场：路上堵车", button="签名提交")
    await first.says("提交")
    await second.sees("已记您没到场：路上堵车", button="确认签名")
    await second.presses("确认签名")
    await second.sees("已提交")
    row = await kept(town, visit)
    assert [bool(seat.arrived_at) for seat in row.seats].count(True) == 1
    assert "没到场：路上堵车" in (await town["赵主管"].sees("待审核")).text


@pytest.mark.parametrize(
    ("label", "note", "needs"),
    [
        ("书面检查", "", "要有材料"),
        ("网络监测", "", "要有截图"),
        ("委托专业机构", "金华市食品检验院", "要有材料"),
        ("其他部门结论", "义乌市卫健局 11月2日 卫监〔2026〕7号", "要有材料"),
        ("司法文书", "（2026）浙0782民初123号", "要有材料"),
    ],
)
async def test_another_method_needs_its_evidence_and_nobody_at_the_door(
    town: Town, label: str, note: str, needs: str
) -> None:
    await released(town)
    visit, first, second = await the_visit(town)
    await opened(first, visit)
    await first.presses("方式")
    await first.sees("用什么方式查")
    await first.presses(label)
    if note:
        await first.sees("？")
        await first.says(note)
    await first.sees(f"方式：{label}", button="开始检查")
    await first.presses("开始检查")
    await first.sees("1/5")
    await first.presses("余下全部符合")
    page = await first.sees(needs)
    assert "签名提交" not in page.labels
    assert "扫码确认" not in page.labels
    if label == "网络监测":
        await first.sends_photo(photo())
    else:
        await first.sends_file(b"%PDF-1.7 report", "报告.pdf", mime="application/pdf")
    await first.sees("已收到", button="签名提交")
    await first.presses("签名提交")
    await first.sees("您已签名")
    await second.presses("确认签名", within=60)
    await second.sees("已提交")
    row = await kept(town, visit)
    assert (row.method_note, row.state, row.seats[0].arrived_at) == (note, "submitted", None)
    helpers = await town.rows(select(Helper))
    assert [(one.name, one.guided_by) for one in helpers] == (
        [(note, town.ids[first.name])] if label == "委托专业机构" else []
    )
    assert f"方式：{label}" in (await town["赵主管"].sees("待审核")).text


async def test_an_expert_assists_and_never_fills_a_seat(town: Town) -> None:
    await released(town)
    visit, first, second = await the_visit(town)
    async with town.app.database.write() as session:
        person = await session.get_one(Person, town.ids["周环保"])
        person.roles = ("expert",)
    await opened(first, visit)
    await first.presses("请专家协助")
    await first.sees("请谁协助", button="周环保")
    await first.says(second.name)
    await first.sees("不能作为专家")
    await first.presses("周环保")
    await first.sees("协助：周环保")
    await first.says("浙师大 吴教授")
    await first.sees("协助：周环保、浙师大 吴教授", button="去掉 周环保")
    await first.presses("去掉 浙师大")
    await first.sees("协助：周环保")
    await first.presses("返回")
    await first.sees("协助：周环保", button="开始检查")
    assert [seat.person_id for seat in (await kept(town, visit)).seats] == [seat.person_id for seat in visit.seats]


async def test_no_state_of_the_card_is_a_dead_end(town: Town) -> None:
    """From each page that a button of the card leads to, the card or the checklist can be reached again."""
    visit, first, _ = await at_the_checklist(town)
    await first.sends_photo(photo(), caption="2 不符合 健康证过期")
    await first.says("全部符合")
    await first.sees("要当事人签")
    ways_on = {"返回", "看结果", "继续检查", "全部任务", "打开任务", "首页"}
    seen: set[str] = set()
    for label in first.messages[-1].labels:
        if label in ("扫码确认", "签名提交"):
            continue
        await first.says("/start")
        await first.presses(f"接着查 {visit.subject.name}", within=60)
        await first.sees("要当事人签", button=label)
        await first.presses(label)
        await first.settles(quiet=0.05)
        page = first.messages[-1]
        assert ways_on & set(page.labels), (label, page.labels)
        seen.add(label)
        if "返回" in page.labels:
            await first.presses("返回")
            await first.sees("查完了")
    assert {"改结果", "改答案", "改期限", "处理意见", "当事人陈述", "方式", "拍签字页", "拒绝签字"} <= seen
