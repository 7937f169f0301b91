"""Shows PTB the way by the routing table: which handler an update goes to, and what becomes of an error in one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from telegram import Update
from telegram.ext import (
    Application,
    BaseHandler,
    CallbackContext,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    MessageHandler,
    TypeHandler,
    filters,
)

from handlers import BUTTONS, COMMANDS, fallback
from handlers.turn import Turn, current

EVIDENCE = filters.VOICE | filters.AUDIO | filters.VIDEO | filters.VIDEO_NOTE | filters.LOCATION


async def tapped(turn: Turn) -> None:
    """A button: its verb says who answers."""
    assert turn.query
    if turn.chat.id < 0:  # a group: nobody's work is shown there
        turn.toast(turn.words("only_private"))
        return
    verb = (turn.query.data or "").partition(":")[0]
    await BUTTONS.get(verb, fallback.old_button)(turn)


def on(act: Callable[[Turn], Awaitable[None]]) -> Callable[[Update, Any], Coroutine[Any, Any, Any]]:
    """Let PTB call a handler of ours: the turn is the one that is being taken in this task."""

    async def called(_update: Update, _context: Any) -> None:
        await act(current.get())

    return called


def commanded(act: Callable[[Turn], Awaitable[None]]) -> Callable[[Turn], Awaitable[None]]:
    """A command goes elsewhere: what is typed after it answers no question of a card."""

    async def called(turn: Turn) -> None:
        turn.go_elsewhere()
        await act(turn)

    return called


async def _keep_error(_update: object, context: CallbackContext[Any, Any, Any, Any]) -> None:
    """PTB swallows what a handler raises; the turn must know, so that it can be rolled back."""
    current.get().failed = context.error


def install(application: Application[Any, Any, Any, Any, Any, Any]) -> None:
    """Give PTB the routes; the first that fits an update takes it, and the last fits all."""
    private = filters.ChatType.PRIVATE
    fresh = private & filters.UpdateType.MESSAGE
    routes: list[BaseHandler[Any, Any, Any]] = [
        ChatMemberHandler(on(fallback.membership), ChatMemberHandler.MY_CHAT_MEMBER),
        CallbackQueryHandler(on(tapped)),
        *(CommandHandler(name, on(commanded(act)), fresh) for name, act in COMMANDS.items()),
        MessageHandler(fresh & filters.Document.ALL, on(fallback.document)),
        MessageHandler(fresh & (filters.TEXT | filters.PHOTO), on(fallback.heard)),
        MessageHandler(fresh & EVIDENCE, on(fallback.recorded)),
        MessageHandler(private & filters.UpdateType.EDITED, on(fallback.edited)),
        MessageHandler(fresh, on(fallback.odd)),
        TypeHandler(Update, on(fallback.in_group)),
    ]
    application.add_handlers(routes)
    application.add_error_handler(_keep_error)
