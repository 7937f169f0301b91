"""Whoever wants to steer the draw, repeat it in secret or hide it: each attempt as an attacker would make it.

The attacker is the authority itself or holds all its files, and mends everything that it can mend alone: roots,
sizes, hashes, the certificate. It cannot change what was published before the randomness existed.
Long by the attacks.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from rules import bundles, draw
from rules.draw import Refused
from tests.rules.test_draw_examples import (
    ENTROPIES,
    FIELDS,
    RULES,
    SECRET,
    SOURCES,
    bundle,
    code,
    naive,
    quotas,
    read,
    tables,
)

HONEST = bundle()
DRAND = bundle("drand")


def refusal(files: dict[str, bytes], previous: bytes | None = None) -> str:
    with pytest.raises(Refused) as refused:
        draw.verify(files, previous)
    return str(refused.value.code)


def with_file(name: str, change: Callable[[Any], Any], files: dict[str, bytes] = HONEST) -> dict[str, bytes]:
    """A bundle with one JSON file changed and written canonically again."""
    return {**files, name: draw.canonical(change(json.loads(files[name])))}


def with_rows(name: str, change: Callable[[list[bytes]], list[bytes]]) -> dict[str, bytes]:
    return {**HONEST, name: b"\n".join(change(draw.lines(HONEST[name])))}


def mended(files: dict[str, bytes]) -> dict[str, bytes]:
    """All that follows from the commitment made anew: a complete bundle of its own, but not the published one."""
    lines = {name: draw.lines(data) for name, data in files.items() if name.endswith(".tsv")}
    committed = read(files, "commitment.json")
    for name in ("pool", "inspectors", "excluded"):
        rows = lines[name + ".tsv"]
        committed[name] |= {"root": draw.merkle_root(rows), "size": len(rows)}
    committed["recusals"] = bundles.hexhash(files["recusals.tsv"])
    strata = [row.split(b"\t")[1].decode() for row in lines["pool.tsv"]]
    for stratum in committed["pool"]["strata"]:
        stratum["size"] = strata.count(stratum["name"])
    data = draw.canonical(committed)
    certificate = draw.canonical(draw.draw(data, lines, SECRET, ENTROPIES[committed["entropy"]["kind"]]))
    return {**files, "commitment.json": data, "certificate.json": certificate}


def is_not_the_published_one(files: dict[str, bytes]) -> bool:
    """A mended forgery replays, so it must differ in what the public already holds: commitment, seal, next link."""
    draw.verify(files)
    seal = bundles.sealed(HONEST["commitment.json"], HONEST["certificate.json"])
    assert refusal({**files, "sealed.json": seal}) == "sealed"
    following = bundle(sequence=2, previous=bundles.hexhash(HONEST["commitment.json"]))
    draw.verify(following, HONEST["commitment.json"])
    assert refusal(following, files["commitment.json"]) == "chain"
    return files["commitment.json"] != HONEST["commitment.json"]


# The pool


def drawn(files: dict[str, bytes] = HONEST) -> str:
    return str(read(files)["visits"][0]["subject"])


def key_subject() -> str:
    return next(str(visit["subject"]) for visit in read(HONEST)["visits"] if visit["stratum"] == "K")


POOL_ATTACKS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "a friend is taken out": lambda rows: [row for row in rows if not row.startswith(drawn().encode())],
    "an enemy is put in": lambda rows: sorted([*rows, f"{code(777)}\tK\t1\t东区\t".encode()]),
    "a friend is swapped": lambda rows: sorted(row.replace(drawn().encode(), code(778).encode()) for row in rows),
    "an enemy gets more tickets": lambda rows: [row.replace(b"\t1\t", b"\t65535\t") for row in rows],
    "a friend moves to a milder stratum": lambda rows: [
        row.replace(b"\tK\t", b"\tA\t") if row.startswith(key_subject().encode()) else row for row in rows
    ],
    "a friend moves to a friendly area": lambda rows: [row.replace("东区".encode(), "西区".encode()) for row in rows],
    "a needed specialty is dropped": lambda rows: [row.rsplit(b"\t", 1)[0] + b"\t" for row in rows],
}


@pytest.mark.parametrize("attack", POOL_ATTACKS)
def test_the_pool_is_changed(attack: str) -> None:
    files = with_rows("pool.tsv", POOL_ATTACKS[attack])
    assert files != HONEST
    assert refusal(files) in ("size", "root")
    assert is_not_the_published_one(mended(files))


def test_the_order_of_the_pool_is_changed() -> None:
    for change in (lambda rows: rows[::-1], lambda rows: [rows[1], rows[0], *rows[2:]], lambda rows: [*rows, rows[0]]):
        assert refusal(with_rows("pool.tsv", change)) == "order"


def test_one_subject_stands_twice_under_two_strata() -> None:
    """Its lines differ, so the table is sorted without repeats; only its id gives it away."""
    row = draw.lines(HONEST["pool.tsv"])[5]
    name, stratum, weight, area, tags = row.split(b"\t")
    other = b"\t".join([name, b"B" if stratum != b"B" else b"K", weight, area, tags])
    lines = {**tables(), "pool.tsv": sorted([*tables()["pool.tsv"], other])}
    with pytest.raises(Refused, match="repeated"):
        bundle(lines=lines)
    files = with_rows("pool.tsv", lambda rows: sorted([*rows, other]))
    with pytest.raises(Refused, match="repeated"):
        mended(files)


SPELLINGS: list[Callable[[str], str]] = [
    str.lower,
    lambda name: name + " ",
    lambda name: " " + name,
    lambda name: "".join(chr(ord(char) + 0xFEE0) for char in name),  # full width
    lambda name: name.replace("0", "O"),
    lambda name: name[:17],
    lambda name: name + "0",
    lambda name: "\u200b" + name,
    lambda name: name[:8] + "-" + name[8:],
    lambda name: "А" + name[1:],  # a Cyrillic A
]


@pytest.mark.parametrize("spelling", range(len(SPELLINGS)))
def test_an_id_is_spelt_in_another_way_to_draw_other_tickets(spelling: int) -> None:
    name = next(
        row.split(b"\t")[0].decode() for row in draw.lines(HONEST["pool.tsv"]) if b"A" in row[:18] and b"0" in row[:18]
    )
    other = SPELLINGS[spelling](name)
    assert other != name
    files = with_rows("pool.tsv", lambda rows: sorted(row.replace(name.encode(), other.encode()) for row in rows))
    assert refusal(files) == "root"
    with pytest.raises(Refused, match="row"):
        mended(files)


def test_a_subject_is_called_excluded_and_drawn_all_the_same() -> None:
    files = with_rows("excluded.tsv", lambda rows: sorted([*rows, f"{drawn()}\thold".encode()]))
    assert refusal(files) == "size"
    assert refusal(mended(files)) == "excluded"


def test_excluded_subjects_are_hidden_or_renamed() -> None:
    without = {name: data for name, data in HONEST.items() if name != "excluded.tsv"}
    assert refusal(without) == "missing"
    assert refusal(with_rows("excluded.tsv", lambda rows: rows[:1])) == "size"
    assert refusal(with_rows("excluded.tsv", lambda rows: [rows[0].replace(b"dead", b"hold"), rows[1]])) == "root"
    committed = with_file("commitment.json", lambda c: {key: c[key] for key in c if key != "excluded"})
    assert refusal(committed) == "unknown"
    assert refusal({**committed, "excluded.tsv": b""}) == "unknown"


# Rules and quotas

RULE_ATTACKS: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
    lambda rules: {**rules, "cap": 6},
    lambda rules: {**rules, "reserves": 3},
    lambda rules: {**rules, "neighbours": []},
    lambda rules: {**rules, "neighbours": [{"area": "东区", "neighbours": ["西区"]}]},
    lambda rules: {**rules, "slots": rules["slots"][::-1]},
    lambda rules: {**rules, "slots": rules["slots"][:1]},
    lambda rules: {**rules, "slots": [{"organ": "市场", "qualified": False}] * 2},
    lambda rules: {**rules, "slots": [{"organ": "消防", "qualified": True}, rules["slots"][1]]},
]


@pytest.mark.parametrize("attack", range(len(RULE_ATTACKS)))
def test_the_rules_are_changed(attack: int) -> None:
    files = with_file("commitment.json", lambda c: {**c, "rules": RULE_ATTACKS[attack](c["rules"])})
    assert refusal(files) == "replay"
    assert is_not_the_published_one(mended(files))


BAD_RULES: list[dict[str, Any]] = [
    {"cap": 0},
    {"cap": -1},
    {"cap": True},
    {"cap": "5"},
    {"reserves": -1},
    {"reserves": None},
    {"slots": {}},
    {"slots": [{"organ": "市场", "qualified": 1}]},
    {"slots": [{"organ": "", "qualified": True}]},
    {"slots": [{"qualified": True}]},
    {"neighbours": [{"area": "东区", "neighbours": "西区"}]},
    {"neighbours": [{"area": "东区", "neighbours": ["西区"]}, {"area": "东区", "neighbours": ["南区"]}]},
]


@pytest.mark.parametrize("change", BAD_RULES, ids=repr)
def test_rules_that_two_programs_could_read_in_two_ways(change: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"field|repeated"):
        bundle(rules=RULES | change)


def quota_of(committed: dict[str, Any], change: Callable[[int, int], int]) -> dict[str, Any]:
    strata = [{**s, "quota": change(s["quota"], s["size"])} for s in committed["pool"]["strata"]]
    return {**committed, "pool": {**committed["pool"], "strata": strata}}


def test_a_quota_is_changed() -> None:
    for change in (lambda quota, size: quota + 1, lambda quota, size: quota - 1 or 1, lambda quota, size: size):
        files = with_file("commitment.json", lambda c, change=change: quota_of(c, change))
        assert refusal(files) == "replay"
        assert is_not_the_published_one(mended(files))


@pytest.mark.parametrize("change", [lambda quota, size: 0, lambda quota, size: size + 1])
def test_a_quota_is_none_or_more_than_there_are(change: Callable[[int, int], int]) -> None:
    assert refusal(with_file("commitment.json", lambda c: quota_of(c, change))) == "quota"


def test_sizes_of_strata_are_not_those_of_the_pool() -> None:
    def moved(c: dict[str, Any]) -> dict[str, Any]:
        first, second, *rest = c["pool"]["strata"]
        strata = [{**first, "size": first["size"] + 1}, {**second, "size": second["size"] - 1}, *rest]
        return {**c, "pool": {**c["pool"], "strata": strata}}

    assert refusal(with_file("commitment.json", moved)) == "strata"
    assert refusal(with_file("commitment.json", lambda c: {**c, "pool": {**c["pool"], "strata": []}})) == "strata"
    twice = {"name": "A", "size": 0, "quota": 0}
    strata = [*read(HONEST, "commitment.json")["pool"]["strata"], twice]
    assert refusal(with_file("commitment.json", lambda c: {**c, "pool": {**c["pool"], "strata": strata}})) == "repeated"


# The inspectors

INSPECTOR_ATTACKS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "tags are given": lambda rows: [row.rsplit(b"\t", 1)[0] + b"\tdrug,fire,food" for row in rows],
    "tags are taken": lambda rows: [row.rsplit(b"\t", 1)[0] + b"\t" for row in rows],
    "one is called busy": lambda rows: [row.replace(b"\t1\t", b"\t5\t") for row in rows],
    "one is taken out": lambda rows: rows[1:],
    "one is put in": lambda rows: sorted([*rows, "I0000000000000000\t市场\t东区\t0\t".encode()]),
    "one changes area": lambda rows: [row.replace("东区".encode(), "西区".encode()) for row in rows],
    "one changes organ": lambda rows: [row.replace("市场".encode(), "消防".encode(), 1) for row in rows],
}


@pytest.mark.parametrize("attack", INSPECTOR_ATTACKS)
def test_the_inspectors_are_changed(attack: str) -> None:
    files = with_rows("inspectors.tsv", INSPECTOR_ATTACKS[attack])
    assert refusal(files) in ("size", "root")
    assert is_not_the_published_one(mended(files))


def test_recusals_are_added_or_dropped() -> None:
    for change in (lambda rows: rows[1:], lambda rows: [], lambda rows: [rows[0][:-1] + b"0", *rows[1:]]):
        files = with_rows("recusals.tsv", change)
        assert refusal(files) == "root"
        assert is_not_the_published_one(mended(files))


# The secret and the public randomness


def redrawn(secret: bytes = SECRET, entropy: Any = None, files: dict[str, bytes] = HONEST) -> dict[str, bytes]:
    """The certificate that another randomness gives, by the second drawer, which asks nothing."""
    given = {**read(files), "secret": secret.hex()} | ({"entropy": entropy} if entropy else {})
    return {**files, "certificate.json": draw.canonical(naive({**files, "certificate.json": draw.canonical(given)}))}


def test_the_redrawing_attacker_is_able() -> None:
    assert redrawn() == HONEST


def test_the_secret_is_changed() -> None:
    for secret in (b"\0" * 32, SECRET[::-1], SECRET[:31], SECRET + b"\0", b""):
        assert refusal(redrawn(secret)) == "secret"
    for spelling in (SECRET.hex().upper(), SECRET.hex() + " ", "0x" + SECRET.hex(), None, 7, [SECRET.hex()]):
        assert refusal(with_file("certificate.json", lambda c, s=spelling: {**c, "secret": s})) == "secret"


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_secret_of_another_length_is_refused_even_if_it_was_committed_to(length: int) -> None:
    with pytest.raises(Refused, match="secret"):
        bundle(secret=b"x" * length)


CONTRIBUTIONS = ENTROPIES["witness"]["contributions"]
ENTROPY_ATTACKS: list[Any] = [
    {"kind": "witness", "contributions": CONTRIBUTIONS[::-1]},  # another order
    {"kind": "witness", "contributions": CONTRIBUTIONS[:1]},
    {"kind": "witness", "contributions": [*CONTRIBUTIONS, CONTRIBUTIONS[0]]},
    {"kind": "witness", "contributions": [CONTRIBUTIONS[0], {**CONTRIBUTIONS[1], "witness": "别人"}]},
    {"kind": "witness", "contributions": [CONTRIBUTIONS[0], {**CONTRIBUTIONS[1], "nonce": 41}]},  # grinding
    {"kind": "witness", "contributions": [CONTRIBUTIONS[0], {**CONTRIBUTIONS[1], "text": 7}]},
    {**ENTROPIES["witness"], "nonce": 41},  # grinding
    {**ENTROPIES["witness"], "kind": "Witness"},
    {"contributions": CONTRIBUTIONS},
    ENTROPIES["drand"],
    {},
    [],
    "witness",
    None,
]


@pytest.mark.parametrize("attack", range(len(ENTROPY_ATTACKS)))
def test_the_witnesses_words_are_bent(attack: int) -> None:
    assert refusal(with_file("certificate.json", lambda c: {**c, "entropy": ENTROPY_ATTACKS[attack]})) == "entropy"


@pytest.mark.parametrize("attack", [entropy for entropy in ENTROPY_ATTACKS[:8] if isinstance(entropy, dict)], ids=repr)
def test_a_complete_redraw_from_bent_words_is_refused(attack: dict[str, Any]) -> None:
    assert refusal(redrawn(entropy=attack)) == "entropy"


def test_other_words_of_a_witness_are_another_draw() -> None:
    """Words are free until they are given; after the draw the seal holds them."""
    words = {"kind": "witness", "contributions": [CONTRIBUTIONS[0], {**CONTRIBUTIONS[1], "text": "better ones"}]}
    assert refusal(with_file("certificate.json", lambda c: {**c, "entropy": words})) == "replay"
    seal = bundles.sealed(HONEST["commitment.json"], HONEST["certificate.json"])
    draw.verify({**HONEST, "sealed.json": seal})
    second = redrawn(entropy=words)
    draw.verify(second)
    assert refusal({**second, "sealed.json": seal}) == "sealed"


ROUND = ENTROPIES["drand"]
DRAND_ATTACKS: list[dict[str, Any]] = [
    ROUND | {"signature": ROUND["signature"].upper()},  # grinding: the same point in 2^n spellings
    ROUND | {"signature": " " + ROUND["signature"][1:]},
    ROUND | {"signature": ROUND["signature"] + "00"},
    ROUND | {"signature": "0" * 96},
    ROUND | {"randomness": ROUND["randomness"].upper()},
    ROUND | {"randomness": "0" * 64},
    ROUND | {"round": 999},
    ROUND | {"round": 1001},
    ROUND | {"round": 1000.0},
    ROUND | {"round": "1000"},
    ROUND | {"chain": "8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce"},
    ROUND | {"nonce": 41},  # grinding
    {key: ROUND[key] for key in ("kind", "chain", "round", "signature")},
    ENTROPIES["witness"],
]


@pytest.mark.parametrize("attack", range(len(DRAND_ATTACKS)))
def test_the_round_is_bent(attack: int) -> None:
    entropy = DRAND_ATTACKS[attack]
    with pytest.raises(Refused, match="entropy"):
        draw.draw(DRAND["commitment.json"], tables(), SECRET, entropy)
    bad = json.dumps({**read(DRAND), "entropy": entropy}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert refusal({**DRAND, "certificate.json": bad.encode()}) in ("entropy", "json")


def test_a_round_that_was_already_public_is_used() -> None:
    """Round 1000 appeared at 15:59:24; a commitment of that second or later could have chosen it."""
    for moment in ("2023-08-23T15:59:23Z", "2023-08-23T15:59:23.999999Z", "2023-01-01T00:00:00Z"):
        draw.verify(bundle("drand", committed_at=moment))
    for moment in (
        "2023-08-23T15:59:24Z",
        "2023-08-23T15:59:24.000001Z",
        "2023-08-23T15:59:25Z",
        "2026-03-02T01:00:00Z",
    ):
        with pytest.raises(Refused, match="early"):
            bundle("drand", committed_at=moment)
    files = with_file("commitment.json", lambda c: {**c, "committed_at": "2023-08-23T15:59:24Z"}, DRAND)
    assert refusal(files) == "early"


BAD_TIMES = [
    *("", "yesterday", "2023-08-23", "2023-08-23T15:30:00", "2023-08-23T15:30:00+08:00", "2023-08-23T15:30:00+00:00Z"),
    *(
        "2023-02-30T15:30:00Z",
        "2023-08-23T25:30:00Z",
        "2023-08-23 15:30:00Z",
        "２023-08-23T15:30:00Z",
        1692804600,
        None,
    ),
]


@pytest.mark.parametrize("moment", BAD_TIMES)
def test_a_time_that_is_none_is_refused(moment: Any) -> None:
    with pytest.raises(Refused, match="field"):
        bundle("drand", committed_at=moment)


@pytest.mark.parametrize(
    "source",
    [
        SOURCES["drand"]
        | {"chain": "8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce"},  # slower chain
        SOURCES["drand"] | {"round": 0},
        SOURCES["drand"] | {"round": True},
        SOURCES["witness"] | {"witnesses": ["公证处"]},
        SOURCES["witness"] | {"witnesses": []},
        SOURCES["witness"] | {"witnesses": ["公证处", "公证处"]},  # one, twice
        SOURCES["witness"] | {"witnesses": ["公证处", ""]},
        SOURCES["witness"] | {"witnesses": "公证处监察委"},
        {"kind": "dice"},
        {"kind": ["witness"]},
        {},
        None,
    ],
    ids=repr,
)
def test_a_source_that_somebody_could_steer_is_refused(source: Any) -> None:
    with pytest.raises(Refused, match=r"entropy|repeated"):
        _committed(source)


def _committed(source: Any) -> bytes:
    lines = tables()
    return bundles.commitment(lines, quotas(lines), **FIELDS | {"rules": RULES, "entropy": source})


# The outcome


def swapped(values: list[Any], first: int, second: int) -> list[Any]:
    out = list(values)
    out[first], out[second] = out[second], out[first]
    return out


OUTCOME_ATTACKS: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
    lambda c: {**c, "visits": swapped(c["visits"], 0, 1)},  # another order of visits
    lambda c: {**c, "visits": c["visits"][1:]},
    lambda c: {**c, "visits": [*c["visits"], c["visits"][0]]},
    lambda c: {**c, "visits": [{**v, "seats": v["seats"][::-1]} for v in c["visits"]]},
    lambda c: {**c, "visits": [{**v, "subject": code(779)} for v in c["visits"]]},
    lambda c: {**c, "visits": [{**v, "ticket": "0" * 64} for v in c["visits"]]},
    lambda c: {**c, "reserves": [{**r, "ids": r["ids"][::-1]} for r in c["reserves"]]},
    lambda c: {**c, "reserves": swapped(c["reserves"], 0, 1)},
    lambda c: {**c, "seed": "0" * 64},
    lambda c: {**c, "commitment": "0" * 64},
    lambda c: {**c, "version": 2},
    lambda c: {**c, "version": True},
    lambda c: {**c, "note": "a field that no certificate has"},
    lambda c: {key: value for key, value in c.items() if key != "reserves"},
]


@pytest.mark.parametrize("attack", range(len(OUTCOME_ATTACKS)))
def test_the_outcome_is_changed(attack: int) -> None:
    files = with_file("certificate.json", OUTCOME_ATTACKS[attack])
    assert files != HONEST
    assert refusal(files) == "replay"


def test_an_open_seat_is_given_away_as_if_it_was_drawn() -> None:
    files = bundle(lines={**tables(), "inspectors.tsv": tables()["inspectors.tsv"][:1]})

    def given(certificate: dict[str, Any]) -> dict[str, Any]:
        friend = draw.lines(files["inspectors.tsv"])[0].split(b"\t")[0].decode()
        seats = [{"inspector": friend, "mode": "own"}] * 2
        return {**certificate, "visits": [{**visit, "seats": seats} for visit in certificate["visits"]]}

    assert {seat["mode"] for visit in read(files)["visits"] for seat in visit["seats"]} >= {"open"}
    assert refusal(with_file("certificate.json", given, files)) == "replay"


# Hiding a draw, drawing twice, and the clock


def test_a_draw_is_hidden() -> None:
    first = HONEST["commitment.json"]
    second = bundle(sequence=2, previous=bundles.hexhash(first))
    third = bundle(sequence=3, previous=bundles.hexhash(second["commitment.json"]))
    draw.verify(second, first)
    draw.verify(third, second["commitment.json"])
    assert refusal(third, first) == "chain"  # the second is left out
    renumbered = bundle(sequence=2, previous=bundles.hexhash(second["commitment.json"]))
    assert refusal(renumbered, first) == "chain"
    assert refusal(bundle(sequence=3, previous=bundles.hexhash(first)), first) == "chain"  # a gap
    assert refusal(bundle(sequence=2), first) == "chain"  # a new beginning
    assert refusal(HONEST, first) == "chain"
    other = bundle(authority="另一个局")["commitment.json"]
    assert refusal(bundle(sequence=2, previous=bundles.hexhash(other)), other) == "chain"


def test_the_first_number_has_nothing_before_it() -> None:
    with pytest.raises(Refused, match="chain"):
        bundle(previous="1" * 64)
    for sequence in (0, -1, True, "1", None):
        with pytest.raises(Refused, match="field"):
            bundle(sequence=sequence)


def test_drawing_twice_under_one_number() -> None:
    """Both replay; but each seals another outcome, and only one can be what the next commitment follows."""
    first, second = HONEST, bundle(secret=b"\1" * 32)
    seal = bundles.sealed(first["commitment.json"], first["certificate.json"])
    following = bundle(sequence=2, previous=bundles.hexhash(first["commitment.json"]))
    draw.verify(second)
    assert refusal({**second, "sealed.json": seal}) == "sealed"
    assert refusal(following, second["commitment.json"]) == "chain"


def test_drawing_twice_from_one_commitment_needs_another_round() -> None:
    """With drand nothing is left to choose: the commitment names the round, and a round has one signature."""
    for other in (999, 1001):
        with pytest.raises(Refused, match="entropy"):
            draw.draw(DRAND["commitment.json"], tables(), SECRET, ROUND | {"round": other})


def test_a_witness_colludes_with_the_clock() -> None:
    """To know the words of others first, one would commit after them and claim an earlier time.

    The chain forbids it: a number's time cannot lie before that of the number before.
    """
    first = bundle(committed_at="2023-08-23T15:30:00Z")["commitment.json"]
    link = {"sequence": 2, "previous": bundles.hexhash(first)}
    draw.verify(bundle(committed_at="2023-08-23T15:30:00Z", **link), first)
    draw.verify(bundle("drand", committed_at="2023-08-23T15:59:00Z", **link), first)
    assert refusal(bundle(committed_at="2023-08-23T15:29:59Z", **link), first) == "clock"
    assert refusal(bundle("drand", committed_at="2023-08-23T15:29:59Z", **link), first) == "clock"


def test_the_previous_commitment_is_checked_too() -> None:
    assert refusal(HONEST, b"{}") == "field"
    assert refusal(HONEST, b"") == "json"
