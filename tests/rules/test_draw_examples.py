"""Made-up bundles for the tests of the draw, a second drawer written straight from the page, and golden hashes."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from rules import draw
from rules.bundles import commitment, hexhash, public_inspector_id, public_subject_id, quota, sealed, table

SHARED = Path(__file__).parents[2].parent / "shared" / "draw"
KEY, SECRET = b"a pool key for tests", sha256(b"a secret for tests").digest()
AREAS, TAGS = ("东区", "西区", "南区"), ("drug", "fire", "food")
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
SOURCES: dict[str, dict[str, Any]] = {
    "witness": {"kind": "witness", "witnesses": ["公证处", "监察委"]},
    "drand": {"kind": "drand", "chain": draw.QUICKNET, "round": 1000},
}
SIGNATURE = "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39"
ENTROPIES: dict[str, dict[str, Any]] = {
    "witness": {
        "kind": "witness",
        "contributions": [{"witness": "公证处", "text": "七月流火 7"}, {"witness": "监察委", "text": 'a "b" \\ \n é'}],
    },
    "drand": SOURCES["drand"] | {"signature": SIGNATURE, "randomness": hexhash(bytes.fromhex(SIGNATURE))},
}
FIELDS: dict[str, Any] = {
    "authority": "某市市场监督管理局",
    "task": "330700202308231001",
    "sequence": 1,
    "previous": draw.FIRST,
    "secret_hash": hexhash(SECRET),
    "committed_at": "2023-08-23T15:30:00Z",
}
RULES: dict[str, Any] = {
    "slots": [{"organ": "市场", "qualified": True}, {"organ": "市场", "qualified": False}],
    "cap": 5,
    "neighbours": [{"area": "东区", "neighbours": ["南区", "西区"]}],
    "reserves": 2,
}


def number(*parts: object) -> int:
    return int.from_bytes(sha256(repr(parts).encode()).digest()[:8], "big")


def code(n: int) -> str:
    """Shaped like a unified social credit code, of nobody."""
    return "9133" + "".join(ALPHABET[number("code", n, place) % 31] for place in range(14))


def tables(subjects: int = 60, inspectors: int = 14, salt: str = "") -> dict[str, list[bytes]]:
    """A small pool with weights, persons behind veils, tags, recusals and an excluded subject."""
    pool, staff = [], []
    for n in range(subjects):
        name = public_subject_id(KEY, str(n)) if n % 7 == 0 else code(n)
        tags = ",".join(tag for tag in TAGS if number(salt, "needs", n, tag) % 4 == 0)
        weight = (1, 1, 1, 2, 5)[number(salt, "weight", n) % 5]
        pool.append((name, "ABK"[number(salt, "stratum", n) % 3], weight, AREAS[number(salt, "area", n) % 3], tags))
    for n in range(inspectors):
        tags = ",".join(tag for tag in TAGS if number(salt, "holds", n, tag) % 2)
        place = AREAS[number(salt, "place", n) % 3]
        staff.append((public_inspector_id(KEY, f"工号{n}"), "市场", place, number(salt, "load", n) % 3, tags))
    recusals = [(pool[n][0], staff[number(salt, "recused", n) % len(staff)][0]) for n in range(0, subjects, 5)]
    made = {
        "pool.tsv": pool,
        "inspectors.tsv": staff,
        "recusals.tsv": recusals,
        "excluded.tsv": [(code(1_000_000), "annual-cap"), (code(1_000_001), "dead")],
    }
    return {name: draw.lines(table(rows)) for name, rows in made.items()}


def quotas(lines: dict[str, list[bytes]], ratio: str = "0.15") -> dict[str, int]:
    strata = [row.split(b"\t")[1].decode() for row in lines["pool.tsv"]]
    return {name: quota(ratio, strata.count(name)) for name in sorted(set(strata))}


def bundle(
    kind: str = "witness",
    lines: dict[str, list[bytes]] | None = None,
    secret: bytes = SECRET,
    entropy: Any = None,
    **changes: Any,
) -> dict[str, bytes]:
    """A complete bundle, drawn by the product itself. `changes` are fields of the commitment, and `quotas`."""
    lines = tables() if lines is None else lines
    wanted = changes.pop("quotas", None) or quotas(lines)
    fields = FIELDS | {"rules": RULES, "entropy": SOURCES[kind], "secret_hash": hexhash(secret)} | changes
    committed = commitment(lines, wanted, **fields)
    files = {name: b"\n".join(rows) for name, rows in lines.items() if rows or name != "excluded.tsv"}
    certificate = draw.canonical(draw.draw(committed, lines, secret, entropy or ENTROPIES[kind]))
    return {**files, "commitment.json": committed, "certificate.json": certificate}


def read(files: dict[str, bytes], name: str = "certificate.json") -> dict[str, Any]:
    value = json.loads(files[name])
    assert isinstance(value, dict)
    return value


def naive(files: dict[str, bytes]) -> dict[str, Any]:
    """The draw again, as plainly as docs/draw.md says it and with nothing from `rules`: slow, and only for tests."""

    def compact(value: Any) -> bytes:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    def rows(name: str) -> list[list[str]]:
        return [line.split("\t") for line in files[name].decode().split("\n") if line]

    committed, given = read(files, "commitment.json"), read(files)
    seed = sha256(
        b"suicha draw 1"
        + sha256(files["commitment.json"]).digest()
        + bytes.fromhex(given["secret"])
        + sha256(compact(given["entropy"])).digest()
    ).digest()
    rules = committed["rules"]
    tickets = {
        subject: min(
            sha256(seed + b"S" + bytes(divmod(j, 256)) + subject.encode()).digest() for j in range(int(weight))
        )
        for subject, _, weight, _, _ in rows("pool.tsv")
    }
    subjects = {subject: (area, {*tags.split(",")} - {""}) for subject, _, _, area, tags in rows("pool.tsv")}
    drawn, reserves = [], []
    for stratum in sorted(committed["pool"]["strata"], key=lambda one: str(one["name"])):
        members = sorted((row[0] for row in rows("pool.tsv") if row[1] == stratum["name"]), key=tickets.__getitem__)
        wanted, spare = stratum["quota"], rules["reserves"]
        drawn += [(tickets[subject], subject, stratum["name"]) for subject in members[:wanted]]
        reserves.append({"ids": members[wanted : wanted + spare], "stratum": stratum["name"]})
    staff = {name: (organ, area, {*tags.split(",")}) for name, organ, area, _, tags in rows("inspectors.tsv")}
    loads = {row[0]: int(row[3]) for row in rows("inspectors.tsv")}
    recused = {tuple(row) for row in rows("recusals.tsv")}
    near = {one["area"]: one["neighbours"] for one in rules["neighbours"]}
    visits = []
    for ticket, subject, name in sorted(drawn):
        area, needs = subjects[subject]
        seats: list[dict[str, str]] = []
        for place, slot in enumerate(rules["slots"]):
            seat = {"inspector": "", "mode": "open"}
            for mode, areas in (("own", [area]), ("neighbour", near.get(area, []))):
                hat = sorted(
                    one
                    for one, (organ, where, held) in staff.items()
                    if organ == slot["organ"] and where in areas and (needs <= held or not slot["qualified"])
                )
                for t in range(len(hat)):
                    word = seed + b"I" + subject.encode() + b"\0" + place.to_bytes(2, "big") + t.to_bytes(4, "big")
                    x = int.from_bytes(sha256(word).digest()[:8], "big")
                    other = t + x % (len(hat) - t)
                    hat[t], hat[other] = hat[other], hat[t]
                taken = {one["inspector"] for one in seats}
                free = [n for n in hat if n not in taken and loads[n] < rules["cap"] and (subject, n) not in recused]
                if free:
                    first, second = free[0], free[min(1, len(free) - 1)]
                    winner = second if loads[second] < loads[first] else first
                    loads[winner] += 1
                    seat = {"inspector": winner, "mode": mode}
                    break
            seats.append(seat)
        visits.append({"seats": seats, "stratum": name, "subject": subject, "ticket": ticket.hex()})
    return {
        "commitment": sha256(files["commitment.json"]).hexdigest(),
        "entropy": given["entropy"],
        "reserves": reserves,
        "secret": given["secret"],
        "seed": seed.hex(),
        "version": 1,
        "visits": visits,
    }


GOLDEN = {  # commitment.json, certificate.json, sealed.json of `bundle(kind)`; they may never change in version 1
    "witness": (
        "14b0212c390264db5434cad4af1c8af631f0126c0f43202dd6ab1d0b856b3569",
        "5ddff725329ba34e71f5d96543c7811e6223f91e131499bebec02235f8434017",
        "b7bceb2471d2a07f6ddc178170497520e8f2cb798484c74347fbca02f774ea88",
    ),
    "drand": (
        "e65f83f74212fbda7031a3751dc330413231d1033245849a11d766f9e98f9c43",
        "74381d23b7bc4e242cdc0285ae386ea473b0093672a618659b658a1874e3c4db",
        "dcd4bb3381d5dc40e291eb51a5d267fb7590dc2f3ce7f0e75321fa815ffdbeab",
    ),
}


@pytest.mark.parametrize("kind", GOLDEN)
def test_golden_hashes(kind: str) -> None:
    files = bundle(kind)
    made = (
        files["commitment.json"],
        files["certificate.json"],
        sealed(files["commitment.json"], files["certificate.json"]),
    )
    assert tuple(hexhash(data) for data in made) == GOLDEN[kind]


@pytest.mark.parametrize("salt", range(30))
def test_a_second_drawer_agrees(salt: int) -> None:
    lines = tables(subjects=20 + salt * 3, inspectors=1 + salt, salt=str(salt))
    rules = RULES | {"cap": 1 + salt % 4, "reserves": salt % 5}
    files = bundle("drand" if salt % 2 else "witness", lines, rules=rules, quotas=quotas(lines, f"0.{salt:02}5"))
    assert naive(files) == read(files)
    draw.verify(files)


def test_the_made_up_bundles_have_every_case() -> None:
    """Otherwise the tests above would prove less than they seem to."""
    seats = [
        seat["mode"]
        for salt in range(6)
        for v in read(bundle(lines=tables(salt=str(salt))))["visits"]
        for seat in v["seats"]
    ]
    assert set(seats) == {"own", "neighbour", "open"}
    drawn = {visit["subject"][0] for salt in range(6) for visit in read(bundle(lines=tables(salt=str(salt))))["visits"]}
    assert drawn == {"9", "~"}


@pytest.mark.skipif(not SHARED.exists(), reason="needs the example bundles")
@pytest.mark.parametrize("name", ["example-drand", "example-witness"])
def test_the_published_examples_replay(name: str) -> None:
    files = {path.name: path.read_bytes() for path in (SHARED / name).iterdir()}
    assert draw.verify(files) == read(files) == naive(files)
