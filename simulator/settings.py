"""The Bot API methods about the bot itself, its commands, its chats and its files."""

import re
from typing import Any

from .errors import ApiError, Json, bad
from .files import MAX_DOWNLOAD_BYTES
from .world import Chat, User, World

COMMAND = re.compile(r"[a-z0-9_]{1,32}", re.ASCII)
LANGUAGE = re.compile(r"(?:[a-z]{2})?", re.ASCII)
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}", re.ASCII)
WIDE_SCOPES = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")
CHAT_SCOPES = ("chat", "chat_administrators", "chat_member")
LENGTHS = {"name": 64, "description": 512, "short_description": 120}


async def get_me(world: World, p: Json) -> Json:
    """The method getMe."""
    flags = {"can_join_groups": True, "can_read_all_group_messages": True, "supports_inline_queries": False}
    return world.bot_json() | flags | {"can_connect_to_business": False, "has_main_web_app": False}


async def get_updates(world: World, p: Json) -> list[Json]:
    """The method getUpdates."""
    world.updates.set_allowed(p.get("allowed_updates"))
    timeout = max(0, min(p.get("timeout", 0), 50))
    return await world.updates.take(p.get("offset", 0), p.get("limit", 100), timeout, world.change)


async def set_webhook(world: World, p: Json) -> bool:
    """The method setWebhook."""
    if p.get("secret_token") and not SECRET.fullmatch(p["secret_token"]):
        raise bad("secret token contains unallowed characters")
    world.updates.set_allowed(p.get("allowed_updates"))
    if p.get("drop_pending_updates"):
        world.updates.pending.clear()
    world.updates.set_webhook(p["url"], p.get("secret_token", ""), p.get("max_connections", 40))
    return True


async def delete_webhook(world: World, p: Json) -> bool:
    """The method deleteWebhook."""
    if p.get("drop_pending_updates"):
        world.updates.pending.clear()
    world.updates.set_webhook("", "", 40)
    return True


async def webhook_info(world: World, p: Json) -> Json:
    """The method getWebhookInfo."""
    hook = world.updates.webhook
    body: Json = {"url": hook.url, "has_custom_certificate": False}
    body["pending_update_count"] = len(world.updates.pending)
    if hook.url:
        body["max_connections"] = hook.max_connections
    if hook.last_error:
        body |= {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error}
    return body | ({"allowed_updates": world.updates.allowed} if world.updates.allowed else {})


async def nothing_to_do(world: World, p: Json) -> bool:
    """The methods logOut and close."""
    return True


async def get_file(world: World, p: Json) -> Json:
    """The method getFile."""
    if p["file_id"] not in world.files.by_id:
        raise bad("invalid file_id")
    file = world.files.get(p["file_id"])
    if file.size > MAX_DOWNLOAD_BYTES:
        raise bad("file is too big")
    return file.as_json() | {"file_path": file.path}


def _scope(world: World, p: Json) -> str:
    scope = p.get("scope") or {"type": "default"}
    language = p.get("language_code", "")
    if not isinstance(scope, dict) or scope.get("type") not in WIDE_SCOPES + CHAT_SCOPES:
        raise bad("can't parse BotCommandScope: unsupported type specified")
    if not LANGUAGE.fullmatch(language):
        raise bad("invalid language code specified")
    if scope["type"] in CHAT_SCOPES:
        try:
            chat = world.chats.get(int(scope.get("chat_id", 0)))
        except ValueError:
            chat = None
        if chat is None:
            raise bad("chat not found")
        member = f"/{scope['user_id']}" if scope["type"] == "chat_member" else ""
        return f"{scope['type']}/{chat.id}{member}:{language}"
    return f"{scope['type']}:{language}"


async def set_commands(world: World, p: Json) -> bool:
    """The method setMyCommands."""
    commands = p["commands"]
    if not isinstance(commands, list) or len(commands) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not isinstance(command, dict) or set(command) != {"command", "description"}:
            raise bad("can't parse BotCommand: command and description expected")
        if not COMMAND.fullmatch(command["command"].removeprefix("/")):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"]) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    key = _scope(world, p)
    world.commands[key] = [{**c, "command": c["command"].removeprefix("/")} for c in commands]
    if not commands:
        del world.commands[key]
    world.changed()
    return True


async def get_commands(world: World, p: Json) -> list[Json]:
    """The method getMyCommands."""
    return world.commands.get(_scope(world, p), [])


async def delete_commands(world: World, p: Json) -> bool:
    """The method deleteMyCommands."""
    world.commands.pop(_scope(world, p), None)
    world.changed()
    return True


def commands_for(world: World, user: User, chat: Chat) -> list[Json]:
    """The command menu of a person in a chat: the narrowest scope wins, in it the person's language."""
    if chat.type == "private":
        scopes = [f"chat/{chat.id}", "all_private_chats", "default"]
    else:
        scopes = [f"chat_member/{chat.id}/{user.id}", f"chat/{chat.id}", "all_group_chats", "default"]
    for scope in scopes:
        for language in (user.language_code[:2], ""):
            if found := world.commands.get(f"{scope}:{language}"):
                return found
    return []


def _naming(field: str) -> Any:
    async def set_it(world: World, p: Json) -> bool:
        text = p.get(field, "")
        if len(text) > LENGTHS[field]:
            raise bad(f"bot {field.replace('_', ' ')} is too long")
        world.bot_names[field][p.get("language_code", "")] = text
        world.changed()
        return True

    return set_it


def _named(field: str) -> Any:
    async def get_it(world: World, p: Json) -> Json:
        names = world.bot_names[field]
        return {field: names.get(p.get("language_code", "")) or names.get("", "")}

    return get_it


async def set_menu_button(world: World, p: Json) -> bool:
    """The method setChatMenuButton."""
    button = p.get("menu_button") or {"type": "default"}
    if not isinstance(button, dict) or button.get("type") not in ("commands", "web_app", "default"):
        raise bad("can't parse MenuButton: unsupported type")
    if "chat_id" in p:
        world.reachable(p["chat_id"]).menu_button = button
    else:
        world.menu_button = button
    world.changed()
    return True


async def get_menu_button(world: World, p: Json) -> Json:
    """The method getChatMenuButton."""
    own = world.reachable(p["chat_id"]).menu_button if "chat_id" in p else None
    return own or world.menu_button


def _chat(world: World, p: Json) -> Chat:
    if p["chat_id"] not in world.chats:
        raise bad("chat not found")
    return world.chats[p["chat_id"]]


async def get_chat(world: World, p: Json) -> Json:
    """The method getChat."""
    chat = world.reachable(p["chat_id"]) if _chat(world, p).type == "private" else _chat(world, p)
    gifts = (
        "unlimited_gifts",
        "limited_gifts",
        "unique_gifts",
        "premium_subscription",
        "gifts_from_channels",
    )
    body = chat.as_json() | {"accent_color_id": 0, "max_reaction_count": 11}
    return body | {"accepted_gift_types": dict.fromkeys(gifts, False)}


async def get_member(world: World, p: Json) -> Json:
    """The method getChatMember."""
    chat = _chat(world, p)
    if p["user_id"] == world.bot_id:
        user: Json = world.bot_json()
    elif p["user_id"] in world.users:
        user = world.users[p["user_id"]].as_json()
    else:
        raise bad("user not found")
    inside = p["user_id"] in chat.members or p["user_id"] == chat.id
    return {"user": user, "status": "member" if inside else "left"}


async def count_members(world: World, p: Json) -> int:
    """The method getChatMemberCount."""
    return max(2, len(_chat(world, p).members))


async def leave_chat(world: World, p: Json) -> bool:
    """The method leaveChat."""
    chat = world.reachable(p["chat_id"])
    if chat.type == "private":
        raise ApiError(400, "Bad Request: chat member status can't be changed in private chats")
    chat.members.remove(world.bot_id)
    world.changed()
    return True


METHODS = {
    "getMe": get_me,
    "logOut": nothing_to_do,
    "close": nothing_to_do,
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": webhook_info,
    "getFile": get_file,
    "setMyCommands": set_commands,
    "getMyCommands": get_commands,
    "deleteMyCommands": delete_commands,
    "setChatMenuButton": set_menu_button,
    "getChatMenuButton": get_menu_button,
    "getChat": get_chat,
    "getChatMember": get_member,
    "getChatMemberCount": count_members,
    "leaveChat": leave_chat,
    **{
        f"setMy{name}": _naming(field)
        for name, field in zip(["Name", "Description", "ShortDescription"], LENGTHS, strict=True)
    },
    **{
        f"getMy{name}": _named(field)
        for name, field in zip(["Name", "Description", "ShortDescription"], LENGTHS, strict=True)
    },
}
