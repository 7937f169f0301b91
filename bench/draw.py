"""Measures the draw of a city beside its floor, a plain peer and its checker, all in one run (python bench/draw.py).

Seconds are those of the processor, of one core: a machine that has other work to do does not change them much.
"""

import argparse
import ast
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from rules import bundles, draw

AREAS = [f"区{n:02}" for n in range(90)]
TAGS = [f"tag{n:02}" for n in range(40)]
STRATA = [("A", 50, 1), ("B", 30, 1), ("C", 12, 1), ("D", 4, 1), ("K", 4, 3)]  # name, per cent, greatest weight
SECRET = sha256(b"bench").digest()
ENTROPY = {
    "kind": "witness",
    "contributions": [{"witness": "公证处", "text": "1"}, {"witness": "监察委", "text": "2"}],
}
ROWS = "SELECT code, stratum, weight, area, tags FROM subjects ORDER BY code"
STAFF = "SELECT id, organ, area, CAST(load AS TEXT), tags FROM inspectors ORDER BY id"
PARTS = ("rows read", "one SHA-256 a subject", "rows to lines", "bare Merkle tree", "tables written")


def build(path: Path, subjects: int, inspectors: int) -> None:
    """Fill a database with made-up subjects and inspectors, the same ones each time."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    bounds = [name for name, share, _ in STRATA for _ in range(share)]
    heaviest = {name: weight for name, _, weight in STRATA}

    def code(n: int) -> str:
        digits = ""
        for _ in range(10):
            n, rest = divmod(n, 31)
            digits = alphabet[rest] + digits
        return "91330700" + digits

    def subject(n: int) -> tuple[Any, ...]:
        x = int.from_bytes(sha256(b"subject %d" % n).digest()[:8], "big")
        stratum = bounds[x % 100]
        return code(n), stratum, 1 + x // 100 % heaviest[stratum], AREAS[x // 1000 % 90], TAGS[x // 100_000 % 40]

    def inspector(n: int) -> tuple[Any, ...]:
        x = int.from_bytes(sha256(b"inspector %d" % n).digest()[:8], "big")
        tags = sorted({TAGS[(x >> shift) % 40] for shift in range(0, 48, 6)})
        return bundles.public_inspector_id(b"bench", str(n)), "市场监管", AREAS[n % 90], x % 4, ",".join(tags)

    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE subjects (code TEXT PRIMARY KEY, stratum, weight, area, tags) WITHOUT ROWID")
        base.execute("CREATE TABLE inspectors (id TEXT PRIMARY KEY, organ, area, load, tags) WITHOUT ROWID")
        base.executemany("INSERT INTO subjects VALUES (?,?,?,?,?)", map(subject, range(subjects)))
        base.executemany("INSERT INTO inspectors VALUES (?,?,?,?,?)", map(inspector, range(inspectors)))
    base.close()


def floor(path: Path, out: Path) -> dict[str, float]:
    """The parts that no draw can do without, of subjects and of inspectors, each as bare as Python does it."""
    marks = [time.process_time()]
    base = sqlite3.connect(path)
    rows, staff = base.execute(ROWS).fetchall(), base.execute(STAFF).fetchall()
    base.close()
    marks.append(time.process_time())
    seed = sha256(b"seed").digest()
    for row in rows:
        sha256(seed + row[0].encode()).digest()
    marks.append(time.process_time())
    tables = [["\t".join((a, b, str(c), d, e)).encode() for a, b, c, d, e in rows]]
    tables.append(["\t".join(row).encode() for row in staff])
    del rows, staff
    marks.append(time.process_time())
    for lines in tables:
        level = [sha256(b"\0%b" % line).digest() for line in lines]
        while len(level) > 1:
            pairs, odd = iter(level), level[len(level) & ~1 :]
            level = [sha256(b"\1" + a + b).digest() for a, b in zip(pairs, pairs, strict=False)] + odd
    marks.append(time.process_time())
    for name, lines in zip(("pool", "inspectors"), tables, strict=True):
        (out / f"floor-{name}.tsv").write_bytes(b"\n".join(lines))
    marks.append(time.process_time())
    return dict(zip(PARTS, (later - earlier for earlier, later in pairwise(marks)), strict=True))


def peer(path: Path, out: Path) -> None:
    """What one would write in a minute: all subjects by SHA-256 of seed and id. No proof, no seats."""
    base = sqlite3.connect(path)
    codes = [row[0] for row in base.execute("SELECT code FROM subjects")]
    base.close()
    seed = sha256(b"seed").digest()
    sorted(codes, key=lambda code: sha256(seed + code.encode()).digest())[:32_000]


def ours(path: Path, out: Path, visits: int) -> float:
    """Pool to certificate: read, commit, draw subjects and seats, write the bundle. Returns the commitment's share."""
    begun = time.process_time()
    base = sqlite3.connect(path)
    base.text_factory = bytes  # SQLite writes the line, and Python never sees its fields
    query = "SELECT printf('%s\t%s\t%d\t%s\t%s', code, stratum, weight, area, tags) FROM subjects ORDER BY code"
    pool = [line for (line,) in base.execute(query)]
    query = "SELECT printf('%s\t%s\t%s\t%d\t%s', id, organ, area, load, tags) FROM inspectors ORDER BY id"
    staff = [line for (line,) in base.execute(query)]
    base.close()
    tables = {"pool.tsv": pool, "inspectors.tsv": staff, "recusals.tsv": []}
    near = [{"area": area, "neighbours": [AREAS[at - 1], AREAS[(at + 1) % 90]]} for at, area in enumerate(AREAS)]
    slots = [{"organ": "市场监管", "qualified": True}, {"organ": "市场监管", "qualified": False}]
    committed = bundles.commitment(
        tables,
        dict.fromkeys((name for name, _, _ in STRATA), Fraction(visits, len(pool))),
        authority="某市",
        task="330700202308231001",
        sequence=1,
        previous=draw.FIRST,
        rules={"slots": slots, "cap": 8, "neighbours": near, "reserves": 3},
        secret_hash=bundles.hexhash(SECRET),
        entropy={"kind": "witness", "witnesses": ["公证处", "监察委"]},
        committed_at="2026-03-02T01:00:00Z",
    )
    (out / "commitment.json").write_bytes(committed)
    for name, lines in tables.items():
        (out / name).write_bytes(b"\n".join(lines))
    middle = time.process_time()
    certificate = draw.canonical(draw.draw(committed, tables, SECRET, ENTROPY))
    (out / "certificate.json").write_bytes(certificate)
    return middle - begun


def check(path: Path, out: Path) -> int:
    """The bundle from its files, as a citizen's computer does it."""
    names = (*draw.TABLES, "commitment.json", "certificate.json")
    return len(draw.verify({name: (out / name).read_bytes() for name in names})["visits"])


def child(case: str, path: Path, out: Path, visits: int) -> None:
    """One measurement in a process (and a peak of memory) of its own; prints seconds, MiB and detail."""
    detail: Any = ""
    begun = time.process_time()
    if case == "floor":
        detail = floor(path, out)
        taken = sum(detail.values())
    else:
        cases: dict[str, Callable[[], Any]] = {
            "peer": lambda: peer(path, out),
            "draw": lambda: ours(path, out, visits),
            "check": lambda: check(path, out),
        }
        detail = cases[case]()
        taken = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(repr((taken, peak, detail)))


def measure(case: str, path: Path, out: Path, visits: int) -> tuple[float, float, Any]:
    command = [sys.executable, __file__, "--child", case, str(path), str(out), str(visits)]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    result: tuple[float, float, Any] = ast.literal_eval(made)
    return result


def compare(subjects: int, inspectors: int, visits: int, runs: int) -> float:
    """Print one table; returns our median."""
    with tempfile.TemporaryDirectory() as folder:
        out, path = Path(folder), Path(folder) / "city.db"
        build(path, subjects, inspectors)
        taken: dict[str, list[float]] = {}
        peaks: dict[str, float] = {}
        for run in range(runs + 1):  # the first warms up and is dropped; cases take turns, so that noise hits all alike
            for case in ("floor", "peer", "draw", "check"):
                seconds, peak, detail = measure(case, path, out, visits)
                if run or runs == 0:
                    taken.setdefault(case, []).append(seconds)
                    peaks[case] = max(peak, peaks.get(case, 0))
                    for part, share in detail.items() if case == "floor" else ():
                        taken.setdefault(f"  {part}", []).append(share)
                    if case == "draw":
                        taken.setdefault("  of it the commitment", []).append(detail)
    base, mine = statistics.median(taken["floor"]), statistics.median(taken["draw"])
    print(f"\n{subjects:,} subjects, {inspectors:,} inspectors, {visits:,} visits of 2 seats; {runs} runs after 1")
    print(f"{'':24}{'min s':>8}{'median s':>10}{'/ floor':>9}{'/ draw':>8}{'peak MiB':>10}")
    for case in ("floor", *(f"  {part}" for part in PARTS), "peer", "draw", "  of it the commitment", "check"):
        median = statistics.median(taken[case])
        memory = f"{peaks[case]:10.0f}" if case in peaks else ""
        print(f"{case:24}{min(taken[case]):8.2f}{median:10.2f}{median / base:9.2f}{median / mine:8.2f}{memory}")
    checked = statistics.median(taken["check"])
    bare = base - statistics.median(taken["  rows to lines"])
    print(f"goals: draw / floor {mine / base:.2f} (≤ 1.6; {mine / bare:.2f} without making the lines), ", end="")
    print(f"check / draw {checked / mine:.2f} (≤ 2), ", end="")
    print(f"memory {max(peaks['draw'], peaks['check']):.0f} MiB (< 1,200 MB)", flush=True)
    return mine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, nargs="+", default=[100_000, 200_000, 400_000, 800_000, 1_600_000])
    parser.add_argument(
        "--inspectors", type=int, default=12_000, help="of the largest city; smaller ones in proportion"
    )
    parser.add_argument("--visits", type=int, default=32_000, help="likewise")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child[0], Path(given.child[1]), Path(given.child[2]), int(given.child[3]))
        return
    growth = {}
    for subjects in sorted(given.subjects):
        visits = max(len(STRATA), given.visits * subjects // max(given.subjects))
        inspectors = max(2 * len(AREAS), given.inspectors * subjects // max(given.subjects))
        growth[subjects] = compare(subjects, inspectors, visits, given.runs)
    print("\ngrowth of the draw:", ", ".join(f"{n:,}: {1e6 * s / n:.2f} µs a subject" for n, s in growth.items()))


if __name__ == "__main__":
    main()
