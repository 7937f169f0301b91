"""The picture of a digest: few figures, large enough for a phone held at arm's length, worded and ready to be drawn."""

from __future__ import annotations

from datetime import date
from typing import Any

from documents.wording import Block, Catalogue, Plain

LONGEST_NAME, LONGEST_LINE = 7, 19  # characters of a name beside a bar, and alone; half-width ones count half


def sheet(facts: dict[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """The data of `digest.typ`. `facts` is the kind, the day, the days looked back on, the organ and the blocks.

    A block is as `actions.digest_cards` made it: progress, tiles, rates, bars or due.
    """
    t = Plain(catalogue)
    shown = [SHAPES[block["kind"]](block, t) for block in facts["blocks"]]
    return {"title": t(f"digest.card.{facts['kind']}"), "when": _when(facts, t), "organ": facts["organ"],
            "calm": t("digest.card.calm"), "blocks": shown}  # fmt: skip


def _when(facts: dict[str, Any], t: Plain) -> str:
    first, last = facts["days"]
    if facts["kind"] == "monthly":
        return t.month(first)
    if facts["kind"] == "weekly":
        return t("digest.card.days", first=t.short(first), last=t.short(last))
    return t("digest.card.day", day=date.fromisoformat(facts["day"]))


def _progress(block: Block, t: Plain) -> Block:
    done, total, expected = block["done"], block["total"], block["expected"]
    behind = max(0, expected - done)
    return {
        "kind": "progress",
        "label": t("digest.card.progress"),
        "value": t("digest.card.of", done=done, total=total),
        "percent": f"{100 * done // total if total else 0}%",
        "part": done / total if total else 0,
        "mark": expected / total if total else 0,
        "note": t("digest.card.behind", n=behind) if behind else t("digest.card.on_time"),
        "bad": behind > 0,
    }


def _tiles(block: Block, t: Plain) -> Block:
    tiles = [
        {"label": t(f"digest.tile.{one['key']}"), "value": str(one["n"]), "bad": one["bad"]} for one in block["tiles"]
    ]
    return {"kind": "tiles", "tiles": tiles}


def _rates(block: Block, t: Plain) -> Block:
    rates = []
    for one in block["rates"]:
        percent = one["percent"]
        change = float(one["change"] or 0)
        note = t("digest.card.of", done=one["met"], total=one["total"])
        if change:
            note += t("digest.card.up" if change > 0 else "digest.card.down", points=f"{abs(change):g}")
        rates.append(
            {"label": t(f"digest.rate.{one['key']}"), "value": f"{percent}%" if percent else "—", "note": note}
        )
    return {"kind": "rates", "rates": rates}


def _bars(block: Block, t: Plain) -> Block:
    rows = [
        {
            "name": (f"{one['rank']} " if "rank" in one else "") + _short(one["name"]),
            "value": f"{one['percent']}%" if "percent" in one else str(one["value"]),
            "part": one["part"],
        }
        for one in block["rows"]
    ]
    more = t("digest.card.others", n=block["more"]) if block["more"] else ""
    return {"kind": "bars", "title": t(f"digest.bars.{block['key']}"), "rows": rows, "more": more}


def _due(block: Block, t: Plain) -> Block:
    rows = [
        {
            "name": _short(one["name"], LONGEST_LINE),
            "value": t(f"digest.due.{one['state']}", day=date.fromisoformat(one["day"])),
            "bad": one["late"],
        }
        for one in block["due"]
    ]
    more = t("digest.card.others", n=block["more"]) if block["more"] else ""
    return {"kind": "due", "title": t("digest.card.due"), "rows": rows, "more": more}


SHAPES = {"progress": _progress, "tiles": _tiles, "rates": _rates, "bars": _bars, "due": _due}


def _short(name: str, longest: int = LONGEST_NAME) -> str:
    """As much of a name as there is room for."""
    width, kept = 0.0, ""
    for character in name:
        width += 1 if character > "\u2e80" else 0.5
        if width > longest:
            return kept + "…"
        kept += character
    return kept
