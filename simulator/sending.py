"""The Bot API methods that put messages into a chat."""

import mimetypes
from typing import Any

from .errors import Json, bad
from .files import MAX_UPLOAD_BYTES, Upload, add_photo
from .keyboards import check_markup
from .markup import formatted, units
from .world import Chat, Post, World

MAX_TEXT = 4096
MAX_CAPTION = 1024
ACTIONS = {
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
}
OWN_IDS = {
    "VoiceNote": "voice/",
    "VideoNote": "video_notes/",
    "Photo": "photos/",
}  # ids that are good for no other kind
ALBUM_KINDS = {"photo", "video", "document", "audio"}
MEDIA_FIELDS = {"type", "media", "caption", "parse_mode", "caption_entities", "has_spoiler", "thumbnail"}
MEDIA_FIELDS |= {"show_caption_above_media", "width", "height", "duration", "supports_streaming", "cover"}
MEDIA_FIELDS |= {"disable_content_type_detection", "start_timestamp", "performer", "title"}


def text_body(p: Json) -> Json:
    """The text of a message, checked."""
    text, entities = formatted(p["text"], p.get("parse_mode"), p.get("entities"))
    if not text:
        raise bad("message text is empty")
    if units(text) > MAX_TEXT:
        raise bad("message is too long")
    return {"text": text} | ({"entities": entities} if entities else {})


def caption_body(p: Json) -> Json:
    """The caption of a message, checked."""
    text, entities = formatted(p.get("caption") or "", p.get("parse_mode"), p.get("caption_entities"))
    if units(text) > MAX_CAPTION:
        raise bad("message caption is too long")
    body: Json = {"caption": text} if text else {}
    return body | ({"caption_entities": entities} if entities else {})


def media_body(world: World, kind: str, value: Any, p: Json) -> Json:
    """A photo, document, voice or video, uploaded or known by its file id."""
    if isinstance(value, str):
        known = world.files.get(value)
        for posts in world.posts.values():
            for post in posts.values():
                sizes = post.body.get("photo", []) if kind == "photo" else [post.body.get(kind, {})]
                if any(size.get("file_id") == known.file_id for size in sizes):
                    return {kind: post.body[kind]}
        if kind == "photo":
            raise bad("can't use file of type Document as Photo")
        if own := next((one for one in OWN_IDS if known.path.startswith(OWN_IDS[one])), ""):
            raise bad(f"can't use file of type {own} as {kind.title()}")
        return {kind: known.as_json() | {"file_name": known.name, "mime_type": known.mime}}
    if not value.data:
        raise bad("file must be non-empty")
    if kind == "photo":
        return {"photo": add_photo(world.files, value.data)}
    if len(value.data) > MAX_UPLOAD_BYTES:
        raise bad("file is too big")
    mime = mimetypes.guess_type(value.name)[0] or value.mime or "application/octet-stream"
    file = world.files.add(kind + "s", value.data, value.name, mime)
    body = file.as_json() | {"mime_type": mime}
    if kind == "document":
        body["file_name"] = value.name
    if kind == "video_note":
        return {kind: file.as_json() | {"duration": p.get("duration", 1), "length": p.get("length", 240)}}
    if kind in ("voice", "video", "audio"):
        body["duration"] = p.get("duration", 1)
    if kind == "video":
        body |= {"width": p.get("width", 640), "height": p.get("height", 360)}
    return {kind: body}


def _reply_to(world: World, chat: Chat, p: Json) -> int | None:
    reply = p.get("reply_parameters")
    if not reply:
        return None
    known = world.posts.get(chat.id, {}).get(reply.get("message_id", 0))
    if known is None or known.deleted:
        if reply.get("allow_sending_without_reply"):
            return None
        raise bad("message to be replied not found")
    return known.id


def place(world: World, p: Json, body: Json, **more: Any) -> Post:
    """Puts a checked message of the bot into its chat."""
    markup = check_markup(p.get("reply_markup"))
    chat = world.reachable(p["chat_id"])
    reply_to = _reply_to(world, chat, p)
    if markup and "inline_keyboard" not in markup:
        chat.reply_keyboard = markup if "keyboard" in markup else None
    post = world.add_post(chat, world.bot_id, body | more | ({"reply_markup": markup} if markup else {}), reply_to)
    world.say_line(chat.id, world.username, describe(post))
    return post


def describe(post: Post) -> str:
    """A message in one line of a transcript."""
    names = {"photo": "照片", "document": "文件", "voice": "语音", "video": "视频", "location": "位置"}
    names |= {"audio": "录音", "video_note": "圆形视频"}
    names |= {"venue": "地点", "sticker": "贴纸", "contact": "名片"}
    kinds = [
        f"({names[kind]}) " for kind in names if kind in post.body and not ("venue" in post.body and kind == "location")
    ]
    rows = (post.body.get("reply_markup") or {}).get("inline_keyboard", [])
    buttons = " ".join(f"[{button['text']}]" for row in rows for button in row)
    return ("".join(kinds) + post.text + (f"\n    {buttons}" if buttons else "")).strip()


async def send_message(world: World, p: Json) -> Json:
    """The method sendMessage."""
    body = text_body(p)
    if p.get("link_preview_options"):
        body["link_preview_options"] = p["link_preview_options"]
    return world.message_json(place(world, p, body))


def _sender(kind: str) -> Any:
    async def send(world: World, p: Json) -> Json:
        check_markup(p.get("reply_markup"))
        caption = caption_body(p)
        world.reachable(p["chat_id"])
        return world.message_json(place(world, p, media_body(world, kind, p[kind], p) | caption))

    return send


def album_item(world: World, item: Any, uploads: dict[str, Upload], kinds: set[str]) -> Json:
    """One InputMedia, checked and stored."""
    if not isinstance(item, dict) or item.get("type") not in kinds or not isinstance(item.get("media"), str):
        raise bad("can't parse InputMedia: wrong type or media")
    if set(item) - MEDIA_FIELDS:
        raise bad(f'unknown field "{sorted(set(item) - MEDIA_FIELDS)[0]}" of InputMedia (refused by the simulator)')
    value: Any = item["media"]
    if value.startswith("attach://"):
        if value[9:] not in uploads:
            raise bad(f"there is no file attached as {value[9:]}")
        value = uploads[value[9:]]
    caption = caption_body(item)
    return media_body(world, item["type"], value, item) | caption


async def send_media_group(world: World, p: Json) -> list[Json]:
    """The method sendMediaGroup."""
    media = p["media"]
    if not isinstance(media, list) or not 2 <= len(media) <= 10:
        raise bad("there must be from 2 to 10 messages in a media group (wrong number of media)")
    kinds = {item.get("type") for item in media if isinstance(item, dict)}
    if len(kinds) > 1 and kinds & {"document", "audio"}:
        raise bad("documents and audio can't be mixed with other media types in an album")
    world.reachable(p["chat_id"])
    bodies = [album_item(world, item, p["_uploads"], ALBUM_KINDS) for item in media]
    group = f"1{world.last_message_id:016d}"
    return [world.message_json(place(world, p, body, media_group_id=group)) for body in bodies]


def point(p: Json) -> Json:
    """A position, checked."""
    if not -90 <= p["latitude"] <= 90 or not -180 <= p["longitude"] <= 180:
        raise bad("wrong latitude or longitude specified")
    body: Json = {"latitude": p["latitude"], "longitude": p["longitude"]}
    return body | {k: p[k] for k in ("horizontal_accuracy", "live_period", "heading") if k in p}


async def send_location(world: World, p: Json) -> Json:
    """The method sendLocation."""
    return world.message_json(place(world, p, {"location": point(p)}))


async def send_venue(world: World, p: Json) -> Json:
    """The method sendVenue."""
    where = point(p)
    venue = {"location": where, "title": p["title"], "address": p["address"]}
    return world.message_json(place(world, p, {"location": where, "venue": venue}))


async def send_chat_action(world: World, p: Json) -> bool:
    """The method sendChatAction."""
    if p["action"] not in ACTIONS:
        raise bad("wrong parameter action in request")
    world.reachable(p["chat_id"])
    return True


def _source(world: World, p: Json, refusal: str) -> Post:
    if p["from_chat_id"] not in world.chats:
        raise bad("chat not found")
    return world.post(p["from_chat_id"], p["message_id"], refusal)


async def copy_message(world: World, p: Json) -> Json:
    """The method copyMessage."""
    source = _source(world, p, "message to copy not found")
    body = {k: v for k, v in source.body.items() if k not in ("reply_markup", "media_group_id")}
    if "caption" in p:
        body = {k: v for k, v in body.items() if not k.startswith("caption")} | caption_body(p)
    return {"message_id": place(world, p, body).id}


async def forward_message(world: World, p: Json) -> Json:
    """The method forwardMessage."""
    source = _source(world, p, "message to forward not found")
    author = world.bot_json() if source.from_bot else world.users[source.author].as_json()
    body = {k: v for k, v in source.body.items() if k not in ("reply_markup", "media_group_id")}
    origin = {"type": "user", "date": source.date, "sender_user": author}
    return world.message_json(place(world, p, body, forward_origin=origin))


METHODS = {
    "sendMessage": send_message,
    "sendPhoto": _sender("photo"),
    "sendDocument": _sender("document"),
    "sendVoice": _sender("voice"),
    "sendVideo": _sender("video"),
    "sendAudio": _sender("audio"),
    "sendVideoNote": _sender("video_note"),
    "sendMediaGroup": send_media_group,
    "sendLocation": send_location,
    "sendVenue": send_venue,
    "sendChatAction": send_chat_action,
    "copyMessage": copy_message,
    "forwardMessage": forward_message,
}
