"""Recordings, papers and positions in a conversation: each is kept once, and none of them is a photo."""

from __future__ import annotations

import pytest

from tests.conversations.conftest import Town
from tests.conversations.test_evidence import DOOR, evidence_of, finding, fresh, last, north, taken, town, under_way
from tests.conversations.test_odd import answer_to, visit_for

pytestmark = pytest.mark.asyncio(loop_scope="module")
__all__ = ["town"]


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


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
