"""Makes the bundles that `rules/draw.py` draws and checks, and answers about them; apart, so that it stays short."""

from __future__ import annotations

import hmac
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from hashlib import sha256
from typing import Any

from rules.draw import HEX, Hats, canonical, lines, merkle_root, need, parse, read, read_commitment

Tables = Mapping[str, Sequence[bytes]]  # the sorted lines of each file
RATIO = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}|/[1-9][0-9]{0,8})?")


def hexhash(data: bytes) -> str:
    """SHA-256 in lower-case hex, as the files of a bundle refer to each other."""
    return sha256(data).hexdigest()


def public_subject_id(pool_key: bytes, internal_id: str) -> str:
    """Public id of a subject that has no unified social credit code (docs/draw.md, Words)."""
    return "~" + hmac.digest(pool_key, internal_id.encode(), "sha256").hex()[:32]


def public_inspector_id(pool_key: bytes, staff_no: str) -> str:
    """Public id of an inspector (docs/draw.md, Words)."""
    return "I" + hmac.digest(pool_key, staff_no.encode(), "sha256").hex()[:16]


def veiled_words(secret: bytes, text: str) -> str:
    """The mark of a witness's words: fixes them when they come in, tells nothing until the secret is public."""
    return hmac.digest(secret, text.encode(), "sha256").hex()


def veiled(pool_key: bytes, names: Iterable[str]) -> dict[str, str]:
    """Names for strata that say nothing: the class of a subject is never public, though its stratum must be."""
    order = sorted(names, key=lambda name: hmac.digest(pool_key, name.encode(), "sha256"))
    return {name: f"S{number}" for number, name in enumerate(order, 1)}


def table(rows: Iterable[bytes | Sequence[object]]) -> bytes:
    """The file of rows in any order, each a finished line or its fields.

    Refuses what no table may hold: a row twice (`order`); a TAB, CR or LF within a field (`text`).
    """
    made = []
    for row in rows:
        fields = [] if isinstance(row, bytes) else [str(field) for field in row]
        need(not any(char in field for field in fields for char in "\t\r\n"), "text", "\t".join(fields))
        made.append(row if isinstance(row, bytes) else "\t".join(fields).encode())
    data = b"\n".join(sorted(made))
    need(len(lines(data)) == len(made), "text", "a line feed")
    return data


def quota(ratio: str | Fraction | tuple[int, int], size: int) -> int:
    """How many subjects of a stratum of this size are drawn: ratio × size, rounded half up, exactly.

    `ratio` is a share of 1: "0.05", "1/20", (1, 20). At least 1 where the size is not 0, never above the size
    (docs/draw.md, The bundle). Refuses `ratio`.
    """
    if isinstance(ratio, tuple):
        need(len(ratio) == 2 and ratio[1] > 0, "ratio", str(ratio))
        ratio = Fraction(*ratio)
    need(RATIO.fullmatch(ratio) if isinstance(ratio, str) else ratio >= 0, "ratio", str(ratio))
    return min(size, max(1, (2 * Fraction(ratio) * size + 1) // 2))


def commitment(tables: Tables, quotas: Mapping[str, int | str | Fraction], **fields: Any) -> bytes:
    """The file `commitment.json` for tables (sorted lines by file name) and the quota of each stratum.

    A quota is a number of subjects, or a ratio as `quota` takes it (a text or a fraction).
    `fields` are the others of docs/draw.md (`authority`, `task`, `sequence`, `previous`, `rules`, `secret_hash`,
    `entropy`, `committed_at`) and any further ones. Refuses whatever a checker would refuse later.
    """
    sizes: Counter[str] = Counter()
    given = {name: rows for name, rows in tables.items() if rows or name != "excluded.tsv"}
    for name, rows in given.items():
        need(
            name != "recusals.tsv" or all(map(bytes.__lt__, rows, rows[1:])), "order", name
        )  # `read` sees to the others
        for (first, *_), keys in read(rows, name, 1):
            sizes[first] += len(keys) if name == "pool.tsv" else 0
            both = [key for key in keys if name == "excluded.tsv" and position(tables["pool.tsv"], key.decode()) >= 0]
            need(not both, "excluded", repr(both))
    drawn = {name: n if isinstance(n, int) else quota(n, sizes[name]) for name, n in quotas.items()}
    strata = [{"name": name, "size": sizes[name], "quota": drawn[name]} for name in sorted(quotas)]
    need(sum(sizes[name] for name in quotas) == len(tables["pool.tsv"]), "strata", "pool.tsv")
    trees: dict[str, dict[str, Any]] = {
        name.removesuffix(".tsv"): {"root": merkle_root(rows), "size": len(rows)}
        for name, rows in given.items()
        if name != "recusals.tsv"
    }
    trees["pool"]["strata"] = strata
    recusals = hexhash(b"\n".join(tables["recusals.tsv"]))
    data = canonical({**fields, **trees, "recusals": recusals, "version": 1})
    read_commitment(data)
    return data


def sealed(commitment_bytes: bytes, certificate_bytes: bytes) -> bytes:
    """The file `sealed.json`, which the public sees right after the draw (docs/draw.md, Sealed and opened)."""
    entropy = parse(certificate_bytes, "certificate.json")["entropy"]
    made = {"commitment": hexhash(commitment_bytes), "entropy": entropy, "outcome": hexhash(certificate_bytes)}
    return canonical(made)


def ticket(seed: bytes, subject: str, weight: int = 1) -> bytes:
    """The ticket of one subject, which it can check alone (docs/draw.md, Subjects)."""
    head, tail = seed + b"S", subject.encode()
    return min(sha256(head + j.to_bytes(2, "big") + tail).digest() for j in range(weight))


def drawn_on(
    files: Mapping[str, bytes], subject: str, seat: int, loads: Mapping[str, int], barred: Mapping[str, str]
) -> dict[str, Any]:
    """Who takes a seat that fell vacant: drawing on from the same hat (docs/draw.md, Later).

    `files` is the draw's bundle, `loads` the visits that each inspector holds now (0 if not named), `barred` whoever
    left or declined this seat, is on the visit, or may not go any more, and why. Answers `inspector` and `mode` ("" and
    open if nobody is left), and what anybody needs to draw on again: `loads` or `passed_over` of each name that the hat
    gave; who is recused in the bundle or holds `cap` visits stands in `loads`.
    """
    hats, rows, seed = _again(files, loads)
    return _shown(hats, seed, _row(rows, subject), seat, barred)


def replaced(
    files: Mapping[str, bytes], subject: str, loads: Mapping[str, int], barred: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The seats of a reserve that takes the place of a subject that dropped out, each as `drawn_on` answers."""
    hats, rows, seed = _again(files, loads)
    row, seats = _row(rows, subject), list[dict[str, Any]]()
    for seat in range(len(hats.rules["slots"])):
        seated = {drawn["inspector"]: "seated" for drawn in seats if drawn["inspector"]}
        seats.append(_shown(hats, seed, row, seat, {**barred, **seated}))
    return seats


class _Noted(frozenset[str]):
    """Who is passed over; notes the names that a hat gave and that were looked up here."""

    names: list[str]

    def __contains__(self, name: object) -> bool:
        self.names.append(str(name))
        return super().__contains__(name)


def _shown(hats: Hats, seed: bytes, row: bytes, seat: int, barred: Mapping[str, str]) -> dict[str, Any]:
    given, before = _Noted(barred), dict(hats.loads)
    given.names = []
    drawn = hats.fill(seed, row, seat, given)
    loads = {name: before[name] for name in given.names if name not in barred}
    return {**drawn, "loads": loads, "passed_over": {name: barred[name] for name in given.names if name in barred}}


def _again(files: Mapping[str, bytes], loads: Mapping[str, int]) -> tuple[Hats, list[bytes], bytes]:
    tables = {name: lines(data, name) for name, data in files.items() if name.endswith(".tsv")}
    hats = Hats(read_commitment(files["commitment.json"])["rules"], tables)
    hats.loads = dict.fromkeys(hats.loads, 0) | dict(loads)
    seed = bytes.fromhex(parse(files["certificate.json"], "certificate.json")["seed"])
    return hats, tables["pool.tsv"], seed


def _row(rows: Sequence[bytes], subject: str) -> bytes:
    at = position(rows, subject)
    need(at >= 0, "absent", subject)
    return rows[at]


def position(rows: Sequence[bytes], key: str) -> int:
    """The index of the line of this id, or -1 - n if it would be line n.

    In that case lines n - 1 and n, neighbours in a committed tree, prove together that the id is absent.
    """
    at = bisect_left(rows, start := key.encode() + b"\t")
    return at if at < len(rows) and rows[at].startswith(start) else -1 - at


def inclusion_proof(rows: Sequence[bytes], index: int) -> list[str]:
    """The audit path of line `index` (from 0), the leaf's sibling first (RFC 6962, section 2.1.1)."""
    if len(rows) < 2:
        return []
    half = 1 << (len(rows) - 1).bit_length() - 1
    if index < half:
        return [*inclusion_proof(rows[:half], index), merkle_root(rows[half:])]
    return [*inclusion_proof(rows[half:], index - half), merkle_root(rows[:half])]


def check_inclusion(root: str, size: int, index: int, row: bytes, path: Sequence[str]) -> bool:
    """Whether `row` is line `index` of the table with this root and size (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size or not all(re.fullmatch(HEX, step) for step in path):
        return False
    node, rest = sha256(b"\0" + row).digest(), [bytes.fromhex(step) for step in path]
    while size > 1:
        if index ^ 1 < size:
            if not rest:
                return False
            other = rest.pop(0)
            node = sha256(b"\1" + (other + node if index & 1 else node + other)).digest()
        index, size = index >> 1, size + 1 >> 1
    return not rest and node.hex() == root
