import pytest

from simulator import ApiError
from simulator.markup import as_html, formatted, parse_html, units


@pytest.mark.parametrize(
    "source",
    [
        "<b>open",
        "<b>x</i>",
        "x</b>",
        "<div>x</div>",
        "<b",
        "3 < 4",
        "<br>",
        "<br/>",
        "R&D",
        "&nbsp;",
        "&#0;",
        "&copy;",
        "<span>x</span>",
        "<b><i>x</b></i>",
        "<a href='&nbsp;'>x</a>",
    ],
)
def test_broken_html_is_refused(source: str) -> None:
    with pytest.raises(ApiError, match="can't parse entities"):
        parse_html(source)


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<b>粗</b>体", "粗体", [("bold", 0, 1)]),
        ("👍<i>x</i>", "👍x", [("italic", 2, 1)]),
        ("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("&lt;&amp;&gt;&quot;&#20013;&#x4e2d;", '<&>"中中', []),
        ("  <b> x </b>\n", "x", [("bold", 0, 1)]),
        ("<b></b>x", "x", []),
        ("<tg-spoiler>x</tg-spoiler>", "x", [("spoiler", 0, 1)]),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", 0, 1)]),
        ('<pre><code class="language-py">x</code></pre>', "x", [("pre", 0, 1)]),
        ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", 0, 1)]),
        ("去 /start 看", "去 /start 看", [("bot_command", 2, 6)]),
        ("3/16 项", "3/16 项", []),
        ("<code>/start</code>", "/start", [("code", 0, 6)]),
        ("见 https://example.org/a?b=1。好", "见 https://example.org/a?b=1。好", [("url", 2, 25)]),
        ("问 @suicha_bot", "问 @suicha_bot", [("mention", 2, 11)]),
    ],
)
def test_text_and_entities(source: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    plain, found = formatted(source, "HTML")
    assert plain == text
    assert [(e["type"], e["offset"], e["length"]) for e in found] == entities


def test_links() -> None:
    _, found = formatted('<a href="https://example.org/?a=1&amp;b=2">x</a>', "HTML")
    assert found[0]["url"] == "https://example.org/?a=1&b=2"
    assert formatted('<a href="nowhere">x</a>', "HTML")[1] == []


def test_html_again() -> None:
    source = '<b>a &lt; <i>b</i></b> <a href="https://example.org/">c</a>'
    assert as_html(*formatted(source, "HTML")) == source
    assert units("👍字") == 3
