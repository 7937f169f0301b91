"""The checker as a program, and what it does with whatever else it is given."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import bundles, draw
from rules.draw import Refused
from tests.rules.test_draw import EXAMPLES
from tests.rules.test_draw_examples import bundle, read, tables

PROGRAM = Path(draw.__file__)


def refusal(files: Mapping[str, bytes], previous: bytes | None = None) -> str:
    with pytest.raises(Refused) as refused:
        draw.verify(files, previous)
    assert refused.value.detail
    return str(refused.value.code)


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
