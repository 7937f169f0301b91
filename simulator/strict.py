"""Which parameters each method takes: Telegram ignores what it does not know, the simulator refuses it."""

import json
from typing import Any

from .errors import ApiError, Json, bad
from .files import Upload

SEND = (
    "business_connection_id message_thread_id:int direct_messages_topic_id:int disable_notification:bool"
    " protect_content:bool allow_paid_broadcast:bool message_effect_id suggested_post_parameters:json"
    " reply_parameters:json reply_markup:json"
)
CAPTION = " caption parse_mode caption_entities:json "
EDIT = "business_connection_id chat_id:chat message_id:int inline_message_id reply_markup:json"
POINT = "latitude!:float longitude!:float "

# name, "!" if it cannot be left out, and its type if it is not a string
TABLE = {
    "getMe": "",
    "logOut": "",
    "close": "",
    "getUpdates": "offset:int limit:int timeout:int allowed_updates:json",
    "setWebhook": "url! certificate:file ip_address max_connections:int allowed_updates:json"
    " drop_pending_updates:bool secret_token",
    "deleteWebhook": "drop_pending_updates:bool",
    "getWebhookInfo": "",
    "sendMessage": "chat_id!:chat text! parse_mode entities:json link_preview_options:json " + SEND,
    "sendPhoto": "chat_id!:chat photo!:file has_spoiler:bool show_caption_above_media:bool" + CAPTION + SEND,
    "sendDocument": "chat_id!:chat document!:file thumbnail:file disable_content_type_detection:bool" + CAPTION + SEND,
    "sendVoice": "chat_id!:chat voice!:file duration:int" + CAPTION + SEND,
    "sendVideo": "chat_id!:chat video!:file duration:int width:int height:int thumbnail:file cover:file"
    " start_timestamp:int has_spoiler:bool supports_streaming:bool show_caption_above_media:bool" + CAPTION + SEND,
    "sendAudio": "chat_id!:chat audio!:file duration:int performer title thumbnail:file" + CAPTION + SEND,
    "sendVideoNote": "chat_id!:chat video_note!:file duration:int length:int thumbnail:file " + SEND,
    "sendMediaGroup": "chat_id!:chat media!:json business_connection_id message_thread_id:int"
    " direct_messages_topic_id:int disable_notification:bool protect_content:bool allow_paid_broadcast:bool"
    " message_effect_id reply_parameters:json",
    "sendLocation": "chat_id!:chat horizontal_accuracy:float live_period:int heading:int"
    " proximity_alert_radius:int " + POINT + SEND,
    "sendVenue": "chat_id!:chat title! address! foursquare_id foursquare_type google_place_id"
    " google_place_type " + POINT + SEND,
    "sendChatAction": "business_connection_id chat_id!:chat message_thread_id:int action!",
    "copyMessage": "chat_id!:chat message_thread_id:int direct_messages_topic_id:int from_chat_id!:chat"
    " message_id!:int video_start_timestamp:int caption parse_mode caption_entities:json"
    " show_caption_above_media:bool disable_notification:bool protect_content:bool allow_paid_broadcast:bool"
    " message_effect_id suggested_post_parameters:json reply_parameters:json reply_markup:json",
    "forwardMessage": "chat_id!:chat message_thread_id:int direct_messages_topic_id:int from_chat_id!:chat"
    " message_id!:int video_start_timestamp:int disable_notification:bool protect_content:bool"
    " message_effect_id suggested_post_parameters:json",
    "editMessageText": "text! parse_mode entities:json link_preview_options:json " + EDIT,
    "editMessageCaption": "show_caption_above_media:bool" + CAPTION + EDIT,
    "editMessageMedia": "media!:json " + EDIT,
    "editMessageReplyMarkup": EDIT,
    "deleteMessage": "chat_id!:chat message_id!:int",
    "deleteMessages": "chat_id!:chat message_ids!:json",
    "answerCallbackQuery": "callback_query_id! text show_alert:bool url cache_time:int",
    "getFile": "file_id!",
    "setMyCommands": "commands!:json scope:json language_code",
    "getMyCommands": "scope:json language_code",
    "deleteMyCommands": "scope:json language_code",
    "setMyName": "name language_code",
    "getMyName": "language_code",
    "setMyDescription": "description language_code",
    "getMyDescription": "language_code",
    "setMyShortDescription": "short_description language_code",
    "getMyShortDescription": "language_code",
    "setChatMenuButton": "chat_id:int menu_button:json",
    "getChatMenuButton": "chat_id:int",
    "getChat": "chat_id!:chat",
    "getChatMember": "chat_id!:chat user_id!:int",
    "getChatMemberCount": "chat_id!:chat",
    "leaveChat": "chat_id!:chat",
    "setMessageReaction": "chat_id!:chat message_id!:int reaction:json is_big:bool",
    "pinChatMessage": "business_connection_id chat_id!:chat message_id!:int disable_notification:bool",
    "unpinChatMessage": "business_connection_id chat_id!:chat message_id:int",
    "unpinAllChatMessages": "chat_id!:chat",
}
MISSING = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "callback_query_id": "query is too old and response timeout expired or query ID is invalid",
}
FILES = {"photo", "document", "voice", "video", "audio", "video_note", "thumbnail", "cover", "certificate"}


def _signature(row: str) -> dict[str, tuple[str, bool]]:
    parts = [word.partition(":") for word in row.split()]
    return {name.rstrip("!"): (kind or "str", name.endswith("!")) for name, _, kind in parts}


SIGNATURES = {method: _signature(row) for method, row in TABLE.items()}


def _integer(name: str, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        return int(str(value).strip())
    except ValueError:
        raise bad(f"invalid {name} specified") from None


def _boolean(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}
    if str(value).lower() not in words:
        raise bad(f"invalid {name} specified")
    return words[str(value).lower()]


def _json(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise bad(f"can't parse {name} JSON object") from None


def _file(name: str, value: Any, uploads: dict[str, Upload]) -> Any:
    if isinstance(value, Upload):
        return value
    if isinstance(value, str) and value.startswith("attach://"):
        if value[9:] not in uploads:
            raise bad(f"there is no file attached as {value[9:]}")
        return uploads[value[9:]]
    if not isinstance(value, str) or not value:
        raise bad(f"there is no {name} in the request")
    return value


def _convert(name: str, kind: str, value: Any, uploads: dict[str, Upload]) -> Any:
    if kind == "int":
        return _integer(name, value)
    if kind == "float":
        try:
            return float(value)
        except (TypeError, ValueError):
            raise bad(f"invalid {name} specified") from None
    if kind == "bool":
        return _boolean(name, value)
    if kind == "json":
        return _json(name, value)
    if kind == "file":
        return _file(name, value, uploads)
    if kind == "chat":
        return str(value) if str(value).startswith("@") else _integer(name, value)
    if not isinstance(value, str):
        raise bad(f"parameter {name} must be a String")
    return value


def check(method: str, raw: dict[str, Any]) -> Json:
    """The parameters of a call in their types; what is unknown or missing is refused."""
    if method not in SIGNATURES:
        raise ApiError(404, "Not Found: method not found")
    signature = SIGNATURES[method]
    uploads = {name: value for name, value in raw.items() if isinstance(value, Upload)}
    used = {name for name in uploads if any(f"attach://{name}" in str(v) for v in raw.values())}
    checked: Json = {}
    for name, value in raw.items():
        if name in used and (name not in signature or signature[name][0] != "file"):
            continue
        if name not in signature:
            raise bad(f'unknown parameter "{name}" of {method} (refused by the simulator)')
        if isinstance(value, Upload) and signature[name][0] != "file":
            raise bad(f"parameter {name} must not be a file")
        checked[name] = _convert(name, signature[name][0], value, uploads)
    for name, (kind, needed) in signature.items():
        if needed and name not in checked:
            wording = f"there is no {name} in the request" if kind == "file" else f'parameter "{name}" is required'
            raise bad(MISSING.get(name, wording))
    checked["_uploads"] = uploads
    return checked
