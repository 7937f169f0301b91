"""The parts of the draw: tables, roots and proofs, quotas, tickets, seats and who takes one that falls vacant."""

import hmac
from collections.abc import Mapping, Set
from fractions import Fraction
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import bundles, draw
from rules.draw import Refused
from tests.rules.test_draw_examples import KEY, RULES, SHARED, bundle, code, quotas, read, tables

EXAMPLES: dict[str, dict[str, bytes]] = {kind: bundle(kind) for kind in ("witness", "drand")}
if SHARED.exists():
    EXAMPLES |= {folder.name: {p.name: p.read_bytes() for p in folder.iterdir()} for folder in SHARED.glob("example-*")}


# The file itself


# Tables, trees, numbers


@pytest.mark.parametrize("data", [b"", b"a", b"a\tb\nb\ta", "区\t1\n市\t2".encode()])
def test_lines_of_canonical_tables(data: bytes) -> None:
    assert b"\n".join(draw.lines(data)) == data


@pytest.mark.parametrize(
    ("data", "refused"),
    [
        (b"a\n", "text"),
        (b"\n", "text"),
        (b"a\r\nb", "text"),
        (b"\xff", "text"),
        (b"\xed\xa0\x80", "text"),
        (b"b\na", "order"),
        (b"a\na", "order"),
        (b"\n\na", "order"),
    ],
)
def test_tables_that_are_not_canonical(data: bytes, refused: str) -> None:
    with pytest.raises(Refused) as error:
        draw.lines(data, "pool.tsv")
    assert (error.value.code, error.value.detail) == (refused, "pool.tsv")


def test_table_sorts_by_bytes_and_joins_fields() -> None:
    assert bundles.table([("é", 1), ("z", 2), b"a\t3"]) == "a\t3\nz\t2\né\t1".encode()
    assert bundles.table([]) == b""


@pytest.mark.parametrize("rows", [[("a",), ("a",)], [("a\tb",)], [("a\nb",)], [("a\r",)], [b"a\nb"], [b"a\r"]])
def test_table_refuses_what_no_table_may_hold(rows: list[Any]) -> None:
    with pytest.raises(Refused):
        bundles.table(rows)


RFC_6962 = [  # the test vectors of Certificate Transparency's reference implementation
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
]


def test_merkle_roots_of_rfc_6962() -> None:
    assert draw.merkle_root([]) == sha256(b"").hexdigest()
    leaves = [bytes.fromhex(leaf) for leaf, _ in RFC_6962]
    for size, (_, root) in enumerate(RFC_6962, 1):
        assert draw.merkle_root(leaves[:size]) == root


@given(st.integers(1, 70), st.data())
def test_inclusion_proofs(size: int, data: st.DataObject) -> None:
    rows = [b"line %03d" % n for n in range(size)]
    root, index = draw.merkle_root(rows), data.draw(st.integers(0, size - 1))
    path = bundles.inclusion_proof(rows, index)
    assert bundles.check_inclusion(root, size, index, rows[index], path)
    other = data.draw(st.integers(-2, size + 2).filter(lambda at: at != index))
    assert not bundles.check_inclusion(root, size, other, rows[index], path)
    assert not bundles.check_inclusion(root, size, index, rows[index] + b" ", path)
    assert not bundles.check_inclusion(root, size, index, rows[index], [*path, root])
    if path:
        assert not bundles.check_inclusion(root, size, index, rows[index], path[:-1])
        assert not bundles.check_inclusion(root, size, index, rows[index], [*path[:-1], path[-1].upper() + " "])
        assert not bundles.check_inclusion(root, size, index, rows[index], [*path[:-1], "00" * 32])


def test_absence_is_proved_by_two_neighbours() -> None:
    rows = draw.lines(bundle()["pool.tsv"])
    for index, row in enumerate(rows):
        assert bundles.position(rows, row.split(b"\t")[0].decode()) == index
    at = -1 - bundles.position(rows, "9133ZZZ")
    assert rows[at - 1] < b"9133ZZZ\t" < rows[at]
    assert bundles.position(rows, "0") == -1
    assert bundles.position(rows, "~~") == -1 - len(rows)


@pytest.mark.parametrize(
    ("ratio", "size", "wanted"),
    [
        ("0.05", 0, 0),
        ("0.05", 1, 1),  # at least one
        ("0", 7, 1),
        ("0.05", 30, 2),  # 1.5 is rounded up
        ("0.05", 29, 1),
        ("0.15", 10, 2),  # 1.5, which binary floats make 1.4999
        ("0.35", 10, 4),
        ("1.005", 200, 200),
        ("0.145", 100, 15),
        ("1", 7, 7),
        ("9", 7, 7),
        ("1/3", 8, 3),
        ((1, 3), 8, 3),
        (Fraction(1, 40), 20, 1),
        ("0.02", 1_600_000, 32_000),
    ],
)
def test_quota(ratio: Any, size: int, wanted: int) -> None:
    assert bundles.quota(ratio, size) == wanted


@pytest.mark.parametrize("ratio", ["", "-1", "5%", "1e9", "１", "1/0", "1/-2", " 1", (1, 0), Fraction(-1, 2)])
def test_quota_refuses_what_is_no_ratio(ratio: Any) -> None:
    with pytest.raises(Refused, match="ratio"):
        bundles.quota(ratio, 5)


def test_public_ids() -> None:
    whole = hmac.new(KEY, "某人".encode(), "sha256").hexdigest()
    assert bundles.public_subject_id(KEY, "某人") == "~" + whole[:32]
    assert bundles.public_inspector_id(KEY, "某人") == "I" + whole[:16]


def test_a_subject_checks_its_own_ticket() -> None:
    for files in EXAMPLES.values():
        certificate = read(files)
        weights = {row.split(b"\t")[0].decode(): int(row.split(b"\t")[2]) for row in draw.lines(files["pool.tsv"])}
        seed = bytes.fromhex(certificate["seed"])
        for visit in certificate["visits"]:
            assert bundles.ticket(seed, visit["subject"], weights[visit["subject"]]).hex() == visit["ticket"]
        assert [v["ticket"] for v in certificate["visits"]] == sorted(v["ticket"] for v in certificate["visits"])


@given(st.dictionaries(st.integers(1, 9), st.integers(0, 60), max_size=4), st.integers(0, 300), st.integers(0, 9))
def test_least_is_the_same_however_many_fall_below_its_limit(sizes: dict[int, int], wanted: int, salt: int) -> None:
    seed = sha256(b"%d" % salt).digest()
    groups = {weight: [code(weight * 1000 + n).encode() for n in range(size)] for weight, size in sizes.items()}
    every = [(bundles.ticket(seed, key.decode(), weight), key) for weight, keys in groups.items() for key in keys]
    assert draw.least(seed, groups, wanted) == sorted(every)[:wanted]


def test_least_looks_at_all_if_too_few_fall_below_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [code(n).encode() for n in range(3000)]
    seed = next(s for n in range(2000) if len(_below(s := sha256(b"%d" % n).digest(), keys[:41])) < 1)
    groups = {1: keys[:41]}
    every = sorted((bundles.ticket(seed, key.decode()), key) for key in keys[:41])
    monkeypatch.setattr(draw, "int", lambda _: -4, raising=False)  # a limit that nearly nothing falls below
    assert draw.least(seed, groups, 1) == every[:1]


def _below(seed: bytes, keys: list[bytes]) -> list[bytes]:
    limit = ((1 << 256) // len(keys)).to_bytes(32, "big")
    return [key for key in keys if bundles.ticket(seed, key.decode()) < limit]


def test_order_only_draws_take_everybody() -> None:
    """R3.1.2b: where only the order of batches is drawn, quota = size."""
    lines = tables()
    files = bundle(lines=lines, quotas=quotas(lines, "1"))
    assert sorted(visit["subject"].encode() for visit in read(files)["visits"]) == [
        row.split(b"\t")[0] for row in lines["pool.tsv"]
    ]
    assert all(reserve["ids"] == [] for reserve in read(files)["reserves"])
    draw.verify(files)


def test_a_stratum_may_be_empty() -> None:
    lines = tables()
    files = bundle(lines=lines, quotas={**quotas(lines), "Z": 0})
    assert read(files)["reserves"][-1] == {"ids": [], "stratum": "Z"}
    draw.verify(files)


def test_nobody_to_inspect_nobody_to_do_it() -> None:
    nothing: dict[str, list[bytes]] = {"pool.tsv": [], "inspectors.tsv": [], "recusals.tsv": []}
    draw.verify(bundle(lines=nothing, quotas={"A": 0}))
    files = bundle(lines={**tables(), "inspectors.tsv": []})
    assert {seat["mode"] for visit in read(files)["visits"] for seat in visit["seats"]} == {"open"}
    draw.verify(files)


# After the draw


def rich() -> tuple[dict[str, bytes], dict[str, int]]:
    lines = tables(inspectors=30)
    files = bundle(lines=lines)
    return files, {row.split(b"\t")[0].decode(): int(row.split(b"\t")[3]) for row in lines["inspectors.tsv"]}


def refill(
    files: Mapping[str, bytes], subject: str, seat: int, loads: Mapping[str, int], out: Set[str]
) -> tuple[str, str]:
    """Who takes a seat when these are passed over, and the mode."""
    drawn = bundles.drawn_on(files, subject, seat, loads, dict.fromkeys(out, "left"))
    return drawn["inspector"], drawn["mode"]


def test_refilling_with_nothing_changed_gives_the_same_name() -> None:
    """The order of names is fixed: the first seat of the first visit comes out again."""
    files, loads = rich()
    visit = read(files)["visits"][0]
    assert refill(files, visit["subject"], 0, loads, set()) == tuple(visit["seats"][0].values())


def test_a_refill_goes_on_in_the_same_order_until_the_hat_is_empty() -> None:
    files, loads = rich()
    subject, equal = read(files)["visits"][0]["subject"], dict.fromkeys(loads, 0)
    before, out, order = dict(equal), set[str](), []
    while (drawn := refill(files, subject, 1, equal, out))[0]:
        order.append(drawn)
        out |= {drawn[0]}
    assert drawn == ("", "open")
    assert len({name for name, _ in order}) == len(order) > 3
    modes = [mode for _, mode in order]
    assert modes == sorted(modes, reverse=True)  # the own hat first, and only then the neighbours'
    assert equal == before  # the caller's loads are not touched
    again, out = [], {order[0][0]}  # who left first is passed over; all others keep their order
    while (drawn := refill(files, subject, 1, equal, out))[0]:
        again.append(drawn)
        out |= {drawn[0]}
    assert again == order[1:]


def test_a_refill_weighs_the_loads_as_they_are_now() -> None:
    files, loads = rich()
    subject, equal = read(files)["visits"][0]["subject"], dict.fromkeys(loads, 0)
    first, _ = refill(files, subject, 1, equal, set())
    second, _ = refill(files, subject, 1, equal, {first})
    assert refill(files, subject, 1, {**equal, first: 1}, set())[0] == second
    assert refill(files, subject, 1, {**equal, first: 1, second: 1}, set())[0] == first
    assert refill(files, subject, 1, {first: RULES["cap"]}, set())[0] == second


def test_recused_inspectors_stay_out_of_refills() -> None:
    files, loads = rich()
    recused = [row.decode().split("\t") for row in draw.lines(files["recusals.tsv"])]
    for subject, inspector in recused:
        out: set[str] = set()
        while name := refill(files, subject, 1, loads, out)[0]:
            assert name != inspector
            out.add(name)


def test_a_reserve_gets_seats_like_any_other() -> None:
    files, loads = rich()
    reserve = read(files)["reserves"][0]["ids"][0]
    seats = bundles.replaced(files, reserve, loads, {})
    assert [seat["mode"] for seat in seats] == ["own", "own"]
    assert seats[0]["inspector"] != seats[1]["inspector"]
    with pytest.raises(Refused, match="absent"):
        bundles.replaced(files, "9" * 18, loads, {})


def test_sealed_says_nothing_of_the_outcome() -> None:
    for files in EXAMPLES.values():
        sealed = bundles.sealed(files["commitment.json"], files["certificate.json"])
        assert set(read({"s": sealed}, "s")) == {"commitment", "entropy", "outcome"}
        draw.verify({**files, "sealed.json": sealed})


# Whatever else it is given
