"""`python -m bot …`: everything that is done from a terminal."""

import gc
import sys

import typer

from bot.cli import app
from bot.cli_base import words_of
from bot.cli_help import checked_settings, in_words
from models.database import away


def main() -> None:
    """Run the command line. What is wrong with the machine is said in a sentence, what is wrong with us is logged."""
    words = words_of(checked_settings())
    try:
        in_words(app, words)()
    except Exception as error:
        if not away(error):
            raise
        typer.echo(words("cli.away", why=getattr(error, "orig", error)).unescape(), err=True)
        sys.exit(1)
    finally:
        gc.freeze()  # else Python looks a last time for cycles in all that there is: a second of every stop


if __name__ == "__main__":
    main()
