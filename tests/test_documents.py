"""What the documents say is there: links, files, tests, commands, variables, and the picture of the house."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from actions.imports import KINDS, bring_in
from bot.cli import app
from bot.settings import Settings
from locales import catalogue, files
from models.database import Database
from tests.conftest import SHARED

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
NAMED = re.compile(r"`((?:[a-z_]+/)+[\w.-]*)`")
MAKE = re.compile(r"\bmake ([a-z][a-z-]*)\b")
COMMAND = re.compile(r"python -m bot ([a-z]+)(?: ([a-z]+)\b(?!\|))?")
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_only_what_is_there(page: Path) -> None:
    words = page.read_text()
    targets = [link.partition("#")[0] for link in LINK.findall(words) if not link.startswith(("http", "#"))]
    assert [link for link in targets if not (page.parent / link).exists()] == []
    if page.name != "CHANGELOG.md":
        folders = {one.name for one in ROOT.iterdir()}
        named = [name for name in NAMED.findall(words) if name.split("/")[0] in folders - {"data"}]
        assert [name for name in named if not (ROOT / name).exists()] == []
    fenced = "\n".join(re.findall(r"```.*?```|`[^`]+`", words, re.DOTALL))
    assert set(MAKE.findall(fenced)) - TARGETS == set()


def commands() -> set[tuple[str, str]]:
    """Every command of the command line, and the commands of its groups."""
    found = {(command.name or command.callback.__name__, "") for command in app.registered_commands if command.callback}
    for group in app.registered_groups:
        assert group.typer_instance
        found.add((group.name or "", ""))
        for command in group.typer_instance.registered_commands:
            found.add((group.name or "", command.name or getattr(command.callback, "__name__", "")))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_only_commands_that_exist(page: Path) -> None:
    known = commands()
    for command, part in COMMAND.findall(page.read_text()):
        assert (command, "") in known, command
        grouped = {second for first, second in known if first == command} - {""}
        assert not grouped or not part or (command, part) in known, (command, part)


def test_the_readme_lists_every_variable_and_no_other() -> None:
    table = re.findall(r"^\| (`[A-Z_`, ]+`) \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    listed = {name.strip("` ") for row in table for name in row.split(",")}
    assert listed == {name.upper() for name in Settings.model_fields}


def test_every_clause_of_the_regulation_has_its_row() -> None:
    clauses = SHARED / "regulation" / "CLAUSES.md"
    rows = re.findall(r"^\| (R[\d.]+[a-z]?) \|", (ROOT / "docs" / "regulation.md").read_text(), re.MULTILINE)
    assert len(rows) == len(set(rows)) == 38
    if clauses.exists():
        wanted = re.findall(r"^\| (R\d\.\d[\d.]*[a-z]?) \|", clauses.read_text(), re.MULTILINE)
        assert wanted == rows


def test_the_picture_of_the_house_is_of_this_house() -> None:
    program = "import sys; sys.path.insert(0, '.'); from docs.house import picture; print(picture(), end='')"
    drawn = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert drawn.stdout == (ROOT / "docs" / "house.svg").read_text()


async def test_the_samples_can_be_taken_in_as_the_readme_says(database: Database) -> None:
    lines = re.findall(r"^python -m bot import (\w+) (docs/samples/\S+)$", (ROOT / "README.md").read_text(), re.M)
    assert lines == re.findall(
        r"^python -m bot import (\w+) (docs/samples/\S+)$", (ROOT / "README.zh.md").read_text(), re.M
    )
    assert {ROOT / name for _, name in lines} == set((ROOT / "docs" / "samples").iterdir())
    for kind, name in lines:
        async with database.write() as session:
            report = await bring_in(session, [KINDS[kind]], (ROOT / name).read_bytes(), name, datetime.now(UTC), None)
            assert (report.refused, report.added > 0) == ([], True), name


IMPORTS = set(KINDS)
TYPED = {"提交", "submit"}  # words that are typed, beside those with numbers in them


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_guide_names_buttons_as_they_are_called(language: str) -> None:
    labels = {
        str(message.string).partition(" {")[0]
        for path in files(language)
        for message in catalogue(path, language)
        if str(message.id).startswith(("button.", "outcome."))
    }
    pages = [page for page in PAGES if page.parent.name == "guide" and (".zh." in page.name) == (language == "zh_CN")]
    assert len(pages) == 5
    for page in pages:
        quoted = set(re.findall(r"`([^`]+)`", page.read_text())) - TYPED
        buttons = {one for one in quoted if not re.search(r"[0-9/_]|--|python|except|除", one)} - IMPORTS
        assert buttons - labels == set(), page.name
