"""What `--help` says, and what is said of a wrong setting, in the language of the installation."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from typer import rich_utils
from typer.core import TyperGroup

from actions.imports import KINDS
from bot.cli_base import words_of
from bot.settings import Settings
from locales import LANGUAGES, Words
from locales.wrong import why
from rules.retention import LEAST

EXIT_WRONG_USAGE = 2
FILE_OF_A_TABLE = {"import": "table", "export": "written"}  # the words for it


def checked_settings() -> Settings:
    """The settings of the environment. What is wrong is said by its name, never with its value, which may be secret."""
    wrong: list[tuple[str, dict[str, Any]]]
    try:
        return Settings()
    except ValidationError as error:
        wrong = [(str(one["loc"][0]), dict(one)) for one in error.errors(include_url=False, include_input=False)]
    except SettingsError as error:  # a list that is not JSON
        wrong = [(str(error).split('"')[1], {"type": "json_invalid", "msg": ""})]
    asked = os.environ.get("LANGUAGE", "")
    language = asked if asked in LANGUAGES else LANGUAGES[0]
    words = words_of(Settings.model_construct(language=language, timezone="Asia/Shanghai"))
    for name, problem in wrong:
        said = words("cli.wrong_setting", name=name.upper(), why=why(words, problem, least=LEAST))
        typer.echo(said.unescape(), err=True)
    sys.exit(EXIT_WRONG_USAGE)


def in_words(app: typer.Typer, words: Words) -> Any:
    """The command line with everything that its help says in one language: `cli.about.…` and `cli.option.…`."""
    rich_utils.ARGUMENTS_PANEL_TITLE = str(words("cli.arguments"))
    rich_utils.OPTIONS_PANEL_TITLE = str(words("cli.options"))
    rich_utils.COMMANDS_PANEL_TITLE = str(words("cli.commands"))
    rich_utils.ERRORS_PANEL_TITLE = str(words("cli.error"))
    rich_utils.REQUIRED_LONG_STRING = str(words("cli.required"))
    rich_utils.DEFAULT_STRING = str(words("cli.default", value="{}"))
    command = typer.main.get_command(app)
    _translate(command, words, "")
    return command


def _translate(command: Any, words: Words, path: str) -> None:
    """A command and those below it. KeyError if one of them, or what it takes, has no words."""
    table = path.partition(".")[2]
    if table in KINDS:
        columns = "、".join(column.synonyms[0] for column in KINDS[table].columns if column.needed)
        about = words(f"cli.about.kind.{table}", columns=columns)
    else:
        about = words(f"cli.about{path and '.'}{path}")
    command.help = str(about.unescape())
    command.short_help = command.help.partition("\n")[0]
    for one in command.get_params(typer.Context(command)):
        own = f"cli.option.{path}.{one.name}"
        name = FILE_OF_A_TABLE[path.partition(".")[0]] if table in KINDS and one.name == "file" else one.name
        one.help = str(words(own if words.has(own) else f"cli.option.{name}").unescape())
    if isinstance(command, TyperGroup):
        for name, below in command.commands.items():
            _translate(below, words, f"{path}.{name}".lstrip("."))
