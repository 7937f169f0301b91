"""Credit told by those who keep it: a list entered and left, a fine and its repair, promises, what a bank gets."""

from __future__ import annotations

from datetime import datetime, timedelta

import aiohttp
import pytest
from sqlalchemy import select

from jobs import ticks
from models.credit import CreditProposal, Extract, ListEntry
from models.journal import JournalEntry
from models.people import Chat, Person
from models.subjects import Subject
from simulator import Phone
from tests.conversations.conftest import ZONE, Town
from tests.conversations.test_campaign import at_the_checklist, photo
from tests.documents.reading import text_of

pytestmark = pytest.mark.usefixtures("either")


async def second_supervisor(town: Town) -> Phone:
    """One more supervisor of the market bureau, on a phone."""
    async with town.app.database.write() as session:
        first = await session.get_one(Person, town.ids["赵主管"])
        more = Person(staff_no="330700011", name="钱主管", organ_id=first.organ_id, area_code="330782",
                      roles=("supervisor",))  # fmt: skip
        session.add(more)
        await session.flush()
        session.add(Chat(id=1099, person_id=more.id, language="zh_CN", bound_at=town.clock()))
    phone = town.telegram.phone("钱主管", user_id=1099, language="zh-hans")
    phone.chat.started = True
    return phone


async def steps(phone: Phone, *pairs: tuple[str, str]) -> None:
    for label, then in pairs:
        await phone.presses(label)
        await phone.sees(then)


async def the_shop(town: Town, name: str) -> Subject:
    (shop,) = await town.rows(select(Subject).where(Subject.name == name))
    return shop


async def test_who_cannot_be_found_is_listed_and_comes_off_again(town: Town) -> None:
    visit, first, second = await at_the_checklist(town)
    name = visit.subject.name
    await first.says("结果 无法联系")
    await first.sees("无法联系")
    await first.sends_photo(photo(), caption="门口贴着转让，电话停机")
    await first.sees("已收到")
    await first.says("提交")
    await second.presses("确认签名", within=5)
    boss = town["赵主管"]
    await boss.sees("待审核", button="通过并公示")
    await boss.presses("通过并公示")
    await boss.sees("列入经营异常名录", button="同意")
    assert "12月14日（周一）前，还有 10 个工作日" in boss.screen()
    assert f"{first.name}、{second.name}" in boss.screen() or f"{second.name}、{first.name}" in boss.screen()

    boss.reads_all()
    town.clock.moves_to(datetime(2026, 12, 9, 9, 0, tzinfo=ZONE))
    await ticks.remind(town.app.database, town.clock())
    await boss.sees("名录列入", button="名录列入")
    await boss.says("/digest")
    await boss.sees("1 件信用事项待决定，最早 12月14日（周一）到期", button="信用待定 1")
    await boss.says("/credit")
    await boss.sees("1 件待您决定", button="待决定")
    await steps(boss, ("待决定", "待决定 1 件"), (name, "列入经营异常名录"))
    await boss.presses("同意")
    await boss.sees("赵主管 已同意")
    shop = await the_shop(town, name)
    assert (shop.credit_class, shop.flags) == ("C", ("abnormal",))
    async with aiohttp.ClientSession() as web:
        page = await (await web.get(f"{town.app.address}/subjects/{shop.code}")).text()
        assert "2026年12月9日列入：通过登记的住所（经营场所）无法联系" in page

    await first.says("/credit")
    await first.sees("经营异常 1 户", button="经营异常")
    await steps(first, ("经营异常", f"{name} · 2026年12月9日 · 通过登记的住所"))
    await first.says(f"/credit {name}")
    await first.sees("信用 C", button="移出经营异常名录")
    assert "重点对象：经营异常（在经营异常名录）" in first.screen()
    await steps(first, ("移出经营异常名录", "凭什么移出"))
    await first.says("已搬到工人西路 88 号，登记已变更，现场能联系上")
    await first.sees("5 个工作日")
    await boss.sees("已搬到工人西路 88 号", button="不同意")
    await steps(boss, ("不同意", "为什么不同意"))
    await boss.says("变更登记还没办完")
    await boss.sees("没有同意：变更登记还没办完")
    await first.sees("没有同意：变更登记还没办完")
    await first.says(f"/credit {name}")
    await first.sees("信用 C", button="移出经营异常名录")
    await steps(first, ("移出经营异常名录", "凭什么移出"))
    await first.says("变更登记已办结，现场能联系上")
    await boss.sees("变更登记已办结", button="同意")
    await boss.presses("同意")
    await boss.sees("移出经营异常名录")
    await first.sees("赵主管 已同意")
    assert [one.left_on is not None for one in await town.rows(select(ListEntry))] == [True]
    assert (await the_shop(town, name)).flags == ()
    told = await town.rows(select(JournalEntry).where(JournalEntry.noun == "subject", JournalEntry.noun_id == shop.id))
    verbs = [one.verb for one in told]
    assert [verb for verb in verbs if verb in ("enter", "leave")] == ["enter", "leave"]


async def test_a_fine_stands_on_the_joint_list_until_it_is_repaired(town: Town) -> None:
    name, boss, other, fire = "义乌市第3面馆", town["赵主管"], await second_supervisor(town), town["陈消防"]
    await fire.says("/credit")
    await fire.sees("联合惩戒 0 项", button="订阅")
    await steps(fire, ("订阅", "要看到什么"), ("联合惩戒", "已订 1 类"), ("返回", "联合惩戒 0 项"))
    await boss.says("/credit 第3面馆")
    await boss.sees(name, button="处罚惩戒")
    await steps(boss, ("处罚惩戒", "没有行政处罚"), ("登记处罚", "哪一种"), ("罚款、没收", "文号和日期"))
    await boss.says("义市监处罚〔2026〕12号 2026-02-30")
    await boss.sees("没有 2026-02-30 这一天")
    await boss.says("义市监处罚〔2026〕12号 2026年5月20日")
    await boss.sees("联合惩戒名单，至 2029年5月20日", button="1 信用修复")
    await fire.says("/credit")
    await fire.sees("联合惩戒 1 项", button="联合惩戒")
    assert "🔔 新动态：联合惩戒 1" in fire.screen()
    await steps(fire, ("联合惩戒", f"{name} · 罚款、没收 · 义乌市市场监督管理局 · 至 2029年5月20日"), (name, "信用 D"))

    await steps(boss, ("1 信用修复", "当事人做了什么"))
    await boss.says("罚款已缴清，提交了信用修复承诺书")
    await boss.sees("信用修复")
    await boss.presses("信用")  # to the subject's card: who asks does not decide
    await boss.sees("有效处罚 1")
    await other.sees("罚款已缴清", button="同意")
    await other.presses("同意")
    await other.sees("钱主管 已同意")
    await boss.sees("钱主管 已同意")
    await other.presses_old("同意")
    await other.sees_toast("过期")
    assert (await the_shop(town, name)).credit_class == ""
    await boss.says("/credit 第3面馆")
    await boss.sees(name, button="信用记录")
    await steps(boss, ("信用记录", "罚款、没收（已撤销，不计）"))
    screen = boss.screen()
    assert screen.rindex("D→未评 信用修复") < screen.rindex("未评→D 罚款、没收")  # the latest first


async def test_a_promise_is_kept_in_mind_and_a_broken_one_counts(town: Town) -> None:
    inspector = town["张伟"]
    await inspector.says("/credit 面馆")
    await inspector.sees("“面馆”是哪一户", button="义乌市第2面馆")
    await steps(inspector, ("义乌市第2面馆", "信用 未评"), ("信用承诺", "还没有信用承诺"), ("登记承诺", "哪一类"),
                ("行业自律", "承诺了什么"))  # fmt: skip
    await inspector.says("三个月内换完灭火器 <b>#1</b>")
    await inspector.sees("三个月内换完灭火器 <b>#1</b>", button="1 未履行")
    await steps(inspector, ("1 未履行", "哪里没做到"))
    await inspector.says("到期仍未更换")
    await inspector.sees("未履行：到期仍未更换")
    await steps(inspector, ("返回", "信用 C"), ("信用记录", "未履行信用承诺 -20"))
    await inspector.says("/credit 没有这家")
    await inspector.sees("没有“没有这家”")


async def test_the_extract_goes_to_who_supervises_and_the_bank_finds_it_genuine(town: Town) -> None:
    inspector = town["张伟"]
    await inspector.says("/credit 第4面馆")
    await inspector.sees("义乌市第4面馆", button="信用宝")
    await inspector.presses("信用宝")
    message = await inspector.sees("只含公开信息", within=30)
    assert message.document
    text = text_of(message.document)
    assert "没有发现问题的检查结果" in text
    (made,) = await town.rows(select(Extract))
    assert (made.made_by, made.content["subject"]["name"]) == (town.ids["张伟"], "义乌市第4面馆")
    async with aiohttp.ClientSession() as bank:
        page = await (await bank.get(f"{town.app.address}/extracts/{made.token}?who=义乌市第4面馆")).text()
        assert "真实，且与纸面一致" in page
    administrator = town["管理员小周"]
    async with town.app.database.write() as session:
        (await session.get_one(Person, town.ids["管理员小周"])).roles = ("expert",)
    await administrator.says("/credit 第4面馆")
    await administrator.sees("只给监管人员看")
    assert await town.rows(select(CreditProposal)) == []
    assert town.clock() - made.made_at < timedelta(minutes=5)


async def test_who_asked_for_it_finds_no_button_to_agree(town: Town) -> None:
    boss, second = town["赵主管"], await second_supervisor(town)
    shop = await the_shop(town, "义乌市第1面馆")
    async with town.app.database.write() as session:
        organ = (await session.get_one(Person, town.ids["赵主管"])).organ_id
        entry = ListEntry(subject_id=shop.id, list="abnormal", ground="unreachable", organ_id=organ)
        entry.entered_on = town.clock().date()
        session.add(entry)
    await boss.says(f"/credit {shop.name}")
    await boss.sees("信用", button="移出经营异常名录")
    await steps(boss, ("移出经营异常名录", "凭什么移出"))
    await boss.says("现场能联系上")
    card = await boss.sees("赵主管 提出：现场能联系上")
    assert [button["text"] for row in card.keyboard for button in row] == ["信用"]
    await second.sees("赵主管 提出：现场能联系上", button="同意")
