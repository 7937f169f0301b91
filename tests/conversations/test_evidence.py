"""Photos, recordings, files and positions in a conversation: each is weighed, kept once, said and shown again."""

from __future__ import annotations

import io
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
import pytest_asyncio
from PIL import Image
from sqlalchemy import select

from bot.settings import Settings
from models.subjects import Subject
from models.visits import Evidence, Seat, Visit
from rules.evidence import GRADES
from rules.positions import shifted
from simulator import Message
from simulator.errors import ApiError
from tests.conftest import SHARED
from tests.conversations.conftest import MONDAY, Clock, Town, free_port, town_running
from tests.conversations.test_odd import answer_to, open_checklist, visit_for
from tests.e2e.town import released_town

pytestmark = pytest.mark.asyncio(loop_scope="module")

PHOTOS = SHARED / "data" / "photos"
REAL = sorted(path for path in PHOTOS.glob("*") if path.suffix != ".csv") if PHOTOS.is_dir() else []
DOOR = (29.3068, 120.0751)  # WGS-84, in Yiwu
ON_THE_MAP = shifted(DOOR)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


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
    """The visit that somebody is at, on the screen."""
    phone = town[name]
    query = select(Visit).join(Seat, Seat.visit_id == Visit.id).where(Seat.person_id == town.ids[name])
    visit: Visit = (await town.rows(query.where(Seat.arrived_at.is_not(None)).order_by(Seat.arrived_at.desc())))[0]
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


async def test_recordings_positions_and_papers_are_kept_and_none_of_them_is_a_photo(town: Town) -> None:
    phone = town["王强"]
    visit = await under_way(town, "王强")
    await finding(town, "王强", 1)
    before = len(await evidence_of(town, visit))
    for act in (
        phone.sends_voice(),
        phone.sends_audio(b"ID3" + bytes(50)),
        phone.sends_file(PDF, name="许可证.pdf"),
    ):
        heard = await answer_to(phone, act, "📎 已收到")
        assert "第 1 项不符合" in heard
    await answer_to(phone, phone.shares_position(*north(30)), "📍 已收到，距店址 30 米")
    assert "第 1 项不符合" in last(town, "王强").text
    await answer_to(phone, phone.sends_video_note(), "📎 已收到")
    await answer_to(phone, phone.sends_video(b"\x00\x00\x00\x18ftypmp42" + bytes(99)), "📎 已收到")
    rows = (await evidence_of(town, visit))[before:]
    assert [one.kind for one in rows] == ["voice", "audio", "document", "position", "video_note", "video"]
    assert [one.grade for one in rows if one.kind != "position"] == [""] * 5
    for row in rows:
        assert len(await town.app.desk.evidence.read(row.sha256)) == row.size
    position = next(one for one in rows if one.kind == "position")
    assert (position.point_id, position.grade) == (None, "good")
    await answer_to(phone, phone.says("许可证过期"), "2/5")  # the video did for the photo


async def test_a_live_position_counts_once_and_its_steps_are_nobodys_doing(town: Town) -> None:
    phone = town["王强"]
    visit = await under_way(town, "王强")
    before = len(await evidence_of(town, visit))
    sent = await phone.shares_position(*north(77), live=True)
    await phone.sees("📍 已收到，距店址 77 米")
    await phone.settles()
    phone.reads_all()
    for step in range(3):
        await phone.moves(sent, *north(100 + step))
    await phone.settles()
    await phone.sees_nothing_new()
    assert len(await evidence_of(town, visit)) == before + 1


async def test_a_position_at_the_door_is_an_arrival_and_nothing_else_is(town: Town) -> None:
    phone = town["张伟"]
    visit = await visit_for(town, "张伟")
    await answer_to(phone, phone.says("/help"), "怎么用")
    await answer_to(phone, phone.taps(phone.messages[-1].id, f"visit:{visit.id}:0"))
    await answer_to(phone, phone.presses("开始检查"), "到了请点")
    await answer_to(phone, phone.sends_photo(taken("red")), "还没到场")
    await answer_to(phone, phone.says("到了吗"), "还没到场，没有记下")
    assert not await evidence_of(town, visit)
    await answer_to(phone, phone.shares_position(*north(1500)), "1/5", "⚠️ 距店址 1.5 公里，请确认")
    found = await fresh(town, visit)
    seat = next(one for one in found.seats if one.person_id == town.ids["张伟"])
    assert found.state == "started"
    assert seat.arrived_at is not None
    assert seat.arrived_metres == pytest.approx(1500, abs=3)
    assert [one.kind for one in found.evidence] == ["position"]


async def test_heic_is_kept_and_a_jpeg_made_to_look_at_it(town: Town) -> None:
    phone = town["张伟"]
    visit = await under_way(town, "张伟")
    pillow_heif.register_heif_opener()
    data = taken("navy", town.clock(), DOOR, form="HEIF", size=(800, 600))
    heard = await answer_to(phone, phone.sends_file(data, name="图.jpg"), "已收到")  # by its content, not its name
    assert "距店址 0 米" in heard
    row = (await evidence_of(town, visit))[-1]
    assert (row.media, row.grade) == ("image/heic", "good")
    assert await town.app.desk.evidence.read(row.sha256) == data
    with Image.open(io.BytesIO(await town.app.desk.evidence.read(row.preview))) as preview:
        assert (preview.format, preview.size) == ("JPEG", (800, 600))


async def test_a_large_photo_is_noticed_before_it_is_looked_into(town: Town) -> None:
    phone = town["张伟"]
    visit = await under_way(town, "张伟")
    pillow_heif.register_heif_opener()
    drawn = io.BytesIO()
    Image.effect_noise((2000, 1500), 90).convert("RGB").save(drawn, "HEIF", quality=80)
    await phone.settles()  # what the turn before still had to tidy up
    calls = town.telegram.calls
    before = len(calls)
    await answer_to(phone, phone.sends_file(drawn.getvalue(), name="IMG_1.heic"), "已收到")
    assert drawn.tell() > 256 << 10
    assert (await evidence_of(town, visit))[-1].media == "image/heic"
    said = [call.method for call in calls[before:] if call.method.startswith(("sendChat", "sendM", "edit"))]
    assert said[0] == "sendChatAction"
    assert len(said) > 1


async def test_a_preview_stands_upright(town: Town) -> None:
    phone = town["张伟"]
    visit = await under_way(town, "张伟")
    await answer_to(phone, phone.sends_file(taken("olive", orientation=6), name="d.jpg"), "已收到")
    row = (await evidence_of(town, visit))[-1]
    with Image.open(io.BytesIO(await town.app.desk.evidence.read(row.preview))) as preview:
        assert preview.width < preview.height


async def test_a_broken_picture_is_refused_with_what_to_do_and_the_card_comes_again(town: Town) -> None:
    phone = town["张伟"]
    visit = await under_way(town, "张伟")
    before = len(await evidence_of(town, visit))
    whole = taken("pink", size=(3000, 2000))
    for data, name in (
        (whole[: len(whole) // 2], "half.jpg"),
        (b"no picture at all", "x.jpg"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "x.png"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(99), "x.heic"),
    ):
        await answer_to(phone, phone.sends_file(data, name=name), "这张照片打不开，请重拍", "/5")
    assert len(await evidence_of(town, visit)) == before


async def test_a_stranger_s_file_is_not_even_fetched(town: Town) -> None:
    stranger = town.telegram.phone("路人甲", user_id=7001)
    asked = len([call for call in town.telegram.calls if call.method == "getFile"])
    for act in (
        stranger.sends_photo(taken("red")),
        stranger.sends_file(PDF, name="x.pdf"),
        stranger.sends_file(bytes(20 * 1024 * 1024 + 1), name="x.bin"),
        stranger.sends_voice(),
        stranger.sends_video(),
        stranger.shares_position(*DOOR),
    ):
        await answer_to(stranger, act)
    assert len([call for call in town.telegram.calls if call.method == "getFile"]) == asked


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
@pytest.mark.parametrize("as_file", [True, False], ids=["file", "photo"])
async def test_every_real_file_is_graded_or_refused_in_words(town: Town, path: Path, as_file: bool) -> None:
    phone = town["张伟"]
    visit = await under_way(town, "张伟")
    before = len(await evidence_of(town, visit))
    began = time.monotonic()
    try:
        heard = await answer_to(phone, phone.sends_file(path) if as_file else phone.sends_photo(path))
    except ApiError:  # Telegram itself does not take it as a photo
        if as_file:
            raise
        return
    print(f"{path.name} {'file' if as_file else 'photo'}: {time.monotonic() - began:.2f} s")
    rows = (await evidence_of(town, visit))[before:]
    if "打不开" in heard:
        assert not rows
    else:
        assert [one.grade in GRADES for one in rows] == [True], phone.screen()


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
