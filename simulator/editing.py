"""The Bot API methods that change, remove or answer what is already there."""

from typing import Any

from .errors import Json, bad
from .keyboards import check_markup
from .sending import album_item, caption_body, describe, text_body
from .world import Post, World

SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
MAX_TOAST = 200
MEDIA = ("photo", "document", "voice", "video", "audio")
DELETE_WITHIN = 48 * 3600


def _target(world: World, p: Json) -> Post:
    if "chat_id" not in p:
        raise bad("chat_id is empty")
    if "message_id" not in p:
        raise bad("message identifier is not specified")
    world.reachable(p["chat_id"])
    post = world.post(p["chat_id"], p["message_id"], "message to edit not found")
    if not post.from_bot:
        raise bad("message can't be edited")
    return post


def _change(world: World, post: Post, p: Json, body: Json) -> Json:
    markup = check_markup(p.get("reply_markup"), inline_only=True)
    body = body | ({"reply_markup": markup} if markup else {})
    if body == post.body:
        raise bad(SAME)
    post.body = body
    post.edits += 1
    post.edit_date = int(world.now())
    world.remember_buttons(post)
    world.touch(post)
    world.say_line(post.chat_id, f"{world.username} (改 #{post.id})", describe(post))
    return world.message_json(post)


def _without(post: Post, *names: str) -> Json:
    return {k: v for k, v in post.body.items() if k not in ("reply_markup", *names)}


async def edit_text(world: World, p: Json) -> Json:
    """The method editMessageText."""
    body = text_body(p)
    post = _target(world, p)
    if "text" not in post.body:
        raise bad("there is no text in the message to edit")
    if p.get("link_preview_options"):
        body["link_preview_options"] = p["link_preview_options"]
    return _change(world, post, p, body)


async def edit_caption(world: World, p: Json) -> Json:
    """The method editMessageCaption."""
    caption = caption_body(p)
    post = _target(world, p)
    if not set(MEDIA) & set(post.body):
        raise bad("there is no caption in the message to edit")
    return _change(world, post, p, _without(post, "caption", "caption_entities") | caption)


async def edit_media(world: World, p: Json) -> Json:
    """The method editMessageMedia."""
    post = _target(world, p)
    check_markup(p.get("reply_markup"), inline_only=True)
    body = album_item(world, p["media"], p["_uploads"], set(MEDIA) - {"voice"})
    if "text" not in post.body and not set(MEDIA) & set(post.body):
        raise bad("message can't be edited")
    return _change(world, post, p, body)


async def edit_markup(world: World, p: Json) -> Json:
    """The method editMessageReplyMarkup."""
    post = _target(world, p)
    return _change(world, post, p, _without(post))


def _delete(world: World, post: Post) -> None:
    post.deleted = True
    world.touch(post)
    world.say_line(post.chat_id, f"{world.username} (删 #{post.id})", "")


async def delete_message(world: World, p: Json) -> bool:
    """The method deleteMessage."""
    world.reachable(p["chat_id"])
    post = world.post(p["chat_id"], p["message_id"], "message to delete not found")
    if world.now() - post.date > DELETE_WITHIN:
        raise bad("message can't be deleted for everyone")
    _delete(world, post)
    return True


async def delete_messages(world: World, p: Json) -> bool:
    """The method deleteMessages."""
    world.reachable(p["chat_id"])
    ids = p["message_ids"]
    if not isinstance(ids, list) or not 1 <= len(ids) <= 100:
        raise bad("there must be from 1 to 100 message identifiers")
    for message_id in ids:
        post = world.posts.get(p["chat_id"], {}).get(message_id)
        if post and not post.deleted and world.now() - post.date <= DELETE_WITHIN:
            _delete(world, post)
    return True


async def answer_callback(world: World, p: Json) -> bool:
    """The method answerCallbackQuery."""
    query = world.queries.get(p["callback_query_id"])
    if query is None or query.answered or world.now() - query.date > world.query_lifetime:
        raise bad(TOO_OLD)
    text = p.get("text", "")
    if len(text) > MAX_TOAST:
        raise bad("MESSAGE_TOO_LONG")
    query.answered = True
    world.revision += 1
    toast: dict[str, Any] = {"user": query.user, "text": text, "alert": bool(p.get("show_alert"))}
    world.toasts.append(toast | {"url": p.get("url", ""), "query": query.id, "revision": world.revision})
    del world.toasts[:-500]
    if text:
        world.say_line(query.chat_id, world.username, f"({'弹窗' if p.get('show_alert') else '提示'}) {text}")
    world.changed()
    return True


async def react(world: World, p: Json) -> bool:
    """The method setMessageReaction."""
    world.reachable(p["chat_id"])
    world.post(p["chat_id"], p["message_id"], "message to react not found")
    for reaction in p.get("reaction") or []:
        if not isinstance(reaction, dict) or reaction.get("type") not in ("emoji", "custom_emoji"):
            raise bad("REACTION_INVALID")
    world.changed()
    return True


async def pin(world: World, p: Json) -> bool:
    """The method pinChatMessage."""
    chat = world.reachable(p["chat_id"])
    post = world.post(p["chat_id"], p["message_id"], "message to pin not found")
    if post.id not in chat.pinned:
        chat.pinned.append(post.id)
    world.touch(post)
    return True


async def unpin(world: World, p: Json) -> bool:
    """The methods unpinChatMessage and unpinAllChatMessages."""
    chat = world.reachable(p["chat_id"])
    chat.pinned = [pinned for pinned in chat.pinned if "message_id" in p and pinned != p["message_id"]]
    world.changed()
    return True


METHODS = {
    "editMessageText": edit_text,
    "editMessageCaption": edit_caption,
    "editMessageMedia": edit_media,
    "editMessageReplyMarkup": edit_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
    "answerCallbackQuery": answer_callback,
    "setMessageReaction": react,
    "pinChatMessage": pin,
    "unpinChatMessage": unpin,
    "unpinAllChatMessages": unpin,
}
