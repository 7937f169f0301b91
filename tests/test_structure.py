"""The house stands: words in both languages, buttons that lead somewhere, modules that say why they exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Message

import handlers
from actions import notify
from handlers.fallback import AWAITED
from handlers.notices import NOTICES
from handlers.reminders import OPENS
from handlers.turn import FORMS, QUESTIONS
from locales import LANGUAGES, catalogue, files
from models.reminders import MOVES, SOURCES
from rules import corrections, deadlines, evidence, leads, people, results, seats, statistics, visits

ROOT = Path(__file__).parent.parent
CODE = sorted(
    path
    for folder in ("bot", "handlers", "web", "actions", "rules", "documents", "demo")
    for path in (ROOT / folder).rglob("*.py")
)
KEY = re.compile(r"[a-z_]+(\.[a-z_A-Z0-9-]+)+")


def messages(language: str) -> dict[str, Message]:
    """All messages of a language by key; a key that stands twice is a mistake."""
    found: dict[str, Message] = {}
    for path in files(language):
        for message in catalogue(path, language):
            if message.id:
                key = message.id[0] if isinstance(message.id, tuple) else message.id
                assert key not in found, f"{key} stands twice in {language}"
                found[key] = message
    return found


def forms(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def gaps(message: Message) -> set[str]:
    return {name for form in forms(message) for _, name, _, _ in Formatter().parse(form) if name}


def test_both_languages_say_the_same_things() -> None:
    chinese, english = messages("zh_CN"), messages("en")
    assert chinese.keys() == english.keys()
    for key, message in chinese.items():
        assert all(forms(message) + forms(english[key])), key
        assert gaps(message) - {"n"} == gaps(english[key]) - {"n"}, key


def test_html_of_every_message_is_closed() -> None:
    for language in LANGUAGES:
        for key, message in messages(language).items():
            for form in forms(message):
                for tag in ("b", "i"):
                    assert form.count(f"<{tag}>") == form.count(f"</{tag}>"), (language, key)


def called_with_key() -> set[tuple[str, str]]:
    """Every constant key with which the code asks for words, and where."""
    found = set()
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                if name in ("words", "t") and path.parent.name != "actions":  # actions have no words
                    found.add((first.value, path.name))
                if name == "Refusal":
                    found.add((f"refusal.{first.value}", path.name))
    return found


def test_every_key_that_the_code_asks_for_has_words() -> None:
    known = messages("zh_CN")
    assert {(key, where) for key, where in called_with_key() if key not in known} == set()


def test_every_button_has_a_label_and_an_answer() -> None:
    known = messages("zh_CN")
    pressed = {"lead_assign_to", "lead_split_to", "lead_to", "lead_send", "free_to", "free_send"}  # handed on
    for path in (ROOT / "handlers").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and (maker := getattr(node.func, "id", "")) in ("button", "turning", "leaf"):
                verb = node.args[2 if maker == "leaf" else 1]
                labelled = maker != "button" or any(keyword.arg == "label" for keyword in node.keywords)
                verbs = [
                    part.value
                    for part in ast.walk(verb)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                ]
                pressed.update(verbs)
                assert labelled or all(f"button.{one}" in known for one in verbs), (path.name, verbs)
    assert pressed - handlers.BUTTONS.keys() == set()
    assert handlers.BUTTONS.keys() - pressed == set()


def test_no_label_of_a_button_is_left_over() -> None:
    used, families = {"button.lead_send"}, set()  # `lead_drafts` puts that one together
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "button":
                if all(keyword.arg != "label" for keyword in node.keywords):
                    used |= {f"button.{one.value}" for one in ast.walk(node.args[1]) if isinstance(one, ast.Constant)}
            elif isinstance(node, ast.JoinedStr) and isinstance(begin := node.values[0], ast.Constant):
                families.add(begin.value)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                used.add(node.value)
    families -= {"button."}
    left = {key for key in messages("zh_CN") if key.startswith("button.")} - used
    assert {key for key in left if not any(key.startswith(one) for one in families if one)} == set()


def test_every_step_and_piece_of_evidence_has_words_on_paper() -> None:
    known = messages("zh_CN")
    told = {("visit", kind) for kind in seats.REASONS} | {("lead", f"resolve.{one}") for one in leads.OUTCOMES}
    for path in (ROOT / "actions").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            name = getattr(called, "id", "") or getattr(called, "attr", "")
            if name == "record" and isinstance(node.args[4], ast.Constant):
                verbs = {one.value for one in ast.walk(node.args[3]) if isinstance(one, ast.Constant)}
                told |= {(node.args[4].value, verb) for verb in verbs if verb and not verb.endswith("_")}
            elif name in ("write", "put", "place", "close", "to_office"):  # of a lead, each with its verb
                told |= {("lead", one.value) for one in node.args[2:4] if isinstance(one, ast.Constant) and one.value}
    steps = {f"{noun}.{verb}" for noun, verb in told if noun in ("visit", "draw", "lead")}
    assert len(steps) > 70
    assert {one for one in steps if f"paper.step.{one}" not in known} == set()
    kinds = {*evidence.SHOWS, *evidence.WEIGHED, "document", "voice", "audio"}
    assert {one for one in kinds if f"paper.evidence.{one}" not in known} == set()


def test_every_command_result_state_and_outcome_has_words() -> None:
    known = messages("zh_CN")
    wanted = {f"command.{name}" for name in handlers.COMMANDS}
    wanted |= {f"{key}.{role}" for role in people.ROLES for key in ("role", "help")}
    wanted |= {f"result.{result}" for result in results.RESULTS}
    wanted |= {f"fix.state.{state}" for state in corrections.MOVES}
    wanted |= {f"visit.state.{state}" for state in visits.MOVES}
    wanted |= {f"lead.state.{state}" for state in leads.MOVES} | {f"lead.title.{state}" for state in leads.MOVES}
    wanted |= {f"outcome.{one}" for one in leads.OUTCOMES} | {f"lead.words.{one}" for one in leads.OUTCOMES}
    wanted |= {f"statistics.{key}{end}" for key in statistics.FIGURES for end in ("", ".total", ".met")}
    wanted |= {f"statistics.by.{one}" for one in statistics.DIMENSIONS}
    wanted |= {f"deadline.{kind}" for kind in deadlines.TABLE}
    assert wanted - known.keys() == set()


def test_every_kind_of_reminder_has_a_deadline_and_a_button() -> None:
    assert SOURCES.keys() - deadlines.TABLE.keys() == set()
    assert MOVES.keys() - SOURCES.keys() == set()
    assert OPENS.keys() == SOURCES.keys()
    assert set(OPENS.values()) - handlers.BUTTONS.keys() == set()
    needed = {"thing", "name", "person_id", "organ_id"}
    for kind, queries in SOURCES.items():
        for query in queries:
            columns = set(query.selected_columns.keys())
            assert needed <= columns, kind
            assert columns & {"since", "due"}, kind


def test_every_notice_that_is_promised_can_be_worded() -> None:
    promised = set()
    for path in (*(ROOT / "actions").glob("*.py"), *(ROOT / "handlers").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
                notify.notify.__name__,
                "tell_people",
                "_tell_inspectors",
                "_tell_people",
                "_tell_supervisors",
            ):
                promised |= {
                    part.value
                    for argument in node.args
                    for part in ast.walk(argument)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value in NOTICES
                }
    assert promised | {"visits.seat_open", "visits.seat_refilled", "announcement"} == NOTICES.keys()


def test_what_is_waited_for_is_heard() -> None:
    waited = {"lead.text", "lead.free"}  # of a draft, which knows which of the two it is
    for path in (ROOT / "handlers").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
            place = {"wait_for": 0, "ask": 3}.get(called)  # `leads.ask(turn, lead, words, what)`
            if place is not None and len(node.args) > place and isinstance(node.args[place], ast.Constant):
                waited.add(node.args[place].value)
    waited.discard("")
    assert waited - {"visit", "bind"} == AWAITED.keys()
    asks_first = "announcement.text import.confirm label.words lead.free lead.text people.leave people.suspend"
    looks = "deadline.words lead.search lead.subject seats.leave_all subject.search training"
    assert AWAITED.keys() >= FORMS
    assert QUESTIONS | {*asks_first.split(), *looks.split()} == AWAITED.keys()


@pytest.mark.parametrize(
    "path", [path for path in CODE if path.name != "__init__.py"], ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_module_says_why_it_exists(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), path
    assert len(path.read_text().splitlines()) <= 400, "is this one thing?"


HOUSE = "actions bench bot demo docs documents handlers jobs locales migrations models rules simulator tests web"


@pytest.mark.parametrize("folder", HOUSE.split())
def test_a_long_file_says_why_it_is_long(folder: str) -> None:
    texts = {path: path.read_text() for path in (ROOT / folder).rglob("*.py")}
    assert texts
    long = [path for path, text in texts.items() if len(text.splitlines()) > 300]
    assert [one for one in long if "long" not in (ast.get_docstring(ast.parse(texts[one])) or "").lower()] == []
