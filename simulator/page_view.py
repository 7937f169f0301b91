"""Messages and phones as the page draws them: plain values, no HTML, so that nothing can be smuggled in."""

from typing import Any

from .errors import Json
from .phone import Phone
from .settings import commands_for
from .view import KINDS
from .world import Post, World, keyboard


def file_url(unique: str) -> str:
    """Where the page finds a file."""
    return f"/phones/media/{unique}"


def _media(body: Json) -> Json:
    found: Json = {}
    if "photo" in body:
        sizes = body["photo"]
        shown = next((size for size in sizes if size["width"] >= 600), sizes[-1])
        found["photo"] = {
            "url": file_url(shown["file_unique_id"]),
            "full": file_url(sizes[-1]["file_unique_id"]),
            "unique": sizes[-1]["file_unique_id"],
            "width": shown["width"],
            "height": shown["height"],
        }
    for kind in ("document", "voice", "video"):
        if kind in body:
            value: Any = body[kind]
            found["file"] = {
                "url": file_url(value["file_unique_id"]),
                "unique": value["file_unique_id"],
                "name": value.get("file_name", ""),
                "mime": value.get("mime_type", ""),
                "size": value.get("file_size", 0),
                "seconds": value.get("duration", 0),
            }
    if "location" in body:
        found["place"] = {"lat": body["location"]["latitude"], "lng": body["location"]["longitude"]}
        if "venue" in body:
            found["place"] |= {"title": body["venue"]["title"], "address": body["venue"]["address"]}
    for kind in ("contact", "sticker"):
        if kind in body:
            found[kind] = {k: body[kind].get(k, "") for k in ("first_name", "phone_number", "emoji")}
    return found


def message_json(world: World, post: Post) -> Json:
    """One message, or the news that it is gone."""
    if post.deleted:
        return {"chat": post.chat_id, "id": post.id, "deleted": True}
    body = post.body
    original = world.posts[post.chat_id].get(post.reply_to) if post.reply_to else None
    return {
        "chat": post.chat_id,
        "id": post.id,
        "bot": post.from_bot,
        "kind": next((kind for kind in KINDS if kind in body), "service"),
        "text": post.text,
        "entities": body.get("entities") or body.get("caption_entities") or [],
        "date": post.date,
        "edits": post.edits,
        "buttons": keyboard(post),
        "reply": original.text[:80] if original and not original.deleted else "",
        **_media(body),
    }


def phone_json(phone: Phone, title: str) -> Json:
    """What surrounds the messages of a phone."""
    return {
        "id": phone.user.id,
        "chat": phone.chat.id,
        "name": phone.name,
        "title": title,
        "commands": commands_for(phone.world, phone.user, phone.chat),
        "keyboard": (phone.chat.reply_keyboard or {}).get("keyboard", []),
        "blocked": phone.chat.blocked,
    }
