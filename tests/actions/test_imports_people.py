from datetime import date, timedelta

from sqlalchemy import select

from models.database import Database
from models.people import Organ, Person, at_work, office_of
from rules.people import NO_END
from tests.actions.importing import LATER, inspectors, subjects, uscc

STAFF = ["工号", "姓名", "单位", "区域", "角色", "执法证号", "执法证有效期", "专业", "电话", "状态"]
WANG = [
    *("1001", "王芳", "义乌市市场监督管理局", "义乌市", "执法人员、主管", "浙G001", "2027/6/30"),
    *("食品；特种设备", "13900001111", "在职"),
]


async def people(database: Database) -> dict[str, Person]:
    async with database.read() as session:
        return {person.staff_no: person for person in await session.scalars(select(Person))}


async def test_a_town_starts_from_a_staff_list(database: Database) -> None:
    report = await inspectors(
        database,
        STAFF,
        WANG,
        ["1002", "李强", "义乌市消防救援大队", "330782", "inspector", "浙G002", "长期", "", "", ""],
        ["1003", "赵敏", "金华市应急管理局", "金华市", "专家", "", "", "", "", "请假"],
        ["1004", "孙静", "义乌市市场监督管理局", "义乌", "执法人员", "", "", "", "", ""],
    )
    assert report.added == 4
    assert [(note.code, note.gaps["n"]) for note in report.notes] == [("organs", 3), ("uncertified", 1)]
    staff = await people(database)
    wang = staff["1001"]
    assert (wang.name, wang.roles, wang.certificate) == ("王芳", ("inspector", "supervisor"), "浙G001")
    assert (wang.certificate_until, wang.specialties) == (date(2027, 6, 30), ("特种设备", "食品"))
    assert (wang.organ.name, wang.organ.department, wang.organ.area_code) == (
        "义乌市市场监督管理局",
        "市场监管",
        "330782",
    )
    assert (staff["1002"].certificate_until, staff["1002"].organ.department) == (NO_END, "消防救援")
    assert (staff["1003"].status, staff["1003"].organ.area_code) == ("leave", "330700")
    assert staff["1004"].organ_id == wang.organ_id

    again = await inspectors(database, STAFF, WANG, now=LATER)
    assert (again.unchanged, again.changed) == (1, 0)
    left = await inspectors(database, STAFF, [*WANG[:-1], "调离"], now=LATER)
    assert (left.changed, left.ended) == (1, 1)
    assert (await people(database))["1001"].status == "left"


async def test_an_organ_that_is_known_is_used_as_it_is(database: Database) -> None:
    await subjects(database, ["code", "name"], [uscc(1), "甲"])
    async with database.write() as session:
        session.add(Organ(name="义乌市市场监督管理局", department="市场", area_code="330782"))
    report = await inspectors(database, STAFF, WANG)
    assert report.notes == []
    assert (await people(database))["1001"].organ.department == "市场"


async def test_damaged_staff_is_found_with_row_and_column(database: Database) -> None:
    damages = [
        ({"工号": ""}, "工号", "empty"),
        ({"姓名": ""}, "姓名", "empty"),
        ({"单位": ""}, "单位", "empty"),
        ({"单位": "某某中心"}, "单位", "unknown_department"),
        ({"区域": "杭州市"}, "区域", "unknown_area"),
        ({"区域": ""}, "区域", "empty"),
        ({"角色": ""}, "角色", "empty"),
        ({"角色": "执法人员;厨师"}, "角色", "unknown_role"),
        ({"执法证有效期": "2027-02-30"}, "执法证有效期", "date"),
        ({"电话": "无人接听"}, "电话", "phone"),
        ({"状态": "失踪"}, "状态", "unknown_status"),
        ({"姓名": "王五"}, "工号", "duplicate"),
    ]
    lines = [[damage.get(title, cell) for title, cell in zip(STAFF, WANG, strict=True)] for damage, _, _ in damages]
    report = await inspectors(database, STAFF, WANG, *lines)
    expected = [(number, column, reason) for number, (_, column, reason) in enumerate(damages, 3)]
    assert [(r.row, r.column, r.reason) for r in report.refused] == expected
    assert report.added == 1


async def test_the_joint_conference_office_is_who_holds_the_role_in_the_area_or_above(database: Database) -> None:
    """R3.2.1a, R4.1."""
    header = STAFF[:5]
    await inspectors(
        database,
        header,
        ["1", "何静", "金华市双随机监管联席会议办公室", "金华市", "联络员;联席办"],
        ["2", "楼明", "义乌市市场监督管理局", "义乌市", "主管、联席会议办公室"],
        ["3", "赵敏", "义乌市市场监督管理局", "义乌市", "主管"],
    )
    async with database.read() as session:
        names = {area: [one.name for one in await office_of(session, area)] for area in ("330782", "330783", "330700")}
    assert names == {"330782": ["楼明"], "330783": ["何静"], "330700": ["何静"]}
    await inspectors(database, [*header, "状态"], ["2", "楼明", "义乌市市场监督管理局", "义乌市", "联席办", "离岗"])
    async with database.read() as session:
        assert [one.name for one in await office_of(session, "330782")] == ["何静"]
        assert await office_of(session, "110000") == []


AWAY = [*STAFF, "请假开始", "休假结束日期"]


def on_leave(staff_no: str, status: str, first: str = "", last: str = "") -> list[str]:
    return [staff_no, *WANG[1:-1], status, first, last]


async def test_a_leave_with_its_days_ends_by_itself(database: Database) -> None:
    report = await inspectors(
        database,
        AWAY,
        on_leave("1", "请假", "2026/12/1", "2026年12月10日"),
        on_leave("2", "在岗", "", "2026-12-10"),
        on_leave("3", "休假", "2026-12-01"),
        on_leave("4", "请假"),
        on_leave("5", "在岗", "2026-12-10", "2026-12-01"),
    )
    assert [(one.row, one.column, one.reason) for one in report.refused] == [(6, "休假结束日期", "leave_order")]
    for day, there in (
        (date(2026, 11, 30), {"1", "3"}),
        (date(2026, 12, 1), set()),
        (date(2026, 12, 10), set()),
        (date(2026, 12, 11), {"1", "2"}),
    ):
        async with database.read() as session:
            assert set(await session.scalars(select(Person.staff_no).where(at_work(day)))) == there
            assert {one.staff_no for one in await session.scalars(select(Person)) if one.there(day)} == there


async def test_a_file_that_only_says_leave_knows_less_than_the_days(database: Database) -> None:
    day = LATER.date()
    before, after = (day - timedelta(days=3)).isoformat(), (day + timedelta(days=3)).isoformat()
    await inspectors(
        database, AWAY, on_leave("1", "请假", before, after), on_leave("2", "请假", "", before), on_leave("3", "请假")
    )
    report = await inspectors(database, STAFF, *([str(n), *WANG[1:-1], "请假"] for n in (1, 2, 3)), now=LATER)
    staff = await people(database)
    assert (staff["1"].status, staff["1"].leave_until) == ("active", day + timedelta(days=3))
    assert (staff["2"].status, staff["2"].leave_until) == ("leave", None)  # that leave was over, this is another
    assert (staff["3"].status, report.unchanged) == ("leave", 1)
    await inspectors(database, [*STAFF[:-1], "休假至"], ["3", *WANG[1:-1], after], now=LATER)
    assert (await people(database))["3"].status == "active"  # the end of it became known
    await inspectors(database, AWAY, on_leave("1", "在岗"), now=LATER)
    assert (await people(database))["1"].there(day)
