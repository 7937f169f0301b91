"""Checks the public record of a draw: what happened after it follows from the bundle and from what was written down.

Standard library only, as `rules/draw.py`: anybody with the bundle and the record can do the same (docs/draw.md, Later).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rules.bundles import drawn_on, hexhash, replaced
from rules.draw import canonical, need, parse

Entry = tuple[int, Mapping[str, Any], str]  # number, content, hash


def check(files: Mapping[str, bytes], record: Iterable[Entry]) -> None:
    """Replay the record of a draw whose bundle has been verified.

    Refuses `chain` (numbers or hashes), `refill` (the seat goes to somebody else), `reserve` (it is not the next one's
    turn) or `seats` (the replacement's seats go to others), each with the number of the entry.
    """
    certificate = parse(files["certificate.json"], "certificate.json")
    lines = list(record)
    early = bool(lines) and lines[0][1].get("kind") == "witnessed"  # it came before there was a certificate
    last = hexhash(files["commitment.json" if early else "certificate.json"])
    used = {visit["subject"] for visit in certificate["visits"]}
    reserves = {one["stratum"]: one["ids"] for one in certificate["reserves"]}
    for place, (number, content, told) in enumerate(lines, 1):
        last = hexhash(last.encode() + canonical(content))
        need((number, told) == (place, last), "chain", str(number))
        if "left" in content:
            need(_refill(files, content), "refill", str(number))
        elif content.get("kind") in ("replaced", "dropped"):
            skipped = [one["subject"] for one in content["skipped"]]
            turn = [one for one in reserves[content["stratum"]] if one not in used]
            came = content.get("replacement")
            need([*skipped, *([came] if came else [])] == turn[: len(skipped) + 1 if came else None], "reserve",
                 str(number))  # fmt: skip
            if came:
                used.add(came)
                need(_seats(files, came, content["seats"]), "seats", str(number))


def _refill(files: Mapping[str, bytes], content: Mapping[str, Any]) -> bool:
    told = {name: content[name] for name in ("inspector", "mode", "loads", "passed_over")}
    drawn = drawn_on(files, content["subject"], content["seat"], content["loads"], content["passed_over"])
    return canonical(drawn) == canonical(told)


def _seats(files: Mapping[str, bytes], subject: str, seats: list[dict[str, Any]]) -> bool:
    loads: dict[str, int] = {}
    barred: dict[str, str] = {}
    for seat in seats:
        loads |= seat["loads"]  # whoever took an earlier seat does not stand here again, but as `seated`
        barred |= {name: why for name, why in seat["passed_over"].items() if why != "seated"}
    return canonical(replaced(files, subject, loads, barred)) == canonical(seats)
