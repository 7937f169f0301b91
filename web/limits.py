"""Slows down whoever posts or asks too often: counted in memory, each process for itself, forgotten after a while."""

from __future__ import annotations

from collections import OrderedDict, deque

REMEMBERED = 10_000  # posters; the one who was quiet longest is forgotten first


class Limiter:
    """At most `most` posts of one poster within `seconds`."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most, self.seconds = most, seconds
        self._posts: OrderedDict[str, deque[float]] = OrderedDict()

    def allows(self, poster: str, at: float) -> bool:
        """Whether somebody may post at a moment (in seconds of any clock); if so, it is counted."""
        posts = self._posts.setdefault(poster, deque())
        self._posts.move_to_end(poster)
        while posts and posts[0] <= at - self.seconds:
            posts.popleft()
        while len(self._posts) > REMEMBERED:
            self._posts.popitem(last=False)
        if len(posts) >= self.most:
            return False
        posts.append(at)
        return True


class Purse:
    """So many requests a minute from one address, twice as many at once; a dear one counts as several.

    `a_minute` 0 means no limit.
    """

    def __init__(self, a_minute: int) -> None:
        self.a_minute = a_minute
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # by address: tokens, and at what moment

    def pays(self, address: str, price: int, at: float) -> bool:
        """Whether an address may ask at a moment (in seconds of any clock); if so, it is counted."""
        if not self.a_minute:
            return True
        most = 2.0 * self.a_minute
        left, then = self._left.pop(address, (most, at))
        left = min(most, left + (at - then) * self.a_minute / 60)
        paid = left >= price
        self._left[address] = (left - price if paid else left, at)
        while len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
        return paid
