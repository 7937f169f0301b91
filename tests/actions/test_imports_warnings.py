"""Warnings of monitoring systems from a file: what they do to a subject, and how they enter the draw (R3.3.2a)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from actions.import_report import Report
from actions.import_warnings import exported
from actions.imports import KINDS, bring_in
from models.credit import CreditEvent, RiskWarning
from models.database import Database
from models.subjects import Subject
from rules import strata
from tests.actions.importing import LATER, as_csv, subjects, uscc

TITLES = ["预警等级", "统一社会信用代码", "预警内容", "预警来源", "预警日期", "经办人"]


async def warn(database: Database, *lines: list[Any], titles: list[str] = TITLES) -> Report:
    async with database.write() as session:  # of which kind it is shows its header
        return await bring_in(session, KINDS.values(), as_csv(titles, *lines), "预警.csv", LATER, None)


async def a_city(database: Database) -> None:
    lines = [[uscc(number), f"第{number}号店", "金华市义乌市稠城街道", "B"] for number in range(1, 5)]
    await subjects(database, ["统一社会信用代码", "名称", "地址", "信用等级"], *lines)


async def stored(database: Database) -> list[Subject]:
    async with database.read() as session:
        return list(await session.scalars(select(Subject).order_by(Subject.id)))


async def test_high_risk_makes_a_key_subject_and_several_of_medium_risk_do(database: Database) -> None:
    await a_city(database)
    high = ["红色", uscc(1), "用电异常", "电力监测", "2026-12-01", "王五"]
    medium = [["中", uscc(2), f"舆情 {number}", "舆情系统", "20261201", ""] for number in range(3)]
    report = await warn(database, high, *medium, ["低", uscc(3).lower(), "", "省平台", "2026年12月2日", ""])
    assert report.kind == "warnings"
    assert report.counts == {"rows": 5, "added": 5, "changed": 0, "ended": 0, "unchanged": 0, "refused": 0}
    first, second, third, fourth = await stored(database)
    assert [one.flags for one in (first, second, third, fourth)] == [("risk",), ("risk",), (), ()]
    assert [one.credit_class for one in (first, second, third, fourth)] == ["C", "C", "B", "B"]
    assert [strata.stratum(one.credit_class, one.flags) for one in (first, second, third)] == ["K", "K", "B"]
    again = await warn(database, high)
    assert (again.added, again.unchanged) == (0, 1)
    changed = await warn(database, ["低", *high[1:]])
    assert changed.changed == 1
    assert next((one.flags, one.credit_class) for one in await stored(database)) == ((), "B")
    async with database.read() as session:
        events = [one.code for one in await session.scalars(select(CreditEvent)) if one.annulled_on is None]
    assert sorted(events) == ["warning.low"] * 2 + ["warning.medium"] * 3


async def test_each_bad_row_is_named_and_the_rest_is_taken(database: Database) -> None:
    await a_city(database)
    good = ["高", uscc(1), "", "省平台", "2026-12-01", ""]
    report = await warn(
        database,
        ["紫", *good[1:]],
        ["高", uscc(9), *good[2:]],
        ["高", uscc(1), "", "", "2026-12-01", ""],
        [*good[:4], "2027-01-01", ""],
        [*good[:4], "12 月初", ""],
        good,
    )
    told = [(one.row, one.column, one.reason) for one in report.refused]
    assert told == [
        (2, "预警等级", "unknown_level"),
        (3, "统一社会信用代码", "unknown_subject"),
        (4, "预警来源", "empty"),
        (5, "预警日期", "day_to_come"),
        (6, "预警日期", "date"),
    ]
    assert report.added == 1


async def test_what_is_exported_is_imported_without_a_change(database: Database) -> None:
    await a_city(database)
    await warn(
        database, ["高", uscc(1), "异常", "省平台", "2026-12-01", ""], ["中", uscc(2), "", "省平台", "2026-12-02", ""]
    )
    async with database.read() as session:
        rows = [row async for row in exported(session)]
    report = await warn(database, *(list(row.values()) for row in rows), titles=list(rows[0]))
    assert (report.unchanged, report.rows) == (2, 2)
    async with database.read() as session:
        assert len(list(await session.scalars(select(RiskWarning)))) == 2


async def test_a_directory_that_knows_nothing_of_the_warning_does_not_undo_it(database: Database) -> None:
    await a_city(database)
    await warn(database, ["高", uscc(1), "", "省平台", "2026-12-01", ""])
    lines = [[uscc(1), "第1号店", "B", "食品"], [uscc(2), "第2号店", "A", ""]]
    await subjects(database, ["统一社会信用代码", "名称", "信用等级", "重点标记"], *lines, now=LATER)
    first, second, *_ = await stored(database)
    assert (first.credit_class, first.flags) == ("C", ("food_drug", "risk"))
    assert (second.credit_class, second.flags) == ("A", ())
