"""Pictures as they come: HEIC, large ones, crooked ones, broken ones, and real files of every make."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from rules.evidence import GRADES
from simulator.errors import ApiError
from tests.conftest import SHARED
from tests.conversations.conftest import Town
from tests.conversations.test_evidence import DOOR, evidence_of, taken, town, under_way
from tests.conversations.test_odd import answer_to

pytestmark = pytest.mark.asyncio(loop_scope="module")
__all__ = ["town"]


PHOTOS = SHARED / "data" / "photos"


REAL = sorted(path for path in PHOTOS.glob("*") if path.suffix != ".csv") if PHOTOS.is_dir() else []


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
