"""The proof of duty done (尽职照单免责, R4.3) on paper: what an inspector did on a visit, when, and how to check it."""

from __future__ import annotations

from typing import Any

from documents.wording import Block, Catalogue, Plain, groups, pairs, qr_svg


def sheet(facts: dict[str, Any], public_url: str, catalogue: Catalogue) -> dict[str, Any]:
    """The data of `proof.typ`. `facts` is what `actions.proofs.gather` found; `public_url` has no slash at the end."""
    t = Plain(catalogue)
    draw, records = facts["draw"], facts["records"]
    page = f"{public_url}/draws/{draw['number']}" if draw else ""
    check = f"{public_url}/records/{records[-1]['token']}" if records else page
    return {
        "title": t("paper.proof.title"),
        "organ": facts["organ"],
        "number": t("paper.proof.number", number=facts["number"], staff_no=facts["person"]["staff_no"]),
        "qr": qr_svg(check) if check else "",
        "qr_says": t("paper.record.scan" if records else "paper.proof.scan_draw"),
        "footer": t("paper.proof.footer", at=t.moment(facts["made_at"])),
        "page": t.page,
        "blocks": [
            *_who(facts, t),
            *_draw(draw, page, t),
            *_steps(facts, t),
            *_chain(facts, public_url, t),
            *_hashes(facts, public_url, t),
        ],
    }


def _who(facts: dict[str, Any], t: Plain) -> list[Block]:
    person, seat = facts["person"], facts["seat"]
    rows = pairs(
        [
            (t("paper.name"), {"text": person["name"], "strong": True}),
            (t("paper.staff_no"), person["staff_no"]),
            (t("paper.organ"), person["organ"]),
            (t("paper.certificate"), person["certificate"]),
            (t("paper.subject"), facts["subject"]),
            (t("paper.task"), facts["task"]),
            (t("paper.task_number"), facts["task_number"]),
            (t("paper.seat"), t("paper.seat_is", number=seat["number"], mode=t.code("paper.mode", seat["mode"]))),
            (t("paper.result"), t(f"result.{facts['result']}") if facts["result"] else ""),
            (t("paper.state"), t(f"visit.state.{facts['state']}")),
        ],
        frozenset({t("paper.subject"), t("paper.task")}),
    )
    return [{"kind": "words", "rows": [t("paper.proof.says")]}, {"kind": "facts", "rows": rows}]


def _draw(draw: dict[str, Any] | None, page: str, t: Plain) -> list[Block]:
    if draw is None:
        return []
    rows = [
        [(t("paper.draw_number"), t("paper.drawn", number=draw["number"]))],
        [(t("paper.commitment"), {"text": groups(draw["commitment"]), "mono": True})],
        [(t("paper.outcome"), {"text": groups(draw["outcome"]) or t("paper.none"), "mono": True})],
        [(t("paper.draw_page"), page)],
    ]
    return [{"kind": "facts", "title": t("paper.proof.draw"), "rows": rows}]


def _steps(facts: dict[str, Any], t: Plain) -> list[Block]:
    rows = []
    for step in facts["steps"]:
        mine = step["who"] == facts["person"]["name"]
        rows.append(
            [
                {"text": str(step["place"] or ""), "small": True},
                {"text": t.second(step["at"]), "small": True},
                {"text": step["who"] or t("paper.clock"), "strong": mine},
                t.code(f"paper.step.{step['noun']}", step["verb"]),
                {"text": _detail(step, t), "small": True},
            ]
        )
    head = [t("paper.place"), t("paper.when"), t("paper.by"), t("paper.step"), t("paper.detail")]
    return [{"kind": "listing", "title": t("paper.proof.steps", n=len(rows)), "head": head,
             "widths": [13, 33, 20, 28, 69], "rows": rows}]  # fmt: skip


def _chain(facts: dict[str, Any], public_url: str, t: Plain) -> list[Block]:
    """The end of the journal's chain that holds all steps, and the signature over that day, if it is over."""
    chain = facts.get("chain")
    if not chain:
        return []
    root = chain["root"]
    rows = [
        [(t("paper.chain_place"), str(chain["place"]))],
        [(t("paper.chain_hash"), {"text": groups(chain["hash"]), "mono": True})],
    ]
    if root:
        rows += [
            [(t("paper.chain_day"), t("paper.chain_day_is", day=t.day(root["day"]), place=root["sequence"]))],
            [(t("paper.chain_root"), {"text": groups(root["hash"]), "mono": True})],
            [(t("paper.chain_signature"), {"text": groups(root["signature"]), "mono": True})],
        ]
    else:
        rows.append([(t("paper.chain_day"), t("paper.chain_unsigned"))])
    rows.append([(t("paper.check_at"), f"{public_url}/journal.json")])
    return [{"kind": "facts", "title": t("paper.proof.chain"), "rows": rows}]


def _detail(step: dict[str, Any], t: Plain) -> str:
    """What a step changed, and why, as far as there are words for it; hashes whole, so that they can be compared."""
    after, parts = step["after"], []
    if step["verb"] == "answer":
        by_value: dict[str, list[str]] = {}
        for number, value in after.items():
            by_value.setdefault(str(value), []).append(str(number))
        ordered = {value: sorted(numbers, key=lambda one: (len(one), one)) for value, numbers in by_value.items()}
        parts += [
            t("paper.answered", numbers=t("and").join(numbers), value=t.code("paper.answer", value))
            for value, numbers in ordered.items()
        ]
    else:
        if after.get("result"):
            parts.append(t.code("result", str(after["result"])))
        if after.get("point"):
            parts.append(t("paper.of_point", number=after["point"]))
        if after.get("correct_by") or after.get("day"):
            parts.append(t.day(after.get("correct_by") or after.get("day")))
        parts += [groups(str(after[name])) for name in ("sha256", "commitment", "outcome", "hash") if after.get(name)]
        parts += [str(after["organ"])] if after.get("organ") else []
    why = t("paper.by_signing") if step["verb"] == "arrive" and step["why"] else step["why"]
    return t("paper.semicolon").join([*parts, *([why] if why else [])])


def _hashes(facts: dict[str, Any], public_url: str, t: Plain) -> list[Block]:
    blocks: list[Block] = []
    if facts["evidence"]:
        rows = [
            [str(one["number"]), t.code("paper.evidence", one["kind"]), one["by"], t.moment(one["at"]),
             {"text": groups(one["sha256"]), "mono": True}]
            for one in facts["evidence"]
        ]  # fmt: skip
        head = [t("paper.no"), t("paper.evidence"), t("paper.by"), t("paper.received"), t("paper.sha256")]
        blocks.append({"kind": "listing", "title": t("paper.evidence_list", n=len(rows)), "head": head,
                       "widths": [9, 25, 22, 34, 48], "centred": [0], "rows": rows})  # fmt: skip
    if facts["records"]:
        rows = [
            [str(one["version"]), t.moment(one["made_at"]), {"text": groups(one["hash"]), "mono": True},
             {"text": f"{public_url}/records/{one['token']}", "small": True}]
            for one in facts["records"]
        ]  # fmt: skip
        head = [t("paper.version"), t("paper.when"), t("paper.sha256"), t("paper.check_at")]
        blocks.append({"kind": "listing", "title": t("paper.proof.records"), "head": head,
                       "widths": [12, 33, 45, 50], "centred": [0], "rows": rows})  # fmt: skip
    return blocks
