"""Brings the database to the present form; run at every start, and by `python -m bot migrate`."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def migrate(url: str, revision: str = "head") -> None:
    """Upgrade to a revision. Creates the tables of an empty database."""
    command.upgrade(config(url), revision)


def head(url: str) -> str:
    """The newest revision: the form that this program wants a database to have."""
    return ScriptDirectory.from_config(config(url)).get_current_head() or ""


def config(url: str) -> Config:
    """Alembic's settings for a database."""
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS))
    settings.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return settings
