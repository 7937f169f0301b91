"""What the tests of imports share: made-up codes, files, and what is stored afterwards."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from actions.import_report import Report
from actions.imports import KINDS, bring_in
from locales import LANGUAGES, Words
from models.database import Database
from models.subjects import Subject, SubjectLabel
from rules.subjects import ALPHABET, check_digit

NOW = datetime(2026, 12, 18, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


def uscc(number: int, authority: str = "330782", kind: str = "91") -> str:
    digits = ""
    for _ in range(9):
        number, rest = divmod(number, 31)
        digits += ALPHABET[rest]
    body = f"{kind}{authority}{digits}"
    return body + check_digit(body)


def as_csv(*lines: list[Any]) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows(lines)
    return file.getvalue().encode()


async def subjects(database: Database, *lines: list[Any], now: datetime = NOW) -> Report:
    return await subjects_file(database, as_csv(*lines), now)


async def subjects_file(database: Database, data: bytes, now: datetime = NOW) -> Report:
    async with database.write() as session:
        report = await bring_in(session, [KINDS["subjects"]], data, "名录.csv", now, None)
    check(report)
    return report


async def inspectors(database: Database, *lines: list[Any], now: datetime = NOW) -> Report:
    async with database.write() as session:
        report = await bring_in(session, [KINDS["inspectors"]], as_csv(*lines), "人员.csv", now, None)
    check(report)
    return report


def check(report: Report) -> None:
    """Every row is accounted for, and there are words for all that is said about it."""
    assert report.added + report.changed + report.unchanged + report.counts["refused"] == report.rows
    for language in LANGUAGES:
        words = Words(language, ZoneInfo("Asia/Shanghai"))
        for refused in report.refused:
            words(f"imports.reason.{refused.reason}", **refused.gaps)
        for note in report.notes:
            words(f"imports.note.{note.code}", **note.gaps)
        words("imports.report", **report.counts)


async def everything(database: Database) -> dict[str, dict[str, Any]]:
    async with database.read() as session:
        found = await session.scalars(select(Subject))
        labels: dict[int, list[str]] = {}
        for label in await session.scalars(select(SubjectLabel).order_by(SubjectLabel.label)):
            labels.setdefault(label.subject_id, []).append(label.label)
        return {
            one.code: {
                c.key: getattr(one, c.key) for c in Subject.__table__.columns if c.key not in ("id", "import_id")
            }
            | {"labels": sorted(labels.get(one.id, []))}
            for one in found
        }


NOT_SAID = ("id", "import_id")
FULL = [
    "统一社会信用代码",
    "企业名称",
    "类型",
    "区域",
    "地址",
    "坐标",
    "行业",
    "标签",
    "信用等级",
    "重点标记",
    "状态",
    "联系人",
    "电话",
]
SHOP = [
    *(uscc(1, kind="92"), "甲店", "个体工商户", "义乌市", "佛堂镇1号", "120.07,29.3", "零售", "食品;药品"),
    *("B级", "投诉多", "在营", "陈明", "13812342071"),
]
