"""`python -m bot …`: everything that is done from a terminal."""

import errno
import gc
import sys

import typer

from bot.cli import app
from bot.cli_base import words_of
from bot.cli_help import checked_settings, in_words
from models.database import away


def main() -> None:
    """Run the command line. What is wrong with the machine is said in a sentence, what is wrong with us is logged."""
    settings = checked_settings()
    words = words_of(settings)
    try:
        in_words(app, words)()
    except Exception as error:
        if not away(error):
            raise
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            why = words("cli.port_taken", port=settings.port)
        else:
            why = words("cli.away", why=getattr(error, "orig", error))
        typer.echo(why.unescape(), err=True)
        sys.exit(1)
    finally:
        gc.freeze()  # else Python looks a last time for cycles in all that there is: a second of every stop


if __name__ == "__main__":
    main()
