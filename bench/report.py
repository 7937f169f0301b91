"""Writes docs/benchmarks.md: each bench as it was run, with what it printed (make bench).

What a bench measures and what it is measured against stands at its head. All of them run one after the other on this
machine, which should do nothing else meanwhile.
"""

import os
import platform
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "docs" / "benchmarks.md"
BENCHES = (
    ("draw.py",),
    ("imports.py",),
    ("web.py",),
    ("updates.py",),
    ("papers.py",),
    ("broadcast.py",),
)


def run(*words: str) -> tuple[str, int, float]:
    """What a bench prints, its exit code, and the seconds it took."""
    began = time.monotonic()
    done = subprocess.run([sys.executable, f"bench/{words[0]}", *words[1:]], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or done.stderr.strip()[-2000:], done.returncode, time.monotonic() - began


def machine() -> str:
    """What it runs on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}"
    )


def main() -> None:
    """Run all, or those that are named, and write the report."""
    wanted = sys.argv[1:]
    parts = [
        "# Benchmarks",
        f"Made by `make bench` on {datetime.now(UTC):%Y-%m-%d} ({machine()}). Each figure is a ratio to a floor that "
        "was measured in the same run; what the floor is stands at the head of each bench. A bench ends with exit code "
        "1 where it misses its goal.",
    ]
    for words in BENCHES:
        if wanted and words[0].removesuffix(".py") not in wanted:
            continue
        print(f"bench/{words[0]} …", flush=True)
        printed, code, took = run(*words)
        command = " ".join(("python", f"bench/{words[0]}", *words[1:]))
        parts.append(f"## `{command}`\n\nTook {took:.0f} s, exit code {code}.\n\n```text\n{printed}\n```")
    REPORT.write_text("\n\n".join(parts) + "\n")
    print(f"written: {REPORT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
