"""`python -m bot …`: everything that is done from a terminal."""

from bot.cli import app


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
