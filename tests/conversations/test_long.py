"""What is longer than a message of Telegram: nothing is cut through, nothing that is said in words alone is lost."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.forms import LONGEST, TAG, parts, shortened
from simulator.view import Message
from tests.conversations.conftest import Town

LINES = [f"<b>第 {n} 行</b>：“{n % 7}” &lt;{'长' * (n % 40)}&gt;" for n in range(400)]
TEXT = "\n".join(LINES)


def plain(text: str) -> str:
    return html.unescape(TAG.sub("", text))


def still_open(text: str) -> list[str]:
    """The tags that nobody closes, or that are closed and were never open."""
    tags: list[str] = []
    for slash, name in TAG.findall(text):
        if slash and tags and tags[-1] == name:
            tags.pop()
        else:
            tags.append(slash + name)
    return tags


SIGNS = st.text(st.sampled_from("字a😀&<\n "), max_size=60)
TAGS = st.sampled_from(["", "b", "i", 'a href="https://example.org/?a=1&amp;b=2"'])


@given(st.lists(st.tuples(SIGNS, TAGS, st.integers(1, 200)), max_size=12))
def test_a_long_text_comes_whole_in_pieces_that_fit_and_are_closed(found: list[tuple[str, str, int]]) -> None:
    text = ""
    for signs, tag, times in found:
        said = html.escape(signs * times)
        text += f"<{tag}>{said}</{tag.split()[0]}>" if tag else said
    pieces = parts(text)
    assert re.sub(r"\s", "", "".join(map(plain, pieces))) == re.sub(r"\s", "", plain(text))
    for piece in (*pieces, shortened(text)):
        assert len(plain(piece).encode("utf-16-le")) <= 2 * LONGEST
        assert still_open(piece) == []


def test_a_text_is_parted_between_lines() -> None:
    pieces = parts(TEXT)
    assert len(pieces) > 1
    assert "\n".join(pieces) == TEXT
    assert shortened(TEXT) == "\n".join(TEXT.split("\n")[: shortened(TEXT).count("\n")]) + "\n…"
    assert shortened(pieces[0]) == pieces[0]


def last_line(message: Message) -> str:
    return message.text.splitlines()[-1]


@pytest.mark.parametrize("about", [False, True], ids=["words", "card"])
async def test_words_come_in_several_messages_and_a_card_in_one(town: Town, about: bool) -> None:
    boss, sender = town["赵主管"], town.app.sender
    reply = {"do": "say", "text": TEXT, "rows": [[("首页", "me:0")]]} | ({"about": "tasks"} if about else {})
    number = await sender.send(boss.chat.id, reply)
    await boss.sees("第 0 行")
    *others, last = boss.messages
    assert (last.id, [[one["text"] for one in row] for row in last.keyboard]) == (number, [["首页"]])
    assert not any(one.keyboard for one in others)
    if about:
        assert (others, last_line(last)) == ([], "…")
        await sender.send(boss.chat.id, {"do": "edit", "message": number, "text": TEXT + "\n完", "rows": []})
        assert last_line(boss.messages[-1]) == "…"
    else:
        assert "\n".join(one.text for one in boss.messages) == plain(TEXT)
    assert all(one.html.count("<b>") == one.text.count(" 行：") for one in boss.messages)
