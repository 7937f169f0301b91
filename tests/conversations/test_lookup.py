"""Somebody is looked up: by a part of the name, by code, by the QR code of a licence; each sees what concerns them."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
import qrcode
from sqlalchemy import inspect, select

from actions.imports import KINDS, bring_in
from models.people import Organ, Person
from models.plans import Task
from models.subjects import Subject
from models.visits import Visit
from tests.actions.importing import as_csv, uscc
from tests.conversations.conftest import Town
from tests.conversations.test_campaign import released, the_visit


def licence(text: str) -> bytes:
    file = io.BytesIO()
    qrcode.make(text, border=8).get_image().convert("RGB").save(file, "JPEG")
    return file.getvalue()


async def fill(town: Town) -> None:
    head = ["code", "name", "区域", "地址", "联系人", "电话", "labels", "部门标签"]
    shop = ["稠城街道1号", "陈老板", "13812342071", "餐饮", "消防救援:高层"]
    async with town.app.database.write() as session:
        rows = [[uscc(1), "老街面馆", "义乌市", *shop], [uscc(2), "东阳木雕厂", "东阳市", *shop]]
        now = town.clock()
        await bring_in(session, [KINDS["subjects"]], as_csv(head, *rows), "名录.csv", now, None)
        rows[0][3] = "稠城街道2号"
        await bring_in(session, [KINDS["subjects"]], as_csv(head, *rows), "十二月.csv", now, None)


@pytest.mark.usefixtures("either")
async def test_a_subject_is_found_by_part_of_its_name_by_code_and_by_its_licence(town: Town) -> None:
    await fill(town)
    inspector = town["张伟"]
    await inspector.says("/subject 老街")
    card = await inspector.sees("老街面馆", button="名录变更")
    assert "陈老板 13812342071" in card.text
    assert "标签 餐饮、消防救援·高层" in card.text
    assert "没有检查记录" in card.text
    await inspector.presses("名录变更")
    changed = await inspector.sees("名录变更，最近的在前")
    assert "十二月.csv：地址 稠城街道1号 → 稠城街道2号" in changed.text
    await inspector.presses("返回")
    await inspector.sees("代码", button="再找一个")
    await inspector.presses("再找一个")
    await inspector.sees("找哪一户？")
    await inspector.says("面馆")
    await inspector.sees("“面馆”太多", button="义乌市第1面馆 · 义乌市")
    await inspector.presses("义乌市第1面馆 · 义乌市")
    await inspector.sees("92330782MA2TEST000")
    await inspector.says(f"/subject {uscc(2).lower()}")
    await inspector.sees("东阳木雕厂")
    await inspector.sends_photo(licence(f"https://zhejiang.example/lic?uniscid={uscc(1)}&t=1"))
    await inspector.sees("老街面馆", button="再找一个")
    await inspector.sends_photo(licence("https://example.org/menu"))
    await inspector.sees("二维码里没有名录库中的代码")
    await inspector.says("没有这家")
    await inspector.sees("没有找到“没有这家”")


async def test_who_does_not_supervise_a_subject_sees_only_what_is_public(town: Town) -> None:
    await fill(town)
    inspector = town["张伟"]
    await inspector.says("/subject 木雕")
    card = await inspector.sees("东阳木雕厂", button="再找一个")
    assert "陈老板" not in card.text
    assert "标签" not in card.text
    (subject,) = await town.rows(select(Subject).where(Subject.name == "东阳木雕厂"))
    await inspector.taps(card.id, f"subject_changes:{subject.id}:0")  # a button that was never on the card
    await inspector.says("/help")
    await inspector.sees("怎么用")
    assert "名录变更，最近的在前" not in "".join(message.text for message in inspector.messages)
    async with town.app.database.write() as session:
        person = await session.get_one(Person, town.ids["张伟"])
        organ = Organ(name="金华市市场监督管理局", department="市场监管", area_code="330700")
        session.add(organ)
        await session.flush()
        person.organ_id = organ.id
    await inspector.says("/subject 木雕")
    await inspector.sees("陈老板")


async def test_strangers_look_nobody_up(town: Town) -> None:
    stranger = town.telegram.phone("路人", user_id=9001)
    await stranger.says("/subject 面馆")
    await stranger.sees("绑定")


async def test_a_long_record_is_read_page_by_page(town: Town) -> None:
    await released(town)
    visit, first, _ = await the_visit(town)
    same = {one: getattr(visit, one) for one in ("subject_id", "origin", "public_id", "position")}
    like = {one.key: getattr(visit.task, one.key) for one in inspect(Task).column_attrs if one.key != "id"}
    async with town.app.database.write() as session:
        for number in range(1, 10):
            task = Task(**{**like, "number": f"{like['number']}{number}"})
            session.add(task)
            await session.flush()
            day = visit.due - timedelta(days=30 * number)
            found = {"state": "reviewed", "result": "clean", "due": day, "token": f"t{number:023}"}
            session.add(Visit(task_id=task.id, **same, **found))
    await first.says(f"/subject {visit.subject.code}")
    await first.sees("检查记录 10 条", button="全部记录")
    await first.presses("全部记录")
    page = await first.sees("检查记录 10 条", button="较早 ▶")
    assert page.text.count("· ") == 8
    await first.presses("较早 ▶")
    page = await first.sees("检查记录 10 条", button="◀ 较新")
    assert page.text.count("· ") == 2
    await first.presses("返回")
    await first.sees("检查记录 10 条，最近", button="全部记录")
