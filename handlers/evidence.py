"""What people are told of the photos, recordings and positions that they send, and how a reviewer looks at them."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from actions import checklists
from actions import evidence as receiving
from actions.evidence import Attached, Kept
from handlers.buttons import button
from handlers.turn import NOTHING, Reply, Turn
from locales import Words
from models.leads import LeadFile
from models.visits import Evidence, Visit
from rules.evidence import PICTURES, UNKNOWN, WEIGHED
from rules.refusal import Refusal

TILES = 20  # pictures on one sheet; more could not be told apart on a phone
ORIGINALS = 10  # messages at once
CAPTION = 1024  # of a photo, in UTF-16 units, without its markup
ROOM = 40  # of them for "and so many more"
MARKS = {"photo": "📷", "page": "📷", "position": "📍"}
OTHER = "📎"
_TAG = re.compile(r"<[^>]*>")


def short(digest: str) -> str:
    """The evidence number as people read it: the first and last digits of the SHA-256."""
    return f"{digest[:4]}…{digest[-2:]}"


def asked(turn: Turn, number: int) -> int:
    """The point that a file is for: that of its album's first picture, else the one asked about; 0: the whole visit."""
    awaiting = turn.chat.awaiting or {}
    if _album(turn) and _album(turn) == awaiting.get("album"):
        return int(awaiting.get("album_point", 0))
    return number or int(awaiting.get("photo", 0))


async def receive(turn: Turn, visit: Visit, number: int) -> Markup:
    """Take in the file of this turn for a point (0: the visit); the receipt. Refused if it is no evidence."""
    assert turn.file
    file, session = turn.file, turn.session
    if file.refused:
        raise Refusal(file.refused)
    hint = file.kind == "photo" and not file.name and not any(one.grade == UNKNOWN for one in visit.evidence)
    kept = Kept(
        sha256=await turn.keep(file.data),
        size=len(file.data),
        media=file.media,
        telegram_file=file.telegram_file,
        kind=file.kind,
        name=file.name[:200],
        taken_at=file.taken,
        latitude=file.latitude,
        longitude=file.longitude,
        preview=await turn.keep(file.preview) if file.preview else "",
    )
    number = 0 if file.kind == "position" else number
    got = await receiving.attach(session, visit, number, kept, turn.person, turn.now, words=turn.text)
    received = [got, *_earlier(turn, visit)]
    lines = [_receipt(turn.words, visit, got) if len(received) == 1 else _album_receipt(turn.words, received)]
    lines += dict.fromkeys(line for one in reversed(received) for line in _warnings(turn.words, visit, one))
    if hint and got.row.grade == UNKNOWN:
        lines.append(turn.words("evidence.hint"))
    return Markup("\n").join(lines)


def album(turn: Turn, number: int) -> dict[str, Any]:
    """What the chat must know for the next picture of this album: it is for the same point, and one receipt tells all.

    Taken before the card is shown and put back after (`remember`), because the card says anew what is awaited.
    """
    if not turn.file or not (name := _album(turn)):
        return {}
    return {"album": name, "album_point": number, "album_files": _album_files(turn)}


def remember(turn: Turn, known: dict[str, Any]) -> None:
    """Keep what `album` said."""
    if known:
        turn.chat.awaiting = {**(turn.chat.awaiting or {}), **known}


def continues(turn: Turn) -> bool:
    """Whether this is a further picture of an album."""
    return _album(turn) != "" and _album(turn) == (turn.chat.awaiting or {}).get("album")


def _album(turn: Turn) -> str:
    message = turn.update.message
    return (message.media_group_id or "") if message else ""


def _album_files(turn: Turn) -> list[str]:
    """Telegram's names of the album's files so far: what their receipt speaks of together."""
    before = list((turn.chat.awaiting or {}).get("album_files", [])) if continues(turn) else []
    return [*before, turn.file.telegram_file] if turn.file else before


def _earlier(turn: Turn, visit: Visit) -> list[Attached]:
    files = _album_files(turn)[:-1]
    return [Attached(one, new=True, also=()) for one in reversed(visit.evidence) if one.telegram_file in files]


def _receipt(words: Words, visit: Visit, got: Attached) -> Markup:
    row, digest = got.row, short(got.row.sha256)
    mark = MARKS.get(row.kind, OTHER)
    number = visit.numbers.get(row.point_id or 0, 0)
    if not got.new:
        return words("evidence.repeated", mark=mark, where=_where(words, number))
    facts = [] if number or row.kind == "position" else [words("evidence.for_visit")]
    facts += _facts(words, row)
    if not facts:
        return words("evidence.received", mark=mark, digest=digest)
    return words("evidence.received_with", mark=mark, facts=words("comma").join(facts), digest=digest)


def _album_receipt(words: Words, received: Sequence[Attached]) -> Markup:
    digests = [short(one.row.sha256) for one in reversed(received)]
    return words("evidence.received_album", len(digests), digests=words("and").join(digests))


def _facts(words: Words, row: Evidence) -> list[Markup]:
    """When and how far away, as far as the file says so."""
    facts = []
    if row.taken_at and row.kind != "position":
        facts.append(words("evidence.taken", taken=row.taken_at))
    if row.metres is not None:
        facts.append(words("evidence.distance", distance=distance(words, row.metres)))
    return facts


def distance(words: Words, metres: int) -> Markup:
    """14 米, 4.2 公里."""
    if metres < 1000:
        return words("evidence.metres", metres=metres)
    kilometres = f"{metres / 1000:.1f}" if metres < 100_000 else f"{metres / 1000:.0f}"
    return words("evidence.kilometres", kilometres=kilometres)


def _warnings(words: Words, visit: Visit, got: Attached) -> list[Markup]:
    row, lines = got.row, []
    away = distance(words, row.metres) if row.metres is not None else ""
    day = words.full_day(row.taken_at.astimezone(words.zone).date()) if row.taken_at else ""
    if words.has(f"evidence.warn.{row.grade}"):
        lines.append(words(f"evidence.warn.{row.grade}", distance=away, taken=row.taken_at, day=day))
    if row.seen_before is not None:
        lines.append(words("evidence.warn.seen"))
    if got.new and got.also:
        where = words("and").join(_where(words, number) for number in got.also)
        lines.append(words("evidence.warn.also", where=where))
    return lines


def _where(words: Words, number: int) -> Markup:
    return words("evidence.of_point", number=number) if number else words("evidence.of_visit")


def progress(words: Words, visit: Visit) -> list[Markup]:
    """`照片 2/3`: how many of the points that ask for a photo have theirs, and how much there is in all."""
    photos = receiving.photos(visit)
    if photos.wanted:
        lines = words("evidence.progress", received=photos.received, wanted=len(photos.wanted))
        return [lines + words("evidence.in_all", len(visit.evidence)) if visit.evidence else lines]
    return [words("result.evidence", len(visit.evidence))] if visit.evidence else []


def problems(words: Words, visit: Visit, wrong: Sequence[str]) -> tuple[list[str], list[Markup]]:
    """Of the problems of a visit those that are not about photos, and one line for all points that lack theirs."""
    photos = receiving.photos(visit)
    lacking = [number for number in photos.missing if f"finding:{number}" in wrong]
    wordless = {number for number, one in visit.standing.items() if one.value == "no" and not one.note}
    others = [code for code in wrong if code not in {f"finding:{number}" for number in {*lacking} - wordless}]
    if not lacking:
        return others, []
    numbers = words("and").join(Markup(number) for number in lacking)  # noqa: S704 (our own numbers)
    line = words("problem.photos", numbers=numbers, received=photos.received, wanted=len(photos.wanted))
    return others, [line]


async def sheet(turn: Turn, visit: Visit) -> None:
    """`看照片`: all pictures on one sheet, and what each is worth."""
    words, rows = turn.words, [[button(turn.words, "originals", visit.id, 0)]]
    caption = describe(words, visit)
    doubtful = {one.id for one in receiving.doubtful(visit.evidence)}
    numbers = visit.numbers
    shown = [one for one in visit.evidence if one.kind in PICTURES][:TILES]
    tiles = [
        {
            "sha256": one.preview or one.sha256,
            "label": str(numbers.get(one.point_id or 0) or words("evidence.tile_of_visit")),
            "doubtful": one.id in doubtful,
        }
        for one in sorted(shown, key=lambda one: numbers.get(one.point_id or 0, 0))
    ]
    if tiles:
        turn.send_sheet(tiles, caption, rows)
    else:
        turn.say(caption, rows)


def describe(words: Words, visit: Visit) -> Markup:
    """The list that goes with a sheet, doubtful ones first, at most `CAPTION` long."""
    numbers, doubtful = visit.numbers, {one.id for one in receiving.doubtful(visit.evidence)}
    ordered = sorted(
        visit.evidence, key=lambda one: (one.id not in doubtful, numbers.get(one.point_id or 0, 0), one.id)
    )
    lines = [words("evidence.sheet", len(ordered), name=visit.subject.name)]
    left = CAPTION - ROOM - _length(lines[0])
    for place, row in enumerate(ordered):
        line = _line(words, row, numbers.get(row.point_id or 0, 0))
        left -= _length(line) + 1
        if left < 0:
            lines.append(words("evidence.more", len(ordered) - place))
            break
        lines.append(line)
    return Markup("\n").join(lines)


def _length(text: Markup) -> int:
    return len(html.unescape(_TAG.sub("", text)).encode("utf-16-le")) // 2


def _line(words: Words, row: Evidence, number: int) -> Markup:
    marks = [row.grade] if words.has(f"evidence.mark.{row.grade}") else []
    marks += ["seen"] if row.seen_before is not None else []
    parts = [_where(words, number)]
    if row.kind not in PICTURES:
        parts.append(words(f"evidence.kind.{row.kind}"))
    parts += _facts(words, row)
    if row.kind in WEIGHED and row.grade in (UNKNOWN, ""):
        parts.append(words("evidence.no_facts"))
    parts += [words(f"evidence.mark.{mark}") for mark in marks]
    return words("evidence.dot").join(parts)


async def originals(turn: Turn, visit: Visit) -> None:
    """`原图`: the files as they were sent, ten at a time, each with the point it belongs to."""
    words, numbers, start = turn.words, visit.numbers, turn.args[1]
    for one in visit.evidence[start : start + ORIGINALS]:
        turn.replies.append(original(one, _where(words, numbers.get(one.point_id or 0, 0))))
    left = len(visit.evidence) - start - ORIGINALS
    if left > 0:
        turn.say(words("evidence.more", left), [[button(words, "originals", visit.id, start + ORIGINALS)]])


def original(row: Evidence | LeadFile, caption: Markup = NOTHING) -> Reply:
    """A reply with the file as it was sent; what came as a file goes out as one, because Telegram insists on it."""
    if isinstance(row, Evidence) and row.kind == "position":
        return {"do": "position", "latitude": row.latitude, "longitude": row.longitude}
    pictured = row.kind in PICTURES and row.media == "image/jpeg" and not row.name
    kind = ("photo" if pictured else "document") if row.kind in PICTURES else row.kind
    return {"do": kind, "file": row.telegram_file, "text": str(caption)}


async def note(turn: Turn, visit: Visit, number: int) -> None:
    """The words with a photo of a point that was not asked to be described: they go with its answer, if it has one."""
    said = checklists.answer_to(visit, checklists.point_of(visit, number))
    if said and turn.text not in said.note:
        words = f"{said.note}；{turn.text}" if said.note else turn.text
        await checklists.answer(turn.session, visit, [number], said.value, turn.person, turn.now, words, said.reading)
