"""One campaign from the task to the public result and the answered lead, told by the people who do it.

Long, because it is one campaign, whose steps other dialogues begin with.
"""

from __future__ import annotations

import io

import aiohttp
import pytest
from PIL import Image
from sqlalchemy import select

from jobs import ticks
from models.draws import Draw
from models.leads import Lead
from models.publication import Publication
from models.visits import Evidence, Seat, Visit
from rules import draw as rules
from simulator import Phone
from tests.conversations import joint
from tests.conversations.conftest import Town

pytestmark = pytest.mark.usefixtures("either")


def photo(colour: str = "red") -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(picture, "JPEG")
    return picture.getvalue()


async def task_made(town: Town, ratio: str = "20", subjects: int = 12) -> None:
    supervisor = town["赵主管"]
    await supervisor.says("/plans")
    await supervisor.sees("还没有抽查任务")
    for label, then in (
        ("新任务", "查什么"),
        ("餐饮服务食品安全抽查", "在哪里"),
        ("义乌市", "抽百分之几"),
        (f"{ratio}%", "多长时间"),
        ("4 周", f"约 {subjects} 户"),
        ("确认", "任务编号 330782"),
    ):
        await supervisor.presses(label)
        await supervisor.sees(then)


async def drawn(town: Town, subjects: int = 12) -> None:
    supervisor = town["赵主管"]
    await task_made(town, subjects=subjects)
    await supervisor.presses("承诺")
    await supervisor.sees("第一位见证人")
    await supervisor.presses("陈消防")
    await supervisor.sees("第二位见证人")
    await supervisor.presses("周环保")
    await supervisor.sees("第 1 号抽取已承诺")
    for name in ("陈消防", "周环保"):
        witness = town[name]
        await witness.sees("请您见证第 1 号抽取", button="见证")
        await witness.presses("见证")
        await witness.sees("别人猜不到")
        await witness.says(f"{name}的随机话 48151623")
        await witness.sees("见证已收到")
    await supervisor.sees("见证人都到齐了", button="抽取")
    await supervisor.presses("抽取")
    await supervisor.sees("第 1 号抽取完成", button="下达")


async def released_by_hand(town: Town) -> None:
    await drawn(town)
    await town["赵主管"].presses("下达")
    await town["赵主管"].sees("怎么下达", button="一次全部")
    await town["赵主管"].presses("一次全部")
    await town["赵主管"].sees("已下达")
    await told(town)


async def released(town: Town) -> list[Phone]:
    """The same by the shortest way, for dialogues that begin where the inspectors are told."""
    await joint.drawn(town, "赵主管", joint.FOOD, ratio="20", release=True)
    await town["赵主管"].says("/draws")
    await town["赵主管"].sees("本单位的抽取", button="第 1 号")
    await town["赵主管"].presses("第 1 号")
    await town["赵主管"].sees("已下达")
    return await told(town)


async def told(town: Town) -> list[Phone]:
    seats = await town.rows(select(Seat).where(Seat.person_id.is_not(None)))
    inspectors = [town[name] for name in sorted({seat.person.name for seat in seats})]
    for inspector in inspectors:
        await inspector.sees("您被抽中检查", button="逐户查看")
    return inspectors


async def the_visit(town: Town) -> tuple[Visit, Phone, Phone]:
    visit = (await town.rows(select(Visit).order_by(Visit.position)))[0]
    first, second = (town[seat.person.name] for seat in visit.seats)
    return visit, first, second


async def opened(phone: Phone, visit: Visit) -> None:
    await phone.presses("逐户查看")
    await phone.sees("待检查", button=visit.subject.name)
    await phone.presses(visit.subject.name)
    await phone.sees(visit.subject.name, button="开始检查")


async def test_a_clean_visit_takes_six_taps(town: Town) -> None:
    await released_by_hand(town)
    visit, first, second = await the_visit(town)
    before = len([call for call in town.telegram.calls if call.method == "answerCallbackQuery"])
    await opened(first, visit)
    for label, then in (("开始检查", "到了请点"), ("我已到场", "1/5"), ("余下全部符合", "未发现问题")):
        await first.presses(label)
        await first.sees(then)
    await first.presses("签名提交")
    await first.sees(f"等 {second.name} 确认")
    await second.sees("请您确认", button="确认签名")
    await second.presses("确认签名")
    await second.sees("已提交")
    taps = len([call for call in town.telegram.calls if call.method == "answerCallbackQuery"]) - before
    assert taps <= 7  # 逐户查看, the visit, 开始检查, 我已到场, 余下全部符合, 签名提交 and the partner's 确认签名
    await town["赵主管"].sees("待审核", button="通过并公示")
    await town["赵主管"].presses("通过并公示")
    await town["赵主管"].sees("已公示")
    assert [one.result for one in await town.rows(select(Publication))] == ["clean"]
    async with aiohttp.ClientSession() as web:
        page = await (await web.get(f"{town.app.address}/?q={visit.subject.name}")).text()
        assert visit.subject.name in page
        page = await (await web.get(f"{town.app.address}/subjects/{visit.subject.code}")).text()
        assert "未发现问题" in page


async def test_a_failed_point_needs_a_photo_and_words(town: Town) -> None:
    await released(town)
    visit, first, second = await the_visit(town)
    await opened(first, visit)
    await first.presses("开始检查")
    await first.sees("到了请点")
    await first.presses("我已到场")
    await first.sees("1/5")
    await first.presses("✅ 符合")
    await first.sees("2/5")
    await first.presses("❌ 不符合")
    await first.sees("发一张照片")
    await first.sends_photo(photo(), caption="健康证过期两人")
    await first.sees("已收到，证据号")
    await first.sees_nothing_new()
    await first.presses("◀ 上一项")
    await first.sees("2/5")
    await first.presses("余下全部符合")
    await first.sees("要当事人签")
    await first.says("拒签 老板说要等律师 见证人 李四")
    await first.sees("见证人 李四", button="签名提交")
    await first.presses("签名提交")
    await first.sees("等")
    await second.presses("确认签名", within=60)
    await second.sees("已提交")
    evidence = await town.rows(select(Evidence))
    assert len(evidence) == 1
    assert (await town.app.desk.evidence.read(evidence[0].sha256))[:2] == b"\xff\xd8"
    supervisor = town["赵主管"]
    await supervisor.sees("健康证过期两人", button="看照片")
    await supervisor.presses("退回")
    await supervisor.sees("要改什么")
    await supervisor.says("补上两人的姓名")
    await supervisor.sees("退回修改")
    await first.sees("补上两人的姓名")
    await first.presses("打开任务")
    await first.sees("退回原因", button="签名提交")
    await first.presses("改答案")
    await first.sees("跳到哪一项")
    await first.presses("2❌")
    await first.sees("2/5")
    await first.says("2 不符合 健康证过期两人：王某、刘某")
    await first.sees("原来的签字作废")
    await first.says("拒签 老板说要等律师 见证人 李四")
    await first.sees("王某、刘某", button="签名提交")
    await first.presses("签名提交")
    await second.presses("确认签名", within=60)
    await supervisor.sees("王某、刘某", button="通过并公示")
    await supervisor.presses("通过并公示")
    await supervisor.sees("已公示")
    await first.sees("已审核通过并公示")
    async with aiohttp.ClientSession() as web:
        page = await (await web.get(f"{town.app.address}/subjects/{visit.subject.code}")).text()
        assert "发现问题已责令改正" in page
        assert "王某" not in page


async def test_who_declines_is_replaced_by_the_next_from_the_hat(town: Town) -> None:
    await released(town)
    visit, first, second = await the_visit(town)
    await opened(first, visit)
    await first.presses("申请回避")
    await first.sees("为什么要回避")
    await first.says("店主是我表哥")
    await first.sees("按抽取顺序补位")
    third = next(town[name] for name in ("张伟", "李娜", "王强") if town[name] not in (first, second))
    await third.sees("您被抽中补位")
    await second.sees(f"{first.name} 退出")
    await town["赵主管"].sees(f"{first.name} 退出，已按抽取顺序补位")
    held = await town.rows(select(Seat).where(Seat.visit_id == visit.id).order_by(Seat.number))
    assert {seat.person_id for seat in held} == {town.ids[second.name], town.ids[third.name]}


async def test_nobody_left_means_an_appointment_on_the_record(town: Town) -> None:
    await released(town)
    visit, first, second = await the_visit(town)
    third = next(town[name] for name in ("张伟", "李娜", "王强") if town[name] not in (first, second))
    for phone, button in ((first, "请假"), (third, "请假")):
        if phone is first:
            await opened(phone, visit)
        else:
            await phone.sees("您被抽中补位", button="打开任务")
            await phone.presses("打开任务")
            await phone.sees(visit.subject.name, button="请假")
        await phone.presses(button)
        await phone.sees("为什么去不了")
        await phone.presses("病假")
        await phone.sees("已退出")
    await town["赵主管"].sees("没有人可补位", button="指派")


async def at_the_checklist(town: Town) -> tuple[Visit, Phone, Phone]:
    await released(town)
    visit, first, second = await the_visit(town)
    await opened(first, visit)
    await first.presses("开始检查")
    await first.sees("到了请点")
    await first.presses("我已到场")
    await first.sees("1/5")
    return visit, first, second


async def lead_sent(town: Town, department: str) -> Phone:
    _, first, _ = await at_the_checklist(town)
    await first.says("1 不符合 疏散通道堆放气瓶")
    await first.sees("再发一张照片")
    await first.sends_photo(photo("blue"))
    await first.sees("已收到")
    await first.says("余下 符合")
    await first.sees("查完了", button="移送线索")
    await first.presses("移送线索")
    await first.sees("移送到哪里")
    await first.presses(department)
    await first.sees("用一句话说明")
    await first.says("后厨疏散通道堆放气瓶")
    await first.sees("附照片 1 张", button="发送")
    await first.presses("发送")
    await first.sees("已移送")
    return first


async def test_a_lead_goes_over_and_the_answer_comes_back(town: Town) -> None:
    sender = await lead_sent(town, "消防救援")
    liaison = town["陈消防"]
    await liaison.sees("后厨疏散通道堆放气瓶", button="签收")
    await liaison.presses("签收")
    await liaison.sees("已签收，办理期限")
    await sender.sees("已签收")
    await liaison.presses("登记结果")
    await liaison.sees("结果？")
    await liaison.presses("立案")
    await liaison.sees("立案文号")
    await liaison.says("义消立字〔2026〕31号")
    await liaison.sees("已办结")
    await sender.sees("义消立字〔2026〕31号")
    assert [lead.state for lead in await town.rows(select(Lead))] == ["resolved"]


async def test_a_returned_lead_finds_a_better_address(town: Town) -> None:
    sender = await lead_sent(town, "生态环境")
    wrong, right = town["周环保"], town["陈消防"]
    await wrong.sees("后厨疏散通道堆放气瓶", button="退回")
    await wrong.presses("退回")
    await wrong.sees("为什么退回")
    await wrong.says("气瓶归消防管")
    await wrong.sees("线索 · 已退回")
    await sender.sees("气瓶归消防管", button="重新移送")
    await sender.presses("重新移送")
    await sender.sees("移送到哪里")
    await sender.presses("消防救援")
    await sender.sees("线索 · 待签收")
    await right.sees("后厨疏散通道堆放气瓶", button="签收")
    lead = (await town.rows(select(Lead)))[0]
    assert (lead.state, lead.returns, lead.organ.name) == ("sent", 1, "义乌市消防救援大队")
    await wrong.presses_old("退回")
    await wrong.sees_toast("没有")


async def test_both_inspectors_see_the_same_checklist(town: Town) -> None:
    visit, first, second = await at_the_checklist(town)
    await first.presses("✅ 符合")
    await first.sees("2/5")
    await second.presses("逐户查看")
    await second.sees("待检查", button=visit.subject.name)
    await second.presses(visit.subject.name)
    await second.sees(visit.subject.name, button="我已到场")
    await second.presses("我已到场")
    await second.sees("2/5")
    await second.presses("➖ 不适用")
    await second.sees("3/5")
    await first.presses("✅ 符合")  # the second has been faster
    await first.sees_toast("过期")
    await first.sees("3/5")
    await first.presses("◀ 上一项")
    await first.sees(f"{second.name} 已答：➖ 不适用")


async def test_saving_and_coming_back_goes_on_where_it_was(town: Town) -> None:
    visit, first, _ = await at_the_checklist(town)
    await first.presses("✅ 符合")
    await first.sees("2/5")
    await first.presses("保存退出")
    await first.sees("已保存，1/5 项")
    await first.says("/start")
    await first.sees("还有", button=f"接着查 {visit.subject.name}")
    await first.presses(f"接着查 {visit.subject.name}")
    message = await first.sees("2/5")
    assert message.text.startswith("接着上次：")


async def test_the_draw_can_be_checked_by_anybody(town: Town) -> None:
    await released(town)
    await town["赵主管"].presses("公开")
    await town["赵主管"].sees("已公开")
    files = {}
    async with aiohttp.ClientSession() as web:
        for name in ("commitment.json", "certificate.json", "pool.tsv", "inspectors.tsv", "recusals.tsv"):
            answer = await web.get(f"{town.app.address}/draws/1/{name}")
            assert answer.status == 200
            files[name] = await answer.read()
    rules.verify(files)
    assert (await town.rows(select(Draw)))[0].state == "opened"


async def test_reminders_and_digest_come_once(town: Town) -> None:
    await released(town)
    _, first, _ = await the_visit(town)
    town.clock.moves_to(town.clock().replace(year=2026, month=12, day=23, hour=8, minute=1))
    for _ in range(2):
        await ticks.remind(town.app.database, town.clock())
        await ticks.digests(town.app.database, town.clock())
    unanswered = await town.rows(select(Seat).where(Seat.person_id == town.ids[first.name], Seat.state == "offered"))
    await first.sees(f"{len(unanswered)} 件已逾期")  # chance says how many visits somebody has
    await town["赵主管"].sees("📊")
    await first.sees_nothing_new()
    await town["赵主管"].sees_nothing_new()
