"""Points that are measured, chosen, sampled, conditional, or end the visit; papers; and what others checked before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models.items import Checklist, Item, Point
from models.people import Organ
from models.plans import Task, TaskItem
from models.publication import Publication
from models.subjects import Subject
from models.visits import Answer, Part, Seat, Visit
from simulator import Phone
from tests.conversations.conftest import Town
from tests.conversations.test_campaign import opened, released, the_visit

pytestmark = pytest.mark.usefixtures("either")


async def changed(town: Town, *points: dict[str, Any], materials: tuple[str, ...] = ()) -> None:
    """The checklist of the town asks otherwise."""
    async with town.app.database.write() as session:
        checklist = (await session.scalars(select(Checklist))).one()
        checklist.materials = list(materials)
        for point, change in zip(checklist.points, points, strict=False):
            for name, value in change.items():
                setattr(point, name, value)


async def at_the_door(town: Town, first_sees: str = "1/5") -> tuple[Visit, Phone, Phone]:
    visit, first, second = await the_visit(town)
    await opened(first, visit)
    await first.presses("开始检查")
    await first.sees("到了请点")
    await first.presses("我已到场")
    await first.sees(first_sees)
    return visit, first, second


async def entered(town: Town, visit: Visit) -> dict[int, tuple[str, str]]:
    answers = await town.rows(select(Answer).where(Answer.visit_id == visit.id))
    return {answer.point.number: (answer.value, answer.reading) for answer in answers}


async def test_measured_chosen_and_sampled(town: Town) -> None:
    await released(town)
    await changed(
        town,
        {"answer": "数值 2~8 ℃"},
        {"answer": "选择 有;无*"},
        {"min_sample": 2},
        {"answer": "文字"},
        {"photo": "never"},
    )
    visit, first, _ = await at_the_door(town, "填数字℃：2 到 8 为符合")
    await first.says("五度左右")
    await first.sees("这里要填数字，单位 ℃")
    await first.says("5.5")
    await first.sees("2/5", button="无")
    await first.presses("有")
    await first.sees("至少抽 2 件")
    await first.says("1")
    await first.sees("至少要抽 2 件")
    await first.says("5/1")
    await first.sees("❌ 第 3 项")
    await first.says("两包盐过期")
    await first.sees("再发一张照片", button="改答案")
    await first.presses("改答案")
    await first.sees("3/5")
    await first.says("3 4")
    await first.sees("4/5")
    await first.says("后院新搭了棚")
    await first.sees("5/5")
    await first.presses("余下全部符合")
    await first.sees("未发现问题")
    found = await entered(town, visit)
    assert found == {
        1: ("yes", "5.5 ℃"),
        2: ("yes", "有"),
        3: ("yes", "4/0"),
        4: ("yes", "后院新搭了棚"),
        5: ("yes", ""),
    }


async def test_rest_all_yes_leaves_what_must_be_measured(town: Town) -> None:
    await released(town)
    await changed(town, {}, {}, {"answer": "数值 ≤60"}, {"min_sample": 3})
    visit, first, _ = await at_the_door(town)
    await first.presses("余下全部符合")
    await first.sees("3/5")
    await first.says("3 61")
    await first.sees("❌ 第 3 项")
    found = await entered(town, visit)
    assert found[3] == ("no", "61")
    assert found[4] == ("yes", "3/0")


async def test_a_condition_opens_points_and_a_stop_point_ends_them(town: Town) -> None:
    await released(town)
    await changed(town, {"photo": "never"}, {"only_if": "1=no"}, {}, {"stop": True, "photo": "never"}, {})
    visit, first, _ = await at_the_door(town)
    await first.presses("✅ 符合")
    await first.sees("3/5")
    await first.says("1 不符合 门头不一致")
    await first.sees("2/5")
    await first.says("1 符合")
    await first.sees("3/5")
    await first.says("4 不符合 已停业，大门紧锁")
    await first.sees("3/5", button="✅ 符合")
    await first.presses("✅ 符合")
    await first.sees("发现问题已责令改正")
    assert (await entered(town, visit)).keys() == {1, 3, 4}


async def test_papers_are_ticked(town: Town) -> None:
    await released(town)
    await changed(town, materials=("营业执照", "食品经营许可证", "健康证"))
    visit, first, _ = await at_the_door(town)
    await first.presses("材料")
    await first.sees("已看 0/3")
    await first.presses("▫️ 健康证")
    await first.sees("已看 1/3")
    await first.presses("✅ 健康证")
    await first.sees("已看 0/3", button="❌ 健康证")
    await first.presses("全部齐全")
    await first.sees("已看 3/3")
    await first.presses("返回")
    await first.sees("1/5")
    (kept,) = await town.rows(select(Visit).where(Visit.id == visit.id))
    assert kept.materials == {"营业执照": "seen", "食品经营许可证": "seen", "健康证": "seen"}


async def test_r1_4_what_another_department_found_is_offered(town: Town) -> None:
    await released(town)
    visit, first, _ = await the_visit(town)
    now = town.clock()
    async with town.app.database.write() as session:
        organ = (await session.scalars(select(Organ).where(Organ.department == "消防救援"))).one()
        theirs = Checklist(name="消防", points=[Point(number=1, text="冷藏设施运转正常", valid_days=90)])
        session.add(theirs)
        await session.flush()
        item = Item(
            code="XF-1", name="消防检查", department="消防救援", kind="key", valid_from=now.date(),
            checklist_id=theirs.id,
        )  # fmt: skip
        session.add(item)
        await session.flush()
        task = Task(
            number="330782202610011001", name="消防抽查", organ_id=organ.id, area_code="330782", ratio=5,
            starts=now.date(), ends=now.date(), created_by=town.ids["陈消防"], created_at=now,
            items=[TaskItem(position=0, item_id=item.id, organ_id=organ.id)],
        )  # fmt: skip
        session.add(task)
        await session.flush()
        earlier = Visit(
            task_id=task.id, subject_id=visit.subject_id, origin="random", public_id="x", position=0,
            state="published", token="earlier-visit-token", due=now.date(), result="clean",
            parts=[Part(position=0, item_id=item.id, checklist_id=theirs.id)],
            answers=[
                Answer(point_id=theirs.points[0].id, value="yes", person_id=town.ids["陈消防"], at=now)
            ],
        )  # fmt: skip
        session.add(earlier)
        await session.flush()
        day = (now - timedelta(days=50)).date()
        session.add(
            Publication(
                visit_id=earlier.id, result="clean", checked_on=day, published_at=now, approved_by=town.ids["赵主管"]
            )
        )
    await at_the_door(town)
    await first.says("1-2 符合")
    await first.sees("消防救援 10月11日", button="采信")
    await first.presses("采信")
    await first.sees("4/5")
    answers = await town.rows(select(Answer).where(Answer.visit_id == visit.id))
    relied = next(answer for answer in answers if answer.point.number == 3)
    assert relied.from_answer is not None
    assert "采信消防救援" in relied.note
    assert (await town.rows(select(Seat).where(Seat.visit_id == visit.id, Seat.arrived_at.is_not(None)))) != []


async def test_many_choices_fit_on_a_phone_and_a_long_refusal_is_not_cut(town: Town) -> None:
    await released(town)
    await changed(
        town,
        {"answer": "选择 一级;二级;三级;四级;五级*", "optional": True},
        {"answer": "选择 有;记录不完整或者超过保存期限*"},
        materials=("营业执照",),
    )
    async with town.app.database.write() as session:
        for subject in await session.scalars(select(Subject)):
            subject.name = subject.name + "和" * 190
    _, first, _ = await at_the_door(town)
    labels = [[button["text"] for button in row] for row in first.messages[-1].keyboard]
    assert labels[:2] == [["一级", "二级", "三级"], ["四级", "五级", "➖ 不适用"]]
    assert ["材料"] in labels
    await first.presses("二级")
    labels = [[button["text"] for button in row] for row in (await first.sees("2/5")).keyboard]
    assert labels[:3] == [["有"], ["记录不完整或者超过保存期限"], ["➖ 不适用"]]
    await first.says("/help")
    await first.sees("怎么用", button="练一次")
    await first.presses("练一次")
    await first.sees("查完再练")
