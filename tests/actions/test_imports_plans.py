"""Annual plans as files: drafted whole or not at all, with every reason at once (R3.2.1b)."""

from typing import Any

from sqlalchemy import select

from actions import annual
from actions.import_report import Report
from actions.imports import KINDS, bring_in
from models.database import Database
from models.people import Person
from models.plans import Plan, Task
from tests.actions.importing import LATER, NOW, as_csv, check, inspectors
from tests.actions.test_imports_items import EXITS, FOOD, LIST, brought, out

STAFF = ["工号", "姓名", "单位", "区域", "角色"]
PEOPLE = [
    ["1", "赵敏", "义乌市市场监督管理局", "义乌市", "主管"],
    ["2", "林涛", "义乌市消防救援大队", "义乌市", "主管"],
    ["3", "马辉", "义乌市消防救援大队", "义乌市", "主管"],
    ["4", "何静", "义乌市双随机监管联席会议办公室", "义乌市", "联席办"],
    ["5", "沈洁", "金华市市场监督管理局", "金华市", "管理员"],
]
PLAN = [
    *("计划名称", "任务名称", "牵头部门", "抽查事项", "比例", "开始", "结束"),
    *("类型", "参与部门", "对象范围", "区域", "每户人数", "变更原因", "计划编号"),
]
NAME = "2027年义乌消防计划"
FIRST = [
    *(NAME, "宾馆消防", "义乌市消防救援大队", "XF-01", "30", "2027-04-01", "2027-06-30"),
    *("定向", "", "宾馆", "义乌市", "3", ""),
]
JOINT = [
    *("", "餐饮联合", "消防救援", "XF-01;餐饮服务食品安全检查", "20%", "2027-07-01", "2027-09-30"),
    *("", "市场监管", "", "义乌", "", ""),
]


async def settle(database: Database) -> None:
    await inspectors(database, STAFF, *PEOPLE)
    await brought(database, "items", LIST, [*FOOD[:6], "", *FOOD[7:]], EXITS)


async def plans(database: Database, *lines: list[Any], now: Any = NOW, by: str = "") -> Report:
    async with database.write() as session:
        person = (await session.scalars(select(Person).where(Person.staff_no == by))).one() if by else None
        report = await bring_in(session, [KINDS["plans"]], as_csv(PLAN, *lines), "计划.csv", now, person)
    check(report)
    return report


async def held(database: Database) -> list[Plan]:
    async with database.read() as session:
        return list(await session.scalars(select(Plan).order_by(Plan.edition)))


async def test_a_plan_is_drafted_and_drafted_again(database: Database) -> None:
    await settle(database)
    report = await plans(database, FIRST, JOINT, by="5")
    assert (report.added, report.refused) == (2, [])
    (plan,) = await held(database)
    assert (plan.name, plan.number, plan.year, plan.state) == (NAME, "33078220271001", 2027, "draft")
    assert plan.joint
    first, joint = plan.tasks
    assert (first.kind, first.scope, first.seats, first.ratio) == ("directed", "宾馆", 3, 30)
    assert [organ.name for organ in joint.organs] == ["义乌市消防救援大队", "义乌市市场监督管理局"]
    assert (await plans(database, FIRST, JOINT, now=LATER)).unchanged == 2
    shorter = [*FIRST[:4], "10", *FIRST[5:]]
    assert (await plans(database, shorter, now=LATER)).changed == 1
    (plan,) = await held(database)
    assert [(one.number, one.ratio) for one in plan.tasks] == [(1, 10)]


async def test_every_reason_is_told_at_once_and_nothing_is_drafted(database: Database) -> None:
    await settle(database)
    report = await plans(
        database,
        [
            NAME,
            "甲",
            "消防救援",
            "XF-01;SP-03;没有的",
            "21",
            "2027-09-01",
            "2027-02-30",
            "随便",
            "",
            "",
            "义乌市",
            "",
            "",
        ],
        ["", "乙", "消防救援", "XF-01;SP-03", "21", "2027-09-01", "2027-06-30", "定向", "住建", "", "义乌市", "1", ""],
        ["", "", "市场监管", "XF-01", "-3", "", "2028-06-30", "", "", "", "东阳市", "", ""],
        ["", "丙", "消防救援", "XF-01", "5", "2027-01-01", "2027-06-30", "", "", "", "义乌市", "", ""],
    )
    told = [(one.row, one.column, one.reason) for one in report.refused]
    assert told == [
        (2, "结束", "date"),
        (2, "类型", "plans.unknown_kind"),
        (2, "抽查事项", "plans.unknown_item"),
        (3, "参与部门", "unknown_organ"),
        (3, "比例", "plans.over_ceiling"),
        (3, "结束", "plans.dates_reversed"),
        (3, "每户人数", "plans.seats"),
        (3, "对象范围", "plans.directed_needs_scope"),
        (3, "参与部门", "plans.missing_participant"),
        (4, "牵头部门", "unknown_organ"),
        (4, "任务名称", "empty"),
        (4, "比例", "number"),
        (4, "开始", "empty"),
        (4, "区域", "plans.foreign_area"),
        (5, "", "rest_refused"),
    ]
    assert report.counts["refused"] == 4
    assert await held(database) == []


async def test_what_is_public_changes_only_with_a_reason(database: Database) -> None:
    """R3.2.2c."""
    await settle(database)
    await plans(database, FIRST)
    async with database.write() as session:
        (plan,) = await session.scalars(select(Plan))
        lin, ma = await session.scalars(select(Person).where(Person.staff_no.in_(("2", "3"))).order_by(Person.id))
        await annual.submit(session, plan, lin, NOW)
        await annual.approve(session, plan, ma, NOW)
    other = [*FIRST[:4], "10", *FIRST[5:]]
    assert (await plans(database, other)).refused[0].reason == "plans.under_way"
    async with database.write() as session:
        (plan,) = await session.scalars(select(Plan))
        await annual.publish(session, plan, await session.get_one(Person, plan.submitted_by), NOW)
    assert (await plans(database, FIRST)).unchanged == 1
    assert (await plans(database, other)).refused[0].reason == "plans.needs_reason"
    assert (await plans(database, [*other[:-1], "任务太重"], now=LATER)).changed == 1
    first, second = await held(database)
    assert [(one.state, one.edition, one.change) for one in (first, second)] == [
        *(("published", 1, ""), ("draft", 2, "任务太重"))
    ]
    assert [one.tasks[0].number for one in (first, second)] == [1, 1]


async def test_what_goes_out_comes_in_again_without_a_change(database: Database) -> None:
    await settle(database)
    await plans(database, FIRST, JOINT)
    header, *rows = await out(database, "plans")
    assert header == PLAN
    assert (await plans(database, *rows, now=LATER)).unchanged == 2
    await brought(database, "items", LIST, [*EXITS[:5], "消防法（2026年修订）", *EXITS[6:]], now=LATER)
    assert (await plans(database, *rows, now=LATER)).unchanged == 2, "a newer version of an item changes no plan"
    async with database.write() as session:
        for plan in await session.scalars(select(Plan)):
            await session.delete(plan)
    assert (await plans(database, *rows)).added == 2
    assert await out(database, "plans") == [header, *rows]
    assert (await held(database))[0].state == "draft"
    async with database.read() as session:
        assert not list(await session.scalars(select(Task)))
