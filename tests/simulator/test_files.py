import io
from pathlib import Path

import pytest
import qrcode
from PIL import Image
from telegram import Bot, InputMediaDocument, InputMediaPhoto
from telegram.error import BadRequest

from simulator import Phone, Telegram


def picture(width: int = 60, height: int = 40, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(buffer, kind)
    return buffer.getvalue()


async def test_a_persons_photo(bot: Bot, phone: Phone, tmp_path: Path) -> None:
    path = tmp_path / "许可证.jpg"
    path.write_bytes(picture(3000, 2000, "JPEG"))
    await phone.sends_photo(path, caption="过期", album="a1")
    message = (await bot.get_updates())[-1].message
    assert [(size.width, size.height) for size in message.photo] == [
        (90, 60),
        (320, 213),
        (800, 533),
        (1280, 853),
    ]
    assert (message.caption, message.media_group_id) == ("过期", "a1")
    assert len({size.file_unique_id for size in message.photo}) == 4
    file = await message.photo[-1].get_file()
    data = bytes(await file.download_as_bytearray())
    assert data == phone.messages[-1].photo
    assert len(data) == message.photo[-1].file_size
    with Image.open(io.BytesIO(data)) as opened:
        assert (opened.format, opened.size) == ("JPEG", (1280, 853))


async def test_orientation_is_applied_and_exif_removed(bot: Bot, phone: Phone) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.new("RGB", (60, 40)).save(buffer, "JPEG", exif=exif)
    await phone.sends_photo(buffer.getvalue())
    size = (await bot.get_updates())[-1].message.photo[-1]
    assert (size.width, size.height) == (40, 60)


async def test_a_persons_file(bot: Bot, phone: Phone) -> None:
    await phone.sends_file("代码,名称\n".encode("gb18030"), name="对象.csv", caption="导入")
    document = (await bot.get_updates())[-1].message.document
    assert (document.file_name, document.mime_type) == ("对象.csv", "text/csv")
    file = await document.get_file()
    assert bytes(await file.download_as_bytearray()).decode("gb18030") == "代码,名称\n"


async def test_files_over_twenty_megabytes_cannot_be_fetched(bot: Bot, phone: Phone) -> None:
    await phone.sends_file(bytes(20 * 1024 * 1024 + 1), name="大.bin")
    document = (await bot.get_updates())[-1].message.document
    with pytest.raises(BadRequest, match=r"(?i)file is too big"):
        await bot.get_file(document.file_id)


async def test_the_bots_pictures(bot: Bot, phone: Phone) -> None:
    png = io.BytesIO()
    qrcode.make("https://example.org/").save(png)
    sent = await bot.send_photo(1001, png.getvalue(), caption="<b>码</b>", parse_mode="HTML")
    seen = await phone.sees("码")
    assert seen.html == "<b>码</b>"
    assert await phone.scans(seen) == "https://example.org/"
    again = await bot.send_photo(1001, sent.photo[-1].file_id)
    assert again.photo[-1].file_id == sent.photo[-1].file_id
    assert phone.messages[-1].photo == seen.photo
    file = await bot.get_file(sent.photo[-1].file_id)
    assert bytes(await file.download_as_bytearray()) == seen.photo


@pytest.mark.parametrize(
    ("data", "wording"),
    [
        (b"not a picture", "(?i)image_process_failed"),
        (picture(60, 40)[:100], "(?i)image_process_failed"),
        (picture(2100, 100), "(?i)photo_invalid_dimensions"),
        (picture(6000, 4001), "(?i)photo_invalid_dimensions"),
        (bytes(10 * 1024 * 1024 + 1), "(?i)too big for a photo"),
    ],
)
async def test_what_is_no_photo(bot: Bot, phone: Phone, data: bytes, wording: str) -> None:
    with pytest.raises(BadRequest, match=wording):
        await bot.send_photo(1001, data)
    assert len(phone.messages) == 1


async def test_documents_voices_and_albums(bot: Bot, phone: Phone) -> None:
    await bot.send_document(1001, b"%PDF", filename="记录.pdf", caption="记录")
    seen = await phone.sees("记录")
    assert (seen.document, seen.document_name) == (b"%PDF", "记录.pdf")
    assert (await bot.send_voice(1001, b"OggS", duration=4)).voice.duration.seconds == 4
    assert (await bot.send_video(1001, b"mp4", width=10, height=20)).video.height == 20
    album = await bot.send_media_group(1001, [InputMediaPhoto(picture(), caption="一"), InputMediaPhoto(picture())])
    assert len({message.media_group_id for message in album}) == 1
    with pytest.raises(BadRequest, match="can't be mixed"):
        await bot.send_media_group(1001, [InputMediaPhoto(picture()), InputMediaDocument(b"x", filename="x.txt")])
    with pytest.raises(BadRequest, match="caption is too long"):
        await bot.send_document(1001, b"x", filename="x", caption="x" * 1025)
    with pytest.raises(BadRequest, match=r"(?i)non-empty"):
        await bot.send_document(1001, b"", filename="x")


async def test_media_is_replaced(bot: Bot, phone: Phone) -> None:
    sent = await bot.send_photo(1001, picture(), caption="一")
    before = (await phone.sees("一")).photo
    await sent.edit_media(InputMediaPhoto(picture(200, 100), caption="二"))
    after = await phone.sees("二")
    assert after.id == sent.message_id
    assert after.photo != before


async def test_places_copies_and_forwards(telegram: Telegram, bot: Bot, phone: Phone) -> None:
    place = await bot.send_venue(1001, 29.3, 120.07, "老街面馆", "工人西路 12 号")
    assert place.venue.title == "老街面馆"
    assert (await bot.send_location(1001, 29.3, 120.07)).location.longitude == 120.07
    other = telegram.phone("李娜", 1002)
    await other.says("/start")
    await bot.copy_message(1002, 1001, place.message_id)
    assert (await bot.forward_message(1002, 1001, 1)).forward_origin.sender_user.id == 1001
    assert [message.kind for message in other.messages] == ["text", "venue", "text"]
    assert await bot.send_chat_action(1001, "typing")
    assert await bot.set_message_reaction(1001, 1, "👍")
    assert await bot.pin_chat_message(1001, place.message_id)
