"""The parts of the draw, the checker as a program, and what it does with whatever else it is given."""

import hmac
import shutil
import subprocess
import sys
from collections.abc import Mapping, Set
from contextlib import suppress
from fractions import Fraction
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import bundles, draw
from rules.draw import Refused
from tests.rules.test_draw_examples import KEY, RULES, SHARED, bundle, code, quotas, read, tables

PROGRAM = Path(draw.__file__)
EXAMPLES: dict[str, dict[str, bytes]] = {kind: bundle(kind) for kind in ("witness", "drand")}
if SHARED.exists():
    EXAMPLES |= {folder.name: {p.name: p.read_bytes() for p in folder.iterdir()} for folder in SHARED.glob("example-*")}


def refusal(files: Mapping[str, bytes], previous: bytes | None = None) -> str:
    with pytest.raises(Refused) as refused:
        draw.verify(files, previous)
    assert refused.value.detail
    return str(refused.value.code)


# The file itself


def test_the_checker_is_one_short_file_of_the_standard_library() -> None:
    text = PROGRAM.read_text()
    assert len(text.splitlines()) <= 250
    imported = {line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= sys.stdlib_module_names
    assert not imported & {"random", "secrets", "time", "urllib", "socket", "sqlite3"}
    assert "now(" not in text


def run(*arguments: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-X", "utf8", str(PROGRAM), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_citizen_runs_it_on_a_folder_and_on_files(name: str, tmp_path: Path) -> None:
    for file, data in EXAMPLES[name].items():
        (tmp_path / file).write_bytes(data)
    shutil.copy(PROGRAM, tmp_path)  # it may lie in the folder that it checks
    for arguments in ([tmp_path], sorted(tmp_path.glob("*.[jt]s*"))):
        done = run(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert "VERIFIED" in done.stdout
        assert ("BLS" in done.stdout) == ("drand" in name)
    (tmp_path / "pool.tsv").write_bytes(EXAMPLES[name]["pool.tsv"] + b"\n")
    done = run(tmp_path)
    assert done.returncode == 1
    assert "REFUSED" in done.stderr
    assert "pool.tsv" in done.stderr


def test_a_citizen_may_add_the_commitment_before(tmp_path: Path) -> None:
    first = bundle()
    second = bundle(sequence=2, previous=bundles.hexhash(first["commitment.json"]))
    for file, data in second.items():
        (tmp_path / file).write_bytes(data)
    (tmp_path / "previous.json").write_bytes(first["commitment.json"])
    assert run(tmp_path).returncode == 0
    (tmp_path / "previous.json").write_bytes(EXAMPLES["drand"]["commitment.json"])
    assert "chain" in run(tmp_path).stderr


def test_a_folder_that_is_no_bundle(tmp_path: Path) -> None:
    for arguments in ([], [tmp_path], [tmp_path / "nothing"]):
        done = run(*arguments)
        assert done.returncode == 1
        assert "REFUSED" in done.stderr
        assert "Traceback" not in done.stderr


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


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_file_is_needed_and_no_other_is_welcome(name: str) -> None:
    files = EXAMPLES[name]
    for gone in files:
        assert refusal({other: data for other, data in files.items() if other != gone}) == "missing"
    for extra in ("notes.txt", "POOL.TSV", "pool.tsv.bak", "extra.tsv"):
        assert refusal({**files, extra: b""}) == "unknown"
    if "excluded.tsv" not in files:
        assert refusal({**files, "excluded.tsv": b""}) == "unknown"
    assert refusal({}) == "missing"


@pytest.mark.parametrize("name", EXAMPLES)
@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_single_byte_matters(name: str, data: st.DataObject) -> None:
    files = EXAMPLES[name]
    file = data.draw(st.sampled_from(sorted(files)))
    old, byte = files[file], bytes([data.draw(st.integers(0, 255))])
    at = data.draw(st.integers(0, len(old)))
    new = data.draw(
        st.sampled_from([old[:at] + byte + old[at + 1 :], old[:at] + byte + old[at:], old[:at] + old[at + 1 :]])
    )
    if new != old:
        refusal({**files, file: new})


def test_every_byte_of_the_commitment_matters() -> None:
    """Not a sample: each byte replaced and each deleted."""
    files = EXAMPLES["drand"]
    old = files["commitment.json"]
    for at in range(len(old)):
        for new in (old[:at] + old[at + 1 :], old[:at] + bytes([old[at] ^ 1]) + old[at + 1 :]):
            if new != old:
                refusal({**files, "commitment.json": new})


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.integers() | st.text(max_size=5) | st.just("0" * 64),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, part in inner for found in places(part, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    if isinstance(value, list):
        return [replaced(part, path[1:], new) if at == path[0] else part for at, part in enumerate(value)]
    return {key: replaced(part, path[1:], new) if key == path[0] else part for key, part in value.items()}


@pytest.mark.parametrize("name", EXAMPLES)
@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_junk_in_a_json_file_is_refused_and_never_raises_anything_else(name: str, data: st.DataObject) -> None:
    files = EXAMPLES[name]
    file = data.draw(st.sampled_from(["commitment.json", "certificate.json"]))
    old = read(files, file)
    new = draw.canonical(replaced(old, data.draw(st.sampled_from(places(old))), data.draw(JUNK)))
    if new == files[file]:
        return
    refusal({**files, file: new})
    if file == "commitment.json":  # and a drawer that is given it either draws or refuses
        lines = {table: draw.lines(files[table]) for table in files if table.endswith(".tsv")}
        certificate = read(files)
        with suppress(Refused):
            draw.draw(new, lines, bytes.fromhex(certificate["secret"]), certificate["entropy"])


def recommitted(files: dict[str, bytes], table: str, rows: list[bytes]) -> dict[str, bytes]:
    """A bundle with another table and a commitment to it: only the rows themselves can give it away."""
    committed = read(files, "commitment.json")
    if table == "recusals.tsv":
        committed["recusals"] = bundles.hexhash(b"\n".join(rows))
    else:
        committed[table[:-4]] |= {"size": len(rows), "root": draw.merkle_root(rows)}
    return {**files, table: b"\n".join(rows), "commitment.json": draw.canonical(committed)}


BAD_ROWS = [
    ("pool.tsv", "91330000AAAAAAAAAA\tA\t0\t东区\t"),
    ("pool.tsv", "91330000AAAAAAAAAA\tA\t65536\t东区\t"),
    ("pool.tsv", "91330000AAAAAAAAAA\tA\t01\t东区\t"),
    ("pool.tsv", "91330000AAAAAAAAAA\tA\t１\t东区\t"),
    ("pool.tsv", "91330000AAAAAAAAAA\tA\t-1\t东区\t"),
    ("pool.tsv", "91330000AAAAAAAAAA\tA\t1.0\t东区\t"),
    ("pool.tsv", "91330000AAAAAAAAAA\tA\t1\t\t"),
    ("pool.tsv", "91330000AAAAAAAAAA\t\t1\t东区\t"),
    ("pool.tsv", "91330000AAAAAAAAAA\tA\t1\t东区"),
    ("pool.tsv", "91330000AAAAAAAAAA\tA\t1\t东区\t\t"),
    ("pool.tsv", "91330000AAAAAAAAAA\tA\t1\t东区\tfood,drug"),
    ("pool.tsv", "91330000AAAAAAAAAA\tA\t1\t东区\tfood,food"),
    ("pool.tsv", "91330000AAAAAAAAAA\tA\t1\t东区\t,food"),
    ("pool.tsv", "91330000AAAAAAAAAA\tA\t1\t东区\tfood,"),
    ("pool.tsv", "91330000AAAAAAAAAa\tA\t1\t东区\t"),
    ("pool.tsv", "91330000AAAAAAAAAI\tA\t1\t东区\t"),
    ("pool.tsv", "91330000AAAAAAAAA\tA\t1\t东区\t"),
    ("pool.tsv", " 91330000AAAAAAAAAA\tA\t1\t东区\t"),
    ("pool.tsv", "~" + "A" * 32 + "\tA\t1\t东区\t"),
    ("pool.tsv", "~" + "a" * 31 + "\tA\t1\t东区\t"),
    ("inspectors.tsv", "I0123456789abcdef\t市场\t东区\t-1\t"),
    ("inspectors.tsv", "I0123456789abcdef\t市场\t东区\t00\t"),
    ("inspectors.tsv", "I0123456789abcdef\t市场\t东区\t\t"),
    ("inspectors.tsv", "I0123456789abcdef\t市场\t东区\t1234567890\t"),
    ("inspectors.tsv", "I0123456789abcdef\t市场\t东区\t0"),
    ("inspectors.tsv", "I0123456789abcdef\t市场\t\t0\t"),
    ("inspectors.tsv", "I0123456789abcdef\t\t东区\t0\t"),
    ("inspectors.tsv", "I0123456789abcdef\t市场\t东区\t0\tfood,drug"),
    ("inspectors.tsv", "I0123456789ABCDEF\t市场\t东区\t0\t"),
    ("inspectors.tsv", "张三\t市场\t东区\t0\t"),
    ("recusals.tsv", "91330000AAAAAAAAAA\t"),
    ("recusals.tsv", "91330000AAAAAAAAAA"),
    ("recusals.tsv", "I0123456789abcdef\t91330000AAAAAAAAAA"),
    ("recusals.tsv", "91330000AAAAAAAAAA\tI0123456789abcdef\t"),
    ("excluded.tsv", "91330000AAAAAAAAAA"),
    ("excluded.tsv", "91330000AAAAAAAAAA\t"),
    ("excluded.tsv", "91330000AAAAAAAAAA\tdead\t2024"),
    ("excluded.tsv", "某公司\tdead"),
]


@pytest.mark.parametrize(("table", "row"), BAD_ROWS)
def test_rows_out_of_range_are_refused(table: str, row: str) -> None:
    files = EXAMPLES["witness"]
    rows = sorted([*draw.lines(files[table]), row.encode()])
    assert refusal(recommitted(files, table, rows)) == "row"
    with pytest.raises(Refused, match=r"row|excluded|strata"):  # and no commitment to it can be made
        bundle(lines={**tables(), table: rows}, quotas={"A": 1, "B": 1, "K": 1, "": 0})


@pytest.mark.parametrize("table", ["pool.tsv", "inspectors.tsv", "excluded.tsv"])
def test_an_id_that_stands_twice_is_refused(table: str) -> None:
    files = EXAMPLES["witness"]
    rows = draw.lines(files[table])
    twice = (
        rows[3 % len(rows)].replace("区".encode(), "县".encode()).replace(b"annual-cap", b"hold").replace(b"dead", b"x")
    )
    assert twice not in rows
    assert refusal(recommitted(files, table, sorted([*rows, twice]))) == "repeated"


@settings(max_examples=600, deadline=None, derandomize=True)
@given(data=st.data())
def test_junk_in_a_table_that_was_committed_to_is_refused(data: st.DataObject) -> None:
    files = EXAMPLES["witness"]
    table = data.draw(st.sampled_from(["pool.tsv", "inspectors.tsv", "recusals.tsv", "excluded.tsv"]))
    rows = draw.lines(files[table])
    at = data.draw(st.integers(0, len(rows) - 1))
    fields = [data.draw(st.binary(max_size=4) | st.just(field)) for field in rows[at].split(b"\t")]
    changed = sorted({*rows[:at], *rows[at + 1 :], b"\t".join(fields[: data.draw(st.integers(0, 5))])})
    if changed != rows:
        assert refusal(recommitted(files, table, changed)) in (
            "row",
            "repeated",
            "text",
            "order",
            "strata",
            "quota",
            "size",
            "root",
            "replay",
        )


NOT_CANONICAL = [
    *(b"", b"{", b"[]", b"null", b"1", b"NaN", b"{}\n", b'{"a": 1}', b'{"b":1,"a":1}', b'{"a":1,"a":1}'),
    *(b'{"a":1.0}', b'{"a":1e3}', b'{"a":-0}', b'{"a":NaN}', b'{"a":Infinity}', b'{"a":' + b"9" * 5000 + b"}"),
    *(b'{"a":"\\u0061"}', b'{"a":"\\/"}', b'{"a":"\\ud800"}', b'{"a":"\xff"}', b'\xef\xbb\xbf{"a":1}'),
    *(
        '{"a":1}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ),
]


@pytest.mark.parametrize("data", NOT_CANONICAL, ids=range(len(NOT_CANONICAL)))
def test_json_that_is_not_canonical(data: bytes) -> None:
    with pytest.raises(Refused, match="json"):
        draw.parse(data, "certificate.json")
    for name in ("commitment.json", "certificate.json"):
        assert refusal({**EXAMPLES["witness"], name: data}) == "json"


def test_canonical_json_of_difficult_text() -> None:
    value = {"é": "\x7f\u2028😀", "z": '"\\\n\x01', "\uffff": 1, "😀": 2}
    data = draw.canonical(value)
    assert draw.parse(data, "x") == value
    assert data.decode() == '{"z":"\\"\\\\\\n\\u0001","é":"\x7f\u2028😀","\uffff":1,"😀":2}'
    assert all(left < right for left, right in pairwise(["z", "é", "\uffff", "😀"]))  # by code point, not UTF-16
