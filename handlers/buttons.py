"""Buttons carry everything (`verb:ids:version`), and a tap on an old one is caught here, once for all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from handlers.turn import Button, Rows, Turn
from locales import Words
from rules.refusal import Refusal

LARGEST = 2**31  # numbers of ours are smaller; PostgreSQL would break on a larger one
MOST = 90  # things on a list to choose from; Telegram takes a hundred buttons

T = TypeVar("T")
Load = Callable[[Turn], Awaitable[Any]]
Act = Callable[[Turn, Any], Awaitable[None]]


def button(words: Words, verb: str, *ids: int, version: int = 0, label: str = "", **gaps: Any) -> Button:
    """A button: its label is `button.VERB` of the catalogue unless another key is named; at most 64 bytes of data."""
    data = ":".join([verb, *map(str, ids), str(version)])
    if len(data.encode()) > 64:
        raise ValueError(f"button data over 64 bytes: {data}")
    return str(words(label or f"button.{verb}", **gaps).unescape()), data


def turning(words: Words, verb: str, *ids: int, page: int, pages: int) -> list[Button]:
    """The buttons to the pages before and after this one, as far as there are some."""
    row = [button(words, verb, *ids, page - 1, label="button.earlier_page")] if page else []
    return [*row, button(words, verb, *ids, page + 1, label="button.later_page")] if page + 1 < pages else row


def leaf(
    words: Words, found: Sequence[T], verb: str, *ids: int, page: int, size: int
) -> tuple[list[tuple[int, T]], Rows]:
    """One page of a list: what stands on it with its numbers in the whole list, and the row that turns the page."""
    pages = max(1, -(-len(found) // size))
    begin = min(page, pages - 1) * size
    row = turning(words, verb, *ids, page=begin // size, pages=pages)
    return list(enumerate(found[begin : begin + size], begin + 1)), [row] if row else []


class Numbers(list[int]):
    """What a button carries. Anybody can send any data, so one that is not there is refused, not an error of ours."""

    def __getitem__(self, index: Any) -> Any:
        """A number, or a slice of them."""
        try:
            return super().__getitem__(index)
        except IndexError:
            raise Refusal("gone") from None


def number(part: str) -> int:
    """A number out of a button. Refused if it is none that we could have put there."""
    if not (part.isascii() and part.isdecimal()) or len(part) > 10 or (value := int(part)) >= LARGEST:
        raise Refusal("gone")
    return value


@dataclass(frozen=True)
class Tap:
    """What a button does: `load` finds the thing and refuses whom it does not concern, `act` changes it.

    `show` draws the thing as it is now; it answers a stale tap and a refused one. `version` tells which version the
    button speaks of (None: the button never grows old). `keeps`: it only sends something to look at, so that a question
    that is open stays open.
    """

    verb: str
    act: Act
    load: Load
    show: Act
    version: Callable[[Turn, Any], int] | None = lambda turn, thing: int(thing.version)
    keeps: bool = False

    async def __call__(self, turn: Turn) -> None:
        """Handle a tap: once, on the present state, or say that it came too late."""
        assert turn.query
        turn.args = Numbers(map(number, (turn.query.data or "").split(":")[1:]))
        if not turn.args:
            raise Refusal("gone")
        version = turn.args.pop()
        thing = await self.load(turn)

        ids = Numbers(turn.args)

        async def show_again(fresh: Turn) -> None:
            fresh.args = ids
            await self.show(fresh, await self.load(fresh))

        turn.show_again = show_again
        if self.version and self.version(turn, thing) != version:
            turn.toast(turn.words("stale"))
            await self.show(turn, thing)
            return
        if not self.keeps:  # `返回`, or something else: what is typed from now on answers no question of a card
            turn.give_up()
        await self.act(turn, thing)
