"""The end of a visit: results by item, several departments, signatures and refusals to sign."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from models.items import Checklist, Item, Point
from models.people import Organ, Person
from models.plans import TaskItem
from models.visits import Answer, Evidence, Part, Seat, Visit
from simulator import Phone
from tests.conversations.conftest import Town
from tests.conversations.test_campaign import opened, photo, released, the_visit
from tests.documents.reading import text_of

pytestmark = pytest.mark.usefixtures("either")


@pytest.mark.parametrize("kind", ["voice", "video", "round", "file"])
async def test_a_recording_proves_that_the_subject_refused_to_sign(town: Town, kind: str) -> None:
    await released(town)
    visit, first, second = await the_visit(town)
    await arrived(first, visit, "1/5")
    await first.says("2 不符合 两人无健康证")
    await first.sees("再发一张照片")
    await first.sends_photo(photo())
    await first.sees("已收到")
    await first.says("余下 符合")
    await first.sees("要当事人签", button="拒绝签字")
    await first.presses("拒绝签字")
    await first.sees("为什么")
    await first.says("老板说要等律师")
    await first.sees("谁在场见证")
    await first.shares_position(29.3, 120.07)
    await first.sees("谁在场见证")  # a position shows nothing of the sort
    data = f"recording {kind}".encode() * 40
    mp4 = b"\x00\x00\x00\x18ftypmp42" + data
    await {
        "voice": lambda: first.sends_voice(b"OggS" + data),
        "video": lambda: first.sends_video(mp4),
        "round": lambda: first.sends_video_note(mp4),
        "file": lambda: first.sends_file(mp4, "拒签.mp4", mime="video/mp4"),
    }[kind]()
    await first.sees("拒绝签字（老板说要等律师），有录音录像", button="签名提交")
    await first.presses("签名提交")
    await second.presses("确认签名", within=20)
    await second.sees("已提交", button="检查记录")
    row = await kept(town, visit)
    shown = next(one for one in await town.rows(select(Evidence)) if one.sha256 == row.signing["sha256"])
    assert data in await town.app.desk.evidence.read(shown.sha256)
    assert (row.signing["how"], row.signing["why"], shown.point_id) == ("refused", "老板说要等律师", None)
    await second.presses("检查记录")
    record = await second.sees("检查记录表", within=20)
    assert record.document
    text = text_of(record.document)
    assert "老板说要等律师" in text
    assert shown.sha256 in text
    supervisor = town["赵主管"]
    assert "有录音录像" in (await supervisor.sees("待审核", button="看照片")).text
    await supervisor.presses("看照片")
    assert "本次检查 · " in (await supervisor.sees("证据 2 份", button="原图")).text


async def second_item(town: Town, visit: Visit, organ_name: str = "义乌市市场监督管理局") -> None:
    """The visit has one more item with two points, which an organ checks."""
    async with town.app.database.write() as session:
        organ = (await session.scalars(select(Organ).where(Organ.name == organ_name))).one()
        points = [Point(number=1, text="灭火器在有效期内", photo="never"), Point(number=2, text="疏散通道畅通")]
        checklist = Checklist(name="第二张表", points=points)
        session.add(checklist)
        await session.flush()
        item = Item(
            code="X-2", name="消防安全", department=organ.department, kind="key", valid_from=date(2026, 1, 1),
            checklist_id=checklist.id,
        )  # fmt: skip
        session.add(item)
        await session.flush()
        session.add(TaskItem(task_id=visit.task_id, position=1, item_id=item.id, organ_id=organ.id))
        session.add(Part(visit_id=visit.id, position=1, item_id=item.id, checklist_id=checklist.id))


async def fire_brigade(town: Town, visit: Visit) -> None:
    """The fire brigade sends the two liaisons of the town, who hold certificates now."""
    await second_item(town, visit, "义乌市消防救援大队")
    async with town.app.database.write() as session:
        for number, name in enumerate(("陈消防", "周环保"), 2):
            person = await session.get_one(Person, town.ids[name])
            person.roles, person.certificate = ("inspector", "liaison"), f"浙F{number}"
            person.certificate_until = date(2028, 12, 31)
            session.add(
                Seat(
                    visit_id=visit.id, number=number, slot=number, department="消防救援", qualified=False,
                    person_id=person.id, mode="own", state="accepted",
                )
            )  # fmt: skip


async def kept(town: Town, visit: Visit) -> Visit:
    (row,) = await town.rows(select(Visit).where(Visit.id == visit.id))
    return row  # type: ignore[no-any-return]


async def arrived(phone: Phone, visit: Visit, then: str) -> None:
    await opened(phone, visit)
    await phone.says("到场")
    await phone.sees(then)


async def test_each_item_has_its_own_result_and_the_gravest_stands_for_the_visit(town: Town) -> None:
    await released(town)
    visit, first, second = await the_visit(town)
    await second_item(town, visit)
    await arrived(first, visit, "1/7")
    await first.says("6 不符合 两具过期")
    await first.says("全部符合")
    await first.sees("汇总：发现问题已责令改正")
    assert "1. 餐饮服务食品安全抽查：未发现问题" in first.messages[-1].text
    assert "2. 消防安全：发现问题已责令改正" in first.messages[-1].text
    await first.presses("改结果")
    await first.sees("改哪个事项")
    await first.presses("消防安全：")
    await first.sees("消防安全：选择抽查结果")
    await first.presses("发现问题待后续处理")
    await first.sees("待后续处理要有改正期限或移送线索（消防安全）")
    await first.says("限期 10")
    await first.sees("12月14日（周一）前改正")
    await first.says("事项1 结果 发现问题已责令改正")
    await first.sees("没有不符合项，与这个结果不一致（餐饮服务食品安全抽查）")
    await first.says("结果 未发现问题")
    await first.sees("比如“事项2 结果 未发现问题”")
    await first.says("事项1 结果 1")
    await first.presses("处理意见", within=60)
    await first.sees("哪个事项的处理意见")
    await first.presses("2. 消防安全")
    await first.sees("怎么处理")
    await first.presses("转立案调查")
    await first.sees("处理意见：转立案调查")
    await first.says("拒签 不认 见证人 李四")
    await first.sees("见证人 李四", button="签名提交")
    await first.says("提交")
    await first.sees("您已签名")
    await second.presses("确认签名", within=60)
    await second.sees("已提交")
    card = await town["赵主管"].sees("待审核", button="通过并公示")
    for words in ("1. 餐饮服务食品安全抽查：未发现问题", "处理意见：转立案调查", "拒绝签字（不认）"):
        assert words in card.text
    row = await kept(town, visit)
    assert [part.result for part in row.parts] == ["clean", "pending"]
    assert (row.result, row.parts[1].disposal) == ("pending", "转立案调查")


async def test_two_departments_answer_their_own_points_and_sign_once_together(town: Town) -> None:
    await released(town)
    visit, first, second = await the_visit(town)
    await fire_brigade(town, visit)
    third, fourth = town["陈消防"], town["周环保"]
    await arrived(first, visit, "1/7")
    await third.sees(f"{first.name} 已到场", button="我已到场")
    await third.presses("我已到场")
    await third.sees("6/7")
    await first.says("6 符合")
    await first.sees("第 6 项由消防救援检查")
    await first.presses("余下全部符合")
    await first.sees("消防救援还有没检查的项")
    answers = await town.rows(select(Answer).where(Answer.visit_id == visit.id))
    assert len(answers) == 5
    await first.presses("改答案")
    await first.sees("跳到哪一项")
    await first.presses("7")
    await first.sees("由消防救援检查，只能看")
    await first.presses("看结果")
    await third.says("6 不符合 两具过期")
    await third.says("7 符合")
    await third.sees("汇总：发现问题已责令改正")
    await third.says("事项1 结果 迁出")
    await third.sees("由市场监管下结论")
    await third.presses("改结果")
    await third.sees("改哪个事项")
    assert "汇总结果" not in third.messages[-1].labels
    await third.presses("返回")
    await first.says("结果")
    await first.presses("改结果", within=60)
    await first.presses("汇总结果", within=60)
    await first.sees("汇总成哪个结果")
    await first.presses("未发现问题")
    await first.sees_toast("汇总只能选")
    await third.says("拒签 不认 见证人 李四")
    await third.sees("见证人 李四", button="签名提交")
    await third.presses("签名提交")
    await third.sees("等 ")
    for phone in (first, second, fourth):
        await phone.presses("确认签名", within=60)
        await phone.sees("已提交" if phone is fourth else "您已签名")
    row = await kept(town, visit)
    assert (row.state, row.result) == ("submitted", "correction")
    assert all(seat.arrived_at and seat.signed_at for seat in row.seats)


async def test_tasks_are_listed_by_area_and_day_with_a_map_and_phones_can_be_copied(town: Town) -> None:
    await released(town)
    visit, first, second = await the_visit(town)
    await first.says("/tasks")
    listed = await first.sees("义乌市 · ")
    assert "1. 义乌市第" in listed.text
    assert "地图" in listed.text
    await first.presses(visit.subject.name)
    await first.presses("同行电话", within=60)
    page = await first.sees("点号码就能复制")
    assert f"{second.name}（义乌市市场监督管理局）13800000000" in page.text
    await first.presses("返回")
    await first.presses("申请回避", within=60)
    await first.sees("为什么要回避", button="其他（写一句）")
    await first.presses("其他（写一句）")
    await first.sees_toast("写一句原因")
    await first.says("/cancel")
