"""Which browser the tests use, how it is started, and the marks of a test that needs one."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # What Playwright adds to those when it starts a browser itself, as far as it matters here.
    *("--disable-dev-shm-usage", "--disable-extensions", "--disable-renderer-backgrounding", "--hide-scrollbars"),
    *("--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--mute-audio"),
    *("--force-color-profile=srgb", "--password-store=basic"),
]
BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


@contextmanager
def started(folder: Path) -> Iterator[str]:
    """A Chromium with its files in a folder, and the address at which it takes orders."""
    assert CHROMIUM
    process = subprocess.Popen(
        [CHROMIUM, *ARGUMENTS, f"--user-data-dir={folder}", "--remote-debugging-port=0"], stderr=subprocess.DEVNULL
    )
    try:
        told = folder / "DevToolsActivePort"
        while not (told.exists() and told.read_text().count("\n")):
            assert process.poll() is None, "Chromium does not start"
            time.sleep(0.05)
        port, path = told.read_text().split()
        yield f"ws://127.0.0.1:{port}{path}"
    finally:
        process.terminate()
        process.wait()
