"""The cards of all digests in both languages: drawn, wide enough, nothing cut, nothing that a name could break."""

import io
from zoneinfo import ZoneInfo

import pytest
from PIL import Image, ImageChops

from documents import PAGE, WIDTH, digest, picture
from locales import LANGUAGES, Words

ZONE = ZoneInfo("Asia/Shanghai")
PROGRESS = {"kind": "progress", "done": 412, "total": 1284, "expected": 450}
RATES = {
    "kind": "rates",
    "rates": [
        {"key": "problem", "percent": "12.5", "met": 51, "total": 408, "change": "2.3"},
        {"key": "publication", "percent": None, "met": 0, "total": 0, "change": None},
    ],
}
LOAD = {"kind": "bars", "key": "load", "rows": [{"name": "张伟", "value": 12, "part": 1.0}], "more": 8}
RANKING = {
    "kind": "bars",
    "key": "areas",
    "rows": [
        {"rank": 1, "name": "义乌市", "percent": "100.0", "part": 1.0},
        {"rank": 9, "name": "武义县", "percent": "0.0", "part": 0.0},
    ],
    "more": 7,
}
NASTY = '#set page(width: 1pt) </b> 😀 Ａ" 很长很长很长很长很长很长很长的名字有限责任公司'
DUE = {
    "kind": "due",
    "due": [
        {"name": NASTY, "state": "accepted", "day": "2026-12-07", "late": True},
        {"name": "稠城老街面馆", "state": "sent", "day": "2026-12-09", "late": False},
    ],
    "more": 0,
}


def tiles(*keys: str) -> dict[str, object]:
    return {"kind": "tiles", "tiles": [{"key": key, "n": 7, "bad": key.endswith("overdue")} for key in keys]}


CARDS = {
    "supervisor": [PROGRESS, tiles("open", "overdue", "to_review", "open_leads"), RATES, LOAD],
    "supervisor later": [PROGRESS, tiles("made", "found", "overdue", "open_leads"), RATES, LOAD],
    "office": [RATES, tiles("repeats", "found"), RANKING, {**RANKING, "key": "departments"}],
    "liaison": [tiles("leads_new", "leads_working", "leads_overdue", "leads_answered"), DUE],
    "nothing under way": [],
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["daily", "weekly", "monthly"])
@pytest.mark.parametrize("card", CARDS)
def test_every_card_is_drawn_in_both_languages(card: str, kind: str, language: str) -> None:
    days = ["2026-11-30", "2026-12-06"] if kind == "weekly" else ["2026-11-01", "2026-11-30"]
    facts = {"kind": kind, "day": "2026-12-08", "days": days, "organ": NASTY, "blocks": CARDS[card]}
    with Image.open(io.BytesIO(picture("digest", digest.sheet(facts, Words(language, ZONE)), language))) as drawn:
        assert drawn.width == WIDTH == 3 * PAGE
        assert drawn.height < 1.9 * drawn.width
        page = drawn.convert("RGB")
    body = page.crop((0, 400, WIDTH, page.height))
    edge = 18 * WIDTH // PAGE - 6  # the margin, on both sides, stays empty: nothing is cut
    for side in ((0, 0, edge, body.height), (WIDTH - edge, 0, WIDTH, body.height)):
        strip = body.crop(side)
        assert not ImageChops.difference(strip, Image.new("RGB", strip.size, "white")).getbbox()


def test_what_is_behind_or_overdue_is_red_and_changes_are_told_with_their_direction() -> None:
    words = Words("zh_CN", ZONE)
    facts = {"kind": "daily", "day": "2026-12-08", "days": ["2026-01-01", "2026-12-08"], "organ": "局"}
    blocks = digest.sheet({**facts, "blocks": CARDS["supervisor"]}, words)["blocks"]
    assert blocks[0]["bad"]
    assert blocks[0]["note"] == "落后 38 户"
    assert [tile["bad"] for tile in blocks[1]["tiles"]] == [False, True, False, False]
    assert blocks[2]["rates"][0]["note"] == "51/408，升 2.3"
    assert blocks[2]["rates"][1]["value"] == "—"
    on_time = {**PROGRESS, "expected": 400}
    assert digest.sheet({**facts, "blocks": [on_time]}, words)["blocks"][0]["note"] == "进度正常"
