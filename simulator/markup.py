"""Texts as Telegram reads them: HTML becomes plain text with entities, and what is broken is refused."""

import re
from html import escape

from .errors import Json, bad

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
OPAQUE = {"text_link", "text_mention", "code", "pre"}
ATTRIBUTE = re.compile(r"""\s+([A-Za-z][\w-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?""")
TAG = re.compile(rf"<(/?)([A-Za-z][A-Za-z0-9-]*)((?:{ATTRIBUTE.pattern})*)\s*>", re.ASCII)
REFERENCE = re.compile(r"&(#x[0-9A-Fa-f]{1,6}|#[0-9]{1,7}|[A-Za-z]{1,10});")
AUTOMATIC = [
    ("url", re.compile(r"(?:https?|tg)://[^\s<>\"，。；！？、（）《》【】“”]+", re.ASCII)),
    (
        "bot_command",
        re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])", re.ASCII),
    ),
    ("mention", re.compile(r"(?<![\w@])@[A-Za-z][A-Za-z0-9_]{3,31}(?!\w)", re.ASCII)),
]


def units(text: str) -> int:
    """The length as Telegram counts it, in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, offset: int, length: int) -> str:
    """The part of a text that an entity covers."""
    return text.encode("utf-16-le")[offset * 2 : (offset + length) * 2].decode("utf-16-le", "replace")


def _broken(source: str, at: int, what: str) -> Exception:
    return bad(f"can't parse entities: {what} at byte offset {len(source[:at].encode())}")


def _character(source: str, at: int) -> tuple[str, int]:
    match = REFERENCE.match(source, at)
    if match is None:
        raise _broken(source, at, 'Character "&" must be written as "&amp;"')
    name = match[1]
    if name.startswith("#"):
        code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
        if not 0 < code < 0x10FFFF or 0xD800 <= code < 0xE000:
            raise _broken(source, at, f'Unsupported character reference "{match[0]}"')
        return chr(code), match.end()
    if name not in NAMED:
        raise _broken(source, at, f'Unsupported HTML entity "{match[0]}"')
    return NAMED[name], match.end()


def _entity(source: str, at: int, tag: str, attributes: dict[str, str]) -> Json:
    if tag not in TAGS:
        raise _broken(source, at, f'Unsupported start tag "{tag}"')
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise _broken(source, at, 'Tag "span" must have class "tg-spoiler"')
    entity: Json = {"type": TAGS[tag]}
    if tag == "a":
        entity["url"] = attributes.get("href", "")
    elif tag == "tg-emoji":
        entity["custom_emoji_id"] = attributes.get("emoji-id", "")
    elif tag == "blockquote" and "expandable" in attributes:
        entity["type"] = "expandable_blockquote"
    elif tag == "code" and attributes.get("class", "").startswith("language-"):
        entity["language"] = attributes["class"].removeprefix("language-")
    return entity


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Plain text and entities of a text in parse mode HTML."""
    text: list[str] = []
    entities: list[Json] = []
    open_tags: list[tuple[str, Json]] = []
    position = at = 0
    while at < len(source):
        character = source[at]
        if character == "<":
            match = TAG.match(source, at)
            if match is None:
                raise _broken(source, at, "Unsupported or unclosed start tag")
            tag = match[2].lower()
            if match[1]:
                if not open_tags:
                    raise _broken(source, at, "Unexpected end tag")
                expected, entity = open_tags.pop()
                if expected != tag:
                    raise _broken(source, at, f'Unmatched end tag, expected "</{expected}>", found "</{tag}>"')
                entity["length"] = position - entity["offset"]
                entities.append(entity)
            else:
                values = {m[1].lower(): m[2] or m[3] or m[4] or "" for m in ATTRIBUTE.finditer(match[3])}
                for name, value in values.items():
                    values[name] = re.sub(REFERENCE, lambda m: _character(m[0], 0)[0], value)
                open_tags.append((tag, {"offset": position, **_entity(source, at, tag, values)}))
            at = match.end()
            continue
        following = at + 1
        if character == "&":
            character, following = _character(source, at)
        text.append(character)
        position += units(character)
        at = following
    if open_tags:
        raise bad(f"can't parse entities: Can't find end tag corresponding to start tag \"{open_tags[-1][0]}\"")
    return "".join(text), _tidy("".join(text), entities)


def _tidy(text: str, entities: list[Json]) -> list[Json]:
    kept: list[Json] = []
    # entities come in the order in which they were closed: of two alike, the outer one is the later
    entities.reverse()
    for entity in sorted(entities, key=lambda e: (e["offset"], -e["length"])):
        if not entity["length"]:
            continue
        if entity["type"] == "text_link" and not entity["url"]:
            entity["url"] = cut(text, entity["offset"], entity["length"])
        if entity["type"] == "code" and "language" in entity:
            language = entity.pop("language")
            around = [e for e in kept if e["type"] == "pre" and _span(e) == _span(entity)]
            if around:
                around[0]["language"] = language
                continue
        if entity["type"] == "text_link" and not re.match(r"(https?|tg|ton|mailto|tel)[:]", entity["url"]):
            continue
        kept.append(entity)
    return kept


def _span(entity: Json) -> tuple[int, int]:
    return entity["offset"], entity["offset"] + entity["length"]


def _trim(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    lead = units(text) - units(text.lstrip())
    text = text.strip()
    end = units(text)
    trimmed = []
    for entity in entities:
        start, stop = (min(max(edge - lead, 0), end) for edge in _span(entity))
        if stop > start:
            trimmed.append({**entity, "offset": start, "length": stop - start})
    return text, trimmed


def _automatic(text: str, taken: list[Json]) -> list[Json]:
    found = []
    spans = [_span(entity) for entity in taken if entity["type"] in OPAQUE]
    for kind, pattern in AUTOMATIC:
        for match in pattern.finditer(text):
            start = units(text[: match.start()])
            span = (start, start + units(match[0]))
            if all(span[1] <= a or span[0] >= b for a, b in spans):
                spans.append(span)
                found.append({"type": kind, "offset": start, "length": span[1] - span[0]})
    return found


def _given(text: str, entities: list[Json]) -> list[Json]:
    for entity in entities:
        if not {"type", "offset", "length"} <= set(entity) or _span(entity)[1] > units(text):
            raise bad("can't parse MessageEntity: wrong offset, length or type")
    return [dict(entity) for entity in entities]


def formatted(source: str, parse_mode: str | None, entities: list[Json] | None = None) -> tuple[str, list[Json]]:
    """Text and entities as they are stored: parsed, trimmed, with links and commands found."""
    source = source.replace("\r\n", "\n")
    if parse_mode:
        if parse_mode.upper() != "HTML":
            raise bad("unsupported parse_mode (the simulator speaks HTML)")
        text, found = parse_html(source)
    else:
        text, found = source, _given(source, entities or [])
    text, found = _trim(text, found)
    found += _automatic(text, found)
    return text, sorted(found, key=lambda e: (e["offset"], -e["length"]))


def as_html(text: str, entities: list[Json]) -> str:
    """HTML again, for tests that look at what is bold."""
    names = {"bold": "b", "italic": "i", "underline": "u", "strikethrough": "s", "spoiler": "tg-spoiler"}
    names |= {"code": "code", "pre": "pre", "blockquote": "blockquote", "expandable_blockquote": "blockquote"}
    opens: dict[int, str] = {}
    closes: dict[int, str] = {}
    for entity in entities:
        start, end = _span(entity)
        if entity["type"] == "text_link":
            opens[start] = opens.get(start, "") + f'<a href="{escape(entity["url"])}">'
            closes[end] = "</a>" + closes.get(end, "")
        elif entity["type"] in names:
            opens[start] = opens.get(start, "") + f"<{names[entity['type']]}>"
            closes[end] = f"</{names[entity['type']]}>" + closes.get(end, "")
    pieces = []
    position = 0
    for character in text:
        pieces.append(closes.get(position, "") + opens.get(position, "") + escape(character, quote=False))
        position += units(character)
    return "".join(pieces) + closes.get(position, "")
