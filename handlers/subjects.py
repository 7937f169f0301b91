"""Looking somebody up: `/subject` by name, part of a name, code or the QR code of a licence; its card and record."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from actions import subjects
from handlers.buttons import button
from handlers.turn import Rows, Turn
from locales import Words
from models.changes import Change, changes_of
from models.subject_search import find_subjects
from models.subjects import Subject, labels_of
from rules.refusal import Refusal

LISTED = 8
RECENT = 3  # inspections on the card
PAGE = 8


async def start(turn: Turn) -> None:
    """`/subject`, with or without what is looked for."""
    assert turn.person
    _, _, words = turn.text.partition(" ")
    if words.strip():
        await search(turn, words)
        return
    turn.wait_for("subject.search")
    await turn.show("subject", turn.words("lookup.search"), [[button(turn.words, "me", label="button.back")]])


async def searched(turn: Turn) -> None:
    """A name or a code was typed after `/subject`."""
    await search(turn, turn.text)


async def search(turn: Turn, typed: str) -> None:
    """The one that is meant, or those that may be."""
    assert turn.person
    words = turn.words
    found = await find_subjects(turn.session, typed, LISTED + 1)
    if len(found) == 1:
        turn.wait_no_more()
        await card(turn, found[0])
        return
    rows = [
        [button(words, "subject", one.id, label="button.subject_line", name=one.name, area=one.area.name)]
        for one in found[:LISTED]
    ]
    rows.append([button(words, "me", label="button.back")])
    turn.wait_for("subject.search")
    key = "lookup.nobody" if not found else "lookup.many" if len(found) > LISTED else "lookup.which"
    await turn.show("subject", words(key, words=typed.strip()[:60], shown=min(len(found), LISTED)), rows)


async def scanned(turn: Turn) -> None:
    """A photo with a QR code, sent out of the blue or after `/subject`."""
    assert turn.person
    assert turn.file
    found = await subjects.scanned(turn.session, turn.file.codes)
    if found is None:
        turn.wait_for("subject.search")
        await turn.show("subject", turn.words("lookup.not_scanned"), [[button(turn.words, "me", label="button.back")]])
        return
    turn.wait_no_more()
    await card(turn, found)


async def load(turn: Turn) -> Subject:
    """The subject that a button speaks of, for anybody of the staff."""
    assert turn.person
    subject = await turn.session.get(Subject, turn.args[0])
    if subject is None:
        raise Refusal("gone")
    return subject


async def card(turn: Turn, subject: Subject) -> None:
    """Who it is, where, and what the last inspections found."""
    words = turn.words
    whole = await subjects.sees_all(turn.session, subject, turn.person)
    past, count = await subjects.record_of(turn.session, subject, whole, RECENT)
    place = (words(f"web.kind.{subject.kind}"), subject.area.name, subject.address)
    lines = [
        words("lookup.title", name=subject.name, status=words(f"web.status.{subject.status}")),
        words("dot").join(part for part in place if part),
        words("lookup.code", code=subject.code),
    ]
    if whole:
        contact = [subject.contact, subject.phone]
        if any(contact):
            lines.append(words("lookup.contact", who=" ".join(filter(None, contact))))
        labels = (await labels_of(turn.session, [subject.id], ["labels", "department_labels"])).get(subject.id, ())
        tags = [f"{department}·{label}" if department else label for department, label in sorted(labels)]
        if tags:
            lines.append(words("lookup.labels", labels="、".join(tags[:8])))
    lines.append(words("lookup.record", count) if count else words("lookup.no_record"))
    lines += [_past(words, one) for one in past]
    rows: Rows = [[button(words, "subject_record", subject.id, 0)]] if count > RECENT else []
    if whole:
        rows.append([button(words, "credit", subject.id), button(words, "subject_changes", subject.id)])
    rows.append([button(words, "subject_again"), button(words, "me", label="button.back")])
    await turn.show("subject", Markup("\n").join(lines), rows)


async def record(turn: Turn, subject: Subject) -> None:
    """The whole record, page by page."""
    words, page = turn.words, turn.args[1]
    whole = await subjects.sees_all(turn.session, subject, turn.person)
    past, count = await subjects.record_of(turn.session, subject, whole, PAGE, page * PAGE)
    lines = [words("lookup.record_of", name=subject.name, n=count), *(_past(words, one) for one in past)]
    turning = [button(words, "subject_record", subject.id, page - 1, label="button.newer")] if page else []
    if (page + 1) * PAGE < count:
        turning.append(button(words, "subject_record", subject.id, page + 1, label="button.older"))
    rows: Rows = [turning] if turning else []
    rows.append([button(words, "subject", subject.id, label="button.back")])
    await turn.show("subject", Markup("\n").join(lines), rows)


async def changes(turn: Turn, subject: Subject) -> None:
    """What changed in the directory, when, and where that came from (R3.1.3a)."""
    words = turn.words
    if not await subjects.sees_all(turn.session, subject, turn.person):
        raise Refusal("credit.not_yours")
    found = await changes_of(turn.session, "subject", subject.id)
    lines = [words("lookup.changes" if found else "lookup.no_changes", name=subject.name)]
    for one in found:
        day = words.day(one.at.astimezone(turn.house.zone).date())
        lines.append(words("lookup.change", day=day, source=_source(words, one), what=_what(words, one)))
    await turn.show("subject", Markup("\n").join(lines), [[button(words, "subject", subject.id, label="button.back")]])


async def again(turn: Turn, _: Any) -> None:
    """`再找一个`."""
    turn.wait_for("subject.search")
    await turn.show("subject", turn.words("lookup.search"), [[button(turn.words, "me", label="button.back")]])


def _past(words: Words, one: subjects.Past) -> Markup:
    found = words(f"result.{one.result}") if one.result else words(f"visit.state.{one.state}")
    return words("lookup.past", day=words.day(one.day), organ=one.organ, found=found)


def _source(words: Words, change: Change) -> str:
    if change.brought:
        return change.brought.name
    return change.by.name if change.by else str(words("lookup.by_itself"))


def _what(words: Words, change: Change) -> Markup:
    before = change.before or {}
    told = [
        words("lookup.from_to", column=words(f"lookup.column.{name}"), was=_shown(before.get(name)), now=_shown(value))
        for name, value in change.after.items()
        if words.has(f"lookup.column.{name}")
    ]
    return Markup("；").join(told[:4])


def _shown(value: Any) -> str:
    return str(value if value is not None else "").strip(",")[:30] or "—"
