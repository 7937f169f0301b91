"""The record of a visit (检查记录表) on paper, out of what was frozen when it was signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from documents.wording import Block, Catalogue, Cell, Plain, groups, pairs, qr_svg

SIGNING = (("name", "name"), ("why", "text"), ("witness", "name"), ("said", "text"))  # of a signature: what has words
SIGNED_HASHES = ("sha256", "seen")


@dataclass(frozen=True)
class Version:
    """Which version is printed: its number and hash, where it can be checked, and the newest version there is."""

    number: int
    newest: int
    hash: str
    address: str


def sheet(content: dict[str, Any], version: Version, catalogue: Catalogue) -> dict[str, Any]:
    """The data of `record.typ`. `content` is `models.documents.Record.content`."""
    t = Plain(catalogue)
    banner = ""
    if version.newest > version.number:
        banner = t("paper.record.newer", version=version.number, newest=version.newest)
    return {
        "title": t("paper.record.title"),
        "organ": content["task"]["organ"],
        "number": t("paper.record.number", number=content["number"], version=version.number),
        "qr": qr_svg(version.address),
        "qr_says": t("paper.record.scan"),
        "banner": banner,
        "footer": t("paper.record.footer", hash=groups(version.hash), address=version.address),
        "page": t.page,
        "blocks": [
            *_head(content, t),
            *_points(content, t),
            *_result(content, t),
            *_evidence(content, t),
            *_versions(content, t),
            *_signatures(content, t),
        ],
    }


def _head(content: dict[str, Any], t: Plain) -> list[Block]:
    subject, task = content["subject"], content["task"]
    method = t.code("paper.method", content["method"])
    if content["method_note"]:
        method = t("paper.with_note", text=method, note=content["method_note"])
    drawn = t("paper.drawn", number=content["draw"]) if content["draw"] else t.code("paper.origin", content["origin"])
    facts = pairs(
        [
            (t("paper.subject"), {"text": subject["name"], "strong": True}),
            (t("paper.address"), subject["address"] or subject["area"]),
            (t("paper.code"), subject["code"]),
            (t("paper.contact"), subject["contact"] or t("paper.none")),
            (t("paper.task"), task["name"]),
            (t("paper.task_number"), task["number"]),
            (t("paper.origin"), drawn),
            (t("paper.method"), method),
            (t("paper.started"), t.moment(content["started_at"])),
            (t("paper.submitted"), t.moment(content["submitted_at"])),
            (t("paper.alone"), content["alone_because"]),
        ],
        frozenset({t("paper.subject"), t("paper.address"), t("paper.task")}),
    )
    items = [
        [str(number), one["name"], one["basis"] or t("paper.none"), one["department"]]
        for number, one in enumerate(content["items"], 1)
    ]
    people = [
        [
            one["name"],
            one["organ"],
            one["certificate"] or t("paper.none"),
            _arrival(one, t),
            t.moment(one["signed_at"]) or t("paper.none"),
        ]
        for one in content["inspectors"]
    ]
    people += [
        [one["name"], t("paper.helper", name=one["guided_by"]), t("paper.none"), t.moment(one["at"]), t("paper.none")]
        for one in content["helpers"]
    ]
    blocks: list[Block] = [
        {"kind": "facts", "rows": facts},
        {
            "kind": "listing",
            "title": t("paper.items"),
            "head": [t("paper.no"), t("paper.item"), t("paper.basis"), t("paper.department")],
            "widths": [9, 45, 55, 24],
            "centred": [0, 3],
            "rows": items,
        },
        {
            "kind": "listing",
            "title": t("paper.inspectors"),
            "head": [t("paper.name"), t("paper.organ"), t("paper.certificate"), t("paper.arrived"), t("paper.signed")],
            "widths": [18, 40, 30, 36, 36],
            "centred": [0],
            "rows": people,
        },
    ]
    if content["materials"]:
        rows = [[name, t.code("paper.material", str(state))] for name, state in content["materials"].items()]
        head = [t("paper.material"), t("paper.material_state")]
        title = t("paper.materials")
        blocks.append({"kind": "listing", "title": title, "head": head, "widths": [70, 30], "rows": rows})
    return blocks


def _arrival(one: dict[str, Any], t: Plain) -> str:
    at = t.moment(one["arrived_at"])
    if not at:
        return t("paper.not_there")
    if one.get("arrived_by_signing"):
        return t("paper.arrived_by_signing", at=at)
    return t("paper.arrived_at", at=at, metres=one["arrived_metres"]) if one["arrived_metres"] is not None else at


def _points(content: dict[str, Any], t: Plain) -> list[Block]:
    rows: list[Any] = []
    names = [item["name"] for item in content["items"]]
    last = None
    for point in content["points"]:
        if point["item"] != last and len(names) > 1:
            rows.append(t("paper.of_item", name=names[point["item"]]))
        last = point["item"]
        rows.append(_point(point, t))
    counts = {value: sum(point["answer"] == value for point in content["points"]) for value in ("yes", "no", "na")}
    title = t("paper.points", total=len(content["points"]), **counts)
    head = [t("paper.no"), t("paper.point"), t("paper.answer"), t("paper.finding"), t("paper.who")]
    return [
        {
            "kind": "listing", "title": title, "head": head, "widths": [9, 45, 15, 45, 20],
            "centred": [0, 2], "rows": rows,
        }
    ]  # fmt: skip


def _point(point: dict[str, Any], t: Plain) -> list[Cell]:
    failed = point["answer"] == "no"
    said = [point["reading"], point["note"]]
    if source := point["from"]:
        said.append(t("paper.recognised", organ=source["organ"], task=source["task"], at=t.day(source["day"])))
    text = t("paper.key_point", text=point["text"]) if point["key"] else point["text"]
    answer = t.code("paper.answer", point["answer"]) or t("paper.unanswered")
    who = t("paper.who_when", name=point["who"], at=t.second(point["when"])[5:16]) if point["when"] else ""
    return [
        str(point["number"]),
        text,
        {"text": answer, "strong": failed, "red": failed},
        "\n".join(one for one in said if one),
        {"text": who, "small": True},
    ]


def _result(content: dict[str, Any], t: Plain) -> list[Block]:
    facts: list[tuple[str, Cell]] = [(t("paper.result"), {"text": t(f"result.{content['result']}"), "strong": True})]
    if content["correct_by"]:
        facts.append((t("paper.correct_by"), t.day(content["correct_by"])))
    blocks: list[Block] = [{"kind": "facts", "title": t("paper.results"), "rows": pairs(facts)}]
    rows = [
        [one["name"], t.code("result", one["result"]) or t("paper.follows"), one["disposal"] or t("paper.none")]
        for one in content["items"]
    ]
    if len(rows) > 1 or any(one["result"] or one["disposal"] for one in content["items"]):
        head = [t("paper.item"), t("paper.result"), t("paper.disposal")]
        blocks.append({"kind": "listing", "head": head, "widths": [30, 30, 40], "rows": rows})
    statement = content["statement"] or t("paper.no_statement")
    said: list[tuple[str, Cell]] = [(t("paper.statement"), statement), (t("paper.signing"), _signing(content, t))]
    blocks.append({"kind": "facts", "title": t("paper.subject_says"), "rows": [[one] for one in said]})
    return blocks


def _signing(content: dict[str, Any], t: Plain) -> str:
    """How the subject signed, when, and what was kept of it."""
    signing = content["signing"]
    how = str(signing.get("how", ""))
    if not how:
        return t("paper.signing.none")
    parts = [t.code("paper.signing", how), t.moment(signing.get("at"))]
    parts += [t(f"paper.signing.{name}", **{gap: signing[name]}) for name, gap in SIGNING if signing.get(name)]
    parts += [t(f"paper.signing.{name}", hash=groups(signing[name])) for name in SIGNED_HASHES if signing.get(name)]
    return t("paper.semicolon").join(part for part in parts if part)


def _evidence(content: dict[str, Any], t: Plain) -> list[Block]:
    if not content["evidence"]:
        return []
    rows = []
    for one in content["evidence"]:
        what = t.code("paper.evidence", one["kind"])
        if one["point"]:
            what = t("paper.evidence_of", kind=what, number=one["point"])
        marks = [t.code("paper.grade", one["grade"])]
        if one["metres"] is not None:
            marks.append(t("paper.metres", metres=one["metres"]))
        if one["seen_before"]:
            marks.append(t("paper.seen_before"))
        taken = t.moment(one["taken_at"]) or t("paper.taken_unknown", at=t.moment(one["at"]))
        digest = {"text": groups(one["sha256"]), "mono": True}
        rows.append([str(one["number"]), what, taken, "\n".join(mark for mark in marks if mark), digest])
    head = [t("paper.no"), t("paper.evidence"), t("paper.taken"), t("paper.worth"), t("paper.sha256")]
    title = t("paper.evidence_list", n=len(rows))
    return [{"kind": "listing", "title": title, "head": head, "widths": [9, 18, 36, 22, 58], "centred": [0],
             "rows": rows}]  # fmt: skip


def _versions(content: dict[str, Any], t: Plain) -> list[Block]:
    blocks: list[Block] = []
    if content["amendments"]:
        rows = [[t.moment(one["at"]), one["by"], one["text"]] for one in content["amendments"]]
        head = [t("paper.when"), t("paper.by"), t("paper.amendment")]
        blocks.append({"kind": "listing", "title": t("paper.amendments"), "head": head, "widths": [36, 24, 100],
                       "rows": rows})  # fmt: skip
    if content["earlier"]:
        rows = [
            [str(one["version"]), t.moment(one["made_at"]), {"text": groups(one["hash"]), "mono": True},
             one["replaced_because"]]
            for one in content["earlier"]
        ]  # fmt: skip
        head = [t("paper.version"), t("paper.when"), t("paper.sha256"), t("paper.replaced_because")]
        blocks.append({"kind": "listing", "title": t("paper.earlier"), "head": head, "widths": [12, 36, 45, 40],
                       "centred": [0], "rows": rows})  # fmt: skip
    return blocks


def _signatures(content: dict[str, Any], t: Plain) -> list[Block]:
    names = [one["name"] for one in content["inspectors"] if one["signed_at"]]
    signed = t("paper.signed_in_chat", names=t("and").join(names)) if names else ""
    lines = [
        [t("paper.hand.inspector"), t("paper.hand.inspector"), t("paper.hand.date")],
        [t("paper.hand.subject"), t("paper.hand.date")],
    ]
    return [
        {"kind": "words", "title": t("paper.signatures"), "rows": [{"text": signed, "small": True}] if signed else []},
        {"kind": "hand", "rows": lines},
    ]
