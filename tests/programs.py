"""`python -m bot …` as a process of its own, without the seconds that it takes Python to read the program.

A server imports the program once for each worker and forks it for every start: the same code in a real process, with
its own environment, arguments, output and signals.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import time_machine

ROOT = Path(__file__).parents[1]
_fork = multiprocessing.get_context("forkserver")
MEASURED = os.environ.get("SLIPCOVER_COVERAGE_DIR")  # by `make test`
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
_fork.set_forkserver_preload([*(["slipcover.pytest_plugin"] if MEASURED else []), "bot.cli"])


def start(words: tuple[str, ...], environment: Mapping[str, str], out: Path, err: Path) -> ForkServerProcess:
    """Start it; what it prints is added to the files."""
    process = _fork.Process(target=_run, args=(words, dict(environment), out, err))
    process.start()
    return process


def run(
    words: tuple[str, ...], environment: Mapping[str, str], within: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run it to its end, as `subprocess.run` does."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = start(words, environment, out, err)
        process.join(within)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(words, within)
        return subprocess.CompletedProcess(words, process.exitcode, out.read_text(), err.read_text())


def _run(words: tuple[str, ...], environment: dict[str, str], out: Path, err: Path) -> None:
    from bot.__main__ import main

    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), number)
    os.environ.clear()
    os.environ.update(environment)
    _keep_clock(environment)
    os.chdir(ROOT)
    sys.argv = ["bot", *words]
    try:
        main()
    except Exception:  # as Python does with a program of its own
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        sys.exit(1)
    finally:
        if MEASURED:
            _keep_coverage(Path(MEASURED))


def _keep_coverage(folder: Path) -> None:
    """Leave to the worker what ran in this process: to work out what did not takes seconds, in each of a hundred."""
    from slipcover import pytest_plugin

    measured = pytest_plugin._slipcover_instance
    for file, seen in measured._get_newly_seen().items():
        measured.all_seen[file].update(seen)
    (folder / f"{WORKER}-{os.getpid()}.seen").write_bytes(pickle.dumps(dict(measured.all_seen)))


def gather_coverage() -> None:
    """What ran in the processes of this worker has run in the worker."""
    from slipcover import pytest_plugin

    for path in Path(MEASURED or "").glob(f"{WORKER}-*.seen"):
        for file, seen in pickle.loads(path.read_bytes()).items():
            pytest_plugin._slipcover_instance.all_seen[file].update(seen)


def _keep_clock(environment: dict[str, str]) -> None:
    """A machine whose clock is `CLOCK_AHEAD` seconds ahead of ours; SIGUSR1 sets it to what `CLOCK_FILE` says.

    Only the time of day changes, as when somebody sets a clock: what counts seconds counts on. The file is taken away
    once the clock is set.
    """
    kept: list[time_machine.travel] = []

    def set_clock(ahead: float) -> None:
        if kept:
            kept.pop().stop()
        kept.append(time_machine.travel(datetime.now(UTC) + timedelta(seconds=ahead), tick=True))
        kept[0].start()

    def heard(*_: Any) -> None:
        path = Path(environment["CLOCK_FILE"])
        set_clock(float(path.read_text()))
        path.unlink()

    if ahead := environment.get("CLOCK_AHEAD"):
        set_clock(float(ahead))
    if "CLOCK_FILE" in environment:
        signal.signal(signal.SIGUSR1, heard)
