"""What is written out comes in again, and nothing is lost on the way."""

from datetime import date
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text

from actions.imports import KINDS
from models.changes import Change
from models.database import Database
from models.people import Person
from models.subjects import Subject, SubjectLabel
from rules.people import NO_END, ROLES, STATUSES
from tests.actions.importing import as_csv, everything, inspectors, subjects, subjects_file, uscc
from tests.actions.test_imports_city import word

tag = word.filter(bool)
# A tag of a department has a colon between the two, which the department's name cannot have
plain_tag = st.text(st.characters(codec="gb18030", categories=["Lo"]), min_size=1, max_size=6).filter(
    lambda words: words != "无"
)
SUBJECT = st.tuples(
    st.integers(0, 31**9 - 1),
    st.sampled_from(["91", "92", "93", "12", "51", "设备", "自然人", "场所", "建设工程"]),
    tag,
    st.sampled_from(["婺城区", "义乌市", "金华经济技术开发区", "永康市"]),
    word,
    st.one_of(st.just(""), st.tuples(st.floats(3, 54), st.floats(73, 136)).map(lambda p: f"{p[0]!r},{p[1]!r}")),
    word,
    st.lists(tag, max_size=3),
    st.lists(st.tuples(plain_tag, plain_tag).map(":".join), max_size=2),
    st.sampled_from(["", "A", "B", "C", "D"]),
    st.lists(tag, max_size=2),
    st.sampled_from(["存续", "吊销", "注销", "迁出", "移出名录"]),
    word,
    st.sampled_from(["", "13812342071", "0579-82312345 转 8001"]),
)
SUBJECTS = st.lists(SUBJECT, min_size=1, max_size=12, unique_by=lambda row: row[0])
STAFF = st.lists(
    st.tuples(
        st.text("0123456789", min_size=1, max_size=9),
        tag,
        st.sampled_from(["义乌市市场监督管理局", "金华市应急管理局", "永康市消防救援大队"]),
        st.sampled_from(["义乌市", "金华市", "永康市"]),
        st.lists(st.sampled_from(sorted(ROLES)), min_size=1, max_size=3),
        word,
        st.one_of(st.none(), st.just(NO_END), st.dates(date(2020, 1, 1), date(2040, 1, 1))),
        st.lists(tag, max_size=3),
        st.sampled_from(["", "13900001111"]),
        st.sampled_from(sorted(STATUSES)),
        st.lists(st.one_of(st.none(), st.dates(date(2026, 1, 1), date(2027, 1, 1))), min_size=2, max_size=2).map(
            lambda days: [day.isoformat() if day else "" for day in (sorted(days) if all(days) else days)]  # type: ignore[type-var]
        ),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda row: row[0],
)
SLOW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


async def written(database: Database, kind: str) -> list[list[str]]:
    """The table as the command writes it, with its header."""
    export, columns = KINDS[kind].export, KINDS[kind].columns
    assert export
    async with database.read() as session:
        rows = [[row.get(column.name, "") for column in columns] async for row in export(session)]
    return [[column.synonyms[0] for column in columns], *rows]


async def emptied(database: Database) -> None:
    async with database.write() as session:
        for table in (Change, SubjectLabel, Subject, Person):
            await session.execute(delete(table))
        await session.execute(text("DELETE FROM subject_search_state"))


async def staff(database: Database) -> list[dict[str, Any]]:
    async with database.read() as session:
        people = await session.scalars(select(Person).order_by(Person.staff_no))
        return [{c.key: getattr(one, c.key) for c in Person.__table__.columns if c.key != "id"} for one in people]


@SLOW
@given(SUBJECTS)
async def test_subjects_lose_nothing_on_their_way_out_and_in_again(database: Database, rows: list[Any]) -> None:
    await emptied(database)
    lines = []
    for number, kind, name, area, address, place, industry, labels, own, grade, flags, status, contact, phone in rows:
        code = uscc(number, kind=kind) if kind.isascii() else f"NO-{number}"
        word_of_kind = "" if kind.isascii() else kind
        lines.append(
            [
                *(code, name, word_of_kind, area, address, place, industry, ";".join(labels), ";".join(own), grade),
                *(";".join(flags), status, contact, phone),
            ]
        )
    head = [column.name for column in KINDS["subjects"].columns]
    report = await subjects(database, head, *lines)
    assert report.refused == []
    stored = await everything(database)
    table = await written(database, "subjects")
    assert (await subjects(database, *table)).unchanged == len(rows)
    await emptied(database)
    again = await subjects_file(database, as_csv(*table))
    assert (again.added, again.refused) == (len(rows), [])
    assert await everything(database) == stored


@SLOW
@given(STAFF)
async def test_staff_lose_nothing_on_their_way_out_and_in_again(database: Database, rows: list[Any]) -> None:
    await emptied(database)
    lines = []
    for number, name, organ, area, roles, certificate, until, special, phone, status, away in rows:
        end = "" if until is None else "长期" if until == NO_END else until.isoformat()
        own = [certificate, end, ";".join(special), phone, status]
        lines.append([number, name, organ, area, ";".join(roles), *own, *away])
    report = await inspectors(database, [column.name for column in KINDS["inspectors"].columns], *lines)
    assert report.refused == []
    stored = await staff(database)
    table = await written(database, "inspectors")
    assert (await inspectors(database, *table)).unchanged == len(rows)
    await emptied(database)
    assert (await inspectors(database, *table)).added == len(rows)
    assert await staff(database) == stored


async def test_every_kind_of_table_can_be_written_out_in_the_form_in_which_it_comes_in() -> None:
    assert {name for name, kind in KINDS.items() if kind.export is None} == set()
