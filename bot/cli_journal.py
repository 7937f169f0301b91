"""`journal verify|roots`: whether anything in the journal was changed, and what to keep elsewhere to be sure (R4.3)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from actions import chain
from bot.cli_base import Json, look, words_of
from bot.settings import Settings

journal_app = typer.Typer(no_args_is_help=True)
SHOWN = 20  # findings in words; `--json` has all

Known = Annotated[Path | None, typer.Option("--roots", exists=True, dir_okay=False)]


@journal_app.command()
def verify(roots: Known = None, as_json: Json = False) -> None:
    """Walk the whole chain. Exit code 1 if an entry was changed, taken out or put in."""
    known = _read(roots) if roots else []
    found = look(lambda session: chain.verify(session, known), as_json)
    if as_json:
        wrong = [{"code": code, "what": what} for code, what in found.wrong]
        counts = {"entries": found.entries, "roots": found.roots, "waiting": found.waiting, "signers": found.signers}
        typer.echo(json.dumps({"accepted": not found.wrong, "wrong": wrong, **counts}))
    else:
        words = words_of(Settings())
        for code, what in found.wrong[:SHOWN]:
            typer.echo(words(f"journal.{code}", what=what).unescape())
        if len(found.wrong) > SHOWN:
            typer.echo(words("journal.more", len(found.wrong) - SHOWN).unescape())
        verdict = "journal.rejected" if found.wrong else "journal.accepted"
        typer.echo(words(verdict, entries=found.entries, roots=found.roots, waiting=found.waiting).unescape())
        for signer in found.signers:
            typer.echo(words("journal.signer", signer=signer).unescape())
    raise typer.Exit(1 if found.wrong else 0)


def _read(path: Path) -> list[dict[str, object]]:
    try:
        known = json.loads(path.read_text("utf-8"))["roots"]
        if all({"day", "sequence", "hash"} <= one.keys() for one in known):
            return list(known)
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise typer.BadParameter(words_of(Settings())("journal.no_roots", file=path.name).unescape())


@journal_app.command()
def roots() -> None:
    """The signed ends of all days as JSON, to be kept where nobody who runs this machine can change them."""
    typer.echo(json.dumps({"roots": [one.public for one in look(chain.roots, as_json=True)]}, indent=1))
