"""The draw of docs/draw.md and its checker in one file: who doubts it runs `python draw.py FOLDER` at home."""

import json
import re
import sys
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

QUICKNET = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
TABLES, FIRST = ("pool.tsv", "inspectors.tsv", "recusals.tsv"), "0" * 64
HEX, TEXT, TIME, COUNT = "[0-9a-f]{64}", "(?s).+", "[0-9-]{10}T[0-9:.]{8,15}Z", range(1 << 53)  # for `fits`
TREE, STRATUM = {"root": HEX, "size": COUNT}, {"name": TEXT, "size": COUNT, "quota": COUNT}
SLOT, NEAR = {"organ": TEXT, "qualified": bool}, {"area": TEXT, "neighbours": [TEXT]}
RULES = {"slots": [SLOT], "neighbours": [NEAR], "cap": COUNT[1:], "reserves": COUNT}
COMMITMENT: dict[str, Any] = dict.fromkeys(("recusals", "previous", "secret_hash"), HEX)
COMMITMENT |= {"version": range(1, 2), "sequence": COUNT[1:], "authority": TEXT, "task": TEXT, "inspectors": TREE}
COMMITMENT |= {"pool": TREE | {"strata": [STRATUM]}, "rules": RULES, "committed_at": TIME}
SOURCES: dict[str, Any] = {"drand": {"chain": QUICKNET, "round": COUNT[1:]}, "witness": {"witnesses": [TEXT]}}
ANSWERS = {"drand": {"signature": "[0-9a-f]{96}"}, "witness": {"contributions": [{"text": "(?s).*"}]}}
SUBJECT, INSPECTOR = re.compile(rb"(?:[0-9A-HJ-NP-RTUW-Y]{18}|~[0-9a-f]{32})"), re.compile(rb"I[0-9a-f]{16}")
FIELD, TAGS = rb"[^\t]+", rb"\t(?:[^\t,]+(?:,[^\t,]+)*)?"
WEIGHT = rb"\t(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])\t"  # to 65535
ROWS = {"excluded.tsv": (SUBJECT, re.compile(FIELD)), "recusals.tsv": (SUBJECT, INSPECTOR)}  # the id, what follows it
ROWS["pool.tsv"] = SUBJECT, re.compile(FIELD + WEIGHT + FIELD + TAGS)
ROWS["inspectors.tsv"] = INSPECTOR, re.compile(FIELD + rb"\t" + FIELD + rb"\t(?:0|[1-9][0-9]{0,8})" + TAGS)


class Refused(Exception):
    """An input breaks the specification: a short stable `code`, and where (`detail`)."""

    code, detail = property(lambda self: str(self.args[0])), property(lambda self: str(self.args[1]))


def need(held: object, code: str, detail: str, row: bytes = b"") -> None:
    """Raise `Refused(code, detail)` unless something is held; `row` is the line of the table `detail` that is meant."""
    if not held:
        raise Refused(code, f"{detail}: {row!r}" if row else detail)


def canonical(value: object) -> bytes:
    """Canonical JSON (docs/draw.md, Words) of a value without floats."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parse(data: bytes, name: str) -> dict[str, Any]:
    """The object in a JSON file; refuses `json` unless the same bytes would be written again."""
    with suppress(ValueError, TypeError, RecursionError):  # TypeError: a float, which becomes a `Refused`
        value = json.loads(data.decode(), parse_float=Refused, parse_constant=Refused)
        if isinstance(value, dict) and canonical(value) == data:
            return value
    raise Refused("json", name)


def fits(value: Any, shape: Any) -> bool:
    """Whether JSON is an object with at least these keys, a list of one shape, a pattern, a number, bool."""
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(fits(value.get(key), part) for key, part in shape.items())
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(item, shape[0]) for item in value)
    if isinstance(shape, str):
        return isinstance(value, str) and re.fullmatch(shape, value) is not None
    return type(value) is bool if shape is bool else type(value) is int and value in shape


def lines(data: bytes, name: str = "table") -> list[bytes]:
    """The lines of a table; refuses `text` (not UTF-8, CR, LF at the end), `order` (unsorted or repeated)."""
    need(b"\r" not in data and data[-1:] != b"\n", "text", name)
    need(data == data.decode(errors="ignore").encode(), "text", name)
    rows = data.split(b"\n") if data else []
    need(all(map(bytes.__lt__, rows, rows[1:])), "order", name)
    return rows


def read(rows: Sequence[bytes], name: str, depth: int = 4) -> Iterable[tuple[tuple[str, ...], list[bytes]]]:
    """The ids of a table by the first `depth` fields after them; refuses `row` (its form), `repeated` (or unsorted)."""
    last, groups, known = b"", dict[tuple[str, ...], list[bytes]](), dict[bytes, list[bytes]]()
    for row in rows:
        key, _, rest = row.partition(b"\t")
        if key <= last and name != "recusals.tsv":
            raise Refused("repeated", f"{name}: {row!r}")
        if rest not in known:  # a city's pool repeats what follows an id, so each is looked at once
            tags = rest.rpartition(b"\t")[2].split(b",")
            need(ROWS[name][1].fullmatch(rest) and tags == sorted(set(tags)), "row", name, row)
            known[rest] = groups.setdefault(tuple(rest.decode().split("\t")[:depth]), [])
        known[rest].append(last := key)
    ids = b"".join(b"\n".join([*keys, b""]) for keys in groups.values())
    need(re.fullmatch(b"(?:%b\n)*+" % ROWS[name][0].pattern, ids), "row", f"{name}: an id")
    return groups.items()


def merkle_root(rows: Sequence[bytes]) -> str:
    """Merkle tree hash of a table's lines in hex (RFC 6962, section 2.1)."""
    top, copy = [], sha256(b"\0").copy
    for row in rows:
        (leaf := copy()).update(row)  # faster than a new hash for each line
        top.append(leaf.digest())
    while len(top) > 1:
        top = [sha256(b"\1" + a + b).digest() for a, b in zip(top[::2], top[1::2], strict=False)] + top[len(top) & ~1 :]
    return top[0].hex() if top else sha256(b"").hexdigest()


def read_commitment(data: bytes) -> dict[str, Any]:
    """A commitment that keeps every rule which needs no other file."""
    c = parse(data, "commitment.json")
    for key, shape in {**COMMITMENT, **({"excluded": TREE} if "excluded" in c else {})}.items():
        need(fits(c.get(key), shape), "field", key)
    strata, near, source = c["pool"]["strata"], c["rules"]["neighbours"], c.get("entropy", {})
    kind = next((kind for kind, shape in SOURCES.items() if fits(source, {**shape, "kind": kind})), "")
    witnesses = source["witnesses"] if kind == "witness" else [1, 2]
    need(kind and len(witnesses) > 1, "entropy", "commitment.json")
    for names in [s["name"] for s in strata], [n["area"] for n in near], witnesses:
        need(len(names) == len(set(names)), "repeated", "commitment.json")
    need(all(min(1, s["size"]) <= s["quota"] <= s["size"] for s in strata), "quota", "commitment.json")
    need(len(c["rules"]["slots"]) < 1 << 16, "field", "rules")
    need(c["sequence"] > 1 or c["previous"] == FIRST, "chain", "commitment.json")
    with suppress(ValueError):
        moment = datetime.fromisoformat(c["committed_at"]).timestamp()
        need(kind != "drand" or 1692803367 + 3 * (source["round"] - 1) > moment, "early", "commitment.json")
        return c
    raise Refused("field", "committed_at")


class Hats:
    """The inspectors of a draw; `loads` are the visits that each holds now, and grow with every seat."""

    def __init__(self, rules: Mapping[str, Any], tables: Mapping[str, Sequence[bytes]]) -> None:
        self.rules, self.loads = rules, dict[str, int]()
        self.recused = {(k.decode(), n) for (n,), keys in read(tables["recusals.tsv"], "recusals.tsv") for k in keys}
        self.near = {near["area"]: set(near["neighbours"]) for near in rules["neighbours"]}
        self.staff = defaultdict[tuple[str, str], list[tuple[str, set[str]]]](list)
        self.hats: dict[tuple[str, ...], list[str]] = {}
        for (organ, area, load, tags), keys in read(tables["inspectors.tsv"], "inspectors.tsv"):
            self.staff[organ, area] += [(key.decode(), {"", *tags.split(",")}) for key in keys]
            self.loads |= dict.fromkeys(map(bytes.decode, keys), int(load))

    def fill(self, seed: bytes, row: bytes, seat: int, passed_over: Set[str]) -> dict[str, str]:
        """Draw seat number `seat` (from 0) of the subject on the pool's line `row`, or *draw on from the same hat*."""
        # Its order of names is fixed: a later call passes over who left or declined, with `loads` as they are then.
        subject, _, _, area, tags = row.decode().split("\t")
        head = sha256(seed + b"I" + subject.encode() + b"\0" + seat.to_bytes(2, "big"))
        organ, needs = self.rules["slots"][seat]["organ"], tags * self.rules["slots"][seat]["qualified"]
        for mode, areas in ("own", {area}), ("neighbour", self.near.get(area, set())):
            if (key := (organ, mode, area, needs)) not in self.hats:
                staff, wanted = self.staff, set(needs.split(","))
                self.hats[key] = sorted(n for near in areas for n, held in staff[organ, near] if wanted <= held)
            moved, two, t = {0: 0}, (hat := self.hats[key])[:0], -1  # no name moved, nobody drawn
            while len(two) < 2 and (t := t + 1) < len(hat):
                (word := head.copy()).update(t.to_bytes(4, "big"))
                at = t + int.from_bytes(word.digest()[:8], "big") % (len(hat) - t)
                name, moved[at] = hat[moved.get(at, at)], moved.get(t, t)
                barred = name in passed_over or (subject, name) in self.recused
                two += [] if barred or self.loads[name] >= self.rules["cap"] else [name]
            if two:
                name = min(two, key=self.loads.__getitem__)  # the first drawn, if equal
                self.loads[name] += 1
                return {"inspector": name, "mode": mode}
        return {"inspector": "", "mode": "open"}


def least(seed: bytes, groups: Mapping[int, Sequence[bytes]], wanted: int) -> list[tuple[bytes, bytes]]:
    """The least tickets of a stratum (its ids by weight) with their ids, in order."""
    size, best = sum(map(len, groups.values())), dict[bytes, bytes]()
    share = (wanted + 8 * int(wanted**0.5) + 32 << 256) // max(1, size)  # fewer below it? then all are kept
    for limit in (min(share, (1 << 256) - 1).to_bytes(32, "big"), b"\xff" * 33):
        for weight, keys in groups.items() if len(best) < min(wanted, size) else ():
            for j in range(weight):
                copy = sha256(seed + b"S" + j.to_bytes(2, "big")).copy
                for key in keys:
                    (made := copy()).update(key)
                    if (ticket := made.digest()) < limit and ticket < best.get(key, limit):
                        best[key] = ticket
    return sorted((ticket, key) for key, ticket in best.items())[:wanted]


def draw(commitment: bytes, tables: Mapping[str, Sequence[bytes]], secret: bytes, entropy: Any) -> dict[str, Any]:
    """The certificate of a committed draw; refuses a secret, an entropy or strata other than the committed."""
    c, rows, pool = read_commitment(commitment), tables["pool.tsv"], defaultdict[str, Any](dict)
    source, strata = c["entropy"], sorted((s["name"], s["size"], s["quota"]) for s in c["pool"]["strata"])
    need(len(secret) == 32 and sha256(secret).hexdigest() == c["secret_hash"], "secret", "certificate.json")
    need(fits(entropy, ANSWERS[source["kind"]]), "entropy", "certificate.json")
    if source["kind"] == "drand":
        right = {key: source[key] for key in ("kind", "chain", "round")} | {"signature": entropy["signature"]}
        right["randomness"] = sha256(bytes.fromhex(entropy["signature"])).hexdigest()
    else:
        said = {str(one.get("witness")): one["text"] for one in entropy["contributions"]}
        right = {"kind": "witness", "contributions": [{"witness": w, "text": said.get(w)} for w in source["witnesses"]]}
    need(canonical(entropy) == canonical(right), "entropy", "certificate.json")
    parts = b"suicha draw 1", sha256(commitment).digest(), secret, sha256(canonical(right)).digest()
    seed, drawn, reserves, visits, hats = sha256(b"".join(parts)).digest(), [], [], [], Hats(c["rules"], tables)
    for (name, weight), keys in read(rows, "pool.tsv", 2):
        pool[name][int(weight)] = keys
    sizes = {name: sum(map(len, groups.values())) for name, groups in pool.items()}
    need(sizes == {name: size for name, size, _ in strata if size}, "strata", "pool.tsv")
    for name, _, quota in strata:
        best = least(seed, pool[name], quota + c["rules"]["reserves"])
        drawn += [(*pair, name) for pair in best[:quota]]
        reserves.append({"stratum": name, "ids": [key.decode() for _, key in best[quota:]]})
    for ticket, key, name in sorted(drawn):
        row, seats = rows[bisect_left(rows, key)], list[dict[str, str]]()
        for seat in range(len(c["rules"]["slots"])):
            seats.append(hats.fill(seed, row, seat, {taken["inspector"] for taken in seats}))
        visits.append({"subject": key.decode(), "stratum": name, "ticket": ticket.hex(), "seats": seats})
    made = {"version": 1, "commitment": sha256(commitment).hexdigest(), "entropy": right, "seed": seed.hex()}
    return {**made, "secret": secret.hex(), "visits": visits, "reserves": reserves}


def verify(files: Mapping[str, bytes], previous: bytes | None = None) -> dict[str, Any]:
    """The certificate of a bundle that passes every check of docs/draw.md but drand's BLS signature, or `Refused`."""
    need("commitment.json" in files, "missing", "commitment.json")
    c = read_commitment(commitment := files["commitment.json"])
    wanted = {*TABLES, "commitment.json", "certificate.json", *(["excluded.tsv"] if "excluded" in c else [])}
    for code, names in ("missing", wanted - files.keys()), ("unknown", files.keys() - wanted - {"sealed.json"}):
        need(not names, code, ", ".join(sorted(names)))
    if previous is not None:  # numbered and chained, so that no draw is hidden and none is held twice
        past, link = read_commitment(previous), (c["sequence"] - 1, c["previous"], c["authority"])
        need(link == (past["sequence"], sha256(previous).hexdigest(), past["authority"]), "chain", "previous")
        need(past["committed_at"] <= c["committed_at"], "clock", "previous")
    tables = {name: lines(data, name) for name, data in files.items() if name.endswith(".tsv")}
    for name in sorted(tables.keys() - {"recusals.tsv"}):
        need(c[name[:-4]]["size"] == len(tables[name]), "size", name)
        need(c[name[:-4]]["root"] == merkle_root(tables[name]), "root", name)
    need(c["recusals"] == sha256(files["recusals.tsv"]).hexdigest(), "root", "recusals.tsv")
    pool, out = tables["pool.tsv"], read(tables.get("excluded.tsv", []), "excluded.tsv")
    for key in (key for _, keys in out for key in keys):
        need(bisect_left(pool, key) == bisect_left(pool, key + b"\n"), "excluded", key.decode())
    given = parse(body := files["certificate.json"], "certificate.json")
    need(fits(given.get("secret"), HEX), "secret", "certificate.json")
    made = draw(commitment, tables, bytes.fromhex(given["secret"]), given.get("entropy"))
    need(canonical(made) == body, "replay", "certificate.json")
    seal = {"commitment": made["commitment"], "entropy": made["entropy"], "outcome": sha256(body).hexdigest()}
    need(files.get("sealed.json", canonical(seal)) == canonical(seal), "sealed", "sealed.json")
    return made


if __name__ == "__main__":
    sys.version_info >= (3, 11) or sys.exit("需要 Python 3.11 Needs Python 3.11 or newer.")
    paths = [path for name in sys.argv[1:] for path in [*Path(name).glob("*")] or [Path(name)]]
    try:
        files = {path.name: path.read_bytes() if path.is_file() else b"" for path in paths if path.suffix != ".py"}
        checked = verify(files, files.pop("previous.json", None))  # the commitment before this one, if at hand
    except (Refused, OSError) as error:
        sys.exit(f"✗ 不符 REFUSED: {' '.join(map(str, error.args))}")
    unchecked = "" if checked["entropy"]["kind"] == "witness" else "\n  未核对 not checked here: drand's BLS signature"
    print(f"✓ 相符 VERIFIED: {len(checked['visits'])} visits follow from seed {checked['seed']}{unchecked}")
