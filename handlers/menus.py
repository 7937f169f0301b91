"""The commands that a chat finds in its menu: those of its person's roles, and what everybody may say."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.turn import Turn

EVERYBODY = ("start", "help", "lang", "cancel")
OF_ROLE = {
    "inspector": ("tasks", "code", "subject", "leads", "leave", "train"),
    "supervisor": (
        "review",
        "subject",
        "draws",
        "plans",
        "digest",
        "stats",
        "announce",
        "credit",
        "label",
        "leave",
        "deadlines",
        "suspend",
    ),
    "liaison": ("leads", "plans", "digest", "credit", "leave"),
    "deputy": ("leads",),
    "office": ("plans", "leads", "digest", "stats", "announce", "credit", "deadlines"),
    "administrator": (
        "import",
        "subject",
        "label",
        "leave",
        "deadlines",
        "invite",
        "suspend",
        "plans",
        "stats",
        "announce",
    ),
}


def menu(roles: Sequence[str]) -> list[str]:
    """The names of the commands for these roles, in order, each once."""
    return list(dict.fromkeys([*(name for role in OF_ROLE if role in roles for name in OF_ROLE[role]), *EVERYBODY]))


def hang(turn: Turn) -> None:
    """Give this chat the menu of its person, in its language."""
    names = menu(turn.chat.person.roles if turn.chat.person else ())
    turn.replies.append({"do": "menu", "commands": [[name, str(turn.words(f"command.{name}"))] for name in names]})
