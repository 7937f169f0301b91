"""What comes from outside becomes leads, each number once; what goes where is a table of one's own (R1.1, R3.3.3a)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from actions.import_complaints import COMPLAINTS
from actions.import_report import Report
from actions.import_routes import ROUTES, exported
from actions.importing import Kind
from actions.imports import bring_in
from actions.routing import destinations
from models.database import Database
from models.leads import Lead
from models.people import Person
from models.subjects import Subject
from tests.conversations.conftest import MONDAY, settle_town

HEADER = ("统一社会信用代码", "来源", "编号", "内容", "类型", "承办单位", "登记人")
SHOP = "92330782MA2TEST000"


async def brought(session: Any, kind: Kind, *rows: tuple[str, ...], by: Person | None = None) -> Report:
    text = "\n".join(",".join(row) for row in rows)
    return await bring_in(session, [kind], text.encode(), "file.csv", MONDAY, by)


async def test_a_complaint_comes_in_once_and_goes_where_its_words_say(database: Database) -> None:
    async with database.write() as session:
        ids = await settle_town(session, MONDAY)
        by = await session.get_one(Person, ids["赵主管"])
        rows = (
            HEADER,
            (SHOP, "12345热线", "1001", "疏散通道堆放气瓶", "投诉举报", "", ""),
            (SHOP, "12345热线", "1002", "说不清是什么", "", "", ""),
            (SHOP, "公安局", "移字5号", "夜间经营", "移送", "生态环境", ""),
            (SHOP, "12345热线", "1001", "疏散通道堆放气瓶", "投诉举报", "", ""),
            ("92330782MA2NOBODY9", "12345热线", "1003", "没有这一户", "", "", ""),
            (SHOP, "12345热线", "1004", "去哪里", "", "没有的局", ""),
            (SHOP, "12345热线", "1005", "什么类型", "闲话", "", ""),
        )
        report = await brought(session, COMPLAINTS, *rows, by=by)
        assert (report.added, report.unchanged) == (3, 1)
        assert [(one.row, one.reason) for one in report.refused] == [
            (6, "unknown_subject"),
            (7, "unknown_organ"),
            (8, "unknown_lead_kind"),
        ]
        leads = list(await session.scalars(select(Lead).order_by(Lead.id)))
        assert [(one.origin, one.reference, one.organ.department) for one in leads] == [
            ("complaint", "1001", "消防救援"),
            ("complaint", "1002", "市场监管"),
            ("handover", "移字5号", "生态环境"),
        ]
        again = await brought(session, COMPLAINTS, *rows[:4], by=by)
        assert (again.added, again.unchanged) == (0, 3)
        assert COMPLAINTS.export
        written = [tuple(row.values()) async for row in COMPLAINTS.export(session)]
        assert len(written) == 3
        names = tuple(column.synonyms[0] for column in COMPLAINTS.columns)
        back = await brought(session, COMPLAINTS, names, *written)
        assert (back.added, back.unchanged, back.refused) == (0, 3, [])


async def test_at_a_terminal_the_file_names_who_registered_it(database: Database) -> None:
    async with database.write() as session:
        await settle_town(session, MONDAY)
        rows = (
            HEADER,
            (SHOP, "网信办", "7", "直播间售假", "监测预警", "市场监管", "330700010"),
            (SHOP, "网信办", "8", "直播间售假", "监测预警", "市场监管", ""),
            (SHOP, "网信办", "9", "直播间售假", "监测预警", "市场监管", "999"),
        )
        report = await brought(session, COMPLAINTS, *rows)
        assert report.added == 1
        assert [one.reason for one in report.refused] == ["registrar_needed", "unknown_person"]
        lead = (await session.scalars(select(Lead))).one()
        assert (lead.sender.name, lead.origin) == ("赵主管", "warning")


async def test_an_own_table_of_routes_decides_and_is_written_out_as_it_came(database: Database) -> None:
    async with database.write() as session:
        await settle_town(session, MONDAY)
        subject = (await session.scalars(select(Subject).where(Subject.code == SHOP))).one()
        organs, proposed = await destinations(session, subject, "疏散通道堆放气瓶")
        assert (organs[0].department, proposed) == ("消防救援", 1)
        rows = (
            ("部门", "关键词", "事项编码"),
            ("生态环境", "气瓶；疏散", ""),
            ("消防救援", "充装", ""),
            ("生态环境", "", "JH-1"),
        )
        report = await brought(session, ROUTES, *rows)
        assert (report.added, report.refused) == (3, [])
        await session.flush()
        organs, _ = await destinations(session, subject, "疏散通道堆放气瓶")
        assert organs[0].department == "生态环境"
        written = [one async for one in exported(session)]
        assert written[0] == {"department": "生态环境", "words": "气瓶;疏散", "item": ""}
        again = await brought(
            session,
            ROUTES,
            ("department", "words", "item"),
            *((one["department"], one["words"], one["item"]) for one in written),
        )
        assert (again.unchanged, again.changed, again.added) == (3, 0, 0)
