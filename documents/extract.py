"""The clean-record extract (小微企业信用宝, R3.3.2d) on paper: public facts, and how a bank checks them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from documents.wording import Block, Catalogue, Plain, pairs, qr_svg


@dataclass(frozen=True)
class Given:
    """By whom and when it was given out, under which number, and where it is checked."""

    authority: str
    number: str
    made_at: datetime
    address: str
    register: str  # the address of the public register


def sheet(content: dict[str, Any], given: Given, catalogue: Catalogue) -> dict[str, Any]:
    """The data of `extract.typ`. `content` is `models.credit.Extract.content`."""
    t = Plain(catalogue)
    subject, lists, problems = content["subject"], content["lists"], content["checks"] - content["clean"]
    clean = not lists and not problems
    page = f"{given.register}/subjects/{subject['code']}" if subject["code"] else given.register
    blocks: list[Block] = [
        {"kind": "words", "rows": [{"text": t("paper.extract.clean" if clean else "paper.extract.not_clean",
                                              day=t.day(content["as_of"])), "strong": True}]},
        {"kind": "facts", "rows": _subject(subject, t)},
        {"kind": "facts", "title": t("paper.extract.lists"), "rows": _lists(lists, t)},
        {"kind": "words", "title": t("paper.extract.results"), "rows": [
            t("paper.extract.counts", checks=content["checks"], clean=content["clean"], problems=problems)
            if content["checks"] else t("paper.extract.no_checks")]},
    ]  # fmt: skip
    if content["results"]:
        blocks.append(_results(content["results"], t))
    if content["checks"] > len(content["results"]):
        blocks.append({"kind": "words", "rows": [t("paper.extract.newest", n=len(content["results"]))]})
    blocks += [
        {"kind": "numbered", "title": t("paper.extract.notes"), "rows": [
            t("paper.extract.note_public"), t("paper.extract.note_check", address=given.address),
            t("paper.extract.note_register", address=page), t("paper.extract.note_day")]},
        {"kind": "closing", "rows": [given.authority, t.moment(given.made_at)]},
    ]  # fmt: skip
    return {
        "title": t("paper.extract.title"),
        "organ": given.authority,
        "number": t("paper.extract.number", number=given.number),
        "qr": qr_svg(given.address),
        "qr_says": t("paper.extract.scan"),
        "footer": t("paper.extract.footer", number=given.number, address=given.address),
        "page": t.page,
        "blocks": blocks,
    }


def _subject(subject: dict[str, Any], t: Plain) -> list[list[tuple[str, Any]]]:
    return pairs(
        [
            (t("paper.subject"), {"text": subject["name"], "strong": True}),
            (t("paper.code"), subject["code"]),
            (t("web.subject.kind"), t.code("web.kind", subject["kind"])),
            (t("web.subject.status"), t.code("web.status", subject["status"])),
            (t("web.subject.area"), subject["area"]),
            (t("paper.address"), subject["address"]),
        ],
        frozenset({t("paper.subject"), t("paper.address")}),
    )


def _lists(lists: list[dict[str, Any]], t: Plain) -> list[list[tuple[str, Any]]]:
    standing = {one["list"]: one for one in lists}
    rows: list[list[tuple[str, Any]]] = []
    for name in ("abnormal", "serious"):
        entry = standing.get(name)
        if entry is None:
            told: Any = t("paper.extract.not_listed")
        else:
            key = f"result.{entry['ground']}"
            ground = t(key) if t.has(key) else t(f"credit.ground.{entry['ground']}")
            told = {"text": t("paper.extract.listed", day=t.day(entry["on"]), ground=ground, organ=entry["organ"]),
                    "strong": True}  # fmt: skip
        rows.append([(t(f"paper.extract.list.{name}"), told)])
    return rows


def _results(results: list[dict[str, Any]], t: Plain) -> Block:
    rows = [[t.day(one["on"]), t(f"result.{one['result']}"), one["task"], one["organ"]] for one in results]
    head = [t("paper.extract.on"), t("paper.result"), t("paper.task"), t("paper.organ")]
    return {"kind": "listing", "head": head, "widths": [25, 30, 35, 30], "centred": [], "rows": rows}
