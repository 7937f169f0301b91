"""The desks of leads: what the office decides, a lead split, two joined, a leave, a complaint from outside."""

from __future__ import annotations

from sqlalchemy import select

from jobs import ticks
from models.leads import Lead
from models.people import Chat
from models.subjects import Subject
from tests.conversations.conftest import Town
from tests.conversations.test_leads import five, later, told_of

__all__ = ["five"]


async def test_the_button_of_a_reminder_of_one_thing_says_what_it_is(five: Town) -> None:
    await told_of(five)
    await five["陈消防"].sees("新线索")
    five.clock.moves_to(five.clock().replace(month=12, day=8, hour=9))
    await ticks.remind(five.app.database, five.clock())
    told = await five["陈消防"].sees("1 件事", button="签收线索")
    assert told.labels == ["签收线索"]
    await later(five, 0)
    await five["何联席"].sees("请联席办定夺", button="经过")
    await five["何联席"].presses("经过")
    await five["何联席"].sees("系统：超期，交联席办")


async def test_what_is_overdue_is_decided_by_the_office(five: Town) -> None:
    lead = await told_of(five, department="住建")
    housing, office, sender, fire = five["吴住建"], five["何联席"], five["张伟"], five["陈消防"]
    await housing.sees("新线索", button="签收")
    await later(five, 5)
    await office.sees_nothing_new()
    await later(five, 3)
    await office.sees("超期没有办，请联席办定夺", button="指定部门")
    await housing.sees("已超期")
    await office.presses("指定部门")
    await office.sees("指定哪个部门办", button="消防救援")
    await office.presses("消防救援")
    await office.sees("写一句理由")
    await office.says("气瓶占用疏散通道，属消防职责")
    await office.sees("已指定 义乌市消防救援大队")
    await fire.sees("后厨通道堆放气瓶", button="签收")
    assert not any("退回" in row for row in fire.messages[-1].labels)
    await sender.sees("联席办指定 义乌市消防救援大队 办")
    await housing.sees("已改派其他部门")
    await housing.presses("经过")
    await housing.sees_toast("没有")
    await fire.presses("签收")
    await fire.sees("办理期限")
    held = (await five.rows(select(Lead).where(Lead.id == lead.id)))[0]
    assert (held.state, held.assigned, held.organ.department) == ("accepted", True, "消防救援")


async def test_a_lead_is_split_and_two_about_one_shop_are_joined(five: Town) -> None:
    await told_of(five)
    fire, housing, sender = five["陈消防"], five["吴住建"], five["张伟"]
    await fire.sees("后厨通道堆放气瓶", button="签收")
    await fire.presses("签收")
    await fire.sees("已签收")
    await fire.presses("更多")
    await fire.sees("办理", button="拆分")
    await fire.presses("拆分")
    await fire.sees("先选部门", button="住建")
    await fire.presses("住建")
    await fire.sees("归对方办的部分")
    await fire.says("外墙违章搭建的棚子")
    await fire.sees("已拆给 义乌市住房和城乡建设局")
    await housing.sees("外墙违章搭建的棚子", button="签收")
    await sender.sees("拆给了 义乌市住房和城乡建设局")
    second = await told_of(five, sender="李娜", words="门口又堆了两个气瓶")
    await fire.sees("门口又堆了两个气瓶", button="更多")
    await fire.presses("更多")
    await fire.presses("并入 #1", within=5)
    await fire.sees("已并入 #1")
    await five["李娜"].sees("一起办")
    await fire.says("/leads")
    await fire.sees("要我办 1 条")
    await fire.presses("办理中 · 义乌市第3面馆")
    await fire.sees("后厨通道堆放气瓶", button="登记结果")
    await fire.presses("登记结果")
    await fire.sees("结果？")
    await fire.presses("立案")
    await fire.sees("立案文号")
    await fire.says("义消立字〔2026〕31号")
    await fire.sees("已办结")
    await five["李娜"].sees("义消立字〔2026〕31号")
    rows = {one.id: one.state for one in await five.rows(select(Lead))}
    assert rows == {1: "resolved", 2: "sent", second.id: "resolved"}


async def test_a_desk_is_handed_over_and_deputies_are_asked(five: Town) -> None:
    fire, deputy, colleague = five["陈消防"], five["钱副联络"], five["孙消防"]
    await fire.says("/leads")
    await fire.sees("要我办 0 条", button="休假交接")
    await fire.presses("休假交接")
    await fire.sees("线索交给谁看", button="孙消防")
    await fire.presses("孙消防")
    await fire.sees("到哪天")
    await fire.says("7")
    await fire.sees("孙消防 替您看到", button="我回来了")
    await colleague.sees("陈消防 休假，线索由您代看到")
    await told_of(five)
    await colleague.sees("后厨通道堆放气瓶")
    await fire.sees_nothing_new()
    await fire.presses("我回来了")
    await fire.sees("要我办 1 条")
    async with five.app.database.write() as session:
        chat = await session.scalar(select(Chat).where(Chat.person_id == five.ids["陈消防"]))
        assert chat
        chat.unreachable_at = five.clock()
    await told_of(five, words="又堆了气瓶")
    await deputy.sees("又堆了气瓶", button="签收")
    await deputy.presses("签收")
    await deputy.sees("已签收")


async def test_a_complaint_from_outside_keeps_its_source_and_number(five: Town) -> None:
    phone = five["赵主管"]
    await phone.says("/leads")
    await phone.sees("要我办")
    await phone.presses("新线索")
    await phone.sees("自己发现的")
    await phone.presses("投诉举报")
    await phone.sees("关于哪一户")
    subject = (await five.rows(select(Subject).order_by(Subject.id)))[0]
    await phone.says(subject.code)
    await phone.sees("是哪一户")
    await phone.presses(subject.name)
    await phone.sees("移送到哪里")
    await phone.presses("生态环境")
    await phone.sees("写来源、编号和内容")
    await phone.says("12345热线，编号 202611300017，夜间油烟扰民，影响楼上")
    await phone.sees("将移送", button="发送")
    await phone.presses("发送")
    await phone.sees("已移送")
    await five["周环保"].sees("投诉举报 · 12345热线 202611300017", button="签收")
    lead = (await five.rows(select(Lead)))[0]
    assert (lead.origin, lead.source, lead.reference) == ("complaint", "12345热线", "202611300017")
    assert lead.text == "夜间油烟扰民，影响楼上"
