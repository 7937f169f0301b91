"""The notice to a subject that it will be inspected (检查通知书) on paper."""

from __future__ import annotations

from typing import Any

from documents.wording import Block, Catalogue, Plain, pairs, qr_svg

RIGHTS = ("certificate", "two", "recusal", "speak", "record", "secrets", "complain")  # as the visit code's page says


def sheet(facts: dict[str, Any], address: str, catalogue: Catalogue) -> dict[str, Any]:
    """The data of `notice.typ`. `facts` is what `actions.letters.facts` gathers, `address` the visit code's page."""
    t = Plain(catalogue)
    basis = t("paper.semicolon").join(dict.fromkeys(item["basis"] for item in facts["items"] if item["basis"]))
    what = pairs(
        [
            (t("paper.task"), facts["task"]),
            (t("paper.address"), facts["address"]),
            (t("paper.day"), {"text": t.day(facts["day"]), "strong": True}),
            (t("paper.method"), t.code("paper.method", facts["method"])),
            (t("paper.task_number"), facts["task_number"]),
            (t("paper.origin"), t("paper.drawn", number=facts["draw"]) if facts["draw"] else ""),
            (t("paper.call"), t("paper.call_who", name=facts["contact"], phone=facts["phone"] or t("paper.none"))),
        ],
        frozenset({t("paper.task"), t("paper.address")}),
    )
    items = [[str(n), one["name"], one["content"] or t("paper.none")] for n, one in enumerate(facts["items"], 1)]
    people = [[one["name"], one["organ"], one["certificate"] or t("paper.none")] for one in facts["inspectors"]]
    materials = [*facts["materials"], *(item["requirements"] for item in facts["items"] if item["requirements"])]
    blocks: list[Block] = [
        {"kind": "words", "rows": [t("paper.notice.to", name=facts["subject"])]},
        {"kind": "words", "rows": [t("paper.notice.says", basis=basis or t("paper.notice.by_law"))]},
        {"kind": "facts", "rows": what},
        {"kind": "listing", "title": t("paper.items"), "head": [t("paper.no"), t("paper.item"), t("paper.content")],
         "widths": [9, 40, 60], "centred": [0], "rows": items},
        {"kind": "listing", "title": t("paper.inspectors"),
         "head": [t("paper.name"), t("paper.organ"), t("paper.certificate")], "widths": [30, 60, 45], "rows": people},
        {"kind": "numbered", "title": t("paper.materials"), "rows": materials or [t("paper.notice.nothing")]},
        {"kind": "numbered", "title": t("paper.rights"), "rows": [t(f"web.right.{right}") for right in RIGHTS]},
        {"kind": "words", "rows": [t("paper.notice.check"), {"text": address, "small": True}]},
        {"kind": "closing", "rows": [facts["organ"], t.day(facts["written_on"]), _approval(facts, t)]},
        {"kind": "hand", "rows": [[t("paper.hand.received"), t("paper.hand.date")]]},
    ]  # fmt: skip
    return {
        "title": t("paper.notice.title"),
        "organ": facts["organ"],
        "number": t("paper.notice.number", number=facts["number"]),
        "mark": t("paper.notice.urgent") if facts["urgent"] else "",
        "qr": qr_svg(address),
        "qr_says": t("paper.notice.scan"),
        "footer": t("paper.notice.footer", number=facts["number"]),
        "page": t.page,
        "blocks": blocks,
    }


def _approval(facts: dict[str, Any], t: Plain) -> str:
    if facts["state"] == "approved":
        return t("paper.notice.approved", at=t.moment(facts["decided_at"]))
    return t("paper.notice.approval_follows")
