"""Photos in a conversation: each is weighed, kept once, said and shown again."""

from __future__ import annotations

import io
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from PIL import Image
from sqlalchemy import select

from bot.settings import Settings
from models.subjects import Subject
from models.visits import Evidence, Seat, Visit
from rules.positions import shifted
from simulator import Message
from tests.conversations.conftest import MONDAY, Clock, Town, free_port, town_running
from tests.conversations.test_odd import answer_to, open_checklist
from tests.e2e.town import released_town

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOOR = (29.3068, 120.0751)  # WGS-84, in Yiwu
ON_THE_MAP = shifted(DOOR)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """One town for all of these tests: many visits are released, and the directory knows where the shops are."""
    folder: Path = tmp_path_factory.mktemp("evidence")
    settings = Settings(bot_token="123456:TEST", data_dir=folder, port=free_port())  # type: ignore[arg-type]

    async def prepare(session: Any, now: Any) -> dict[str, int]:
        ids = await released_town(session, now, subjects=100)
        for subject in await session.scalars(select(Subject)):
            subject.latitude, subject.longitude = ON_THE_MAP
        return ids

    clock = Clock(MONDAY)
    async with town_running(settings, clock, prepare) as found:
        found.telegram.world.clock = clock  # Telegram dates the messages
        for name in ("张伟", "李娜", "王强"):
            await found[name].sees("您被抽中检查")
        yield found


def rational(value: float) -> tuple[float, float, float]:
    """Degrees as EXIF has them."""
    minutes = value % 1 * 60
    return float(int(value)), float(int(minutes)), round(minutes % 1 * 60, 4)


def taken(
    colour: str = "red",
    at: datetime | None = None,
    where: tuple[float, float] | None = None,
    *,
    form: str = "JPEG",
    size: tuple[int, int] = (1600, 1200),
    orientation: int = 1,
) -> bytes:
    """A photo as a camera takes it, with its time and place."""
    picture, exif, kept = Image.new("RGB", size, colour), Image.Exif(), io.BytesIO()
    if orientation != 1:
        exif[0x0112] = orientation
    if at:
        exif.get_ifd(0x8769)[0x9003] = at.strftime("%Y:%m:%d %H:%M:%S")
        exif.get_ifd(0x8769)[0x9011] = at.strftime("%z")[:3] + ":" + at.strftime("%z")[3:]
    if where:
        gps = exif.get_ifd(0x8825)
        gps[1], gps[2], gps[3], gps[4] = "N", rational(where[0]), "E", rational(where[1])
    picture.save(kept, form, exif=exif)
    return kept.getvalue()


def north(metres: int) -> tuple[float, float]:
    """A place so far from the door."""
    return DOOR[0] + metres / 111_195, DOOR[1]


async def evidence_of(town: Town, visit: Visit) -> list[Evidence]:
    query = select(Evidence).where(Evidence.visit_id == visit.id).order_by(Evidence.id)
    return await town.rows(query)


def last(town: Town, name: str) -> Message:
    return [one for one in town[name].messages if one.from_bot][-1]


async def finding(town: Town, name: str, number: int) -> None:
    """A point fails and waits for its photo."""
    phone = town[name]
    await answer_to(phone, phone.says(f"{number} 不符合"), f"第 {number} 项不符合")


async def test_a_photo_says_when_and_where_it_was_taken(town: Town) -> None:
    phone = town["张伟"]
    visit = await open_checklist(town, "张伟")
    await finding(town, "张伟", 1)
    now = town.clock()
    began = time.monotonic()
    heard = await answer_to(
        phone, phone.sends_file(taken("red", now, north(14)), name="IMG_1.jpg", caption="过期"), "已收到"
    )
    print(f"acknowledged after {time.monotonic() - began:.2f} s")
    assert f"📷 已收到，拍摄 11月30日 {now:%H:%M}，距店址 14 米。证据号 " in heard
    assert "⚠️" not in heard
    row = (await evidence_of(town, visit))[0]
    assert (row.grade, row.metres, row.kind, row.media, row.name) == ("good", 14, "photo", "image/jpeg", "IMG_1.jpg")
    assert row.taken_at == now.replace(microsecond=0)
    assert row.point_id is not None


@pytest.mark.parametrize(
    ("at", "where", "grade", "said"),
    [
        (timedelta(), north(4200), "far", "⚠️ 距店址 4.2 公里，请确认"),
        (timedelta(hours=-3), DOOR, "early", "早于到场时间"),
        (timedelta(days=-300), DOOR, "old", "⚠️ 2026年2月3日 拍的，不是这次检查时拍的"),
        (timedelta(hours=2), DOOR, "future", "还没到"),
        (None, north(50), "place_only", "距店址 50 米"),
        (timedelta(), None, "time_only", "拍摄 11月30日"),
        (None, None, "unknown", "证据号"),
        (None, (0.0, 0.0), "unknown", "证据号"),
    ],
)
async def test_what_a_photo_is_worth_is_said(
    town: Town, at: timedelta | None, where: tuple[float, float] | None, grade: str, said: str
) -> None:
    phone = town["张伟"]
    await under_way(town, "张伟")
    moment = town.clock() + at if at is not None else None
    data = taken("green", moment, where, size=(300 + len(said), 200 + len(grade)))
    await answer_to(phone, phone.sends_file(data, name="a.jpg"), "已收到", said)
    rows = await town.rows(select(Evidence).order_by(Evidence.id.desc()).limit(1))
    assert rows[0].grade == grade


async def test_a_compressed_photo_gets_one_hint_a_visit(town: Town) -> None:
    phone = town["李娜"]
    visit = await open_checklist(town, "李娜")
    await answer_to(phone, phone.sends_photo(taken("red")), "📷 已收到，归入本次检查。证据号", "以“文件”发送原图")
    await answer_to(phone, phone.sends_photo(taken("blue")), "已收到")
    assert "以“文件”" not in last(town, "李娜").text
    assert [one.grade for one in await evidence_of(town, visit)] == ["unknown", "unknown"]


async def test_an_album_is_for_the_point_that_was_asked_about_and_is_one_message(town: Town) -> None:
    phone = town["李娜"]
    visit = await under_way(town, "李娜")
    await finding(town, "李娜", 2)
    before = len([one for one in phone.messages if one.from_bot])
    await phone.sends_album([taken("cyan"), taken("magenta"), taken("yellow")], caption="冰箱坏了")
    await phone.sees("已收到 3 份")
    await phone.settles()
    assert len([one for one in phone.messages if one.from_bot]) == before + 1
    rows = [one for one in await evidence_of(town, visit) if one.point_id]
    assert len(rows) == 3
    assert len({one.point_id for one in rows}) == 1
    answers = {one.point_id: one for one in (await fresh(town, visit)).answers}
    assert answers[rows[0].point_id].note == "冰箱坏了"


async def fresh(town: Town, visit: Visit) -> Visit:
    return (await town.rows(select(Visit).where(Visit.id == visit.id)))[0]


async def under_way(town: Town, name: str) -> Visit:
    """The visit that somebody is at, on the screen; they go to one if they are at none."""
    phone = town[name]
    query = select(Visit).join(Seat, Seat.visit_id == Visit.id).where(Seat.person_id == town.ids[name])
    found = await town.rows(query.where(Seat.arrived_at.is_not(None)).order_by(Seat.arrived_at.desc()))
    if not found:
        return await open_checklist(town, name)
    visit: Visit = found[0]
    await answer_to(phone, phone.says("/help"), "怎么用")
    await answer_to(phone, phone.taps(phone.messages[-1].id, f"visit:{visit.id}:0"))
    return visit


async def test_the_same_photo_counts_once_for_a_point_and_is_marked_on_another_visit(town: Town) -> None:
    phone, other = town["李娜"], town["王强"]
    visit = await under_way(town, "李娜")
    await finding(town, "李娜", 3)
    data = taken("orange", town.clock(), DOOR)
    await answer_to(phone, phone.sends_file(data, name="b.jpg", caption="脏"), "已收到")
    count = len(await evidence_of(town, visit))
    await finding(town, "李娜", 4)
    await answer_to(phone, phone.sends_file(data, name="b.jpg", caption="也脏"), "⚠️ 第 3 项也用了这份证据")
    assert len(await evidence_of(town, visit)) == count + 1
    await answer_to(
        phone, phone.presses("看结果") if "看结果" in last(town, "李娜").labels else phone.says("余下 符合")
    )
    await answer_to(phone, phone.sends_file(data, name="b.jpg"), "已收到，归入本次检查")
    await answer_to(phone, phone.sends_file(data, name="b.jpg"), "📷 本次检查已有这份证据，不重复记。")
    assert len(await evidence_of(town, visit)) == count + 2
    elsewhere = await open_checklist(town, "王强")
    await answer_to(other, other.sends_file(data, name="c.jpg"), "⚠️ 这份证据在另一次检查里用过，请确认")
    row = (await evidence_of(town, elsewhere))[0]
    assert row.seen_before is not None


async def test_the_reviewer_sees_one_sheet_with_marks_and_gets_the_originals(town: Town, tmp_path: Path) -> None:
    inspector, supervisor = town["李娜"], town["赵主管"]
    visit = await under_way(town, "李娜")
    await answer_to(inspector, inspector.says("余下 符合"))
    await answer_to(inspector, inspector.shares_position(*north(20)))
    await answer_to(inspector, inspector.sends_voice())
    await answer_to(inspector, inspector.sends_video_note())
    await answer_to(inspector, inspector.sends_file(taken("gray", town.clock(), north(5000)), name="e.jpg"), "5.0 公里")
    assert "照片 3/3" in last(town, "李娜").text, inspector.screen()
    await answer_to(inspector, inspector.says("拒签 老板不在 见证人 李四"), "李四")
    await answer_to(inspector, inspector.presses("签名提交"), "您已签名")
    for seat in (await fresh(town, visit)).seats:
        name = next(name for name in ("张伟", "李娜", "王强") if town.ids[name] == seat.person_id)
        if name != "李娜":
            phone = town[name]
            await answer_to(phone, phone.says("/help"), "怎么用")
            await answer_to(phone, phone.taps(phone.messages[-1].id, f"visit:{visit.id}:0"))
            if "开始检查" in phone.messages[-1].labels:
                await answer_to(phone, phone.presses("开始检查"))
            if "我已到场" in phone.messages[-1].labels:
                await answer_to(phone, phone.presses("我已到场"))
            await answer_to(phone, phone.presses("确认签名"))
    card = await supervisor.sees("待审核", button="看照片")
    assert "份证据要细看" in card.text or "⚠️" in card.text
    await answer_to(supervisor, supervisor.presses("看照片"), "⚠️ 离店址远")
    sheet = supervisor.messages[-1]
    assert sheet.photo
    assert sheet.labels == ["原图"]
    assert len(sheet.text) <= 1024
    (tmp_path / "sheet.jpg").write_bytes(sheet.photo)
    lines = sheet.text.splitlines()
    assert "⚠️" in lines[1]  # what is doubtful comes first
    await answer_to(supervisor, supervisor.presses("原图"))
    await supervisor.settles(quiet=0.5, within=60)
    kinds = {one.kind for one in supervisor.messages[-12:]}
    assert {"photo", "document", "location", "voice"} <= kinds
