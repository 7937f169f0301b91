"""`python -m bot …`: everything that is done from a terminal."""

import gc

from bot.cli import app


def main() -> None:
    """Run the command line."""
    try:
        app()
    finally:
        gc.freeze()  # else Python looks a last time for cycles in all that there is: a second of every stop


if __name__ == "__main__":
    main()
